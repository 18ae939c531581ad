"""Files to text tables. Nothing here knows our tables; only ``known`` headings help to find the heading line."""

from dataclasses import replace
from pathlib import Path

from ptanalytics.errors import EmptyExportError, UnreadableFileError
from ptanalytics.loading.layouts import TextForm
from ptanalytics.loading.readers.apple_health import is_apple_health, read_apple_health
from ptanalytics.loading.readers.archives import GZIP, ZIP, refuse_bomb, unpack
from ptanalytics.loading.readers.delimited import read_delimited
from ptanalytics.loading.readers.excel import read_excel
from ptanalytics.loading.readers.fingerprint import fingerprint_of
from ptanalytics.loading.readers.json_records import read_json
from ptanalytics.loading.readers.omop import clinical_tables_of
from ptanalytics.loading.readers.parquet import read_parquet
from ptanalytics.loading.readers.statistics_files import STATISTICS_FILES, read_statistics_file
from ptanalytics.loading.readers.text_table import FAULT, LINE_FAULTS, ROW, TextTable

_TEXT = frozenset({".csv", ".tsv", ".txt", ".tab"})
_EXCEL = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})
_PARQUET = frozenset({".parquet", ".pq"})
_JSON = frozenset({".json", ".ndjson", ".jsonl"})
_XML = frozenset({".xml"})
_PACKED = frozenset({GZIP, ZIP})
_UNPACKED = _TEXT | _EXCEL | _PARQUET | _JSON | _XML | STATISTICS_FILES

#: Endings of files that can be loaded.
READABLE = _UNPACKED | _PACKED
#: What can be loaded, and why a file with another ending is passed over.
KINDS = (
    "CSV, TSV, Excel, OpenDocument, Parquet, SPSS, Stata, JSON, NDJSON, FHIR, Apple Health XML, "
    "or one of these in gzip or zip"
)
NOT_READABLE = f"not one of: {KINDS}"

__all__ = [
    "FAULT",
    "KINDS",
    "LINE_FAULTS",
    "NOT_READABLE",
    "READABLE",
    "ROW",
    "TextTable",
    "is_delimited",
    "is_parquet",
    "is_readable",
    "read_text_tables",
]


def is_delimited(path: Path) -> bool:
    """Say whether a file is delimited text by its ending."""
    return path.suffix.lower() in _TEXT


def is_parquet(path: Path) -> bool:
    """Say whether a file is Parquet by its ending."""
    return path.suffix.lower() in _PARQUET


def is_readable(path: Path) -> bool:
    """Say whether a file of a folder is of a kind that can be loaded."""
    ending = path.suffix.lower()
    if ending in _XML:
        # XML is everywhere; only one kind of it is an export.
        try:
            return is_apple_health(path)
        except OSError:
            return True  # reading it says what is the matter
    return ending in READABLE


def read_text_tables(path: Path, known: frozenset[str], wanted: TextForm) -> tuple[list[TextTable], str]:
    """Read a file as text tables (one, or one per sheet) and return them with the file's fingerprint.

    Raises:
        UnreadableFileError: The file cannot be opened or is not what its ending says.
        EmptyExportError: It holds no rows.
    """
    try:
        if path.suffix.lower() in _PACKED:
            return _read_packed(path, known, wanted)
        return _read_one(path, known, wanted)
    except OSError:
        raise UnreadableFileError(path, "the system refuses to open it", "Check that it exists and may be read.") from None


def _read_one(path: Path, known: frozenset[str], wanted: TextForm) -> tuple[list[TextTable], str]:
    ending = path.suffix.lower()
    if ending in _JSON:
        return read_json(path)
    if ending in _XML:
        return read_apple_health(path)
    if ending in STATISTICS_FILES:
        return read_statistics_file(path)
    if ending in _EXCEL:
        refuse_bomb(path)
        tables, fingerprint = read_excel(path, known, wanted)
    elif ending in _PARQUET:
        tables, fingerprint = read_parquet(path)
    elif ending in _TEXT:
        tables, fingerprint = read_delimited(path, known, wanted)
    else:
        raise UnreadableFileError(path, f"files ending in '{ending or 'nothing'}' are not known", f"Export {KINDS}.")
    return [part for table in tables for part in clinical_tables_of(table)], fingerprint


def _read_packed(path: Path, known: frozenset[str], wanted: TextForm) -> tuple[list[TextTable], str]:
    """Read the files of an archive; each table says which file it comes from, and the first which files were left."""
    unpacked = unpack(path, _UNPACKED)
    if not unpacked.members:
        raise UnreadableFileError(path, "it holds no file that can be loaded", f"It should hold {KINDS}.")
    tables: list[TextTable] = []
    empty = []
    for member in unpacked.members:
        try:
            found, _ = _read_one(member.path, known, wanted)
        except EmptyExportError:
            empty.append(member.name)
            continue
        note = f"Unpacked from {path.name}: {member.name}."
        for table in found:
            sheet = f"{member.name}, {table.sheet}" if table.sheet else member.name
            folders = (*table.folders, unpacked.folder)
            tables.append(replace(table, sheet=sheet, notes=(note, *table.notes), folders=folders))
    if not tables:
        raise EmptyExportError(path)
    left = [f"{unpacked.n_passed_over} other files of {path.name} were not read."] if unpacked.n_passed_over else []
    left += [f"{len(empty)} files of {path.name} hold no rows: {', '.join(empty[:5])}."] if empty else []
    tables[0] = replace(tables[0], notes=(*tables[0].notes, *left))
    return tables, fingerprint_of(path)
