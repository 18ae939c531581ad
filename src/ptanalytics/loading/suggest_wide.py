"""Days and weeks in the headings of a wide file: ``pain day 1``, ``week 4``, or dates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from ptanalytics.loading import moments

_PERIODS = {"day": 1, "tag": 1, "d": 1, "week": 7, "woche": 7, "wk": 7, "w": 7}
_WORDS = "|".join(sorted(_PERIODS, key=len, reverse=True))
_BEFORE = re.compile(rf"^(?P<what>.*?)(?:^|[\s_.\-])(?P<period>{_WORDS})[\s_.\-]*(?P<number>\d{{1,3}})$", re.IGNORECASE)
_AFTER = re.compile(rf"^(?P<period>{_WORDS})[\s_.\-]*(?P<number>\d{{1,3}})[\s_.\-]+(?P<what>.+)$", re.IGNORECASE)
_LIKE_DATE = r"^\s*\d{4}-\d{1,2}-\d{1,2}\s*$|\d\s*[-/. ]\s*\pL{3,}|^\s*\d{1,2}[./]\d{1,2}[./]\d{2,4}\s*$"
_MIN_COLUMNS = 3


@dataclass(frozen=True)
class DayColumns:
    """Columns of one quantity that stand for days."""

    #: What the headings say beside the day; empty where they say nothing.
    what: str
    #: ISO date, or days after the start → heading.
    columns: dict[str, str]
    is_dated: bool
    sentence: str


def day_columns(headings: Sequence[str]) -> list[DayColumns]:
    """Return the groups of at least three columns that are days or weeks of one quantity, or dates.

    Day 1 and week 1 are the start itself where there is no day or week 0.

    Example:
        >>> [(group.what, list(group.columns)) for group in day_columns(["id", "pain_w0", "pain_w4", "pain_w8"])]
        [('pain', ['0', '28', '56'])]
    """
    found: dict[tuple[str, int], dict[int, str]] = {}
    for heading in headings:
        fit = _BEFORE.match(heading.strip()) or _AFTER.match(heading.strip())
        if fit:
            what = re.sub(r"[\s_.\-]+", " ", fit["what"]).strip()
            found.setdefault((what, _PERIODS[fit["period"].lower()]), {})[int(fit["number"])] = heading
    groups = [_counted(what, days, numbered) for (what, days), numbered in found.items() if len(numbered) >= _MIN_COLUMNS]
    return [*groups, *_dated(headings)]


def _counted(what: str, days: int, numbered: dict[int, str]) -> DayColumns:
    first = 0 if 0 in numbered else 1
    columns = {str((number - first) * days): heading for number, heading in sorted(numbered.items())}
    unit = "day" if days == 1 else "week"
    sentence = f"{len(columns)} columns are {unit}s; {unit} {first} is taken as the start day itself"
    return DayColumns(what, columns, is_dated=False, sentence=sentence)


def _dated(headings: Sequence[str]) -> list[DayColumns]:
    texts = pl.Series(list(headings), dtype=pl.String)
    is_like = texts.str.contains(
        r"^\s*\d{4}-\d{1,2}-\d{1,2}\s*$|\d\s*[-/. ]\s*\pL{3,}|^\s*\d{1,2}[./]\d{1,2}[./]\d{2,4}\s*$"
    )
    if is_like.sum() < _MIN_COLUMNS:
        return []
    like = texts.filter(is_like)
    evidence = moments.OrderEvidence(**like.to_frame("text").select(moments.order_evidence("text")).item())
    order = evidence.decide()
    if evidence.is_needed and order is None:
        return []  # no row can say the order of dates that stand in the headings
    days = moments.date_reader(order=order, clock=moments.Clock("UTC")).read(like)["value"]
    columns = {day.isoformat(): text for text, day in zip(like, days, strict=True) if day is not None}
    if len(columns) < _MIN_COLUMNS:
        return []
    return [DayColumns("", columns, is_dated=True, sentence=f"{len(columns)} headings are dates")]
