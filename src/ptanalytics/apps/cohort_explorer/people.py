"""One row per patient, as the Cohort explorer filters and lists them."""

import polars as pl

from ptanalytics.apps.results import StudyResults, only

#: What the response column can say, in the order it is offered.
RESPONSES = ("responder", "not a responder", "no change to judge")


def people_of(results: StudyResults, measure: str, week: int) -> pl.DataFrame:
    """Return one row per patient of the study: who they are, their adherence, and their change on one measure.

    ``age`` is the calendar year of enrolment (else of the study's last entry) minus the year of birth, in years; it is
    missing where either is not recorded. ``response`` follows the headline rule of the settings; it is missing where
    there is no change to judge, and the reason stays in ``reason``.
    """
    ids = pl.DataFrame({"patient_id": list(results.patient_ids)}, schema={"patient_id": pl.String})
    known = results.patients.select("patient_id", "site", "clinician", "sex", "condition", "birth_year", "enrolled_date")
    change = results.changes.filter((pl.col("measure") == measure) & (pl.col("target_week") == week))
    cutoff = results.study.cutoff_date
    year = pl.coalesce(pl.col("enrolled_date"), pl.lit(cutoff, dtype=pl.Date)).dt.year()
    return (
        ids.join(known, on="patient_id", how="left")
        .join(results.summary.select("patient_id", "adherence_pct", "band", "last_entry_date"), on="patient_id", how="left")
        .join(
            change.select("patient_id", "baseline", "followup", "improvement", "is_responder", "reason"),
            on="patient_id",
            how="left",
        )
        .with_columns(
            age=(year - pl.col("birth_year")).cast(pl.Float64),
            response=pl.when(pl.col("is_responder").is_null())
            .then(pl.lit(RESPONSES[2]))
            .when(pl.col("is_responder"))
            .then(pl.lit(RESPONSES[0]))
            .otherwise(pl.lit(RESPONSES[1])),
        )
        .sort("patient_id")
    )


def unresolved_flags(results: StudyResults) -> set[str]:
    """Return the patients with a recorded red flag that nobody has marked resolved."""
    if not results.study.has_table("flags"):
        return set()
    rows = results.study.lazy("flags").filter(pl.col("resolved_at").is_null()).select("patient_id").collect()
    return set(only(rows, results.patient_ids)["patient_id"])


def listed(people: pl.DataFrame, flagged: set[str]) -> pl.DataFrame:
    """Return the patient list as text, for the table: ``-`` where nothing is recorded (it sorts as empty)."""
    number = {"age": 0, "adherence_pct": 0, "baseline": 1, "followup": 1, "improvement": 1}

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
        shown("age").alias("Age"),
        shown("adherence_pct").alias("Adherence %"),
        shown("baseline").alias("Baseline"),
        shown("followup").alias("Follow-up"),
        shown("improvement").alias("Improvement"),
        shown("response").alias("Response"),
        pl.col("last_entry_date").cast(pl.String).fill_null("-").alias("Last entry"),
        pl.when(pl.col("patient_id").is_in(list(flagged)))
        .then(pl.lit("flag unresolved"))
        .otherwise(pl.lit("-"))
        .alias("Flag"),
    )
