"""Confidence intervals of proportions."""

from typing import NamedTuple

from scipy.special import ndtri

from ptanalytics.outcomes.proportions import wilson_limits


class Interval(NamedTuple):
    """A share with its limits, each from 0 to 1; missing where nobody was counted."""

    share: float | None
    lower: float | None
    upper: float | None


def wilson_interval(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """Return a proportion with its Wilson score interval, which is sound for small n and for 0 or all.

    Args:
        successes: How many of the n.
        n: Denominator; with 0 the share is missing, never 0.
        level: Confidence level.

    Raises:
        ValueError: ``successes`` is not between 0 and ``n``, or the level not between 0 and 1.

    Example:
        >>> [round(number, 6) for number in wilson_interval(12, 30)]
        [0.4, 0.245906, 0.576796]
        >>> wilson_interval(0, 0)
        Interval(share=None, lower=None, upper=None)

    References:
        Wilson 1927, doi:10.1080/01621459.1927.10502953.
    """
    if not 0 <= successes <= n or not 0 < level < 1:
        message = "a proportion needs 0 <= successes <= n and a level between 0 and 1"
        raise ValueError(message)
    if n == 0:
        return Interval(None, None, None)
    lower, upper = wilson_limits(float(successes), float(n), float(ndtri((1 + level) / 2)))
    return Interval(successes / n, max(0.0, lower), min(1.0, upper))
