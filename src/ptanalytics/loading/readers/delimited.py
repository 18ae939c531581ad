"""CSV and its relatives, as text. A regular UTF-8 file streams; any other is read line by line, with each line judged."""

import csv
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from ptanalytics.errors import EmptyExportError, UnreadableFileError
from ptanalytics.loading.layouts import TextForm
from ptanalytics.loading.moments import order_evidence
from ptanalytics.loading.readers.encodings import detect_encoding, reads_otherwise
from ptanalytics.loading.readers.frame_spill import FrameSpill
from ptanalytics.loading.readers.line_census import LineCensus, take_census
from ptanalytics.loading.readers.line_pieces import RegularLines
from ptanalytics.loading.readers.text_form import FileForm, find_form
from ptanalytics.loading.readers.text_table import FAULT, ROW, TextTable

_BATCH_ROWS = 100_000
#: Cells of one batch; a wide file gets shorter batches.
_BATCH_CELLS = 2_000_000
_LARGE_BYTES = 32 << 20
#: Bytes without a meaning in the file's encoding, as the decoder keeps them.
_ESCAPED = re.compile("[\udc80-\udcff]")


def read_delimited(path: Path, known: frozenset[str], wanted: TextForm) -> tuple[list[TextTable], str]:
    """Read a CSV, TSV or similar file as text.

    Args:
        path: The file.
        known: Headings worth recognising, normalised; they tell delimiter and heading line.
        wanted: What a layout says about the file; the rest is seen from the file.

    Returns:
        One table, and the fingerprint of the file.

    Raises:
        EmptyExportError: No row below the headings.
        UnreadableFileError: Not text, or text in no known encoding.
    """
    form = find_form(path, known, wanted)
    with ThreadPoolExecutor(1) as beside:
        # Large files with dates whose order is open are read twice before they are converted, on a core each.
        is_open = set(form.date_like) != set(form.year_first) and path.stat().st_size > _LARGE_BYTES
        looking = beside.submit(_order_counts, path, form) if is_open else None
        census = take_census(path, form)
        order_counts = looking.result() if looking else {}
    if not census.is_utf8 and form.encoding in ("utf-8", "utf-8-sig") and not form.is_mixed:
        form = _settled(path, form, wanted)
    streams = (
        census.is_regular
        and census.is_utf8
        and form.encoding in ("utf-8", "utf-8-sig")
        and len(form.headings) > 1
        and not wanted.comment_prefix
    )
    table = (
        replace(_stream(path, form, census), order_counts=_silent_counts(form, census) | order_counts)
        if streams
        else _read_carefully(path, form, wanted)
    )
    if table.n_rows == 0:
        raise EmptyExportError(path)
    return [table], census.fingerprint


def _silent_counts(form: FileForm, census: LineCensus) -> dict[str, dict[str, int]]:
    """Return the counts of columns of which the census saw that no cell says anything about the order."""
    nothing = {"n_day_first": 0, "n_month_first": 0, "n_either": 0}
    return {heading: nothing for heading in form.year_first if heading not in census.unsure}


def _order_counts(path: Path, form: FileForm) -> dict[str, dict[str, int]]:
    """Look for the order of day and month in the columns that look like dates; nothing where the file is not regular."""
    if not form.date_like or form.encoding not in ("utf-8", "utf-8-sig"):
        return {}
    try:
        frame = pl.scan_csv(
            path,
            has_header=False,
            skip_lines=form.heading_line,
            schema=dict.fromkeys(form.headings, pl.String),
            infer_schema=False,
            separator=form.delimiter,
            glob=False,
            raise_if_empty=False,
        )
        return frame.select(map(order_evidence, form.date_like)).collect(engine="streaming").row(0, named=True)
    except pl.exceptions.PolarsError:
        return {}


def _stream(path: Path, form: FileForm, census: LineCensus) -> TextTable:
    # The scan takes the number of columns from the first line it sees, so that one must not be blank.
    first_line = form.heading_line + 1
    blank = set(census.blank_lines)
    while first_line in blank:
        first_line += 1
    frame = pl.scan_csv(
        path,
        has_header=False,
        skip_lines=first_line - 1,
        schema=dict.fromkeys(form.headings, pl.String),
        infer_schema=False,
        separator=form.delimiter,
        quote_char='"' if census.has_quotes else None,
        row_index_name=ROW,
        row_index_offset=first_line,
        glob=False,
        raise_if_empty=False,
    )
    if census.blank_lines:
        frame = frame.filter(~pl.col(ROW).is_in(pl.Series(census.blank_lines, dtype=pl.UInt32).implode()))
    preamble_blank, preamble_comments = _preamble(path, form)
    return TextTable(
        path=path,
        sheet="",
        headings=form.headings,
        frame=frame,
        n_rows=max(census.n_lines - form.heading_line - len(census.blank_lines), 0),
        n_headings=form.n_heading_lines,
        n_comments=preamble_comments,
        n_blank=len(census.blank_lines) + preamble_blank,
        may_hold_commas=census.has_inner_delimiters or form.delimiter != ",",
        delimiter=form.delimiter,
        lines=_regular_lines(form, census, frame),
        notes=form.in_words(),
    )


def _regular_lines(form: FileForm, census: LineCensus, frame: pl.LazyFrame) -> RegularLines | None:
    """Return the lines of data in pieces, where none is blank."""
    if census.blank_lines:
        return None
    return RegularLines(form.headings, form.delimiter, census.has_quotes, tuple(census.pieces), frame)


def _preamble(path: Path, form: FileForm) -> tuple[int, int]:
    """Return how many lines above the headings are blank, and how many say something."""
    with path.open("rb") as file:
        n_above = form.heading_line - form.n_heading_lines
        above = [file.readline().strip(b"\xef\xbb\xbf \t\r\n,;|") for _ in range(n_above)]
    n_blank = sum(not line for line in above)
    return n_blank, len(above) - n_blank


@dataclass
class _Lines:
    """The lines of a careful reading, sorted into what they are."""

    rows: FrameSpill = field(default_factory=FrameSpill)
    has_faults: bool = False
    n_headings: int = 0
    n_comments: int = 0
    n_blank: int = 0
    n_continued: int = 0
    n_rows: int = 0


def _read_carefully(path: Path, form: FileForm, wanted: TextForm) -> TextTable:
    lines = _Lines()
    # Below the headings only a layout can call a line a comment: "#12" may be somebody's id.
    prefix = wanted.comment_prefix
    batch: list[tuple[str | int | None, ...]] = []
    n_most = max(1, min(_BATCH_ROWS, _BATCH_CELLS // len(form.headings)))
    is_open: dict[str, None] = {}
    for first, last, record in _all_records(path, form.encoding, form.delimiter):
        lines.n_continued += last - first
        if form.heading_line - form.n_heading_lines < first <= form.heading_line:
            lines.n_headings += 1
        elif not "".join(record).strip():
            lines.n_blank += 1
        elif first < form.heading_line or (prefix and record[0].lstrip().startswith(prefix)):
            lines.n_comments += 1
        else:
            batch.append(_judged(record, len(form.headings), first))
            if form.open_encodings:
                cells = zip(form.headings, record, strict=False)
                is_open.update((heading, None) for heading, cell in cells if reads_otherwise(cell, form.open_encodings))
            if len(batch) == n_most:
                _store(lines, batch, form)
    _store(lines, batch, form)
    schema = {**dict.fromkeys(form.headings, pl.String), ROW: pl.UInt32, FAULT: pl.String}
    frame = lines.rows.lazy()
    return TextTable(
        path=path,
        sheet="",
        headings=form.headings,
        frame=pl.LazyFrame(schema=schema) if frame is None else frame,
        n_rows=lines.n_rows,
        n_headings=lines.n_headings,
        n_comments=lines.n_comments,
        n_blank=lines.n_blank,
        n_continued=lines.n_continued,
        has_faults=lines.has_faults,
        delimiter=form.delimiter,
        notes=form.in_words(),
        folders=lines.rows.folders,
        open_encodings=form.open_encodings,
        open_headings=tuple(is_open),
    )


def _settled(path: Path, form: FileForm, wanted: TextForm) -> FileForm:
    """Return the form of a file whose first quarter megabyte is UTF-8 and a later line is not."""
    if wanted.encoding or form.encoding == "utf-8-sig":
        return replace(form, is_mixed=True)
    found = detect_encoding(path)
    return replace(form, encoding=found.name, open_encodings=found.options, is_mixed=found.is_mixed)


def _all_records(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
    """Give each record with its first and last line number."""
    begins = 1
    try:
        # Bytes without a meaning in the encoding are kept apart, and only their line is set aside; what is cut in pairs or
        # fours of bytes cannot go on after a broken one.
        errors = "strict" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
        with path.open(encoding=encoding, newline="", errors=errors) as file:
            reader = csv.reader(file, delimiter=delimiter)
            for record in reader:
                yield begins, reader.line_num, [cell.lstrip("\ufeff") for cell in record] if begins == 1 else record
                begins = reader.line_num + 1
    except (UnicodeError, LookupError):
        raise UnreadableFileError(path, f"line {begins} is not text in {encoding}", "Export it as UTF-8.") from None
    except csv.Error:
        raise UnreadableFileError(
            path, f"a quotation mark opened on line {begins} is never closed", "Close it or export again."
        ) from None


def _judged(record: list[str], n_fields: int, line: int) -> tuple[str | int | None, ...]:
    """Return the cells of one row, its line and what is wrong with it. Extra fields are harmless while empty."""
    fault, n_cells = None, len(record)
    if n_cells < n_fields:
        fault = "too_few_fields"
    elif n_cells > n_fields and any(cell.strip() for cell in record[n_fields:]):
        fault = "too_many_fields"
    # Together they are looked at ten times faster than one by one.
    if not (text := "".join(record)).isascii() and _ESCAPED.search(text):
        fault, record = "other_encoding", [_ESCAPED.sub("\ufffd", cell) for cell in record]
    cells = [cell or None for cell in record[:n_fields]]
    # Tuples of texts are soon none of the garbage collector's business, which lists would be for a third of the time.
    return (*cells, *[None] * (n_fields - len(cells)), line, fault)


def _store(lines: _Lines, batch: list[tuple[str | int | None, ...]], form: FileForm) -> None:
    schema = {**dict.fromkeys(form.headings, pl.String), ROW: pl.UInt32, FAULT: pl.String}
    frame = pl.DataFrame(batch, schema=schema, orient="row")
    lines.n_rows += frame.height
    lines.has_faults |= bool(frame[FAULT].is_not_null().any())
    lines.rows.add(frame)
    batch.clear()
