"""Questionnaires in the headings of a wide file: numbered item columns, and columns that hold an instrument's score."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from ptanalytics.instruments import instrument, instrument_ids
from ptanalytics.loading.layouts import same_heading

_ITEM = re.compile(
    r"^(?P<prefix>.*?[^\W\d_].*?)(?:[\s_.\-]+(?:item|question|frage|q))?[\s_.\-]*(?P<number>\d{1,2})$", re.IGNORECASE
)
_MIN_ITEMS = 3
_LONGEST_ITEM = 300
_SCORE_WORDS = ("score", "total", "totalscore", "sum", "sumscore", "percent", "pct", "index", "value", "result")


@dataclass(frozen=True)
class ItemGroup:
    """Columns that are the items of one questionnaire."""

    prefix: str
    #: Id of the instrument in the catalogue; where it knows none, the prefix in small letters.
    instrument_id: str
    is_known: bool
    #: Item id → heading.
    columns: dict[str, str]


def item_groups(headings: Sequence[str]) -> list[ItemGroup]:
    """Return the groups of at least three columns that differ only in a number at their end.

    Example:
        >>> [group.instrument_id for group in item_groups(["id", *(f"ODI Q{n}" for n in range(1, 11))])]
        ['odi']
        >>> item_groups(["pain_1", "pain_2", "mood"])
        []
    """
    found: dict[str, dict[int, str]] = {}
    for heading in headings:
        # A heading longer than any question is a broken file's, and matching it would take for ever.
        if len(heading) <= _LONGEST_ITEM and (fit := _ITEM.match(heading.strip())):
            found.setdefault(same_heading(fit["prefix"]), {}).setdefault(int(fit["number"]), heading)
    return [_group(prefix, numbered) for prefix, numbered in found.items() if prefix and len(numbered) >= _MIN_ITEMS]


def _group(prefix: str, numbered: dict[int, str]) -> ItemGroup:
    n_items, highest = len(numbered), max(numbered)
    known = instrument_named(prefix, n_items=n_items, highest=highest)
    if known is None and len(prefix) > 1 and prefix.endswith("q"):
        known = instrument_named(prefix[:-1], n_items=n_items, highest=highest)
    name = known or re.sub(r"[^\w]+", "_", prefix).strip("_").lower()
    items = instrument(known).items if known else ()
    columns = {
        (items[number - 1] if 0 < number <= len(items) else f"{name}_{number}"): heading
        for number, heading in sorted(numbered.items())
    }
    return ItemGroup(prefix, name, known is not None, columns)


def instrument_named(text: str, *, n_items: int | None = None, highest: int = 0) -> str | None:
    """Return the instrument a text names; of several forms of one name the one with that many items."""
    wanted = same_heading(text)
    candidates = [id_ for id_ in instrument_ids() if wanted in _names(id_)]
    if n_items is None:
        return candidates[0] if len(candidates) == 1 else None
    fitting = [id_ for id_ in candidates if len(instrument(id_).items) >= max(highest, 1)]
    exact = [id_ for id_ in fitting if len(instrument(id_).items) == max(n_items, highest)]
    chosen = exact or fitting
    return chosen[0] if len(chosen) == 1 else None


def score_columns(headings: Sequence[str]) -> dict[str, str]:
    """Return the columns whose heading names one instrument, perhaps with a word such as "total": instrument id → heading.

    Example:
        >>> score_columns(["id", "ODI total", "PCS", "weight"])
        {'odi': 'ODI total', 'pcs': 'PCS'}
    """
    found: dict[str, str] = {}
    for heading in headings:
        words = [word for word in re.split(r"[\s_.\-()%]+", heading.strip()) if word]
        while len(words) > 1 and same_heading(words[-1]) in _SCORE_WORDS:
            words.pop()
        if words and (id_ := instrument_named("".join(words))):
            found.setdefault(id_, heading)
    return found


@cache
def _names(instrument_id: str) -> frozenset[str]:
    """Return what an instrument is called: its id, its labels, and these without the number of items at their end."""
    about = instrument(instrument_id)
    names = {same_heading(name) for name in (about.id, about.label, about.short_label)}
    return frozenset(names | {name.rstrip("0123456789") for name in names} - {""})
