"""The weeks of each person's exercises, numbered through, so that sums by exercise and week are sums by one number."""

import numpy as np
import polars as pl

from ptanalytics.adherence.entries import Entries
from ptanalytics.adherence.session_log import Array
from ptanalytics.adherence.week_grid import week_grid
from ptanalytics.dates import DAYS_PER_WEEK
from ptanalytics.settings import Settings


class ExerciseGrid:
    """Every week of every exercise of every person with a plan; an exercise counted in two units is two.

    Args:
        entries: Whose exercises.
        settings: Anchor of the weeks.
    """

    def __init__(self, entries: Entries, settings: Settings) -> None:
        self.weeks_of_people = week_grid(entries.inputs.versions, settings.time.week_anchor)
        keys = ["person", "exercise", "unit"]
        exercises = entries.items.select(keys).unique().sort(keys).with_row_index("number")
        people = self.weeks_of_people.people
        self._exercises = exercises.join(people, on="person", how="left", maintain_order="left").with_columns(
            first_place=pl.col("n_weeks").cast(pl.Int64).cum_sum() - pl.col("n_weeks")
        )
        number = entries.items.join(exercises, on=keys, how="left", maintain_order="left")["number"]
        of_exercise = self._exercises.select(pl.col("first_place") - pl.col("first_row")).to_series()
        self._shift = of_exercise.gather(number).to_numpy()
        self.n_places = int(self._exercises["n_weeks"].sum())

    def place(self, item: Array, row: Array) -> Array:
        """Return the place of an item's exercise in a week, given as row of the people's weeks."""
        place: Array = self._shift[item] + row
        return place

    def total(self, place: Array, values: Array | None) -> pl.Series:
        """Sum values over the places they are at, or count them; a place without any is 0."""
        return pl.Series(np.bincount(place, weights=values, minlength=self.n_places), dtype=pl.Float64)

    def weeks(self) -> pl.DataFrame:
        """Return one row per place: ``number`` (of the exercise), ``person, exercise, unit, start_day, first_day``."""
        week = pl.int_ranges(0, pl.col("n_weeks"), dtype=pl.Int32).alias("week")
        return (
            self._exercises.select("number", "person", "exercise", "unit", "start_day", "origin_day", week)
            .explode("week")
            .with_columns(first_day=pl.col("origin_day") + pl.col("week") * DAYS_PER_WEEK)
            .drop("origin_day", "week")
        )
