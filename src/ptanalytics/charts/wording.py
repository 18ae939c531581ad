"""Words and numbers as people read them, and text from files made safe for plotly's pseudo-HTML."""

from collections.abc import Iterable

from ptanalytics.dates import day_text
from ptanalytics.instruments import count_text, format_number

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

MISSING = "–"
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


def number_text(value: float | None, digits: int = 1, *, sign: bool = False) -> str:
    """Round half away from zero for display only; a missing value is a dash.

    Example:
        >>> number_text(2.5, 0), number_text(0.125, 2), number_text(-1.25), number_text(None)
        ('3', '0.13', '−1.3', '–')
    """
    text = format_number(value, digits, missing=MISSING)
    if text.startswith("-"):
        return f"−{text[1:]}"
    return f"+{text}" if sign and value is not None and value > 0 and float(text) > 0 else text


def short_number(value: float | None, digits: int = 1) -> str:
    """Like `number_text`, without trailing zeros: ``3`` and not ``3.0``.

    Example:
        >>> short_number(3.0), short_number(2.25)
        ('3', '2.3')
    """
    text = number_text(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def share_text(numerator: int | None, denominator: int | None) -> str:
    """Write a share with its counts: no % under 10, none behind the point under 100, one from 100 on.

    Example:
        >>> share_text(12, 41), share_text(3, 7), share_text(55, 110), share_text(0, 0)
        ('12/41 (29 %)', '3/7', '55/110 (50.0 %)', '0/0')
    """
    if numerator is None or denominator is None:
        return MISSING
    counts = f"{numerator}/{denominator}"
    if denominator < 10:
        return counts
    return f"{counts} ({number_text(100 * numerator / denominator, 0 if denominator < 100 else 1)} %)"


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
