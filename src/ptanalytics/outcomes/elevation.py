"""Which days are elevated above a person's usual level: steps 1 and 2 of FLARE-1."""

import math

import numpy as np
import numpy.typing as npt

from ptanalytics.settings import FlareSettings

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_TOLERANCE = 1e-9


def elevated_days(
    person: Integers,
    day: Integers,
    value: Floats,
    *,
    is_marked: Bools,
    fallback: Floats,
    rules: FlareSettings,
) -> tuple[Bools, Floats]:
    """Return which recorded days are elevated, and the reference each was compared with (NaN: not evaluable).

    Whether a day is elevated decides whether it counts for the references after it, so days go one after the other; all
    persons are done together, their k-th recorded days in step k. A day the person marked as a flare counts as elevated.

    Args:
        person: 0, 1, 2, ... of each row; rows are sorted by person and day.
        day: Day number of each row, unique within a person.
        value: The day's pain.
        is_marked: The person marked a flare.
        fallback: Baseline per person (NaN: none), used until there is a reference.
        rules: Settings of FLARE-1.

    Example:
        >>> from ptanalytics.settings import default_settings
        >>> days = np.arange(5)
        >>> elevated, reference = elevated_days(np.zeros(5, dtype=np.int64), days, np.array([3.0, 3, 3, 6, 3]),
        ...     is_marked=np.zeros(5, dtype=bool), fallback=np.array([math.nan]), rules=default_settings().outcomes.flare)
        >>> elevated.tolist(), reference.tolist()
        ([False, False, False, True, False], [nan, nan, nan, 3.0, 3.0])
    """
    n_people, width = len(fallback), rules.ref_days
    # One slot per day of the reference window: the days d-14 to d-1 fall on different slots.
    slot_day = np.full((n_people, width), np.iinfo(np.int64).min // 2)
    slot_value = np.full((n_people, width), math.nan)
    carried = np.full(n_people, math.nan)
    elevated = np.zeros(len(day), dtype=bool)
    reference = np.full(len(day), math.nan)
    for rows in _steps(person):
        who, today, pain = person[rows], day[rows], value[rows]
        is_recent = slot_day[who] >= (today - width)[:, None]
        fresh = _median(np.where(is_recent, slot_value[who], math.nan), rules.min_ref)
        carried[who] = np.where(np.isnan(fresh), carried[who], fresh)
        against = np.where(np.isnan(carried[who]), fallback[who], carried[who])
        with np.errstate(invalid="ignore"):
            is_high = (pain >= against + rules.delta - _TOLERANCE) & (pain >= rules.min_abs - _TOLERANCE)
        is_high |= is_marked[rows]
        elevated[rows], reference[rows] = is_high, against
        slot_day[who, today % width] = today
        slot_value[who, today % width] = np.where(is_high, math.nan, pain)
    return elevated, reference


def _steps(person: Integers) -> list[Integers]:
    """Return the rows of everybody's first recorded day, second, and so on."""
    if len(person) == 0:
        return []
    n_days = np.bincount(person)
    position = np.arange(len(person)) - np.repeat(np.cumsum(n_days) - n_days, n_days)
    order = np.argsort(position, kind="stable")
    return np.split(order, np.cumsum(np.bincount(position))[:-1])


def _median(values: Floats, least: int) -> Floats:
    """Return the median of each row's numbers, NaN where there are fewer than ``least``."""
    n = np.isfinite(values).sum(axis=1)
    ordered = np.sort(values, axis=1)
    rows = np.arange(len(values))
    middle = (ordered[rows, np.maximum(n - 1, 0) // 2] + ordered[rows, np.minimum(n // 2, values.shape[1] - 1)]) / 2
    return np.where(n >= max(least, 1), middle, math.nan)
