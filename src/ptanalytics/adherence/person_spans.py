"""Sums over spans of days that differ from person to person: eligible days, prescribed and counted sessions.

A span is ``span`` (its own number), ``person, from_day, to_day`` (day numbers, both included). Nothing is unrolled.
"""

import numpy as np
import polars as pl

from ptanalytics.adherence.observed import Observed
from ptanalytics.adherence.prescribed import accrued
from ptanalytics.adherence.session_log import Array

_DAYS_PER_PERSON = 2**32
_NOTHING = 1e-9


class EligibleDays:
    """Counts days on which something was prescribed and that were not excused."""

    def __init__(self, observed: Observed) -> None:
        is_prescribed = pl.col("weekly_total") > _NOTHING
        self._in_force = _Cumulated(observed.versions.filter(is_prescribed))
        self._held = _Cumulated(observed.held.filter(is_prescribed).sort("person", "from_day"))

    def between(self, person: Array, from_day: Array, to_day: Array) -> Array:
        """Return the eligible days of each span, both ends included; 0 for a span that ends before it begins."""
        last = np.maximum(to_day, from_day - 1)
        counts: Array = (
            self._in_force.up_to(person, last)
            - self._in_force.up_to(person, from_day - 1)
            - self._held.up_to(person, last)
            + self._held.up_to(person, from_day - 1)
        )
        return counts.astype(np.int32)


class _Cumulated:
    """How many days of sorted, disjoint spans lie up to a person's day, counted over all people; differences are used."""

    def __init__(self, spans: pl.DataFrame) -> None:
        self._begins = _place(spans["person"].to_numpy(), spans["from_day"].to_numpy())
        self._lengths = (spans["to_day"] - spans["from_day"] + 1).to_numpy().astype(np.int64)
        self._before = np.cumsum(self._lengths) - self._lengths

    def up_to(self, person: Array, day: Array) -> Array:
        if not len(self._begins):
            return np.zeros(len(person), np.int64)
        place = _place(person, day)
        at = np.searchsorted(self._begins, place, side="right") - 1
        inside = np.minimum(self._lengths[at], place - self._begins[at] + 1)
        counts: Array = np.where(at >= 0, self._before[at] + inside, 0)
        return counts


def _place(person: Array, day: Array) -> Array:
    place: Array = person.astype(np.int64) * _DAYS_PER_PERSON + day.astype(np.int64)
    return place


def counted_between(observed: Observed, spans: pl.DataFrame) -> pl.Series:
    """Return the counted sessions of each span, in the order of the spans."""
    days = observed.days.filter(pl.col("countable") > 0)
    places = _place(days["person"].to_numpy(), days["day"].to_numpy())
    totals = np.concatenate([[0], np.cumsum(days["countable"].to_numpy())])
    person, first, last = (spans[name].to_numpy() for name in ("person", "from_day", "to_day"))
    begin = np.searchsorted(places, _place(person, first), side="left")
    end = np.searchsorted(places, _place(person, np.maximum(last, first - 1)), side="right")
    return pl.Series("counted", totals[end] - totals[begin], dtype=pl.Int32)


def prescribed_between(observed: Observed, spans: pl.DataFrame) -> pl.DataFrame:
    """Return ``span, prescribed`` (sessions accrued) and ``eligible_days``; spans without a plan are not listed."""
    signed = pl.concat(
        [observed.versions.with_columns(sign=pl.lit(1, pl.Int32)), observed.held.with_columns(sign=pl.lit(-1, pl.Int32))]
    ).filter(pl.col("weekly_total") > _NOTHING)
    sign, days = pl.col("sign"), pl.col("to_day") - pl.col("from_day") + 1
    return (
        signed.lazy()
        .join(spans.lazy().select("span", "person", first="from_day", last="to_day"), on="person")
        .with_columns(from_day=pl.max_horizontal("from_day", "first"), to_day=pl.min_horizontal("to_day", "last"))
        .filter(pl.col("from_day") <= pl.col("to_day"))
        .group_by("span")
        .agg(
            prescribed=(accrued(pl.col("from_day"), pl.col("to_day")) * sign).sum(),
            eligible_days=(days * sign).sum().cast(pl.Int32),
        )
        .with_columns(prescribed=pl.when(pl.col("prescribed") > _NOTHING).then("prescribed").otherwise(0.0))
        .collect()
    )
