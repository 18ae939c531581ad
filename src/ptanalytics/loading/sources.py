"""Find what can be loaded: which files, which tables in them, and how each column is to be read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from ptanalytics.errors import (
    EmptyExportError,
    LayoutError,
    NothingUsableError,
    TableConflictError,
    UnknownTimezoneError,
    UnreadableFileError,
)
from ptanalytics.loading.columns import AUTOMATIC, ColumnMatch, match_headings, match_layout
from ptanalytics.loading.decisions import ColumnDecisions, decide
from ptanalytics.loading.layouts import (
    DateOrder,
    Layout,
    TableLayout,
    layouts_in,
    matching_layout,
    read_layout,
)
from ptanalytics.loading.opening import open_tables, opened_ahead, reads_all_of, refuse_open_letters
from ptanalytics.loading.readers import FAULT, NOT_READABLE, ROW, TextTable, is_readable
from ptanalytics.loading.readers.engine_faults import told_plainly
from ptanalytics.loading.readers.fhir_codes import IS_SITE_CODES, is_site_codes
from ptanalytics.loading.readers.line_pieces import RegularLines
from ptanalytics.loading.readers.redcap_dictionary import DICTIONARY, dictionaries_kept, is_dictionary_file
from ptanalytics.loading.readers.scratch import ScratchFolder
from ptanalytics.loading.receipt import FileReceipt, SkippedFile
from ptanalytics.loading.redcap import redcap_layout, with_identifiers
from ptanalytics.loading.reshape import RowsMeant, rows_meant
from ptanalytics.loading.value_labels import with_labels

#: Why a file is not read whose headings nobody knows.
NO_TABLE = "its columns are those of no table; 'ptanalytics layout' on this file proposes how to read it"
#: Tables for which a file with headings and no rows is a fact ("none recorded") and not a broken export.
_MAY_BE_EMPTY = frozenset({"pauses", "flags"})


@dataclass(frozen=True)
class Source:
    """One table found in one file, ready to be converted."""

    path: Path
    #: Name shown to people: the file's name, with the sheet of a workbook.
    file: str
    table: str
    fingerprint: str
    layout_id: str
    #: The columns that are read, as text under the file's headings, with ``row``.
    text: pl.LazyFrame
    match: ColumnMatch
    decisions: ColumnDecisions
    #: Rows of data; with the ignored lines this is all the file has.
    n_rows: int
    n_headings: int = 0
    n_comments: int = 0
    n_blank: int = 0
    n_continued: int = 0
    has_faults: bool = False
    is_1904: bool = False
    timezone: str = "UTC"
    #: Entries of kinds that are not read, by kind; of a file that feeds several tables, on the first.
    ignored_kinds: Mapping[str, int] = field(default_factory=dict)
    #: What the reader says about the file.
    notes: tuple[str, ...] = ()
    #: Digest of the site's own codes that were in use; empty where there were none.
    own_codes: str = ""
    #: The same lines as ``text`` in pieces, where all are regular.
    lines: RegularLines | None = None
    #: Keeps unpacked files until the source has been read.
    folders: tuple[ScratchFolder, ...] = ()

    @property
    def layout(self) -> TableLayout:
        """How the file's columns become ours."""
        return self.match.layout

    @property
    def part(self) -> str:
        """Which part of the file, where one file feeds the table several times."""
        return self.layout.part

    @property
    def ignored(self) -> int:
        """Headings, comments, blank lines and entries of kinds that are not read."""
        return self.n_headings + self.n_comments + self.n_blank + sum(self.ignored_kinds.values())

    @property
    def rows_read(self) -> int:
        """Everything the file holds for this table: rows and ignored lines."""
        return self.n_rows + self.ignored

    def entry(self, *, rows_set_aside: int, rows_duplicate: int, **study: int | None) -> FileReceipt:
        """Return this source's entry in a receipt; all other rows of data were used.

        Args:
            rows_set_aside: Rows in the quarantine.
            rows_duplicate: Rows that repeat another row.
            study: ``rows_new``, ``rows_changed`` and ``rows_unchanged`` of an import into a study.
        """
        return FileReceipt(
            file=self.file,
            table=self.table,
            part=self.part,
            layout_id=self.layout_id,
            fingerprint=self.fingerprint,
            rows_read=self.rows_read,
            rows_used=self.n_rows - rows_set_aside - rows_duplicate,
            rows_set_aside=rows_set_aside,
            rows_duplicate=rows_duplicate,
            rows_ignored=self.ignored,
            ignored_headings=self.n_headings,
            ignored_comments=self.n_comments,
            ignored_blank=self.n_blank,
            ignored_kinds=dict(self.ignored_kinds),
            lines_continued=self.n_continued,
            columns_renamed=dict(self.match.renamed),
            columns_dropped=self.match.dropped,
            columns_refused=dict(self.match.refused),
            date_order=dict(self.decisions.date_order),
            decimal_mark=dict(self.decisions.decimal_mark),
            is_1904=self.is_1904,
            notes=(*self.match.notes, *self.decisions.notes, *self.notes),
            **study,
        )


class Sources(list[Source]):
    """The sources found, and the files that were there but hold no table of ours."""

    def __init__(self, found: Iterable[Source] = (), skipped: Sequence[SkippedFile] = ()) -> None:
        super().__init__(found)
        self.skipped = tuple(skipped)


@dataclass
class _Search:
    """What one search is told and what it has found so far."""

    timezone: str
    layout: Layout | None
    columns: Mapping[str, str]
    date_order: DateOrder | None
    #: Layouts saved beside the study: they read every export of their shape.
    saved: tuple[Layout, ...] = ()
    #: The folder they lie in; it may hold the site's own codes as well.
    saved_in: Path | None = None
    found: list[Source] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)
    #: Files with headings and no rows.
    empty: list[Path] = field(default_factory=list)


def find_sources(
    paths: Path | str | Sequence[Path | str],
    *,
    timezone: str,
    layout: Path | str | Layout | None = None,
    columns: Mapping[str, str] | None = None,
    date_order: DateOrder | None = None,
    saved_layouts: Path | None = None,
) -> Sources:
    """Find the tables in files and folders and decide how their columns are read, without reading all rows.

    Args:
        paths: A file, a folder (its files, not those of folders inside it), or several of them.
        timezone: IANA name of the clinic's time zone; times come out as its local times.
        layout: A layout, a layout file or the id of a shipped layout; without it the headings decide.
        columns: Extra names, ``{"their name": "our name"}``; they win.
        date_order: ``day_first`` or ``month_first`` for columns that do not say themselves.
        saved_layouts: A folder of layouts that read every export of their shape, such as ``layouts`` inside a study.

    Returns:
        One `Source` per table and file; ``.skipped`` names the files that hold no table of ours.

    Raises:
        UnknownTimezoneError: The time zone is not in the IANA list.
        LayoutError: The layout is wrong or does not fit.
        UnreadableFileError: A file is not what its ending says.
        EmptyExportError: A file holds no rows.
        MissingColumnsError: A table lacks a required column.
        TableConflictError: Two files are the same table with different columns.
        AmbiguousDateOrderError: A column's dates fit both orders and nobody says which.
        AmbiguousEncodingError: A column holds letters that several encodings read as words, and nobody says which.
        NothingUsableError: There is nothing to load.
    """
    check_timezone(timezone)
    given_layout = read_layout(layout) if isinstance(layout, Path | str) else layout
    saved = layouts_in(saved_layouts) if saved_layouts is not None else ()
    search = _Search(timezone, given_layout, dict(columns or {}), date_order, saved, saved_layouts)
    given = [Path(paths)] if isinstance(paths, Path | str) else [Path(path) for path in paths]
    with dictionaries_kept():
        for path, open_it in opened_ahead(_files(given, search), partial(_open, search)):
            with told_plainly(path):
                _search_file(path, open_it(), search)
    _refuse_empty(search)
    _refuse_conflicts(search.found)
    if not search.found:
        raise NothingUsableError(given[0] if len(given) == 1 else "The list of files", _what_was_there(search))
    return Sources(search.found, search.skipped)


def check_timezone(name: str) -> None:
    """Raise UnknownTimezoneError unless the name is in the IANA list."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise UnknownTimezoneError(str(name)) from None


def _files(given: Sequence[Path], search: _Search) -> list[Path]:
    files = []
    for path in given:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith((".", "~$")))
            files += [p for p in inside if is_readable(p)]
            search.skipped += [SkippedFile(file=p.name, reason=NOT_READABLE) for p in inside if not is_readable(p)]
        elif path.exists():
            files.append(path)
        else:
            raise UnreadableFileError(path, "there is no such file", "Check the path.")
    return list(dict.fromkeys(files))


def _open(search: _Search, path: Path) -> tuple[list[TextTable], str] | SkippedFile | None:
    """Return the tables of a file and its fingerprint, or why it is passed over; None where it holds no rows."""
    if is_dictionary_file(path):
        return SkippedFile(file=path.name, reason=DICTIONARY)
    if is_site_codes(path):
        return SkippedFile(file=path.name, reason=IS_SITE_CODES)
    try:
        return open_tables(path, search.layout, search.saved, search.saved_in)
    except EmptyExportError:
        return None


def _search_file(path: Path, opened: tuple[list[TextTable], str] | SkippedFile | None, search: _Search) -> None:
    if opened is None:
        search.empty.append(path)
        return
    if isinstance(opened, SkippedFile):
        search.skipped.append(opened)
        return
    tables, fingerprint = opened
    for table in tables:
        file = f"{path.name} [{table.sheet}]" if len(tables) > 1 else path.name
        if why := _why_not_the_layout(table, search.layout if len(tables) > 1 else None):
            search.skipped.append(SkippedFile(file=file, reason=why))
            continue
        matches = [with_labels(match, table.value_labels) for match in _matches(table, file, search)]
        if not matches:
            search.skipped.append(SkippedFile(file=file, reason=_why_no_table(table)))
        refuse_open_letters(table, file, {name for match in matches for name in match.layout.read_columns()})
        meant = rows_meant(table, [match.layout for match in matches])
        search.found += [
            _as_source(table, match, rows, search, named=(file, fingerprint))
            for match, rows in zip(matches, meant, strict=True)
        ]


def _why_not_the_layout(table: TextTable, layout: Layout | None) -> str | None:
    """Return why a sheet is not what a given layout is for; None where it is."""
    if layout is not None and not reads_all_of(layout, table.headings):
        return f"its columns are not those of the layout {layout.id}"
    return None


def _why_no_table(table: TextTable) -> str:
    """Say why a table is read as none of ours: by its columns, or as all it holds is of kinds that are not read."""
    if table.n_rows or not table.ignored_kinds:
        return NO_TABLE
    kinds = [f"{n:,} {kind}" for kind, n in table.ignored_kinds.items()]
    return f"it holds only kinds that are not read: {', '.join(kinds[:5])}"


def _matches(table: TextTable, file: str, search: _Search) -> list[ColumnMatch]:
    layout = search.layout or matching_layout(table.path.name, table.headings, search.saved)
    if layout is not None:
        return match_layout(layout, table.headings, file, search.columns)
    if found := redcap_layout(table):
        of_redcap, export = found
        matches = match_layout(of_redcap, table.headings, file, search.columns)
        return [with_identifiers(match, export) for match in matches]
    match = match_headings(table.headings, file, search.columns)
    return [match] if match else []


def _as_source(table: TextTable, match: ColumnMatch, rows: RowsMeant, search: _Search, *, named: tuple[str, str]) -> Source:
    file, fingerprint = named
    if match.layout.timezone != "local":
        try:
            check_timezone(match.layout.timezone)
        except UnknownTimezoneError:
            message = f"The layout {match.layout_id} names the time zone '{match.layout.timezone}', which does not exist."
            raise LayoutError(message) from None
    faults = [FAULT] if table.has_faults else []
    return Source(
        path=table.path,
        file=file,
        table=match.layout.table,
        fingerprint=fingerprint,
        layout_id=match.layout_id,
        text=rows.frame.select(*match.layout.read_columns(), ROW, *faults),
        lines=table.lines if table.lines and table.lines.frame is rows.frame else None,
        match=match,
        # All rows of the file decide, so that its parts never read one column in two ways.
        decisions=decide(table, file, match.layout, search.date_order),
        n_rows=rows.n_rows,
        n_headings=table.n_headings,
        n_comments=table.n_comments,
        n_blank=table.n_blank,
        n_continued=table.n_continued,
        has_faults=table.has_faults,
        is_1904=table.is_1904,
        timezone=search.timezone,
        ignored_kinds={**table.ignored_kinds, **rows.ignored},
        notes=table.notes,
        own_codes=table.own_codes,
        folders=table.folders,
    )


def _refuse_empty(search: _Search) -> None:
    for path in search.empty:
        may_be = any(table.rstrip("s") in path.stem.lower() for table in _MAY_BE_EMPTY)
        if not (may_be and search.found):
            raise EmptyExportError(path)
        search.skipped.append(SkippedFile(file=path.name, reason="it has headings and no rows"))


def _refuse_conflicts(found: Sequence[Source]) -> None:
    """Two files read by their headings alone must have the same columns of ours to be one table."""
    first: dict[str, Source] = {}
    for source in found:
        if source.layout_id != AUTOMATIC:
            continue
        other = first.setdefault(source.table, source)
        ours, theirs = set(other.layout.given_columns()), set(source.layout.given_columns())
        if ours != theirs:
            parts = [
                f"only {one.file} has {', '.join(sorted(more))}"
                for one, more in ((other, ours - theirs), (source, theirs - ours))
                if more
            ]
            raise TableConflictError(source.table, [other.file, source.file], " and ".join(parts))


def _what_was_there(search: _Search) -> str:
    if not search.skipped:
        return "no files"
    names = [skipped.file for skipped in search.skipped]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{len(names)} files ({', '.join(names[:5])}{more}), none of them a table of ours"
