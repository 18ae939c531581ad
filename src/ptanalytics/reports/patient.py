"""Review of one patient on one A4 page, in the same order for everybody; for use inside the site."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from ptanalytics.adherence import adherence_days, adherence_summary, explain_adherence
from ptanalytics.charts import (
    mark_synthetic,
    plot_adherence_calendar,
    plot_pain_trend,
    plot_plan_timeline,
    plot_questionnaires,
)
from ptanalytics.charts.embed import with_height
from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.measures import value_words
from ptanalytics.charts.wording import count_text, day_text, number_text, reason_text, share_text, short_number
from ptanalytics.instruments import measure as measure_of
from ptanalytics.outcomes import (
    baselines,
    changes,
    daily_pain,
    explain_outcomes,
    flares,
    pain_trend,
    recent_pain,
    score_questionnaires,
)
from ptanalytics.plans import PlanRecords
from ptanalytics.reports.content import Block, Figure, Heading, KeyNumbers, Paragraph, Report
from ptanalytics.reports.provenance import provenance
from ptanalytics.schemas.frames import empty_frame
from ptanalytics.schemas.outcome_results import RecentPain
from ptanalytics.schemas.results import (
    MEASURES,
    AdherenceDays,
    AdherenceSummary,
    Baselines,
    Changes,
    DailyPain,
    Flares,
    PainTrends,
)
from ptanalytics.schemas.tables import Plans, Scores

if TYPE_CHECKING:
    from ptanalytics.study import Study

#: Heights that leave the page readable: the page is shrunk as a whole until it fits.
_PAIN_PX, _CALENDAR_PX, _QUESTIONNAIRE_PX, _PLAN_PX, _PLAN_LANE_PX = 320, 260, 235, 145, 22


def patient_review(study: "Study", patient_id: str, *, notes: str = "") -> Report:
    """Write the review of one patient: one page, the same order every time.

    Data sufficiency, recorded flags that nobody has resolved, key numbers with their baseline and minimal important
    change, pain, adherence calendar, questionnaires, plan. It describes what was logged and decides nothing.

    Args:
        study: The study.
        patient_id: The person.
        notes: A clinician's notes for the case review; they end the page as plain text.

    Returns:
        A report; ``report.save("review.pdf")`` or ``".html"``. It holds one person's data and is for the site itself.

    Raises:
        UnknownPatientError: The study has no such patient.

    Example:
        >>> patient_review(study, "P0007").save("review.pdf")  # doctest: +SKIP
    """
    study.require_patient(patient_id)
    facts = _facts(study, patient_id)
    figures = [
        Figure(mark_synthetic(f.figure) if study.is_synthetic else f.figure, f.caption) for f in _figures(study, facts)
    ]
    blocks: list[Block] = [
        *_flags(study, patient_id),
        _sufficiency(facts),
        _key_numbers(facts),
        *_how_outcomes(study, patient_id, facts),
        *_how_adherence(study, patient_id, facts),
    ]
    blocks += figures
    if notes.strip():
        blocks += [Heading("Notes"), *(Paragraph(line) for line in notes.splitlines() if line.strip())]
    return Report(
        title=f"Patient review: {patient_id}",
        subtitle=f"Data up to {day_text(study.cutoff_date)}. For clinician review inside the site: one person's data.",
        blocks=tuple(blocks),
        provenance=provenance(study),
        is_synthetic=study.is_synthetic,
        is_one_page=True,
        suffixes=(".html", ".pdf"),
    )


@dataclass(frozen=True)
class _PatientFacts:
    summary: pl.DataFrame
    days: pl.DataFrame
    pain: pl.DataFrame
    recent: pl.DataFrame
    trend: pl.DataFrame
    flares: pl.DataFrame
    baselines: pl.DataFrame
    changes: pl.DataFrame
    scores: pl.DataFrame
    plans: pl.DataFrame


def _facts(study: "Study", patient_id: str) -> _PatientFacts:
    def run(analysis: Any, model: Any, *needed: str) -> pl.DataFrame:
        if not all(study.has_table(name) for name in needed):
            return empty_frame(model)
        return rows_of(analysis(study, patients=[patient_id]), model)

    has_forms = study.has_table("responses") or study.has_table("scores")
    plans = study.lazy("plans", patients=[patient_id]).collect() if study.has_table("plans") else empty_frame(Plans)
    return _PatientFacts(
        summary=run(adherence_summary, AdherenceSummary, "sessions", "plans"),
        days=run(adherence_days, AdherenceDays, "sessions", "plans"),
        pain=run(daily_pain, DailyPain, "pain_scores"),
        recent=run(recent_pain, RecentPain, "pain_scores"),
        trend=run(pain_trend, PainTrends, "pain_scores"),
        flares=run(flares, Flares, "pain_scores"),
        baselines=run(baselines, Baselines),
        changes=run(changes, Changes),
        scores=run(score_questionnaires, Scores) if has_forms else empty_frame(Scores),
        plans=plans,
    )


def _flags(study: "Study", patient_id: str) -> list[Block]:
    found = pl.from_pandas(PlanRecords(study).unresolved_flags(patient_id))
    return [
        Paragraph(
            f"Recorded flag unresolved: {flag['label']} ({flag['display_class']}), recorded "
            f"{day_text(flag['recorded_at'].date())}. It stays here until a clinician marks it resolved.",
            "alert",
        )
        for flag in found.iter_rows(named=True)
    ]


def _sufficiency(facts: _PatientFacts) -> Paragraph:
    parts = []
    if facts.summary.is_empty() or facts.summary["eligible_days"].item(0) == 0:
        parts.append("Sessions: no day with a plan in force.")
    else:
        row = facts.summary.row(0, named=True)
        last = day_text(row["last_entry_date"])
        parts.append(
            f"Sessions: {share_text(row['days_with_entry'], row['eligible_days'])} eligible days have an entry, "
            f"last on {last}."
        )
    if facts.pain.is_empty():
        parts.append("Pain: no rating.")
    else:
        days = facts.pain["date"].to_list()
        span = (days[-1] - days[0]).days + 1
        parts.append(f"Pain: {share_text(len(days), span)} days have a rating, last on {day_text(days[-1])}.")
    scored = facts.scores["score"].drop_nulls().len()
    parts.append(f"Questionnaires: {count_text(scored, 'score')} of {count_text(len(facts.scores), 'form')}.")
    return Paragraph(" ".join(parts), "lead")


def _key_numbers(facts: _PatientFacts) -> KeyNumbers:
    items = [_present_pain(facts.recent)]
    items += [_change(facts.changes.filter(measure=name), name) for name in _shown_measures(facts)]
    if not facts.summary.is_empty():
        row = facts.summary.row(0, named=True)
        if row["adherence_pct"] is None:
            items.append(("Adherence", "–", reason_text(row["reason"])))
        else:
            counted = (
                f"{row['counted']} of {number_text(row['prescribed'], 1)} sessions, {row['definition'].replace('_', ' ')}"
            )
            items.append(("Adherence", f"{number_text(row['adherence_pct'], 0)} %", counted))
    return KeyNumbers(tuple(items))


def _shown_measures(facts: _PatientFacts) -> list[str]:
    known = set(facts.changes["measure"])
    return [name for name in MEASURES if name in known and name != "nprs_7d"]


def _how_outcomes(study: "Study", patient_id: str, facts: _PatientFacts) -> list[Block]:
    """The arithmetic behind pain and the changes shown, in one line each."""
    if facts.recent.is_empty() and facts.changes.is_empty():
        return []
    told = explain_outcomes(study, patient_id, numbers=("recent_pain", "changes"))
    lines = [one.brief for one in told if one.number == "recent_pain" and one.value is not None]
    for name in _shown_measures(facts):
        known = [one for one in told if one.keys.get("measure") == name and one.value is not None]
        lines += [max(known, key=lambda one: one.keys["target_week"]).brief] if known else []
    return [Paragraph(f"How the numbers come about. {' '.join(lines)}", "note")] if lines else []


def _how_adherence(study: "Study", patient_id: str, facts: _PatientFacts) -> list[Block]:
    """The arithmetic behind the percentage, as everywhere else."""
    if facts.summary.is_empty() or facts.summary["weekly_capped_pct"].item(0) is None:
        return []
    found = explain_adherence(study, patient_id)
    return [Paragraph(f"How adherence comes about. {found.sentence} {' '.join(found.steps)}", "note")]


def _present_pain(recent: pl.DataFrame) -> tuple[str, str, str]:
    if recent.is_empty() or recent["pain_nprs"].item(0) is None:
        return "Present pain", "–", "too few recent days"
    row = recent.row(0, named=True)
    return "Present pain (0–10)", number_text(row["pain_nprs"]), f"mean of the last {row['n_days']} days with a value"


def _change(rows: pl.DataFrame, name: str) -> tuple[str, str, str]:
    """The latest follow-up that has a value, with its baseline, change and the minimal important change."""
    label = measure_of(name).short_label
    found = rows.filter(pl.col("improvement").is_not_null()).sort("target_week")
    if found.is_empty():
        row = rows.sort("target_week").row(-1, named=True)
        if row["baseline"] is None:
            return label, "–", reason_text(row["reason"])
        return label, value_words(name, row["baseline"]), f"baseline; {reason_text(row['reason'])}"
    row = found.row(-1, named=True)
    better = "improved" if row["improvement"] > 0 else "worse" if row["improvement"] < 0 else "unchanged"
    words = f"week {row['target_week']}: {better}"
    if row["improvement"]:
        words += f" by {number_text(abs(row['improvement']))}"
    if row["mic"] is not None:
        is_over = row["is_responder_absolute"] or row["is_deteriorated"]
        words += f", {'at least' if is_over else 'less than'} the MIC of {short_number(row['mic'])}"
    return label, f"{number_text(row['baseline'])} → {number_text(row['followup'])}", words


def _figures(study: "Study", facts: _PatientFacts) -> list[Figure]:
    settings = study.settings
    pain = plot_pain_trend(
        facts.pain,
        trend=facts.trend,
        flares=facts.flares,
        baseline=facts.baselines,
        plan_changes=facts.plans,
        settings=settings,
    )
    forms = plot_questionnaires(facts.scores, baselines=facts.baselines, settings=settings)
    plan = plot_plan_timeline(facts.plans, to_date=study.cutoff_date)
    return [
        Figure(_at_most(pain, _PAIN_PX), "Pain"),
        Figure(_at_most(plot_adherence_calendar(facts.days), _CALENDAR_PX), "Adherence calendar"),
        Figure(_at_most(forms, _QUESTIONNAIRE_PX), "Questionnaires"),
        Figure(_at_most(plan, _PLAN_PX + _PLAN_LANE_PX * facts.plans["exercise_id"].n_unique()), "Plan"),
    ]


def _at_most(figure: Any, height_px: int) -> Any:
    return with_height(figure, min(figure.layout.height, height_px))
