"""JSON and NDJSON as text tables: lists of records or one record a line; names within names become ``a.b``."""

import codecs
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from ptanalytics.errors import EmptyExportError, UnreadableFileError
from ptanalytics.loading.readers.fhir_bundles import is_fhir, read_fhir_document, read_fhir_lines, starts_as_bundle
from ptanalytics.loading.readers.fingerprint import fingerprint_of
from ptanalytics.loading.readers.json_text import is_lines_of_json, lines_of, streamed_items, whole_document
from ptanalytics.loading.readers.row_store import RowStore
from ptanalytics.loading.readers.text_table import TextTable

_DEEPEST = 16


def read_json(path: Path) -> tuple[list[TextTable], str]:
    r"""Read a JSON document or lines of JSON as text.

    A document is a list of records, or an object whose lists of records become one table each. Rows are numbered by line,
    or by place in the list. A list of plain values in a record becomes one cell, ``mon, wed``; a list of records becomes
    ``sets.0.reps``. FHIR resources are recognised and read as such.

    Args:
        path: A .json, .ndjson or .jsonl file in UTF-8.

    Returns:
        One table per list of records, and the fingerprint of the file.

    Raises:
        UnreadableFileError: Not JSON, cut off, or in another encoding.
        EmptyExportError: It holds no records.

    Example:
        >>> import tempfile, pathlib
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder, "log.ndjson")
        ...     _ = file.write_text('{"id": "A", "pain": {"now": 3}}\n{"id": "B"}\n', encoding="utf-8")
        ...     [table], _ = read_json(file)
        >>> table.frame.collect().select("row", "id", "pain.now").rows()
        [(1, 'A', '3'), (2, 'B', None)]
    """
    tables = _tables_of_lines(path) if is_lines_of_json(path) else _tables_of_document(path)
    tables = [table for table in tables if table.n_rows or table.ignored_kinds]
    if not tables:
        raise EmptyExportError(path)
    if not any(table.headings for table in tables):
        raise UnreadableFileError(path, "it is JSON but holds no records with names", "Export a list of records.")
    tables = [table for table in tables if table.headings]
    return tables, fingerprint_of(path)


def _tables_of_lines(path: Path) -> list[TextTable]:
    if _first_record_is_fhir(path):
        return read_fhir_lines(path)
    store = RowStore(path)
    n_blank = n_good = 0
    for number, line in lines_of(path):
        if line is not None and not line.strip():
            n_blank += 1
            continue
        fault, cells = _cells_of_line(line)
        n_good += fault is None
        store.add(number, cells, fault)
    if store.n_rows and not n_good:
        raise UnreadableFileError(path, "none of its lines is a JSON record in UTF-8")
    return [_as_table(path, "", store, n_blank=n_blank)]


def _first_record_is_fhir(path: Path) -> bool:
    for number, line in lines_of(path):
        if number > 100:
            break
        if line and line.strip():
            try:
                record = orjson.loads(line.removeprefix(codecs.BOM_UTF8))
            except orjson.JSONDecodeError:
                continue
            return is_fhir(record)
    return False


def _cells_of_line(line: bytes | None) -> tuple[str | None, dict[str, str | None]]:
    if line is None:
        return "record_too_long", {}
    try:
        record = orjson.loads(line.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError:
        return "not_json", {}
    return _cells_of(record)


def _cells_of(record: Any) -> tuple[str | None, dict[str, str | None]]:
    """Return what is wrong with a record as a whole, if anything, and its cells."""
    if not isinstance(record, dict):
        return "not_a_record", {}
    cells: dict[str, str | None] = {}
    return (None, cells) if _flatten(record.items(), "", cells, _DEEPEST) else ("nested_too_deep", {})


def _flatten(members: Iterable[tuple[Any, Any]], prefix: str, cells: dict[str, str | None], depth: int) -> bool:
    """Put all values into cells under dotted names; False where they are nested too deep."""
    if depth == 0:
        return False
    for key, value in members:
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value:
            if not _flatten(value.items(), f"{name}.", cells, depth - 1):
                return False
        elif isinstance(value, list):
            if any(isinstance(member, dict | list) for member in value):
                if not _flatten(enumerate(value), f"{name}.", cells, depth - 1):
                    return False
            else:
                cells[name] = ", ".join(text for member in value if (text := cell_text(member)) is not None) or None
        else:
            cells[name] = cell_text(value)
    return True


def cell_text(value: Any) -> str | None:
    """Return a plain JSON value as the text that stands for it; empty text is missing."""
    if isinstance(value, str):
        return value or None
    if value is None or isinstance(value, dict):
        return None  # a record without names says nothing
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def _tables_of_document(path: Path) -> list[TextTable]:
    document = whole_document(path)
    if document is None:
        return _tables_of_large_document(path)
    if is_fhir(document):
        return read_fhir_document(path, document)
    if isinstance(document, list):
        if document and is_fhir(document[0]):
            return read_fhir_document(path, {"resourceType": "Bundle", "entry": document})
        return [_table_of_records(path, "", iter(document))]
    if not isinstance(document, dict):
        raise UnreadableFileError(path, "it is JSON but holds no records", "Export a list of records.")
    lists = {key: value for key, value in document.items() if _is_list_of_records(value)}
    if not lists:
        return [_table_of_records(path, "", iter([document]))]
    return [_table_of_records(path, key if len(lists) > 1 else "", iter(records)) for key, records in lists.items()]


def _is_list_of_records(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(member, dict) for member in value)


def _tables_of_large_document(path: Path) -> list[TextTable]:
    with path.open("rb") as file:
        start = file.read(1 << 16).removeprefix(codecs.BOM_UTF8).lstrip()
    if start[:1] == b"[":
        return [_table_of_records(path, "", streamed_items(path, "item"))]
    if starts_as_bundle(start):
        return read_fhir_document(path, {"resourceType": "Bundle", "entry": streamed_items(path, "entry.item")})
    found = "it is one large object and not a list of records"
    raise UnreadableFileError(path, found, "Export it as NDJSON, one record a line, or as a list of records.")


def _table_of_records(path: Path, name: str, records: Iterator[Any]) -> TextTable:
    store = RowStore(path)
    for number, record in enumerate(records, start=1):
        fault, cells = _cells_of(record)
        store.add(number, cells, fault)
    return _as_table(path, name, store)


def _as_table(path: Path, name: str, store: RowStore, *, n_blank: int = 0) -> TextTable:
    headings, frame = store.finish()
    return TextTable(
        path=path,
        sheet=name,
        headings=headings,
        frame=frame,
        n_rows=store.n_rows,
        n_headings=0,
        n_comments=0,
        n_blank=n_blank,
        has_faults=store.has_faults,
        folders=store.folders,
    )
