"""How long supplies last: what is left over from one event to the next, and which days are covered.

Carrying over is one running sum: with supplies ``s`` and intervals ``i`` in the amount used a day, what is left before
event ``k`` is ``max(0, left + s - i)`` of the event before it: the running sum of ``s - i`` minus its lowest value so far.
So millions of events are banked without a loop. Where supply does not carry over (another patient, another
medicine) a new account begins.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


def left_over(supply: Array, interval: Array, rate: Array, is_new: Flags) -> Array:
    """Return the days of supply left from earlier events at each event.

    Args:
        supply: Days each supply lasts.
        interval: Days to the next event of the same account; anything at the last one.
        rate: Amount used a day; all the same where a change of dose does not stretch what is left.
        is_new: Whether an account begins with this event. The first one does.
    """
    if not len(supply):
        return supply
    table = pl.DataFrame({"account": np.cumsum(is_new), "change": (supply - interval) * rate}).lazy()
    balance = pl.col("change").cum_sum() - pl.col("change")  # before each event
    left: Array = table.select((balance - balance.cum_min()).over("account")).collect().to_series().to_numpy() / rate
    # Sums of fractions leave 1e-13 behind where nothing is left.
    left[left < 1e-9] = 0.0
    return left


def overlap(begin: Array, end: Array, first: Array, last: Array) -> Array:
    """Return how many days of ``[begin, end)`` lie in ``[first, last)``."""
    shared: Array = np.maximum(np.minimum(end, last) - np.maximum(begin, first), 0.0)
    return shared


def sums(values: Array, unit: Numbers, n_units: int) -> Array:
    """Sum values of the events of each unit."""
    totals: Array = np.bincount(unit, weights=values, minlength=n_units).astype(np.float64)
    return totals
