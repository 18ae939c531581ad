"""The weeks of each person, numbered through, so that sums by week are sums by one number."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ptanalytics.dates import DAYS_PER_WEEK, WeekAnchor, day_from_number, day_number, week_origin


@dataclass(frozen=True)
class WeekGrid:
    """Every week of every person from time zero to the last day with a plan in force."""

    #: ``person, start_day`` (time zero), ``origin_day`` (first day of the first week), ``n_weeks, first_row``.
    people: pl.DataFrame
    #: Weeks of all people together.
    n_rows: int

    def weeks(self) -> pl.DataFrame:
        """Return one row per person and week: ``person, start_day, first_day`` of the week."""
        week = pl.int_ranges(0, pl.col("n_weeks"), dtype=pl.Int32).alias("week")
        return (
            self.people.select("person", "start_day", "origin_day", week)
            .explode("week")
            .select("person", "start_day", first_day=pl.col("origin_day") + pl.col("week") * DAYS_PER_WEEK)
        )

    def located(self, days: pl.DataFrame) -> pl.DataFrame:
        """Add ``row`` (place of the week) and ``position`` in it to days; days outside the person's weeks are left out."""
        person, known = (frame["person"].to_numpy().astype(np.int64) for frame in (days, self.people))
        place = np.full(1 + max(person.max(initial=-1), known.max(initial=-1)), -1)
        place[known] = np.arange(len(known))
        # Somebody without weeks has place -1, which reads the 0 at the end.
        origin_day, n_weeks, first_row = (
            np.append(self.people[name].to_numpy(), 0)[place[person]] for name in ("origin_day", "n_weeks", "first_row")
        )
        since = days["day"].to_numpy() - origin_day
        week = since // DAYS_PER_WEEK
        is_inside = (week >= 0) & (week < n_weeks)
        found = days.with_columns(
            pl.Series("row", first_row + week), pl.Series("position", since - week * DAYS_PER_WEEK, dtype=pl.Int32)
        )
        return found if is_inside.all() else found.filter(is_inside)

    def total(self, row: pl.Series, values: pl.Series) -> pl.Series:
        """Sum values over the weeks whose row they name; a week without any is 0."""
        sums = np.bincount(row.to_numpy(), weights=values.to_numpy(), minlength=self.n_rows)
        return pl.Series(values.name, sums, dtype=pl.Float64)

    def count(self, row: pl.Series, values: pl.Series) -> pl.Series:
        """Sum whole numbers; see `total`."""
        return self.total(row, values).cast(pl.Int32)


def week_grid(versions: pl.DataFrame, anchor: WeekAnchor) -> WeekGrid:
    """Lay out the weeks of everybody with a version in force."""
    origin = day_number(week_origin(day_from_number(pl.col("start_day")), anchor))
    people = (
        versions.group_by("person")
        .agg(pl.col("start_day").first(), pl.col("to_day").max())
        .sort("person")
        .with_columns(origin_day=origin)
        .with_columns(n_weeks=(pl.col("to_day") - pl.col("origin_day")) // DAYS_PER_WEEK + 1)
        .with_columns(first_row=pl.col("n_weeks").cum_sum() - pl.col("n_weeks"))
        .drop("to_day")
    )
    return WeekGrid(people, int(people["n_weeks"].sum()))
