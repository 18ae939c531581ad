"""Write result tables for a spreadsheet: CSV or Excel, whole or not at all, and no cell that becomes a formula."""

import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptanalytics.errors import OutputError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

SUFFIXES = (".csv", ".xlsx")
#: What a spreadsheet reads as the start of a formula or a command.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def check_place(path: Path) -> None:
    """Refuse a place before anything is computed.

    Raises:
        OutputError: The suffix is not .csv or .xlsx, or the folder is missing.
    """
    if path.suffix.lower() not in SUFFIXES:
        found = f"a table cannot be saved as '{path.suffix}'" if path.suffix else "the name has no suffix"
        raise OutputError(path, found, "Use .csv or .xlsx.")
    if not path.parent.is_dir():
        raise OutputError(path, f"there is no folder '{path.parent.name}'", "Make the folder first or choose another.")


def write_tables(tables: "Mapping[str, pd.DataFrame]", path: Path) -> list[Path]:
    """Write tables: the sheets of one workbook, or a CSV file each (the first as named, others with their name added).

    Text that begins like a formula gets an apostrophe in front, as spreadsheets do themselves.

    Args:
        tables: Tables by name.
        path: ``.csv`` or ``.xlsx``.

    Returns:
        The files written.

    Raises:
        OutputError: The place cannot be written.
    """
    import polars as pl

    check_place(path)
    safe = {name: _neutral(pl.from_pandas(table)) for name, table in tables.items()}
    if path.suffix.lower() == ".xlsx":
        return [_write(path, _workbook(safe))]
    written = []
    for number, (name, table) in enumerate(safe.items()):
        place = path if number == 0 else path.with_name(f"{path.stem}-{name}{path.suffix}")
        written.append(_write(place, table.write_csv(date_format="%Y-%m-%d", datetime_format="%Y-%m-%d %H:%M:%S").encode()))
    return written


def _neutral(table: "pl.DataFrame") -> "pl.DataFrame":
    """Put an apostrophe before text that begins like a formula, and make days of times that are midnight throughout."""
    import polars as pl

    columns = []
    for name, dtype in table.schema.items():
        column = pl.col(name)
        if dtype == pl.String:
            begins = pl.any_horizontal(column.str.strip_chars(" ").str.starts_with(start) for start in _FORMULA_STARTS)
            columns.append(pl.when(begins).then(pl.concat_str(pl.lit("'"), column)).otherwise(column).alias(name))
        elif dtype == pl.Datetime and name.endswith("date"):
            columns.append(column.cast(pl.Date))
        else:
            columns.append(column)
    return table.select(columns)


def _workbook(tables: "Mapping[str, pl.DataFrame]") -> bytes:
    import xlsxwriter

    content = io.BytesIO()
    options: dict[str, Any] = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        bold = book.add_format({"bold": True})
        for name, table in tables.items():
            sheet = book.add_worksheet(name[:31])
            sheet.write_row(0, 0, table.columns, bold)
            sheet.freeze_panes(1, 0)
            for place, column in enumerate(table.iter_columns()):
                look = day if str(column.dtype) == "Date" else moment if str(column.dtype).startswith("Datetime") else None
                sheet.write_column(1, place, column.to_list(), look)
                sheet.set_column(place, place, max(10, min(60, len(column.name) + 2)))
    return content.getvalue()


def _write(path: Path, content: bytes) -> Path:
    """Write beside the place and move there, so that nobody sees half a file."""
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise OutputError(path, (error.strerror or type(error).__name__).lower()) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(beside).replace(path)
    except OSError as error:
        raise OutputError(path, (error.strerror or type(error).__name__).lower()) from None
    finally:
        Path(beside).unlink(missing_ok=True)
    return path
