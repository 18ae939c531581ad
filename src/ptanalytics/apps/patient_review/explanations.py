"""Which numbers of a patient can be explained in the review, and the explanation of one of them. No widgets."""

from typing import TYPE_CHECKING, Any

import polars as pl

import ptanalytics as pta
from ptanalytics.charts.wording import day_text, reason_text
from ptanalytics.instruments import instrument, instrument_ids
from ptanalytics.outcomes.explained import EXPLAINED
from ptanalytics.schemas.explain_results import OutcomeNumbers
from ptanalytics.schemas.frames import conform
from ptanalytics.schemas.results import MEASURES

if TYPE_CHECKING:
    from ptanalytics.study import Study

ADHERENCE = "adherence"

#: What names one of several numbers, e.g. ``(("measure", "odi"), ("target_week", 12))``; empty: there is only one.
Key = tuple[tuple[str, Any], ...]

_KEYS = ("measure", "target_week", "day", "plan_version", "exercise_id")


class Explanations:
    """What can be asked about a patient's numbers, and the answers.

    Args:
        study: The study.
    """

    def __init__(self, study: "Study") -> None:
        self.study = study

    def numbers(self) -> list[tuple[str, str]]:
        """Return label and name of every kind of number the study has the tables for."""
        needed = {name: set(one.analysis.tables) - set(one.analysis.optional) for name, one in EXPLAINED.items()}
        has_plan = self.study.has_table("sessions") and self.study.has_table("plans")
        own = [("Adherence", ADHERENCE)] if has_plan else []
        return own + [(one.label, name) for name, one in EXPLAINED.items() if all(map(self.study.has_table, needed[name]))]

    def choices(self, patient_id: str, number: str) -> list[tuple[str, Key]]:
        """Return the patient's numbers of one kind, the newest first, with their values in words."""
        if number == ADHERENCE:
            return self._weeks(patient_id)
        found = pta.outcome_numbers(self.study, patient_id, number=number)
        rows = conform(found, OutcomeNumbers).collect()
        order = {name: place for place, name in enumerate(MEASURES)}
        rows = rows.sort(
            pl.col("measure").replace_strict(order, default=len(order), return_dtype=pl.Int32),
            "measure",
            "exercise_id",
            "target_week",
            "day",
            "plan_version",
            descending=[False, False, False, True, True, True],
        )
        return [(_words(row), _key(row)) for row in rows.iter_rows(named=True)]

    def _weeks(self, patient_id: str) -> list[tuple[str, Key]]:
        weeks = conform(pta.weekly_adherence(self.study, patients=[patient_id]), pta.weekly_adherence.returns).collect()
        each: list[tuple[str, Key]] = [
            (f"week {row['week']}, from {day_text(row['week_start_date'])}", (("week_start_date", row["week_start_date"]),))
            for row in weeks.sort("week_start_date").iter_rows(named=True)
        ]
        return [("all weeks", ()), *each] if each else []

    def html(self, patient_id: str, number: str, key: Key) -> str:
        """Return what stands behind one number, as HTML."""
        if number == ADHERENCE:
            return str(pta.explain_adherence(self.study, patient_id, **dict(key)).to_html())
        return str(pta.explain_outcome(self.study, patient_id, number=number, **dict(key)).to_html())


def _key(row: dict[str, Any]) -> Key:
    return tuple((name, row[name]) for name in _KEYS if row[name] is not None)


def _words(row: dict[str, Any]) -> str:
    measure = row["measure"]
    parts = [] if measure is None else [instrument(measure).short_label if measure in instrument_ids() else measure]
    parts += [row["exercise_id"]] if row["exercise_id"] is not None else []
    parts += [f"week {row['target_week']}"] if row["target_week"] is not None else []
    parts += [day_text(row["day"])] if row["day"] is not None else []
    parts += [f"version {row['plan_version']}"] if row["plan_version"] is not None else []
    value = row["value"] if row["value"] is not None else reason_text(row["reason"]) or "nothing special"
    if row["value"] is not None and row["unit"] in {"days", "points/week"}:
        value = f"{value} {row['unit']}"
    return f"{', '.join(parts)}: {value}" if parts else value
