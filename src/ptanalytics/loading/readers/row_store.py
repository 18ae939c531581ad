"""Rows gathered one by one into a text table, spilled to a temporary folder so that memory does not grow with the file."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from ptanalytics.errors import UnreadableFileError
from ptanalytics.loading.readers.frame_spill import FrameSpill
from ptanalytics.loading.readers.scratch import ScratchFolder
from ptanalytics.loading.readers.text_table import FAULT, ROW, unique_headings

#: More columns than this is no table of records but one record written sideways.
MAX_COLUMNS = 5_000
_BATCH_ROWS = 50_000
#: Cells of one batch; a wide or long-winded file gets shorter batches.
_BATCH_CELLS = 2_000_000
_BATCH_CHARACTERS = 64 << 20


class RowStore:
    """Gathers rows of named text cells.

    Args:
        path: The file they come from, for error messages.
        columns: The columns where they are known; others are added as they appear.
    """

    def __init__(self, path: Path, columns: tuple[str, ...] = ()) -> None:
        self._path = path
        # A dictionary for its order and its quick comparison with a row's names.
        self._columns: dict[str, None] = dict.fromkeys(columns)
        self._rows: list[int] = []
        self._cells: list[Mapping[str, str | None]] = []
        self._faults: list[str | None] = []
        self._n_characters = 0
        self._n_most = _BATCH_ROWS
        self._spill = FrameSpill()
        self.n_rows = 0
        self.has_faults = False

    def add(self, row: int, cells: Mapping[str, str | None], fault: str | None = None) -> None:
        """Add one row under its number in the file; absent cells are missing. The cells are not copied."""
        if not cells.keys() <= self._columns.keys():
            self._add_columns(cells)
        self._rows.append(row)
        self._cells.append(cells)
        self._faults.append(fault)
        self.n_rows += 1
        if fault is not None:
            self.has_faults = True
        self._n_characters += sum(map(len, filter(None, cells.values())))
        if len(self._rows) >= self._n_most or self._n_characters >= _BATCH_CHARACTERS:
            self._close_batch()

    def _add_columns(self, names: Iterable[str]) -> None:
        self._columns.update(dict.fromkeys(names))
        if len(self._columns) > MAX_COLUMNS:
            found = f"its records have more than {MAX_COLUMNS:,} different names"
            raise UnreadableFileError(self._path, found, "Export one record per row or visit.")
        self._n_most = max(min(_BATCH_ROWS, _BATCH_CELLS // len(self._columns)), 1)

    def _close_batch(self) -> None:
        if not self._rows:
            return
        cells = [
            pl.Series(f"c{at}", [row.get(name) for row in self._cells], dtype=pl.String)
            for at, name in enumerate(self._columns)
        ]
        rows = pl.Series(ROW, self._rows, dtype=pl.UInt32)
        self._spill.add(pl.DataFrame([rows, pl.Series(FAULT, self._faults, dtype=pl.String), *cells]))
        self._rows, self._cells, self._faults, self._n_characters = [], [], [], 0

    @property
    def folders(self) -> tuple[ScratchFolder, ...]:
        """Folders that must live as long as the rows are read."""
        return self._spill.folders

    def finish(self) -> tuple[tuple[str, ...], pl.LazyFrame]:
        """Return the headings, made unique, and all rows under them."""
        self._close_batch()
        headings = unique_headings(list(self._columns))
        names = {f"c{at}": heading for at, heading in enumerate(headings)}
        rows = self._spill.lazy()
        if rows is None:
            empty = {ROW: pl.UInt32, FAULT: pl.String, **dict.fromkeys(headings, pl.String)}
            return headings, pl.LazyFrame(schema=empty)
        # Names are read from each part's own columns: a late column is missing in early parts.
        return headings, rows.rename(names)
