"""One look at all bytes of a text file: fingerprint, lines, and whether every line has as many cells as the heading."""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from io import FileIO
from pathlib import Path

from ptanalytics.errors import UnreadableFileError
from ptanalytics.loading.readers import fingerprint
from ptanalytics.loading.readers.line_pieces import LONGEST_LINE_BYTES, PIECE_BYTES, LinePiece, common_cell_length
from ptanalytics.loading.readers.plain_lines import (
    bare_cells,
    cell_ends,
    cell_starts,
    common_length,
    holds_spaces,
    say_no_order,
)
from ptanalytics.loading.readers.text_form import FileForm

_CHUNK_BYTES = 1 << 18
#: Blocks looked at at once; each takes its own length in memory.
_BLOCKS_AT_ONCE = min(4, os.cpu_count() or 1)


@dataclass
class LineCensus:
    """What a look at all bytes found."""

    path: Path
    fingerprint: str = ""
    n_lines: int = 0
    is_utf8: bool = True
    has_quotes: bool = False
    #: Some cell in quotation marks holds what stands between cells.
    has_inner_delimiters: bool = False
    #: Every line after the heading has as many fields as it, and no cell runs over a line end.
    is_regular: bool = True
    #: Numbers of lines (from 1) after the heading that hold nothing.
    blank_lines: list[int] = field(default_factory=list)
    #: Columns of `FileForm.year_first` with a cell that may say something about the order of day and month.
    unsure: set[str] = field(default_factory=set)
    #: Where the lines of data lie; of no use where some are blank or not regular.
    pieces: list[LinePiece] = field(default_factory=list)

    def add(self, other: "LineCensus") -> None:
        """Add the lines that follow."""
        self.blank_lines += [self.n_lines + number for number in other.blank_lines]
        self.pieces += [replace(piece, first_line=self.n_lines + piece.first_line) for piece in other.pieces]
        self.n_lines += other.n_lines
        self.is_utf8 &= other.is_utf8
        self.has_quotes |= other.has_quotes
        self.has_inner_delimiters |= other.has_inner_delimiters
        self.is_regular &= other.is_regular
        self.unsure |= other.unsure


def take_census(path: Path, form: FileForm) -> LineCensus:
    """Look at all bytes of a file, at several blocks of it at once."""
    n_blocks = fingerprint.n_pieces_of(path)
    census = LineCensus(path)
    with ThreadPoolExecutor(min(n_blocks, _BLOCKS_AT_ONCE)) as pool:
        look_at = partial(_look_at, path, form)
        blocks = list(pool.map(look_at, range(n_blocks))) if n_blocks > 1 else [look_at(0)]
    for _, of_block in blocks:
        census.add(of_block)
    census.fingerprint = fingerprint.fingerprint_of_pieces([digest for digest, _ in blocks])
    return census


def _look_at(path: Path, form: FileForm, number: int) -> tuple[bytes, LineCensus]:
    """Return the digest of a block, and the census of the lines that begin behind a line end in it, or with the file."""
    # Only the first block holds what stands above the data.
    form = form if number == 0 else replace(form, heading_line=0)
    census = LineCensus(path)
    with path.open("rb", buffering=0) as file:
        block = fingerprint.piece_of(file, number)
        start = 0 if number == 0 else block.find(b"\n") + 1
        at = number * fingerprint.PIECE_BYTES + start
        for chunk in _line_chunks(file, block, start) if number == 0 or start else ():
            census.is_utf8 = census.is_utf8 and _is_utf8(chunk)
            if census.is_regular:
                _count_lines(census, chunk, form, at)
            at += len(chunk)
    return hashlib.sha256(block).digest(), census


def _line_chunks(file: FileIO, block: bytearray, start: int) -> Iterator[bytes]:
    """Give the lines of a block in chunks of a bounded length; the last line may go on behind it."""
    while (cut := block.rfind(b"\n", start, start + _CHUNK_BYTES) + 1) or start + _CHUNK_BYTES < len(block):
        if not cut:  # a line longer than a chunk
            cut = block.find(b"\n", start + _CHUNK_BYTES) + 1
            if not cut:
                break
        yield bytes(memoryview(block)[start:cut])
        start = cut
    rest = [bytes(memoryview(block)[start:])]
    n_bytes = len(rest[0])
    while more := file.read(_CHUNK_BYTES):
        cut = more.find(b"\n") + 1
        rest.append(more[:cut] if cut else more)
        n_bytes += len(rest[-1])
        if cut:
            break
        if n_bytes > LONGEST_LINE_BYTES:
            found = f"a line in it is longer than {LONGEST_LINE_BYTES >> 20} MB"
            raise UnreadableFileError(str(file.name), found, "Export it again with each row on its own line.")
    if last := b"".join(rest):
        yield last


def _is_utf8(chunk: bytes) -> bool:
    if chunk.isascii():
        return True
    try:
        chunk.decode()
    except UnicodeDecodeError:
        return False
    return True


def _count_lines(census: LineCensus, chunk: bytes, form: FileForm, at: int) -> None:
    first_line = census.n_lines + 1
    n_added = int(not chunk.endswith(b"\n"))
    chunk += b"\n" * n_added
    if b"\r" in chunk and chunk.count(b"\r") != chunk.count(b"\r\n"):
        census.is_regular = False
        return
    n_above = 0
    if first_line <= form.heading_line:
        n_above = min(form.heading_line - first_line + 1, chunk.count(b"\n"))
        # Drop what stands above the data: preamble and heading have their own shape.
        data = chunk.split(b"\n", n_above)[-1]
        at += len(chunk) - len(data)
        chunk = data
        first_line += n_above
    census.n_lines += n_above
    end = at + len(chunk) - n_added
    if not chunk or _count_plain_lines(census, chunk, form, at, end):
        return
    census.unsure.update(form.year_first)
    _count_other_lines(census, chunk, form, first_line)
    _add_piece(census.pieces, LinePiece(census.path, at, end, first_line, census.n_lines - first_line + 1))


def _count_other_lines(census: LineCensus, chunk: bytes, form: FileForm, first_line: int) -> None:
    mark = form.delimiter.encode()
    shape = chunk.translate(None, delete=bytes(set(range(256)) - {*mark, *b'"\n'}))
    census.n_lines += shape.count(b"\n")
    if b'"' in shape:
        # Quotation marks beside a blank line, a cell too few or many, or out of place.
        census.has_quotes, census.is_regular = True, False
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


def _count_plain_lines(census: LineCensus, chunk: bytes, form: FileForm, start: int, end: int) -> bool:
    """Count the lines of a chunk if all are plain; note where they lie, and columns that may tell an order of dates."""
    ends = cell_ends(chunk, form.delimiter, len(form.headings))
    if ends is None:
        return False
    if b'"' in chunk:
        census.has_quotes = True
        census.has_inner_delimiters |= chunk.count(form.delimiter.encode()) > ends.size - len(ends)
    lengths = {}
    for place, heading in enumerate(form.headings):
        if heading in form.date_like:
            starts, bare_ends = bare_cells(chunk, cell_starts(ends, place), ends[:, place])
            lengths[heading] = common_length(starts, bare_ends)
            if heading in form.year_first and not say_no_order(chunk, starts[bare_ends > starts]):
                census.unsure.add(heading)
    has_spaces = not chunk.isascii() or holds_spaces(chunk, len(ends))
    stretch = LinePiece(census.path, start, end, census.n_lines + 1, len(ends), lengths, has_spaces)
    _add_piece(census.pieces, stretch)
    census.n_lines += len(ends)
    return True


def _add_piece(pieces: list[LinePiece], more: LinePiece) -> None:
    """Add lines to the last piece, as long as it stays short."""
    last = pieces[-1] if pieces else None
    if last is None or last.end != more.start or more.end - last.start > PIECE_BYTES:
        pieces.append(more)
        return
    pieces[-1] = replace(
        last,
        end=more.end,
        n_lines=last.n_lines + more.n_lines,
        cell_lengths={heading: common_cell_length((last, more), heading) for heading in more.cell_lengths},
        has_spaces=last.has_spaces or more.has_spaces,
    )


def _note_blank_lines(census: LineCensus, chunk: bytes, first_line: int, empty_row: bytes) -> int:
    """Note the lines that hold nothing, and return how many of them have no delimiter either."""
    blank = {b"", b"\r", empty_row, empty_row + b"\r"}
    found = [(first_line + n, line) for n, line in enumerate(chunk.split(b"\n")[:-1]) if line in blank]
    census.blank_lines += [number for number, _ in found]
    return sum(not line.strip(b"\r") for _, line in found)
