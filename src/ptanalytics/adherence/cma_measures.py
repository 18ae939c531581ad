"""CMA1 to CMA9 and PDC of units: a unit is one patient's events seen through one observation window.

Days are numbers; windows are half open, ``[from, to)``. CMA1-8 are those of
Vollmer 2012 as AdhereR defines them, CMA9 is AdhereR's own.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ptanalytics.adherence.cma_bank import Array, Flags, Numbers, left_over, overlap, sums

CMA = tuple(f"cma{i}" for i in range(1, 10))

_NOTHING = 1e-9


@dataclass(frozen=True)
class Carrying:
    """When oversupply is carried to the next event."""

    #: What is left of one medicine is thrown away when another is supplied.
    only_same_category: bool = False
    #: What is left lasts longer or shorter when the daily dose changes.
    adjust_for_dose: bool = False


def measures(events: pl.DataFrame, units: pl.DataFrame, carrying: Carrying) -> pl.DataFrame:
    """Return the measures of each unit, in the order of ``units``.

    Args:
        events: ``unit`` (row number in ``units``), ``day, duration, dose, category``, sorted by unit and day, all within
            the unit's follow-up. A unit may have none.
        units: ``from_day, to_day`` (observation window), ``end_day`` (of follow-up; not before ``to_day``).
        carrying: When oversupply is carried.
    """
    unit = events["unit"].to_numpy().astype(np.int64)
    # Days are counted from the window's first, so that thirds of days keep their digits.
    origin = units["from_day"].to_numpy().astype(np.float64)
    stop, follow_up_end = (units[name].to_numpy() - origin for name in ("to_day", "end_day"))
    seen = _Events(events, unit, carrying, origin=origin[unit], stop=stop[unit], follow_up_end=follow_up_end[unit])
    n_units, start, length = units.height, np.zeros(units.height), stop
    simple = _from_first(seen, n_units, stop)
    lag = seen.supply_at_start(n_units)
    begin, end = seen.day, seen.day + np.minimum(seen.available, seen.interval)
    covered = sums(overlap(begin, end, start[unit], stop[unit]), unit, n_units)
    lagged_start = np.minimum(start + lag, stop)
    after_lag = sums(overlap(begin, end, lagged_start[unit], stop[unit]), unit, n_units)
    days_in = overlap(seen.day, seen.day + seen.interval, start[unit], stop[unit])
    ratio = np.minimum(seen.available / np.where(seen.interval > 0, seen.interval, 1.0), 1.0)
    pdc = sums(_uncarried(seen, start, stop), unit, n_units)
    return simple.with_columns(
        _series("cma7", _share(covered, length)),
        _series("cma8", _share(after_lag, stop - lagged_start), stop - lagged_start > _NOTHING),
        _series("cma9", _share(sums(ratio * days_in, unit, n_units), length)),
        _series("pdc", _share(pdc, length)),
        pl.Series("lag_days", lag),
        pl.Series("window_days", length).cast(pl.Int32),
    ).with_columns(cma8_reason=pl.when(pl.col("cma8").is_null()).then(pl.lit("supply_outlasts_window")))


class _Events:
    """Events of all units as arrays, with what is available at each when supply is carried from before the window."""

    def __init__(
        self, events: pl.DataFrame, unit: Numbers, carrying: Carrying, *, origin: Array, stop: Array, follow_up_end: Array
    ) -> None:
        self.unit = unit
        self.day: Array = events["day"].to_numpy() - origin
        self.duration = events["duration"].to_numpy().astype(np.float64)
        self.rate = np.ones(len(unit))
        if carrying.adjust_for_dose:
            self.rate = events["dose"].fill_null(1.0).to_numpy().astype(np.float64)
        self.is_first = np.diff(unit, prepend=-1) != 0
        self.is_new: Flags = self.is_first
        if carrying.only_same_category and len(unit):
            category = events["category"].fill_null("")
            self.is_new = self.is_first | (category != category.shift()).fill_null(value=True).to_numpy()
        is_last = np.append(self.is_first[1:], True)[: len(unit)]
        self.interval = np.where(is_last, follow_up_end - self.day, np.append(self.day[1:], 0.0)[: len(unit)] - self.day)
        self.available = self.duration + left_over(self.duration, self.interval, self.rate, self.is_new)
        self.is_inside: Flags = (self.day >= 0) & (self.day < stop)
        self.is_before: Flags = self.day < 0

    def supply_at_start(self, n_units: int) -> Array:
        """Return the days of supply left at the start of the window from the events before it."""
        rows = np.flatnonzero(self.is_before)
        last = np.full(n_units, -1)
        last[self.unit[rows]] = rows  # of several the last one stays
        known = last >= 0
        left = np.zeros(n_units)
        at = last[known]
        left[known] = np.maximum(self.day[at] + self.available[at], 0.0)
        return left


def _from_first(seen: _Events, n_units: int, stop: Array) -> pl.DataFrame:
    """CMA1 to CMA6: only what happens from the first event in the window on."""
    inside = seen.is_inside
    unit, day, duration = seen.unit[inside], seen.day[inside], seen.duration[inside]
    count = np.bincount(unit, minlength=n_units)
    is_first = np.diff(unit, prepend=-1) != 0
    is_last = np.append(is_first[1:], True)[: len(unit)]
    first, last = np.full(n_units, np.nan), np.full(n_units, np.nan)
    first[unit[is_first]], last[unit[is_last]] = day[is_first], day[is_last]
    supply, but_last = sums(duration, unit, n_units), sums(np.where(is_last, 0.0, duration), unit, n_units)
    until = np.where(is_last, stop[unit] - day, np.append(day[1:], 0.0)[: len(unit)] - day)
    available = duration + left_over(duration, until, seen.rate[inside], is_first | seen.is_new[inside])
    covered = np.minimum(available, until)
    span, rest = last - first, stop - first
    with np.errstate(divide="ignore", invalid="ignore"):
        cma1, cma2 = but_last / span, supply / rest
    cma5 = _share(sums(np.where(is_last, 0.0, covered), unit, n_units), span)
    cma6 = _share(sums(covered, unit, n_units), rest)
    has_any, has_span = count > 0, np.nan_to_num(span) > 0
    reason = (
        pl.when(pl.col("n_events") == 0)
        .then(pl.lit("no_event_in_window"))
        .when(pl.col("n_events") == 1)
        .then(pl.lit("one_event"))
        .when(~pl.col("has_span"))
        .then(pl.lit("events_on_one_day"))
    )
    return (
        pl.DataFrame(
            [
                pl.Series("n_events", count, dtype=pl.Int32),
                pl.Series("supply_days", supply),
                _series("cma1", cma1, has_span),
                _series("cma2", cma2, has_any),
                _series("cma3", np.minimum(cma1, 1.0), has_span),
                _series("cma4", np.minimum(cma2, 1.0), has_any),
                _series("cma5", cma5, has_span),
                _series("cma6", cma6, has_any),
                pl.Series("has_span", has_span),
            ]
        )
        .with_columns(reason=reason)
        .drop("has_span")
    )


def _uncarried(seen: _Events, start: Array, stop: Array) -> Array:
    """Days of the window each event covers by itself that no earlier event covers."""
    unit, ends = seen.unit, seen.day + seen.duration
    table = pl.DataFrame({"unit": unit, "end": ends}).lazy()
    before = table.select(pl.col("end").cum_max().shift().over("unit")).collect().to_series().fill_null(-np.inf).to_numpy()
    return overlap(np.maximum(seen.day, before), ends, start[unit], stop[unit])


def _share(days: Array, of_days: Array) -> Array:
    """Divide; sums of fractions may end 1e-16 above 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share: Array = np.minimum(days / of_days, 1.0)
    return share


def _series(name: str, values: Array, is_known: Flags | None = None) -> pl.Series:
    """A column whose unknown values are missing."""
    found = pl.Series(name, values, dtype=pl.Float64)
    return (
        found
        if is_known is None
        else pl.DataFrame([found, pl.Series("known", is_known)]).select(pl.when("known").then(name)).to_series().alias(name)
    )
