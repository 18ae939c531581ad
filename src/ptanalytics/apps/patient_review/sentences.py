"""What the review says in words and numbers about one patient, from its result tables."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from ptanalytics.charts.wording import count_text, day_text, number_text, reason_text, share_text, short_number
from ptanalytics.instruments import measure as measure_of
from ptanalytics.schemas.results import MEASURES


@dataclass(frozen=True)
class KeyNumber:
    """One number at the top of the page: its name, the value, and what it means."""

    name: str
    value: str
    meaning: str
    #: How to ask where it comes from: kind of number and what names it; None where there is nothing to explain.
    asked: tuple[str, tuple[tuple[str, Any], ...]] | None = None


def sufficiency(tables: dict[str, pl.DataFrame], cutoff: date | None) -> str:
    """Say how much is recorded, so that everything below is read in its light."""
    pain = tables["daily"]
    if tables["summary"].is_empty():
        sessions = "no plan, so no day with a session due"
    else:
        row = tables["summary"].row(0, named=True)
        sessions = f"a session entry on {share_text(row['days_with_entry'], row['eligible_days'])} of the days under plan"
        if row["last_entry_date"] is None:
            sessions += ", no entry yet"
        else:
            sessions += f", last on {day_text(row['last_entry_date'])}"
            gap = (cutoff - row["last_entry_date"]).days if cutoff else 0
            sessions += f" ({count_text(gap, 'day')} before the study's last)" if gap > 0 else ""
    ratings = f"pain rated on {count_text(pain.height, 'day')}" if pain.height else "no pain rating"
    forms = tables["scores"].filter(pl.col("score").is_not_null()).height
    return f"Data: {sessions}; {ratings}; {count_text(forms, 'scored form')}."


def key_numbers(tables: dict[str, pl.DataFrame]) -> list[KeyNumber]:
    """Return pain, questionnaires and adherence: before, now, and the change against the minimal important change."""
    present = set(tables["changes"].filter(pl.col("baseline").is_not_null())["measure"])
    names = [one for one in MEASURES if one in present] + sorted(present - set(MEASURES))
    numbers = [_of_measure(tables["changes"], name) for name in names]
    return [*numbers, _adherence(tables["summary"])]


def _of_measure(changes: pl.DataFrame, name: str) -> KeyNumber:
    known = measure_of(name)
    rows = changes.filter(pl.col("measure") == name).sort("target_week")
    label = f"{known.short_label} ({'lower' if known.direction == 'lower_better' else 'higher'} is better)"
    with_followup = rows.filter(pl.col("followup").is_not_null())
    if with_followup.is_empty():
        row = rows.row(-1, named=True)
        no_change = f"No change: {reason_text(row['reason'])}."
        return KeyNumber(label, f"{short_number(row['baseline'])} → –", no_change, _asked(row))
    row = with_followup.row(-1, named=True)
    values = f"{short_number(row['baseline'])} → {short_number(row['followup'])}"
    return KeyNumber(label, values, f"Week {row['target_week']}: {_change_words(row)}.", _asked(row))


def _asked(row: dict[str, Any]) -> tuple[str, tuple[tuple[str, Any], ...]]:
    return "changes", (("measure", row["measure"]), ("target_week", row["target_week"]))


def _change_words(row: dict[str, Any]) -> str:
    improvement, mic = row["improvement"], row["mic"]
    if improvement is None:
        return f"no change: {reason_text(row['reason'])}"
    words = "unchanged"
    if improvement:
        words = f"{'better' if improvement > 0 else 'worse'} by {short_number(abs(improvement))}"
    if mic is None:
        return f"{words}; no minimal important change is known"
    reached = improvement >= mic or -improvement >= mic
    return f"{words}, {'at or over' if reached else 'under'} the important change of {short_number(mic)}"


def _adherence(summary: pl.DataFrame) -> KeyNumber:
    if summary.is_empty():
        return KeyNumber("Adherence", "–", "No plan is recorded.")
    row = summary.row(0, named=True)
    if row["adherence_pct"] is None:
        return KeyNumber("Adherence", "–", f"No percentage: {reason_text(row['reason'])}.")
    counts = f"{row['counted']} sessions counted of {number_text(row['prescribed'], 1)} prescribed"
    return KeyNumber(
        "Adherence", f"{number_text(row['adherence_pct'], 0)} %", f"{counts}; {row['band']}.", ("adherence", ())
    )
