"""Split typed rows into patient buckets on disk, streaming, and read a bucket's rows back."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ptanalytics.loading.piece_rows import PieceBatch, PieceRows
from ptanalytics.schemas.model import columns_of, key_of
from ptanalytics.schemas.tables import TABLES
from ptanalytics.study.bucket_files import REJECTED, BucketFiles
from ptanalytics.study.buckets import BucketTable
from ptanalytics.study.merging import ROW, SOURCE
from ptanalytics.study.text_codes import CODED, TextCodes

#: Batches of pieces read at once; each takes some five times its length in memory.
_BATCHES_AT_ONCE = min(8, pl.thread_pool_size() + 1)


class Partition:
    """The rows of one table of one import, bucket by bucket, on disk."""

    def __init__(self, folder: Path, table: str, n_buckets: int) -> None:
        self._folder = folder
        self._columns = columns_of(TABLES[table])
        self._key = key_of(TABLES[table])
        #: Numbers that stand for the texts of some columns while they are on disk.
        self.codes = {name: TextCodes() for name in CODED if name in self._columns}
        self._n_buckets = n_buckets
        self._buckets = BucketTable(n_buckets)
        self._files: list[BucketFiles] = []

    def write(
        self, sources: Mapping[int, pl.LazyFrame], given: Collection[str] | None, count: Callable[[int], None]
    ) -> None:
        """Write the rows of sources, streaming: of one large source, or of many small ones into the same few files.

        Args:
            sources: By the number of the source, the table's columns with ``row`` and ``is_valid``.
            given: Columns that may hold a value; the others are missing throughout and need not be written.
            count: Told how many rows came; it may raise to end the writing.
        """
        columns = self._written(given)
        with self._new_files() as files:

            def write(batch: pl.DataFrame) -> pl.DataFrame:
                count(batch.height)
                self._put(files, batch, columns)
                return batch.clear()

            rows = [
                frame.select(*columns, ROW, pl.lit(number, dtype=pl.UInt32).alias(SOURCE), "is_valid").map_batches(
                    write,
                    predicate_pushdown=False,
                    projection_pushdown=False,
                    slice_pushdown=False,
                    streamable=True,
                )
                for number, frame in sources.items()
            ]
            pl.concat(rows).collect(engine="streaming")

    def write_pieces(
        self, batches: Sequence[PieceBatch], given: Collection[str] | None, count: Callable[[int], None]
    ) -> None:
        """Write the rows of regular files, several batches of their pieces at once.

        Args:
            batches: The pieces.
            given: As in `write`.
            count: As in `write`.
        """
        columns = self._written(given)
        with self._new_files() as files:

            def write(batch: PieceBatch) -> None:
                found = batch.reader.read(batch.pieces)
                count(batch.n_lines)
                self._put_pieces(files, found, batch, columns)

            with ThreadPoolExecutor(_BATCHES_AT_ONCE) as pool:
                works = [pool.submit(write, batch) for batch in batches]
                try:
                    for work in works:
                        work.result()
                finally:
                    pool.shutdown(cancel_futures=True)

    def _written(self, given: Collection[str] | None) -> list[str]:
        return [name for name in self._columns if given is None or name in given or name in self._key]

    @contextmanager
    def _new_files(self) -> Iterator[BucketFiles]:
        files = BucketFiles(self._folder, f"{len(self._files):06}.ipc", self._n_buckets)
        self._files.append(files)
        try:
            yield files
        finally:
            files.close()

    def _put(self, files: BucketFiles, batch: pl.DataFrame, columns: list[str]) -> None:
        coded = {name: codes.of(batch[name]) for name, codes in self.codes.items() if name in columns}
        buckets = self._buckets.of(coded["patient_id"], batch["patient_id"])
        rows = pl.DataFrame([coded.get(name, batch[name]).alias(name) for name in (*columns, ROW, SOURCE)])
        if batch.height:
            place = (batch[SOURCE][0], batch[ROW][0])
            files.write(rows, self._none_where_not(batch["is_valid"], buckets), place)

    def _put_pieces(self, files: BucketFiles, found: PieceRows, batch: PieceBatch, columns: list[str]) -> None:
        coded = {}
        for name in columns:
            if name in found.distinct:
                texts, places = found.distinct[name]
                codes = self.codes[name].of(texts)
                coded[name] = _at(codes, places).alias(name)
                if name == "patient_id":
                    buckets = self._buckets.of(codes, texts)[places]
            elif name in self.codes and name in found.rows.columns:
                coded[name] = self.codes[name].of(found.rows[name])
        if "patient_id" not in found.distinct:
            buckets = self._buckets.of(coded["patient_id"], found.rows["patient_id"])
        n_rows = found.rows.height
        there = {column.name: column for column in found.rows.get_columns()} | coded
        rows = [there[name] if name in there else self._nothing(name, n_rows) for name in (*columns, ROW)]
        lengths = [piece.n_lines for piece in batch.pieces]
        rows.append(pl.Series(SOURCE, np.repeat(np.array(batch.numbers, dtype=np.uint32), lengths)))
        buckets = self._none_where_not(found.is_valid, buckets)
        files.write(pl.DataFrame(rows), buckets, (batch.numbers[0], batch.pieces[0].first_line))

    def _nothing(self, name: str, n_rows: int) -> pl.Series:
        """Return a column of the key that the source does not have."""
        dtype = pl.UInt32() if name in self.codes else self._columns[name].dtype
        return pl.Series(name, [None], dtype=dtype).new_from_index(0, n_rows)

    def _none_where_not(self, is_valid: pl.Series | None, buckets: NDArray[np.uint16]) -> NDArray[np.uint16]:
        if is_valid is None or is_valid.all():
            return buckets
        return np.where(is_valid.to_numpy(), buckets, np.uint16(self._n_buckets))

    def rejected_rows(self) -> dict[int, list[int]]:
        """Return the rows of each source that are not valid."""
        found = self._rejected([SOURCE, ROW]).sort(SOURCE, ROW)
        return {int(number): rows[ROW].to_list() for (number,), rows in found.group_by(SOURCE)}

    def rejected_keys(self) -> pl.DataFrame:
        """Return the keys that rows that are not valid name, where they could be read."""
        coded = self._rejected(list(self._key))
        return coded.with_columns(self.codes[name].texts_of(coded[name]) for name in self._key if name in self.codes)

    def _rejected(self, columns: list[str]) -> pl.DataFrame:
        files = sorted(self._folder.glob(f"{REJECTED}/*.ipc"))
        if files:
            return pl.concat([pl.scan_ipc(file).select(columns) for file in files]).collect()
        schema = {name: pl.UInt32() if name in self.codes else self._columns[name].dtype for name in self._key}
        return pl.DataFrame(schema={**schema, ROW: pl.UInt32, SOURCE: pl.UInt32}).select(columns)

    def buckets(self) -> list[int]:
        """Return the buckets that have rows."""
        return sorted(int(path.name) for path in self._folder.glob("[0-9]*"))

    def span(self, column: str, source_numbers: Collection[int]) -> tuple[object, object]:
        """Return the least and the greatest value of a column of some sources; None where it has none."""
        is_asked = pl.col(SOURCE).is_in(list(source_numbers))
        files = [pl.scan_ipc(file) for file in sorted(self._folder.glob("[0-9]*/*.ipc"))]
        found = [frame.filter(is_asked).select(column) for frame in files if column in frame.collect_schema()]
        if not found:
            return None, None
        both = pl.concat(found).select(low=pl.col(column).min(), high=pl.col(column).max())
        low, high = both.collect(engine="streaming").row(0)
        return low, high

    def read(self, bucket: int) -> pl.DataFrame:
        """Return a bucket's rows, with the number of their source; some texts as numbers of `codes`."""
        found = [files.read(bucket) for files in self._files if files.has(bucket)]
        return found[0] if len(found) == 1 else pl.concat(found, how="diagonal", rechunk=True)


def _at(codes: pl.Series, places: NDArray[np.integer]) -> pl.Series:
    if codes.null_count():
        return codes[pl.Series(places.astype(np.uint32))]
    return pl.Series(codes.to_numpy()[places])
