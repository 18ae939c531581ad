"""One row per patient: who they are, what they did and how they fared."""

from typing import TYPE_CHECKING

import polars as pl

from ptanalytics.adherence import adherence_summary
from ptanalytics.analysis import Analysis
from ptanalytics.dates import plan_week
from ptanalytics.outcomes import baselines, changes, flare_status, flares, pain_trend, recent_pain
from ptanalytics.schemas.frames import conform, empty_frame, to_pandas
from ptanalytics.schemas.model import columns_of, sort_of
from ptanalytics.schemas.results import Baselines, Changes, CohortTable
from ptanalytics.schemas.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

    from ptanalytics.study import Study

AGE_BANDS = (("under 30", 30), ("30-44", 45), ("45-59", 60), ("60-74", 75), ("75 and over", 200))

#: What column ``response`` can say; missing where there is no change to judge.
RESPONSES = ("responder", "not a responder")

_OUTCOMES = ("nprs", "odi")
_REASONS = (
    ("adherence", "adherence_pct", "no_plan"),
    ("nprs", "nprs_improvement", "no_start"),
    ("odi", "odi_improvement", "no_start"),
    ("trend", "trend", "no_readings"),
)
_WHO = ("patient_id", "site", "clinician", "sex", "birth_year", "condition", "discharged_date")


def cohort_table(study: "Study", *, week: int | None = None, measure: str = "nprs") -> "pd.DataFrame":
    """Bring together one row per patient for exploring a cohort.

    Every number is that of its own analysis (`adherence_summary`, `changes` at one week, `recent_pain`, `pain_trend`,
    `flares`); nothing is computed a second way here. A patient who is only in one table has a row too. What was not
    recorded is missing: a patient without ratings has no number of flares rather than none.

    Args:
        study: The study.
        week: Follow-up week of the changes; default ``outcomes.primary_week``.
        measure: Measure that column ``response`` is about.

    Returns:
        Columns of `CohortTable`, sorted by patient.

    Example:
        >>> import tempfile
        >>> from datetime import date
        >>> from pathlib import Path
        >>> from ptanalytics import create_study
        >>> scores = pl.DataFrame({"patient_id": "P1", "instrument_id": "odi", "score": [40.0, 20.0],
        ...                        "completed_date": [date(2026, 3, 2), date(2026, 5, 25)]})
        >>> people = pl.DataFrame({"patient_id": ["P1", "P2"], "enrolled_date": [date(2026, 3, 2)] * 2})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     study = create_study(Path(folder) / "clinic.study", timezone="Europe/London")
        ...     _ = study.append_rows("patients", people, origin="example")
        ...     _ = study.append_rows("scores", scores, origin="example")
        ...     cohort = cohort_table(study)
        >>> cohort[["patient_id", "odi_improvement", "odi_reason"]].values.tolist()
        [['P1', 20.0, nan], ['P2', nan, 'no_baseline']]
    """
    week = week or study.settings.outcomes.primary_week
    people = pl.LazyFrame({"patient_id": study.patient_ids()}, schema={"patient_id": pl.String})
    parts = [
        _who(study),
        _adherence(study),
        _changes(study, week, measure),
        _pain(study),
        _flags(study),
        _last_session(study),
    ]
    for part in parts:
        people = people.join(part, on="patient_id", how="left")
    cutoff = pl.lit(study.cutoff_date, dtype=pl.Date)
    age = age_years(cutoff)
    end = pl.min_horizontal(cutoff, "discharged_date")
    is_started = pl.col("start_date") <= end
    table = people.with_columns(
        pl.col("has_unresolved_flag").fill_null(value=False),
        age_years=age,
        age_band=_age_band(age),
        weeks_in_plan=pl.when(is_started).then(plan_week(end, pl.col("start_date"))),
        target_week=pl.lit(week, dtype=pl.Int32),
        response_measure=pl.lit(measure),
        last_entry_date=pl.max_horizontal("last_session_date", "last_rating_date"),
        **{f"{value}_reason": _reason(column, f"{value}_reason", reason) for value, column, reason in _REASONS},
    )
    columns = [pl.col(name).cast(info.dtype) for name, info in columns_of(CohortTable).items()]
    return to_pandas(table.select(columns).sort(sort_of(CohortTable)).collect())


def age_years(cutoff: pl.Expr) -> pl.Expr:
    """Return the age as the cohort table has it: year of ``start_date``, else of the cutoff, minus ``birth_year``."""
    return (pl.coalesce("start_date", cutoff).dt.year() - pl.col("birth_year")).cast(pl.Int32)


def response_of(is_responder: pl.Expr) -> pl.Expr:
    """Return the headline response in words, one of `RESPONSES`; missing stays missing."""
    return pl.when(is_responder).then(pl.lit(RESPONSES[0])).when(is_responder.not_()).then(pl.lit(RESPONSES[1]))


def _reason(value: str, given: str, otherwise: str) -> pl.Expr:
    """Return the reason an analysis gave, and one of our own where it has no row for a patient."""
    return pl.coalesce(given, pl.when(pl.col(value).is_null()).then(pl.lit(otherwise)))


def _age_band(age: pl.Expr) -> pl.Expr:
    band = pl.lit(None, dtype=pl.String)
    for label, below in reversed(AGE_BANDS):
        band = pl.when(age < below).then(pl.lit(label)).otherwise(band)
    return band


def _who(study: "Study") -> pl.LazyFrame:
    return _table(study, "patients").select(_WHO)


def _adherence(study: "Study") -> pl.LazyFrame:
    summary = _result(adherence_summary, study, needs=("plans", "sessions"))
    return summary.select(
        "patient_id", "adherence_pct", "counted", "prescribed", adherence_band="band", adherence_reason="reason"
    )


def _changes(study: "Study", week: int, measure: str) -> pl.LazyFrame:
    measures = list(dict.fromkeys((*_OUTCOMES, measure)))
    change = conform(changes(study, target_weeks=[week], measures=measures), Changes)
    start = conform(baselines(study, measures=list(_OUTCOMES)), Baselines).group_by("patient_id")
    wide = start.agg(pl.col("start_date").first())
    for name in _OUTCOMES:
        part = change.filter(pl.col("measure") == name).select(
            "patient_id",
            pl.col("baseline").alias(f"{name}_baseline"),
            pl.col("followup").alias(f"{name}_followup"),
            pl.col("improvement").alias(f"{name}_improvement"),
            pl.col("is_responder").alias(f"is_{name}_responder"),
            pl.col("reason").alias(f"{name}_reason"),
        )
        wide = wide.join(part, on="patient_id", how="left")
    response = change.filter(pl.col("measure") == measure).select(
        "patient_id", response=response_of(pl.col("is_responder"))
    )
    return wide.join(response, on="patient_id", how="left")


def _pain(study: "Study") -> pl.LazyFrame:
    needs = ("pain_scores",)
    recent = _result(recent_pain, study, needs).select(
        "patient_id", nprs_recent="pain_nprs", last_rating_date="last_entry_date"
    )
    trend = _result(pain_trend, study, needs).select("patient_id", trend="label", trend_reason="reason")
    status = _result(flare_status, study, needs).select("patient_id", is_flare_active="is_active")
    count = _result(flares, study, needs).group_by("patient_id").agg(n_flares=pl.len())
    return (
        status.join(recent, on="patient_id", how="left")
        .join(trend, on="patient_id", how="left")
        .join(count, on="patient_id", how="left")
        .with_columns(pl.col("n_flares").fill_null(0))
    )


def _flags(study: "Study") -> pl.LazyFrame:
    is_open = pl.col("resolved_at").is_null().any()
    return _table(study, "flags").group_by("patient_id").agg(has_unresolved_flag=is_open)


def _last_session(study: "Study") -> pl.LazyFrame:
    summary = _result(adherence_summary, study, needs=("plans", "sessions"))
    return summary.select("patient_id", last_session_date="last_entry_date")


def _table(study: "Study", name: str) -> pl.LazyFrame:
    return study.lazy(name) if study.has_table(name) else empty_frame(TABLES[name]).lazy()


def _result(analysis: Analysis, study: "Study", needs: tuple[str, ...]) -> pl.LazyFrame:
    """Run an analysis, or return its columns without rows where the study holds no row of a table it needs."""
    if all(study.has_table(name) for name in needs):
        return conform(analysis(study), analysis.returns)
    return empty_frame(analysis.returns).lazy()
