"""Plateau: is daily pain level over the last weeks, and at which height?"""

from datetime import date

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.dates import days_from
from ptanalytics.instruments import mic_for
from ptanalytics.outcomes.daily import daily_pain
from ptanalytics.outcomes.observed import DAILY
from ptanalytics.outcomes.trend import TOLERANCE, with_slopes
from ptanalytics.schemas.course_results import PainPlateau
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import PlateauSettings, Settings, default_settings


@analysis(returns=PainPlateau)
def pain_plateau(
    pain_scores: pl.LazyFrame, *, settings: Settings | None = None, cutoff_date: date | None = None
) -> pl.LazyFrame:
    """Say whether daily pain (0-10) has been level over each patient's last 28 days of logging.

    Level: the Theil-Sen slope is at most 0.25 points a week in size, and the means of the last 14 days and of the 14 days
    before differ by less than half the minimal important change. ``plateau_low`` if the mean of the last 3 daily values is
    at most 1 (goal reached), else ``plateau_residual``, which prompts a review of the plan. The window ends on the last day
    with a value up to the cutoff; its halves are ``(end - 14, end]`` and ``(end - 28, end - 14]``.

    Args:
        pain_scores: Ratings.
        settings: ``outcomes.plateau``, and the minimal important change of the daily log.
        cutoff_date: Leave out later ratings.

    Returns:
        Columns of `PainPlateau`, one row per patient with a rating. No label with fewer than 6 days (``too_few_days``),
        less than 21 days from first to last (``too_short_span``) or a half without a value (``empty_half``).

    Example:
        >>> from datetime import datetime, timedelta
        >>> values = [5.0, 5, 4, 5, 5, 5, 4, 5, 5, 5]
        >>> times = [datetime(2026, 3, 1) + timedelta(days=3 * i) for i in range(10)]
        >>> ratings = pl.DataFrame({"patient_id": "P1", "pain_nprs": values, "recorded_at": times})
        >>> pain_plateau(ratings).select("slope_per_week", "difference", "label").row(0)
        (0.0, 0.0, 'plateau_residual')

    References:
        Project default of the clinical methods (section 3.7); Sen 1968, doi:10.1080/01621459.1968.10480934.
    """
    settings = settings or default_settings()
    rules = settings.outcomes.plateau
    daily = daily_pain.compute(pain_scores, settings=settings)
    if cutoff_date is not None:
        daily = daily.filter(pl.col("date") <= cutoff_date)
    last = pl.col("date").max().over("patient_id")
    since = days_from(pl.col("date"), last)
    half = rules.window_days // 2
    window = daily.with_columns(since=since).filter(pl.col("since") < rules.window_days).sort("patient_id", "date")
    series = window.group_by("patient_id").agg(
        "date",
        "pain_nprs",
        n_days=pl.len().cast(pl.Int32),
        mean_first_half=pl.col("pain_nprs").filter(pl.col("since") >= half).mean(),
        mean_last_half=pl.col("pain_nprs").filter(pl.col("since") < half).mean(),
        recent=pl.col("pain_nprs").tail(settings.outcomes.last_k).mean(),
    )
    described = series.with_columns(from_date=pl.col("date").list.first(), to_date=pl.col("date").list.last()).with_columns(
        reason=_reason(rules), difference=pl.col("mean_last_half") - pl.col("mean_first_half")
    )
    mic = mic_for(DAILY, settings).value
    fitted = with_slopes(described, names=("slope_per_week",))
    return fitted.with_columns(label=_label(rules, mic)).select(list(columns_of(PainPlateau)))


def _reason(rules: PlateauSettings) -> pl.Expr:
    span = days_from(pl.col("from_date"), pl.col("to_date"))
    return (
        pl.when(pl.col("n_days") < rules.min_points).then(pl.lit("too_few_days"))
        .when(span < rules.min_span_days).then(pl.lit("too_short_span"))
        .when(pl.col("mean_first_half").is_null()).then(pl.lit("empty_half"))
    )  # fmt: skip


def _label(rules: PlateauSettings, mic: float | None) -> pl.Expr:
    if mic is None:
        return pl.lit(None, dtype=pl.String)
    is_level = (pl.col("slope_per_week").abs() <= rules.slope_per_week + TOLERANCE) & (
        pl.col("difference").abs() < mic / 2 - TOLERANCE
    )
    return (
        pl.when(pl.col("reason").is_not_null()).then(None)
        .when(is_level & (pl.col("recent") <= rules.low_max + TOLERANCE)).then(pl.lit("plateau_low"))
        .when(is_level).then(pl.lit("plateau_residual"))
        .otherwise(pl.lit("no_plateau"))
    )  # fmt: skip
