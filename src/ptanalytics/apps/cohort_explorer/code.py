"""The same view as Python, for a researcher who goes on from here."""

from pathlib import Path

from ptanalytics.cohorts import CohortFilter


def as_code(asked: CohortFilter, *, measure: str, study_path: Path, week: int) -> str:
    """Return Python that chooses the same patients and draws the same charts with the public functions.

    It defines ``chosen``, the list of patient ids.
    """
    settings = ", ".join(f"{name}={value!r}" for name, value in asked.model_dump(exclude_defaults=True).items())
    about = f", measure={measure!r}" if measure else ""
    lines = [
        "import ptanalytics as pta",
        "from ptanalytics.cohorts import CohortFilter, cohort_table, filter_cohort",
        "",
        f"study = pta.open_study({str(study_path)!r})",
        f"people = cohort_table(study, week={week}{about})",
        f"people = filter_cohort(people, CohortFilter({settings}))",
        'chosen = people["patient_id"].tolist()',
        "",
        "pta.plot_weekly_adherence(pta.weekly_adherence(study, patients=chosen)).show()",
        "changes = pta.changes(study, patients=chosen)",
        f'change = changes[(changes["measure"] == {measure!r}) & (changes["target_week"] == {week})]',
        "pta.plot_cohort_change(change).show()",
        "pta.plot_responder_curve(pta.responder_curve(change), shares=pta.responder_shares(change)).show()",
    ]
    return "\n".join(lines)
