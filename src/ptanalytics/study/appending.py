"""Add rows that the software made, such as a signed plan version, in one transaction."""

from pathlib import Path
from typing import Any

import polars as pl

from ptanalytics.errors import InvalidTableError
from ptanalytics.loading.receipt import Receipt
from ptanalytics.schemas.frames import conform
from ptanalytics.schemas.model import row_rules
from ptanalytics.schemas.tables import TABLES
from ptanalytics.study.description import read_description
from ptanalytics.study.locking import write_lock
from ptanalytics.study.manifest import HistoryEntry, read_manifest
from ptanalytics.study.merging import ROW
from ptanalytics.study.store import known_table
from ptanalytics.study.tally import entry_of_appended
from ptanalytics.study.transaction import transaction
from ptanalytics.study.undo import now

#: What signing a plan calls itself.
SIGN_OFF = "plan sign-off"


def append_rows(study_path: Path, table: str, frame: Any, *, origin: str) -> Receipt:
    """Add rows made by the software; see `Study.append_rows`."""
    known_table(table)
    rows = conform(frame, TABLES[table], source=f"The rows from {origin}").collect()
    _refuse_invalid(rows, table, origin)
    numbered = rows.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias(ROW), is_valid=pl.lit(value=True))
    description = read_description(study_path)
    with write_lock(study_path), transaction(study_path, read_manifest(study_path), description.buckets) as current:
        current.stage(table, {0: numbered.lazy()})
        outcomes = current.merge(table)
        if contradictory := outcomes.rows_of(0, "conflict"):
            message = f"{len(contradictory)} rows from {origin} for '{table}' share a key but differ. Nothing was added."
            raise InvalidTableError(message)
        number = current.receipt_number
        receipt = Receipt.of([entry_of_appended(origin, table, outcomes)], kind="append", number=number)
        is_signed = origin == SIGN_OFF
        entry = HistoryEntry(receipt=number, kind="append", at=now(), tables=(table,), is_signed=is_signed)
        current.commit(receipt.to_json(), entry)
    return receipt


def _refuse_invalid(rows: pl.DataFrame, table: str, origin: str) -> None:
    broken = [rule for rule in row_rules(TABLES[table]) if not rows.select(rule.holds.fill_null(value=False).all()).item()]
    if broken:
        sentences = "; ".join(rule.sentence for rule in broken)
        message = f"Rows from {origin} break the rules of '{table}': {sentences}. Nothing was added."
        raise InvalidTableError(message)
