"""A file's text columns to text under our names: constants, ids from file names, joined dates, codings, rows not meant."""

import re
from datetime import timedelta
from pathlib import Path

import polars as pl

from ptanalytics.loading.layout_parts import Checkboxes, NominalDates, Words
from ptanalytics.loading.layouts import TableLayout
from ptanalytics.loading.names import missing_codes
from ptanalytics.loading.readers import FAULT, LINE_FAULTS, ROW

#: Rule of the layout or of the line that a row breaks as a whole; missing where it breaks none.
ROW_RULE = "_row_rule"
#: What a box says in an export of codes or of labels, and of apps that write x or yes.
_CHECKED = ("1", "checked", "yes", "true", "x", "selected")
_UNCHECKED = ("0", "unchecked", "no", "false", "not selected")
_NO_BOX = "neither_ticked_nor_not"


def carried_forward(text: pl.LazyFrame, layout: TableLayout) -> pl.LazyFrame:
    """Fill the blanks of the columns that mean "as in the line above"."""
    if not layout.carry_forward:
        return text
    cells = pl.col(list(layout.carry_forward))
    return text.with_columns(pl.when(cells.str.strip_chars() != "").then(cells).forward_fill())


def staged(text: pl.LazyFrame, layout: TableLayout, path: Path, *, has_faults: bool) -> pl.LazyFrame:
    """Return text columns under our names, with ``row`` and the rule a row breaks as a whole.

    Args:
        text: The file's columns as text, blanks carried forward.
        layout: What is what.
        path: The file; its name may hold an id.
        has_faults: The reader marked broken lines.
    """
    cells = {name: pl.col(theirs) for name, theirs in layout.columns.items()}
    cells |= {name: pl.lit(value) for name, value in constant_texts(layout, path).items()}
    cells |= {name: pl.format("row-{}", pl.col(ROW)) for name in layout.from_row_number}
    cells |= {name: _joined(parts.year, parts.month, parts.day) for name, parts in layout.date_parts.items()}
    cells |= {name: _nominal(dates) for name, dates in layout.nominal_dates.items()}
    cells |= {
        name: _joined(*joined.columns, by=joined.separator, skip_blank=joined.skip_blank)
        for name, joined in layout.joined.items()
    }
    cells |= {name: _ticked(boxes) for name, boxes in layout.checkboxes.items()}
    for name, words in layout.words.items():
        cells[name] = _in_words(cells[name], words)
    for name in layout.without_decimals:
        cells[name] = cells[name].str.strip_chars().str.replace(r"^(\d+)\.0+$", "$1")
    for name, (place, n_digits) in layout.digit_of.items():
        cells[name] = _digit(cells[name], place, n_digits)
    for name, coding in layout.codings.items():
        cells[name] = _coded(cells[name], coding)
    rule = row_rule(layout, has_faults=has_faults)
    return text.select(ROW, rule, *(cell.cast(pl.String).alias(name) for name, cell in cells.items()))


def constant_texts(layout: TableLayout, path: Path) -> dict[str, str | None]:
    """Return the text of our columns that are the same in every row of a file."""
    return {**layout.constants, **{name: _from_name(pattern, path) for name, pattern in layout.from_file_name.items()}}


def is_direct(layout: TableLayout) -> bool:
    """Say whether each of our columns is one of the file's as it stands, or is the same in all rows, and all are meant."""
    worked_on = (
        layout.from_row_number, layout.date_parts, layout.nominal_dates, layout.joined, layout.checkboxes,
        layout.codings, layout.words, layout.without_decimals, layout.carry_forward, layout.set_aside,
        layout.ignore, layout.digit_of, layout.shift_days, layout.spread, layout.aggregate,
    )  # fmt: skip
    return not any(worked_on)


def row_rule(layout: TableLayout, *, has_faults: bool) -> pl.Expr:
    """Return the first rule a row breaks as a whole: a broken line, or a row the table is not about."""
    found = [pl.col(FAULT)] if has_faults else []
    codes = [*missing_codes(), *(code.lower() for code in layout.missing_codes)]
    for rule in layout.set_aside:
        cell = pl.col(rule.column).str.strip_chars().str.to_lowercase()
        if rule.is_missing:
            applies = cell.is_null() | cell.is_in(codes)
        else:
            applies = cell.is_in([value.lower() for value in rule.equals])
        found.append(pl.when(applies).then(pl.lit(rule.rule)))
    for name, boxes in layout.checkboxes.items():
        is_neither = [~is_box_word(column) for column in boxes.read_columns()]
        found.append(pl.when(pl.any_horizontal(is_neither)).then(pl.lit(f"{_NO_BOX}_{name}")))
    return (pl.coalesce(found) if found else pl.lit(None, dtype=pl.String)).alias(ROW_RULE)


def row_rule_sentences(layout: TableLayout) -> dict[str, str]:
    """Return the sentence of each rule that `row_rule` can name."""
    boxes = {f"{_NO_BOX}_{name}": f"a box of {name} is neither ticked nor not (1 or 0)" for name in layout.checkboxes}
    return {**LINE_FAULTS, **{rule.rule: rule.reason for rule in layout.set_aside}, **boxes}


def row_rule_columns(layout: TableLayout) -> dict[str, str]:
    """Return the file's column that each rule of the layout looks at; our column where it is made of boxes."""
    boxes = {f"{_NO_BOX}_{name}": name for name in layout.checkboxes}
    return {rule.rule: rule.column for rule in layout.set_aside} | boxes


def is_checked(column: str) -> pl.Expr:
    """Say whether a box is ticked; a blank one is not."""
    return _box(column).is_in(_CHECKED).fill_null(value=False)


def is_box_word(column: str) -> pl.Expr:
    """Say whether a cell says that its box is ticked or not, or says nothing."""
    cell = _box(column)
    return cell.is_null() | cell.is_in([*_CHECKED, *_UNCHECKED, *missing_codes()])


def _box(column: str) -> pl.Expr:
    return pl.col(column).str.strip_chars().str.to_lowercase()


def _ticked(boxes: Checkboxes) -> pl.Expr:
    """Return the ticked choices as one text; missing where none is ticked or a box for "missing" is."""
    choices = [pl.when(is_checked(column)).then(pl.lit(choice)) for choice, column in boxes.columns.items()]
    text = pl.concat_str(choices, separator=boxes.separator, ignore_nulls=True)
    is_missing = pl.any_horizontal(pl.lit(value=False), *map(is_checked, boxes.missing))
    return pl.when((text != "") & ~is_missing).then(text)


def _from_name(pattern: str, path: Path) -> str | None:
    found = re.search(pattern, path.name)
    return found.group(1) if found else None


def _joined(*columns: str, by: str = "-", skip_blank: bool = False) -> pl.Expr:
    parts = [pl.col(name).str.strip_chars() for name in dict.fromkeys(columns)]
    return pl.concat_str(parts, separator=by, ignore_nulls=skip_blank)


def _nominal(dates: NominalDates) -> pl.Expr:
    days = {event: (dates.start + timedelta(days=after)).isoformat() for event, after in dates.days.items()}
    event = pl.col(dates.event).str.strip_chars()
    # An event without a day stays as it is, so that it is set aside as "not a date" and not as missing.
    return event.replace(list(days), list(days.values()))


def _coded(cell: pl.Expr, coding: dict[str, str]) -> pl.Expr:
    """Replace texts by values; ``*`` is any other text that is given, and an empty value means missing."""
    key = cell.str.strip_chars().str.to_lowercase()
    old = [text.lower() for text in coding if text != "*"]
    new = [value for text, value in coding.items() if text != "*"]
    given = pl.when(~key.is_in(missing_codes())).then(pl.lit(coding["*"])) if "*" in coding else cell
    return pl.when(key.is_in(old)).then(key.replace(old, new)).otherwise(given)


def _digit(cell: pl.Expr, place: int, n_digits: int) -> pl.Expr:
    """Return one digit of a profile; a text that is no profile stays, marked so that it cannot be read as a number."""
    text = cell.str.strip_chars()
    is_profile = text.str.contains(rf"^\d{{{n_digits}}}$")
    is_given = ~text.str.to_lowercase().is_in(missing_codes())
    marked = pl.when(is_given).then(pl.format("{} (no profile)", text)).otherwise(text)
    return pl.when(is_profile).then(text.str.slice(place - 1, 1)).otherwise(marked)


def _in_words(cell: pl.Expr, words: Words) -> pl.Expr:
    lowered = cell.str.strip_chars().str.to_lowercase()
    if words.drop_suffix:
        lowered = lowered.str.strip_suffix(words.drop_suffix.lower())
    return lowered.str.replace_all(r"[^\pL\d]+", "_").str.strip_chars("_")
