"""The same view as Python, for a researcher who goes on from here."""

from pathlib import Path

from ptanalytics.apps.cohort_explorer.filters import CHOICES, RANGES, CohortFilter


def as_code(asked: CohortFilter, *, study_path: Path, week: int) -> str:
    """Return Python that chooses the same patients and draws the same charts with the public functions.

    It defines ``chosen``, the list of patient ids.
    """
    lines = [
        "import pandas as pd",
        "",
        "import ptanalytics as pta",
        "",
        f"study = pta.open_study({str(study_path)!r})",
        'people = pd.DataFrame({"patient_id": study.patient_ids()})',
        'people = people.merge(study.table("patients"), how="left")' if _needs_patients(asked) else "",
        *_age(asked),
        'people = people.merge(pta.adherence_summary(study)[["patient_id", "adherence_pct"]], how="left")'
        if asked.adherence != (None, None)
        else "",
        "changes = pta.changes(study)",
        f'change = changes[(changes["measure"] == {asked.measure!r}) & (changes["target_week"] == {week})]',
        *_response(asked),
        *(_choice(name, getattr(asked, name)) for name in CHOICES if getattr(asked, name)),
        *(line for name in RANGES for line in _range(RANGES[name], getattr(asked, name))),
        'chosen = people["patient_id"].tolist()',
        "",
        "pta.plot_weekly_adherence(pta.weekly_adherence(study, patients=chosen)).show()",
        'change = change[change["patient_id"].isin(chosen)]',
        "pta.plot_cohort_change(change).show()",
        "pta.plot_responder_curve(pta.responder_curve(change), shares=pta.responder_shares(change)).show()",
    ]
    return "\n".join(line for i, line in enumerate(lines) if line or i in {1, 3})


def _needs_patients(asked: CohortFilter) -> bool:
    names = [name for name in CHOICES if name != "responses"]
    return asked.age != (None, None) or any(getattr(asked, name) for name in names)


def _age(asked: CohortFilter) -> list[str]:
    if asked.age == (None, None):
        return []
    return [
        'year = people["enrolled_date"].fillna(pd.Timestamp(study.cutoff_date)).dt.year',
        'people["age"] = year - people["birth_year"]',
    ]


def _response(asked: CohortFilter) -> list[str]:
    if not asked.responses:
        return []
    return [
        'people = people.merge(change[["patient_id", "is_responder"]], how="left")',
        'words = {True: "responder", False: "not a responder"}',
        'people["response"] = people["is_responder"].map(words).fillna("no change to judge")',
    ]


def _choice(name: str, chosen: tuple[str, ...]) -> str:
    return f'people = people[people[{CHOICES[name]!r}].fillna("").isin({list(chosen)!r})]'


def _range(column: str, ends: tuple[float | None, float | None]) -> list[str]:
    signs = ((">=", ends[0]), ("<=", ends[1]))
    return [f"people = people[people[{column!r}] {sign} {end!r}]" for sign, end in signs if end is not None]
