"""Least squares slopes with their t intervals, for many short series at once."""

import numpy as np

from ptanalytics.outcomes.theil_sen import Floats


def ols_slope(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Fit a line per row by least squares and return slope, its 95 % limits (t with n - 2 degrees) and the intercept.

    The limits take the days as independent. Pain on neighbouring days is alike, so they are too narrow.

    Args:
        x: One row per series, padded at the end with NaN; at least three points with different ``x`` for limits.
        y: Values at ``x``, padded alike.

    Returns:
        Four arrays: slope, lower, upper, intercept; limits are NaN with fewer than three points.

    Example:
        >>> found = ols_slope(np.array([[0.0, 1, 2, 3, 4, 5]]), np.array([[7.0, 6, 6, 5, 4, 4]]))
        >>> [round(float(number[0]), 6) for number in found]
        [-0.628571, -0.84339, -0.413753, 6.904762]
    """
    from scipy.special import stdtrit  # noqa: PLC0415 - scipy loads only where a slope is fitted

    n = np.isfinite(x).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_x, mean_y = np.nansum(x, axis=1) / n, np.nansum(y, axis=1) / n
        away_x, away_y = x - mean_x[:, None], y - mean_y[:, None]
        spread = np.nansum(away_x**2, axis=1)
        slope = np.nansum(away_x * away_y, axis=1) / spread
        rest = np.nansum((away_y - slope[:, None] * away_x) ** 2, axis=1)
        error = np.sqrt(np.maximum(rest, 0) / (n - 2) / spread)
        reach = np.where(n > 2, stdtrit(np.maximum(n - 2, 1), 0.975) * error, np.nan)
    return slope, slope - reach, slope + reach, mean_y - slope * mean_x
