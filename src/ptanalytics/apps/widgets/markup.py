"""HTML from text: everything that is not markup of ours is escaped."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any


def element(tag: str, *children: str, css: str = "", **attributes: str) -> str:
    """Return one element. ``children`` are markup already; attribute values are escaped here."""
    given = {"class": css, **{name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}}
    written = "".join(f' {name}="{escape(value)}"' for name, value in given.items() if value)
    return f"<{tag}{written}>{''.join(children)}</{tag}>"


def text(value: Any, *, missing: str = "not recorded") -> str:
    """Return a value as escaped text; a missing one is said, never shown as zero or left blank."""
    return escape(missing if is_missing(value) else str(value))


def is_missing(value: Any) -> bool:
    """Say whether a value is None or one of the missing values of numpy and pandas."""
    return value is None or str(value) in {"nan", "NaT", "<NA>"}


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]], *, caption: str) -> str:
    """Return a plain table of text with a caption that names it."""
    head = element("tr", *(element("th", text(heading), scope="col") for heading in headings))
    body = (element("tr", *(element("td", text(cell)) for cell in row)) for row in rows)
    return element("table", element("caption", text(caption)), head, *body, css="pta-table")
