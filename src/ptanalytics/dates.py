"""Local days, plan weeks, ISO weeks and windows: the only date arithmetic.

All arithmetic is on calendar dates, never on elapsed hours, so a week in which the clock changes is still 7 days.
Expressions that return a count of days or weeks return Int32; day numbers are days since 1970-01-01.
"""

from datetime import date, datetime, timedelta
from typing import Any, Literal

import numpy.typing as npt
import polars as pl

DAYS_PER_WEEK = 7
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_EPOCH_ISO_WEEKDAY = 4  # 1970-01-01 was a Thursday

WeekAnchor = Literal["plan", "iso"]


def local_day(at: pl.Expr, day_start_hour: int = 0) -> pl.Expr:
    """Return the clinical day a local wall-clock time belongs to.

    Args:
        at: Local times without offset.
        day_start_hour: Hour at which a day begins; 3 gives an entry at 02:30 to the day before.

    Example:
        >>> times = pl.DataFrame({"at": [datetime(2026, 3, 9, 0, 30)]})
        >>> times.select(calendar=local_day(pl.col("at")), late=local_day(pl.col("at"), 3)).row(0)
        (datetime.date(2026, 3, 9), datetime.date(2026, 3, 8))
    """
    shifted = at if day_start_hour == 0 else at - pl.duration(hours=day_start_hour)
    return shifted.dt.date()


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # the same in every locale


def day_text(day: date | None) -> str:
    """Write a day the same in every locale; a missing one is a dash.

    Example:
        >>> day_text(date(2026, 3, 2))
        '2 Mar 2026'
    """
    return "–" if day is None else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def local_day_of(at: datetime, day_start_hour: int = 0) -> date:
    """Return the clinical day of one local wall-clock time; see `local_day`."""
    return (at - timedelta(hours=day_start_hour)).date()


def days_from(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    """Return the number of days from one day to another, 0 for the same day."""
    return day_number(last) - day_number(first)


def day_number(day: pl.Expr) -> pl.Expr:
    """Return days since 1970-01-01."""
    return day.cast(pl.Int32)


def number_of_day(day: date) -> int:
    """Return days since 1970-01-01 of one day; see `day_number`."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def day_from_number(number: pl.Expr) -> pl.Expr:
    """Return the day of a day number."""
    return number.cast(pl.Int32).cast(pl.Date)


def days_since_monday(number: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return 0 for Monday to 6 for Sunday, from day numbers."""
    since = number + (_EPOCH_ISO_WEEKDAY - 1)
    days: npt.NDArray[Any] = since - since // DAYS_PER_WEEK * DAYS_PER_WEEK  # several times faster than %
    return days


def plan_week(day: pl.Expr, start: pl.Expr) -> pl.Expr:
    """Return the plan week of a day: 1 for the first 7 days from the plan's start, 0 or less before it.

    Example:
        >>> days = pl.DataFrame({"start": [date(2026, 3, 2)] * 3,
        ...                      "day": [date(2026, 3, 8), date(2026, 3, 9), date(2026, 3, 1)]})
        >>> days.select(week=plan_week(pl.col("day"), pl.col("start")))["week"].to_list()
        [1, 2, 0]
    """
    return days_from(start, day) // DAYS_PER_WEEK + 1


def plan_week_of(day: date, start: date) -> int:
    """Return the plan week of one day; see `plan_week`."""
    return (day - start).days // DAYS_PER_WEEK + 1


def iso_week(day: pl.Expr) -> pl.Expr:
    """Return the ISO week number of a day; weeks start on Monday and 2027-01-01 is in week 53 of 2026."""
    return day.dt.week().cast(pl.Int32)


def week_origin(start: pl.Expr, anchor: WeekAnchor = "plan") -> pl.Expr:
    """Return the first day of the first week: the plan's start, or with ISO weeks the Monday on or before it."""
    return start if anchor == "plan" else start.dt.truncate("1w")


def week_label(week_start: pl.Expr, start: pl.Expr, anchor: WeekAnchor = "plan") -> pl.Expr:
    """Return the number a week is shown under: its plan week, or its ISO week number."""
    return plan_week(week_start, start) if anchor == "plan" else iso_week(week_start)


def weekdays_between(first: pl.Expr, last: pl.Expr, iso_weekday: int) -> pl.Expr:
    """Count how often a weekday (1 Monday to 7 Sunday) falls in a span of days, both ends included.

    Args:
        first: Day number of the first day.
        last: Day number of the last day; one less than ``first`` for an empty span.
        iso_weekday: 1 to 7.

    Example:
        >>> span = pl.DataFrame({"a": [date(2026, 3, 4)], "b": [date(2026, 3, 10)]}).select(pl.all().cast(pl.Int32))
        >>> span.select(weekdays_between(pl.col("a"), pl.col("b"), 3)).item()
        1
    """
    offset = iso_weekday - _EPOCH_ISO_WEEKDAY
    return (last - offset) // DAYS_PER_WEEK - (first - 1 - offset) // DAYS_PER_WEEK


def plan_starts(plans: pl.LazyFrame) -> pl.LazyFrame:
    """Return the first day of each patient's first plan version: ``patient_id``, ``start_date``.

    Example:
        >>> plans = pl.LazyFrame({"patient_id": ["P1", "P1"],
        ...                       "valid_from_date": [date(2026, 3, 16), date(2026, 3, 2)]})
        >>> plan_starts(plans).collect().rows()
        [('P1', datetime.date(2026, 3, 2))]
    """
    return plans.group_by("patient_id").agg(start_date=pl.col("valid_from_date").min())


def time_zero(plans: pl.LazyFrame, patients: pl.LazyFrame) -> pl.LazyFrame:
    """Return each patient's time zero: the first plan's start, else the enrolment day, else missing (``no_start``).

    Returns:
        ``patient_id``, ``start_date``, ``reason``: one row per patient named in either table.
    """
    enrolled = patients.select("patient_id", "enrolled_date").unique("patient_id", keep="first", maintain_order=True)
    return (
        plan_starts(plans)
        .join(enrolled, on="patient_id", how="full", coalesce=True)
        .select("patient_id", start_date=pl.coalesce("start_date", "enrolled_date"))
        .with_columns(reason=pl.when(pl.col("start_date").is_null()).then(pl.lit("no_start")))
    )


def latest_day(*times: pl.LazyFrame, day_start_hour: int = 0) -> pl.LazyFrame:
    """Return one row, ``cutoff_date``: the latest local day in one-column frames of times; missing without any.

    Example:
        >>> latest_day(pl.LazyFrame({"started_at": [datetime(2026, 3, 9, 8), datetime(2026, 3, 7, 8)]})).collect().item()
        datetime.date(2026, 3, 9)
    """
    columns = [frame.select(cutoff_date=local_day(pl.all().max(), day_start_hour)) for frame in times]
    return pl.concat(columns).select(pl.col("cutoff_date").max())
