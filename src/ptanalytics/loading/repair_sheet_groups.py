"""Rows set aside, with all that is needed to read them again as they were read: layout, date order, decimal mark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from ptanalytics.errors import LayoutError, MissingColumnsError
from ptanalytics.loading.columns import AUTOMATIC, ColumnMatch, match_layout
from ptanalytics.loading.convert import REASONS, convert, explain_rows
from ptanalytics.loading.decisions import ColumnDecisions
from ptanalytics.loading.layout_parts import JoinedText
from ptanalytics.loading.layouts import Layout, TableLayout, read_layout
from ptanalytics.loading.readers import ROW
from ptanalytics.loading.receipt import FileReceipt, Receipt
from ptanalytics.loading.redcap import REDCAP
from ptanalytics.loading.sources import Source
from ptanalytics.loading.suggest_surveys import test_responses
from ptanalytics.schemas import TABLES, columns_of

#: Columns of the quarantine that are not the file's.
_OURS = ("table", "import_number", "file", ROW)
_NO_LAYOUT = "the layout it was read with is not here; save it in the study's folder 'layouts'"
_NO_REDCAP_LAYOUT = (
    "it was read as a REDCap export; save how with 'ptanalytics layout FILE --study STUDY', answer what it asks, and write "
    "this workbook again"
)
_SEVERAL = "its line feeds the table in several ways: correct it in a copy of the export and import that"


@dataclass(frozen=True)
class RepairGroup:
    """Rows set aside of one part of one file in one import."""

    table: str
    #: Number of the receipt; None where the rows are of `load_exports`.
    import_number: int | None
    file: str
    part: str
    #: How the rows were read; None where they cannot be read again here, see ``why_not``.
    match: ColumnMatch | None
    why_not: str
    decisions: ColumnDecisions
    #: The file counts days from 1904.
    is_1904: bool
    #: ``row`` and the file's columns, as text.
    text: pl.DataFrame
    #: ``row, column, rule, reason``.
    reasons: pl.DataFrame

    @property
    def merges(self) -> bool:
        """Say whether several rows of the file are one row of the table."""
        return self.match is not None and self.match.layout.aggregate is not None


def repair_groups(
    rows: pl.DataFrame, reasons: pl.DataFrame, receipts: Mapping[int | None, Receipt], own_layouts: Sequence[Layout] = ()
) -> list[RepairGroup]:
    """Sort rows set aside by import, file, table and part of the file.

    Args:
        rows: The quarantine's rows; ``table`` and ``import_number`` are there for a study only.
        reasons: Its reasons.
        receipts: Receipts by import number (None: that of `load_exports`).
        own_layouts: Layouts saved beside the study.
    """
    found = []
    for number, receipt in receipts.items():
        is_here = pl.lit(value=True) if number is None else pl.col("import_number") == number
        of_import, why = rows.filter(is_here), reasons.filter(is_here)
        for table in dict.fromkeys(entry.table for entry in receipt.files):
            entries = [entry for entry in receipt.files if entry.table == table and entry.rows_set_aside]
            n_rows = sum(entry.rows_set_aside for entry in entries)
            if number is None:
                # `load_exports` keeps the rows of all tables one table after the other.
                of_table, of_import = of_import.head(n_rows), of_import.slice(n_rows)
            else:
                of_table = of_import.filter(pl.col("table") == table)
            told = why.filter(pl.col("table") == table) if number is not None else why
            found += _groups_of_table(of_table, told, entries, number=number, own=own_layouts)
    return found


def _groups_of_table(
    rows: pl.DataFrame,
    reasons: pl.DataFrame,
    entries: Sequence[FileReceipt],
    *,
    number: int | None,
    own: Sequence[Layout],
) -> list[RepairGroup]:
    """Cut the rows of a table into the parts they came from: they were kept part after part, as the receipt lists them."""
    files = [entry.file for entry in entries for _ in range(entry.rows_set_aside)]
    if rows["file"].to_list() != files:
        # The receipt counts otherwise than the rows were kept, so nobody can say which part a row came from.
        return [
            _group(_entry_of(entries, file), number, (None, _SEVERAL), of_file, reasons)
            for (file,), of_file in rows.group_by("file", maintain_order=True)
        ]
    groups, at = [], 0
    for entry in entries:
        text = rows.slice(at, entry.rows_set_aside)
        at += entry.rows_set_aside
        match, why_not = _match_of(entry, text.columns, own)
        is_alone = sum(one.file == entry.file for one in entries) == 1
        group = _group(entry, number, (match, why_not), text, reasons)
        groups.append(group if is_alone or match is None else _with_own_reasons(group))
    return groups


def _entry_of(entries: Sequence[FileReceipt], file: object) -> FileReceipt:
    return next(entry for entry in entries if entry.file == file)


def _with_own_reasons(group: RepairGroup) -> RepairGroup:
    """Where a line feeds a table in several ways, its reasons stand together; reading it again tells those of one way."""
    own = read_again(group, group.text, "UTC")[1].select(group.reasons.columns)
    others = group.reasons.filter(~pl.col("row").is_in(own["row"].implode()))
    return replace(group, reasons=pl.concat([own.cast(others.schema), others]))


def _group(
    entry: FileReceipt,
    number: int | None,
    read_as: tuple[ColumnMatch | None, str],
    text: pl.DataFrame,
    reasons: pl.DataFrame,
) -> RepairGroup:
    match, why_not = read_as
    if match is not None:
        absent = [name for name in match.layout.read_columns() if name not in text.columns]
        text = text.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in absent)
        text = text.select(ROW, *match.layout.read_columns())
    else:
        text = text.drop("table", "import_number", "file", strict=False)
    return RepairGroup(
        table=entry.table,
        import_number=number,
        file=entry.file,
        part=entry.part,
        match=match,
        why_not=why_not,
        decisions=ColumnDecisions(entry.date_order, entry.decimal_mark),  # type: ignore[arg-type]
        is_1904=entry.is_1904,
        text=text,
        reasons=reasons.filter(pl.col("file") == entry.file, pl.col("row").is_in(text[ROW].implode()))
        .select("row", "column", "rule", "reason")
        .unique(maintain_order=True),
    )


def _match_of(entry: FileReceipt, headings: Sequence[str], own: Sequence[Layout]) -> tuple[ColumnMatch | None, str]:
    """Return how a part of a file was read, from its receipt and its layout; or why that is not known."""
    if entry.layout_id == AUTOMATIC:
        return _automatic(entry, headings), ""
    if entry.layout_id == REDCAP:
        # Made of the export's own headings, so it is nowhere; the proposal for the same export is the same layout.
        found = [match for one in own if (match := _exact(one, entry, headings)) is not None]
        return (found[0], "") if found else (None, _NO_REDCAP_LAYOUT)
    try:
        layout = next((one for one in own if one.id == entry.layout_id), None) or read_layout(entry.layout_id)
    except LayoutError:
        return None, _NO_LAYOUT
    match = _exact(layout, entry, headings)
    return (match, "") if match is not None else (None, _NO_LAYOUT)


def _exact(layout: Layout, entry: FileReceipt, headings: Sequence[str]) -> ColumnMatch | None:
    """Return how a layout reads the part of a file that a receipt's entry is about; None where it does not."""
    known = (
        *(name for name in headings if name not in _OURS),
        *entry.columns_renamed,
        *entry.columns_dropped,
        *entry.columns_refused,
    )
    wanted = [name for table in layout.tables for name in table.read_columns()]
    every = tuple(dict.fromkeys(name for name in (*known, *wanted) if name != ROW))
    try:
        matches = match_layout(layout, every, entry.file, entry.columns_renamed)
    except (LayoutError, MissingColumnsError):
        return None
    fitting = [one for one in matches if one.layout.table == entry.table and one.layout.part == entry.part]
    # A column that the file lacked is in no receipt; with it the part would be read otherwise.
    exact = [one for one in fitting if dict(one.renamed) == entry.columns_renamed] or fitting
    return exact[0] if len(exact) == 1 else None


def _automatic(entry: FileReceipt, headings: Sequence[str]) -> ColumnMatch:
    columns = {ours: theirs for theirs, ours in entry.columns_renamed.items()}
    joined = {}
    if entry.table == "sessions" and "session_id" not in columns:
        # As when the file was read: one patient's entries with one start are one session.
        joined = {"session_id": JoinedText(columns=(columns["started_at"], columns["started_at"]), separator="|")}
    every = (*headings, *entry.columns_renamed, *entry.columns_dropped)
    layout = TableLayout(table=entry.table, columns=columns, joined=joined, set_aside=test_responses(every))
    return ColumnMatch(layout=layout, layout_id=AUTOMATIC, renamed=entry.columns_renamed, dropped=(), refused={})


def headings_of(group: RepairGroup) -> dict[str, tuple[str, ...]]:
    """Return the file's columns that each of our columns is made of."""
    if group.match is None:
        return {}
    layout = group.match.layout
    found: dict[str, tuple[str, ...]] = {ours: (theirs,) for ours, theirs in layout.columns.items()}
    found |= {ours: joined.columns for ours, joined in layout.joined.items()}
    found |= {ours: (parts.year, parts.month, parts.day) for ours, parts in layout.date_parts.items()}
    found |= {ours: boxes.read_columns() for ours, boxes in layout.checkboxes.items()}
    found |= {ours: (dates.event,) for ours, dates in layout.nominal_dates.items()}
    return found


def correctable(group: RepairGroup) -> tuple[str, ...]:
    """Return the file's columns that decide what becomes of a row; others are only shown beside it."""
    if group.match is None:
        return ()
    used = {heading for headings in headings_of(group).values() for heading in headings}
    used |= {rule.column for rule in group.match.layout.set_aside} | set(group.match.layout.carry_forward)
    return tuple(name for name in group.text.columns if name in used)


def read_again(group: RepairGroup, text: pl.DataFrame, timezone: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read corrected rows exactly as their file was read.

    Args:
        group: Where they come from.
        text: ``row`` and the file's columns, corrected.
        timezone: The study's time zone.

    Returns:
        The valid rows, typed, with ``row`` (and ``rows``, where several became one); and the reasons of the others:
        ``file, row, column, rule, reason``.
    """
    if group.match is None or not text.height:
        return pl.DataFrame(schema={ROW: pl.UInt32}), pl.DataFrame(schema=REASONS)
    # Blanks that meant "as above" were filled in before the rows were set aside.
    layout = group.match.layout.model_copy(update={"carry_forward": ()})
    source = Source(
        path=Path(group.file),
        file=group.file,
        table=group.table,
        fingerprint="",
        layout_id=group.match.layout_id,
        text=text.with_columns(pl.col(ROW).cast(pl.UInt32)).lazy(),
        match=ColumnMatch(layout, group.match.layout_id, group.match.renamed, (), {}),
        decisions=_decisions(group, text),
        n_rows=text.height,
        is_1904=group.is_1904,
        timezone=timezone,
    )
    typed = convert(source).collect()
    wrong = typed.filter(~pl.col("is_valid"))[ROW].to_list()
    reasons = explain_rows(source, wrong)[1] if wrong else pl.DataFrame(schema=REASONS)
    return typed.filter("is_valid").drop("is_valid"), reasons


def _decisions(group: RepairGroup, text: pl.DataFrame) -> ColumnDecisions:
    """Return the decisions of the import; in a column that had no decimals at all, those written now say the mark."""
    layout = group.match.layout if group.match is not None else TableLayout(table=group.table)
    numeric = [name for name, info in columns_of(TABLES[group.table]).items() if info.dtype.is_numeric()]
    marks = dict(group.decisions.decimal_mark)
    for ours in numeric:
        theirs = layout.columns.get(ours, "")
        if ours in marks or theirs not in text.columns:
            continue
        cells = text[theirs].str.strip_chars()
        if cells.str.contains(r"^[+-]?\d+,\d{1,2}$").any() and not cells.str.contains(".", literal=True).any():
            marks[ours] = ","
    return replace(group.decisions, decimal_mark=marks)
