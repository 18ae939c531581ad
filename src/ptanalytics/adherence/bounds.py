"""Between which values adherence lies when nobody knows what happened on days without an entry."""

from datetime import date

import numpy as np
import polars as pl

from ptanalytics.adherence.observed import Observed, observe
from ptanalytics.adherence.prescribed import ACCRUALS, by_weekday
from ptanalytics.adherence.week_grid import week_grid
from ptanalytics.adherence.weekly import weeks_of
from ptanalytics.analysis import analysis
from ptanalytics.dates import DAYS_PER_WEEK, day_number
from ptanalytics.schemas.definition_results import AdherenceBounds
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import Settings, default_settings


@analysis(returns=AdherenceBounds, optional=("pauses", "patients"))
def adherence_bounds(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
    tells_not_done: bool | None = None,
) -> pl.LazyFrame:
    """Measure weekly capped adherence with days without an entry counted as not done, and with them left out.

    - ``lower_pct``: as in `adherence_summary`; a day without an entry is a day without a session.
    - ``upper_pct``: days without an entry are not eligible, ``100 x sum min(S, P') / sum P'`` with ``P'`` what accrues per
      day on days with an entry. Where a plan leaves the days open this can come out below the first, because a full week
      weighs less; then the first is given.

    The second makes sense only where an entry can say "not done": otherwise every entry is a session, and leaving the
    other days out would call everybody adherent. It is missing (``not_told_apart``) for a patient whose log has no day on
    which all entries say that nothing was done, unless ``tells_not_done`` says that the export would show such days.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.
        tells_not_done: Whether the export records sessions not done; without it each patient's log is looked at.

    Returns:
        One row per patient with a plan in force. Columns: `AdherenceBounds`. Nothing prescribed: neither bound
        (``zero_prescribed``); no eligible day with an entry: no upper bound (``no_entry``).

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_day": [1]})
        >>> days = ["2026-03-02", "2026-03-03", "2026-03-04"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": days, "exercise_id": "bridge", "started_at": days,
        ...                          "skip_reason": [None, None, "no time"]})
        >>> bounds = adherence_bounds(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 5))
        >>> bounds.select("lower_pct", pl.col("upper_pct").round(2)).row(0)
        (50.0, 66.67)
    """
    settings = settings or default_settings()
    observed = observe(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date)
    rows = bounds_of(observed, weeks_of(observed, settings), settings, tells_not_done=tells_not_done)
    return observed.named(rows).lazy().select(columns_of(AdherenceBounds).keys())


def bounds_of(observed: Observed, weeks: pl.DataFrame, settings: Settings, *, tells_not_done: bool | None) -> pl.DataFrame:
    """Return the rows of `AdherenceBounds` with ``person`` for the patient.

    Args:
        observed: What was prescribed and done.
        weeks: The weekly table of it.
        settings: Settings of the run.
        tells_not_done: See `adherence_bounds`.
    """
    not_done = (
        observed.days.filter(pl.col("is_eligible") & ~pl.col("any_done"))
        .group_by("person")
        .agg(not_done_days=pl.len().cast(pl.Int32))
    )
    rows = (
        weeks.lazy()
        .with_columns(prescribed_known=_known(observed, weeks, settings))
        .group_by("person")
        .agg(
            pl.col("eligible_days", "days_with_entry", "counted", "prescribed", "prescribed_known").sum(),
            lower=pl.min_horizontal("counted", "prescribed").sum(),
            upper=pl.min_horizontal("counted", "prescribed_known").sum(),
        )
        .join(not_done.lazy(), on="person", how="left")
        .with_columns(pl.col("not_done_days").fill_null(0))
        .with_columns(reason=_reason(tells_not_done))
        .with_columns(lower_pct=_percent("lower", "prescribed"), upper_pct=_percent("upper", "prescribed_known"))
        .with_columns(upper_pct=pl.when(pl.col("reason").is_null()).then(pl.max_horizontal("lower_pct", "upper_pct")))
        .sort("person")
    )
    return rows.collect()


def _known(observed: Observed, weeks: pl.DataFrame, settings: Settings) -> pl.Series:
    """What accrued on eligible days with an entry, for each row of the weekly table."""
    grid = week_grid(observed.versions, settings.time.week_anchor)
    days = grid.located(observed.days.filter("is_eligible"))
    version, day = days["version"].to_numpy(), days["day"].to_numpy()
    accrual = pl.Series(by_weekday(observed.versions, ACCRUALS, version, day) / DAYS_PER_WEEK)
    by_row = grid.weeks().select("person", "first_day").with_columns(known=grid.total(days["row"], accrual))
    first_day = weeks.select(person="person", first_day=day_number(pl.col("week_start_date")))
    found = first_day.join(by_row, on=["person", "first_day"], how="left", maintain_order="left")["known"].to_numpy()
    return pl.Series("prescribed_known", np.where(weeks["prescribed"].to_numpy() > 0, found, 0.0))


def _reason(tells_not_done: bool | None) -> pl.Expr:
    tells = pl.col("not_done_days") > 0 if tells_not_done is None else pl.lit(tells_not_done)
    return (
        pl.when(pl.col("prescribed") == 0)
        .then(pl.lit("zero_prescribed"))
        .when(~tells)
        .then(pl.lit("not_told_apart"))
        .when(pl.col("prescribed_known") <= 1e-9)
        .then(pl.lit("no_entry"))
    )


def _percent(numerator: str, denominator: str) -> pl.Expr:
    bottom = pl.col(denominator)
    return pl.when(bottom > 1e-9).then(pl.min_horizontal(100 * pl.col(numerator) / bottom, 100.0))
