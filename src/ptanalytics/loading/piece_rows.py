"""The rows of a regular file, a piece at a time: numbers and moments typed as they are parsed, ids looked at once per text.

What comes out is what `convert` makes of the same lines: a piece that holds a cell written otherwise is read as text.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from ptanalytics.loading import cells
from ptanalytics.loading.convert import cell_reader, rules_to_check
from ptanalytics.loading.readers import ROW
from ptanalytics.loading.readers.line_pieces import PIECE_BYTES, common_cell_length
from ptanalytics.loading.staging import constant_texts, is_direct

if TYPE_CHECKING:
    from ptanalytics.loading.readers.line_pieces import LinePiece, RegularLines
    from ptanalytics.loading.sources import Source


class DistinctTexts(NamedTuple):
    """A text column as its distinct texts and the place of each cell among them."""

    texts: pl.Series
    places: NDArray[np.integer]


@dataclass(frozen=True)
class PieceRows:
    """The rows of one piece."""

    #: The given columns typed, but those in ``distinct``; with ``row``.
    rows: pl.DataFrame
    distinct: Mapping[str, DistinctTexts]
    #: Whether every cell could be read and every rule of the table holds; None where that is so throughout.
    is_valid: pl.Series | None


class PieceReader:
    """Reads pieces of one source; on several threads if need be.

    Args:
        source: What is read; `reads_pieces` must hold of it.
        distinct: Our text columns that are wanted as distinct texts.
    """

    def __init__(self, source: "Source", distinct: Collection[str] = ()) -> None:
        columns, missing = source.layout.columns, source.layout.missing_codes
        self._source = source
        self._lines = _lines_of(source)
        self._missing = missing
        self._headings = dict(columns)
        self._readers = {name: cell_reader(name, source) for name in columns}
        once = [name for name, heading in columns.items() if list(columns.values()).count(heading) == 1]
        self._distinct = [name for name in once if name in distinct and self._readers[name] is None]
        #: Columns whose cells have been plain so far.
        self._plain = {name for name in once if (reader := self._readers[name]) and reader.of_plain is not None}
        rules = rules_to_check(source)
        self._of_distinct = {name: _all_hold(r.holds for r in rules if r.column == name) for name in self._distinct}
        self._of_rows = _all_hold(rule.holds for rule in rules if rule.column not in self._distinct)
        self._constants = _constants(source)
        self._order = [name for name in source.layout.given_columns() if name not in self._distinct]

    def is_like(self, source: "Source") -> bool:
        """Say whether pieces of a source are read as those of this one, and may be read together with them."""
        own, other = self._source, source
        return (
            self._lines.is_like(_lines_of(other))
            and (own.table, own.layout, own.decisions, own.timezone)
            == (other.table, other.layout, other.decisions, other.timezone)
            and constant_texts(own.layout, own.path) == constant_texts(other.layout, other.path)
        )

    def read(self, pieces: "Sequence[LinePiece]") -> PieceRows:
        """Return the rows of pieces, one below the other.

        Raises:
            UnreadableFileError: A file changed since it was looked at.
        """
        plain = {name for name in set(self._plain) if self._kind(name, pieces) is not None}
        found = self._parsed(pieces, plain) if plain else None
        if found is None:
            found = self._parsed(pieces, set())
            assert found is not None  # noqa: S101 - text is always text
        return found

    def _kind(self, name: str, pieces: "Sequence[LinePiece]") -> pa.DataType | None:
        """Return what the parser reads a plain column as; None where its texts are not surely what that parser expects."""
        reader = self._readers[name]
        if reader is None or reader.of_plain is None:
            return None
        if not reader.plain_lengths:
            return pa.float64()
        if common_cell_length(pieces, self._headings[name]) not in reader.plain_lengths:
            return None
        return pa.date32() if reader.dtype == pl.Date else pa.timestamp("us")

    def _parsed(self, pieces: "Sequence[LinePiece]", plain: Collection[str]) -> PieceRows | None:
        """Read pieces, some columns with the parser's own types; None where a cell of theirs is not plain."""
        headings = self._headings
        kinds = {headings[name]: kind for name in plain if (kind := self._kind(name, pieces)) is not None}
        texts = {headings[name]: pa.dictionary(pa.int32(), pa.string()) for name in self._distinct}
        table = self._lines.read(pieces, list(dict.fromkeys(headings.values())), kinds | texts, is_text=not kinds)
        if table is None:
            return None
        frame = pl.DataFrame(table.drop_columns(list(texts)))
        has_spaces = any(piece.has_spaces for piece in pieces)
        values, flags = {}, []
        for name in headings.keys() - set(self._distinct):
            column, reader = frame[headings[name]], self._readers[name]
            if reader is None:
                values[name] = cells.read_text(column, self._missing, has_spaces=has_spaces)
            elif name in plain and reader.of_plain is not None:
                values[name] = reader.of_plain(column)
                if values[name].null_count() != column.null_count():
                    return None
            else:
                values[name], is_readable = reader.value_and_readable(column)
                if is_readable is not None:
                    flags.append(is_readable)
                    # A readable moment of the parser's length is one that it reads; a readable number need not be.
                    if not (reader.plain_lengths and is_readable.all()):
                        self._plain.discard(name)
        distinct = {name: self._distinct_of(table.column(headings[name])) for name in self._distinct}
        return self._put_together(pieces, values, distinct, flags)

    def _distinct_of(self, column: pa.ChunkedArray) -> DistinctTexts:
        cells_of = column.chunk(0)
        texts = cells.read_text(pl.Series(cells_of.dictionary, dtype=pl.String), self._missing)
        places = cells_of.indices
        if places.null_count:
            # A missing cell stands for one more text, which is missing.
            places = places.fill_null(len(texts))
            texts = texts.extend_constant(None, 1)
        return DistinctTexts(texts, places.to_numpy())

    def _put_together(
        self,
        pieces: "Sequence[LinePiece]",
        values: dict[str, pl.Series],
        distinct: dict[str, DistinctTexts],
        flags: list[pl.Series],
    ) -> PieceRows:
        numbers = [np.arange(one.first_line, one.first_line + one.n_lines, dtype=np.uint32) for one in pieces]
        row = pl.Series(ROW, np.concatenate(numbers))
        for name, (value, is_readable) in self._constants.items():
            values[name] = value.new_from_index(0, len(row))
            if not is_readable:
                flags.append(~cells.all_true(len(row)))
        rows = pl.DataFrame([*(values[name].alias(name) for name in self._order), row])
        holds = rows.select(self._of_rows).to_series()
        flags += [] if holds.all() else [holds]
        for name, (texts, places) in distinct.items():
            holds = texts.to_frame(name).select(self._of_distinct[name]).to_series()
            flags += [] if holds.all() else [pl.Series(holds.to_numpy()[places])]
        return PieceRows(rows, distinct, reduce(and_, flags) if flags else None)


@dataclass(frozen=True)
class PieceBatch:
    """Pieces that are read together, with the number of the source of each."""

    reader: PieceReader
    numbers: list[int]
    pieces: "list[LinePiece]"

    @property
    def n_lines(self) -> int:
        """Rows of all the pieces."""
        return sum(piece.n_lines for piece in self.pieces)


def piece_batches(sources: Mapping[int, "Source"], distinct: Collection[str]) -> list[PieceBatch]:
    """Put the pieces of sources into batches of a bounded length: long pieces alone, those of small files together.

    Args:
        sources: Regular files, by their number.
        distinct: Our text columns that are wanted as distinct texts.
    """
    batches: list[PieceBatch] = []
    reader, n_bytes = None, 0
    for number, source in sources.items():
        if reader is None or not reader.is_like(source):
            reader, n_bytes = PieceReader(source, distinct), PIECE_BYTES
        for piece in _lines_of(source).pieces:
            n_bytes += piece.end - piece.start
            if n_bytes > PIECE_BYTES:
                batches.append(PieceBatch(reader, [], []))
                n_bytes = piece.end - piece.start
            batches[-1].numbers.append(number)
            batches[-1].pieces.append(piece)
    return batches


def reads_pieces(source: "Source") -> bool:
    """Say whether a source is a regular file whose columns are ours under other names, or the same in every row."""
    return source.lines is not None and source.table != "scores" and is_direct(source.layout)


def _lines_of(source: "Source") -> "RegularLines":
    if source.lines is None:
        message = "the source has no regular lines"
        raise TypeError(message)
    return source.lines


def _all_hold(rules: Iterable[pl.Expr]) -> pl.Expr:
    return pl.all_horizontal(pl.lit(value=True), *(rule.fill_null(value=True) for rule in rules))


def _constants(source: "Source") -> dict[str, tuple[pl.Series, bool]]:
    """Return the value of each column that is the same in every row, and whether it could be read."""
    found = {}
    for name, text in constant_texts(source.layout, source.path).items():
        reader, cell = cell_reader(name, source), pl.Series([text], dtype=pl.String)
        if reader is None:
            found[name] = (cells.read_text(cell, source.layout.missing_codes), True)
        else:
            value, is_readable = reader.value_and_readable(cell)
            found[name] = (value, is_readable is None or bool(is_readable.all()))
    return found
