"""Standardised differences between two groups, for numbers and for categories."""

import math
from collections.abc import Sequence

import numpy as np

from ptanalytics.errors import InvalidTableError

UNBALANCED = 0.1


def standardized_difference(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return ``|mean1 - mean2| / sqrt((s1^2 + s2^2) / 2)``; missing with fewer than two values or no variation.

    Example:
        >>> round(standardized_difference([1.0, 2, 3], [2.0, 3, 4]), 6)
        1.0

    References:
        Austin 2009, doi:10.1002/sim.3697.
    """
    if len(first) < 2 or len(second) < 2:
        return None
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    spread = ((a.var(ddof=1) + b.var(ddof=1)) / 2) ** 0.5
    gap = abs(float(a.mean() - b.mean()))
    if spread < 1e-12 * max(1.0, gap, float(np.abs(a).max())):
        return 0.0 if gap < 1e-12 else None
    return gap / float(spread)


def standardized_difference_of_shares(first: Sequence[int], second: Sequence[int]) -> float | None:
    """Return the standardised difference of two distributions over the same categories (Mahalanobis distance).

    For two categories it is ``|p1 - p2| / sqrt((p1(1-p1) + p2(1-p2)) / 2)``. Missing where a group is empty, or where the
    groups differ in a category without variation.

    Args:
        first: Persons per category in the first group.
        second: The same for the second group.

    Raises:
        InvalidTableError: The lengths differ.

    Example:
        >>> round(standardized_difference_of_shares([30, 70], [50, 50]), 6)
        0.417029

    References:
        Yang & Dalton 2012, SAS Global Forum, paper 335-2012.
    """
    if len(first) != len(second):
        raise InvalidTableError("Both groups need a count for every category.")
    if not sum(first) or not sum(second):
        return None
    p, q = (np.asarray(counts, dtype=float) / sum(counts) for counts in (first, second))
    gap = (p - q)[1:]
    if not np.abs(gap).max(initial=0.0) > 0:
        return 0.0
    spread = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q))[1:, 1:] / 2
    inverse = np.linalg.pinv(spread, rcond=1e-10, hermitian=True)
    if np.abs(spread @ inverse @ gap - gap).max() > 1e-8:  # they differ where nobody varies
        return None
    return math.sqrt(float(gap @ inverse @ gap))
