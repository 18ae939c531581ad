"""What is decided once per column: the decimal mark, and whether dates are day-first or month-first."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from ptanalytics.errors import AmbiguousDateOrderError
from ptanalytics.loading.layouts import DateOrder, DecimalMark, TableLayout
from ptanalytics.loading.moments import OrderEvidence, order_evidence
from ptanalytics.loading.readers import TextTable
from ptanalytics.schemas import TABLES, columns_of


@dataclass(frozen=True)
class ColumnDecisions:
    """Decisions by our column name; a column without one is written so that none was needed."""

    date_order: Mapping[str, DateOrder] = field(default_factory=dict)
    decimal_mark: Mapping[str, DecimalMark] = field(default_factory=dict)
    #: Columns that mix both orders: only dates that can be nothing else are read.
    mixed: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def decide(table: TextTable, file: str, layout: TableLayout, asked: DateOrder | None) -> ColumnDecisions:
    """Look through the columns once and decide.

    Dates: the column's own unambiguous dates decide; else the layout; else the caller. Where two orders are mixed, the
    layout or the caller decides, else the order of most dates holds; dates that contradict it are set aside when read.
    Where nobody says the order and the rarer one is more than a slip, dates that fit both are set aside too.
    Numbers: a comma is the decimal mark where more cells use it so than a point; cells of the other kind are set aside.

    Raises:
        AmbiguousDateOrderError: All dates fit both orders and neither layout nor caller says which.
    """
    kinds = columns_of(TABLES[layout.table])
    dates = [n for n in layout.columns if kinds[n].dtype.is_temporal()]
    numbers = [n for n in layout.columns if kinds[n].dtype.is_numeric()] if table.may_hold_commas else []
    if layout.decimal_mark:
        numbers = []
    seen = {
        name: dict(table.order_counts[layout.columns[name]]) for name in dates if layout.columns[name] in table.order_counts
    }
    counts = seen | _counts(table.frame, layout, [name for name in dates if name not in seen], numbers)
    orders: dict[str, DateOrder] = {}
    mixed: set[str] = set()
    notes = []
    for name in dates:
        evidence = OrderEvidence(**counts[name])
        if not evidence.is_needed and not (evidence.n_day_first or evidence.n_month_first):
            continue
        said = layout.date_order or asked
        decided = (said if evidence.is_mixed else None) or evidence.decide() or said
        if decided is None:
            raise AmbiguousDateOrderError(layout.columns[name], file)
        orders[name] = decided
        if evidence.n_day_first and evidence.n_month_first:
            other = evidence.n_month_first if decided == "day_first" else evidence.n_day_first
            note = f"{name} mixes day-first and month-first dates; {other} that contradict the column are set aside"
            if evidence.is_mixed and not said and evidence.n_either:
                mixed.add(name)
                note += f", and so are {evidence.n_either} that could be either"
            notes.append(f"{note}.")
    marks: dict[str, DecimalMark] = dict.fromkeys(layout.columns, layout.decimal_mark) if layout.decimal_mark else {}
    for name in numbers:
        found = counts[name]
        if found["n_comma"] > found["n_point"] or (found["n_group"] > found["n_point"] and table.delimiter == ";"):
            marks[name] = ","
    numeric = {n: m for n, m in marks.items() if kinds[n].dtype.is_numeric()}
    return ColumnDecisions(orders, numeric, frozenset(mixed), tuple(notes))


def _counts(text: pl.LazyFrame, layout: TableLayout, dates: list[str], numbers: list[str]) -> dict[str, dict[str, int]]:
    wanted = [order_evidence(layout.columns[name]).alias(name) for name in dates]
    wanted += [_mark_evidence(layout.columns[name]).alias(name) for name in numbers]
    if not wanted:
        return {}
    return text.select(wanted).collect(engine="streaming").row(0, named=True)


def _mark_evidence(column: str) -> pl.Expr:
    """Count cells whose comma, or whose point, can only be a decimal mark, and those with a comma that groups or not."""
    text = pl.col(column).str.strip_chars()
    return pl.struct(
        n_comma=text.str.contains(r"^[^.,]*\d*,(?:\d{1,2}|\d{4,})(?:\D*$|\s*/)").sum()
        + text.str.contains(r"^[+-]?0?,\d{3}$").sum(),
        n_point=text.str.contains(r"^[^.,]*\d*\.(?:\d{1,2}|\d{4,})(?:\D*$|\s*/)").sum()
        + text.str.contains(r"^[+-]?0?\.\d{3}$").sum(),
        n_group=text.str.contains(r"^[+-]?\d{1,3},\d{3}$").sum(),
    )
