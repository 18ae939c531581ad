"""Weekly adherence: counted sessions of those prescribed, per patient and week."""

from datetime import date

import polars as pl

from ptanalytics.adherence.counted import TOLERANCE
from ptanalytics.adherence.makeup import counted_per_week
from ptanalytics.adherence.observed import Observed, observe
from ptanalytics.adherence.prescribed import weekly_prescription
from ptanalytics.adherence.week_grid import week_grid
from ptanalytics.analysis import analysis
from ptanalytics.dates import day_from_number, week_label
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.results import WeeklyAdherence
from ptanalytics.settings import Settings, default_settings


@analysis(returns=WeeklyAdherence, optional=("pauses", "patients"))
def weekly_adherence(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Measure what share of the prescribed sessions a patient did in each week.

    ``adherence_pct = 100 x min(counted, prescribed) / prescribed``. Prescribed sessions accrue per eligible day, so partial
    weeks, plan changes and pauses are prorated: 3 a week over 4 eligible days is 12/7. A session counts when it is on an
    eligible day and at least ``settings.adherence.session_min_fraction`` of it was done (the sum over the prescribed
    exercises of ``min(1, fraction)`` divided by their number; exercises not logged are 0; the mean of the rows where no
    row is a prescribed exercise), and at most the plan's sessions per day count. Plan weeks start on the
    first day of the first plan version; ISO weeks on Mondays.

    A week with nothing logged is 0, not missing. A week with nothing prescribed (all days excused, or between versions) has
    no percentage (``zero_prescribed``) and all its sessions are ``unprescribed``, as are sessions on excused days, before
    the plan, after its end and after discharge. Entries after the cutoff are left out. A week with fewer eligible days
    than ``settings.adherence.min_eligible_days_week`` is partial: it is not called an overdose week.

    Args:
        sessions: Logged sessions; one ``session_id`` of one patient is one session.
        plans: Prescribed exercises; the version in force on a day counts for that day.
        pauses: Breaks; excused ones remove days. May be absent.
        patients: Discharge days, after which nothing is prescribed. May be absent.
        settings: Proration, makeup, thresholds and week anchor; the study's or the defaults.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``. Without either, no rows.

    Returns:
        One row per patient and week from time zero to the last day with a plan in force. Columns: `WeeklyAdherence`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [3.0]})
        >>> days = ["2026-03-02", "2026-03-04", "2026-03-09"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": days, "exercise_id": "bridge", "started_at": days})
        >>> weekly = weekly_adherence(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 11))
        >>> weekly.select("week", "counted", pl.col("prescribed", "adherence_pct").round(2), "is_partial").rows()
        [(1, 2, 3.0, 66.67, False), (2, 1, 1.29, 77.78, True)]

    References:
        Bailey 2020, doi:10.1136/bjsports-2019-100982; Hawley-Hague 2016, doi:10.1136/bmjopen-2015-010560 [frequency].
    """
    settings = settings or default_settings()
    observed = observe(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date)
    weeks = observed.named(weeks_of(observed, settings))
    return weeks.lazy().select(columns_of(WeeklyAdherence).keys())


def weeks_of(observed: Observed, settings: Settings) -> pl.DataFrame:
    """Return the weekly table of what was observed, with ``person`` for the patient, and ``days_with_entry``."""
    grid = week_grid(observed.versions, settings.time.week_anchor)
    weeks = weekly_prescription(observed.versions, observed.held, grid, settings=settings)
    time_zero = day_from_number(pl.col("start_day"))
    return (
        weeks.lazy()
        .with_columns(**counted_per_week(observed, grid, settings=settings))
        .with_columns(_nothing_prescribed())
        .with_columns(_percentages())
        .with_columns(week_start_date=day_from_number(pl.col("first_day")))
        .select(
            "person",
            week_label(pl.col("week_start_date"), time_zero, settings.time.week_anchor).alias("week"),
            "week_start_date",
            "eligible_days",
            "excused_days",
            "prescribed",
            "counted",
            "logged",
            "unprescribed",
            "days_with_entry",
            "adherence_pct",
            "uncapped_pct",
            is_partial=pl.col("eligible_days") < settings.adherence.min_eligible_days_week,
            is_overdose=_is_overdose(settings),
            reason=pl.when(pl.col("prescribed") == 0).then(pl.lit("zero_prescribed")),
        )
        .collect()
    )


def _nothing_prescribed() -> list[pl.Expr]:
    """In a week without prescription nothing can count."""
    is_none = pl.col("prescribed") == 0
    return [
        pl.when(is_none).then(0).otherwise(pl.col("counted")).alias("counted"),
        pl.when(is_none).then(pl.col("logged")).otherwise(pl.col("unprescribed")).alias("unprescribed"),
    ]


def _percentages() -> list[pl.Expr]:
    counted, prescribed = pl.col("counted"), pl.col("prescribed")
    has_some = prescribed > 0
    return [
        pl.when(has_some).then(100 * pl.min_horizontal(counted / prescribed, 1.0)).alias("adherence_pct"),
        pl.when(has_some).then(100 * counted / prescribed).alias("uncapped_pct"),
    ]


def _is_overdose(settings: Settings) -> pl.Expr:
    is_classified = pl.col("eligible_days") >= settings.adherence.min_eligible_days_week
    limit = settings.adherence.overdose_ratio * pl.col("prescribed") + TOLERANCE
    return is_classified & (pl.col("prescribed") > 0) & (pl.col("counted") > limit)
