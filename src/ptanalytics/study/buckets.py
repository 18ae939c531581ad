"""Which bucket a patient belongs to: the same on every machine, version and engine."""

from collections.abc import Iterable
from zlib import crc32

import numpy as np
import polars as pl
from numpy.typing import NDArray

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


class BucketTable:
    """The bucket of each number that stands for a patient's id; the checksum is computed once per id."""

    def __init__(self, n_buckets: int) -> None:
        self._n_buckets = n_buckets
        self._buckets = np.full(1024, _UNKNOWN, dtype=np.uint16)

    def of(self, numbers: pl.Series, texts: pl.Series) -> NDArray[np.uint16]:
        """Return the bucket of each number; that of a missing one means nothing.

        Args:
            numbers: What stands for the ids.
            texts: The ids themselves, row by row.
        """
        if self._n_buckets == 1:
            return np.zeros(len(numbers), dtype=np.uint16)
        places = numbers.fill_null(0).to_numpy()
        known = self._buckets
        highest = int(places.max(initial=0))
        if highest >= len(known):
            known = np.concatenate([known, np.full(2 * highest, _UNKNOWN, dtype=np.uint16)])
        buckets: NDArray[np.uint16] = known[places]
        if (is_unknown := buckets == _UNKNOWN).any():
            # A missing id passes for number 0, which may be somebody's, and has no text to compute that one's bucket from.
            rows = np.flatnonzero(is_unknown & numbers.is_not_null().to_numpy())
            new, first = np.unique(places[rows], return_index=True)
            known[new] = [bucket_of(text, self._n_buckets) for text in texts[pl.Series(rows[first])].to_list()]
            buckets = known[places]
        # Batches run at once; what one of them forgets another computes again.
        self._buckets = known
        if numbers.null_count():
            buckets[numbers.is_null().to_numpy()] = 0
        return buckets
