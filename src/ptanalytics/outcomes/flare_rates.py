"""How often flares come: per 28 days with a value."""

from datetime import date

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.outcomes.daily import daily_pain
from ptanalytics.outcomes.flares import flares
from ptanalytics.schemas.course_results import FlareRates
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import Settings, default_settings

PER_DAYS = 28
MIN_DAYS = 7


@analysis(returns=FlareRates, optional=("plans", "patients", "sessions"))
def flare_rates(
    pain_scores: pl.LazyFrame,
    plans: pl.LazyFrame,
    patients: pl.LazyFrame,
    sessions: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Count each patient's flares per 28 days with a pain value.

    ``per_28_days = 28 x n_flares / n_days``; ``n_days`` are days with a value, because a flare cannot be seen on others.
    Flares are those of `flares` without ``sustained_worsening``; those found by numbers only are a proxy.

    Args:
        pain_scores: Ratings.
        plans: See `flares`.
        patients: See `flares`.
        sessions: See `flares`.
        settings: Numbers of FLARE-1.
        cutoff_date: Leave out later ratings.

    Returns:
        Columns of `FlareRates`, one row per patient with a rating; no rate with fewer than 7 days (``too_few_days``).

    Example:
        >>> from datetime import datetime
        >>> values = [3.0, 3, 4, 3, 3, 3, 4, 3, 6, 6, 5, 3, 3, 3]
        >>> ratings = pl.DataFrame({"patient_id": "P1", "pain_nprs": values,
        ...                         "recorded_at": [datetime(2026, 4, 1 + i) for i in range(14)]})
        >>> flare_rates(ratings).select("n_days", "n_flares", "per_28_days").row(0)
        (14, 1, 2.0)

    References:
        Costa 2019, doi:10.1016/j.jpain.2019.03.016 (a flare-up has no numeric threshold).
    """
    settings = settings or default_settings()
    daily = daily_pain.compute(pain_scores, settings=settings)
    if cutoff_date is not None:
        daily = daily.filter(pl.col("date") <= cutoff_date)
    found = flares.compute(pain_scores, plans, patients, sessions, settings=settings, cutoff_date=cutoff_date)
    counts = (
        found.filter(pl.col("kind") != "sustained_worsening")
        .group_by("patient_id")
        .agg(n_flares=pl.len().cast(pl.Int32), n_marked=(pl.col("kind") == "flare").sum().cast(pl.Int32))
    )
    is_enough = pl.col("n_days") >= MIN_DAYS
    return (
        daily.group_by("patient_id")
        .agg(n_days=pl.len().cast(pl.Int32))
        .join(counts, on="patient_id", how="left")
        .with_columns(pl.col("n_flares", "n_marked").fill_null(0))
        .with_columns(
            per_28_days=pl.when(is_enough).then(PER_DAYS * pl.col("n_flares") / pl.col("n_days")),
            reason=pl.when(~is_enough).then(pl.lit("too_few_days")),
        )
        .select(list(columns_of(FlareRates)))
    )
