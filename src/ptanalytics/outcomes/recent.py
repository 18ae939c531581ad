"""Present pain: the mean of the last few daily values, if they are recent."""

from datetime import date

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.dates import days_from
from ptanalytics.outcomes.daily import daily_pain
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.outcome_results import RecentPain
from ptanalytics.settings import Settings, default_settings


@analysis(returns=RecentPain, optional=("patients",))
def recent_pain(
    pain_scores: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    on_date: date | None = None,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Average each patient's last 3 daily pain values (0-10), all of them within the 14 days up to a day.

    A single last reading is too noisy (NPRS standard error of measurement 1.02). With fewer than 3 values in those days
    present pain is missing, never carried on from earlier.

    Args:
        pain_scores: Ratings.
        patients: Days of discharge; the day asked about is never after it.
        on_date: The day; default ``cutoff_date``, else each patient's last day with a rating.
        settings: ``outcomes.last_k`` and ``outcomes.last_k_max_age_days``.
        cutoff_date: The study's last day.

    Returns:
        Columns of `RecentPain`, one row per patient with a rating up to the day. Reason: ``too_few_recent_days``.

    Example:
        >>> from datetime import datetime
        >>> ratings = pl.DataFrame({"patient_id": "P1", "pain_nprs": [9.0, 3.0, 4.0, 2.0],
        ...                         "recorded_at": [datetime(2026, 4, day) for day in (1, 5, 6, 7)]})
        >>> recent_pain(ratings).select("pain_nprs", "n_days").row(0)
        (3.0, 3)

    References:
        Childs 2005, doi:10.1097/01.brs.0000164099.92112.29 (standard error of measurement).
    """
    settings = settings or default_settings()
    daily = daily_pain.compute(pain_scores, settings=settings)
    return recent_of(daily, patients, on_date or cutoff_date, settings)


def recent_of(daily: pl.LazyFrame, patients: pl.LazyFrame, asked: date | None, settings: Settings) -> pl.LazyFrame:
    """Find present pain in daily values; see `recent_pain`."""
    outcomes = settings.outcomes
    day = pl.lit(asked, dtype=pl.Date) if asked is not None else pl.col("date").max().over("patient_id")
    discharged = patients.select("patient_id", "discharged_date").unique("patient_id", keep="first", maintain_order=True)
    known = (
        daily.join(discharged, on="patient_id", how="left")
        .with_columns(on_date=pl.min_horizontal(day, "discharged_date"))
        .filter(pl.col("date") <= pl.col("on_date"))
    )
    is_recent = days_from(pl.col("date"), pl.col("on_date")) < outcomes.last_k_max_age_days
    last = pl.col("pain_nprs").filter(is_recent).sort_by(pl.col("date").filter(is_recent)).tail(outcomes.last_k)
    is_enough = pl.col("n_days") == outcomes.last_k
    return (
        known.group_by("patient_id", "on_date")
        .agg(last_entry_date=pl.col("date").max(), value=last.mean(), n_days=last.len().cast(pl.Int32))
        .with_columns(
            pain_nprs=pl.when(is_enough).then("value"), reason=pl.when(~is_enough).then(pl.lit("too_few_recent_days"))
        )
        .select(list(columns_of(RecentPain)))
    )
