"""Wide files to rows: a column that is an item, a day or an instrument gives rows; rows of other forms are left out."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from ptanalytics.loading.layout_parts import IgnoreRows, Spread
from ptanalytics.loading.layouts import TableLayout
from ptanalytics.loading.names import missing_codes
from ptanalytics.loading.readers import FAULT, TextTable
from ptanalytics.loading.staging import carried_forward, is_checked
from ptanalytics.schemas import TABLES, columns_of

#: Kinds of rows that a spread leaves out, as the receipt counts them.
BLANK_CELLS = "blank cells"
BLANK_FORMS = "rows without any answer"


@dataclass(frozen=True)
class RowsMeant:
    """The rows of a text table that are about one table of ours."""

    frame: pl.LazyFrame
    n_rows: int
    #: How many rows were left out, by kind.
    ignored: dict[str, int]


def spread_out(table: TableLayout) -> list[TableLayout]:
    """Return one layout for each column that a wide layout spreads; a layout without ``spread`` alone.

    Every part reads one of the columns as the value and names it, so each cell is counted, checked and explained like a
    row of a long file, under the file's own row number.
    """
    spread = table.spread
    if spread is None:
        return [table]
    info = columns_of(TABLES[table.table])[spread.value]
    parts = []
    for place, (name, heading) in enumerate(spread.columns.items(), start=1):
        blank = (
            IgnoreRows(kind=BLANK_CELLS, all_missing=(heading,))
            if info.is_required
            else IgnoreRows(kind=BLANK_FORMS, all_missing=tuple(spread.columns.values()))
        )
        parts.append(
            table.model_copy(
                update={
                    "spread": None,
                    "part": f"{table.part} {name}".strip(),
                    "columns": table.columns | {spread.value: heading},
                    "ignore": (*table.ignore, blank),
                    "digit_of": {spread.value: (place, len(spread.columns))} if spread.digits else table.digit_of,
                    **_named(table, spread, name),
                }
            )
        )
    return parts


def _named(table: TableLayout, spread: Spread, name: str) -> dict[str, object]:
    if spread.days_after:
        return {"shift_days": table.shift_days | {spread.name: int(name)}}
    return {"constants": table.constants | {spread.name: name}}


def rows_meant(table: TextTable, layouts: Sequence[TableLayout]) -> list[RowsMeant]:
    """Leave out, for each of the layouts of one file, the rows that its ``ignore`` rules name, and count them by kind.

    Args:
        table: The file's text.
        layouts: Layouts that read it.

    Returns:
        One `RowsMeant` per layout; where a row fits several rules the first counts.
    """

    def kind(layout: TableLayout) -> pl.Expr:
        return _kind(layout, has_faults=table.has_faults)

    counted = [layout for layout in layouts if layout.ignore]
    # All layouts of a file that carry nothing forward are counted in one reading.
    together = [layout for layout in counted if not layout.carry_forward]
    counts: dict[int, dict[str, int]] = {}
    if together:
        wanted = [kind(layout).value_counts().implode().alias(f"n{at}") for at, layout in enumerate(together)]
        row = table.frame.select(wanted).collect(engine="streaming").row(0)
        counts = {id(layout): _by_kind(found) for layout, found in zip(together, row, strict=True)}
    for layout in counted:
        if layout.carry_forward:
            wanted = [kind(layout).value_counts().implode()]
            counts[id(layout)] = _by_kind(carried_forward(table.frame, layout).select(wanted).collect().item())
    meant = []
    for layout in layouts:
        ignored = counts.get(id(layout), {})
        text = carried_forward(table.frame, layout).filter(kind(layout).is_null()) if layout.ignore else table.frame
        meant.append(RowsMeant(text, table.n_rows - sum(ignored.values()), ignored))
    return meant


def _by_kind(found: Sequence[dict[str, object]]) -> dict[str, int]:
    counts = {str(entry["kind"]): int(str(entry["count"])) for entry in found if entry["kind"] is not None}
    return dict(sorted(counts.items()))


def _kind(layout: TableLayout, *, has_faults: bool) -> pl.Expr:
    """Return the kind of each row that is left out; missing for a row that is meant, and for a broken line."""
    codes = [*missing_codes(), *(code.lower() for code in layout.missing_codes)]
    found = [pl.when(_applies(rule, codes)).then(pl.lit(rule.kind)) for rule in layout.ignore]
    kind = pl.coalesce(found)
    # A broken line is set aside, whatever is left of it.
    return (pl.when(pl.col(FAULT).is_null()).then(kind) if has_faults else kind).alias("kind")


def _applies(rule: IgnoreRows, codes: list[str]) -> pl.Expr:
    if rule.all_missing:
        return pl.all_horizontal(_is_blank(name, codes) for name in rule.all_missing)
    is_it = _column_applies(rule, codes) if rule.column else pl.lit(value=True)
    return ~pl.any_horizontal(map(is_checked, rule.none_checked)) & is_it if rule.none_checked else is_it


def _column_applies(rule: IgnoreRows, codes: list[str]) -> pl.Expr:
    name = rule.column or ""
    if rule.is_missing:
        return _is_blank(name, codes)
    if rule.is_given:
        return ~_is_blank(name, codes)
    is_one = _cell(name).is_in([value.lower() for value in rule.equals or rule.not_equals]).fill_null(value=False)
    return is_one if rule.equals else ~is_one


def _cell(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars().str.to_lowercase()


def _is_blank(name: str, codes: list[str]) -> pl.Expr:
    return _cell(name).is_null() | _cell(name).is_in(codes)
