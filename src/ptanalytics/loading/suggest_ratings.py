"""Pain ratings: what a heading says of the time they are about, and ratings written as words."""

import re

import polars as pl

from ptanalytics.errors import LayoutError
from ptanalytics.loading.suggest_asking import Asking
from ptanalytics.loading.suggestion import Question

_WEEK = r"(?:last|past|previous)\s*(?:week|7\s*days)|7\s*d\b|week"
_DAY = r"24\s*h"
_RECALLS = (
    ("avg_7d", rf"(?:average|avg|mean|usual).*(?:{_WEEK})|(?:{_WEEK}).*(?:average|avg|mean)"),
    ("worst_24h", rf"(?:worst|max).*{_DAY}|{_DAY}.*(?:worst|max)"),
    ("avg_24h", rf"(?:average|avg|mean).*{_DAY}|{_DAY}.*(?:average|avg|mean)"),
    ("current", r"\b(?:now|current|right now|at the moment)\b"),
)
#: Words of verbal rating scales; no number stands for any of them everywhere.
_VERBAL = frozenset(
    {"none", "no pain", "very mild", "mild", "moderate", "severe", "very severe", "worst", "worst possible", "unbearable"}
)


def recall_in(heading: str) -> str | None:
    """Return the recall that a heading says.

    Example:
        >>> recall_in("average_pain_last_week"), recall_in("Pain now (0-10)"), recall_in("Pain")
        ('avg_7d', 'current', None)
    """
    words = heading.casefold().replace("_", " ")
    return next((recall for recall, pattern in _RECALLS if re.search(pattern, words)), None)


def verbal_ratings(cells: pl.Series) -> tuple[str, ...]:
    """Return the words of a column that rates pain in words only; none for any other column.

    Example:
        >>> verbal_ratings(pl.Series(["Mild", "Severe", "mild", None]))
        ('mild', 'severe')
    """
    found = cells.str.strip_chars().str.to_lowercase().drop_nulls()
    words = found.filter(found != "").unique().sort().to_list()
    return tuple(words) if words and set(words) <= _VERBAL else ()


def numbers_for(heading: str, words: tuple[str, ...], asking: Asking) -> dict[str, str] | None:
    """Return the number that stands for each word, as a person has said of all of them; None where one is open.

    Raises:
        LayoutError: An answer is no number from 0 to 10.
    """
    found: dict[str, str] = {}
    for word in words:
        name = word.replace(" ", "_")
        question = Question(
            f"rating.{name}",
            f"'{heading}' rates pain in words. Which number from 0 to 10 stands for '{word}' ('missing': none)?",
            otherwise="the column is not read",
            is_needed=True,
        )
        answer = asking.ask(question)
        if answer is None:
            continue
        if answer != "missing" and not re.fullmatch(r"\d(\.\d+)?|10(\.0+)?", answer):
            message = f"The answer to {question.id} must be a number from 0 to 10, or missing."
            raise LayoutError(message)
        found[word] = "" if answer == "missing" else answer
    return found if len(found) == len(words) else None
