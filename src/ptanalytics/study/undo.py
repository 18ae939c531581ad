"""Take one import back: the study becomes what it would be without it."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from ptanalytics.errors import StudyDamagedError, UndoError
from ptanalytics.loading.receipt import Receipt
from ptanalytics.schemas.tables import TABLES
from ptanalytics.study.bucket_changes import BucketChange, read_changes
from ptanalytics.study.description import read_description
from ptanalytics.study.locking import write_lock
from ptanalytics.study.manifest import BucketFile, HistoryEntry, Manifest, read_manifest
from ptanalytics.study.merging import CHANGED, FAMILY, KEPT, MARK, NEW, sort_rows
from ptanalytics.study.store import UNDO
from ptanalytics.study.transaction import Transaction, families_of, transaction


def undo_import(study_path: Path, number: int | None = None) -> Receipt:
    """Undo an import in one transaction; see `Study.undo_import`."""
    description = read_description(study_path)
    with write_lock(study_path):
        manifest = read_manifest(study_path)
        number = _chosen(manifest) if number is None else number
        _refuse(manifest, number)
        with transaction(study_path, manifest, description.buckets) as current:
            n_taken_back, n_restored = 0, 0
            for change in read_changes(study_path, number):
                taken, restored = _put_back(current, study_path, number, change)
                n_taken_back, n_restored = n_taken_back + taken, n_restored + restored
            receipt = Receipt(
                kind="undo",
                number=current.receipt_number,
                undoes=number,
                rows_taken_back=n_taken_back,
                rows_restored=n_restored,
            )
            entry = HistoryEntry(
                receipt=current.receipt_number,
                kind="undo",
                at=now(),
                tables=next(e.tables for e in manifest.history if e.receipt == number),
                undoes=number,
            )
            current.commit(
                receipt.to_json(),
                entry,
                imported=[known for known in manifest.imported if known.receipt != number],
                known_files=[known for known in manifest.known_files if known.receipt != number],
                quarantine=[kept for kept in manifest.quarantine if kept.receipt != number],
            )
    return receipt


def now() -> str:
    """Return the time of a change for the history: UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0).isoformat()


def _chosen(manifest: Manifest) -> int:
    """Return the latest import that stands."""
    numbers = {e.receipt for e in manifest.history if e.kind == "import"} & manifest.can_be_undone()
    if not numbers:
        raise UndoError(manifest.n_receipts, "the study holds no import that could be", "There is nothing to do.")
    return max(numbers)


def _refuse(manifest: Manifest, number: int) -> None:
    """Refuse a number that is no import that stands, and one that later changes build on."""
    if not 1 <= number <= manifest.n_receipts:
        found = f"the study has receipts 1 to {manifest.n_receipts}" if manifest.n_receipts else "the study has no receipt"
        raise UndoError(number, found, "Choose a number of study.history().")
    entry = next((e for e in manifest.history if e.receipt == number), None)
    if entry is None:
        found = "it was made by version 0.1, which kept nothing to undo it with"
        raise UndoError(number, found, "Make a new study and import the exports that you want.")
    if entry.kind == "undo":
        raise UndoError(number, "it is an undo", "Import the exports again that it took back.")
    if entry.is_signed:
        found = "it holds signed plans, which the records of the study keep"
        raise UndoError(number, found, "Sign a new plan version instead.")
    undone = manifest.undone()
    if number in undone:
        raise UndoError(number, "it was undone before", "There is nothing to do.")
    later = [
        e
        for e in manifest.history
        if e.receipt > number and e.kind != "undo" and e.receipt not in undone and set(e.tables) & set(entry.tables)
    ]
    if later:
        _refuse_later(number, entry, later)


def _refuse_later(number: int, entry: HistoryEntry, later: list[HistoryEntry]) -> None:
    tables = ", ".join(sorted({table for e in later for table in e.tables} & set(entry.tables)))
    if any(e.is_signed for e in later):
        found = f"plans were signed after it, and they build on the same tables ({tables})"
        raise UndoError(number, found, "Make a new study and import the exports that you want.")
    found = f"later imports or repairs hold rows of the same tables ({tables})"
    raise UndoError(number, found, f"Undo {', then '.join(str(e.receipt) for e in reversed(later))} first.")


def _put_back(current: Transaction, path: Path, number: int, change: BucketChange) -> tuple[int, int]:
    """Give a bucket its rows of before; return how many rows went and how many came back."""
    if change.after is None:  # an import never takes rows away
        raise StudyDamagedError(path, f"{UNDO}/{number}/changes.json lists a bucket without rows")
    if change.before is None:
        current.put_back(change.table, change.bucket, None)
        return change.after.rows, 0
    rows, marks = _rows_before(path, number, change)
    if rows.height != change.before.rows:
        raise StudyDamagedError(path, f"what {UNDO}/{number} keeps of {change.table} does not agree with its list")
    written = current.write(change.table, change.bucket, rows, change.before.families)
    current.put_back(change.table, change.bucket, written)
    return int((marks == NEW).sum()), int((marks == CHANGED).sum())


def _rows_before(path: Path, number: int, change: BucketChange) -> tuple[pl.DataFrame, pl.Series]:
    # Later imports into other tables gave the files of this one no other content, but an undo gave them another name.
    after = _current(path, change)
    rows = pl.read_parquet(path / after.file, glob=False)
    marks = pl.read_parquet(path / UNDO / str(number) / str(change.marks), glob=False)[MARK]
    whose = families_of(path, after, rows.height)
    kept = rows.with_columns(whose.alias(FAMILY)).filter(marks == KEPT)
    if change.replaced is not None:
        old = pl.read_parquet(path / UNDO / str(number) / change.replaced, glob=False)
        names = pl.Series(list(change.families), dtype=pl.String)
        own = names.gather(old[FAMILY]) if FAMILY in old.columns else pl.repeat(names[0], old.height, eager=True)
        kept = pl.concat([kept, old.with_columns(own.alias(FAMILY))])
    before = change.before.families if change.before is not None else ()
    if change.before is not None and change.before.families_file is not None:
        places = pl.col(FAMILY).replace_strict(list(before), list(range(len(before))), return_dtype=pl.UInt16)
        kept = kept.with_columns(places)
    else:
        kept = kept.drop(FAMILY)
    return sort_rows(kept, TABLES[change.table]), marks


def _current(path: Path, change: BucketChange) -> BucketFile:
    entry = read_manifest(path).tables.get(change.table, {}).get(change.bucket)
    if entry is None or change.after is None or entry.rows != change.after.rows:
        raise StudyDamagedError(path, f"a bucket of {change.table} is not what its import left")
    return entry
