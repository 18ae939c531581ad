"""Dose, bounds and silence worked out the slow, obvious way: one day and one row after the other, in fractions."""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction

from adherence_by_hand import Case, days_of, row_fraction, weeks_by_hand

ZERO = Fraction(0)


def unit_of(exercise):
    return "reps" if exercise.reps is not None else "sessions"


def volume_of(exercise):
    return Fraction(exercise.reps) if exercise.reps is not None else Fraction(1)


def first_days(case: Case) -> dict[date, date]:
    """First day of the week of every day of the plan's weeks."""
    starts = [week["week_start_date"] for week in weeks_by_hand(case)]
    return {start + timedelta(days=i): start for start in starts for i in range(7)}


def exercise_weeks_by_hand(case: Case) -> dict[tuple[date, str, str], dict]:
    """What was prescribed and done of each exercise in each week, by first day, exercise and unit."""
    days, week_of = days_of(case), first_days(case)
    found = defaultdict(lambda: {"prescribed": ZERO, "done": ZERO, "entries": 0, "skipped": 0, "assumed": 0, "days": 0})
    for day in days.values():
        for exercise in day.exercises:
            cell = found[week_of[day.day], exercise.exercise, unit_of(exercise)]
            if day.is_eligible:
                cell["days"] += 1
                cell["prescribed"] += exercise.accrues(day.day) * volume_of(exercise)
    for row, on in rows_with_day(case):
        day = days[on]
        exercise = {e.exercise: e for e in day.exercises}.get(row.exercise)
        if exercise is None or not day.is_eligible or day.full_week == 0:
            continue
        cell = found[week_of[on], exercise.exercise, unit_of(exercise)]
        fraction = row_fraction(row, exercise)
        cell["done"] += fraction * volume_of(exercise)
        cell["entries"] += 1
        cell["skipped"] += fraction <= 0
        gives_amount = row.fraction is not None or (exercise.reps is not None and row.reps is not None)
        cell["assumed"] += not gives_amount and not row.skipped
    return found


def rows_with_day(case: Case):
    """Each logged row up to the cutoff with the day its session started on."""
    day_of_session = {name: day for name, (day, _) in case.sessions().items()}
    return [(row, day_of_session[row.session]) for row in case.rows if row.session in day_of_session]


def other_entries_by_hand(case: Case) -> int:
    """Entries on eligible days of exercises that the version in force does not hold."""
    days = days_of(case)
    return sum(
        days[on].is_eligible and days[on].full_week > 0 and row.exercise not in {e.exercise for e in days[on].exercises}
        for row, on in rows_with_day(case)
    )


def prescribed_on_days_with_entry(case: Case) -> dict[date, Fraction]:
    """By first day of the week: what accrued on eligible days with an entry."""
    known, week_of = defaultdict(Fraction), first_days(case)
    for day in days_of(case).values():
        if day.is_eligible and day.logged:
            known[week_of[day.day]] += day.accrued
    return known


def longest_silence_by_hand(case: Case) -> int:
    """The longest run of eligible days without an entry."""
    longest = run = 0
    for day in sorted(days_of(case).values(), key=lambda d: d.day):
        if not day.is_eligible or day.full_week == 0:
            continue
        run = 0 if day.logged else run + 1
        longest = max(longest, run)
    return longest
