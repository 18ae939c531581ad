"""What was prescribed: plan versions in force, excused spans, and their accrual. Everything divides by this.

A version is in force from its first day to the earliest of its last day, the day before the next version, discharge and
the cutoff. It accrues ``p(d)`` sessions on day d: the largest over its exercises of

- ``sessions_per_week / 7`` where given,
- else ``sessions_per_day`` (missing: 1) on each listed weekday,
- else ``sessions_per_day`` on every day,
- else nothing: a row without any frequency prescribes no session.

Days inside an excused pause accrue nothing. No row per day is made: a span's accrual is its count of each weekday times
that weekday's accrual. Spans hold day numbers (days since 1970-01-01), both ends included.
"""

import numpy as np
import polars as pl

from ptanalytics.adherence.session_log import Array
from ptanalytics.adherence.week_grid import WeekGrid
from ptanalytics.dates import (
    DAYS_PER_WEEK,
    WEEKDAYS,
    day_number,
    days_since_monday,
    weekdays_between,
)
from ptanalytics.settings import Settings

ISO_WEEKDAYS = range(1, DAYS_PER_WEEK + 1)

#: Sessions accrued in 7 days at this weekday's rate (7 p(d)), kept times 7 so that 3 a week over 7 days is exactly 3.
ACCRUALS = [f"accrual_{i}" for i in ISO_WEEKDAYS]
#: Sessions scheduled on this very weekday; 0 where the plan leaves the day open.
SLOTS = [f"slots_{i}" for i in ISO_WEEKDAYS]
#: Exercises due on this weekday.
ITEMS = [f"items_{i}" for i in ISO_WEEKDAYS]

_STILL_RUNNING = 2**30  # later than any date; an open pause ends where the plan does


def versions_in_force(plans: pl.DataFrame, patients: pl.DataFrame, cutoff_day: int | None) -> pl.DataFrame:
    """Return one row per plan version that was in force on at least one day, by person and first day.

    A version's dates are the earliest start and the latest end of its rows (open if one is open). Of two versions that
    start on one day the higher counts. Without a cutoff nothing was observed and no version is in force.

    Args:
        plans: The plans table, with ``person`` (a number) for the patient.
        patients: The patients table, likewise; only discharge is read. A patient not in it was not discharged.
        cutoff_day: The last day observed.

    Returns:
        ``person, plan_version, from_day, to_day, start_day`` (time zero), ``accrual_1..7, slots_1..7, items_1..7`` by ISO
        weekday, ``weekly_total`` (sessions in a full week), ``is_flexible`` (some exercise may be done on any day of
        the week), ``max_per_day``.
    """
    discharge = patients.select("person", discharged_day=day_number(pl.col("discharged_date"))).drop_nulls()
    return (
        _versions(plans)
        .join(discharge.group_by("person").agg(pl.col("discharged_day").min()), on="person", how="left")
        .with_columns(cutoff_day=pl.lit(cutoff_day, pl.Int32))
        .with_columns(to_day=pl.min_horizontal("to_day", "superseded_day", "discharged_day", "cutoff_day"))
        .filter(pl.col("cutoff_day").is_not_null() & (pl.col("from_day") <= pl.col("to_day")))
        .drop("superseded_day", "discharged_day", "cutoff_day")
        .sort("person", "from_day")
    )


def _versions(plans: pl.DataFrame) -> pl.DataFrame:
    """One row per version, its own dates, the person's first day, and the last day before the next version starts."""
    person = pl.col("person")
    return (
        with_weekdays(plans)
        .select("person", "plan_version", "valid_from_date", "valid_to_date", *exercise_accrual())
        .group_by("person", "plan_version")
        .agg(*_version_accrual())
        .with_columns(weekly_total=pl.sum_horizontal(ACCRUALS) / DAYS_PER_WEEK)
        .sort("person", "from_day", "plan_version")
        .unique(["person", "from_day"], keep="last", maintain_order=True)
        .with_columns(
            superseded_day=pl.when(person == person.shift(-1)).then(pl.col("from_day").shift(-1) - 1),
            start_day=pl.when((person != person.shift()).fill_null(value=True)).then("from_day").forward_fill(),
        )
        .collect()
    )


def _version_accrual() -> list[pl.Expr]:
    """Columns of one version from those of its exercises."""
    is_open = pl.col("valid_to_date").is_null().any()
    return [
        day_number(pl.col("valid_from_date").min()).alias("from_day"),
        pl.when(is_open).then(None).otherwise(day_number(pl.col("valid_to_date").max())).alias("to_day"),
        *(pl.col(name).max().fill_null(0.0) for name in ACCRUALS),
        *(pl.col(name).max().fill_null(0) for name in SLOTS),
        *(pl.when(pl.col(n).sum() == 0).then(pl.len()).otherwise(pl.col(n).sum()).alias(n) for n in ITEMS),
        pl.col("is_flexible").any(),
        pl.col("sessions_per_day").max().fill_null(1).alias("max_per_day"),
    ]


def exercise_accrual() -> list[pl.Expr]:
    """Columns of one prescribed exercise, by weekday: accrual, fixed slots, whether it is due."""
    per_week, per_day = pl.col("sessions_per_week"), pl.col("sessions_per_day")
    has_days, is_open = pl.col("has_days"), per_week.is_not_null() & ~pl.col("has_days")
    columns = [(is_open & (per_week > 0)).alias("is_flexible"), per_day]
    for i, weekday in zip(ISO_WEEKDAYS, WEEKDAYS, strict=True):
        listed = pl.col(weekday)
        on_day = pl.when(has_days).then(listed.cast(pl.Int32) * per_day.fill_null(1)).otherwise(per_day)
        columns += [
            pl.when(per_week.is_not_null()).then(per_week).otherwise(on_day * float(DAYS_PER_WEEK)).alias(f"accrual_{i}"),
            pl.when(is_open).then(0).otherwise(on_day).cast(pl.Int32).alias(f"slots_{i}"),
            (listed | ~has_days).cast(pl.UInt32).alias(f"items_{i}"),
        ]
    return columns


def with_weekdays(plans: pl.DataFrame) -> pl.LazyFrame:
    """Add ``has_days`` and ``mon`` to ``sun``, read off each distinct list of weekdays once."""
    text = pl.col("weekdays").str.to_lowercase().fill_null("")
    lists = (
        plans.select(pl.col("weekdays").unique())
        .lazy()
        .with_columns(
            has_days=text.str.strip_chars() != "", **{day: text.str.contains(day, literal=True) for day in WEEKDAYS}
        )
    )
    return plans.lazy().join(lists, on="weekdays", how="left", nulls_equal=True)


def excused_spans(pauses: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Return excused pauses with overlapping ones merged: ``person, from_day, to_day``.

    ``is_excused`` decides where given, else the kind by ``settings.adherence.excused`` (a kind not listed: not excused).
    """
    by_kind = pl.lit(value=False)
    for kind, is_excused in settings.adherence.excused.items():
        by_kind = pl.when(pl.col("kind") == kind).then(pl.lit(is_excused)).otherwise(by_kind)
    spans = pauses.filter(pl.col("is_excused").fill_null(by_kind)).select(
        "person",
        from_day=day_number(pl.col("from_date")),
        to_day=day_number(pl.col("to_date")).fill_null(_STILL_RUNNING),
    )
    covered_to = pl.col("to_day").cum_max().shift(1).over("person")
    is_new = (pl.col("from_day") > covered_to + 1).fill_null(value=True)
    return (
        spans.filter(pl.col("from_day") <= pl.col("to_day"))
        .sort("person", "from_day")
        .with_columns(span=is_new.cast(pl.Int32).cum_sum())
        .group_by("person", "span")
        .agg(pl.col("from_day").min(), pl.col("to_day").max())
        .drop("span")
        .sort("person", "from_day")
    )


def held_spans(versions: pl.DataFrame, excused: pl.DataFrame) -> pl.DataFrame:
    """Return the part of each version that falls into an excused pause; columns as `versions_in_force`."""
    return (
        versions.join(excused, on="person", suffix="_pause")
        .with_columns(
            from_day=pl.max_horizontal("from_day", "from_day_pause"), to_day=pl.min_horizontal("to_day", "to_day_pause")
        )
        .filter(pl.col("from_day") <= pl.col("to_day"))
        .drop("from_day_pause", "to_day_pause")
    )


def by_weekday(versions: pl.DataFrame, columns: list[str], version: Array, day: Array) -> Array:
    """Look up a quantity that versions hold by weekday; 0 without a version.

    Args:
        versions: Versions in force.
        columns: `SLOTS` or `ITEMS`.
        version: Row number in ``versions``; -1 for none.
        day: Day number.
    """
    # Row -1 is the last one.
    places = np.append(versions.select(columns).to_numpy().ravel(), np.zeros(DAYS_PER_WEEK, np.int32))
    found: Array = places[version * DAYS_PER_WEEK + days_since_monday(day)]
    return found


def accrued(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    """Return the sessions a version accrues from one day number to another, both included, pauses not considered."""
    by_weekday = (weekdays_between(first, last, i) * pl.col(f"accrual_{i}") for i in ISO_WEEKDAYS)
    return pl.sum_horizontal(*by_weekday) / DAYS_PER_WEEK


def weekly_prescription(versions: pl.DataFrame, held: pl.DataFrame, grid: WeekGrid, *, settings: Settings) -> pl.DataFrame:
    """Return what was prescribed in each week of the grid.

    ``prescribed`` by ``settings.adherence.prorate``: ``fractional`` the accrual of the eligible days; ``none`` a full week
    of the versions in force, weighted by their eligible days, as soon as one day is eligible; ``round_half_up`` the
    accrual rounded to whole sessions.

    Returns:
        ``person, start_day, first_day`` (of the week), ``eligible_days, excused_days, prescribed``.
    """
    in_force, excused = by_week(versions, grid), by_week(held, grid)

    def left(column: str) -> pl.Series:
        return grid.total(in_force["row"], in_force[column]) - grid.total(excused["row"], excused[column])

    return (
        grid.weeks()
        .with_columns(
            left("days").cast(pl.Int32).alias("eligible_days"),
            grid.count(excused["row"], excused["days"]).alias("excused_days"),
            left("accrued").alias("accrued"),
            left("full_weeks").alias("full_weeks"),
        )
        .with_columns(prescribed=_prorated(settings))
        .drop("accrued", "full_weeks")
    )


def by_week(spans: pl.DataFrame, grid: WeekGrid) -> pl.DataFrame:
    """Cut spans at week borders: ``span`` (row number), ``row`` of the week, ``days, accrued, full_weeks`` of each."""
    origin, week = pl.col("origin_day"), pl.col("week")
    first_week, last_week = ((pl.col(day) - origin) // DAYS_PER_WEEK for day in ("from_day", "to_day"))
    week_start = origin + week * DAYS_PER_WEEK
    pieces = (
        spans.with_row_index("span")
        .join(grid.people.drop("start_day"), on="person")
        .select(
            "span",
            "from_day",
            "to_day",
            "first_row",
            "origin_day",
            "weekly_total",
            week=pl.int_ranges(first_week, last_week + 1, dtype=pl.Int32),
        )
        .explode("week")
        .select(
            "span",
            "weekly_total",
            row=pl.col("first_row") + week,
            from_day=pl.max_horizontal(pl.col("from_day"), week_start),
            to_day=pl.min_horizontal(pl.col("to_day"), week_start + DAYS_PER_WEEK - 1),
        )
        .with_columns(days=pl.col("to_day") - pl.col("from_day") + 1)
    )
    # Nearly all pieces are whole weeks; only the others need their weekdays counted.
    is_whole = pl.col("days") == DAYS_PER_WEEK
    whole = pieces.filter(is_whole).with_columns(accrued=pl.col("weekly_total"))
    parts = pieces.filter(~is_whole)
    rates = spans.select(ACCRUALS)[parts["span"]]
    parts = parts.hstack(rates).with_columns(accrued=accrued(pl.col("from_day"), pl.col("to_day"))).drop(ACCRUALS)
    pieces = pl.concat([whole, parts])
    return pieces.select("span", "row", "days", "accrued", full_weeks=pl.col("days") * pl.col("weekly_total"))


def _prorated(settings: Settings) -> pl.Expr:
    prorate = settings.adherence.prorate
    amount = pl.col("accrued")
    if prorate == "none":
        amount = pl.col("full_weeks") / pl.col("eligible_days")
    elif prorate == "round_half_up":
        amount = (pl.col("accrued") + 0.5 + 1e-9).floor()
    # Adding and taking away fractions leaves 1e-16 behind where nothing is left.
    has_some = (pl.col("eligible_days") > 0) & (amount > 1e-9)
    return pl.when(has_some).then(amount).otherwise(0.0)
