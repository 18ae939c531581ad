"""The base of every table model, and the row rules read off it."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import pandera.polars as pa
import polars as pl


@dataclass(frozen=True)
class RowRule:
    """One rule a row must keep, as a sentence for people and an expression for Polars."""

    #: Stable name, e.g. ``pain_nprs_range``.
    rule_id: str
    #: The column it is about.
    column: str
    #: What must hold, in plain words.
    sentence: str
    #: True where the row keeps the rule; a missing optional value keeps every rule but "required".
    holds: pl.Expr


class TableModel(pa.DataFrameModel):
    """A table of the contract. A column it does not name is dropped, never carried along.

    ``Config.name`` is the table's name; ``Config.metadata`` holds ``key`` (columns that name one row: equal keys are the
    same fact), ``sort`` (the order rows are stored and returned in) and, where there are any, ``ordered`` (pairs of
    columns of which the second is never before or below the first).
    """

    class Config:
        strict = "filter"
        coerce = False  # cells are typed one by one before; a schema never guesses


def table_name(model: type[TableModel]) -> str:
    """Return the name of a table model, e.g. ``sessions``."""
    return str(model.to_schema().name)


def key_of(model: type[TableModel]) -> tuple[str, ...]:
    """Return the columns that name one row."""
    return tuple(_facts(model)["key"])


def sort_of(model: type[TableModel]) -> tuple[str, ...]:
    """Return the columns rows are ordered by."""
    return tuple(_facts(model)["sort"])


def _facts(model: type[TableModel]) -> dict[str, tuple[Any, ...]]:
    facts: dict[str, tuple[Any, ...]] = vars(model.Config)["metadata"]
    return facts


@dataclass(frozen=True)
class ColumnInfo:
    """One column as people read it."""

    name: str
    dtype: pl.DataType
    description: str
    unit: str
    is_required: bool
    allowed: tuple[str, ...]
    minimum: float | None
    maximum: float | None


def columns_of(model: type[TableModel]) -> dict[str, ColumnInfo]:
    """Return the columns of a model in order, with description, unit and range."""
    return dict(_columns_of(model))


@cache
def _columns_of(model: type[TableModel]) -> dict[str, ColumnInfo]:
    infos: dict[str, ColumnInfo] = {}
    for name, column in model.to_schema().columns.items():
        limits = {check.name: check.statistics for check in column.checks}
        infos[name] = ColumnInfo(
            name=name,
            dtype=column.dtype.type,
            description=column.description or "",
            unit=(column.metadata or {}).get("unit", ""),
            is_required=not column.nullable,
            allowed=tuple(limits.get("isin", {}).get("allowed_values", ())),
            minimum=_limit(limits, "greater_than_or_equal_to", "greater_than", key="min_value"),
            maximum=_limit(limits, "less_than_or_equal_to", "less_than", key="max_value"),
        )
    return infos


def _limit(limits: dict[str, Any], *names: str, key: str) -> float | None:
    for name in names:
        if name in limits:
            return float(limits[name][key])
    return None


def row_rules(model: type[TableModel]) -> list[RowRule]:
    """Translate a model's column checks into row rules, so that import and validation share one definition."""
    rules = []
    for name, column in model.to_schema().columns.items():
        value = pl.col(name)
        if not column.nullable:
            rules.append(RowRule(f"{name}_required", name, f"{name} must be given", value.is_not_null()))
        for check in column.checks:
            sentence, holds = _rule_of(check.name, check.statistics, value, name)
            rules.append(RowRule(f"{name}_{_SHORT[check.name]}", name, sentence, holds | value.is_null()))
    for low, high in _facts(model).get("ordered", ()):
        holds = (pl.col(low) <= pl.col(high)).fill_null(value=True)
        rules.append(RowRule(f"{high}_order", high, f"{high} must not be before or below {low}", holds))
    return rules


_SHORT = {
    "greater_than_or_equal_to": "minimum",
    "greater_than": "minimum",
    "less_than_or_equal_to": "maximum",
    "less_than": "maximum",
    "isin": "allowed",
    "str_length": "length",
}


def _rule_of(kind: str, numbers: dict[str, Any], value: pl.Expr, name: str) -> tuple[str, pl.Expr]:
    if kind == "greater_than_or_equal_to":
        return f"{name} must be at least {numbers['min_value']}", value >= numbers["min_value"]
    if kind == "greater_than":
        return f"{name} must be more than {numbers['min_value']}", value > numbers["min_value"]
    if kind == "less_than_or_equal_to":
        return f"{name} must be at most {numbers['max_value']}", value <= numbers["max_value"]
    if kind == "less_than":
        return f"{name} must be less than {numbers['max_value']}", value < numbers["max_value"]
    if kind == "isin":
        allowed = list(numbers["allowed_values"])
        return f"{name} must be one of: {', '.join(map(str, allowed))}", value.is_in(allowed)
    if kind == "str_length":
        low, high = numbers["min_value"] or 0, numbers["max_value"] or 2**31
        return f"{name} must have {low} to {high} characters", value.str.len_chars().is_between(low, high)
    message = f"no row rule for the check '{kind}' on {name}"
    raise TypeError(message)
