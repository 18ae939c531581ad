"""The Wilson interval of a proportion, for numbers and for Polars expressions."""

from typing import TypeVar

import polars as pl

Z_95 = 1.959963984540054  # 97.5th percentile of the normal distribution

Number = TypeVar("Number", float, pl.Expr)


def wilson_limits(successes: Number, n: Number, z: float = Z_95) -> tuple[Number, Number]:
    """Return the Wilson score limits of ``successes / n`` as shares from 0 to 1; ``n`` must not be 0.

    Formula: ``(p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)``.

    Example:
        >>> [round(limit, 6) for limit in wilson_limits(12.0, 30.0)]
        [0.245906, 0.576796]

    References:
        Wilson 1927, doi:10.1080/01621459.1927.10502953.
    """
    share = successes / n
    centre = share + z**2 / (2 * n)
    spread = z * (share * (1 - share) / n + z**2 / (4 * n**2)) ** 0.5
    scale = 1 + z**2 / n
    return (centre - spread) / scale, (centre + spread) / scale
