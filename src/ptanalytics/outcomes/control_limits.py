"""Individuals charts (XmR): is a day's pain outside what this person's days usually are?"""

from datetime import date

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.outcomes.daily import daily_pain
from ptanalytics.schemas.course_results import XmrLimits
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import Settings, XmrSettings, default_settings

#: 3 / 1.128: three standard deviations, estimated from the mean range of two neighbouring values.
SCALE = 2.66

_TOLERANCE = 1e-9


@analysis(returns=XmrLimits)
def xmr_limits(
    pain_scores: pl.LazyFrame, *, settings: Settings | None = None, cutoff_date: date | None = None
) -> pl.LazyFrame:
    """Compute the natural limits of each patient's daily pain and mark days with a special cause.

    ``centre`` is the mean of the first 20 days with a value (at least 10), the limits are ``centre -+ 2.66 x mean moving
    range`` of these days; later days are compared with them. Signals: a day outside the limits (``above_limit``,
    ``below_limit``), and each day from the eighth of a run on one side of the centre on (``run_above``, ``run_below``). A
    value on the centre ends a run. A signal says that something changed, not what, and days that resemble their
    neighbours give more signals than chance would. Limits are not cut off at 0 and 10.

    Args:
        pain_scores: Ratings.
        settings: ``outcomes.xmr``: days for the limits, length of a run.
        cutoff_date: Leave out later ratings.

    Returns:
        Columns of `XmrLimits`, one row per patient and day with a value. Without limits every row has a reason:
        ``too_few_days``; ``no_variation`` where all baseline days are equal, so that limits would be a line.

    Example:
        >>> from datetime import datetime, timedelta
        >>> values = [5.0, 4, 5, 6, 5, 4, 5, 6, 5, 5, 9]
        >>> ratings = pl.DataFrame({"patient_id": "P1", "pain_nprs": values,
        ...                         "recorded_at": [datetime(2026, 3, 1) + timedelta(days=i) for i in range(11)]})
        >>> limits = xmr_limits(ratings, settings={"outcomes": {"xmr": {"baseline_points": 10}}})
        >>> limits.select("centre", pl.col("lower", "upper").round(2), "signal").row(10)
        (5.0, 2.64, 7.36, 'above_limit')

    References:
        Wheeler 2000, Understanding Variation (natural process limits, 2.66); Shewhart 1931.
    """
    settings = settings or default_settings()
    rules = settings.outcomes.xmr
    daily = daily_pain.compute(pain_scores, settings=settings)
    if cutoff_date is not None:
        daily = daily.filter(pl.col("date") <= cutoff_date)
    person = "patient_id"
    days = daily.sort(person, "date").with_columns(
        moving_range=(pl.col("pain_nprs") - pl.col("pain_nprs").shift().over(person)).abs(),
        is_baseline=pl.int_range(pl.len()).over(person) < rules.baseline_points,
    )
    limits = days.filter("is_baseline").group_by(person).agg(
        n_baseline=pl.len().cast(pl.Int32), mean=pl.col("pain_nprs").mean(), range=pl.col("moving_range").mean()
    ).with_columns(reason=_reason(rules))  # fmt: skip
    is_usable = pl.col("reason").is_null()
    known = limits.select(
        person,
        "n_baseline",
        "reason",
        centre=pl.when(is_usable).then("mean"),
        lower=pl.when(is_usable).then(pl.col("mean") - SCALE * pl.col("range")),
        upper=pl.when(is_usable).then(pl.col("mean") + SCALE * pl.col("range")),
    )
    return _with_signals(days.join(known, on=person, how="left", maintain_order="left"), rules).select(
        list(columns_of(XmrLimits))
    )  # fmt: skip


def _reason(rules: XmrSettings) -> pl.Expr:
    return (
        pl.when(pl.col("n_baseline") < rules.min_points).then(pl.lit("too_few_days"))
        .when(pl.col("range") <= _TOLERANCE).then(pl.lit("no_variation"))
    )  # fmt: skip


def _with_signals(days: pl.LazyFrame, rules: XmrSettings) -> pl.LazyFrame:
    away = pl.col("pain_nprs") - pl.col("centre")
    side = pl.when(away > _TOLERANCE).then(1).when(away < -_TOLERANCE).then(-1).otherwise(0)
    place = pl.int_range(pl.len()).over("patient_id", "run") + 1
    is_long = place >= rules.run_length
    signal = (
        pl.when(pl.col("centre").is_null()).then(None)
        .when(pl.col("pain_nprs") > pl.col("upper") + _TOLERANCE).then(pl.lit("above_limit"))
        .when(pl.col("pain_nprs") < pl.col("lower") - _TOLERANCE).then(pl.lit("below_limit"))
        .when(is_long & (pl.col("side") > 0)).then(pl.lit("run_above"))
        .when(is_long & (pl.col("side") < 0)).then(pl.lit("run_below"))
    )  # fmt: skip
    return days.with_columns(side=side).with_columns(run=pl.col("side").rle_id().over("patient_id")).with_columns(
        signal=signal
    )  # fmt: skip
