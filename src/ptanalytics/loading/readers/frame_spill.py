"""Frames gathered one below the other, kept in a temporary folder once they are large, so that memory does not grow."""

from pathlib import Path

import polars as pl

from ptanalytics.loading.readers.scratch import ScratchFolder

_SPILL_BYTES = 128 << 20


class FrameSpill:
    """Gathers frames; columns that some of them lack are missing there.

    Example:
        >>> spill = FrameSpill()
        >>> spill.add(pl.DataFrame({"a": [1]}))
        >>> spill.add(pl.DataFrame({"b": [2]}))
        >>> spill.lazy().collect().rows()
        [(1, None), (None, 2)]
    """

    def __init__(self) -> None:
        self._frames: list[pl.DataFrame] = []
        self._n_bytes = 0.0
        self._spilled: list[Path] = []
        #: Must live as long as the rows are read.
        self.folders: tuple[ScratchFolder, ...] = ()

    def add(self, frame: pl.DataFrame) -> None:
        """Add rows below those there are."""
        self._frames.append(frame)
        self._n_bytes += frame.estimated_size()
        if self._n_bytes > _SPILL_BYTES:
            self.folders = self.folders or (ScratchFolder(),)
            file = Path(self.folders[0].name, f"{len(self._spilled)}.parquet")
            pl.concat(self._frames, how="diagonal").write_parquet(file, compression="lz4")
            self._spilled.append(file)
            self._frames, self._n_bytes = [], 0.0

    def lazy(self) -> pl.LazyFrame | None:
        """Return all rows in their order; None where none came."""
        parts = [*(pl.scan_parquet(file, glob=False) for file in self._spilled), *(f.lazy() for f in self._frames)]
        return pl.concat(parts, how="diagonal") if parts else None
