"""CSV files as bytes that depend on nothing but their content: fixed line ends, fixed number and date spelling."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl


def cell_text(value: Any) -> str:
    """Spell a value for a clean export: ISO dates and times, whole numbers without a point, nothing for missing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def csv_text(heading: Sequence[str], rows: Iterable[Sequence[str]], *, delimiter: str = ",", line_end: str = "\n") -> str:
    """Return the text of a delimited file."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end)
    writer.writerow(heading)
    writer.writerows(rows)
    return text.getvalue()


def write_clean_csv(path: Path, table: pl.DataFrame) -> None:
    """Write a table as a clean export in our own column names."""
    rows = ([cell_text(value) for value in row] for row in table.iter_rows())
    path.write_bytes(csv_text(table.columns, rows).encode("utf-8"))
