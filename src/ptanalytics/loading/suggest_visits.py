"""Files that know visits and no dates: which column says the visit, and on which day after the start each visit was."""

import re
from collections.abc import Mapping
from datetime import date

import polars as pl

from ptanalytics.errors import LayoutError
from ptanalytics.loading.layout_parts import NominalDates
from ptanalytics.loading.suggest_asking import Asking
from ptanalytics.loading.suggestion import Question

_VISIT = re.compile(r"(?i)\b(time|visit|event|wave|assmnt|assessment|timepoint|follow[- ]?up|week|month|session)\b")
_MOST_VISITS = 12
#: The day that stands for the start, where a file has no date at all.
START = date(2000, 1, 1)
_QUESTION = "visit_days"


def visit_column(texts: Mapping[str, pl.Series]) -> str | None:
    """Return the column that names the visit of each row: few values, under a heading that says so."""
    for heading, cells in texts.items():
        if _VISIT.search(heading.replace("_", " ")) and 0 < len(_visits(cells)) <= _MOST_VISITS:
            return heading
    return None


def nominal_dates(heading: str, cells: pl.Series, asking: Asking, *, is_needed: bool = False) -> NominalDates | None:
    """Return the nominal day of each visit, as a person has said; None where nobody has.

    Raises:
        LayoutError: The answer is not written as ``visit=days``.
    """
    visits = _visits(cells)
    example = ", ".join(f"{visit}={28 * at}" for at, visit in enumerate(visits[:2]))
    answer = asking.ask(
        Question(
            _QUESTION,
            f"The file has no date, only visits in '{heading}' ({', '.join(visits)}). How many days after the start was "
            f"each? Write for example '{example}'.",
            otherwise="what has no day is not read",
            is_needed=is_needed,
        )
    )
    if answer is None:
        return None
    pairs = [part.partition("=") for part in re.split(r"[;,]", answer) if part.strip()]
    if not pairs or any(not re.fullmatch(r"-?\d{1,5}", days.strip()) for _, _, days in pairs):
        message = f"The answer to {_QUESTION} must name each visit with its days after the start, e.g. '{example}'."
        raise LayoutError(message)
    asking.notes.append(f"Days are nominal: {START.isoformat()} stands for the start, because the file has no dates.")
    return NominalDates(event=heading, start=START, days={visit.strip(): int(days) for visit, _, days in pairs})


def _visits(cells: pl.Series) -> list[str]:
    found = cells.str.strip_chars().drop_nulls()
    return found.filter(found != "").unique(maintain_order=True).to_list()
