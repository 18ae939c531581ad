"""What a suggestion looks at: the headings of a file and a sample of its rows, from its head and its tail."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from ptanalytics.loading.layouts import Layout, TextForm
from ptanalytics.loading.names import known_headings
from ptanalytics.loading.opening import open_tables
from ptanalytics.loading.readers import ROW, TextTable, is_delimited, is_parquet
from ptanalytics.loading.readers.encodings import reads_otherwise
from ptanalytics.loading.readers.parquet import parquet_rows, parquet_table
from ptanalytics.loading.readers.text_form import FileForm, find_form

_HEAD_BYTES = 1 << 18
_TAIL_BYTES = 1 << 17
_HEAD_ROWS, _TAIL_ROWS = 1_000, 500
#: Encodings in which a line end is several bytes, so that a file cannot be entered in its middle.
_SEVERAL_BYTE_ENDS = ("utf-16", "utf-32", "utf_16", "utf_32")


@dataclass(frozen=True)
class Sample:
    """Headings and some rows of one table of a file, as text."""

    table: TextTable
    #: The sampled cells under the file's headings.
    cells: pl.DataFrame
    #: The sample is all there is.
    is_whole: bool
    text: TextForm = field(default_factory=TextForm)
    #: How the file is written, in words.
    written: tuple[str, ...] = ()

    @property
    def headings(self) -> tuple[str, ...]:
        """The file's headings."""
        return self.table.headings


def sample_file(path: Path, layout: Layout | None = None, encoding: str | None = None) -> list[Sample]:
    """Look at the head and the tail of a file; a large text or Parquet file is not read through.

    Args:
        path: The file.
        layout: What is known of it.
        encoding: What a person has said of its encoding.

    Raises:
        PtAnalyticsError: The file cannot be read or holds nothing.
    """
    if is_delimited(path):
        wanted = layout.text if layout else TextForm()
        return [_of_text(path, wanted.model_copy(update={"encoding": encoding}) if encoding else wanted)]
    if is_parquet(path):
        return [_of_table(parquet_table(path), partial(parquet_rows, path))]
    return [_of_table(table) for table in open_tables(path, layout)[0]]


def _of_table(table: TextTable, rows_of: Callable[[int, int], pl.DataFrame] | None = None) -> Sample:
    def rows(offset: int, n_rows: int) -> pl.DataFrame:
        return rows_of(offset, n_rows) if rows_of else table.frame.slice(offset, n_rows).collect()

    parts = [rows(0, _HEAD_ROWS)]
    if table.n_rows > _HEAD_ROWS:
        n_tail = min(_TAIL_ROWS, table.n_rows - _HEAD_ROWS)
        parts.append(rows(table.n_rows - n_tail, n_tail))
    cells = pl.concat(parts).select(table.headings)
    return Sample(table, cells, is_whole=table.n_rows <= _HEAD_ROWS + _TAIL_ROWS)


def _of_text(path: Path, wanted: TextForm) -> Sample:
    form = find_form(path, known_headings(), wanted)
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        tail = b""
        if size > _HEAD_BYTES and not form.encoding.lower().startswith(_SEVERAL_BYTE_ENDS):
            file.seek(max(size - _TAIL_BYTES, _HEAD_BYTES))
            tail = file.read()
    is_whole = size <= _HEAD_BYTES
    # Both pieces are cut in the middle of a line, which is left out.
    head = head if is_whole else head[: head.rfind(b"\n") + 1]
    # The lines of the headings end with their labels.
    records = _records(head, form)[form.heading_line :][:_HEAD_ROWS]
    records += _records(tail[tail.find(b"\n") + 1 :], form)[-_TAIL_ROWS:] if tail else []
    width = len(form.headings)
    rows = [
        [cell or None for cell in record[:width]] + [None] * (width - len(record)) + [number]
        for number, record in enumerate(records)
        if any(cell.strip() for cell in record)
    ]
    schema = {**dict.fromkeys(form.headings, pl.String), ROW: pl.UInt32}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    table = TextTable(
        path=path,
        sheet="",
        headings=form.headings,
        frame=frame.lazy(),
        n_rows=frame.height,
        n_headings=1,
        n_comments=0,
        n_blank=0,
        delimiter=form.delimiter,
        open_encodings=form.open_encodings,
        open_headings=tuple(name for name in form.headings if _is_open(frame[name], form)),
    )
    return Sample(table, frame.select(form.headings), is_whole=is_whole, text=wanted, written=form.in_words())


def _is_open(cells: pl.Series, form: FileForm) -> bool:
    return any(reads_otherwise(cell, form.open_encodings) for cell in cells.drop_nulls()) if form.open_encodings else False


def _records(piece: bytes, form: FileForm) -> list[list[str]]:
    """Cut a piece of the file into records; a line of the file that holds nothing is an empty record."""
    text = piece.decode(form.encoding, errors="replace").lstrip("\ufeff")
    records: list[list[str]] = []
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=form.delimiter)
        n_lines = 0
        for record in reader:
            # One entry per line, so that the line of the headings is found by its number.
            records += [[]] * (reader.line_num - n_lines - 1)
            records.append(record)
            n_lines = reader.line_num
    except csv.Error:
        return records
    return records
