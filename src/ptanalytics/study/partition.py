"""Split typed rows into patient buckets on disk, streaming, and read a bucket's rows back."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from ptanalytics.schemas.model import columns_of, key_of
from ptanalytics.schemas.tables import TABLES
from ptanalytics.study.buckets import BucketTable
from ptanalytics.study.merging import ROW, SOURCE
from ptanalytics.study.text_codes import CODED, TextCodes

_REJECTED = "rejected"


class Partition:
    """The rows of one table of one import, bucket by bucket, on disk."""

    def __init__(self, folder: Path, table: str, n_buckets: int) -> None:
        self._folder = folder
        self._columns = columns_of(TABLES[table])
        self._key = key_of(TABLES[table])
        #: Numbers that stand for the texts of some columns while they are on disk.
        self.codes = {name: TextCodes() for name in CODED if name in self._columns}
        self._buckets = BucketTable(n_buckets)
        self._n_written = 0

    def write(
        self, sources: Mapping[int, pl.LazyFrame], given: Collection[str] | None, count: Callable[[int], None]
    ) -> None:
        """Write the rows of sources, streaming: of one large source, or of many small ones into the same few files.

        Args:
            sources: By the number of the source, the table's columns with ``row`` and ``is_valid``.
            given: Columns that may hold a value; the others are missing throughout and need not be written.
            count: Told how many rows came; it may raise to end the writing.
        """
        columns = [name for name in self._columns if given is None or name in given or name in self._key]
        schema = {name: pl.UInt32() if name in self.codes else self._columns[name].dtype for name in columns}
        schema |= {ROW: pl.UInt32(), SOURCE: pl.UInt32(), "bucket": pl.UInt16()}

        def split(batch: pl.DataFrame) -> pl.DataFrame:
            count(batch.height)
            coded = [codes.of(batch[name]).alias(name) for name, codes in self.codes.items() if name in columns]
            buckets = self._buckets.of(coded[0], batch["patient_id"]).alias("bucket")
            if not batch["is_valid"].all():
                buckets = buckets.set(~batch["is_valid"], None)
            # Put together by hand: an expression for each batch costs more than the step itself.
            columns_now = {one.name: one for one in (*batch.get_columns(), *coded, buckets)}
            return pl.DataFrame([columns_now[name] for name in schema])

        rows = [
            frame.select(*columns, ROW, pl.lit(number, dtype=pl.UInt32).alias(SOURCE), "is_valid").map_batches(
                split,
                predicate_pushdown=False,
                projection_pushdown=False,
                slice_pushdown=False,
                schema=schema,
                streamable=True,
            )
            for number, frame in sources.items()
        ]
        self._n_written += 1
        parts = pl.PartitionBy(
            self._folder,
            key="bucket",
            include_key=False,
            file_path_provider=partial(_part_file, self._n_written),
            approximate_bytes_per_file=None,
        )
        pl.concat(rows).sink_ipc(parts, mkdir=True, maintain_order=False)

    def rejected_rows(self) -> dict[int, list[int]]:
        """Return the rows of each source that are not valid."""
        found = self._rejected([SOURCE, ROW]).sort(SOURCE, ROW)
        return {int(number): rows[ROW].to_list() for (number,), rows in found.group_by(SOURCE)}

    def rejected_keys(self) -> pl.DataFrame:
        """Return the keys that rows that are not valid name, where they could be read."""
        coded = self._rejected(list(self._key))
        return coded.with_columns(self.codes[name].texts_of(coded[name]) for name in self._key if name in self.codes)

    def _rejected(self, columns: list[str]) -> pl.DataFrame:
        files = sorted(self._folder.glob(f"{_REJECTED}/*.ipc"))
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
        files = sorted((self._folder / str(bucket)).glob("*.ipc"))
        return pl.concat([pl.scan_ipc(file) for file in files], how="diagonal").collect().rechunk()


def _part_file(number: int, part: Any) -> str:
    bucket = part.partition_keys.item()
    return f"{_REJECTED if bucket is None else bucket}/{number:06}-{part.index_in_partition:06}.ipc"
