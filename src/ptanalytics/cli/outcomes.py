"""``ptanalytics outcomes``: change, responders, reliable change and time to change, counted; who is in a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


def outcomes(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.")],
    week: Annotated[int | None, typer.Option(min=1, help="Follow-up week; without it the study's primary week.")] = None,
    measure: Annotated[
        list[str] | None, typer.Option(help="Measure, e.g. odi; may be given several times. Default: the core measures.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write every patient's numbers to: .csv (one file each) or .xlsx.")
    ] = None,
    explain: Annotated[
        str | None,
        typer.Option(
            metavar="PATIENT",
            help="Write to --out, instead, where each number of this patient comes from.",
        ),
    ] = None,
) -> None:
    """Count change, responders, reliable change and time to a lasting change; with --out, write each patient's numbers."""
    from ptanalytics.cli.progress import progress_bar
    from ptanalytics.cli.table_file import check_place, write_tables
    from ptanalytics.errors import MissingTableError
    from ptanalytics.study import open_study

    if out is not None:
        check_place(out)
    target = open_study(study)
    if explain is not None:
        from ptanalytics.cli.explained import write_explanations

        chosen = {"measures": measure, "target_weeks": None if week is None else [week]}
        write_explanations(target, explain, out, **{name: value for name, value in chosen.items() if value is not None})
        return

    from ptanalytics import outcomes as analyses

    asked = week if week is not None else target.settings.outcomes.primary_week
    with progress_bar("Reading the study"):
        change = analyses.changes(target, target_weeks=[asked], measures=measure)
        reliable = analyses.reliable_change(target, target_weeks=[asked], measures=measure)
        times = analyses.time_to_mic(target, measures=measure)
        scores = analyses.score_questionnaires(target)
    typer.echo(f"Outcomes at week {asked} of {len(target.patient_ids()):,} patients")
    rule = target.settings.outcomes.responder_rule
    for line in (*_change_lines(change, analyses.responder_shares(change), rule, reliable, times), *_score_lines(scores)):
        typer.echo(line)
    if out is None:
        typer.echo("Name a file with --out to see each patient's numbers.")
        return
    tables = {"changes": change, "reliable_change": reliable, "time_to_mic": times, "scores": scores}
    left_out = []
    with progress_bar("Writing"):
        for name in _COURSE:
            try:
                tables[name] = getattr(analyses, name)(target)
            except MissingTableError:
                left_out.append(name)
        written = write_tables(tables, out)
    if left_out:
        typer.echo(f"Left out, because the study holds no data for it: {', '.join(left_out)}")
    typer.echo(
        f"Wrote {len(tables)} tables to {len(written)} file{'s' if len(written) > 1 else ''}. They hold each patient's "
        "numbers: keep them where their records are kept."
    )


#: Analyses written beside change and scores where the study has their data.
_COURSE = (
    "pain_trend",
    "pain_plateau",
    "recovery_status",
    "flare_rates",
    "plan_phase_response",
    "exercise_pain_response",
)


def _change_lines(
    change: "pd.DataFrame", shares: "pd.DataFrame", rule: str, reliable: "pd.DataFrame", times: "pd.DataFrame"
) -> "Iterator[str]":
    from ptanalytics.instruments import measure as measure_of

    for name in change["measure"].unique():
        rows = change[change["measure"] == name]
        known = rows[rows["improvement"].notna()]
        label = measure_of(name).label
        if known.empty:
            yield f"{label}: nobody of {len(rows):,} has a change"
            continue
        classes = reliable.loc[reliable["measure"] == name, "change_class"].value_counts()
        named = (
            ", ".join(f"{int(classes[c]):,} {c}" for c in _CLASSES if c in classes.index) or "no measurement error known"
        )
        own = times[times["measure"] == name]
        yield f"{label}: {len(known):,} of {len(rows):,} have a change"
        own_rule = rule if measure_of(name).allows_percent else "absolute"
        yield from _responder_lines(shares[(shares["measure"] == name) & (shares["rule"] == own_rule)])
        yield f"  beyond measurement error: {named}"
        yield f"  lasting important change: {_share(own['is_event'])} of those at risk"
        yield f"  minimal important change: {_mic(known)}"


def _responder_lines(shares: "pd.DataFrame") -> "Iterator[str]":
    """Write the headline rule's share for both populations; who is in neither is counted."""
    from ptanalytics.instruments import number_text

    counted = {row["population"]: row for row in shares.to_dict("records")}
    for population, words in (("completers", "with a follow-up"), ("all_starters", "all starters")):
        row = counted[population]
        lower, upper = (number_text(row[side], 0) for side in ("lower_pct", "upper_pct"))
        limits = f", 95 % Wilson interval {lower} to {upper} %" if row["n"] else ""
        yield f"  responders, {words}: {row['responders']:,}/{row['n']:,}{limits}"
    left_out = {"without baseline": "n_no_baseline", "without room to improve": "n_no_room", "not due": "n_not_due"}
    told = ", ".join(f"{row[column]:,} {words}" for words, column in left_out.items() if row[column])
    if told:
        yield f"  in neither: {told}"


_CLASSES = ("recovered", "improved", "unchanged", "deteriorated")


def _share(column: "pd.Series[bool]") -> str:
    known = column.dropna()
    return f"{int(known.sum()):,}/{len(known):,}"


def _mic(rows: "pd.DataFrame") -> str:
    sources = rows["mic_source"].dropna()
    return "none known" if sources.empty else f"{rows['mic'].dropna().iloc[0]:g} ({sources.iloc[0]})"


def _score_lines(scores: "pd.DataFrame") -> "Iterator[str]":
    missing = scores.loc[scores["score"].isna(), "reason"].value_counts()
    told = ", ".join(f"{int(n):,} {str(reason).replace('_', ' ')}" for reason, n in missing.items())
    n_missing = int(scores["score"].isna().sum())
    yield f"Questionnaires: {len(scores):,} scores, {n_missing:,} missing{f' ({told})' if told else ''}"
    alerts = scores["flags"].fillna("").str.contains("alert_")
    if alerts.any():
        yield (
            f"For clinician review: {int(alerts.sum()):,} form(s) of {scores.loc[alerts, 'patient_id'].nunique():,} "
            "patient(s) hold an answer that must be seen whatever the score (PHQ-9 item 9). They are in the file of --out."
        )
