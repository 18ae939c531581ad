"""Step sizes: how much one step up or down of an exercise is. One variable at a time, never more than the bounds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ptanalytics.plans.catalogue import exercise_catalogue, exercise_name, new_cautions
from ptanalytics.plans.prescription import Prescription, change_in_words, listed_weekdays
from ptanalytics.plans.rules import StepSizes, step_sizes
from ptanalytics.settings import Settings, default_settings


@dataclass(frozen=True)
class Step:
    """One change of one variable that a clinician may consider. It is filled in, never applied by itself."""

    exercise_id: str
    #: The plan column to change, or ``exercise_id`` for a rung of the ladder; None: something only words can say.
    field: str | None
    before: Any
    after: Any
    words: str


def two_for_two(last_set_reps: Sequence[float], target_reps: float) -> bool:
    """Say whether the last set had 2 repetitions more than the target in 2 sessions running (the 2-for-2 rule).

    Example:
        >>> two_for_two([11, 13, 12], 10), two_for_two([12, 11], 10), two_for_two([12], 10)
        (True, False, False)
    """
    sizes = step_sizes()
    recent = list(last_set_reps)[-sizes.surplus_sessions :]
    return len(recent) == sizes.surplus_sessions and all(reps >= target_reps + sizes.reps_surplus for reps in recent)


def load_step(load_kg: float, increment_kg: float, settings: Settings | None = None) -> float | None:
    """Return the next load: +5 %, rounded up to what the equipment offers; None where that would exceed +10 %.

    Units: kg. ACSM 2009 (doi:10.1249/MSS.0b013e3181915670) gives 2-10 %; 5 % is the project's default.

    Example:
        >>> load_step(10, 0.5), load_step(3, 0.5), load_step(40, 2.5)
        (10.5, None, 42.5)
    """
    tuning = (settings or default_settings()).tuning
    if load_kg <= 0 or increment_kg <= 0:
        return None
    load, increment = _exact(load_kg), _exact(increment_kg)
    wanted = load * (1 + _exact(tuning.load_step_pct) / 100)
    offered = math.ceil(wanted / increment) * increment
    return float(offered) if offered <= load * (1 + _exact(tuning.load_max_pct) / 100) else None


def walking_minutes(tolerated_min: float) -> tuple[int, ...]:
    """Return walking minutes week by week: 80 % of what is tolerated (at least 5), +10 % rounded up, to 30.

    Example:
        >>> walking_minutes(15)
        (12, 14, 16, 18, 20, 22, 25, 28, 30)
    """
    sizes = step_sizes()
    minutes = max(sizes.walk_start_min, math.floor(_exact(tolerated_min) * _exact(sizes.walk_start_share_pct) / 100))
    weeks = [min(minutes, sizes.minutes_max)]
    while weeks[-1] < sizes.minutes_max:
        weeks.append(_more_minutes(weeks[-1], sizes))
    return tuple(weeks)


def progress_step(
    now: Prescription,
    *,
    last_set_reps: Sequence[float] = (),
    load_increment_kg: float | None = None,
    settings: Settings | None = None,
) -> Step | None:
    """Propose one step up: repetitions to 15, holds to 30 s, minutes to 30 (then days), then load or the next rung.

    A load goes up where the 2-for-2 rule is met or repetitions are at their bound; where the smallest step of the
    equipment is more than +10 %, repetitions go up instead.

    Args:
        now: The exercise as prescribed.
        last_set_reps: Repetitions done in the last set, one number per session, oldest first.
        load_increment_kg: Smallest step of the equipment; missing: the default of the reference file.
        settings: Bounds of load steps.

    Returns:
        The step, or None where every bound is reached and the ladder has no harder rung.

    Example:
        >>> progress_step(Prescription("glute_bridge", sets=3, reps=12)).words
        'Bridge: repetitions 12 to 14'
    """
    sizes = step_sizes()
    unit = now.unit()
    if unit == "duration_min":
        step = _more_time(now, sizes)
    elif unit == "hold_s":
        step = _longer_hold(now, sizes)
    else:
        increment_kg = load_increment_kg or sizes.load_increment_kg
        step = _more_reps_or_load(now, sizes, last_set_reps, increment_kg, settings)
    return step or _rung(now, "harder")


def regress_steps(now: Prescription) -> tuple[Step, ...]:
    """List ways down: one rung of the ladder, 20-30 % less volume, one session a week less. Keep moving, never rest only.

    Example:
        >>> for step in regress_steps(Prescription("goblet_squat", sets=3, reps=10, sessions_per_week=3)):
        ...     print(step.words)
        Goblet squat: one step down to Sit-to-stand (check first: balance or fall risk)
        Goblet squat: repetitions 10 to 8
        Goblet squat: sessions per week 3 to 2
    """
    steps = [_rung(now, "easier") or _words_only(now), _less_volume(now)]
    if now.sessions_per_week is not None and now.sessions_per_week > 1:
        steps.append(_step(now, "sessions_per_week", now.sessions_per_week - 1))
    return tuple(step for step in steps if step is not None)


def is_progression(field: str, before: Any, after: Any) -> bool:
    """Say whether a change makes an exercise harder: more of a dose, a harder rung, or a dose where none was.

    Effort range and pain ceiling are limits, so a higher one is a progression too.
    """
    if field == "weekdays":
        return len(listed_weekdays(after)) > len(listed_weekdays(before))
    if after is None:
        return False
    return before is None or after > before


def _longer_hold(now: Prescription, sizes: StepSizes) -> Step | None:
    if now.hold_s is None or now.hold_s >= sizes.hold_max_s:
        return None
    return _step(now, "hold_s", float(min(now.hold_s + sizes.hold_step_s, sizes.hold_max_s)))


def _more_reps_or_load(
    now: Prescription, sizes: StepSizes, last_set_reps: Sequence[float], increment_kg: float, settings: Settings | None
) -> Step | None:
    if now.reps is None:
        return None
    load = None if now.load_kg is None else load_step(now.load_kg, increment_kg, settings)
    if load is not None and (two_for_two(last_set_reps, now.reps) or now.reps >= sizes.reps_max):
        return _step(now, "load_kg", load)
    if now.reps >= sizes.reps_max:
        return None
    return _step(now, "reps", float(min(now.reps + sizes.reps_step, sizes.reps_max)))


def _more_time(now: Prescription, sizes: StepSizes) -> Step | None:
    minutes = now.duration_min
    if minutes is not None and 0 < minutes < sizes.minutes_max:
        return _step(now, "duration_min", float(_more_minutes(minutes, sizes)))
    if now.sessions_per_week is not None and now.sessions_per_week < sizes.sessions_per_week_max:
        return _step(now, "sessions_per_week", min(now.sessions_per_week + 1, float(sizes.sessions_per_week_max)))
    return None


def _more_minutes(minutes: float, sizes: StepSizes) -> int:
    grown = _exact(minutes) * (1 + _exact(sizes.minutes_growth_pct) / 100)
    return min(math.ceil(grown), sizes.minutes_max)


def _rung(now: Prescription, direction: str) -> Step | None:
    listed = exercise_catalogue().get(now.exercise_id)
    to_id = getattr(listed, direction) if listed else None
    if to_id is None:
        return None
    way = "up" if direction == "harder" else "down"
    cautions = new_cautions(now.exercise_id, to_id)
    check = f" (check first: {'; '.join(cautions)})" if cautions else ""
    words = f"{exercise_name(now.exercise_id)}: one step {way} to {exercise_name(to_id)}{check}"
    return Step(now.exercise_id, "exercise_id", now.exercise_id, to_id, words)


def _words_only(now: Prescription) -> Step:
    words = f"{exercise_name(now.exercise_id)}: smaller range, fewer repetitions, a higher seat or more support"
    return Step(now.exercise_id, None, None, None, words)


def _less_volume(now: Prescription) -> Step | None:
    """Lower the amount to a whole number 20-30 % below (of two equally near the milder), else the sets."""
    sizes = step_sizes()
    unit = now.unit()
    for field in (unit, "sets"):
        amount = getattr(now, field) if field else None
        if not field or amount is None or amount <= 0:
            continue
        low = _exact(amount) * (100 - sizes.regress_volume_max_pct) / 100
        high = _exact(amount) * (100 - sizes.regress_volume_min_pct) / 100
        aim = _exact(amount) * (100 - sizes.regress_volume_pct) / 100
        fitting = [whole for whole in (math.floor(aim), math.ceil(aim)) if low <= whole <= high and whole > 0]
        if fitting:
            return _step(now, field, float(min(fitting, key=lambda whole: (abs(whole - aim), -whole))))
    return None


def _step(now: Prescription, field: str, after: float) -> Step:
    before = getattr(now, field)
    words = f"{exercise_name(now.exercise_id)}: {change_in_words(field, before, after)}"
    return Step(now.exercise_id, field, before, after, words)


def _exact(number: float) -> Fraction:
    """Read a number as the decimal it was written as: 20 x 1.10 is 22, not 22.000000000000004."""
    return Fraction(str(number))
