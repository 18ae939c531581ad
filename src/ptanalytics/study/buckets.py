"""Which bucket a patient belongs to: the same on every machine, version and engine."""

from collections.abc import Iterable
from zlib import crc32

import numpy as np
import polars as pl

#: In the table of buckets: not computed yet. No study has so many buckets.
_UNKNOWN = 65_535


def bucket_of(patient_id: str, n_buckets: int) -> int:
    """Return the bucket of a patient: ``crc32(utf-8 of the id) mod n``.

    Example:
        >>> bucket_of("P0001", 8)
        6
    """
    return crc32(patient_id.encode()) % n_buckets


def buckets_of(patient_ids: Iterable[str], n_buckets: int) -> set[int]:
    """Return the buckets that hold these patients."""
    return {bucket_of(patient_id, n_buckets) for patient_id in patient_ids}


def bucket_expr(n_buckets: int) -> pl.Expr:
    """Return the bucket of ``patient_id`` as an expression for streaming; that of a missing id means nothing.

    The checksum is computed once per distinct id: Polars numbers the ids as categories of this expression's own, and a
    table says the bucket of each number.
    """
    if n_buckets == 1:
        return pl.lit(0, dtype=pl.UInt16)
    dtype = pl.Categorical(pl.Categories.random())
    # Polars forgets the numbers when no column has them, so this one must live as long as the expression.
    keeper = pl.Series([""], dtype=dtype)
    table = np.full(1024, _UNKNOWN, dtype=np.uint16)

    def assign(ids: pl.Series) -> pl.Series:
        nonlocal table
        codes = ids.cast(keeper.dtype).to_physical().fill_null(0).to_numpy()
        known = table
        highest = int(codes.max(initial=0))
        if highest >= len(known):
            known = np.concatenate([known, np.full(2 * highest, _UNKNOWN, dtype=np.uint16)])
        buckets = known[codes]
        if (is_unknown := buckets == _UNKNOWN).any():
            new = ids.filter(pl.Series(is_unknown)).fill_null("").unique()
            known[new.cast(keeper.dtype).to_physical().to_numpy()] = [bucket_of(i, n_buckets) for i in new.to_list()]
            buckets = known[codes]
        table = known
        return pl.Series(buckets)

    return pl.col("patient_id").map_batches(assign, return_dtype=pl.UInt16, is_elementwise=True)
