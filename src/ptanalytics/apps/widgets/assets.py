"""The JavaScript and CSS of the widgets, read from the files beside this one."""

from functools import cache
from importlib.resources import files


@cache
def asset(name: str) -> str:
    """Return the text of a file of ``apps/widgets``, e.g. ``chart.js``."""
    return (files("ptanalytics.apps.widgets") / name).read_text(encoding="utf-8")
