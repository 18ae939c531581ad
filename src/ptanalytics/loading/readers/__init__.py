"""Files to text tables. Nothing here knows our tables; only ``known`` headings help to find the heading line."""

from pathlib import Path

from ptanalytics.errors import UnreadableFileError
from ptanalytics.loading.layouts import TextForm
from ptanalytics.loading.readers.delimited import read_delimited
from ptanalytics.loading.readers.excel import read_excel
from ptanalytics.loading.readers.parquet import read_parquet
from ptanalytics.loading.readers.text_table import FAULT, LINE_FAULTS, ROW, TextTable

_TEXT = frozenset({".csv", ".tsv", ".txt", ".tab"})
_EXCEL = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls"})
_PARQUET = frozenset({".parquet", ".pq"})

#: Endings of files that can be loaded.
READABLE = _TEXT | _EXCEL | _PARQUET

#: Why a file with another ending is passed over.
NOT_READABLE = "not a CSV, TSV, Excel or Parquet file"

__all__ = ["FAULT", "LINE_FAULTS", "NOT_READABLE", "READABLE", "ROW", "TextTable", "is_readable", "read_text_tables"]


def is_readable(path: Path) -> bool:
    """Say whether a file of a folder is of a kind that can be loaded."""
    return path.suffix.lower() in READABLE


def read_text_tables(path: Path, known: frozenset[str], wanted: TextForm) -> tuple[list[TextTable], str]:
    """Read a file as text tables (one, or one per sheet) and return them with the file's SHA-256.

    Raises:
        UnreadableFileError: The file cannot be opened or is not what its ending says.
        EmptyExportError: It holds no rows.
    """
    ending = path.suffix.lower()
    try:
        if ending in _EXCEL:
            return read_excel(path, known)
        if ending in _PARQUET:
            return read_parquet(path)
        if ending in _TEXT:
            return read_delimited(path, known, wanted)
    except OSError:
        raise UnreadableFileError(path, "the system refuses to open it", "Check that it exists and may be read.") from None
    raise UnreadableFileError(
        path, f"files ending in '{ending or 'nothing'}' are not known", "Export CSV, TSV, Excel or Parquet."
    )
