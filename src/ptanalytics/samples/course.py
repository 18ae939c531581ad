"""The pain of one person day by day, which their diary and questionnaires then show with noise."""

from datetime import date, timedelta

import numpy as np

from ptanalytics.samples.people import EXPORT_DATE, PROGRAMME_DAYS, Person

#: The course begins this many days before the plan: the week in which the baseline is logged.
DAYS_BEFORE = 10


class PainCourse:
    """Pain 0 to 10 on every day: a baseline, an exponential gain, day-to-day carry-over and flares."""

    def __init__(self, person: Person, seed: int) -> None:
        rng = person.generator(seed, 3)
        self.first_date = person.start_date - timedelta(days=DAYS_BEFORE)
        self.n_days = DAYS_BEFORE + PROGRAMME_DAYS + 14
        plan_day = np.arange(self.n_days) - DAYS_BEFORE
        gain = person.role.pain_gain + float(rng.normal(0.0, 0.7))
        settled = 1 - np.exp(-np.clip(plan_day, 0, None) / person.role.settling_days)
        usual = person.baseline_pain - gain * settled / float(settled[DAYS_BEFORE + PROGRAMME_DAYS])
        self.flares = _flares(person, rng)
        self._pain = np.clip(usual + _carry_over(rng, self.n_days) + self._flare_points(), 0.0, 10.0)

    def pain(self, day: date) -> float:
        """Return the pain of a day."""
        return float(self._pain[min(max((day - self.first_date).days, 0), self.n_days - 1)])

    def in_flare(self, day: date) -> bool:
        """Say whether a flare is under way."""
        return any(start <= day < start + timedelta(days=length) for start, length, _ in self.flares)

    def _flare_points(self) -> np.ndarray:
        points = np.zeros(self.n_days)
        for start, length, height in self.flares:
            at = (start - self.first_date).days
            points[max(at, 0) : max(at + length, 0)] += height
        return points


def _carry_over(rng: np.random.Generator, n_days: int) -> np.ndarray:
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
