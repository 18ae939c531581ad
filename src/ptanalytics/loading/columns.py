"""Which table a file holds and which of its columns is which of ours, by layout or by the headings alone."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ptanalytics.errors import LayoutError, MissingColumnsError
from ptanalytics.loading.layout_parts import JoinedText
from ptanalytics.loading.layouts import Layout, TableLayout, same_heading
from ptanalytics.loading.names import KnownName, identifying_category, known_names
from ptanalytics.loading.reshape import spread_out
from ptanalytics.loading.suggest_surveys import about_responses, test_responses
from ptanalytics.schemas import TABLES, columns_of

#: Layout id of a file that was read without a layout.
AUTOMATIC = "automatic"


@dataclass(frozen=True)
class ColumnMatch:
    """How one table is read from one file."""

    layout: TableLayout
    layout_id: str
    #: Their heading → our column, for the receipt.
    renamed: Mapping[str, str]
    dropped: tuple[str, ...]
    #: Heading → HIPAA category; never read.
    refused: Mapping[str, str]
    notes: tuple[str, ...] = ()


@dataclass
class _Reading:
    """One way to read a file's headings as one table."""

    table: str
    columns: dict[str, str] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def match_layout(layout: Layout, headings: tuple[str, ...], file: str, columns: Mapping[str, str]) -> list[ColumnMatch]:
    """Apply a layout to the headings of a file.

    Raises:
        MissingColumnsError: A column that the layout names and a required column of ours needs is absent.
        LayoutError: It would store an identifying column as the person's id.
    """
    by_name = {same_heading(heading): heading for heading in headings}
    found: list[TableLayout] = []
    for table in layout.tables:
        _refuse_file_name(table, layout.id, file)
        wanted = table.read_columns()
        absent = [name for name in wanted if same_heading(name) not in by_name]
        optional = _optional_sources(table)
        if needed := [name for name in absent if name not in optional]:
            raise MissingColumnsError(needed, found=headings, source=f"{file} (layout {layout.id})")
        exact = _with_real_headings(table, by_name, set(absent), columns)
        _refuse_incomplete(exact, layout.id)
        found += spread_out(exact)
    # A column that one table of the layout reads is not dropped, though the others leave it.
    read = {name for table in found for name in table.read_columns()}
    return [_as_match(table, layout.id, headings, read=read) for table in found]


def match_headings(headings: tuple[str, ...], file: str, columns: Mapping[str, str]) -> ColumnMatch | None:
    """Recognise the table by its headings; the file's name decides between equals. None: it is no table of ours.

    Args:
        headings: Headings of the file.
        file: Its name.
        columns: The caller's own ``{"their name": "our name"}``, which win.

    Raises:
        MissingColumnsError: It is clearly meant as one table but lacks a required column.
        LayoutError: ``columns`` names a column we do not have, or makes an identifying column an id.
    """
    _refuse_unknown(columns)
    readings = [_read_as(table, headings, columns) for table in TABLES]
    complete = [reading for reading in readings if not reading.missing and _says_enough(reading, file)]
    if complete:
        best = max(complete, key=lambda reading: _fit(reading, file))
        return _as_match(_automatic_layout(best, headings), AUTOMATIC, headings, _derived_notes(best))
    near = [r for r in readings if _is_meant(r, file)]
    if near:
        best = max(near, key=lambda reading: _fit(reading, file))
        raise MissingColumnsError(best.missing, found=headings, source=f"{file} (read as {best.table})")
    return None


def _refuse_incomplete(table: TableLayout, layout_id: str) -> None:
    needed = {name for name, info in columns_of(TABLES[table.table]).items() if info.is_required}
    if missing := sorted(needed - set(table.given_columns()) - ({table.spread.name} if table.spread else set())):
        message = (
            f"The layout {layout_id} does not say where {', '.join(missing)} of the table {table.table} comes from, and no "
            "row can be without it. Add it under [tables.columns], or ask for a proposal with 'ptanalytics layout FILE'."
        )
        raise LayoutError(message)


def _refuse_file_name(table: TableLayout, layout_id: str, file: str) -> None:
    for name, pattern in table.from_file_name.items():
        if not re.search(pattern, file):
            message = (
                f"The layout {layout_id} takes {name} from the file's name, but {file} does not fit '{pattern}'. "
                "Rename the file, or write a layout that says where the id is."
            )
            raise LayoutError(message)


def _refuse_unknown(columns: Mapping[str, str]) -> None:
    every = {name for model in TABLES.values() for name in columns_of(model)}
    if unknown := sorted(set(columns.values()) - every):
        message = f"columns= names {', '.join(unknown)}, which no table has. See data_dictionary() for the columns."
        raise LayoutError(message)


def _read_as(table: str, headings: tuple[str, ...], columns: Mapping[str, str]) -> _Reading:
    ours = columns_of(TABLES[table])
    own = {same_heading(theirs): name for theirs, name in columns.items() if name in ours}
    reading = _Reading(table)
    of_responses = about_responses(headings)
    for heading in headings:
        if heading in of_responses:
            continue
        key = same_heading(heading)
        known = KnownName(own[key], -1) if key in own else known_names(table).get(key)
        if known is None or (known.rank > 0 and identifying_category(heading)):
            continue
        if known.rank < reading.ranks.get(known.column, 99):
            reading.columns[known.column] = heading
            reading.ranks[known.column] = known.rank
    derived = {"session_id"} if table == "sessions" and "started_at" in reading.columns else set()
    reading.missing = tuple(n for n, info in ours.items() if info.is_required and n not in {*reading.columns, *derived})
    return reading


def _says_enough(reading: _Reading, file: str) -> bool:
    # Every export has a patient id; that alone makes it a list of patients only if the file says so.
    return set(reading.columns) != {"patient_id"} or _is_named(reading.table, file)


def _is_meant(reading: _Reading, file: str) -> bool:
    if not reading.columns:
        return False
    required = {name for name, info in columns_of(TABLES[reading.table]).items() if info.is_required}
    n_found = len(required) - len(reading.missing)
    return _is_named(reading.table, file) or (n_found >= 2 and n_found >= len(required) - 1)


def _is_named(table: str, file: str) -> bool:
    return same_heading(table).removesuffix("s") in same_heading(file)


def _fit(reading: _Reading, file: str) -> tuple[float, bool, int]:
    """Order readings: more columns found, our own names before synonyms, then the file's name, then fewer left open."""
    sure = sum(1.0 if rank <= 0 else 0.9 for rank in reading.ranks.values())
    return sure + 1.5 * _is_named(reading.table, file), _is_named(reading.table, file), -len(reading.missing)


def _automatic_layout(reading: _Reading, headings: tuple[str, ...]) -> TableLayout:
    joined = {}
    if reading.table == "sessions" and "session_id" not in reading.columns:
        # One patient's entries with one start are one session.
        start = reading.columns["started_at"]
        joined = {"session_id": JoinedText(columns=(start, start), separator="|")}
    return TableLayout(table=reading.table, columns=reading.columns, joined=joined, set_aside=test_responses(headings))


def _derived_notes(reading: _Reading) -> tuple[str, ...]:
    if reading.table == "sessions" and "session_id" not in reading.columns:
        return ("The file has no session id: a patient's rows with the same start time are one session.",)
    return ()


def _optional_sources(table: TableLayout) -> set[str]:
    ours = columns_of(TABLES[table.table])
    return {theirs for name, theirs in table.columns.items() if not ours[name].is_required}


def _with_real_headings(
    table: TableLayout, by_name: Mapping[str, str], absent: set[str], columns: Mapping[str, str]
) -> TableLayout:
    """Return the layout with the file's own spelling of each heading, without optional columns that are absent."""

    def real(name: str) -> str:
        return by_name[same_heading(name)]

    mapped = {ours: real(theirs) for ours, theirs in table.columns.items() if theirs not in absent}
    own = {ours: real(theirs) for theirs, ours in columns.items() if same_heading(theirs) in by_name}
    mapped |= {ours: theirs for ours, theirs in own.items() if ours in columns_of(TABLES[table.table])}
    return table.model_copy(
        update={
            "columns": mapped,
            "date_parts": {
                name: parts.model_copy(update={p: real(getattr(parts, p)) for p in ("year", "month", "day")})
                for name, parts in table.date_parts.items()
            },
            "nominal_dates": {n: d.model_copy(update={"event": real(d.event)}) for n, d in table.nominal_dates.items()},
            "joined": {
                n: j.model_copy(update={"columns": tuple(real(c) for c in j.columns)}) for n, j in table.joined.items()
            },
            "checkboxes": {
                n: boxes.model_copy(
                    update={
                        "columns": {choice: real(c) for choice, c in boxes.columns.items()},
                        "missing": tuple(real(c) for c in boxes.missing),
                    }
                )
                for n, boxes in table.checkboxes.items()
            },
            "carry_forward": tuple(real(name) for name in table.carry_forward),
            "spread": table.spread
            and table.spread.model_copy(update={"columns": {n: real(c) for n, c in table.spread.columns.items()}}),
            "ignore": tuple(
                rule.model_copy(
                    update={
                        "column": rule.column and real(rule.column),
                        "all_missing": tuple(real(name) for name in rule.all_missing if name not in absent),
                        "none_checked": tuple(real(name) for name in rule.none_checked),
                    }
                )
                for rule in table.ignore
            ),
            "set_aside": tuple(rule.model_copy(update={"column": real(rule.column)}) for rule in table.set_aside),
        }
    )


def _as_match(
    table: TableLayout,
    layout_id: str,
    headings: tuple[str, ...],
    notes: tuple[str, ...] = (),
    *,
    read: Collection[str] | None = None,
) -> ColumnMatch:
    read = table.read_columns() if read is None else read
    sources = {ours: (theirs,) for ours, theirs in table.columns.items()} | {n: j.columns for n, j in table.joined.items()}
    for name in ("patient_id",):
        for heading in sources.get(name, ()):
            if category := identifying_category(heading):
                message = (
                    f"The column '{heading}' identifies a person ({category}) and cannot be the {name}. "
                    "Export a pseudonym instead."
                )
                raise LayoutError(message)
    unread = [heading for heading in headings if heading not in read]
    refused = {heading: category for heading in unread if (category := identifying_category(heading))}
    return ColumnMatch(
        layout=table,
        layout_id=layout_id,
        renamed={theirs: ours for ours, theirs in table.columns.items()},
        dropped=tuple(heading for heading in unread if heading not in refused),
        refused=refused,
        notes=(*table.notes, *notes),
    )
