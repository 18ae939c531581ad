"""Adherence day by day, as a calendar shows it."""

from datetime import date

import polars as pl

from ptanalytics.adherence.observed import Observed, observe
from ptanalytics.adherence.prescribed import ISO_WEEKDAYS
from ptanalytics.adherence.weekly import weeks_of
from ptanalytics.analysis import analysis
from ptanalytics.dates import DAYS_PER_WEEK, WeekAnchor, day_from_number, day_number, plan_week, week_origin
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.results import AdherenceDays
from ptanalytics.settings import Settings, default_settings


@analysis(returns=AdherenceDays, optional=("pauses", "patients"))
def adherence_days(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Say for each patient and day what was prescribed, what was logged and what the calendar shows.

    ``status`` is the first that holds:

    - ``unprescribed``: an entry on an excused day, without a plan in force, or where the plan prescribes nothing;
    - ``hold``: an excused day without entry;
    - ``done``: a session that counts; ``partly``: some of it was done; ``missed``: the entry says nothing was done;
    - ``rest``: no entry and none due; ``not_recorded``: no entry where one was due. With fixed days the due days are
      the scheduled ones; where the plan leaves the days open, all days without entry of a week whose number was not
      reached. Nobody knows whether such a day's exercise was done, so it is never shown as missed.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.

    Returns:
        One row per patient and day from time zero to the last day with a plan in force or, if later, the last entry.
        ``week`` is the plan week. Columns: `AdherenceDays`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "weekdays": ["mon,wed"]})
        >>> sessions = pl.DataFrame({"patient_id": ["P1"], "session_id": ["a"], "exercise_id": ["bridge"],
        ...                          "started_at": ["2026-03-02"]})
        >>> days = adherence_days(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 4))
        >>> days["status"].to_list()
        ['done', 'rest', 'not_recorded']
    """
    settings = settings or default_settings()
    observed = observe(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date)
    days = with_plan(each_day(observed), observed)
    entries = observed.days.select("person", "day", "logged", "any_done", "is_eligible", "countable")
    calendar = (
        days.lazy()
        .join(entries.lazy(), on=["person", "day"], how="left")
        .join(_week_days(weeks_of(observed, settings)).lazy(), on=["person", "day"], how="left")
        .with_columns(pl.col("logged", "countable").fill_null(0), pl.col("is_short", "is_served").fill_null(value=False))
        .with_columns(is_eligible=pl.col("is_eligible") & pl.col("is_served"))
        .select(
            "person",
            "plan_version",
            "prescribed",
            "logged",
            date=day_from_number(pl.col("day")),
            week=plan_week(pl.col("day"), pl.col("start_day")),
            counted=pl.when("is_eligible").then("countable").otherwise(0),
            status=_status(),
        )
        .collect()
    )
    return observed.named(calendar).lazy().select(columns_of(AdherenceDays).keys())


def each_day(observed: Observed, anchor: WeekAnchor = "plan") -> pl.DataFrame:
    """Return every day to the end of the plan or, if later, the last entry: ``person, start_day`` (time zero), ``day``.

    The first is time zero, with ISO weeks the Monday on or before it.
    """
    last_entry = observed.days.group_by("person").agg(last_entry_day=pl.col("day").max())
    origin = day_number(week_origin(day_from_number(pl.col("start_day")), anchor))
    return (
        observed.versions.group_by("person")
        .agg(pl.col("start_day").first(), pl.col("to_day").max())
        .join(last_entry, on="person", how="left")
        .with_columns(day=pl.int_ranges(origin, pl.max_horizontal("to_day", "last_entry_day") + 1, dtype=pl.Int32))
        .select("person", "start_day", "day")
        .explode("day")
    )


def with_plan(days: pl.DataFrame, observed: Observed) -> pl.DataFrame:
    """Add the version in force, whether the day is excused, and its accrual and fixed slots."""
    each_day = pl.int_ranges("from_day", pl.col("to_day") + 1, dtype=pl.Int32).alias("day")
    weekday = day_from_number(pl.col("day")).dt.weekday()
    by_weekday = {
        name: pl.coalesce(*(pl.when(weekday == i).then(pl.col(f"{name}_{i}")) for i in ISO_WEEKDAYS))
        for name in ("accrual", "slots")
    }
    in_force = (
        observed.versions.with_columns(each_day)
        .explode("day")
        .select(
            "person",
            "day",
            "plan_version",
            "is_flexible",
            accrual=by_weekday["accrual"] / DAYS_PER_WEEK,
            slots=by_weekday["slots"],
        )
    )
    held = observed.held.select("person", each_day, is_excused=True).explode("day")
    return (
        days.join(in_force, on=["person", "day"], how="left")
        .join(held, on=["person", "day"], how="left")
        .with_columns(pl.col("is_excused", "is_flexible").fill_null(value=False), pl.col("slots").fill_null(0))
        .with_columns(prescribed=pl.when("is_excused").then(0.0).otherwise(pl.col("accrual").fill_null(0.0)))
    )


def _week_days(weeks: pl.DataFrame) -> pl.DataFrame:
    """The days of each week: does it prescribe anything, and was its number not reached?"""
    first = day_number(pl.col("week_start_date"))
    return weeks.select(
        "person",
        day=pl.int_ranges(first, first + DAYS_PER_WEEK, dtype=pl.Int32),
        is_served=pl.col("prescribed") > 0,
        is_short=pl.col("counted") < pl.col("prescribed"),
    ).explode("day")


def _status() -> pl.Expr:
    has_entry = pl.col("logged") > 0
    is_due = pl.when("is_flexible").then((pl.col("prescribed") > 0) & pl.col("is_short")).otherwise(pl.col("slots") > 0)
    return (
        pl.when(has_entry & ~pl.col("is_eligible"))
        .then(pl.lit("unprescribed"))
        .when("is_excused")
        .then(pl.lit("hold"))
        .when(pl.col("countable") > 0)
        .then(pl.lit("done"))
        .when(has_entry & pl.col("any_done"))
        .then(pl.lit("partly"))
        .when(has_entry)
        .then(pl.lit("missed"))
        .when(is_due)
        .then(pl.lit("not_recorded"))
        .otherwise(pl.lit("rest"))
    )
