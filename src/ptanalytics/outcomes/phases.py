"""Response to plan changes: daily pain before and after each of them."""

from datetime import date

import numpy as np
import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.dates import day_number
from ptanalytics.outcomes.daily import daily_pain
from ptanalytics.outcomes.phase_measures import phase_measures
from ptanalytics.outcomes.theil_sen import Floats, padded
from ptanalytics.schemas.course_results import PlanPhaseResponse
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import PhaseSettings, Settings, default_settings

_KEY = ["patient_id", "plan_version"]
_MEASURED = {
    "nap": pl.Float64,
    "tau_u": pl.Float64,
    "tau_trend_before": pl.Float64,
    "dual_criterion_days": pl.Int32,
    "dual_criterion_needed": pl.Int32,
}


@analysis(returns=PlanPhaseResponse, optional=("plans",))
def plan_phase_response(
    pain_scores: pl.LazyFrame,
    plans: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Compare daily pain (0-10) in the 28 days before with the 28 days from each plan change on.

    A phase ends where the next version begins, so days under another version are in neither phase. The first version is
    compared with the days before it. ``nap``, ``tau_u`` and the conservative dual criterion: see `phase_measures`. A change
    of plan is not made at random (pain often makes it), so a difference is not its effect.

    Args:
        pain_scores: Ratings.
        plans: Plan versions; of several beginning on a day the last counts.
        settings: ``outcomes.phase``: days compared, least number of days with a value in each phase.
        cutoff_date: Leave out later ratings and versions.

    Returns:
        Columns of `PlanPhaseResponse`, one row per patient and version. Without enough days (5 in each phase) means and
        medians stand, but no comparison: ``too_few_before``, ``too_few_after``.

    Example:
        >>> from datetime import datetime, timedelta
        >>> values = [6.0, 5, 6, 5, 6, 3, 3, 2, 3, 3]
        >>> ratings = pl.DataFrame({"patient_id": "P1", "pain_nprs": values,
        ...                         "recorded_at": [datetime(2026, 3, 1) + timedelta(days=i) for i in range(10)]})
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 6)]})
        >>> plan_phase_response(ratings, plans).select("n_before", "nap", "is_systematic").row(0)
        (5, 1.0, True)

    References:
        Parker and Vannest 2009, doi:10.1016/j.beth.2008.10.006; Parker 2011, doi:10.1016/j.beth.2010.08.006; Fisher 2003,
        doi:10.1901/jaba.2003.36-387.
    """
    settings = settings or default_settings()
    rules = settings.outcomes.phase
    daily = daily_pain.compute(pain_scores, settings=settings)
    changes = _changes(plans, rules)
    if cutoff_date is not None:
        daily = daily.filter(pl.col("date") <= cutoff_date)
        changes = changes.filter(pl.col("change_date") <= cutoff_date)
    day = day_number(pl.col("date"))
    start = day_number(pl.col("change_date"))
    dated = (
        changes.join(daily.select("patient_id", "date", "pain_nprs"), on="patient_id")
        .filter(day.is_between(pl.col("first_day"), pl.col("last_day")))
        .select(*_KEY, "pain_nprs", day=day, is_after=day >= start)
        .sort(*_KEY, "day")
    )
    before, after = (dated.filter(pl.col("is_after") == is_after) for is_after in (False, True))
    phases = changes.join(_phase(before, "before"), on=_KEY, how="left").join(_phase(after, "after"), on=_KEY, how="left")
    described = phases.with_columns(pl.col("n_before", "n_after").fill_null(0)).with_columns(reason=_reason(rules))
    schema = described.collect_schema() | _MEASURED
    measured = described.map_batches(_with_measures, schema=schema)
    is_systematic = pl.col("dual_criterion_days") >= pl.col("dual_criterion_needed")
    return measured.with_columns(is_systematic=is_systematic).select(list(columns_of(PlanPhaseResponse)))


def _changes(plans: pl.LazyFrame, rules: PhaseSettings) -> pl.LazyFrame:
    """Return each version with the first and last day that may be compared, as day numbers."""
    start = day_number(pl.col("change_date"))
    before, after = pl.col("start").shift().over("patient_id"), pl.col("start").shift(-1).over("patient_id")
    return (
        plans.group_by(_KEY)
        .agg(change_date=pl.col("valid_from_date").min())
        .sort("patient_id", "change_date", "plan_version")
        .unique(["patient_id", "change_date"], keep="last", maintain_order=True)
        .with_columns(start=start)
        .with_columns(
            first_day=pl.max_horizontal(pl.col("start") - rules.window_days, before),
            last_day=pl.min_horizontal(pl.col("start") + rules.window_days - 1, after - 1),
        )
        .select(*_KEY, "change_date", "first_day", "last_day")
    )


def _phase(days: pl.LazyFrame, name: str) -> pl.LazyFrame:
    pain = pl.col("pain_nprs")
    return days.group_by(_KEY).agg(
        pl.len().cast(pl.Int32).alias(f"n_{name}"),
        pain.median().alias(f"median_{name}"),
        pain.mean().alias(f"mean_{name}"),
        pl.col("day").cast(pl.Float64).alias(f"days_{name}"),
        pain.alias(f"values_{name}"),
    )


def _reason(rules: PhaseSettings) -> pl.Expr:
    return (
        pl.when(pl.col("n_before") < rules.min_points).then(pl.lit("too_few_before"))
        .when(pl.col("n_after") < rules.min_points).then(pl.lit("too_few_after"))
    )  # fmt: skip


def _with_measures(phases: pl.DataFrame) -> pl.DataFrame:
    usable = phases.filter(pl.col("reason").is_null())
    if usable.is_empty():
        return phases.with_columns(pl.lit(None, dtype=dtype).alias(name) for name, dtype in _MEASURED.items())
    before_x, before = _series(usable, "before")
    after_x, after = _series(usable, "after")
    found = phase_measures(before_x, before, after_x, after)
    numbers = pl.DataFrame(dict(zip(_MEASURED, found, strict=True))).cast(_MEASURED)  # type: ignore[arg-type]
    joined = pl.concat([usable.select(_KEY), numbers], how="horizontal")
    return phases.join(joined, on=_KEY, how="left", maintain_order="left")


def _series(phases: pl.DataFrame, name: str) -> tuple[Floats, ...]:
    lengths = phases[f"n_{name}"].to_numpy().astype(np.int64)
    columns = (phases[f"{what}_{name}"].explode().to_numpy() for what in ("days", "values"))
    return padded(lengths, *columns)
