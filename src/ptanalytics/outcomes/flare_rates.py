"""How often flares come: per 28 days with a value."""

from datetime import date

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.outcomes.flares import all_judged, flares_among
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
    Flares are those of `flares` without ``sustained_worsening``; those found by numbers only are a proxy. Days without a
    usual level to compare with (``n_not_evaluable``: the first ones, or a log with less than 3 values in 14 days) cannot
    show a flare that the person did not mark.

    Args:
        pain_scores: Ratings.
        plans: See `flares`.
        patients: See `flares`.
        sessions: See `flares`.
        settings: Numbers of FLARE-1.
        cutoff_date: Leave out later ratings.

    Returns:
        Columns of `FlareRates`, one row per patient with a rating; no rate with fewer than 7 days
        (``too_few_days``) or with fewer than 7 that can be judged (``not_evaluable``).

    Example:
        >>> from datetime import datetime
        >>> values = [3.0, 3, 4, 3, 3, 3, 4, 3, 6, 6, 5, 3, 3, 3]
        >>> ratings = pl.DataFrame({"patient_id": "P1", "pain_nprs": values,
        ...                         "recorded_at": [datetime(2026, 4, 1 + i) for i in range(14)]})
        >>> flare_rates(ratings).select("n_days", "n_flares", "per_28_days").row(0)
        (14, 1, 2.0)

    References:
        Costa 2019, J Pain 20:1267-1275 (a flare-up has no numeric threshold).
    """
    settings = settings or default_settings()
    judged = all_judged(pain_scores, plans, patients, sessions, settings, cutoff_date).collect().lazy()
    counts = (
        flares_among(judged, settings.outcomes.flare)
        .filter(pl.col("kind") != "sustained_worsening")
        .group_by("patient_id")
        .agg(n_flares=pl.len().cast(pl.Int32), n_marked=(pl.col("kind") == "flare").sum().cast(pl.Int32))
    )
    is_blind = pl.col("reference_nprs").is_null() & ~pl.col("is_flare")
    reason = (
        pl.when(pl.col("n_days") < MIN_DAYS).then(pl.lit("too_few_days"))
        .when(pl.col("n_days") - pl.col("n_not_evaluable") < MIN_DAYS).then(pl.lit("not_evaluable"))
    )  # fmt: skip
    return (
        judged.group_by("patient_id")
        .agg(n_days=pl.len().cast(pl.Int32), n_not_evaluable=is_blind.sum().cast(pl.Int32))
        .join(counts, on="patient_id", how="left")
        .with_columns(pl.col("n_flares", "n_marked").fill_null(0), reason=reason)
        .with_columns(
            per_28_days=pl.when(pl.col("reason").is_null()).then(PER_DAYS * pl.col("n_flares") / pl.col("n_days"))
        )
        .select(list(columns_of(FlareRates)))
    )
