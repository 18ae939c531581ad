"""Adherence worked out the slow, obvious way: one patient, one day after the other, in fractions. An oracle for tests."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Exercise:
    version: int
    exercise: str
    start: date
    end: date | None = None
    per_week: float | None = None
    weekdays: tuple[str, ...] = ()
    per_day: int | None = None
    reps: int | None = None

    def is_due(self, day: date) -> bool:
        return not self.weekdays or WEEKDAYS[day.weekday()] in self.weekdays

    def accrues(self, day: date) -> Fraction:
        if self.per_week is not None:
            return Fraction(self.per_week) / 7
        return Fraction(self.slots(day))

    def slots(self, day: date) -> int:
        if self.weekdays:
            return (self.per_day or 1) if self.is_due(day) else 0
        return 0 if self.per_week is not None else (self.per_day or 0)

    @property
    def leaves_day_open(self) -> bool:
        return bool(self.per_week) and not self.weekdays


@dataclass(frozen=True)
class Row:
    session: str
    exercise: str
    at: datetime
    fraction: float | None = None
    reps: int | None = None
    skipped: bool = False


@dataclass(frozen=True)
class Rules:
    prorate: str = "fractional"
    makeup: str = "week"
    tolerance_days: int = 1
    min_fraction: float = 0.5
    anchor: str = "plan"
    day_start_hour: int = 0


@dataclass(frozen=True)
class Case:
    exercises: tuple[Exercise, ...]
    rows: tuple[Row, ...]
    pauses: tuple[tuple[date, date | None, bool], ...] = ()
    discharged: date | None = None
    cutoff: date = date(2026, 4, 30)
    rules: Rules = field(default_factory=Rules)

    def version_on(self, day: date) -> list[Exercise]:
        """The exercises of the version in force: the latest to have started, the higher of two that start together."""
        if day > self.cutoff or (self.discharged is not None and day > self.discharged):
            return []
        starts = {v: min(e.start for e in self.exercises if e.version == v) for v in {e.version for e in self.exercises}}
        started = [v for v in starts if starts[v] <= day]
        if not started:
            return []
        latest = max(started, key=lambda v: (starts[v], v))
        chosen = [e for e in self.exercises if e.version == latest]
        ends = [e.end for e in chosen]
        return [] if None not in ends and day > max(ends) else chosen

    def is_excused(self, day: date) -> bool:
        return any(excused and first <= day and (last is None or day <= last) for first, last, excused in self.pauses)

    def day_of(self, at: datetime) -> date:
        return (at - timedelta(hours=self.rules.day_start_hour)).date()

    def sessions(self) -> dict[str, tuple[date, Fraction]]:
        """Each session's day and completion fraction, up to the cutoff."""
        found = {}
        for name in {row.session for row in self.rows}:
            rows = [row for row in self.rows if row.session == name]
            day = self.day_of(min(row.at for row in rows))
            if day <= self.cutoff:
                found[name] = (day, self.completion(rows, day))
        return found

    def completion(self, rows: list[Row], day: date) -> Fraction:
        version = self.version_on(day)
        items = [e for e in version if e.is_due(day)] or version
        by_exercise = {e.exercise: e for e in version}
        matched = [r for r in rows if r.exercise in by_exercise]
        if not matched:
            return sum((min(row_fraction(r, None), Fraction(1)) for r in rows), Fraction(0)) / len(rows)
        done = sum((min(row_fraction(r, by_exercise[r.exercise]), Fraction(1)) for r in matched), Fraction(0))
        return min(done / len(items), Fraction(1))


def row_fraction(row: Row, prescribed: Exercise | None) -> Fraction:
    if row.fraction is not None:
        return Fraction(row.fraction)
    if prescribed is not None and prescribed.reps and row.reps is not None:
        return Fraction(row.reps, prescribed.reps)
    return Fraction(0) if row.skipped else Fraction(1)


@dataclass(frozen=True)
class Day:
    day: date
    is_excused: bool
    exercises: list[Exercise]
    logged: int
    complete: int

    @property
    def is_eligible(self) -> bool:
        return bool(self.exercises) and not self.is_excused

    @property
    def accrued(self) -> Fraction:
        return max((e.accrues(self.day) for e in self.exercises), default=Fraction(0)) if self.is_eligible else Fraction(0)

    @property
    def full_week(self) -> Fraction:
        a_week = [self.day + timedelta(days=i) for i in range(7)]
        return (
            sum((max(e.accrues(d) for e in self.exercises) for d in a_week), Fraction(0)) if self.exercises else Fraction(0)
        )

    @property
    def may_count(self) -> int:
        if not self.is_eligible or self.full_week == 0:
            return 0
        return min(self.complete, max((e.per_day for e in self.exercises if e.per_day), default=1))

    @property
    def slots(self) -> int:
        return max(e.slots(self.day) for e in self.exercises) if self.is_eligible else 0

    @property
    def has_open_days(self) -> bool:
        return any(e.leaves_day_open for e in self.exercises)


def days_of(case: Case) -> dict[date, Day]:
    """Every day from well before the plan to well after the cutoff."""
    sessions = case.sessions().values()
    threshold = Fraction(case.rules.min_fraction) - Fraction(1, 10**9)
    first = min(e.start for e in case.exercises) - timedelta(days=60)
    days = {}
    for number in range((case.cutoff - first).days + 30):
        day = first + timedelta(days=number)
        done = [fraction for on, fraction in sessions if on == day]
        complete = sum(fraction >= threshold for fraction in done)
        days[day] = Day(day, case.is_excused(day), case.version_on(day), len(done), complete)
    return days


def weeks_by_hand(case: Case) -> list[dict]:
    days = days_of(case)
    in_force = [d for d in days.values() if d.exercises]
    if not in_force:
        return []
    start = min(e.start for e in case.exercises)
    last = max(d.day for d in in_force)
    first = start - timedelta(days=start.weekday() if case.rules.anchor == "iso" else 0)
    weeks = []
    while first <= last:
        week = [days[first + timedelta(days=i)] for i in range(7)]
        number = first.isocalendar().week if case.rules.anchor == "iso" else (first - start).days // 7 + 1
        weeks.append({"week": number, "week_start_date": first, **one_week(week, case.rules)})
        first += timedelta(days=7)
    return weeks


def one_week(week: list[Day], rules: Rules) -> dict:
    eligible = [d for d in week if d.is_eligible]
    prescribed = sum((d.accrued for d in week), Fraction(0))
    if rules.prorate == "none":
        prescribed = sum((d.full_week for d in eligible), Fraction(0)) / max(len(eligible), 1)
    elif rules.prorate == "round_half_up":
        prescribed = Fraction((prescribed + Fraction(1, 2)).__floor__())
    counted = counted_in(week, rules) if prescribed else 0
    logged = sum(d.logged for d in week)
    outside = sum(d.logged for d in week if not d.is_eligible or d.full_week == 0)
    return {
        "eligible_days": len(eligible),
        "excused_days": sum(d.is_excused for d in week if d.exercises),
        "prescribed": prescribed,
        "counted": counted,
        "logged": logged,
        "unprescribed": outside if prescribed else logged,
        "adherence_pct": 100 * min(counted / prescribed, Fraction(1)) if prescribed else None,
    }


def counted_in(week: list[Day], rules: Rules) -> int:
    if rules.makeup == "week":
        return sum(d.may_count for d in week)
    if rules.makeup == "exact":
        return sum(d.may_count for d in week if d.has_open_days or d.slots)
    free = {d.day: d.may_count for d in week if not d.has_open_days}
    counted = sum(d.may_count for d in week if d.has_open_days)
    scheduled = [d.day for d in week if not d.has_open_days for _ in range(d.slots)]
    for day in scheduled:
        near = [d for d in free if free[d] and abs((d - day).days) <= rules.tolerance_days]
        if near:
            free[min(near, key=lambda d: (abs((d - day).days), d))] -= 1
            counted += 1
    return counted


def with_rules(case: Case, **changes) -> Case:
    return replace(case, rules=replace(case.rules, **changes))
