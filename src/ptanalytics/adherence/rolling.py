"""Adherence over the last days: what the plan tuner looks at."""

from datetime import date

import polars as pl

from ptanalytics.adherence.observed import Observed, observe
from ptanalytics.adherence.prescribed import accrued
from ptanalytics.analysis import analysis
from ptanalytics.dates import day_from_number, number_of_day
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.results import RollingAdherence
from ptanalytics.settings import Settings, default_settings


@analysis(returns=RollingAdherence, optional=("pauses", "patients"))
def rolling_adherence(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
    on_date: date | None = None,
    days: int | None = None,
) -> pl.LazyFrame:
    """Measure adherence over the ``days`` days that end on ``on_date``.

    ``adherence_pct = 100 x min(S, P) / P`` with ``S`` counted and ``P`` prescribed sessions of the window. Prescribed
    sessions accrue per eligible day whatever ``settings.adherence.prorate`` says, and any eligible day of the window may
    serve (a window has no weeks to make up in). Missing where nothing is prescribed (``zero_prescribed``) or fewer days
    are eligible than ``settings.adherence.min_eligible_days_week`` (``too_few_eligible_days``).

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.
        on_date: Last day of the window; the cutoff if not given. Days after the cutoff are not observed, so not eligible.
        days: Length of the window; ``settings.tuning.rolling_days`` (14) if not given.

    Returns:
        One row per patient with a plan in force on some day up to the cutoff. Columns: `RollingAdherence`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [3.0]})
        >>> times = ["2026-03-02", "2026-03-04", "2026-03-06", "2026-03-10"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": times, "exercise_id": "bridge", "started_at": times})
        >>> day = date(2026, 3, 15)
        >>> rolling = rolling_adherence(sessions=sessions, plans=plans, on_date=day, cutoff_date=day)
        >>> rolling.select("prescribed", "counted", pl.col("adherence_pct").round(1)).row(0)
        (6.0, 4, 66.7)
    """
    settings = settings or default_settings()
    observed = observe(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date)
    last_day = observed.cutoff_day if on_date is None else number_of_day(on_date)
    prescribed, counted = pl.col("prescribed"), pl.col("counted")
    is_short = pl.col("eligible_days") < settings.adherence.min_eligible_days_week
    reason = (
        pl.when(prescribed == 0)
        .then(pl.lit("zero_prescribed"))
        .when(is_short)
        .then(pl.lit("too_few_eligible_days"))
        .otherwise(None)
    )
    rolling = (
        rolling_of(observed, last_day, days or settings.tuning.rolling_days)
        .with_columns(reason=reason)
        .with_columns(
            adherence_pct=pl.when(pl.col("reason").is_null()).then(100 * pl.min_horizontal(counted / prescribed, 1.0))
        )
        .with_columns(
            counted=pl.when(prescribed == 0).then(0).otherwise(counted).cast(pl.Int32),
            from_date=day_from_number(pl.col("first_day")),
            to_date=day_from_number(pl.col("last_day")),
        )
    )
    return observed.named(rolling).lazy().select(columns_of(RollingAdherence).keys())


def rolling_of(observed: Observed, last_day: int | None, days: int) -> pl.DataFrame:
    """Return ``person, first_day, last_day, eligible_days, prescribed, counted`` of the window of days up to one day."""
    first_day = None if last_day is None else last_day - days + 1
    window = {"first_day": pl.lit(first_day, pl.Int32), "last_day": pl.lit(last_day, pl.Int32)}
    return (
        _prescribed_in(window, observed)
        .join(_counted_in(window, observed), on="person", how="left")
        .with_columns(pl.col("counted").fill_null(0), **window)
    )


def _prescribed_in(window: dict[str, pl.Expr], observed: Observed) -> pl.DataFrame:
    """Accrual and eligible days inside the window: versions add, their excused parts take away."""
    signed = pl.concat(
        [observed.versions.with_columns(sign=pl.lit(1, pl.Int32)), observed.held.with_columns(sign=pl.lit(-1, pl.Int32))]
    )
    first, last = pl.max_horizontal("from_day", "first_day"), pl.min_horizontal("to_day", "last_day")
    inside = (
        signed.with_columns(**window)
        .with_columns(from_day=first, to_day=pl.max_horizontal(last, first - 1))
        .with_columns(days=pl.col("to_day") - pl.col("from_day") + 1)
    )
    return (
        inside.group_by("person")
        .agg(
            eligible_days=(pl.col("days") * pl.col("sign")).sum().cast(pl.Int32),
            prescribed=(accrued(pl.col("from_day"), pl.col("to_day")) * pl.col("sign")).sum(),
        )
        .with_columns(prescribed=pl.when(pl.col("prescribed") > 1e-9).then("prescribed").otherwise(0.0))
    )


def _counted_in(window: dict[str, pl.Expr], observed: Observed) -> pl.DataFrame:
    return (
        observed.days.with_columns(**window)
        .filter(pl.col("day").is_between(pl.col("first_day"), pl.col("last_day")))
        .group_by("person")
        .agg(counted=pl.col("countable").sum())
    )
