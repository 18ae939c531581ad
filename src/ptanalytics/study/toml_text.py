"""Write the small subset of TOML that study.toml uses (the standard library only reads it)."""

import json
from collections.abc import Mapping
from typing import Any

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def to_toml(values: Mapping[str, Any]) -> str:
    """Write nested mappings of text, numbers, booleans and lists of those as TOML.

    Example:
        >>> print(to_toml({"name": "A", "settings": {"time": {"day_start_hour": 3}}}), end="")
        name = "A"
        <BLANKLINE>
        [settings.time]
        day_start_hour = 3
    """
    return "\n\n".join(_sections(values, ())) + "\n"


def _sections(values: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = [f"{_key(name)} = {_value(value)}" for name, value in values.items() if not isinstance(value, Mapping)]
    header = [f"[{'.'.join(map(_key, path))}]"] if path and (plain or not values) else []
    sections = ["\n".join(header + plain)] if header or plain else []
    for name, value in values.items():
        if isinstance(value, Mapping):
            sections += _sections(value, (*path, name))
    return sections


def _key(name: str) -> str:
    return name if name and set(name) <= _BARE else _text(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    message = f"study.toml cannot hold a {type(value).__name__}"
    raise TypeError(message)


def _text(value: str) -> str:
    # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
