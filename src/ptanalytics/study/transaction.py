"""One import as one transaction: staged beside the study, merged bucket by bucket, made current in one step."""

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import polars as pl

from ptanalytics.errors import OutputError
from ptanalytics.schemas.frames import empty_frame
from ptanalytics.schemas.model import columns_of, key_of
from ptanalytics.schemas.tables import TABLES
from ptanalytics.study.buckets import bucket_expr
from ptanalytics.study.durable import flush_folder, move_into_place
from ptanalytics.study.manifest import BucketFile, ImportedSource, Manifest, QuarantineEntry, read_manifest
from ptanalytics.study.merging import ROW, SOURCE, Outcome, merge_bucket
from ptanalytics.study.store import STAGING, clean

#: What a disk says that is full, read-only, or not ours to write to.
_DISK_REFUSALS = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
#: Where the time of an entry stands; the latest one over the study is its cut-off day.
_ENTRY_TIME = {"sessions": "started_at", "pain_scores": "recorded_at"}


@dataclass
class Outcomes:
    """What became of the valid rows of each source, by source number."""

    counts: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={SOURCE: pl.UInt32, "outcome": pl.String, "n": pl.UInt32})
    )
    #: Single rows: all that contradict an earlier one, and those of merging sources whose key was met before.
    rows: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={SOURCE: pl.UInt32, ROW: pl.UInt32, "outcome": pl.String})
    )

    def n(self, source_number: int, outcome: Outcome) -> int:
        """Return how many rows of a source met an outcome."""
        chosen = self.counts.filter((pl.col(SOURCE) == source_number) & (pl.col("outcome") == outcome))
        return int(chosen["n"].sum())

    def rows_of(self, source_number: int, *outcomes: Outcome) -> list[int]:
        """Return the single rows of a source with some outcomes."""
        chosen = (pl.col(SOURCE) == source_number) & pl.col("outcome").is_in(outcomes)
        return self.rows.filter(chosen)[ROW].sort().to_list()


@contextmanager
def transaction(path: Path, manifest: Manifest, n_buckets: int) -> Iterator["Transaction"]:
    """Run one transaction on a study whose write lock the caller holds; whatever it leaves behind is removed.

    Raises:
        OutputError: The disk is full, read-only or not ours; the study is as it was.
    """
    try:
        yield Transaction(path, manifest, n_buckets)
    except (OSError, pl.exceptions.ComputeError) as error:
        refusal = disk_refusal(error)
        if refusal is None:
            raise
        way_out = "The study is as it was. Make room or get write access, then import again."
        raise OutputError(path, refusal, way_out) from None
    finally:
        with suppress(OSError):
            clean(path, read_manifest(path))


class Transaction:
    """Collects the rows of one import and makes them current together. The caller holds the write lock."""

    def __init__(self, path: Path, manifest: Manifest, n_buckets: int) -> None:
        clean(path, manifest)
        self._path = path
        self._manifest = manifest
        self._n_buckets = n_buckets
        self._staging = path / STAGING
        self._staging.mkdir()
        self._moves: list[tuple[Path, Path]] = []
        self._files: dict[str, dict[int, BucketFile]] = {}
        self._quarantine: list[QuarantineEntry] = []
        self._generation = manifest.generation + 1
        self.receipt_number = manifest.n_receipts + 1

    def stage(self, table: str, source_number: int, rows: pl.LazyFrame, given: Collection[str] | None = None) -> list[int]:
        """Split a source's typed rows into buckets on disk, streaming.

        Args:
            table: The table the rows belong to.
            source_number: Order of the source in the import.
            rows: The table's columns with ``row`` and ``is_valid``.
            given: Columns that may hold a value; the others are missing throughout and need not be written twice.

        Returns:
            The rows that are not valid.
        """
        folder = self._staging / "rows" / table
        model = TABLES[table]
        columns = [name for name in columns_of(model) if given is None or name in given or name in key_of(model)]
        bucket = pl.when("is_valid").then(bucket_expr(self._n_buckets)).otherwise(None).alias("bucket")
        parts = pl.PartitionBy(
            folder,
            key="bucket",
            include_key=False,
            file_path_provider=lambda part: _part_file(source_number, part.partition_keys, part.index_in_partition),
            approximate_bytes_per_file=None,
        )
        rows.select(*columns, ROW, bucket).sink_ipc(parts, mkdir=True, maintain_order=False)
        rejected = [pl.scan_ipc(file).select(ROW) for file in sorted(folder.glob(f"rejected/{source_number:06}-*.ipc"))]
        return pl.concat(rejected).collect()[ROW].sort().to_list() if rejected else []

    def merge(self, table: str, *, in_detail: Collection[int] = ()) -> Outcomes:
        """Merge a table's staged rows with those of the study, few buckets at a time.

        Args:
            table: The table.
            in_detail: Sources whose rows are reported singly where their key was met before.
        """
        folders = sorted((self._staging / "rows" / table).glob("[0-9]*"), key=lambda path: int(path.name))
        with ThreadPoolExecutor(_BUCKETS_AT_ONCE) as pool:
            merges = list(pool.map(partial(self._merge_bucket, table, list(in_detail)), folders))
        return Outcomes(
            pl.concat([Outcomes().counts, *(counts for counts, _ in merges)]),
            pl.concat([Outcomes().rows, *(rows for _, rows in merges)]),
        )

    def _merge_bucket(self, table: str, in_detail: list[int], folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
        bucket = int(folder.name)
        merged = merge_bucket(self._existing(table, bucket), _incoming(folder), TABLES[table])
        shutil.rmtree(folder)
        if merged.rows is not None:
            written = self._write(table, bucket, merged.rows)
            self._files.setdefault(table, {})[bucket] = written
        is_told = (pl.col("outcome") == "conflict") | pl.col(SOURCE).is_in(in_detail)
        return merged.counts.cast({"n": pl.UInt32}), merged.doubtful.filter(is_told)

    def add_quarantine(self, table: str, rows: pl.DataFrame, reasons: pl.DataFrame) -> None:
        """Keep the text rows set aside, and why."""
        for name, frame in (("parquet", rows), ("reasons.parquet", reasons)):
            staged = self._staging / f"quarantine.{table}.{name}"
            frame.write_parquet(staged)
            self._moves.append((staged, self._path / "quarantine" / table / f"{self.receipt_number}.{name}"))
        self._quarantine.append(QuarantineEntry(table=table, receipt=self.receipt_number, rows=rows.height))

    def commit(self, receipt_json: str, imported: Iterable[ImportedSource]) -> Manifest:
        """Make everything current. Until the manifest is replaced, readers and a restart see the study as it was."""
        staged = self._staging / "receipt.json"
        staged.write_text(receipt_json, encoding="utf-8")
        self._moves.append((staged, self._path / "receipts" / f"{self.receipt_number}.json"))
        for source, final in self._moves:
            move_into_place(source, final)
        for folder in {final.parent for _, final in self._moves}:
            flush_folder(folder)
        manifest = self._next_manifest(imported)
        manifest.write(self._path)
        return manifest

    def _next_manifest(self, imported: Iterable[ImportedSource]) -> Manifest:
        before = self._manifest
        tables = {
            name: dict(before.tables.get(name, {})) | self._files.get(name, {}) for name in {*before.tables, *self._files}
        }
        after = before.model_copy(
            update={
                "generation": self._generation,
                "tables": {name: dict(sorted(tables[name].items())) for name in TABLES if name in tables},
                "imported": (*before.imported, *imported),
                "n_receipts": self.receipt_number,
                "quarantine": (*before.quarantine, *self._quarantine),
            }
        )
        # Where an import changes no row, readers of the generation before keep their files.
        superseded = before.files() - after.files()
        return after.model_copy(update={"superseded": tuple(sorted(superseded)) or before.superseded})

    def _existing(self, table: str, bucket: int) -> pl.DataFrame:
        entry = self._manifest.tables.get(table, {}).get(bucket)
        return empty_frame(TABLES[table]) if entry is None else pl.read_parquet(self._path / entry.file, glob=False)

    def _write(self, table: str, bucket: int, rows: pl.DataFrame) -> BucketFile:
        staged = self._staging / f"{table}.{bucket}.parquet"
        rows.write_parquet(staged, compression="lz4", row_group_size=_ROWS_PER_GROUP)
        final = Path("tables") / table / f"{bucket}.{self._generation}.parquet"
        self._moves.append((staged, self._path / final))
        with staged.open("rb+") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            # While this waits for the disk another bucket goes on; when all move into place nothing is left to wait for.
            os.fsync(stream.fileno())
        return BucketFile(
            file=final.as_posix(),
            rows=rows.height,
            bytes=staged.stat().st_size,
            sha256=digest,
            last_at=_last_entry(table, rows),
        )


#: Single-threaded steps of one bucket overlap with those of another, at the price of two buckets in memory.
_BUCKETS_AT_ONCE = 2
#: Small enough that reading one patient skips most of a bucket, large enough to scan at full speed.
_ROWS_PER_GROUP = 131_072


def _incoming(folder: Path) -> pl.DataFrame:
    """Return a bucket's staged rows in the order of their sources and rows."""
    parts = [
        pl.scan_ipc(file).with_columns(pl.lit(int(file.name.partition("-")[0]), dtype=pl.UInt32).alias(SOURCE))
        for file in sorted(folder.glob("*.ipc"))
    ]
    # Sources of one table may give different columns of it.
    return pl.concat(parts, how="diagonal").collect().rechunk()


def _last_entry(table: str, rows: pl.DataFrame) -> datetime | None:
    column = _ENTRY_TIME.get(table)
    latest = None if column is None else rows[column].max()
    return latest if isinstance(latest, datetime) else None


def _part_file(source_number: int, keys: pl.DataFrame, index: int) -> str:
    bucket = keys.item()
    return f"{'rejected' if bucket is None else bucket}/{source_number:06}-{index:06}.ipc"


def disk_refusal(error: Exception) -> str | None:
    """Return what the disk said, or None if the error is about something else."""
    number = getattr(error, "errno", None)
    if number is None:  # Polars keeps the system's error number in its text only
        found = re.search(r"\(os error (\d+)\)", str(error))
        number = int(found.group(1)) if found else None
    return os.strerror(number).lower() if number in _DISK_REFUSALS else None
