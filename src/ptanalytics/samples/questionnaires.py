"""Questionnaire forms at baseline, week 6 and week 12: ODI, RMDQ-24 and a seven-day pain rating; item ids only."""

from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np

from ptanalytics.samples.course import PainCourse
from ptanalytics.samples.people import EXPORT_DATE, Person

Row = dict[str, Any]
#: Plan day aimed at, earliest and latest offset from it.
FORM_DAYS = {"baseline": (0, -7, 0), "week_6": (42, -3, 3), "week_12": (84, -6, 4)}


def form_dates(person: Person, seed: int) -> list[tuple[str, date]]:
    """Return when the person filled in which round of forms."""
    rng = person.generator(seed, 6)
    dates = []
    for label, (plan_day, earliest, latest) in FORM_DAYS.items():
        filled_on = person.start_date + timedelta(days=plan_day + int(rng.integers(earliest, latest + 1)))
        came = rng.random() < (1.0 if label == "baseline" else 0.93)
        left_before = person.discharged_date is None and not person.is_ongoing and filled_on > person.plan_end_date
        took_part = filled_on <= person.last_date + timedelta(days=6) and not left_before
        if label == "baseline" or (took_part and came and person.role.name != "no_followup" and filled_on <= EXPORT_DATE):
            dates.append((label, filled_on))
    return dates


def response_rows(person: Person, course: PainCourse, seed: int) -> list[Row]:
    """Return one row per item of every form; an item left blank has a row without an answer."""
    rng = person.generator(seed, 7)
    rows: list[Row] = []
    for number, (label, filled_on) in enumerate(form_dates(person, seed), start=1):
        completed = datetime.combine(filled_on, time(int(rng.integers(9, 18)), int(rng.integers(0, 60))))
        disability_pct = _disability_pct(person, course, filled_on, rng)
        for instrument_id, items in (
            ("odi", _odi_items(person, label, disability_pct, rng)),
            ("rmdq24", _rmdq_items(disability_pct, rng)),
            ("nprs_7d", [_rating_of_week(course, filled_on, rng)]),
        ):
            head: Row = {
                "patient_id": person.patient_id,
                "response_id": f"{instrument_id}-{number}",
                "completed_at": completed,
                "instrument_id": instrument_id,
            }
            rows += [head | {"item_id": f"{instrument_id}_{at}", "answer": answer} for at, answer in enumerate(items, 1)]
    return rows


def weekly_rating_rows(person: Person, course: PainCourse, seed: int) -> list[Row]:
    """Return the weekly line of the paper diary: a seven-day rating, another recall than the daily log."""
    if person.source != "paper_diary":
        return []
    rng = person.generator(seed, 8)
    rows: list[Row] = []
    day = person.start_date - timedelta(days=1)
    while day <= min(person.last_date, EXPORT_DATE):
        rating = _rating_of_week(course, day, rng)
        recorded = datetime.combine(day, time(21, int(rng.integers(15, 60))))
        rows.append({"patient_id": person.patient_id, "recorded_at": recorded, "pain_nprs": rating, "recall": "avg_7d"})
        day += timedelta(days=7)
    return rows


def _week_pain(course: PainCourse, day: date) -> float:
    return float(np.mean([course.pain(day - timedelta(days=back)) for back in range(7)]))


def _rating_of_week(course: PainCourse, day: date, rng: np.random.Generator) -> int:
    return int(min(10, max(0, round(_week_pain(course, day) + float(rng.normal(0.0, 0.4))))))


def _disability_pct(person: Person, course: PainCourse, day: date, rng: np.random.Generator) -> float:
    return min(85.0, max(2.0, 6.2 * _week_pain(course, day) + 1.5 + person.disability_offset + float(rng.normal(0.0, 3.0))))


def _odi_items(person: Person, label: str, disability_pct: float, rng: np.random.Generator) -> list[int | None]:
    items: list[int | None] = [
        int(min(5, max(0, round(disability_pct / 20 + float(rng.normal(0.0, 0.7)))))) for _ in range(10)
    ]
    blank = {int(at) for at in np.flatnonzero(rng.random(10) < 0.015)}
    if person.skips_odi_8:
        blank.add(7)
    if person.role.name == "slow_improver" and label == "week_6":
        blank |= {3, 5, 8}  # three blank: too many for a score
    return [None if at in blank else answer for at, answer in enumerate(items)]


def _rmdq_items(disability_pct: float, rng: np.random.Generator) -> list[int | None]:
    # How easily each statement is ticked differs, so that answers are not exchangeable.
    ease = np.linspace(0.75, 1.3, 24)
    ticked = rng.random(24) < np.clip(disability_pct / 100 * 1.15 * ease, 0.01, 0.97)
    blank = rng.random(24) < 0.01
    return [None if b else int(t) for t, b in zip(ticked, blank, strict=True)]
