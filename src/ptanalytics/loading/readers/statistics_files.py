"""SPSS (``.sav``, ``.zsav``) and Stata (``.dta``) files as text, with what the file itself says its codes mean."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl

from ptanalytics.errors import EmptyExportError, UnreadableFileError
from ptanalytics.loading.readers.fingerprint import fingerprint_of
from ptanalytics.loading.readers.scratch import ScratchFolder
from ptanalytics.loading.readers.text_table import ROW, TextTable, unique_headings

#: Endings of the files read here.
STATISTICS_FILES = frozenset({".sav", ".zsav", ".dta"})
_CHUNK_ROWS = 100_000


def read_statistics_file(path: Path) -> tuple[list[TextTable], str]:
    """Read an SPSS or Stata file as text.

    Codes stay as they are written and their value labels come along as codings. A value that the file declares missing
    (SPSS user-missing values and ranges, Stata's ``.a`` to ``.z``) is missing, and how many there are stands in the notes.

    Args:
        path: A ``.sav``, ``.zsav`` or ``.dta`` file.

    Returns:
        One table, and the fingerprint of the file.

    Raises:
        UnreadableFileError: It is damaged or not such a file.
        EmptyExportError: No rows.
    """
    # Kept whole while its rows are read chunk by chunk: a file of many rows goes through a folder of Parquet parts.
    folder = ScratchFolder()
    n_rows = 0
    declared: Counter[str] = Counter()
    headings: tuple[str, ...] = ()
    labels: dict[str, dict[str, str]] = {}
    for chunk, about in _chunks(path):
        headings = unique_headings(about.column_names)
        labels = _labels(about, headings)
        text = _as_text(chunk, about, headings, declared)
        text.write_parquet(Path(folder.name, f"{n_rows:012d}.parquet"))
        n_rows += text.height
    if n_rows == 0:
        raise EmptyExportError(path)
    table = TextTable(
        path=path,
        sheet="",
        headings=headings,
        frame=pl.scan_parquet(Path(folder.name, "*.parquet")).with_row_index(ROW, offset=1),
        n_rows=n_rows,
        n_headings=0,
        n_comments=0,
        n_blank=0,
        notes=tuple(
            f"{heading}: {n_cells:,} cells hold a code that the file itself declares missing; they are read as missing."
            for heading, n_cells in declared.items()
        ),
        value_labels=labels,
        folders=(folder,),
    )
    return [table], fingerprint_of(path)


def _chunks(path: Path) -> Iterator[tuple[Mapping[str, Any], Any]]:
    import pyreadstat  # noqa: PLC0415 - takes a third of a second, and most exports are of another kind

    read = pyreadstat.read_dta if path.suffix.lower() == ".dta" else pyreadstat.read_sav
    offset = 0
    try:
        while True:
            chunk, about = read(path, row_offset=offset, row_limit=_CHUNK_ROWS, user_missing=True, output_format="dict")
            n_rows = len(next(iter(chunk.values()), ()))
            if n_rows:
                yield chunk, about
            if n_rows < _CHUNK_ROWS:
                return
            offset += n_rows
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeError, ValueError, OverflowError):
        # Their messages may repeat a cell, so they go no further.
        found = "it is damaged or not an SPSS or Stata file"
        raise UnreadableFileError(path, found, "Save it again as .sav, .dta or CSV.") from None


def _as_text(chunk: Mapping[str, Any], about: Any, headings: Sequence[str], declared: Counter[str]) -> pl.DataFrame:
    columns = []
    for heading, name in zip(headings, about.column_names, strict=True):
        cells = list(chunk[name])
        is_declared = _declared_missing(about, name)
        texts = [None if is_declared(cell) else _text_of(cell) for cell in cells]
        if n_declared := sum(1 for cell in cells if is_declared(cell)):
            declared[heading] += n_declared
        columns.append(pl.Series(heading, texts, dtype=pl.String))
    return pl.DataFrame(columns)


def _declared_missing(about: Any, name: str) -> Any:
    """Return the question whether a cell of a column holds a code declared missing."""
    letters = set(about.missing_user_values.get(name, ()))
    ranges = about.missing_ranges.get(name, ())

    def is_declared(cell: object) -> bool:
        if isinstance(cell, str):
            return cell in letters or any(entry["lo"] == cell for entry in ranges if isinstance(entry["lo"], str))
        if isinstance(cell, int | float):
            numeric = (entry for entry in ranges if not isinstance(entry["lo"], str))
            return any(entry["lo"] <= cell <= entry["hi"] for entry in numeric)
        return False

    return is_declared


def _text_of(cell: object) -> str | None:
    """Return the text that reads back as the same value; a whole number has no decimals."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(float(cell))
    return str(cell).strip() or None


def _labels(about: Any, headings: Sequence[str]) -> dict[str, dict[str, str]]:
    found = {}
    for heading, name in zip(headings, about.column_names, strict=True):
        labels = about.variable_value_labels.get(name, {})
        coding = {text: str(label).strip() for code, label in labels.items() if (text := _text_of(code)) is not None}
        if coding:
            found[heading] = coding
    return found
