"""A layout as TOML text that a person can read and change."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Protocol

from ptanalytics.loading.layouts import Layout, TableLayout


class _Reason(Protocol):
    @property
    def confidence(self) -> float: ...
    @property
    def reason(self) -> str: ...


def layout_text(
    layout: Layout, comments: Iterable[str] = (), reasons: Mapping[tuple[str, str], _Reason] | None = None
) -> str:
    """Return a layout as TOML. Reading it back gives the same layout.

    Args:
        layout: The layout.
        comments: Lines put above it.
        reasons: Why a column is read so, by table and column of ours; put beside it as comments.
    """
    lines = [f"# {_one_line(comment)}" for comment in comments]
    lines += [f"{key} = {_value(getattr(layout, key))}" for key in ("id", "description", "source") if getattr(layout, key)]
    for name in ("match", "text"):
        part = getattr(layout, name)
        given = part.model_dump(exclude_defaults=True) if part is not None else {}
        if given:
            lines += ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in given.items() if value is not None)]
    for table in layout.tables:
        lines += ["", "[[tables]]", *_table_lines(table, reasons or {})]
    return "\n".join(lines) + "\n"


def _table_lines(table: TableLayout, reasons: Mapping[tuple[str, str], _Reason]) -> Iterator[str]:
    given = table.model_dump(exclude_defaults=True)
    nested = {key: value for key, value in given.items() if isinstance(value, dict)}
    lists = {key: value for key, value in given.items() if _is_list_of_tables(value)}
    for key, value in given.items():
        if key not in nested and key not in lists:
            yield f"{key} = {_value(value)}"
    for key, entries in nested.items():
        yield f"[tables.{key}]"
        for name, value in entries.items():
            why = reasons.get((table.table, name)) if key == "columns" else None
            comment = f"  # {why.confidence:.0%}: {_one_line(why.reason)}" if why else ""
            if value is not None:
                yield f"{_key(name)} = {_value(value)}{comment}"
    for key, entries in lists.items():
        for entry in entries:
            yield f"[[tables.{key}]]"
            yield from (f"{_key(name)} = {_value(value)}" for name, value in entry.items() if value is not None)


def _is_list_of_tables(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and isinstance(value[0], dict)


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _key(name: str) -> str:
    is_bare = bool(name) and all(sign.isascii() and (sign.isalnum() or sign in "_-") for sign in name)
    return name if is_bare else _text(name)


def _text(text: str) -> str:
    # A JSON string is a TOML string, but for DEL, which TOML wants escaped too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{_key(name)} = {_value(entry)}" for name, entry in value.items() if entry is not None) + " }"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(entry) for entry in value) + "]"
    return _text(str(value))
