"""Rows set aside, corrected by a person in a workbook and read back into the study."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from ptanalytics.errors import InvalidTableError, RepairSheetError
from ptanalytics.loading.layouts import layouts_in
from ptanalytics.loading.readers import ROW
from ptanalytics.loading.repair_sheet import read_workbook
from ptanalytics.loading.repair_sheet_groups import RepairGroup, repair_groups
from ptanalytics.loading.repair_sheet_writing import WrittenSheet, write_workbook
from ptanalytics.quality.corrections import OUTCOMES, Corrections, judge
from ptanalytics.quality.repair_ledger import add_to_ledger, read_ledger, repaired_rows
from ptanalytics.schemas.frames import to_pandas
from ptanalytics.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from ptanalytics.loading import Loaded, Receipt

_MOST_ROWS = 20_000


@dataclass(frozen=True)
class Repair:
    """What became of the rows of a workbook: ``rows_read`` is the sum of the others."""

    #: Lines of the workbook.
    rows_read: int
    #: Now in the study.
    rows_repaired: int
    #: Corrected to what the study holds already.
    rows_duplicate: int
    #: Corrected, and still not usable; ``reasons`` says why.
    rows_still_wrong: int
    #: Left as they were; they stay set aside.
    rows_not_corrected: int
    #: Repaired by an earlier reading; nothing is loaded twice.
    rows_already_repaired: int
    #: Lines that are no row set aside of this study.
    rows_unknown: int
    #: ``table, import_number, file, part, row, outcome``.
    rows: "pd.DataFrame"
    #: ``table, import_number, file, part, row, column, rule, reason`` of the rows still wrong; no cell of a file.
    reasons: "pd.DataFrame"
    #: One receipt per table that got rows.
    receipts: "tuple[Receipt, ...]"

    def to_frame(self) -> "pd.DataFrame":
        """Return one line per table and file with the number of rows of each outcome."""
        rows = pl.from_pandas(self.rows)
        counts = [(pl.col("outcome") == name).sum().cast(pl.Int64).alias(f"rows_{name}") for name in OUTCOMES]
        by = rows.group_by("table", "file").agg(pl.len().cast(pl.Int64).alias("rows_read"), *counts)
        return to_pandas(by.sort("table", "file"))


def write_repair_sheet(study: "Study | Loaded", path: Path | str, *, max_rows: int = _MOST_ROWS) -> "pd.DataFrame":
    """Write the rows that were set aside as an Excel workbook in which a person can correct them.

    One sheet per table and file, one line per row: what is wrong, the cells to correct (with a note on the cells that are
    the trouble and a list of choices where there are codes), and beside them what the file said. No text of a file becomes
    a formula. Rows repaired earlier are left out. Nothing in the study or the exports changes.

    Args:
        study: A study, or what `load_exports` returned.
        path: The workbook, ``.xlsx``. It holds data of patients.
        max_rows: Most rows on one sheet.

    Returns:
        One line per sheet: ``sheet, table, file, rows, rows_left_out, why_left_out``.

    Raises:
        OutputError: The file cannot be written.
        InvalidTableError: ``study`` is neither a study nor loaded exports.
    """
    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        message = f"A repair sheet is an Excel workbook: name it {target.stem}.xlsx."
        raise InvalidTableError(message)
    written = write_workbook(_open_groups(study), target, max_rows=max_rows)
    schema = {"sheet": pl.String, "table": pl.String, "file": pl.String, "rows": pl.Int64, "rows_left_out": pl.Int64}
    lines = [vars(one) for one in written]
    return to_pandas(pl.DataFrame(lines, schema=schema | {"why_left_out": pl.String}))


def read_repair_sheet(study: Study, path: Path | str, *, who: str) -> Repair:
    """Read corrected rows back into a study, exactly as their file was read.

    Cells go through the layout, date order, units and rules of the import that set the rows aside; rows that are now right
    join the study's tables. A row that is still wrong stays set aside and comes back with its reason. A corrected row never
    replaces one the study has: with the same key and content it is a duplicate, with other content it is still wrong. Who
    corrected which cell, when, and why the row had been set aside is kept in the study's folder ``repairs``. The export
    files are never changed. Reading the same workbook again loads nothing twice. `Study.undo_import` with the number of
    the repair's receipt takes its rows back.

    Args:
        study: The study the workbook was written from.
        path: The workbook.
        who: Name or initials of the person who corrected.

    Returns:
        A `Repair`: ``rows_read == rows_repaired + rows_duplicate + rows_still_wrong + rows_not_corrected +
        rows_already_repaired + rows_unknown``.

    Raises:
        RepairSheetError: The workbook cannot be read back, or nobody is named.
        StudyBusyError: An import did not finish in time.
        OutputError: The disk is full or read-only.
    """
    workbook = Path(path)
    if not who.strip():
        raise RepairSheetError(workbook, "nobody is named who corrected it", "Say who, e.g. who='A. Lee'.")
    cells = read_workbook(workbook)
    digest = hashlib.sha256(workbook.read_bytes()).hexdigest()
    study.refresh()
    found = judge(study, cells, _open_groups(study, with_repaired=True))
    origin = f"repair sheet {workbook.name}"
    receipts = {table: study.append_rows(table, rows, origin=origin) for table, rows in found.new_rows.items()}
    numbers = {table: receipt.number for table, receipt in receipts.items()}
    of_table = pl.col("table").replace_strict(numbers, default=None, return_dtype=pl.Int32)
    lines = found.ledger_lines()
    if lines.height:
        add_to_ledger(
            study.path,
            lines.with_columns(
                receipt_number=pl.when(pl.col("outcome") == "repaired").then(of_table),
                who=pl.lit(who.strip()),
                repaired_at=pl.lit(datetime.now(UTC).replace(tzinfo=None)).dt.replace_time_zone("UTC"),
                workbook=pl.lit(workbook.name),
                workbook_sha256=pl.lit(digest),
            ),
        )
    return _as_repair(found, tuple(receipts.values()))


def repair_ledger(study: Study) -> "pd.DataFrame":
    """Return who corrected which cell, when, why its row had been set aside, and whether the correction still stands.

    A repair that was undone stays in the list: ``stands`` is false and ``undone_by`` names the undo's receipt. ``stands``
    is missing for lines that repaired nothing (``outcome`` says why). The table holds cells of the files.

    Args:
        study: A study.

    Returns:
        One line per corrected cell, or per row where the row as a whole was wrong, oldest repair first:
        ``repair_number, receipt_number, who, repaired_at, workbook, workbook_sha256, table, import_number, file, part, row,
        outcome, heading, old_text, new_text, old_reasons, undone_by, stands``.
    """
    return to_pandas(read_ledger(study.path))


def n_repaired(study: Study) -> int:
    """Return how many rows that imports set aside were corrected since and are in the study.

    Args:
        study: A study.
    """
    return repaired_rows(study.path).height


def _as_repair(found: Corrections, receipts: "tuple[Receipt, ...]") -> Repair:
    counts = {name: int((found.rows["outcome"] == name).sum()) for name in OUTCOMES}
    return Repair(
        rows_read=found.rows.height,
        **{f"rows_{name}": n for name, n in counts.items()},
        rows=to_pandas(found.rows),
        reasons=to_pandas(found.reasons),
        receipts=receipts,
    )


def _open_groups(source: Any, *, with_repaired: bool = False) -> list[RepairGroup]:
    if isinstance(source, Study):
        quarantine = source.quarantine()
        rows, reasons = pl.from_pandas(quarantine.rows), pl.from_pandas(quarantine.reasons)
        rows = rows.with_columns(pl.col("import_number").cast(pl.Int32), pl.col("row").cast(pl.Int64))
        reasons = reasons.with_columns(pl.col("import_number").cast(pl.Int32), pl.col("row").cast(pl.Int64))
        receipts: dict[int | None, Receipt] = dict(enumerate(source.receipts(), start=1))
        groups = repair_groups(rows, reasons, receipts, layouts_in(source.path / "layouts"))
        return groups if with_repaired else _without_repaired(groups, repaired_rows(source.path))
    if not hasattr(source, "quarantine") or not hasattr(source, "receipt"):
        message = "write_repair_sheet takes a study or what load_exports returned."
        raise InvalidTableError(message)
    rows, reasons = pl.from_pandas(source.quarantine.rows), pl.from_pandas(source.quarantine.reasons)
    rows = rows.with_columns(pl.col("row").cast(pl.Int64))
    return repair_groups(rows, reasons.with_columns(pl.col("row").cast(pl.Int64)), {None: source.receipt})


def _without_repaired(groups: list[RepairGroup], done: pl.DataFrame) -> list[RepairGroup]:
    found = []
    for group in groups:
        of_group = done.filter(
            pl.col("table") == group.table,
            pl.col("import_number") == group.import_number,
            pl.col("file") == group.file,
            pl.col("part") == group.part,
        )
        text = group.text.filter(~pl.col(ROW).is_in(of_group["row"].implode()))
        if text.height:
            found.append(replace(group, text=text))
    return found


__all__ = ["Repair", "WrittenSheet", "n_repaired", "read_repair_sheet", "repair_ledger", "write_repair_sheet"]
