"""Supplies as numbered events inside each person's follow-up, ready for the measures."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ptanalytics.dates import day_from_number, day_number
from ptanalytics.errors import SettingsError


@dataclass(frozen=True)
class FollowUp:
    """Everybody's follow-up: events, one row each, and people with the days their follow-up begins and ends."""

    #: ``unit`` (row number of the person), ``day, duration, dose, category``, by person and day.
    events: pl.DataFrame
    #: ``patient_id, start_day, end_day`` (the first day after it), by patient.
    people: pl.DataFrame

    def named(self, rows: pl.DataFrame, person: pl.Series) -> pl.DataFrame:
        """Add ``patient_id`` and the dates of the windows to rows of measures."""
        return rows.with_columns(
            self.people["patient_id"].gather(person),
            from_date=day_from_number(pl.col("from_day")),
            to_date=day_from_number(pl.col("to_day") - 1),
        )


def follow_up(supplies: pl.LazyFrame, *, followup_start_day: int, followup_days: int) -> FollowUp:
    """Number people and events and keep the events of each person's follow-up.

    Args:
        supplies: The supplies table.
        followup_start_day: First day of follow-up, counted from the person's first event.
        followup_days: Its length.

    Raises:
        SettingsError: The follow-up is empty or begins before the first event.
    """
    if followup_days < 1 or followup_start_day < 0:
        message = "Follow-up must be at least 1 day long and begin on the first event or later. Change its start or length."
        raise SettingsError(message)
    rows = (
        supplies.select(
            "patient_id", day=day_number(pl.col("supplied_date")), duration="duration_days", dose="daily_dose",
            category="category",
        )
        .sort("patient_id", "day", "category", "dose", "duration")
        .collect()
    )  # fmt: skip
    runs = rows["patient_id"].rle().struct.unnest()
    unit = np.repeat(np.arange(runs.height), runs["len"].to_numpy())
    first = rows["day"].gather((runs["len"].cum_sum() - runs["len"]).cast(pl.Int64))
    start = first + followup_start_day
    people = pl.DataFrame(
        [runs["value"].alias("patient_id"), start.alias("start_day"), (start + followup_days).alias("end_day")]
    )
    day = rows["day"].to_numpy()
    is_inside = (day >= people["start_day"].to_numpy()[unit]) & (day < people["end_day"].to_numpy()[unit])
    events = rows.drop("patient_id").with_columns(pl.Series("unit", unit, dtype=pl.Int64)).filter(is_inside)
    return FollowUp(events, people)


def observation(people: pl.DataFrame, *, start_day: int, days: int | None, followup_days: int) -> pl.DataFrame:
    """Return the observation window of each person: ``from_day, to_day`` (the first day after it), ``end_day``.

    Args:
        people: Those of the follow-up.
        start_day: First day, counted from the start of follow-up.
        days: Length; None to the end of follow-up.
        followup_days: Length of follow-up.

    Raises:
        SettingsError: The window is empty or ends after the follow-up.
    """
    length = followup_days - start_day if days is None else days
    if start_day < 0 or length < 1 or start_day + length > followup_days:
        message = (
            f"The observation window (day {start_day}, {length} days) is empty or does not lie in the follow-up of "
            f"{followup_days} days. Shorten it or lengthen followup_days."
        )
        raise SettingsError(message)
    return people.select(from_day=pl.col("start_day") + start_day, end_day="end_day").with_columns(
        to_day=pl.col("from_day") + length
    )
