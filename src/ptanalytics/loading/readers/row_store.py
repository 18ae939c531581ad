"""Rows gathered one by one into a text table, spilled to a temporary folder so that memory does not grow with the file."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from ptanalytics.errors import UnreadableFileError
from ptanalytics.loading.readers.scratch import ScratchFolder
from ptanalytics.loading.readers.text_table import FAULT, ROW, unique_headings

#: More columns than this is no table of records but one record written sideways.
MAX_COLUMNS = 5_000
_BATCH_ROWS = 50_000
#: Cells of one batch; a wide or long-winded file gets shorter batches.
_BATCH_CELLS = 2_000_000
_BATCH_CHARACTERS = 64 << 20
_SPILL_BYTES = 128 << 20


class RowStore:
    """Gathers rows of named text cells.

    Args:
        path: The file they come from, for error messages.
        columns: The columns where they are known; others are added as they appear.
    """

    def __init__(self, path: Path, columns: tuple[str, ...] = ()) -> None:
        self._path = path
        self._columns: dict[str, list[str | None]] = {name: [] for name in columns}
        self._rows: list[int] = []
        self._faults: list[str | None] = []
        self._n_characters = 0
        self._frames: list[pl.DataFrame] = []
        self._spilled: list[Path] = []
        self.folders: tuple[ScratchFolder, ...] = ()
        self.n_rows = 0
        self.has_faults = False

    def add(self, row: int, cells: Mapping[str, str | None], fault: str | None = None) -> None:
        """Add one row under its number in the file; absent cells are missing."""
        n_before = len(self._rows)
        for name, cell in cells.items():
            column = self._columns.get(name)
            if column is None:
                column = self._new_column(name)
            if len(column) < n_before:
                column.extend([None] * (n_before - len(column)))
            column.append(cell)
            if cell is not None:
                self._n_characters += len(cell)
        self._rows.append(row)
        self._faults.append(fault)
        self.n_rows += 1
        self.has_faults = self.has_faults or fault is not None
        n = n_before + 1
        if n >= _BATCH_ROWS or n * len(self._columns) >= _BATCH_CELLS or self._n_characters >= _BATCH_CHARACTERS:
            self._close_batch()

    def _new_column(self, name: str) -> list[str | None]:
        if len(self._columns) >= MAX_COLUMNS:
            found = f"its records have more than {MAX_COLUMNS:,} different names"
            raise UnreadableFileError(self._path, found, "Export one record per row or visit.")
        self._columns[name] = []
        return self._columns[name]

    def _close_batch(self) -> None:
        n = len(self._rows)
        if not n:
            return
        cells = [
            pl.Series(f"c{at}", [*column, *[None] * (n - len(column))], dtype=pl.String)
            for at, column in enumerate(self._columns.values())
        ]
        rows = pl.Series(ROW, self._rows, dtype=pl.UInt32)
        self._frames.append(pl.DataFrame([rows, pl.Series(FAULT, self._faults, dtype=pl.String), *cells]))
        for column in self._columns.values():
            column.clear()
        self._rows, self._faults, self._n_characters = [], [], 0
        if sum(frame.estimated_size() for frame in self._frames) > _SPILL_BYTES:
            self._spill()

    def _spill(self) -> None:
        self.folders = self.folders or (ScratchFolder(),)
        file = Path(self.folders[0].name, f"{len(self._spilled)}.parquet")
        pl.concat(self._frames, how="diagonal").write_parquet(file, compression="lz4")
        self._spilled.append(file)
        self._frames = []

    def finish(self) -> tuple[tuple[str, ...], pl.LazyFrame]:
        """Return the headings, made unique, and all rows under them."""
        self._close_batch()
        headings = unique_headings(list(self._columns))
        parts = [*(pl.scan_parquet(file, glob=False) for file in self._spilled), *(f.lazy() for f in self._frames)]
        names = {f"c{at}": heading for at, heading in enumerate(headings)}
        if not parts:
            empty = {ROW: pl.UInt32, FAULT: pl.String, **dict.fromkeys(headings, pl.String)}
            return headings, pl.LazyFrame(schema=empty)
        # Names are read from each part's own columns: a late column is missing in early parts.
        return headings, pl.concat(parts, how="diagonal").rename(names)
