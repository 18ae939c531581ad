"""Rubin's rules: one estimate of several completed data sets."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from ptanalytics.errors import InvalidTableError


class Pooled(NamedTuple):
    """A pooled estimate. ``df`` is missing (normal limits) where the data sets do not vary and none was given."""

    estimate: float
    within: float
    between: float
    total: float
    se: float
    missing_information: float
    df: float | None
    lower: float
    upper: float


def pool_rubin(
    estimates: Sequence[float], variances: Sequence[float], *, complete_df: float | None = None, level: float = 0.95
) -> Pooled:
    """Pool estimates of m completed data sets with their variances.

    ``T = W + (1 + 1/m) B`` (mean variance within, variance between); ``lambda = (1 + 1/m) B / T``. Degrees of freedom by
    Barnard and Rubin from ``(m - 1)/lambda^2`` and ``(v + 1)/(v + 3) v (1 - lambda)``, with v those of the complete data.

    Args:
        estimates: One per data set.
        variances: Squared standard error of each.
        complete_df: Degrees of freedom if nothing were missing; without it the large-sample rule is used.
        level: Confidence level.

    Raises:
        InvalidTableError: Fewer than two data sets, unequal lengths, a value that is not finite, or a negative variance.

    Example:
        >>> pooled = pool_rubin([-1.8, -2.1, -1.9, -2.3, -2.0], [0.09, 0.10, 0.11, 0.09, 0.10], complete_df=58)
        >>> [round(number, 4) for number in (pooled.estimate, pooled.df, pooled.lower, pooled.upper)]
        [-2.02, 19.9177, -2.8074, -1.2326]

    References:
        Rubin 1987; Barnard & Rubin 1999, doi:10.1093/biomet/86.4.948.
    """
    q, u = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    m = len(q)
    if m < 2 or len(u) != m or not (np.isfinite(q).all() and np.isfinite(u).all()) or (u < 0).any():
        raise InvalidTableError("pool_rubin needs two or more estimates, each with a variance of 0 or more.")
    within, between = float(u.mean()), float(q.var(ddof=1))
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total if total > 0 else 0.0
    df = _degrees(m, share, complete_df)
    reach = float(stats.norm.ppf((1 + level) / 2) if df is None else stats.t.ppf((1 + level) / 2, df)) * total**0.5
    centre = float(q.mean())
    return Pooled(centre, within, between, total, total**0.5, share, df, centre - reach, centre + reach)


def _degrees(m: int, share: float, complete_df: float | None) -> float | None:
    old = (m - 1) / share**2 if share > 1e-12 else None  # nothing varies between the data sets: no limit from there
    if complete_df is None:
        return old
    observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
    if old is None:
        return observed
    return old * observed / (old + observed) if observed > 0 else old
