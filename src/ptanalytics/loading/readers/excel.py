"""Excel workbooks as text, one table per sheet that holds any."""

import logging
import struct
import zipfile
from pathlib import Path

import fastexcel
import polars as pl

from ptanalytics.errors import EmptyExportError, UnreadableFileError
from ptanalytics.loading.layouts import TextForm
from ptanalytics.loading.readers.fingerprint import fingerprint_of
from ptanalytics.loading.readers.text_table import ROW, TextTable, heading_block, looks_like_data, unique_headings

_HEADING_WITHIN_ROWS = 30
#: Where an old workbook says its epoch: among the first records of its stream.
_GLOBALS_BYTES = 1 << 20
_BEGIN_OF_GLOBALS = bytes.fromhex("0908100000060500")
_DATE_MODE, _END_OF_STREAM = 0x0022, 0x000A

# fastexcel warns on its log about cells it reads as text; its warnings can hold cell contents.
logging.getLogger("fastexcel").setLevel(logging.CRITICAL)


def read_excel(path: Path, known: frozenset[str], wanted: TextForm | None = None) -> tuple[list[TextTable], str]:
    """Read every sheet of a workbook as text.

    Args:
        path: An .xlsx, .xlsm, .xlsb, .xls or .ods file.
        known: Headings worth recognising, normalised; they tell the heading row.
        wanted: What a layout says about headings in several rows.

    Returns:
        One table per sheet with rows, and the fingerprint of the file.

    Raises:
        UnreadableFileError: Damaged, encrypted or no workbook.
        EmptyExportError: No sheet holds a row below its headings.
    """
    try:
        book = fastexcel.read_excel(path)
        sheets = {name: _sheet_text(book, name) for name in book.sheet_names}
    except (fastexcel.FastExcelError, OSError, ValueError):
        found = "it is damaged, protected by a password, or not an Excel workbook"
        raise UnreadableFileError(path, found, "Save it again as .xlsx without a password.") from None
    is_1904 = _counts_from_1904(path)
    wanted = wanted or TextForm()
    tables = [_table_of(path, name, text, known, wanted, is_1904=is_1904) for name, text in sheets.items() if text.height]
    tables = [table for table in tables if table.n_rows]
    if not tables:
        raise EmptyExportError(path)
    return tables, fingerprint_of(path)


def _sheet_text(book: fastexcel.ExcelReader, name: str) -> pl.DataFrame:
    sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
    if sheet.width == 0:
        return pl.DataFrame()
    text: pl.DataFrame = sheet.to_polars()
    cells = pl.all().cast(pl.String).str.strip_chars()
    return text.select(pl.when(cells != "").then(cells))


def _table_of(
    path: Path, name: str, text: pl.DataFrame, known: frozenset[str], wanted: TextForm, *, is_1904: bool
) -> TextTable:
    # Blank rows are left out when looking for the headings; their places are kept.
    places = (
        text.head(_HEADING_WITHIN_ROWS).with_row_index("place").filter(pl.any_horizontal(pl.exclude("place").is_not_null()))
    )
    if places.is_empty():
        places = text.head(1).with_row_index("place")
    records = [row[1:] for row in places.rows()]
    block = heading_block(records, known, heading_rows=wanted.heading_rows, label_rows=wanted.label_rows)
    start, at = places["place"][block.first], places["place"][min(block.end, len(records)) - 1]
    headings = unique_headings((*block.names, *[None] * (text.width - len(block.names))))
    if looks_like_data(headings, known):
        found = f"the first row of sheet '{name}' holds data, not column names"
        raise UnreadableFileError(path, found, "Add a heading row.")
    numbered = text.rename(dict(zip(text.columns, headings, strict=True))).with_row_index(ROW, offset=1)
    has_text = pl.any_horizontal(pl.col(headings).is_not_null())
    above, below = numbered.head(start), numbered.slice(at + 1)
    rows = below.filter(has_text)
    n_comments = above.filter(has_text).height
    return TextTable(
        path=path,
        sheet=name,
        headings=headings,
        frame=rows.lazy(),
        n_rows=rows.height,
        n_headings=at - start + 1,
        n_comments=n_comments,
        n_blank=text.height - rows.height - n_comments - (at - start + 1),
        is_1904=is_1904,
        notes=(f"The headings take rows {start + 1} to {at + 1}.",) if at > start else (),
    )


def _counts_from_1904(path: Path) -> bool:
    """Say whether the workbook's day 0 is 1904-01-01 (old Excel for Mac) and not 1899-12-30."""
    try:
        if path.suffix.lower() == ".xls":
            with path.open("rb") as file:
                return is_1904_stream(file.read(_GLOBALS_BYTES))
        with zipfile.ZipFile(path) as book:
            return b'date1904="1"' in book.read("xl/workbook.xml").replace(b'"true"', b'"1"')
    except (zipfile.BadZipFile, KeyError, OSError):
        return False


def is_1904_stream(start: bytes) -> bool:
    """Say whether the records at the start of an old ``.xls`` workbook (BIFF8) name the epoch of 1904."""
    at = start.find(_BEGIN_OF_GLOBALS)
    while 0 <= at <= len(start) - 6:
        record, length = struct.unpack_from("<HH", start, at)
        if record == _DATE_MODE:
            return start[at + 4 : at + 6] == b"\x01\x00"
        if record == _END_OF_STREAM:
            break
        at += 4 + length
    return False
