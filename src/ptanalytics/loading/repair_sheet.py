"""Read back a workbook in which a person corrected rows that were set aside."""

import json
import re
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl

from ptanalytics.errors import RepairSheetError
from ptanalytics.loading.repair_sheet_writing import (
    ABOUT_KEY,
    FIRST_SHEET,
    FIX_KEY,
    FORMAT,
    IMPORT_KEY,
    ORIGINAL_KEY,
    PART_KEY,
    ROW_KEY,
)

#: A workbook unpacks to a multiple of its size; more than this was never written by us.
_MOST_BYTES = 400_000_000
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 4_096

#: One line per cell that a person may correct.
CELLS = {
    "table": pl.String,
    "file": pl.String,
    "import_number": pl.Int32,
    "part": pl.String,
    "row": pl.Int64,
    "heading": pl.String,
    #: What the workbook says the file said, and what stands there now.
    "original": pl.String,
    "text": pl.String,
    "is_formula": pl.Boolean,
    #: Excel has it as a number, not as the text that was typed.
    "is_number": pl.Boolean,
}


@dataclass(frozen=True)
class _Place:
    """Where the columns of one sheet are."""

    about: dict[str, Any]
    row: int
    import_number: int
    part: int
    fixes: dict[str, int]
    originals: dict[str, int]


def read_workbook(path: Path) -> pl.DataFrame:
    """Read every cell that could be corrected, as text.

    Numbers and dates that Excel made of what was typed become text again (dates as ``2026-03-31``); a formula is marked and
    never computed.

    Args:
        path: The workbook.

    Returns:
        ``table, file, import_number, part, row, heading, original, text, is_formula, is_number``.

    Raises:
        RepairSheetError: It is no workbook of ours, is damaged or too large, or a column that names rows is gone.
    """
    _refuse_what_is_no_workbook(path)
    try:
        # Read-only keeps one row in memory; formulas stay as they were written.
        book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except Exception:  # noqa: BLE001 - openpyxl raises whatever it stumbles over, with cells in the message
        raise RepairSheetError(path, "it is damaged, protected by a password, or not an Excel workbook") from None
    try:
        parts = [_read_sheet(path, sheet) for sheet in book.worksheets if sheet.title not in (FIRST_SHEET, "_lists")]
    except RepairSheetError:
        raise
    except Exception:  # noqa: BLE001 - as above
        raise RepairSheetError(path, "one of its sheets is damaged") from None
    finally:
        book.close()
    found = [part for part in parts if part is not None]
    if not found and FIRST_SHEET not in book.sheetnames:
        raise RepairSheetError(path, "no sheet of it was written by write_repair_sheet")
    return pl.concat([pl.DataFrame(schema=CELLS), *found])


def _refuse_what_is_no_workbook(path: Path) -> None:
    if not path.is_file():
        raise RepairSheetError(path, "there is no such file", "Check the path.")
    try:
        with zipfile.ZipFile(path) as book:
            n_bytes = sum(part.file_size for part in book.infolist())
    except (zipfile.BadZipFile, OSError):
        raise RepairSheetError(path, "it is not an .xlsx workbook", "Save it as .xlsx in Excel.") from None
    if n_bytes > _MOST_BYTES:
        raise RepairSheetError(path, f"it unpacks to more than {_MOST_BYTES // 1_000_000} MB")


def _read_sheet(path: Path, sheet: Any) -> pl.DataFrame | None:
    rows = sheet.iter_rows(max_row=_MOST_ROWS, max_col=_MOST_COLUMNS)
    keys = [str(cell.value or "") for cell in next(rows, ())]
    place = _place(path, sheet.title, keys)
    if place is None:
        return None
    next(rows, None)  # the headings for people
    columns: dict[str, list[Any]] = {name: [] for name in CELLS}
    for cells in rows:
        row = _number(cells, place.row)
        if row is None:
            continue
        for heading, at in place.fixes.items():
            cell = cells[at] if at < len(cells) else None
            columns["table"].append(place.about["table"])
            columns["file"].append(place.about["file"])
            columns["import_number"].append(_number(cells, place.import_number))
            columns["part"].append(_text(cells, place.part) or "")
            columns["row"].append(row)
            columns["heading"].append(heading)
            columns["original"].append(_text(cells, place.originals[heading]))
            columns["text"].append(None if cell is None else _as_text(cell.value))
            columns["is_formula"].append(_is_formula(cell))
            value = None if cell is None else cell.value
            columns["is_number"].append(isinstance(value, int | float) and not isinstance(value, bool))
    return pl.DataFrame(columns, schema=CELLS)


def _place(path: Path, title: str, keys: list[str]) -> _Place | None:
    about = next((key.removeprefix(ABOUT_KEY) for key in keys if key.startswith(ABOUT_KEY)), None)
    if about is None:
        return None  # a sheet of the person's own
    at = {key: number for number, key in enumerate(keys) if key}
    fixes = {key.removeprefix(FIX_KEY): n for key, n in at.items() if key.startswith(FIX_KEY)}
    originals = {key.removeprefix(ORIGINAL_KEY): n for key, n in at.items() if key.startswith(ORIGINAL_KEY)}
    lost = [key for key in (ROW_KEY, IMPORT_KEY, PART_KEY) if key not in at]
    if lost or set(fixes) != set(originals):
        raise RepairSheetError(
            path, f"columns are gone from sheet {_shown(title)}", "Start again from the workbook written."
        )
    try:
        facts = json.loads(about)
        is_ours = facts["format"] == FORMAT and isinstance(facts["table"], str) and isinstance(facts["file"], str)
    except (ValueError, KeyError, TypeError):
        is_ours = False
    if not is_ours:
        raise RepairSheetError(path, f"sheet {_shown(title)} was written by another version or changed in its first row")
    return _Place(facts, at[ROW_KEY], at[IMPORT_KEY], at[PART_KEY], fixes, originals)


def _shown(title: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in title)


def _number(cells: Any, at: int) -> int | None:
    text = _text(cells, at)
    return int(text) if text and re.fullmatch(r"\d{1,9}", text) else None


def _text(cells: Any, at: int) -> str | None:
    return _as_text(cells[at].value) if at < len(cells) else None


def _is_formula(cell: Any) -> bool:
    # A text that only looks like a formula is a text ('s'); what Excel would compute is 'f'.
    return cell is not None and getattr(cell, "data_type", "") == "f"


def _as_text(value: Any) -> str | None:
    """Return a cell as the text a person sees: no ``.0``, days without midnight."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
