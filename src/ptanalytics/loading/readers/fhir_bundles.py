"""FHIR R4 exports: a Bundle, or bulk data with one resource a line, as one text table per table of ours."""

import codecs
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from ptanalytics.errors import UnreadableFileError
from ptanalytics.loading.readers.fhir_resources import COLUMNS, READ_KINDS, facts_of
from ptanalytics.loading.readers.json_text import lines_of
from ptanalytics.loading.readers.kinds import KindCounts
from ptanalytics.loading.readers.row_store import RowStore
from ptanalytics.loading.readers.text_table import FAULT, ROW, TextTable

#: Where an entry stands: the line of bulk data, the place in a bundle, or line.place where a line holds a bundle.
ENTRY = "FHIR entry"
_NEVER_READ = (
    "Of Patient resources only id, year of birth and gender are read: never names, addresses, telephone numbers, "
    "record numbers, photographs or contacts. Free-text answers are not read either."
)
_KIND_AT_START = re.compile(rb'\s*\{\s*"resourceType"\s*:\s*"([A-Za-z]{1,40})"\s*[,}]')
_BUNDLE_AT_START = re.compile(rb'^\s*\{(?:(?!"entry"\s*:).)*?"resourceType"\s*:\s*"Bundle"', re.DOTALL)
_BUNDLES_DEEP = 3


def is_fhir(document: Any) -> bool:
    """Say whether a parsed JSON value is a FHIR resource."""
    return isinstance(document, dict) and isinstance(document.get("resourceType"), str)


def starts_as_bundle(start: bytes) -> bool:
    """Say whether the first bytes of a document are those of a Bundle."""
    return _BUNDLE_AT_START.match(start) is not None


class _Gathering:
    """The facts of one file, sorted into tables."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stores = {table: RowStore(path, (ENTRY, *columns)) for table, columns in COLUMNS.items()}
        self.ignored = KindCounts()
        self.n_resources: Counter[str] = Counter()
        #: Resources that could not even be parsed: where they stand, and the rule.
        self._broken: list[tuple[str, str]] = []
        #: Ids that a bundle refers to patients by, where they differ from the patient's own.
        self._aliases: dict[str, str] = {}

    def add(self, resource: Any, entry: str, full_url: Any = None) -> None:
        """Sort one resource into the tables."""
        if not is_fhir(resource):
            self._broken.append((entry, "not_a_record"))
            return
        kind = resource["resourceType"]
        if kind == "Patient" and isinstance(full_url, str) and isinstance(resource.get("id"), str):
            alias = full_url.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
            if alias != resource["id"]:
                self._aliases[alias] = resource["id"]
        found = facts_of(resource)
        self.n_resources[kind if kind in READ_KINDS else "other"] += 1
        for words in found.ignored:
            self.ignored.add_said(words)
        if found.other_kind is not None:
            self.ignored.add(found.other_kind)
        for fact in found.rows:
            store = self._stores[fact.table]
            store.add(store.n_rows + 1, {ENTRY: entry, **fact.cells}, fact.fault)

    def add_broken(self, entry: str, rule: str) -> None:
        """Note an entry that holds no resource."""
        self._broken.append((entry, rule))

    def ignore(self, kind: str) -> None:
        """Count a resource of a kind that is not read."""
        self.ignored.add(kind)
        self.n_resources["other"] += 1

    def tables(self, n_blank: int = 0) -> list[TextTable]:
        """Return one text table per table of ours that has facts; the first carries what belongs to the whole file."""
        if not self.n_resources and self._broken:
            raise UnreadableFileError(self._path, "none of its entries is a FHIR resource")
        filled = [table for table in COLUMNS if self._stores[table].n_rows]
        if not filled:
            return self._nothing(n_blank)
        for entry, rule in self._broken:
            store = self._stores[filled[0]]
            store.add(store.n_rows + 1, {ENTRY: entry}, rule)
        return [
            self._table(table, dict(self.ignored) if at == 0 else {}, n_blank if at == 0 else 0)
            for at, table in enumerate(filled)
        ]

    def _nothing(self, n_blank: int) -> list[TextTable]:
        frame = pl.LazyFrame(schema={ENTRY: pl.String, ROW: pl.UInt32, FAULT: pl.String})
        return [TextTable(self._path, "", (ENTRY,), frame, 0, 0, 0, n_blank, ignored_kinds=dict(self.ignored))]

    def _table(self, table: str, ignored: dict[str, int], n_blank: int) -> TextTable:
        store = self._stores[table]
        headings, frame = store.finish()
        if self._aliases:
            frame = frame.with_columns(pl.col("patient_id").replace(self._aliases))
        if table == "plans":
            headings, frame = (*headings, "plan_version"), _numbered(frame)
        return TextTable(
            path=self._path,
            sheet=table,
            headings=headings,
            frame=frame,
            n_rows=store.n_rows,
            n_headings=0,
            n_comments=0,
            n_blank=n_blank,
            has_faults=store.has_faults,
            ignored_kinds=ignored,
            notes=(_NEVER_READ,) if table == "patients" else (),
            folders=store.folders,
        )


def _numbered(plans: pl.LazyFrame) -> pl.LazyFrame:
    """Number a patient's plans by the day they begin: those of one day are one version."""
    day = pl.col("valid_from_date").str.head(10)
    version = day.rank("dense").over("patient_id").cast(pl.String)
    return plans.with_columns(version.fill_null("1").alias("plan_version"))


def read_fhir_document(path: Path, document: dict[str, Any]) -> list[TextTable]:
    """Read a Bundle or a single resource.

    Args:
        path: Its file.
        document: The parsed document; the entries of a large one may come one by one.

    Raises:
        UnreadableFileError: No entry holds a resource.
    """
    gathering = _Gathering(path)
    if document.get("resourceType") != "Bundle":
        gathering.add(document, "1")
        return gathering.tables()
    entries = document.get("entry")
    for place, entry in enumerate(entries if isinstance(entries, Iterable) and not isinstance(entries, str) else [], 1):
        _add_entry(gathering, entry, str(place), _BUNDLES_DEEP)
    return gathering.tables()


def _add_entry(gathering: _Gathering, entry: Any, place: str, depth: int) -> None:
    """Add an entry of a bundle, which holds a resource or, in lists of resources, is one."""
    is_resource = is_fhir(entry)
    resource: Any = entry if is_resource or not isinstance(entry, dict) else entry.get("resource")
    if is_fhir(resource) and resource["resourceType"] == "Bundle" and depth:
        inside = resource.get("entry")
        for at, member in enumerate(inside if isinstance(inside, list) else [], start=1):
            _add_entry(gathering, member, f"{place}.{at}", depth - 1)
        return
    gathering.add(resource, place, None if is_resource or not isinstance(entry, dict) else entry.get("fullUrl"))


def read_fhir_lines(path: Path) -> list[TextTable]:
    """Read bulk data: one resource a line. Lines of kinds that are not read are counted without being parsed.

    Raises:
        UnreadableFileError: No line holds a resource.
    """
    gathering = _Gathering(path)
    n_blank = 0
    for number, line in lines_of(path):
        if line is None:
            gathering.add_broken(str(number), "record_too_long")
            continue
        found = _KIND_AT_START.match(line)
        if found and (kind := found[1].decode()) not in READ_KINDS and kind != "Bundle" and line.rstrip().endswith(b"}"):
            gathering.ignore(kind)
        elif not line.strip():
            n_blank += 1
        else:
            _add_line(gathering, line, str(number))
    return gathering.tables(n_blank)


def _add_line(gathering: _Gathering, line: bytes, place: str) -> None:
    try:
        resource = orjson.loads(line.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError:
        gathering.add_broken(place, "not_json")
        return
    _add_entry(gathering, resource, place, _BUNDLES_DEEP)
