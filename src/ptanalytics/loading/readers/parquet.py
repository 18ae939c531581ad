"""Parquet files as text, so that they go the same way as any other export."""

from pathlib import Path

import polars as pl

from ptanalytics.errors import EmptyExportError, UnreadableFileError
from ptanalytics.loading.readers.fingerprint import fingerprint_of
from ptanalytics.loading.readers.text_table import ROW, TextTable, unique_headings


def read_parquet(path: Path) -> tuple[list[TextTable], str]:
    """Read a Parquet file and return its table with the file's fingerprint; raises as `parquet_table`."""
    return [parquet_table(path)], fingerprint_of(path)


def parquet_rows(path: Path, offset: int, n_rows: int) -> pl.DataFrame:
    """Return some rows of a Parquet file as text, without reading the others."""
    part = pl.scan_parquet(path, glob=False).slice(offset, n_rows).collect()
    names = unique_headings(part.columns)
    return part.select(
        _as_text(name, dtype).alias(heading) for (name, dtype), heading in zip(part.schema.items(), names, strict=True)
    )


def parquet_table(path: Path) -> TextTable:
    """Open a Parquet file; typed columns become the text that reads back as the same value.

    Raises:
        UnreadableFileError: Not a Parquet file, or a column holds lists or other nested values only.
        EmptyExportError: No rows.
    """
    try:
        frame = pl.scan_parquet(path, glob=False)
        schema = frame.collect_schema()
        n_rows = frame.select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError):
        raise UnreadableFileError(path, "it is not a Parquet file or is damaged") from None
    if n_rows == 0:
        raise EmptyExportError(path)
    headings = unique_headings(schema.names())
    cells = [_as_text(name, dtype).alias(heading) for (name, dtype), heading in zip(schema.items(), headings, strict=True)]
    return TextTable(
        path=path,
        sheet="",
        headings=headings,
        frame=frame.select(cells).with_row_index(ROW, offset=1),
        n_rows=n_rows,
        n_headings=0,
        n_comments=0,
        n_blank=0,
        may_hold_commas=any(dtype == pl.String or dtype.is_nested() for dtype in schema.values()),
    )


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    cell = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is not None:
            return cell.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        return cell.dt.strftime("%Y-%m-%d %H:%M:%S%.6f")
    if dtype.is_float():
        return cell.cast(pl.Float64).fill_nan(None).cast(pl.String)
    if dtype in (pl.Binary, pl.Object) or dtype.is_nested():
        return pl.lit(None, dtype=pl.String)
    return cell.cast(pl.String)
