"""The study folder on disk: where files are, which of them a reader sees, and what may be cleaned away."""

import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import polars as pl

from ptanalytics.errors import (
    InvalidTableError,
    MissingTableError,
    OutputError,
    StudyBusyError,
    StudyChangedError,
    StudyDamagedError,
)
from ptanalytics.schemas.frames import empty_frame
from ptanalytics.schemas.tables import TABLES
from ptanalytics.study.buckets import buckets_of
from ptanalytics.study.locking import write_lock
from ptanalytics.study.manifest import Manifest, read_manifest

STAGING = "staging"
#: What imports replaced, by the number of the receipt.
UNDO = "undo"


class Snapshot:
    """What one reader sees: one manifest, whatever is imported meanwhile."""

    def __init__(self, path: Path, manifest: Manifest, n_buckets: int) -> None:
        self.path = path
        self.manifest = manifest
        self.n_buckets = n_buckets

    def has_table(self, table: str) -> bool:
        """Say whether the study holds any row of a table."""
        known_table(table)
        return bool(self.manifest.tables.get(table))

    def file(self, table: str, bucket: int) -> Path | None:
        """Return a bucket's file of a table; None where the bucket has no rows of it."""
        entry = self.manifest.tables.get(table, {}).get(bucket)
        if entry is None:
            return None
        return self.kept(entry.file)

    def kept(self, file: str) -> Path:
        """Return a file of this snapshot.

        Raises:
            StudyChangedError: Later imports took the file away.
            StudyDamagedError: The file is missing though it should be there.
        """
        path = self.path / file
        if not path.is_file():
            if read_manifest(self.path).generation > self.manifest.generation:
                raise StudyChangedError(self.path)
            raise StudyDamagedError(self.path, f"{file} is missing")
        return path

    def buckets(self, tables: Iterable[str], patients: Sequence[str] | None) -> list[int]:
        """Return the buckets with rows of any of the tables, and of the patients if they are named."""
        filled = {bucket for table in tables for bucket in self.manifest.tables.get(table, {})}
        return sorted(filled if patients is None else filled & buckets_of(patients, self.n_buckets))

    def scan(self, table: str, patients: Sequence[str] | None = None) -> pl.LazyFrame:
        """Return a table as a lazy frame, bucket after bucket.

        Raises:
            InvalidTableError: There is no table of that name in the contract.
            MissingTableError: The study holds no row of it.
        """
        if not self.has_table(table):
            raise MissingTableError("This call", table, self.manifest.tables)
        files = [self.file(table, bucket) for bucket in self.buckets([table], patients)]
        if not files:
            return empty_frame(TABLES[table]).lazy()
        frame = pl.scan_parquet([path for path in files if path is not None], glob=False)
        return frame if patients is None else frame.filter(pl.col("patient_id").is_in(list(patients)))


def known_table(table: str) -> None:
    """Refuse a table name that the contract does not have.

    Raises:
        InvalidTableError: The name is unknown.
    """
    if table not in TABLES:
        message = f"There is no table called '{table}'. Tables are: {', '.join(TABLES)}."
        raise InvalidTableError(message)


def clean(path: Path, manifest: Manifest) -> None:
    """Remove what no reader needs: a dead import's staging, and files neither current nor just superseded.

    The caller holds the write lock.
    """
    shutil.rmtree(path / STAGING, ignore_errors=True)
    for unfinished in path.glob(".*.new"):
        unfinished.unlink(missing_ok=True)
    keep = manifest.files() | set(manifest.superseded)
    for file in (path / "tables").glob("*/*.parquet"):
        if file.relative_to(path).as_posix() not in keep:
            with suppress(OSError):  # Windows keeps a file that somebody reads; the next import tries again
                file.unlink()
    listed = {f"{entry.table}/{entry.receipt}" for entry in manifest.quarantine}
    for file in (path / "quarantine").glob("*/*.parquet"):
        if f"{file.parent.name}/{file.name.partition('.')[0]}" not in listed:
            file.unlink(missing_ok=True)
    for file in (path / "receipts").glob("*.json"):
        if int(file.stem) > manifest.n_receipts:
            file.unlink(missing_ok=True)
    kept = manifest.can_be_undone()
    for folder in (path / UNDO).glob("[0-9]*"):
        if int(folder.name) not in kept:
            shutil.rmtree(folder, ignore_errors=True)


def clean_if_idle(path: Path, manifest: Manifest) -> None:
    """Clean unless somebody writes just now or the folder is read-only."""
    with suppress(StudyBusyError, OutputError, OSError), write_lock(path, wait_s=0):
        if read_manifest(path).generation == manifest.generation:
            clean(path, manifest)
