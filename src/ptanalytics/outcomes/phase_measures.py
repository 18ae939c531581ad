"""Comparing days before and after a change: NAP, Tau-U and the conservative dual criterion, for many pairs at once."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ptanalytics.outcomes.theil_sen import Floats

SHIFT_SD = 0.25
CHANCE = 0.05

_TOLERANCE = 1e-9
_ROWS_AT_ONCE = 4_000

Integers = npt.NDArray[np.int64]


class PhaseMeasures(NamedTuple):
    """One number per pair of phases."""

    nap: Floats
    tau_u: Floats
    tau_trend_before: Floats
    dual_days: Integers
    dual_needed: Integers


def phase_measures(before_x: Floats, before: Floats, after_x: Floats, after: Floats) -> PhaseMeasures:
    """Compare the days after with the days before, where lower is better.

    NAP: share of all pairs of a day before and a day after with less pain after, ties half. Tau-U:
    ``(less - more - S) / pairs`` with S the improving minus the worsening pairs within the days before, so that an
    improvement that was under way does not count; it can leave -1 to 1. Dual criterion: days after below both the mean and
    the least squares line of the days before, each lowered by a quarter of their standard deviation; ``dual_needed`` is the
    smallest number of days that chance (a coin for each day) reaches in at most 5 of 100 cases.

    Args:
        before_x: Day numbers before, one row per pair of phases, padded with NaN at the end; two different days at least.
        before: Values, padded alike.
        after_x: Day numbers after, likewise.
        after: Values, likewise.

    Example:
        >>> days = np.arange(5.0)[None, :]
        >>> found = phase_measures(days, np.array([[5.0, 6, 5, 6, 5]]), days + 5, np.array([[3.0, 3, 2, 3, 6]]))
        >>> float(found.nap[0]), int(found.dual_days[0]), int(found.dual_needed[0])
        (0.84, 4, 5)

    References:
        Parker and Vannest 2009, doi:10.1016/j.beth.2008.10.006 (NAP); Parker 2011, doi:10.1016/j.beth.2010.08.006 (Tau-U);
        Fisher 2003, doi:10.1901/jaba.2003.36-387 (dual criterion).
    """
    parts = [
        _measures(*(part[first : first + _ROWS_AT_ONCE] for part in (before_x, before, after_x, after)))
        for first in range(0, max(1, len(before)), _ROWS_AT_ONCE)
    ]
    return PhaseMeasures(*(np.concatenate(numbers) for numbers in zip(*parts, strict=True)))


def _measures(before_x: Floats, before: Floats, after_x: Floats, after: Floats) -> PhaseMeasures:
    n_before, n_after = np.isfinite(before).sum(axis=1), np.isfinite(after).sum(axis=1)
    pairs = n_before * n_after
    with np.errstate(invalid="ignore", divide="ignore"):
        gain = before[:, :, None] - after[:, None, :]
        less, more = _signs(gain)
        first, second = np.triu_indices(before.shape[1], k=1)
        falls, rises = _signs(before[:, first] - before[:, second])
        trend = falls - rises
        nap = (less + (pairs - less - more) / 2) / pairs
        tau_u = (less - more - trend) / pairs
        tau_trend = trend / (n_before * (n_before - 1) / 2)
        dual_days = _below_both(before_x, before, after_x, after)
    return PhaseMeasures(nap, tau_u, tau_trend, dual_days, _needed(n_after))


def _signs(differences: Floats) -> tuple[Integers, Integers]:
    axes = tuple(range(1, differences.ndim))
    return (differences > _TOLERANCE).sum(axis=axes), (differences < -_TOLERANCE).sum(axis=axes)


def _below_both(before_x: Floats, before: Floats, after_x: Floats, after: Floats) -> Integers:
    n = np.isfinite(before).sum(axis=1)
    mean_x, mean = np.nansum(before_x, axis=1) / n, np.nansum(before, axis=1) / n
    away_x, away = before_x - mean_x[:, None], before - mean[:, None]
    slope = np.nansum(away_x * away, axis=1) / np.nansum(away_x**2, axis=1)
    shift = SHIFT_SD * np.sqrt(np.nansum(away**2, axis=1) / (n - 1))
    level = (mean - shift)[:, None]
    line = level + slope[:, None] * (after_x - mean_x[:, None])
    count: Integers = ((after < level - _TOLERANCE) & (after < line - _TOLERANCE)).sum(axis=1)
    return count


def _needed(n: Integers) -> Integers:
    """Return the smallest k with P(X >= k) <= 0.05 for X binomial(n, 1/2); n + 1 where no k is rare enough."""
    from scipy.special import bdtrc  # noqa: PLC0415 - scipy loads only where phases are compared

    largest = int(n.max(initial=0))
    needed = np.zeros(largest + 1, dtype=np.int64)
    for days in range(largest + 1):
        k = np.arange(1, days + 1)
        rare = k[bdtrc(k - 1, days, 0.5) <= CHANCE]
        needed[days] = rare[0] if len(rare) else days + 1
    found: Integers = needed[n]
    return found
