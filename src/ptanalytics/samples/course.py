"""The pain of one person day by day, which their diary and questionnaires then show with noise."""

import math
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from ptanalytics.samples.people import EXPORT_DATE, PROGRAMME_DAYS, Person

Numbers = npt.NDArray[np.float64]

#: The course begins this many days before the plan: the week in which the baseline is logged.
DAYS_BEFORE = 10
#: Plan day on which a relapse begins, and the share of the gain it takes by the end.
RELAPSE_DAY = 54
RELAPSE_SHARE = 0.95


class PainCourse:
    """Pain 0 to 10 on every day: a baseline, a gain that comes in its own time, day-to-day carry-over and flares.

    Args:
        person: Whose pain.
        seed: Seed of the clinic.
        changed_on: Day of the first change of the plan.
    """

    def __init__(self, person: Person, seed: int, changed_on: date | None = None) -> None:
        rng = person.generator(seed, 3)
        self.first_date = person.start_date - timedelta(days=DAYS_BEFORE)
        self.n_days = DAYS_BEFORE + PROGRAMME_DAYS + 14
        plan_day = np.arange(self.n_days, dtype=np.float64) - DAYS_BEFORE
        gain = person.role.pain_gain + float(rng.normal(0.0, person.role.gain_spread))
        changed_day = None if changed_on is None else (changed_on - person.start_date).days
        usual = person.baseline_pain - gain * _share_gained(person, plan_day, changed_day, seed)
        self.flares = _flares(person, rng)
        self._pain = np.clip(usual + _carry_over(rng, self.n_days) + self._flare_points(), 0.0, 10.0)

    def pain(self, day: date) -> float:
        """Return the pain of a day."""
        return float(self._pain[min(max((day - self.first_date).days, 0), self.n_days - 1)])

    def in_flare(self, day: date) -> bool:
        """Say whether a flare is under way."""
        return any(start <= day < start + timedelta(days=length) for start, length, _ in self.flares)

    def _flare_points(self) -> Numbers:
        points = np.zeros(self.n_days)
        for start, length, height in self.flares:
            at = (start - self.first_date).days
            points[max(at, 0) : max(at + length, 0)] += height
        return points


def _share_gained(person: Person, plan_day: Numbers, changed_day: int | None, seed: int) -> Numbers:
    """Return the share of the gain reached on each plan day; 1 at the end of the programme, in a relapse before it."""
    role = person.role
    day = np.maximum(plan_day, 0.0)
    pace_days = role.settling_days * float(person.generator(seed, 10).uniform(0.6, 1.6))
    if role.course == "linear":
        return np.clip(day / PROGRAMME_DAYS, 0.0, 1.0)
    if role.course == "after_change" and changed_day is not None:
        return _settled(day - changed_day, pace_days, PROGRAMME_DAYS - changed_day)
    share = _settled(day, pace_days, PROGRAMME_DAYS)
    if role.course == "relapse":
        share = share * (1 - RELAPSE_SHARE * np.clip((day - RELAPSE_DAY) / (PROGRAMME_DAYS - RELAPSE_DAY), 0, 1))
    return share


def _settled(day: Numbers, pace_days: float, until_day: int) -> Numbers:
    """Return an exponential approach that is 0 up to day 0 and 1 on its last day."""
    share: Numbers = (1 - np.exp(-np.maximum(day, 0.0) / pace_days)) / (1 - math.exp(-until_day / pace_days))
    return share


def _carry_over(rng: np.random.Generator, n_days: int) -> Numbers:
    noise = rng.normal(0.0, 0.42, n_days)
    values = np.zeros(n_days)
    for day in range(1, n_days):
        values[day] = 0.55 * values[day - 1] + noise[day]
    return values


def _flares(person: Person, rng: np.random.Generator) -> list[tuple[date, int, float]]:
    flares = []
    for number in range(person.role.n_flares):
        begins = person.start_date + timedelta(days=18 + 30 * number + int(rng.integers(0, 10)))
        flares.append((begins, int(rng.integers(3, 7)), float(rng.uniform(2.6, 3.8))))
    if person.role.name == "flare" and person.is_ongoing:
        flares[-1] = (EXPORT_DATE - timedelta(days=3), 6, 3.4)
    return flares
