"""Pain by week from time zero, for each patient and for a group."""

from datetime import date
from typing import Any

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.dates import plan_week, time_zero
from ptanalytics.outcomes.daily import daily_pain
from ptanalytics.schemas.course_results import PainQuantiles, WeeklyPain
from ptanalytics.schemas.frames import as_caller_kind, conform
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import Settings, default_settings

MIN_PATIENTS = 5


@analysis(returns=WeeklyPain, optional=("plans", "patients"))
def weekly_pain(
    pain_scores: pl.LazyFrame,
    plans: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Average each patient's daily pain (0-10) by week from time zero; week 0 is the 7 days before it.

    Args:
        pain_scores: Ratings.
        plans: Plans, for time zero.
        patients: Enrolment days, for time zero where there is no plan.
        settings: ``outcomes.followup_min_readings``: days a week needs.
        cutoff_date: Leave out later ratings.

    Returns:
        Columns of `WeeklyPain`, one row per week with a value; no mean with fewer than 3 days (``too_few_days``). Patients
        without time zero have no row.

    Example:
        >>> from datetime import datetime
        >>> ratings = pl.DataFrame({"patient_id": "P1", "pain_nprs": [6.0, 5.0, 4.0],
        ...                         "recorded_at": [datetime(2026, 3, day) for day in (9, 10, 11)]})
        >>> people = pl.DataFrame({"patient_id": ["P1"], "enrolled_date": [date(2026, 3, 2)]})
        >>> weekly_pain(ratings, patients=people).select("week", "pain_nprs", "n_days").rows()
        [(2, 5.0, 3)]

    References:
        Chiarotto 2018, doi:10.1097/j.pain.0000000000001117 (weekly means beside the 7-day rating).
    """
    settings = settings or default_settings()
    daily = daily_pain.compute(pain_scores, settings=settings)
    if cutoff_date is not None:
        daily = daily.filter(pl.col("date") <= cutoff_date)
    start = time_zero(plans, patients).select("patient_id", "start_date").filter(pl.col("start_date").is_not_null())
    is_enough = pl.col("n_days") >= settings.outcomes.followup_min_readings
    return (
        daily.join(start, on="patient_id")
        .with_columns(week=plan_week(pl.col("date"), pl.col("start_date")).cast(pl.Int32))
        .filter(pl.col("week") >= 0)
        .group_by("patient_id", "week")
        .agg(mean=pl.col("pain_nprs").mean(), n_days=pl.len().cast(pl.Int32))
        .with_columns(pain_nprs=pl.when(is_enough).then("mean"), reason=pl.when(~is_enough).then(pl.lit("too_few_days")))
        .select(list(columns_of(WeeklyPain)))
    )


def pain_quantiles(weekly: Any) -> Any:
    """Take the median and quantiles over patients of their weekly pain.

    Args:
        weekly: Result of `weekly_pain`.

    Returns:
        Columns of `PainQuantiles`, one row per week, in the kind of frame given. Quantiles (by linear interpolation) are
        missing with fewer than 5 patients (``too_few_patients``). Weeks hold different patients: whoever stops logging
        leaves the median of the others.

    Raises:
        MissingColumnsError: A column of `weekly_pain` is absent.

    Example:
        >>> weekly = pl.DataFrame({"patient_id": [f"P{i}" for i in range(5)], "week": 1, "pain_nprs": [1.0, 2, 3, 4, 9],
        ...                        "n_days": 7})
        >>> pain_quantiles(weekly).select("n", "median", "p25", "p75").row(0)
        (5, 3.0, 2.0, 4.0)
    """
    value = pl.col("pain_nprs")
    shares = {"p10": 0.1, "p25": 0.25, "p75": 0.75, "p90": 0.9}
    numbers = {name: value.quantile(share, "linear") for name, share in shares.items()}
    found = conform(weekly, WeeklyPain, source="The table 'weekly_pain'").group_by("week").agg(
        n=value.count().cast(pl.Int32), median=value.median(), **numbers
    )  # fmt: skip
    is_enough = pl.col("n") >= MIN_PATIENTS
    result = found.with_columns(
        *(pl.when(is_enough).then(name).alias(name) for name in ("median", *shares)),
        reason=pl.when(~is_enough).then(pl.lit("too_few_patients")),
    )
    return as_caller_kind(result.select(list(columns_of(PainQuantiles))).collect().sort("week"), weekly)
