"""Rows set aside, with all that is needed to read them again as they were read: layout, date order, decimal mark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from ptanalytics.errors import LayoutError, MissingColumnsError
from ptanalytics.loading.columns import AUTOMATIC, ColumnMatch, match_layout
from ptanalytics.loading.convert import REASONS, convert, explain_rows
from ptanalytics.loading.decisions import ColumnDecisions
from ptanalytics.loading.layouts import JoinedText, Layout, TableLayout, read_layout
from ptanalytics.loading.readers import ROW
from ptanalytics.loading.receipt import FileReceipt, Receipt
from ptanalytics.loading.sources import Source
from ptanalytics.schemas import TABLES, columns_of

_NO_LAYOUT = "the layout it was read with is not here; save it in the study's folder 'layouts'"
_MERGED = "its layout makes one row of several: correct it in a copy of the export and import that"
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
    #: ``row`` and the file's columns, as text.
    text: pl.DataFrame
    #: ``row, column, rule, reason``.
    reasons: pl.DataFrame


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
    is_of_study = "import_number" in rows.columns
    by = ["import_number", "file", "table"] if is_of_study else ["file"]
    found = []
    for key, of_file in rows.group_by(by, maintain_order=True):
        number = int(str(key[0])) if is_of_study else None
        file, table = str(key[1 if is_of_study else 0]), str(key[2]) if is_of_study else None
        entries = [
            entry
            for entry in receipts[number].files
            if entry.file == file and entry.rows_set_aside and table in (None, entry.table)
        ]
        same = pl.col("file") == file
        if is_of_study:
            same &= (pl.col("import_number") == number) & (pl.col("table") == table)
        why = reasons.filter(same).select("row", "column", "rule", "reason")
        found += _groups_of_file(of_file.drop(by), why, entries, number=number, own=own_layouts)
    return found


def _groups_of_file(
    text: pl.DataFrame,
    reasons: pl.DataFrame,
    entries: Sequence[FileReceipt],
    *,
    number: int | None,
    own: Sequence[Layout],
) -> list[RepairGroup]:
    """Split the rows of a file by the part they belong to: the only one with text in columns no other part has."""
    text = text.select(column for column in text if column.name == ROW or column.null_count() < len(column))
    matches = [_match_of(entry, text.columns, own) for entry in entries]
    read = [_columns_read(entry, match[0]) for entry, match in zip(entries, matches, strict=True)]
    shared = set.intersection(*read) if len(read) > 1 else set()
    groups = []
    is_left = pl.lit(value=True)
    for entry, (match, why_not), columns in zip(entries, matches, read, strict=True):
        own_text = [name for name in text.columns if name in columns - shared]
        others = [n for n in text.columns if n in set().union(*read) - columns - {ROW}]
        is_mine = pl.lit(value=True)
        if len(entries) > 1:
            has_own = pl.any_horizontal(pl.col(own_text).is_not_null()) if own_text else pl.lit(value=False)
            has_other = pl.any_horizontal(pl.col(others).is_not_null()) if others else pl.lit(value=False)
            is_mine = has_own & ~has_other
        mine = text.filter(is_mine).select(n for n in text.columns if n == ROW or len(entries) == 1 or n in columns)
        is_left &= ~is_mine
        groups.append(_group(entry, number, (match, why_not), mine, reasons))
    rest = text.filter(is_left)
    if rest.height and entries:
        groups.append(_group(entries[0], number, (None, _SEVERAL), rest, reasons))
    return [group for group in groups if group.text.height]


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
    return RepairGroup(
        table=entry.table,
        import_number=number,
        file=entry.file,
        part=entry.part,
        match=match,
        why_not=why_not,
        decisions=ColumnDecisions(entry.date_order, entry.decimal_mark),  # type: ignore[arg-type]
        text=text,
        reasons=reasons.filter(pl.col("row").is_in(text[ROW].implode())),
    )


def _columns_read(entry: FileReceipt, match: ColumnMatch | None) -> set[str]:
    return set(match.layout.read_columns()) if match is not None else set(entry.columns_renamed)


def _match_of(entry: FileReceipt, headings: Sequence[str], own: Sequence[Layout]) -> tuple[ColumnMatch | None, str]:
    """Return how a part of a file was read, from its receipt and its layout; or why that is not known."""
    if entry.layout_id == AUTOMATIC:
        return _automatic(entry), ""
    try:
        layout = next((one for one in own if one.id == entry.layout_id), None) or read_layout(entry.layout_id)
        known = (*headings, *entry.columns_renamed, *entry.columns_dropped, *entry.columns_refused)
        wanted = [name for table in layout.tables for name in table.read_columns()]
        every = tuple(dict.fromkeys(name for name in (*known, *wanted) if name != ROW))
        matches = match_layout(layout, every, entry.file, entry.columns_renamed)
    except (LayoutError, MissingColumnsError):
        return None, _NO_LAYOUT
    fitting = [one for one in matches if one.layout.table == entry.table and one.layout.part == entry.part]
    # A column that the file lacked is in no receipt; with it the part would be read otherwise.
    exact = [one for one in fitting if dict(one.renamed) == entry.columns_renamed] or fitting
    if len(exact) != 1:
        return None, _NO_LAYOUT
    return (None, _MERGED) if exact[0].layout.aggregate else (exact[0], "")


def _automatic(entry: FileReceipt) -> ColumnMatch:
    columns = {ours: theirs for theirs, ours in entry.columns_renamed.items()}
    joined = {}
    if entry.table == "sessions" and "session_id" not in columns:
        # As when the file was read: one patient's entries with one start are one session.
        joined = {"session_id": JoinedText(columns=(columns["started_at"], columns["started_at"]), separator="|")}
    layout = TableLayout(table=entry.table, columns=columns, joined=joined)
    return ColumnMatch(layout=layout, layout_id=AUTOMATIC, renamed=entry.columns_renamed, dropped=(), refused={})


def read_again(group: RepairGroup, text: pl.DataFrame, timezone: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read corrected rows exactly as their file was read.

    Args:
        group: Where they come from.
        text: ``row`` and the file's columns, corrected.
        timezone: The study's time zone.

    Returns:
        The valid rows, typed, with ``row``; and the reasons of the others: ``file, row, column, rule, reason``.
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
