"""Append frames to one CSV or Parquet file, so that a table larger than memory can be written."""

from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import polars as pl

from ptanalytics.errors import OutputError

_DATETIME = "%Y-%m-%dT%H:%M:%S"


class TableFile:
    """A file that frames of one shape are appended to; CSV or Parquet by its ending."""

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() not in (".csv", ".parquet"):
            raise OutputError(path, "its ending is neither .csv nor .parquet", "Choose one of these endings.")
        self.path = path
        self._csv: BinaryIO | None = None
        self._parquet: Any = None

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.suffix.lower() == ".csv":
                self._csv = self.path.open("wb")
        except OSError as error:
            raise OutputError(self.path, error.strerror or "the folder cannot be written") from error
        return self

    def append(self, frame: pl.DataFrame) -> None:
        """Write a frame after those written before."""
        if self._csv is not None:
            frame.write_csv(self._csv, include_header=self._csv.tell() == 0, datetime_format=_DATETIME)
            return
        import pyarrow.parquet as pq  # noqa: PLC0415 - only Parquet needs it, and it is slow to load

        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._parquet is None:
            self._parquet = pq.ParquetWriter(self.path, table.schema, compression="zstd")
        self._parquet.write_table(table)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._csv is not None:
            self._csv.close()
        if self._parquet is not None:
            self._parquet.close()


def write_table(path: Path, frame: pl.DataFrame) -> None:
    """Write one frame as CSV or Parquet."""
    with TableFile(path) as file:
        file.append(frame)
