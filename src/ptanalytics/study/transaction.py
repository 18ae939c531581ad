"""One import as one transaction: staged beside the study, merged bucket by bucket, made current in one step."""

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import polars as pl
import pyarrow as pa

from ptanalytics.errors import OutputError
from ptanalytics.loading.piece_rows import PieceBatch
from ptanalytics.schemas.frames import empty_frame
from ptanalytics.schemas.tables import TABLES
from ptanalytics.study.bucket_changes import BucketChange, changes_json
from ptanalytics.study.durable import flush_folder, move_into_place
from ptanalytics.study.exports import Window, time_column
from ptanalytics.study.manifest import BucketFile, HistoryEntry, Manifest, QuarantineEntry, read_manifest
from ptanalytics.study.merging import FAMILY, MARK, ROW, SOURCE, BucketMerge, Outcome, merge_bucket
from ptanalytics.study.partition import Partition
from ptanalytics.study.removed_rows import Gone, TableMerge, gone_of, n_removed
from ptanalytics.study.store import STAGING, UNDO, clean
from ptanalytics.study.watch import Watch

#: What a disk says that is full, read-only, or not ours to write to.
_DISK_REFUSALS = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
#: Where the time of an entry stands; the latest one over the study is its cut-off day.
_ENTRY_TIME = {"sessions": "started_at", "pain_scores": "recorded_at"}
#: Buckets in memory at once: one makes use of two cores, and of more it is memory that is short first.
_BUCKETS_IN_MEMORY = max(1, pl.thread_pool_size() // 4)
#: Small enough that reading one patient skips most of a bucket, large enough to scan at full speed.
_ROWS_PER_GROUP = 131_072


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
    #: Family of exports → rows of its earlier versions that this one no longer has.
    removed: Mapping[str, int] = field(default_factory=dict)

    def n(self, source_number: int, outcome: Outcome) -> int:
        """Return how many rows of a source met an outcome."""
        return self._n.get((source_number, outcome), 0)

    @cached_property
    def _n(self) -> dict[tuple[int, str], int]:
        summed = self.counts.group_by(SOURCE, "outcome").agg(pl.col("n").sum())
        return {(number, outcome): n for number, outcome, n in summed.iter_rows()}

    def rows_of(self, source_number: int, *outcomes: Outcome) -> list[int]:
        """Return the single rows of a source with some outcomes."""
        chosen = (pl.col(SOURCE) == source_number) & pl.col("outcome").is_in(outcomes)
        return self.rows.filter(chosen)[ROW].sort().to_list()


@contextmanager
def transaction(path: Path, manifest: Manifest, n_buckets: int, watch: Watch | None = None) -> Iterator["Transaction"]:
    """Run one transaction on a study whose write lock the caller holds; whatever it leaves behind is removed.

    Raises:
        OutputError: The disk is full, read-only or not ours; the study is as it was.
    """
    try:
        yield Transaction(path, manifest, n_buckets, watch or Watch())
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

    def __init__(self, path: Path, manifest: Manifest, n_buckets: int, watch: Watch) -> None:
        clean(path, manifest)
        self._path = path
        self._manifest = manifest
        self._n_buckets = n_buckets
        self._watch = watch
        self._staging = path / STAGING
        self._staging.mkdir()
        self._moves: list[tuple[Path, Path]] = []
        self._partitions: dict[str, Partition] = {}
        self._in_memory = BoundedSemaphore(_BUCKETS_IN_MEMORY)
        self._changes: list[BucketChange] = []
        self._quarantine: list[QuarantineEntry] = []
        self._generation = manifest.generation + 1
        self.receipt_number = manifest.n_receipts + 1

    def stage(self, table: str, sources: Mapping[int, pl.LazyFrame], given: Collection[str] | None = None) -> None:
        """Split the typed rows of sources into buckets on disk, streaming.

        Args:
            table: The table the rows belong to.
            sources: By the order of the source in the import: the table's columns with ``row`` and ``is_valid``.
            given: Columns that may hold a value; the others are missing throughout and need not be written twice.
        """
        self._watch.run(partial(self._partition(table).write, sources, given, self._watch.count))

    def stage_pieces(self, table: str, batches: Sequence[PieceBatch], given: Collection[str]) -> None:
        """Split the rows of regular files into buckets on disk, piece by piece; see `stage`."""
        self._watch.run(partial(self._partition(table).write_pieces, batches, given, self._watch.count))
        # What parsing took is handed back before sorting asks for memory elsewhere.
        pa.default_memory_pool().release_unused()

    def _partition(self, table: str) -> Partition:
        if table not in self._partitions:
            self._partitions[table] = Partition(self._staging / "rows" / table, table, self._n_buckets)
        return self._partitions[table]

    def rejected_rows(self, table: str) -> dict[int, list[int]]:
        """Return the rows of each source of a table that are not valid."""
        return self._partitions[table].rejected_rows()

    def merge(self, table: str, *, in_detail: Collection[int] = (), families: Mapping[int, str] | None = None) -> Outcomes:
        """Merge a table's staged rows with those of the study, few buckets at a time.

        Args:
            table: The table.
            in_detail: Sources whose rows are reported singly where their key was met before.
            families: Whose export each source is; without it rows are nobody's.
        """
        partition = self._partitions[table]
        families = families or {}
        merger = TableMerge(table, list(in_detail), families, self._windows(table, families), partition.rejected_keys())
        buckets = set(partition.buckets())
        # Where a newer version has no row in a bucket at all, all that it had there may be gone.
        others = set(self._manifest.tables.get(table, {})) - buckets if merger.windows else set()
        with ThreadPoolExecutor(_BUCKETS_IN_MEMORY + 1) as pool:
            works = [partial(self._merge_bucket, merger, partition, bucket) for bucket in sorted(buckets)]
            merges = self._watch.run_all(pool, works)
        gone = [of_bucket for _, _, of_bucket in merges]
        gone += [gone_of(merger, *self._existing(table, bucket), None, None) for bucket in sorted(others)]
        return Outcomes(
            pl.concat([Outcomes().counts, *(counts for counts, _, _ in merges)]),
            pl.concat([Outcomes().rows, *(rows for _, rows, _ in merges)]),
            n_removed(merger.windows, gone),
        )

    def _windows(self, table: str, families: Mapping[int, str]) -> dict[str, Window]:
        """Return the days that each export covers of which the study holds an earlier version."""
        before = {family for entry in self._manifest.tables.get(table, {}).values() for family in entry.families}
        at, partition = time_column(table), self._partitions[table]
        windows: dict[str, Window] = {}
        for family in before & set(families.values()):
            span = partition.span(at, [number for number, of in families.items() if of == family]) if at else ()
            ends = [end for end in span if isinstance(end, date)]
            days = [end.date() if isinstance(end, datetime) else end for end in ends]
            if days or at is None:
                windows[family] = Window(min(days, default=None), max(days, default=None))
        return windows

    def _merge_bucket(
        self, merger: TableMerge, partition: Partition, bucket: int
    ) -> tuple[pl.DataFrame, pl.DataFrame, Gone]:
        with self._in_memory:
            told, change = self._merged(merger, partition, bucket)
        # What only waits for the disk leaves the memory to the next bucket.
        shutil.rmtree(self._staging / "rows" / merger.table / str(bucket))
        if change is not None and change.after is not None:
            after = self._sealed(change.table, bucket, change.after)
            self._changes.append(change.model_copy(update={"after": after}))
        return told

    def _merged(
        self, merger: TableMerge, partition: Partition, bucket: int
    ) -> tuple[tuple[pl.DataFrame, pl.DataFrame, Gone], BucketChange | None]:
        """Merge a bucket and write its rows; return what became of the rows, and the change."""
        table = merger.table
        existing, families = self._existing(table, bucket)
        incoming = partition.read(bucket)
        self._watch.count(0)
        names = sorted({*families.unique(), *(merger.families.get(n, "") for n in incoming[SOURCE].unique())} - {None})
        if len(names) > 1:
            places = pl.Enum(names)
            existing = existing.with_columns(families.cast(places).to_physical().cast(pl.UInt16).alias(FAMILY))
            # By place: looking each row's source up in a table of names takes many times longer.
            place_of = {name: place for place, name in enumerate(names)}
            sources = range(max([*merger.families, *incoming[SOURCE].unique()]) + 1)
            of_source = pl.Series(FAMILY, [place_of.get(merger.families.get(n, ""), 0) for n in sources], dtype=pl.UInt16)
            incoming = incoming.with_columns(of_source[incoming[SOURCE]])
        patients = incoming["patient_id"].unique() if merger.windows else None
        if patients is not None:
            patients = partition.codes["patient_id"].texts_of(patients)
        n_rows = incoming.height
        merged = merge_bucket(existing, incoming, TABLES[table], codes=partition.codes)
        del incoming
        self._watch.count(n_rows)
        gone = gone_of(merger, existing, families, merged.is_met, patients)
        change = self._kept(table, bucket, merged, names)
        is_told = (pl.col("outcome") == "conflict") | pl.col(SOURCE).is_in(merger.in_detail)
        counts = merged.counts.cast({"n": pl.UInt32, "outcome": pl.String})
        return (counts, merged.doubtful.filter(is_told).cast({"outcome": pl.String}), gone), change

    def _kept(self, table: str, bucket: int, merged: BucketMerge, families: list[str]) -> BucketChange | None:
        """Write a bucket's rows, and what is needed to put it back to what it was."""
        rows = merged.rows
        if rows is None:
            return None
        marks = replaced = None
        if MARK in rows.columns and (before := self._entry(table, bucket)) is not None:
            marks, replaced = f"{table}.{bucket}.marks.parquet", None
            rows.select(MARK).write_parquet(self._staging / marks, compression="zstd")
            if merged.replaced.height:
                replaced = f"{table}.{bucket}.rows.parquet"
                merged.replaced.write_parquet(self._staging / replaced, compression="zstd")
        else:
            before = None
        for name in (marks, replaced):
            if name is not None:
                self._moves.append((self._staging / name, self._path / UNDO / str(self.receipt_number) / name))
        return BucketChange(
            table=table,
            bucket=bucket,
            after=self._written(table, bucket, rows.drop(MARK, strict=False), families),
            before=before,
            marks=marks,
            replaced=replaced,
            families=tuple(families),
        )

    def add_quarantine(self, table: str, rows: pl.DataFrame, reasons: pl.DataFrame) -> None:
        """Keep the text rows set aside, and why."""
        for name, frame in (("parquet", rows), ("reasons.parquet", reasons)):
            staged = self._staging / f"quarantine.{table}.{name}"
            frame.write_parquet(staged)
            self._moves.append((staged, self._path / "quarantine" / table / f"{self.receipt_number}.{name}"))
        self._quarantine.append(QuarantineEntry(table=table, receipt=self.receipt_number, rows=rows.height))

    def put_back(self, table: str, bucket: int, after: BucketFile | None) -> None:
        """Give a bucket other content than it has; None takes all of its rows away."""
        self._changes.append(BucketChange(table=table, bucket=bucket, after=after))

    def commit(self, receipt_json: str, entry: HistoryEntry, **changes: Iterable[Any]) -> Manifest:
        """Make everything current. Until the manifest is replaced, readers and a restart see the study as it was.

        Args:
            receipt_json: The receipt.
            entry: What the history says of it.
            changes: Fields of the manifest with their new values: ``imported``, ``known_files``, ``quarantine``.
        """
        staged = self._staging / "receipt.json"
        staged.write_text(receipt_json, encoding="utf-8")
        self._moves.append((staged, self._path / "receipts" / f"{self.receipt_number}.json"))
        if entry.kind != "undo":
            listed = self._staging / "changes.json"
            listed.write_text(changes_json(self._changes), encoding="utf-8")
            self._moves.append((listed, self._path / UNDO / str(self.receipt_number) / "changes.json"))
        for source, final in self._moves:
            move_into_place(source, final)
        for folder in {final.parent for _, final in self._moves}:
            flush_folder(folder)
        manifest = self._next_manifest(entry, {name: tuple(values) for name, values in changes.items()})
        manifest.write(self._path)
        return manifest

    def _next_manifest(self, entry: HistoryEntry, changes: Mapping[str, Any]) -> Manifest:
        before = self._manifest
        tables = {name: dict(buckets) for name, buckets in before.tables.items()}
        for change in self._changes:
            buckets = tables.setdefault(change.table, {})
            if change.after is None:
                buckets.pop(change.bucket, None)
            else:
                buckets[change.bucket] = change.after
        after = before.model_copy(
            update={
                "format": 2,
                "generation": self._generation,
                "tables": {name: dict(sorted(tables[name].items())) for name in TABLES if tables.get(name)},
                "n_receipts": self.receipt_number,
                "history": (*before.history, entry),
                "quarantine": (*before.quarantine, *self._quarantine),
                **changes,
            }
        )
        # Where an import changes no row, readers of the generation before keep their files.
        superseded = before.files() - after.files()
        return after.model_copy(update={"superseded": tuple(sorted(superseded)) or before.superseded})

    def _entry(self, table: str, bucket: int) -> BucketFile | None:
        return self._manifest.tables.get(table, {}).get(bucket)

    def _existing(self, table: str, bucket: int) -> tuple[pl.DataFrame, pl.Series]:
        """Return the rows of a bucket, and whose export each is of."""
        entry = self._entry(table, bucket)
        if entry is None:
            return empty_frame(TABLES[table]), pl.Series([], dtype=pl.String)
        rows = pl.read_parquet(self._path / entry.file, glob=False)
        return rows, families_of(self._path, entry, rows.height)

    def write(self, table: str, bucket: int, rows: pl.DataFrame, families: Collection[str]) -> BucketFile:
        """Write a bucket's sorted rows beside the study."""
        return self._sealed(table, bucket, self._written(table, bucket, rows, families))

    def _written(self, table: str, bucket: int, rows: pl.DataFrame, families: Collection[str]) -> BucketFile:
        families_file = None
        if FAMILY in rows.columns:
            families_file = f"tables/{table}/{bucket}.{self._generation}.families.parquet"
            staged = self._staging / f"{table}.{bucket}.families.parquet"
            rows.select(FAMILY).write_parquet(staged, compression="zstd")
            self._moves.append((staged, self._path / families_file))
            rows = rows.drop(FAMILY)
        staged = self._staging / f"{table}.{bucket}.parquet"
        rows.write_parquet(staged, compression="lz4", row_group_size=_ROWS_PER_GROUP)
        final = Path("tables") / table / f"{bucket}.{self._generation}.parquet"
        self._moves.append((staged, self._path / final))
        return BucketFile(
            file=final.as_posix(),
            rows=rows.height,
            bytes=staged.stat().st_size,
            sha256="",
            last_at=_last_entry(table, rows),
            families=tuple(families),
            families_file=families_file,
        )

    def _sealed(self, table: str, bucket: int, written: BucketFile) -> BucketFile:
        """Return the entry of a written bucket with the digest of its file, which is on the disk then."""
        with (self._staging / f"{table}.{bucket}.parquet").open("rb+") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            # While this waits for the disk another bucket goes on; when all move into place nothing is left to wait for.
            os.fsync(stream.fileno())
        return written.model_copy(update={"sha256": digest})


def families_of(path: Path, entry: BucketFile, n_rows: int) -> pl.Series:
    """Return whose export each row of a bucket is of; empty text where a study of version 0.1 does not say."""
    if entry.families_file is None:
        return pl.select(pl.repeat(entry.families[0] if entry.families else "", n_rows, dtype=pl.String)).to_series()
    places = pl.read_parquet(path / entry.families_file, glob=False)[FAMILY]
    return pl.Series(list(entry.families), dtype=pl.String)[places]


def _last_entry(table: str, rows: pl.DataFrame) -> datetime | None:
    column = _ENTRY_TIME.get(table)
    latest = None if column is None else rows[column].max()
    return latest if isinstance(latest, datetime) else None


def disk_refusal(error: Exception) -> str | None:
    """Return what the disk said, or None if the error is about something else."""
    number = getattr(error, "errno", None)
    if number is None:  # Polars keeps the system's error number in its text only
        found = re.search(r"\(os error (\d+)\)", str(error))
        number = int(found.group(1)) if found else None
    return os.strerror(number).lower() if number in _DISK_REFUSALS else None
