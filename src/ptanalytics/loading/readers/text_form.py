"""How a text file is written: encoding, delimiter, which line holds the headings, and whether every line is regular."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ptanalytics.errors import EmptyExportError, UnreadableFileError
from ptanalytics.loading.layouts import TextForm, same_heading
from ptanalytics.loading.readers.encodings import TextEncoding, detect_encoding
from ptanalytics.loading.readers.fingerprint import fingerprint_of
from ptanalytics.loading.readers.plain_lines import cell_ends, cell_starts, say_no_order
from ptanalytics.loading.readers.text_table import heading_block, looks_like_data

_SAMPLE_BYTES = 1 << 18
_CHUNK_BYTES = 1 << 18
_HEADING_WITHIN_RECORDS = 30
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


@dataclass
class LineCensus:
    """What one pass over all bytes found."""

    fingerprint: str = ""
    n_lines: int = 0
    is_utf8: bool = True
    has_quotes: bool = False
    #: Every line after the heading has as many fields as it, and no cell runs over a line end.
    is_regular: bool = True
    #: Numbers of lines (from 1) after the heading that hold nothing.
    blank_lines: list[int] = field(default_factory=list)
    #: Columns of `FileForm.year_first` with a cell that may say something about the order of day and month.
    unsure: set[str] = field(default_factory=set)


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
    lines = _whole_lines(start, encoding.name, is_all=len(start) < _SAMPLE_BYTES)
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


def _whole_lines(start: bytes, encoding: str, *, is_all: bool) -> list[str]:
    text = start.decode(encoding, errors="replace").lstrip("\ufeff")
    lines = list(io.StringIO(text, newline=""))
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


def take_census(path: Path, form: FileForm) -> LineCensus:
    """Look at all bytes of a file: fingerprint, lines, encoding, and whether each line has the heading's fields."""
    census = LineCensus()
    decoder = codecs.getincrementaldecoder("utf-8")()
    with ThreadPoolExecutor(1) as beside:
        hashing = beside.submit(fingerprint_of, path)
        for chunk in _line_chunks(path):
            if census.is_utf8 and not chunk.isascii():
                census.is_utf8 = _decodes(decoder, chunk)
            if census.is_regular:
                _count_lines(census, chunk, form)
        census.fingerprint = hashing.result()
    return census


def _line_chunks(path: Path) -> Iterator[bytes]:
    """Give the file in pieces that end at line ends."""
    rest = b""
    with path.open("rb") as file:
        while piece := file.read(_CHUNK_BYTES):
            cut = piece.rfind(b"\n") + 1
            if cut:
                yield rest + piece[:cut]
                rest = piece[cut:]
            else:
                rest += piece
    if rest:
        yield rest


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes) -> bool:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def _count_lines(census: LineCensus, chunk: bytes, form: FileForm) -> None:
    first_line = census.n_lines + 1
    chunk = chunk if chunk.endswith(b"\n") else chunk + b"\n"
    if b"\r" in chunk and chunk.count(b"\r") != chunk.count(b"\r\n"):
        census.is_regular = False
        return
    n_above = 0
    if first_line <= form.heading_line:
        n_above = min(form.heading_line - first_line + 1, chunk.count(b"\n"))
        # Drop what stands above the data: preamble and heading have their own shape.
        chunk = chunk.split(b"\n", n_above)[-1]
        first_line += n_above
    n_plain = _n_plain_lines(census, chunk, form)
    if n_plain is not None:
        census.n_lines += n_above + n_plain
        return
    census.unsure.update(form.year_first)
    mark = form.delimiter.encode()
    shape = chunk.translate(None, delete=bytes(set(range(256)) - {*mark, *b'"\n'}))
    census.n_lines += n_above + shape.count(b"\n")
    if b'"' in shape:
        census.has_quotes = True
        shape = re.sub(rb'"[^"\n]*"', b"", shape)
        if b'"' in shape or not _are_quotes_in_place(chunk, form.delimiter) or _has_empty_record(chunk, mark):
            census.is_regular = False
            return
    empty_row = mark * (len(form.headings) - 1)
    # Comparing is ten times cheaper than looking closer, and nearly always enough.
    if shape != (empty_row + b"\n") * shape.count(b"\n"):
        without_delimiter = shape.replace(empty_row + b"\n", b"")
        n_empty = _note_blank_lines(census, chunk, first_line, empty_row)
        # What is left over must be lines that hold nothing at all; a lone word is a line too short.
        census.is_regular = without_delimiter == b"\n" * n_empty
    elif chunk.startswith(empty_row) or b"\n" + empty_row in chunk:
        _note_blank_lines(census, chunk, first_line, empty_row)


def _n_plain_lines(census: LineCensus, chunk: bytes, form: FileForm) -> int | None:
    """Count the lines of a chunk if all are plain, and note the columns that may say something about their date order."""
    ends = cell_ends(chunk, form.delimiter, len(form.headings))
    if ends is None:
        return None if chunk else 0
    for at, heading in enumerate(form.headings):
        if heading in form.year_first and not say_no_order(chunk, cell_starts(ends, at), form.delimiter):
            census.unsure.add(heading)
    return len(ends)


def _has_empty_record(chunk: bytes, mark: bytes) -> bool:
    """Say whether some line holds nothing but delimiters, spaces and quotation marks: a blank row however written."""
    bare = chunk.translate(None, delete=mark + b'" \t\r')
    return bare.startswith(b"\n") or b"\n\n" in bare


def _are_quotes_in_place(chunk: bytes, delimiter: str) -> bool:
    """Say whether every quotation mark opens a cell, closes it, or is one of a pair inside it.

    A fast reader gives up on a cell such as ``"a"b`` and shows it in its error, so such a file is read carefully.
    """
    signs = np.frombuffer(b"\n" + chunk, dtype=np.uint8)
    quotes = np.flatnonzero(signs == ord('"'))
    is_run_start = np.diff(quotes, prepend=-2) > 1
    starts = quotes[is_run_start]
    lengths = np.diff(np.append(np.flatnonzero(is_run_start), len(quotes)))
    ends = np.frombuffer((delimiter + "\r\n").encode(), dtype=np.uint8)
    after_end, before_end = np.isin(signs[starts - 1], ends), np.isin(signs[starts + lengths], ends)
    is_inside = (np.cumsum(lengths) - lengths) % 2 == 1
    is_even = lengths % 2 == 0
    # Inside a cell pairs are text and an odd run closes it; outside a run opens a cell, an even one an empty cell or so.
    return bool(np.all(np.where(is_inside, is_even | before_end, after_end & (~is_even | before_end))))


def _note_blank_lines(census: LineCensus, chunk: bytes, first_line: int, empty_row: bytes) -> int:
    """Note the lines that hold nothing, and return how many of them have no delimiter either."""
    blank = {b"", b"\r", empty_row, empty_row + b"\r"}
    found = [(first_line + n, line) for n, line in enumerate(chunk.split(b"\n")[:-1]) if line in blank]
    census.blank_lines += [number for number, _ in found]
    return sum(not line.strip(b"\r") for _, line in found)
