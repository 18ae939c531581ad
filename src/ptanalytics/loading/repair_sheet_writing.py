"""Write rows set aside as an Excel workbook in which a person corrects them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ptanalytics.errors import OutputError
from ptanalytics.loading.readers import ROW
from ptanalytics.loading.repair_sheet_groups import RepairGroup, correctable, headings_of
from ptanalytics.schemas import TABLES, columns_of

#: What the first, hidden row of a sheet calls its columns.
IMPORT_KEY, PART_KEY, ROW_KEY, WRONG_KEY, ABOUT_KEY = "#import", "#part", "#row", "#wrong", "#about "
FIX_KEY, ORIGINAL_KEY = "fix:", "orig:"
FORMAT = 1
FIRST_SHEET = "Read me first"
_LISTS = "_lists"
#: Longest text that fits a cell of Excel, with room to spare.
_LONGEST_CELL = 32_000
_TOO_LONG = "rows with a text too long for a cell of Excel must be corrected in a copy of the export"
_MERGED = (
    "This is one of several rows of the file that become one. If the others are in the study already, correct it in a copy "
    "of the export with the same name and import the copy."
)
#: Excel gets slow with more; the reasons stand in their own column as well.
_MOST_COMMENTS = 3_000
_FIRST_ROW = 2

_INSTRUCTIONS = (
    "These are rows of your exports that could not be used, and why.",
    "1. Go through the sheets. Each line is one row of a file; column 'What is wrong' says what to look at.",
    "2. Correct the white cells. Cells that are the trouble are orange and carry a note. Some offer a list of choices.",
    "3. Do not know what is right? Leave the line as it is: it stays set aside. Never guess a value.",
    "4. The grey columns on the right show what the file said. They stay as they are.",
    "5. Save this workbook under its name, then read it back: ptanalytics repair STUDY --read FILE --who 'Your name', or",
    "   pta.read_repair_sheet(study, 'FILE', who='Your name') in a notebook.",
    "Your export files are never changed. Who corrected which cell, and when, is kept in the study.",
    "This workbook holds data of patients: keep it where the study is kept, and delete it when you are done.",
)


@dataclass(frozen=True)
class WrittenSheet:
    """What one sheet holds, in numbers."""

    sheet: str
    table: str
    file: str
    rows: int
    #: Rows that are not in the workbook, and why; empty where all are.
    rows_left_out: int
    why_left_out: str


@dataclass(frozen=True)
class _Styles:
    heading: Format
    locked: Format
    wrong: Format
    cell: Format
    faulty: Format
    original: Format
    formula_cell: Format
    formula_faulty: Format


def write_workbook(groups: Sequence[RepairGroup], path: Path, *, max_rows: int) -> list[WrittenSheet]:
    """Write one sheet per table and file.

    Args:
        groups: Rows set aside.
        path: The workbook; an existing one is replaced when the new one is whole.
        max_rows: Most rows on one sheet.

    Raises:
        OutputError: The file cannot be written.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        # In memory and as text only: no cell of a file becomes a formula, a number or a link.
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
        with xlsxwriter.Workbook(str(beside), options) as book:
            written = _write_sheets(book, groups, max_rows)
        beside.replace(path)
    except (OSError, xlsxwriter.exceptions.XlsxWriterException) as error:
        beside.unlink(missing_ok=True)
        found = (getattr(error, "strerror", None) or "the disk refused").lower()
        raise OutputError(path, found, "Close it if it is open in Excel, or choose another place.") from None
    return written


def _write_sheets(book: Any, groups: Sequence[RepairGroup], max_rows: int) -> list[WrittenSheet]:
    first = book.add_worksheet(FIRST_SHEET)
    styles = _styles(book)
    sheets: dict[tuple[str, str], list[RepairGroup]] = {}
    for group in groups:
        sheets.setdefault((group.table, group.file), []).append(group)
    names = _sheet_names([table for table, _ in sheets])
    lists = _Lists(book)
    written = [
        _write_sheet(book, name, of_sheet, (styles, lists), max_rows)
        for name, of_sheet in zip(names, sheets.values(), strict=True)
    ]
    _write_first(book, first, written)
    lists.finish()
    return written


def _sheet_names(tables: Sequence[str]) -> list[str]:
    return [
        table if tables.count(table) == 1 else f"{table} {tables[:n].count(table) + 1}" for n, table in enumerate(tables)
    ]


def _styles(book: Any) -> _Styles:
    text = {"num_format": "@", "valign": "top", "border": 1, "border_color": "#BFBFBF"}
    return _Styles(
        heading=book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#D3E5F2", "border": 1}),
        locked=book.add_format({**text, "bg_color": "#EEEEEE"}),
        wrong=book.add_format({**text, "bg_color": "#EEEEEE", "text_wrap": True}),
        cell=book.add_format({**text, "locked": False}),
        faulty=book.add_format({**text, "locked": False, "bg_color": "#FBE4D3", "border_color": "#D55E00"}),
        original=book.add_format({**text, "bg_color": "#EEEEEE", "font_color": "#5F5F5F"}),
        # The quote prefix keeps such a text a text, also when somebody edits it.
        formula_cell=book.add_format({**text, "locked": False, "quote_prefix": True}),
        formula_faulty=book.add_format(
            {**text, "locked": False, "bg_color": "#FBE4D3", "border_color": "#D55E00", "quote_prefix": True}
        ),
    )


def _write_sheet(
    book: Any, name: str, groups: Sequence[RepairGroup], look: "tuple[_Styles, _Lists]", max_rows: int
) -> WrittenSheet:
    styles, lists = look
    headings = list(dict.fromkeys(n for group in groups if group.match for n in group.text.columns if n != ROW))
    usable = [_fitting(group) for group in groups if group.match is not None]
    n_total = sum(group.text.height for group in groups)
    why = list(dict.fromkeys(group.why_not for group in groups if group.why_not))
    if not any(group.text.height for group in usable):
        return WrittenSheet("", groups[0].table, groups[0].file, 0, n_total, "; ".join(why or [_TOO_LONG]))
    sheet = book.add_worksheet(name)
    columns = _columns(headings, groups[0].table, groups[0].file)
    places = {key: number for number, (key, _, _, _) in enumerate(columns)}
    for number, (key, title, width, is_hidden) in enumerate(columns):
        sheet.write_string(0, number, key)
        sheet.write_string(1, number, title, styles.heading)
        sheet.set_column(number, number, width, None, {"hidden": 1} if is_hidden else {})
    at, n_comments = _FIRST_ROW, 0
    for group in usable:
        room = max_rows - (at - _FIRST_ROW)
        fitting = replace(group, text=group.text.head(max(0, room)))
        at, n_comments = _write_rows(sheet, fitting, (places, styles), at, n_comments)
    n_written = at - _FIRST_ROW
    _offer_choices(sheet, groups, places, at - 1, lists)
    sheet.set_row(0, None, None, {"hidden": 1})
    sheet.set_row(1, 45)
    sheet.freeze_panes(_FIRST_ROW, 2)
    # Without a password: it guards against slips, not against people.
    sheet.protect("", {"format_columns": True, "format_rows": True, "select_locked_cells": True})
    if n_total - n_written > sum(group.text.height for group in groups if group.match is None):
        why.append(f"at most {max_rows:,} rows fit a sheet; read this one back, then write anew; {_TOO_LONG}")
    return WrittenSheet(name, groups[0].table, groups[0].file, n_written, n_total - n_written, "; ".join(why))


def _fitting(group: RepairGroup) -> RepairGroup:
    """Leave out rows with a text that is too long for a cell of Excel."""
    names = [name for name in group.text.columns if name != ROW]
    fits = pl.all_horizontal((pl.col(name).str.len_chars().fill_null(0) <= _LONGEST_CELL) for name in names)
    kept = group.text.filter(fits) if names else group.text
    return replace(group, text=kept)


def _columns(headings: Sequence[str], table: str, file: str) -> list[tuple[str, str, int, bool]]:
    """Return ``(key, title, width, is_hidden)`` of a sheet's columns."""
    about = json.dumps({"format": FORMAT, "table": table, "file": file})
    return [
        (ROW_KEY, "Row in the file", 9, False),
        (WRONG_KEY, "What is wrong", 48, False),
        *((f"{FIX_KEY}{name}", name, 18, False) for name in headings),
        *((f"{ORIGINAL_KEY}{name}", f"In the file: {name}", 18, False) for name in headings),
        (IMPORT_KEY, "Import", 8, True),
        (PART_KEY, "Part", 8, True),
        (ABOUT_KEY + about, "About", 8, True),
    ]


def _write_rows(
    sheet: Worksheet,
    group: RepairGroup,
    look: tuple[dict[str, int], _Styles],
    at: int,
    n_comments: int,
) -> tuple[int, int]:
    places, styles = look
    reasons: dict[int, list[tuple[str, str]]] = {}
    for row, column, reason in group.reasons.select("row", "column", "reason").iter_rows():
        reasons.setdefault(row, []).append((column, reason))
    sources, mine = headings_of(group), set(correctable(group))
    headings = [key.removeprefix(FIX_KEY) for key in places if key.startswith(FIX_KEY)]
    for cells in group.text.iter_rows(named=True):
        why = reasons.get(cells[ROW], [])
        faulty = {heading: reason for column, reason in why for heading in _faulty_headings(column, sources, cells)}
        sheet.write_number(at, places[ROW_KEY], cells[ROW], styles.locked)
        told = dict.fromkeys((*(reason for _, reason in why), *((_MERGED,) if group.merges else ())))
        sheet.write_string(at, places[WRONG_KEY], "\n".join(told), styles.wrong)
        sheet.write_string(at, places[IMPORT_KEY], "" if group.import_number is None else str(group.import_number))
        sheet.write_string(at, places[PART_KEY], group.part)
        for heading in headings:
            place = places[FIX_KEY + heading]
            if heading not in cells:  # of another part of the file: nothing of this row is read there
                sheet.write_blank(at, place, None, styles.locked)
                continue
            value = cells[heading]
            if heading not in mine:  # only shown
                sheet.write_string(at, place, value or "", styles.locked)
                sheet.write_string(at, places[ORIGINAL_KEY + heading], value or "", styles.original)
                continue
            _write_text(sheet, at, place, value or "", styles, is_faulty=heading in faulty)
            sheet.write_string(at, places[ORIGINAL_KEY + heading], value or "", styles.original)
            if heading in faulty and n_comments < _MOST_COMMENTS:
                sheet.write_comment(at, place, faulty[heading], {"author": "ptanalytics", "x_scale": 1.6})
                n_comments += 1
        at += 1
    return at, n_comments


def _write_text(sheet: Worksheet, at: int, place: int, value: str, styles: _Styles, *, is_faulty: bool) -> None:
    looks_like_formula = value.lstrip()[:1] in ("=", "+", "-", "@") if value else False
    if looks_like_formula:
        style = styles.formula_faulty if is_faulty else styles.formula_cell
    else:
        style = styles.faulty if is_faulty else styles.cell
    if value:
        sheet.write_string(at, place, value, style)
    else:
        sheet.write_blank(at, place, None, style)


def _faulty_headings(column: str, sources: dict[str, tuple[str, ...]], cells: dict[str, Any]) -> list[str]:
    """Return the file's columns a reason is about; a reason can name several of ours, or one of the file."""
    named = [name.strip() for name in column.split(",")]
    found = [heading for name in named for heading in sources.get(name, (name,))]
    return [heading for heading in dict.fromkeys(found) if heading in cells and heading != ROW]


class _Lists:
    """Choices that are too long for a rule of Excel, on a hidden sheet."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._columns: list[tuple[str, ...]] = []

    def source(self, choices: tuple[str, ...]) -> list[str] | str:
        """Return what Excel takes as the source of a list."""
        if len(",".join(choices)) <= 250 and not any("," in choice for choice in choices):
            return list(choices)
        if choices not in self._columns:
            self._columns.append(choices)
        letter = xlsxwriter.utility.xl_col_to_name(self._columns.index(choices))
        return f"={_LISTS}!${letter}$1:${letter}${len(choices)}"

    def finish(self) -> None:
        """Write the hidden sheet, if any list is on it."""
        if not self._columns:
            return
        sheet = self._book.add_worksheet(_LISTS)
        sheet.hide()
        for number, choices in enumerate(self._columns):
            for at, choice in enumerate(choices):
                sheet.write_string(at, number, choice)


def _offer_choices(
    sheet: Worksheet, groups: Sequence[RepairGroup], places: dict[str, int], last_row: int, lists: _Lists
) -> None:
    """Put a list of choices, or a word about what belongs there, on the columns that are to be corrected."""
    done = set()
    for group in groups:
        if group.match is None:
            continue
        infos = columns_of(TABLES[group.table])
        for ours, headings in headings_of(group).items():
            place = places[FIX_KEY + headings[0]]
            if len(set(headings)) > 1 or place in done or ours not in infos:
                continue
            done.add(place)
            choices = _choices(group, ours)
            rule: dict[str, Any] = {
                "input_title": ours[:32],
                "input_message": _expected(ours, group.table)[:255],
                "ignore_blank": True,
            }
            if choices:
                # A warning, not a wall: what is written is judged when the workbook is read back.
                rule |= {"validate": "list", "source": lists.source(choices), "error_type": "warning"}
                rule |= {"error_title": "Not in the list", "error_message": "Use it all the same?"}
            else:
                rule |= {"validate": "any"}
            sheet.data_validation(_FIRST_ROW, place, last_row, place, rule)


def _choices(group: RepairGroup, ours: str) -> tuple[str, ...]:
    info = columns_of(TABLES[group.table])[ours]
    if group.match is not None and ours in group.match.layout.codings:
        return tuple(text for text in group.match.layout.codings[ours] if text != "*")
    if str(info.dtype) == "Boolean":
        return ("yes", "no")
    return tuple(map(str, info.allowed))


def _expected(ours: str, table: str) -> str:
    info = columns_of(TABLES[table])[ours]
    parts = [info.description]
    if info.minimum is not None or info.maximum is not None:
        low = "" if info.minimum is None else f"from {info.minimum:g}"
        high = "" if info.maximum is None else f"up to {info.maximum:g}"
        unit = "" if info.unit in ("", "0-10") else f" {info.unit}"
        parts.append(f"Number {' '.join(part for part in (low, high) if part)}{unit}.")
    if info.dtype.is_temporal():
        parts.append("Best written as 2026-03-31" + (" 18:05." if info.dtype == pl.Datetime else "."))
    parts.append("Must be given." if info.is_required else "May be left empty.")
    return " ".join(parts)


def _write_first(book: Any, sheet: Worksheet, written: Sequence[WrittenSheet]) -> None:
    plain, bold = book.add_format({"text_wrap": True, "valign": "top"}), book.add_format({"bold": True})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 34)
    sheet.set_column(2, 3, 16)
    sheet.set_column(4, 4, 60)
    sheet.write_string(0, 0, "Rows to correct", book.add_format({"bold": True, "font_size": 15}))
    for number, line in enumerate(_INSTRUCTIONS, start=2):
        sheet.merge_range(number, 0, number, 4, "", plain)
        sheet.write_string(number, 0, line, plain)
    at = len(_INSTRUCTIONS) + 4
    for column, title in enumerate(("Sheet", "File", "Rows here", "Rows not here", "Why not here")):
        sheet.write_string(at - 1, column, title, bold)
    for number, one in enumerate(written, start=at):
        if one.sheet:
            sheet.write_url(number, 0, f"internal:'{one.sheet}'!A1", string=one.sheet)
        else:
            sheet.write_string(number, 0, f"{one.table}: no sheet", plain)
        sheet.write_string(number, 1, one.file, plain)
        sheet.write_number(number, 2, one.rows, plain)
        sheet.write_number(number, 3, one.rows_left_out, plain)
        sheet.write_string(number, 4, one.why_left_out, plain)
    if not written:
        sheet.write_string(at, 0, "No row is set aside: there is nothing to correct.")
    sheet.hide_gridlines(2)
    sheet.activate()
