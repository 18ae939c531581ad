"""How a text file is written, as its start shows: encoding, delimiter, and which line holds the headings."""

import codecs
import csv
import io
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ptanalytics.errors import EmptyExportError, UnreadableFileError
from ptanalytics.loading.layouts import TextForm, same_heading
from ptanalytics.loading.readers.encodings import TextEncoding, detect_encoding
from ptanalytics.loading.readers.text_table import heading_block, looks_like_data

_SAMPLE_BYTES = 1 << 18
_HEADING_WITHIN_RECORDS = 30
#: Lines looked at for those records; above them there may be notes and blank lines.
_MAX_LINES = 1_000
#: Signs that no text holds: all below the space but tab, line ends and form feed.
_CONTROLS = bytes(sign for sign in range(32) if sign not in (9, 10, 12, 13))
_DELIMITERS = (",", ";", "\t", "|")
_DELIMITER_WORDS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FOREIGN_STARTS = (
    (b"PK\x03\x04", "it is a zip file or Excel workbook under another ending", "Rename it to .xlsx or export it as CSV."),
    (b"PAR1", "it is a Parquet file under another ending", "Rename it to .parquet."),
    (b"\xd0\xcf\x11\xe0", "it is an old Excel workbook or an encrypted one", "Save it as .xlsx without a password."),
    (b"%PDF", "it is a PDF", "Export the data as CSV or Excel."),
    (b"\x1f\x8b", "it is compressed with gzip", "Unpack it first."),
)


@dataclass(frozen=True)
class FileForm:
    """What must be known to read a text file."""

    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    #: Number of the last line of the headings, from 1: what is below is data.
    heading_line: int
    #: Columns whose first cells look like dates, and those of them whose first cells all begin with the year.
    date_like: tuple[str, ...] = ()
    year_first: tuple[str, ...] = ()
    #: Lines that the headings and their labels take, up to ``heading_line``.
    n_heading_lines: int = 1
    #: Encodings between which the file's letters do not decide; empty where there is no doubt.
    open_encodings: tuple[str, ...] = ()
    is_mixed: bool = False

    def in_words(self) -> tuple[str, ...]:
        """Say what about the form is not the plain one: UTF-8, comma, headings on line 1."""
        said = [*TextEncoding(self.encoding, self.open_encodings[1:], self.is_mixed).in_words()]
        if self.delimiter != ",":
            said.append(f"Cells are separated by {_DELIMITER_WORDS.get(self.delimiter, self.delimiter)}.")
        if self.n_heading_lines > 1:
            said.append(f"The headings take lines {self.heading_line - self.n_heading_lines + 1} to {self.heading_line}.")
        elif self.heading_line > 1:
            said.append(f"The headings stand on line {self.heading_line}.")
        return tuple(said)


def find_form(path: Path, known: frozenset[str], wanted: TextForm) -> FileForm:
    """Look at the start of a text file and say how it is written.

    Raises:
        EmptyExportError: The file holds nothing.
        UnreadableFileError: It is not text, or its first line is data.
    """
    with path.open("rb") as file:
        start = file.read(_SAMPLE_BYTES)
    if not start.strip():
        raise EmptyExportError(path)
    encoding = TextEncoding(wanted.encoding) if wanted.encoding else _encoding_of(path, start)
    lines = _whole_lines(start, encoding.name, wanted.skip_lines + _MAX_LINES, is_all=len(start) < _SAMPLE_BYTES)
    body = lines[wanted.skip_lines :]
    delimiter = wanted.delimiter or _delimiter_of(body, known)
    found = _records(body, delimiter, wanted.comment_prefix)
    if not found:
        raise EmptyExportError(path)
    records = [record for _, _, record in found]
    block = heading_block(records, known, heading_rows=wanted.heading_rows, label_rows=wanted.label_rows)
    headings = block.names
    if looks_like_data(headings, known):
        raise UnreadableFileError(path, "its first line holds data, not column names", "Export it with a heading line.")
    first_line, last_line = found[block.first][0], found[min(block.end, len(found)) - 1][1]
    return FileForm(
        encoding.name,
        delimiter,
        headings,
        last_line + wanted.skip_lines,
        *_date_like(headings, records[block.end :]),
        n_heading_lines=last_line - first_line + 1,
        open_encodings=encoding.options,
        is_mixed=encoding.is_mixed,
    )


def _date_like(headings: tuple[str, ...], sample: list[list[str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns that look like dates, and those of them where each cell begins with the year."""
    columns = {heading: [record[at] for record in sample if at < len(record)] for at, heading in enumerate(headings)}
    date_like = [
        heading
        for heading, cells in columns.items()
        if any(re.match(r"\s*\d{1,4}[-/. ]\d{1,2}[-/. ]\d", cell) for cell in cells)
    ]
    year_first = [heading for heading in date_like if all(re.match(r"\d{4}|$", cell) for cell in columns[heading])]
    return tuple(date_like), tuple(year_first)


def _encoding_of(path: Path, start: bytes) -> TextEncoding:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return TextEncoding(encoding)
    for mark, found, to_do in _FOREIGN_STARTS:
        if start.startswith(mark):
            raise UnreadableFileError(path, found, to_do)
    if b"\x00" in start:
        # UTF-16 without a mark: mostly Latin letters leave every other byte empty.
        even, odd = start[0::2].count(0), start[1::2].count(0)
        if max(even, odd) > len(start) // 3 and min(even, odd) < len(start) // 50:
            return TextEncoding("utf-16-le" if odd > even else "utf-16-be")
        raise UnreadableFileError(path, "it holds binary data, not text")
    if len(start) - len(start.translate(None, delete=_CONTROLS)) > len(start) // 100:
        raise UnreadableFileError(path, "it holds binary data, not text")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start, final=len(start) < _SAMPLE_BYTES)
    except UnicodeDecodeError:
        return detect_encoding(path)
    return TextEncoding("utf-8")


def _whole_lines(start: bytes, encoding: str, n_lines: int, *, is_all: bool) -> list[str]:
    text = start.decode(encoding, errors="replace").lstrip("\ufeff")
    lines = list(islice(io.StringIO(text, newline=""), n_lines))
    return lines if is_all or len(lines) < 2 else lines[:-1]


def _delimiter_of(lines: list[str], known: frozenset[str]) -> str:
    """Return the delimiter under which most headings are known; else the one that cuts most lines alike."""

    def fit(delimiter: str) -> tuple[int, int]:
        records = [record for _, _, record in _records(lines, delimiter, None)]
        names = max((sum(same_heading(cell) in known for cell in record) for record in records), default=0)
        widths = [len(record) for record in records if len(record) > 1]
        return names, max((widths.count(width) * width for width in set(widths)), default=0)

    return max(_DELIMITERS, key=fit)


def _records(lines: list[str], delimiter: str, comment_prefix: str | None) -> list[tuple[int, int, list[str]]]:
    """Return the first records with the numbers of their first and last line, without blanks and comments."""
    reader = csv.reader(iter(lines), delimiter=delimiter)
    found: list[tuple[int, int, list[str]]] = []
    begins = 1
    try:
        for record in reader:
            is_comment = bool(record) and record[0].lstrip().startswith(comment_prefix or "#")
            if any(cell.strip() for cell in record) and not is_comment:
                found.append((begins, reader.line_num, record))
            if len(found) == _HEADING_WITHIN_RECORDS:
                break
            begins = reader.line_num + 1
    except csv.Error:
        return found
    return found
