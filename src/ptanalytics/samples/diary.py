"""What the people of the sample clinic log: exercise sessions and daily pain."""

from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np

from ptanalytics.samples.course import PainCourse
from ptanalytics.samples.people import EXPORT_DATE, Person
from ptanalytics.samples.prescriptions import Dose, Pause, Version

Row = dict[str, Any]
SKIP_REASONS = ("pain", "no_time", "tired", "ill", "forgot", "travel")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def session_rows(person: Person, versions: list[Version], breaks: list[Pause], course: PainCourse, seed: int) -> list[Row]:
    """Return one row per exercise of every logged session."""
    rng = person.generator(seed, 4)
    rows: list[Row] = []
    for number, (day, hour) in enumerate(_session_days(person, versions, breaks, rng), start=1):
        version = _version_on(versions, day)
        rows += _session(person, version, course, rng, day=day, hour=hour, session_id=f"S{number:04d}")
    return rows


def _session_days(
    person: Person, versions: list[Version], breaks: list[Pause], rng: np.random.Generator
) -> list[tuple[date, int]]:
    """Return the days and hours of sessions, week by week of the plan."""
    days: list[tuple[date, int]] = []
    week_start = person.start_date
    n_week = 0
    while week_start <= min(person.last_date, EXPORT_DATE):
        week = [week_start + timedelta(days=at) for at in range(7)]
        open_days = [d for d in week if d <= min(person.last_date, EXPORT_DATE) and not any(b.covers(d) for b in breaks)]
        version = _version_on(versions, week_start)
        chance = max(0.0, person.role.adherence - person.role.fading * n_week)
        for day in _chosen_days(version, open_days, chance, person.role.extra_sessions, rng):
            days.append((day, person.usual_hour))
            if version.sessions_per_day == 2 and rng.random() < 0.8:
                days.append((day, 20))
        week_start += timedelta(days=7)
        n_week += 1
    return sorted(days)


def _chosen_days(
    version: Version, open_days: list[date], chance: float, extra: int, rng: np.random.Generator
) -> list[date]:
    if version.weekdays is not None:
        scheduled = [d for d in open_days if _WEEKDAYS[d.weekday()] in version.weekdays.split(",")]
        return [d for d in scheduled if rng.random() < chance]
    if version.sessions_per_week is None:
        return [d for d in open_days if rng.random() < chance]
    due = version.sessions_per_week * len(open_days) / 7
    wanted = int(np.sum(rng.random(version.sessions_per_week) < chance))
    number = min(len(open_days), round(due) + extra if extra else min(wanted, round(due + 0.3)))
    if number <= 0:
        return []
    return [open_days[at] for at in sorted(rng.choice(len(open_days), number, replace=False))]


def _version_on(versions: list[Version], day: date) -> Version:
    return [v for v in versions if v.valid_from_date <= day or v is versions[0]][-1]


def _session(
    person: Person,
    version: Version,
    course: PainCourse,
    rng: np.random.Generator,
    *,
    day: date,
    hour: int,
    session_id: str,
) -> list[Row]:
    minute = int(rng.integers(0, 60))
    started = datetime.combine(day, time(hour, minute))
    if hour == 23:  # around midnight: part of these sessions start on the next calendar day
        started = min(started + timedelta(minutes=int(rng.integers(0, 60))), datetime.combine(EXPORT_DATE, time(23, 55)))
    before = _rating(rng, course.pain(day), 0.4)
    skipped = rng.random() < (0.1 if course.in_flare(day) else 0.03)
    source = person.source
    if session_id == "S0001" and rng.random() < 0.5:  # the first session is done with the clinician
        source, started = "clinic_attendance", datetime.combine(day, time(10, minute))
    head: Row = {
        "patient_id": person.patient_id,
        "session_id": session_id,
        "started_at": started,
        "source": source,
        "pain_before_nprs": before if rng.random() < 0.95 else None,
    }
    if skipped:
        reason = "pain" if course.in_flare(day) else str(rng.choice(SKIP_REASONS))
        nothing: Row = {"completed_fraction": 0.0, "skip_reason": reason}
        return [head | nothing | {"exercise_id": dose.exercise_id} for dose in version.doses]
    next_morning = _rating(rng, course.pain(day + timedelta(days=1)), 0.4)
    has_next_morning = rng.random() < (1.0 if person.role.pain_logging >= 0.95 else 0.75) and day < EXPORT_DATE
    rows = []
    for dose in version.doses:
        if person.role.name == "partial_completer" and rng.random() < 0.2:
            continue  # not logged at all
        done = _done(dose, person.role.completion, rng)
        felt = _felt(person, day, before, next_morning if has_next_morning else None, rng)
        rows.append(head | {"exercise_id": dose.exercise_id} | done | felt)
    return rows


def _done(dose: Dose, completion: float, rng: np.random.Generator) -> Row:
    """Return the volume done and its share of the prescribed volume."""
    share = completion
    if rng.random() > 0.8 or completion < 0.9:
        share *= float(rng.uniform(0.45, 1.0))
    elif completion > 1:
        share *= float(rng.uniform(0.9, 1.25))
    if dose.duration_min is not None:
        minutes = max(1, round(dose.duration_min * share + float(rng.normal(0, 0.6))))
        return {"duration_min": minutes, "completed_fraction": round(minutes / dose.volume, 2)}
    sets_prescribed = dose.sets or 1
    amount_prescribed = dose.reps or dose.hold_s or 1
    sets = max(1, min(sets_prescribed + (1 if share > 1.15 else 0), round(sets_prescribed * share)))
    amount = max(1, round(min(1.0, share * sets_prescribed / sets) * amount_prescribed))
    fraction = round(sets * amount / dose.volume, 2)
    row: Row = {"sets": sets, "completed_fraction": fraction, "load_kg": dose.load_kg}
    return row | ({"reps": amount} if dose.reps is not None else {"hold_s": amount})


def _felt(person: Person, day: date, before: int, next_morning: int | None, rng: np.random.Generator) -> Row:
    during = before + person.role.strain
    effort = person.role.effort - 0.1 * (day - person.start_date).days / 7
    return {
        "pain_during_nprs": _rating(rng, during, 0.6),
        "pain_after_nprs": _rating(rng, during - 0.6, 0.6) if rng.random() < 0.9 else None,
        "pain_next_day_nprs": next_morning,
        "rpe": _rating(rng, effort, 0.8) if rng.random() < 0.94 else None,
    }


def pain_rows(person: Person, course: PainCourse, seed: int) -> list[Row]:
    """Return the daily pain entries: usually a week before the plan starts, then while the person takes part."""
    rng = person.generator(seed, 5)
    rows: list[Row] = []
    day = person.start_date - timedelta(days=7)
    while day <= min(person.last_date, EXPORT_DATE):
        logging = min(0.95, person.role.pain_logging + (0.1 if course.in_flare(day) else 0.0))
        has_entry = rng.random() < logging
        minute = int(rng.integers(0, 100))
        rating = _rating(rng, course.pain(day), 0.3)
        says_flare = bool(rng.random() < 0.6 and course.in_flare(day))
        if has_entry:
            recorded = datetime.combine(day, time(19, 30)) + timedelta(minutes=minute)
            rows.append(
                {
                    "patient_id": person.patient_id,
                    "recorded_at": recorded,
                    "pain_nprs": rating,
                    "recall": "avg_24h",
                    # The app asks every day; the paper diary has no such question.
                    "is_flare": says_flare if person.source == "app_log" else None,
                }
            )
        day += timedelta(days=1)
    return rows


def _rating(rng: np.random.Generator, level: float, spread: float) -> int:
    return int(min(10, max(0, round(level + float(rng.normal(0.0, spread))))))
