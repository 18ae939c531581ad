"""Who attends the sample clinic: one generated person per place of a role, nobody's real data."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from ptanalytics.samples.roles import ROLES, Role

#: The day the export is made; the last day any log can hold.
EXPORT_DATE = date(2026, 6, 28)
FIRST_START_DATE = date(2026, 1, 19)
PROGRAMME_DAYS = 84
CLINICIANS = {"C01": "north", "C02": "north", "C03": "south"}


@dataclass(frozen=True)
class Person:
    """One generated person and the numbers their course is drawn from."""

    patient_id: str
    index: int
    role: Role
    start_date: date
    enrolled_date: date
    #: Last day the person takes part.
    last_date: date
    discharged_date: date | None
    is_ongoing: bool
    birth_year: int
    sex: str
    clinician: str
    onset_date: date
    baseline_pain: float
    #: ODI points above or below what the pain alone would give.
    disability_offset: float
    #: Usual hour of a session; 23 is somebody who exercises around midnight.
    usual_hour: int
    source: str
    skips_odi_8: bool

    @property
    def site(self) -> str:
        """Site of the treating clinician."""
        return CLINICIANS[self.clinician]

    @property
    def plan_end_date(self) -> date:
        """Last day of the twelve weeks prescribed."""
        return self.start_date + timedelta(days=PROGRAMME_DAYS - 1)

    def generator(self, seed: int, part: int) -> np.random.Generator:
        """Return the random numbers of one part of this person's story, independent of everybody else's."""
        return np.random.Generator(np.random.PCG64([seed, self.index, part]))


def people(seed: int) -> list[Person]:
    """Return the people of the clinic, numbered in the order they enrolled."""
    rng = np.random.Generator(np.random.PCG64([seed, 0]))
    drawn = [
        _draw(rng, role, is_ongoing=place < role.n_ongoing, place=place) for role in ROLES for place in range(role.n_people)
    ]
    drawn.sort(key=lambda facts: (facts["enrolled_date"], facts["order"]))
    for facts in drawn:
        del facts["order"]
    return [Person(patient_id=f"P{number:04d}", index=number, **facts) for number, facts in enumerate(drawn, start=1)]


def _draw(rng: np.random.Generator, role: Role, *, is_ongoing: bool, place: int) -> dict[str, Any]:
    start = _start_date(rng, is_ongoing=is_ongoing)
    last, discharged = _last_dates(rng, role, start)
    chronic = rng.random() < 0.8
    onset_days = int(rng.integers(100, 2200)) if chronic else int(rng.integers(30, 84))
    return {
        "order": (role.name, place),
        "role": role,
        "start_date": start,
        "enrolled_date": _working_day(start - timedelta(days=int(rng.integers(7, 12)))),
        "last_date": last,
        "discharged_date": discharged,
        "is_ongoing": is_ongoing,
        "birth_year": int(rng.integers(1950, 2003)),
        "sex": str(rng.choice(["female", "male", "other"], p=[0.56, 0.42, 0.02])),
        "clinician": str(rng.choice(list(CLINICIANS))),
        "onset_date": start - timedelta(days=onset_days),
        "baseline_pain": round(float(rng.uniform(*role.pain_before)), 2),
        "disability_offset": round(float(rng.normal(0.0, 6.0)), 2),
        "usual_hour": int(
            rng.choice([6, 7, 8, 9, 12, 17, 18, 19, 20, 23], p=[0.05, 0.13, 0.12, 0.1, 0.05, 0.1, 0.2, 0.15, 0.07, 0.03])
        ),
        "source": str(rng.choice(["app_log", "paper_diary"], p=[0.8, 0.2])),
        "skips_odi_8": bool(rng.random() < 0.4),
    }


def _working_day(day: date) -> date:
    """Return the day, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def _start_date(rng: np.random.Generator, *, is_ongoing: bool) -> date:
    """Return a working day: eleven weeks of starts that finish before the export, then some that do not."""
    first_week = 13 if is_ongoing else 0
    n_weeks = 6 if is_ongoing else 11
    week, weekday = int(rng.integers(0, n_weeks)), int(rng.integers(0, 5))
    return FIRST_START_DATE + timedelta(days=7 * (first_week + week) + weekday)


def _last_dates(rng: np.random.Generator, role: Role, start: date) -> tuple[date, date | None]:
    end = start + timedelta(days=PROGRAMME_DAYS - 1)
    if role.stops_between is not None:
        last = start + timedelta(days=int(rng.integers(*role.stops_between)))
        known = last + timedelta(days=int(rng.integers(7, 21)))
        return min(last, EXPORT_DATE), (known if role.name == "drop_out" else None)
    if end >= EXPORT_DATE:
        return EXPORT_DATE, None
    return end, end + timedelta(days=int(rng.integers(1, 6)))
