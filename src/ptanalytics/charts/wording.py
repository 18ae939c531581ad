"""Words and numbers as people read them, and text from files made safe for plotly's pseudo-HTML."""

from collections.abc import Iterable

from ptanalytics.dates import day_text
from ptanalytics.instruments.display import MISSING, count_text, number_text, share_text, short_number

__all__ = [
    "MISSING",
    "REASONS",
    "count_text",
    "day_text",
    "listed",
    "number_text",
    "plain",
    "reason_text",
    "share_text",
    "short_number",
]

_SAFE = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "%{": "%&#123;"}


def plain(text: object) -> str:
    """Make any text literal for plotly, which reads tags, links, ``%{...}`` and ``$...$`` in every label and hover.

    Example:
        >>> plain("<b>A & B</b>")
        '&lt;b&gt;A &amp; B&lt;/b&gt;'
    """
    words = " ".join(str(text).split())
    for found, shown in _SAFE.items():
        words = words.replace(found, shown)
    return words


def listed(parts: Iterable[str]) -> str:
    """Join words with commas and a final 'and'.

    Example:
        >>> listed(["a", "b", "c"])
        'a, b and c'
    """
    words = list(parts)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


REASONS = {
    "no_baseline": "no baseline",
    "no_followup": "no follow-up",
    "no_room_to_improve": "no room to improve",
    "no_start": "no start date",
    "not_due": "follow-up not due yet",
    "too_few_days": "too few days with a value",
    "too_short_span": "the days span too short a time",
    "zero_prescribed": "nothing prescribed",
    "no_patients": "no patients",
    "too_many_missing": "too many items missing",
    "out_of_range": "an answer out of range",
    "blank": "blank form",
}


def reason_text(reason: str | None) -> str:
    """Say a machine-readable reason in words.

    Example:
        >>> reason_text("no_followup")
        'no follow-up'
    """
    return "" if reason is None else REASONS.get(reason, reason.replace("_", " "))
