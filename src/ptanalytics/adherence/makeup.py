"""Which day may serve which prescribed session: any of the week, only the scheduled one, or one close to it.

Sessions are never carried into another week. Only plans with fixed days (weekdays, or a number per day) have scheduled
dates; under a plan that leaves the days open every day of the week serves, whatever the option.
"""

import numpy as np
import polars as pl

from ptanalytics.adherence.observed import Observed
from ptanalytics.adherence.prescribed import ISO_WEEKDAYS, SLOTS, by_weekday
from ptanalytics.adherence.week_grid import WeekGrid
from ptanalytics.dates import DAYS_PER_WEEK, day_from_number
from ptanalytics.settings import Settings


def counted_per_week(observed: Observed, grid: WeekGrid, *, settings: Settings) -> dict[str, pl.Series]:
    """Return ``counted, logged, unprescribed, days_with_entry`` of each week of the grid.

    Args:
        observed: Days with entries and versions in force.
        grid: The weeks.
        settings: ``settings.adherence.makeup`` chooses the rule.
    """
    days = grid.located(observed.days)
    makeup = settings.adherence.makeup
    if makeup != "week":
        days = _with_schedule(days, observed.versions)
    at_once = pl.col("countable")
    if makeup == "exact":
        at_once = at_once * (pl.col("is_flexible") | (pl.col("slots") > 0))
    elif makeup == "window":
        at_once = at_once * pl.col("is_flexible")
    values = days.select(
        "row",
        "logged",
        counted=at_once,
        unprescribed=pl.when("is_eligible").then(0).otherwise("logged"),
        days_with_entry=pl.col("is_eligible").cast(pl.Int32),
    )
    counts = {n: grid.count(values["row"], values[n]) for n in ("counted", "logged", "unprescribed", "days_with_entry")}
    if makeup == "window":
        scheduled = grid.located(_scheduled_days(observed))
        made_up = _made_up(days, scheduled, tolerance_days=settings.adherence.makeup_tolerance_days)
        counts["counted"] += grid.count(made_up["row"], made_up["made_up"])
    return counts


def _with_schedule(days: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """Add ``slots`` (sessions scheduled on this very day) and ``is_flexible`` of the version in force."""
    version = days["version"].to_numpy()
    return days.with_columns(
        pl.Series("slots", by_weekday(versions, SLOTS, version, days["day"].to_numpy()), dtype=pl.Int32),
        pl.Series("is_flexible", np.append(versions["is_flexible"].to_numpy(), False)[version], dtype=pl.Boolean),
    )


def _scheduled_days(observed: Observed) -> pl.DataFrame:
    """Eligible days on which a plan with fixed days schedules sessions: ``person, day, slots``."""
    each_day = pl.int_ranges("from_day", pl.col("to_day") + 1, dtype=pl.Int32).alias("day")
    weekday = day_from_number(pl.col("day")).dt.weekday()
    slots = pl.coalesce(*(pl.when(weekday == i).then(pl.col(f"slots_{i}")) for i in ISO_WEEKDAYS))
    fixed = observed.versions.filter(~pl.col("is_flexible")).with_columns(each_day).explode("day")
    held = observed.held.select("person", each_day).explode("day")
    return (
        fixed.join(held, on=["person", "day"], how="anti").select("person", "day", slots=slots).filter(pl.col("slots") > 0)
    )


def _made_up(days: pl.DataFrame, scheduled: pl.DataFrame, *, tolerance_days: int) -> pl.DataFrame:
    """Scheduled sessions that found a session: each date in order takes the nearest unused one, ties the earlier."""
    done = days.filter(~pl.col("is_flexible")).select("row", "position", done="countable", due=0)
    due = scheduled.select("row", "position", done=0, due="slots")
    at = {i: pl.col("position") == i for i in range(DAYS_PER_WEEK)}
    wide = (
        pl.concat([done, due], how="vertical_relaxed")
        .group_by("row")
        .agg(
            *(pl.col("done").filter(at[i]).sum().alias(f"done_{i}") for i in at),
            *(pl.col("due").filter(at[i]).sum().alias(f"due_{i}") for i in at),
        )
        .with_columns(made_up=pl.lit(0, pl.Int32))
    )
    for i in at:
        for j in sorted(at, key=lambda other: (abs(other - i), other)):
            if abs(j - i) <= tolerance_days:
                wide = wide.with_columns(taken=pl.min_horizontal(f"due_{i}", f"done_{j}")).with_columns(
                    pl.col(f"due_{i}") - pl.col("taken"),
                    pl.col(f"done_{j}") - pl.col("taken"),
                    pl.col("made_up") + pl.col("taken"),
                )
    return wide.select("row", "made_up")
