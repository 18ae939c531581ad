"""How a log was kept: sources, clock times and ratings that repeat."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from ptanalytics.adherence.observed import Inputs

_RATING_PLACES = 1002  # 0.00 to 10.00, and missing


def log_patterns(inputs: Inputs, *, ratings: Sequence[str]) -> pl.LazyFrame:
    """Return for each person where entries come from and how much they repeat.

    Args:
        inputs: Read with the further columns ``clock_min, is_midnight, source`` and the ratings.
        ratings: Names of the ratings that one entry may carry.

    Returns:
        ``person, main_source, main_source_pct, n_sources, clockless_pct, same_clock_pct, same_rating_pct,
        rated_entries``.
    """
    log = inputs.log
    cutoff = inputs.cutoff_day
    is_observed = np.ones(len(inputs.person), np.bool_) if cutoff is None else log.sessions["day"].to_numpy() <= cutoff
    sessions = log.rows.select("clock_min", "is_midnight")[log.first_rows].with_columns(
        pl.Series("person", inputs.person), pl.Series("is_observed", is_observed)
    )
    rows = log.rows.select("source", *ratings).with_columns(
        pl.Series("person", log.per_row(inputs.person)), pl.Series("is_observed", log.per_row(is_observed))
    )
    seen_sessions, seen_rows = (frame.lazy().filter("is_observed") for frame in (sessions, rows))
    return (
        seen_sessions.group_by("person")
        .agg(clockless_pct=100 * pl.col("is_midnight").mean())
        .join(_most_frequent(seen_sessions, ["clock_min"], "same_clock_pct"), on="person", how="left")
        .join(_sources(seen_rows), on="person", how="left")
        .join(_ratings(seen_rows, ratings), on="person", how="left")
        .with_columns(pl.col("rated_entries").fill_null(0))
    )


def _most_frequent(rows: pl.LazyFrame, values: list[str], name: str) -> pl.LazyFrame:
    """Share of rows with the person's most frequent combination of values."""
    counts = rows.group_by("person", *values).agg(n=pl.len())
    return counts.group_by("person").agg((100 * pl.col("n").max() / pl.col("n").sum()).alias(name))


def _sources(rows: pl.LazyFrame) -> pl.LazyFrame:
    counts = rows.group_by("person", "source").agg(n=pl.len())
    known = pl.col("source").is_not_null()
    # Of two sources with as many entries the first in the contract's order.
    return (
        counts.sort("person", "n", "source", descending=[False, True, False], nulls_last=True)
        .group_by("person", maintain_order=True)
        .agg(
            main_source=pl.col("source").filter(known).first().cast(pl.String),
            main_source_pct=100 * pl.col("n").filter(known).first() / pl.col("n").sum(),
            n_sources=known.sum().cast(pl.Int32),
        )
    )


def _ratings(rows: pl.LazyFrame, ratings: Sequence[str]) -> pl.LazyFrame:
    rated = rows.filter(pl.any_horizontal(pl.col(ratings).is_not_null())).select(
        "person", combination=_combination(ratings)
    )
    shares = _most_frequent(rated, ["combination"], "same_rating_pct")
    return shares.join(rated.group_by("person").agg(rated_entries=pl.len()), on="person", how="left")


def _combination(ratings: Sequence[str]) -> pl.Expr:
    """One number per combination of ratings 0 to 10 to the hundredth: grouping by it is several times faster."""
    code = pl.lit(0, pl.Int64)
    for name in ratings:
        code = code * _RATING_PLACES + (pl.col(name) * 100).round().cast(pl.Int64).fill_null(_RATING_PLACES - 1)
    return code
