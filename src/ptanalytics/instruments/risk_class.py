"""The STarT Back class, which needs the total and the distress subscale together."""

import polars as pl

LOW_TOTAL_MAX = 3
HIGH_DISTRESS_MIN = 4


def startback_class(total: pl.Expr, total_missing: pl.Expr, distress: pl.Expr, distress_missing: pl.Expr) -> pl.Expr:
    """Return low, medium or high: low with a total up to 3, else high with distress of 4 or more, else medium.

    With items missing the class is given only where every way to complete the form gives the same one.

    Args:
        total: Sum of the answered items 1 to 9, each 0 or 1.
        total_missing: How many of them have no answer.
        distress: Sum of the answered items 5 to 9.
        distress_missing: How many of these have no answer.

    Example:
        >>> form = pl.select(t=pl.lit(4), d=pl.lit(1), m=pl.lit(0))
        >>> form.select(startback_class(pl.col("t"), pl.col("m"), pl.col("d"), pl.col("m"))).item()
        'medium'

    References:
        Hill 2008, doi:10.1002/art.23563; bounds for missing items: project default.
    """
    return (
        pl.when(total + total_missing <= LOW_TOTAL_MAX).then(pl.lit("low"))
        .when(distress >= HIGH_DISTRESS_MIN).then(pl.lit("high"))
        .when((total > LOW_TOTAL_MAX) & (distress + distress_missing < HIGH_DISTRESS_MIN)).then(pl.lit("medium"))
    )  # fmt: skip
