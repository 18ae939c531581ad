"""Files that take the rows of buckets while they are staged: a batch is written by the thread that has it, in one go."""

import mmap
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

#: Columns read back at once.
_COLUMNS_AT_ONCE = 2
#: Folder of the rows that are not valid.
REJECTED = "rejected"


class BucketFiles:
    """One file for each bucket, and one for rows that are not valid, all with the same columns.

    Args:
        folder: Where the folders of the buckets are.
        name: Name of the files; no other may have it.
        n_buckets: How many buckets there are.
    """

    def __init__(self, folder: Path, name: str, n_buckets: int) -> None:
        self._folder, self._name, self._n_buckets = folder, name, n_buckets
        self._locks = [Lock() for _ in range(n_buckets + 1)]
        self._writers: dict[int, pa.ipc.RecordBatchFileWriter] = {}
        self._places: dict[int, list[tuple[int, int]]] = {}

    def write(self, rows: pl.DataFrame, buckets: NDArray[np.uint16], place: tuple[int, int]) -> None:
        """Write rows to the files of their buckets; several threads may.

        Args:
            rows: The rows.
            buckets: The bucket of each row; as many as there are buckets for a row that is not valid.
            place: The number of their source and the first row's place in it: batches are read back in this order.
        """
        order = pl.Series(np.argsort(buckets, kind="stable").astype(np.uint32))
        counts = np.bincount(buckets, minlength=self._n_buckets + 1)
        # A text with an offset takes part of a column along; a view would take all of it to each bucket.
        columns = [column[order].to_arrow(compat_level=pl.CompatLevel.oldest()) for column in rows.get_columns()]
        batch = pa.RecordBatch.from_arrays(columns, names=rows.columns)
        begins = np.cumsum(counts) - counts
        for bucket in np.flatnonzero(counts).tolist():
            with self._locks[bucket]:
                self._writer(bucket, batch.schema).write_batch(batch.slice(int(begins[bucket]), int(counts[bucket])))
                self._places.setdefault(bucket, []).append(place)

    def close(self) -> None:
        """Close all files, so that they can be read."""
        with ExitStack() as closing:  # all of them, even where the disk refuses one
            for writer in self._writers.values():
                closing.callback(writer.close)

    def read(self, bucket: int) -> pl.DataFrame:
        """Return the rows of a bucket, batches in the order of their places."""
        places = self._places[bucket]
        with (self._folder / str(bucket) / self._name).open("rb") as file:
            # A single batch would stay a view of the file, which is to be removed.
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if len(places) > 1 else file.read()
        reader = pa.ipc.open_file(pa.py_buffer(content))
        batches = [reader.get_batch(number) for number in sorted(range(len(places)), key=places.__getitem__)]

        def column(place: int) -> pl.Series:
            found = pa.chunked_array([batch.column(place) for batch in batches])
            whole = pl.Series(reader.schema.names[place], found).rechunk()
            if isinstance(content, mmap.mmap) and hasattr(content, "madvise"):
                # The file is not in memory beside more than a few columns of it.
                content.madvise(mmap.MADV_DONTNEED)
            return whole

        with ThreadPoolExecutor(_COLUMNS_AT_ONCE) as pool:
            return pl.DataFrame(list(pool.map(column, range(len(reader.schema.names)))))

    def has(self, bucket: int) -> bool:
        """Say whether a bucket has any row here."""
        return bucket in self._places

    def _writer(self, bucket: int, schema: pa.Schema) -> Any:
        if bucket not in self._writers:
            folder = self._folder / (REJECTED if bucket == self._n_buckets else str(bucket))
            folder.mkdir(parents=True, exist_ok=True)
            self._writers[bucket] = pa.ipc.new_file(str(folder / self._name), schema)
        return self._writers[bucket]
