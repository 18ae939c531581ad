"""The lines of a regular file, which has no blank line and every cell on its line, in pieces for several cores."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
from pyarrow import csv

from ptanalytics.errors import UnreadableFileError

#: Longer pieces hold more distinct texts in common, shorter ones less memory.
PIECE_BYTES = 8 << 20
#: No record is as long as this; a file with such a line has no lines.
LONGEST_LINE_BYTES = 64 << 20


@dataclass(frozen=True)
class LinePiece:
    """Some lines of a file that follow each other."""

    path: Path
    start: int
    end: int
    #: Number of its first line in the file, from 1.
    first_line: int
    n_lines: int
    #: For columns that look like dates: how long every cell is; absent or 0 where they differ, or nobody measured.
    cell_lengths: Mapping[str, int] = field(default_factory=dict)
    #: Whether a cell may begin or end with white space.
    has_spaces: bool = True


def common_cell_length(pieces: Iterable[LinePiece], heading: str) -> int:
    """Return how long every cell of a column is in all of some pieces; 0 where they differ or one holds nothing."""
    lengths = {piece.cell_lengths.get(heading, 0) for piece in pieces}
    return lengths.pop() if len(lengths) == 1 else 0


@dataclass(frozen=True)
class RegularLines:
    """A file whose lines below the headings are all regular, and none of them blank."""

    headings: tuple[str, ...]
    delimiter: str
    has_quotes: bool
    pieces: tuple[LinePiece, ...]
    #: The same lines as text; a table that was made of them since has another frame, and no pieces.
    frame: pl.LazyFrame

    def is_like(self, other: "RegularLines") -> bool:
        """Say whether pieces of both can be read together."""
        ours, theirs = (self.headings, self.delimiter, self.has_quotes), (other.headings, other.delimiter, other.has_quotes)
        return ours == theirs

    def read(
        self, pieces: Sequence[LinePiece], columns: Collection[str], dtypes: Mapping[str, pa.DataType], *, is_text: bool
    ) -> pa.Table | None:
        """Read columns of pieces, one below the other; a cell that holds nothing is missing.

        Args:
            pieces: Some of ``pieces``, or of those of a file that `is_like` this one.
            columns: The headings that are wanted.
            dtypes: What some columns are read as; the others are text.
            is_text: Every one of ``dtypes`` can hold any text, so that only a changed file cannot be read.

        Returns:
            The columns; None where a cell is not of its column's kind.

        Raises:
            UnreadableFileError: A piece is not what it was when the file was looked at.
        """
        table = self._parsed(b"".join(map(_bytes_of, pieces)), columns, dtypes)
        if table is None and not is_text:
            return None
        if table is None or table.num_rows != sum(piece.n_lines for piece in pieces):
            # Of several pieces, whose file changed shows only when each is read alone.
            for piece in pieces if len(pieces) > 1 else ():
                self.read([piece], columns, dtypes, is_text=is_text)
            raise UnreadableFileError(pieces[0].path, "its lines cannot be cut into cells, or it changed while it was read")
        return table.combine_chunks()

    def _parsed(self, block: bytes, columns: Collection[str], dtypes: Mapping[str, pa.DataType]) -> pa.Table | None:
        kinds = {heading: dtypes.get(heading, pa.string()) for heading in columns}
        try:
            return csv.read_csv(
                pa.py_buffer(block),
                csv.ReadOptions(column_names=self.headings, use_threads=False, block_size=len(block) + 1),
                csv.ParseOptions(delimiter=self.delimiter, quote_char='"' if self.has_quotes else False),
                csv.ConvertOptions(
                    column_types=kinds,
                    include_columns=list(columns),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid:
            # The parser's own message shows the cell it stumbled over, so it goes no further.
            return None


def _bytes_of(piece: LinePiece) -> bytes:
    """Return the bytes of a piece; its last line ends with a line end, even where the file does not."""
    with piece.path.open("rb") as file:
        file.seek(piece.start)
        block = file.read(piece.end - piece.start)
    if len(block) != piece.end - piece.start:
        raise UnreadableFileError(piece.path, "it changed while it was read")
    return block if block.endswith(b"\n") else block + b"\n"
