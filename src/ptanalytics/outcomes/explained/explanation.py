"""What an explanation is: a sentence, the arithmetic, and the readings with what became of each."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from html import escape
from typing import Any, NamedTuple

import polars as pl

from ptanalytics.dates import day_text
from ptanalytics.instruments import count_text
from ptanalytics.instruments import short_number as number_of
from ptanalytics.schemas.explain_results import ExplainedReadings
from ptanalytics.schemas.frames import conform

Row = dict[str, Any]

#: Rows of a table on a page; the whole table is in ``readings``.
SHOWN_ROWS = 60


class Reading(NamedTuple):
    """One thing that was recorded, and what became of it."""

    date: date | None
    what: str
    value: float | None
    #: The number that goes into the arithmetic, e.g. an answer turned round.
    counts_as: float | None = None
    #: Its part in the number, or two joined by "and"; missing: not used.
    part: str | None = None
    why: str = ""


@dataclass(frozen=True)
class Told:
    """What a module of this package says about one number."""

    sentence: str
    steps: list[str]
    value: Any
    unit: str
    n: int | None
    window: tuple[date | None, date | None]
    readings: list[Reading]
    #: Numbers worked out again from the readings, by the column of the analysis they must equal.
    worked_out: Mapping[str, Any]
    sources: tuple[str, ...]
    #: Name of what a reading counts as, where that is not its value.
    counts_as: str = "counts as"
    #: The arithmetic in one line, for a page with little room; empty: the sentence says it.
    brief: str = ""


@dataclass(frozen=True)
class OutcomeExplanation:
    """A number of one patient with what it was made from. Text and tables name the patient's values: keep them inside."""

    patient_id: str
    #: Name of the analysis the number is of, e.g. ``changes``.
    number: str
    #: What names it among others of its kind, e.g. measure and week.
    keys: Mapping[str, Any]
    #: What was found, in words.
    sentence: str
    #: The arithmetic, line by line.
    steps: tuple[str, ...]
    #: The same in one line.
    brief: str
    #: The number as the analysis gives it; None where it cannot be computed (``reason``).
    value: Any
    #: Unit of the number.
    unit: str
    #: Days, readings, forms or items behind it.
    n: int | None
    #: First and last day of what counts.
    from_date: date | None
    to_date: date | None
    #: Why there is no number, as the analysis names it.
    reason: str | None
    #: Numbers worked out again from the readings, by the column of the analysis they equal.
    worked_out: Mapping[str, Any]
    #: Who says so.
    sources: tuple[str, ...]
    #: Version of the rules the number was computed by.
    rules_version: str
    #: Name of what a reading counts as.
    counts_as: str
    #: `ExplainedReadings`: what was recorded and what became of it, in the caller's kind of frame.
    readings: Any = field(repr=False)

    def __str__(self) -> str:
        """Return the sentence, the arithmetic and where the rules come from."""
        return "\n".join([self.sentence, *(f"  {step}" for step in self.steps), f"  {self.basis()}"])

    def basis(self) -> str:
        """Say window, count, rules and sources in one line."""
        parts = []
        if self.from_date is not None or self.to_date is not None:
            days = dict.fromkeys((day_text(self.from_date or self.to_date), day_text(self.to_date or self.from_date)))
            parts.append(f"Days: {' to '.join(days)}")
        if self.n is not None:
            parts.append(f"n = {self.n}")
        if self.unit:
            parts.append(f"unit: {self.unit}")
        parts.append(f"rules {self.rules_version}")
        return f"{'; '.join(parts)}. Sources: {'; '.join(self.sources)}."

    def unused(self) -> list[tuple[str, int]]:
        """Count the readings that were not used, by reason."""
        rows = _rows(self.readings).filter(pl.col("part").is_null())
        return Counter(rows["why"].fill_null("not used").to_list()).most_common()

    def to_html(self) -> str:
        """Return sentence, arithmetic, readings used and counts of those not used, as HTML; all text is escaped."""
        steps = "".join(f"<li>{escape(step)}</li>" for step in self.steps)
        head = f"<p><b>{escape(self.sentence)}</b></p><ol>{steps}</ol>"
        return f"{head}{self._html_table()}{self._html_unused()}<p>{escape(self.basis())}</p>"

    def _repr_html_(self) -> str:
        return self.to_html()

    def _html_table(self) -> str:
        used = _rows(self.readings).filter(pl.col("part").is_not_null())
        if used.is_empty():
            return ""
        shown = used.head(SHOWN_ROWS)
        has_points = not shown["value"].equals(shown["counts_as"])
        names = ["date", "what", "value", *(["counts_as"] if has_points else []), "part"]
        names += ["why"] if shown["why"].is_not_null().any() else []
        if shown["date"].is_null().all():
            names.remove("date")
        headings = _HEADINGS | {"counts_as": self.counts_as}
        head = "".join(f'<th scope="col">{escape(headings[name])}</th>' for name in names)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(_cell(row[name], name))}</td>' for name in names)}</tr>"
            for row in shown.iter_rows(named=True)
        )
        more = f"<p>and {count_text(used.height - shown.height, 'row')} more</p>" if used.height > shown.height else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"

    def _html_unused(self) -> str:
        counts = "; ".join(f"{why}: {n}" for why, n in self.unused())
        return f"<p>{escape(f'Not used: {counts}.')}</p>" if counts else ""


_HEADINGS = {
    "date": "day",
    "what": "what was recorded",
    "value": "value",
    "part": "part",
    "why": "remark",
}


def readings_frame(patient_id: str, readings: list[Reading]) -> pl.DataFrame:
    """Return readings as the table `ExplainedReadings`; an empty remark is missing."""
    rows = [(patient_id, *one[:-1], one.why or None) for one in readings]
    schema = {
        "patient_id": pl.String,
        "date": pl.Date,
        "what": pl.String,
        "value": pl.Float64,
        "counts_as": pl.Float64,
        "part": pl.String,
        "why": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _rows(frame: Any) -> pl.DataFrame:
    return conform(frame, ExplainedReadings).collect()


def _cell(value: Any, name: str) -> str:
    if isinstance(value, date):
        return day_text(value)
    if value is None:
        return "" if name == "why" else "–"
    return number_of(value, 2) if isinstance(value, float) else str(value)
