"""Split typed rows into patient buckets on disk, streaming, and read a bucket's rows back."""

from collections.abc import Callable, Collection
from pathlib import Path

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

    def write(
        self, source_number: int, rows: pl.LazyFrame, given: Collection[str] | None, count: Callable[[int], None]
    ) -> None:
        """Write a source's rows, streaming.

        Args:
            source_number: Order of the source in the import.
            rows: The table's columns with ``row`` and ``is_valid``.
            given: Columns that may hold a value; the others are missing throughout and need not be written.
            count: Told how many rows came; it may raise to end the writing.
        """
        columns = [name for name in self._columns if given is None or name in given or name in self._key]
        schema = {name: pl.UInt32() if name in self.codes else self._columns[name].dtype for name in columns}

        def split(batch: pl.DataFrame) -> pl.DataFrame:
            count(batch.height)
            coded = [codes.of(batch[name]).alias(name) for name, codes in self.codes.items() if name in columns]
            buckets = self._buckets.of(coded[0], batch["patient_id"]).alias("bucket")
            if not batch["is_valid"].all():
                buckets = buckets.set(~batch["is_valid"], None)
            return batch.with_columns(*coded, buckets).select(*columns, ROW, "bucket")

        parts = pl.PartitionBy(
            self._folder,
            key="bucket",
            include_key=False,
            file_path_provider=lambda part: _part_file(source_number, part.partition_keys, part.index_in_partition),
            approximate_bytes_per_file=None,
        )
        rows.select(*columns, ROW, "is_valid").map_batches(
            split,
            predicate_pushdown=False,
            projection_pushdown=False,
            slice_pushdown=False,
            schema={**schema, ROW: pl.UInt32, "bucket": pl.UInt16},
            streamable=True,
        ).sink_ipc(parts, mkdir=True, maintain_order=False)

    def rejected_rows(self, source_number: int) -> list[int]:
        """Return the rows of a source that are not valid."""
        files = sorted(self._folder.glob(f"{_REJECTED}/{source_number:06}-*.ipc"))
        return pl.concat([pl.scan_ipc(file).select(ROW) for file in files]).collect()[ROW].sort().to_list() if files else []

    def rejected_keys(self) -> pl.DataFrame:
        """Return the keys that rows that are not valid name, where they could be read."""
        files = sorted(self._folder.glob(f"{_REJECTED}/*.ipc"))
        if not files:
            return pl.DataFrame(schema={name: self._columns[name].dtype for name in self._key})
        coded = pl.concat([pl.scan_ipc(file).select(self._key) for file in files]).collect()
        return coded.with_columns(self.codes[name].texts_of(coded[name]) for name in self._key if name in self.codes)

    def buckets(self) -> list[int]:
        """Return the buckets that have rows."""
        return sorted(int(path.name) for path in self._folder.glob("[0-9]*"))

    def span(self, column: str, source_number: int) -> tuple[object, object]:
        """Return the least and the greatest value of a column of one source; None where it has none."""
        files = sorted(self._folder.glob(f"[0-9]*/{source_number:06}-*.ipc"))
        found = [pl.scan_ipc(file) for file in files]
        found = [frame for frame in found if column in frame.collect_schema()]
        if not found:
            return None, None
        low, high = pl.concat([frame.select(column) for frame in found]).select(
            low=pl.col(column).min(), high=pl.col(column).max()
        ).collect(engine="streaming").row(0)  # fmt: skip
        return low, high

    def read(self, bucket: int) -> pl.DataFrame:
        """Return a bucket's rows in the order of their sources and rows; some texts as numbers of `codes`."""
        by_source: dict[int, list[pl.LazyFrame]] = {}
        for file in sorted((self._folder / str(bucket)).glob("*.ipc")):
            by_source.setdefault(int(file.name.partition("-")[0]), []).append(pl.scan_ipc(file))
        parts = [
            pl.concat(files).with_columns(pl.lit(number, dtype=pl.UInt32).alias(SOURCE))
            for number, files in by_source.items()
        ]
        # Sources of one table may give different columns of it.
        return pl.concat(parts, how="diagonal").collect().rechunk()


def _part_file(source_number: int, keys: pl.DataFrame, index: int) -> str:
    bucket = keys.item()
    return f"{_REJECTED if bucket is None else bucket}/{source_number:06}-{index:06}.ipc"
