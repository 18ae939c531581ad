"""Cells of Table 1: numbers and counts of one variable in every column, rounded for print, small counts hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import polars as pl

from ptanalytics.instruments import number_text, share_text
from ptanalytics.privacy import is_small, suppress_row, suppress_table
from ptanalytics.statistics.balance import UNBALANCED, standardized_difference, standardized_difference_of_shares

ALL = "All"
NOT_RECORDED = "not recorded"
NOT_SHOWN = "not shown"
_SKEWED = 1.0


@dataclass(frozen=True)
class Columns:
    """The columns of the table: everybody and the groups, with the smallest count that may be shown."""

    groups: tuple[str, ...]
    sizes: Mapping[str, int]
    threshold: int

    def hidden_groups(self) -> set[str]:
        """Return groups whose size may not be shown; nothing in their column is."""
        shown = suppress_row([self.sizes[group] for group in self.groups], self.threshold).cells
        return {group for group, n in zip(self.groups, shown, strict=True) if n is None}


def size_rows(columns: Columns) -> list[dict[str, Any]]:
    """Return the row of column sizes."""
    hidden = columns.hidden_groups()
    total = columns.sizes[ALL]
    cells = {ALL: None if is_small(total, columns.threshold) else total}
    cells |= {group: None if group in hidden else columns.sizes[group] for group in columns.groups}
    return [
        {"variable": "Patients", "statistic": "n", "group": group, "n": n, "n_group": n,
         "cell": NOT_SHOWN if n is None else str(n)}
        for group, n in cells.items()
    ]  # fmt: skip


def category_rows(
    people: pl.DataFrame, column: str, label: str, levels: Sequence[str], columns: Columns
) -> list[dict[str, Any]]:
    """Return one row per level and column, and the missing; denominators are those with a value recorded."""
    every = [*levels, None]
    counts = {group: _counts(_members(people, group), column, every) for group in (ALL, *columns.groups)}
    shown = shown_counts(counts, columns)
    smd = _largest(
        [standardized_difference_of_shares(counts[a][:-1], counts[b][:-1]) for a, b in _pairs(columns)]
    )  # fmt: skip
    if any(n is None for group in columns.groups for n in shown[group]):
        smd = None
    balance: dict[str, Any] = {"smd": smd, "is_unbalanced": None if smd is None else smd > UNBALANCED}
    rows = []
    for place, level in enumerate(every):
        if level is None and not counts[ALL][place]:
            continue
        for group, cells in shown.items():
            n, recorded = cells[place], cells[:-1]
            total = None if any(one is None for one in recorded) else sum(one for one in recorded if one is not None)
            is_missing = level is None
            text = NOT_SHOWN if n is None else str(n) if is_missing or total is None else share_text(n, total)
            rows.append(
                {"variable": label, "level": "missing" if is_missing else level, "group": group, "n": n, "cell": text,
                 "statistic": "n" if is_missing else "n/recorded (%)", "n_group": total}
                | ({} if is_missing else balance)
            )  # fmt: skip
    return rows


def shown_counts(counts: Mapping[str, Sequence[int]], columns: Columns) -> dict[str, list[int | None]]:
    """Hide small counts of a variable by group; its sizes by group are published elsewhere, so they cannot be hidden here.

    Where hiding would need a published size, the whole variable is left out by group.
    """
    threshold = columns.threshold
    blank: list[int | None] = [None] * len(counts[ALL])
    alone = list(suppress_row(list(counts[ALL]), threshold).cells)
    if not columns.groups:
        return {ALL: alone}
    hidden = columns.hidden_groups()
    table = suppress_table([list(counts[group]) for group in columns.groups], threshold)
    is_whole = all((total is None) == (g in hidden) for g, total in zip(columns.groups, table.row_totals, strict=True))
    is_whole = is_whole and table.total is not None and not (hidden and None in table.column_totals)
    if not is_whole:
        return {ALL: alone} | {group: list(blank) for group in columns.groups}
    by_group = {group: list(cells) for group, cells in zip(columns.groups, table.cells, strict=True)}
    return {ALL: list(table.column_totals)} | {g: list(blank) if g in hidden else by_group[g] for g in columns.groups}


def number_rows(people: pl.DataFrame, column: str, label: str, digits: int, columns: Columns) -> list[dict[str, Any]]:
    """Return mean (SD), or median (Q1-Q3) where the values of everybody are skewed, and the missing."""
    everything = people[column].drop_nulls()
    if everything.is_empty():
        return []
    skew = everything.skew()
    is_skewed = skew is not None and abs(skew) > _SKEWED
    counts = {}
    for group in (ALL, *columns.groups):
        members = _members(people, group)
        counts[group] = [members.height - members[column].null_count(), members[column].null_count()]
    shown = shown_counts(counts, columns)
    values = {group: _members(people, group)[column].drop_nulls() for group in (ALL, *columns.groups)}
    smd = _largest([standardized_difference(values[a].to_list(), values[b].to_list()) for a, b in _pairs(columns)])
    if any(n is None or is_small(n, columns.threshold) for group in columns.groups for n in shown[group][:1]):
        smd = None
    rows = []
    for group, (n, _) in shown.items():
        row = {"variable": label, "group": group, "n": n, "n_group": columns.sizes[group], "smd": smd,
               "statistic": "median (Q1-Q3)" if is_skewed else "mean (SD)",
               "is_unbalanced": None if smd is None else smd > UNBALANCED}  # fmt: skip
        rows.append(row | _summary(values[group], n, is_skewed, digits, columns.threshold))
    if counts[ALL][1]:
        rows += [
            {"variable": label, "level": "missing", "statistic": "n", "group": group, "n": n,
             "n_group": columns.sizes[group], "cell": NOT_SHOWN if n is None else str(n)}
            for group, (_, n) in shown.items()
        ]  # fmt: skip
    hidden = columns.hidden_groups()
    return [row | {"n_group": None} if row["group"] in hidden else row for row in rows]


def _summary(values: pl.Series, n: int | None, is_skewed: bool, digits: int, threshold: int) -> dict[str, Any]:
    if n is None or is_small(n, threshold):
        return {"n": None, "cell": NOT_SHOWN}
    if values.is_empty():
        return {"cell": "–"}
    if is_skewed:
        low, middle, high = (values.quantile(q, interpolation="linear") for q in (0.25, 0.5, 0.75))
        limits = f"{number_text(low, digits)}-{number_text(high, digits)}"
        return {"centre": middle, "spread_low": low, "spread_high": high,
                "cell": f"{number_text(middle, digits)} ({limits})"}  # fmt: skip
    mean, deviation = values.mean(), values.std()
    text = f"{number_text(mean, digits)} ({number_text(deviation, digits)})"  # type: ignore[arg-type]
    return {"centre": mean, "spread_low": deviation, "cell": text}


def _members(people: pl.DataFrame, group: str) -> pl.DataFrame:
    return people if group == ALL else people.filter(pl.col("by_group") == group)


def _counts(people: pl.DataFrame, column: str, levels: Sequence[str | None]) -> list[int]:
    found = dict(people[column].value_counts().iter_rows())
    return [int(found.get(level, 0)) for level in levels]


def _pairs(columns: Columns) -> list[tuple[str, str]]:
    return list(combinations([group for group in columns.groups if group != NOT_RECORDED], 2))


def _largest(found: Sequence[float | None]) -> float | None:
    known = [one for one in found if one is not None]
    return max(known) if known and len(known) == len(found) else None
