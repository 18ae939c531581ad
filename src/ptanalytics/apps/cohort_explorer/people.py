"""One row per patient, as the Cohort explorer filters and lists them."""

import polars as pl

from ptanalytics.apps.results import StudyResults, only
from ptanalytics.cohorts import age_years, choice_words, response_of
from ptanalytics.dates import time_zero
from ptanalytics.schemas.frames import empty_frame
from ptanalytics.schemas.tables import TABLES


def people_of(results: StudyResults, measure: str, week: int) -> pl.DataFrame:
    """Return one row per patient of the study: who they are, their adherence, and their change on one measure.

    The columns that are also in the cohort table have its names and rules, so that its filters hold for both. Made from the
    results the app has already; the cohort table's other columns would make a large study slow to open.
    """
    ids = pl.DataFrame({"patient_id": list(results.patient_ids)}, schema={"patient_id": pl.String})
    known = results.patients.select("patient_id", "site", "clinician", "sex", "condition", "birth_year")
    change = results.changes.filter((pl.col("measure") == measure) & (pl.col("target_week") == week))
    plans = results.study.lazy("plans") if results.study.has_table("plans") else empty_frame(TABLES["plans"]).lazy()
    start = time_zero(plans, results.patients.lazy()).select("patient_id", "start_date").collect()
    adherence = results.summary.select("patient_id", "adherence_pct", "last_entry_date", adherence_band="band")
    outcome = change.select("patient_id", "baseline", "followup", "improvement", "is_responder", "reason")
    people = ids
    for part in (known, start, adherence, outcome):
        people = people.join(part, on="patient_id", how="left")
    cutoff = pl.lit(results.study.cutoff_date, dtype=pl.Date)
    return people.with_columns(age_years=age_years(cutoff), response=response_of(pl.col("is_responder"))).sort("patient_id")


def unresolved_flags(results: StudyResults) -> set[str]:
    """Return the patients with a recorded red flag that nobody has marked resolved."""
    if not results.study.has_table("flags"):
        return set()
    rows = results.study.lazy("flags").filter(pl.col("resolved_at").is_null()).select("patient_id").collect()
    return set(only(rows, results.patient_ids)["patient_id"])


def listed(people: pl.DataFrame, flagged: set[str]) -> pl.DataFrame:
    """Return the patient list as text, for the table: ``-`` where nothing is recorded (it sorts as empty)."""
    number = {"age_years": 0, "adherence_pct": 0, "baseline": 1, "followup": 1, "improvement": 1}

    def shown(name: str) -> pl.Expr:
        if name in number:
            # As everywhere else: a half is rounded away from zero, so that the list says what the review says.
            written = pl.col(name).round(number[name], mode="half_away_from_zero")
            written = written.cast(pl.Int64).cast(pl.String) if number[name] == 0 else written.cast(pl.String)
            return written.fill_null("-")
        return pl.col(name).fill_null("-")

    return people.select(
        shown("patient_id").alias("Patient"),
        shown("site").alias("Site"),
        shown("clinician").alias("Clinician"),
        shown("age_years").alias("Age"),
        shown("adherence_pct").alias("Adherence %"),
        shown("baseline").alias("Baseline"),
        shown("followup").alias("Follow-up"),
        shown("improvement").alias("Improvement"),
        pl.col("response").fill_null(choice_words("responses", None)).alias("Response"),
        pl.col("last_entry_date").cast(pl.String).fill_null("-").alias("Last entry"),
        pl.when(pl.col("patient_id").is_in(list(flagged)))
        .then(pl.lit("flag unresolved"))
        .otherwise(pl.lit("-"))
        .alias("Flag"),
    )
