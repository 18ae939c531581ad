"""The trend of daily pain: Theil-Sen slope per week with its interval and a cautious label."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.dates import DAYS_PER_WEEK, days_from
from ptanalytics.outcomes.daily import daily_pain
from ptanalytics.outcomes.ols import ols_slope
from ptanalytics.outcomes.theil_sen import Floats, padded, theil_sen
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.results import PainTrends
from ptanalytics.settings import Settings, SlopeSettings, default_settings

TOLERANCE = 1e-9

#: What a fit gives, in this order: Theil-Sen, then least squares.
FITTED = (
    "slope_per_week", "lower", "upper", "intercept",
    "ols_slope_per_week", "ols_lower", "ols_upper", "ols_intercept",
)  # fmt: skip


@analysis(returns=PainTrends)
def pain_trend(
    pain_scores: pl.LazyFrame,
    *,
    recall: str | None = None,
    site: str | None = None,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Fit the slope of daily pain in points per week (negative is less pain) over each patient's last 28 days of logging.

    Theil-Sen: the median of the slopes between all pairs of days, ``x = (date - first date) / 7``; limits after Sen 1968.
    The window (``outcomes.slope.window_days``) ends on the patient's last day with a value up to the cutoff, so
    ``to_date`` says how old a trend is. ``improving``: slope <= -0.25 and upper limit < 0; ``worsening``: slope >= 0.25 and
    lower limit > 0; else ``no_clear_trend``, which does not mean stable. Not to be extended beyond its days. Beside it
    is the least squares slope; its interval is too narrow because days next to each other are alike; no label uses it.

    Args:
        pain_scores: Ratings.
        recall: See `daily_pain`.
        site: See `daily_pain`.
        settings: Window, least number of days, least span, size of slope for a label.
        cutoff_date: Leave out later ratings.

    Returns:
        Columns of `PainTrends`, one row per patient with a rating. No slope with fewer than 5 days (``too_few_days``) or
        less than 14 days from first to last (``too_short_span``).

    Example:
        >>> from datetime import datetime
        >>> ratings = pl.DataFrame({"patient_id": "P1", "pain_nprs": [7.0, 6.0, 6.0, 5.0, 4.0, 3.0],
        ...                         "recorded_at": [datetime(2026, 3, day) for day in (1, 5, 9, 13, 17, 21)]})
        >>> pain_trend(ratings).select(pl.col("slope_per_week").round(6), "label").row(0)
        (-1.4, 'improving')

    References:
        Sen 1968, doi:10.1080/01621459.1968.10480934.
    """
    slope = (settings or default_settings()).outcomes.slope
    daily = daily_pain.compute(pain_scores, recall=recall, site=site, settings=settings)
    if cutoff_date is not None:
        daily = daily.filter(pl.col("date") <= cutoff_date)
    last = pl.col("date").max().over("patient_id")
    window = daily.filter(days_from(pl.col("date"), last) < slope.window_days).select("patient_id", "date", "pain_nprs")
    series = window.sort("date").group_by("patient_id").agg("date", "pain_nprs", n_days=pl.len().cast(pl.Int32))
    described = series.with_columns(
        from_date=pl.col("date").list.first(), to_date=pl.col("date").list.last(), reason=pl.lit(None, dtype=pl.String)
    ).with_columns(reason=_reason(slope))
    return with_slopes(described).with_columns(label=_label(slope)).select(list(columns_of(PainTrends)))


def _reason(slope: SlopeSettings) -> pl.Expr:
    span = days_from(pl.col("from_date"), pl.col("to_date"))
    return (
        pl.when(pl.col("n_days") < slope.min_points).then(pl.lit("too_few_days"))
        .when(span < slope.min_span_days).then(pl.lit("too_short_span"))
    )  # fmt: skip


def _label(slope: SlopeSettings) -> pl.Expr:
    value, least = pl.col("slope_per_week"), slope.label_per_week - TOLERANCE
    return (
        pl.when(value.is_null()).then(None)
        .when((value <= -least) & (pl.col("upper") < 0)).then(pl.lit("improving"))
        .when((value >= least) & (pl.col("lower") > 0)).then(pl.lit("worsening"))
        .otherwise(pl.lit("no_clear_trend"))
    )  # fmt: skip


def with_slopes(series: pl.LazyFrame, *, names: Sequence[str] = FITTED) -> pl.LazyFrame:
    """Add slopes to series (lists ``date``, ``pain_nprs``; ``from_date``, ``n_days``) that have no ``reason``."""
    schema = series.collect_schema() | dict.fromkeys(names, pl.Float64)
    return series.map_batches(lambda frame: _fit(frame, names), schema=schema)


def _fit(series: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    usable = series.filter(pl.col("reason").is_null())
    if usable.is_empty():
        return series.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in names)
    points = usable.explode("date", "pain_nprs")
    weeks = days_from(pl.col("from_date"), pl.col("date")) / DAYS_PER_WEEK
    x, y = padded(
        usable["n_days"].to_numpy().astype(np.int64),
        points.select(weeks).to_series().to_numpy(),
        points["pain_nprs"].to_numpy(),
    )
    numbers: list[Floats] = list(theil_sen(x, y))
    if len(names) > len(numbers):
        numbers += ols_slope(x, y)
    fit = pl.DataFrame({"patient_id": usable["patient_id"]} | dict(zip(names, numbers, strict=False)))
    fit = fit.with_columns(pl.col(pl.Float64).fill_nan(None))
    return series.join(fit, on="patient_id", how="left", maintain_order="left")
