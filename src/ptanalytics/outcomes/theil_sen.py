"""Theil-Sen slopes with the Sen interval, for many short series at once."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ptanalytics.outcomes.proportions import Z_95

Floats = npt.NDArray[np.float64]

_CELLS_AT_ONCE = 4_000_000


class TheilSen(NamedTuple):
    """One number per series."""

    slope: Floats
    lower: Floats
    upper: Floats
    intercept: Floats


def theil_sen(x: Floats, y: Floats) -> TheilSen:
    """Fit one line per row: the median of the slopes between all pairs of points.

    ``intercept = median(y) - slope x median(x)``; the 95 % limits are the order statistics of Sen 1968 (eq. 2.6, with
    ties in y), as ``scipy.stats.theilslopes(y, x, 0.95)`` gives them. All rows are fitted together because a clinic has
    thousands of short series.

    Args:
        x: One row per series, increasing, padded at the end with NaN. At least two points each.
        y: Values at ``x``, padded alike.

    Example:
        >>> fit = theil_sen(np.array([[0.0, 1, 2, 3, 4, 5]]), np.array([[7.0, 6, 6, 5, 4, 4]]))
        >>> [round(float(number[0]), 6) for number in fit]
        [-0.666667, -1.0, 0.0, 7.166667]

    References:
        Sen 1968, doi:10.1080/01621459.1968.10480934.
    """
    size = max(1, _CELLS_AT_ONCE // max(1, x.shape[1] ** 2))
    parts = [_fit(x[first : first + size], y[first : first + size]) for first in range(0, len(x), size)]
    return TheilSen(*(np.concatenate(numbers) for numbers in zip(*parts, strict=True)))


def _fit(x: Floats, y: Floats) -> TheilSen:
    n = np.isfinite(x).sum(axis=1)
    first, second = np.triu_indices(x.shape[1], k=1)
    slopes = np.sort((y[:, second] - y[:, first]) / (x[:, second] - x[:, first]), axis=1)
    n_pairs = n * (n - 1) // 2
    slope = _median_of_sorted(slopes, n_pairs)
    rank_low, rank_high = _sen_ranks(y, n, n_pairs)
    rows = np.arange(len(x))
    intercept = _median_of_sorted(np.sort(y, axis=1), n) - slope * _median_of_sorted(x, n)
    return TheilSen(slope, slopes[rows, rank_low], slopes[rows, rank_high], intercept)


def _sen_ranks(y: Floats, n: npt.NDArray[np.int64], n_pairs: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], ...]:
    ties = (y[:, :, None] == y[:, None, :]).sum(axis=2)
    # A group of k equal values has k members, each adding (k - 1)(2k + 5); a padded cell equals nothing, not even itself.
    tied = np.where(ties > 0, (ties - 1) * (2 * ties + 5), 0).sum(axis=1)
    sigma = np.sqrt((n * (n - 1) * (2 * n + 5) - tied) / 18)
    high = np.minimum(np.round((n_pairs + Z_95 * sigma) / 2).astype(np.int64), n_pairs - 1)
    low = np.maximum(np.round((n_pairs - Z_95 * sigma) / 2).astype(np.int64) - 1, 0)
    return low, high


def _median_of_sorted(values: Floats, n: npt.NDArray[np.int64]) -> Floats:
    rows = np.arange(len(values))
    median: Floats = (values[rows, (n - 1) // 2] + values[rows, n // 2]) / 2
    return median


def padded(lengths: npt.NDArray[np.int64], *columns: Floats) -> tuple[Floats, ...]:
    """Turn columns of stacked series into one row per series, padded with NaN.

    Example:
        >>> padded(np.array([2, 1]), np.array([1.0, 2.0, 3.0]))[0].tolist()
        [[1.0, 2.0], [3.0, nan]]
    """
    width = int(lengths.max(initial=0))
    rows = np.repeat(np.arange(len(lengths)), lengths)
    starts = np.cumsum(lengths) - lengths
    positions = np.arange(int(lengths.sum())) - np.repeat(starts, lengths)
    filled = []
    for column in columns:
        matrix = np.full((len(lengths), width), math.nan)
        matrix[rows, positions] = column
        filled.append(matrix)
    return tuple(filled)
