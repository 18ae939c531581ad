"""Which doses of an exercise are shown as sliders, and how far the sliders go."""

from dataclasses import dataclass

from ptanalytics.plans import Prescription, exercise_catalogue
from ptanalytics.plans.prescription import FIELD_WORDS
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.tables import Plans


@dataclass(frozen=True)
class Reach:
    """How far a slider goes and in which steps. For the hand only: the box beside it takes all the plan table allows."""

    low: float
    high: float
    step: float


REACH = {
    "sets": Reach(1, 6, 1),
    "reps": Reach(1, 30, 1),
    "hold_s": Reach(5, 120, 5),
    "duration_min": Reach(1, 60, 1),
    "load_kg": Reach(0, 40, 0.5),
    "sessions_per_week": Reach(1, 14, 1),
    "sessions_per_day": Reach(1, 4, 1),
}
_WHOLE = ("sessions_per_day",)


@dataclass(frozen=True)
class Dose:
    """One dose of one exercise as the page shows it."""

    field: str
    name: str
    unit: str
    value: float | None
    was: float | None
    reach: Reach
    minimum: float
    maximum: float


def doses_of(now: Prescription, before: Prescription | None) -> list[Dose]:
    """Return the doses shown for an exercise: those given now or before, and those its kind usually has.

    Args:
        now: The exercise as edited.
        before: The same exercise in the signed plan; None where it was added.
    """
    return [_dose(field, now, before) for field in REACH if _is_shown(field, now, before)]


def _is_shown(field: str, now: Prescription, before: Prescription | None) -> bool:
    if getattr(now, field) is not None or (before is not None and getattr(before, field) is not None):
        return True
    listed = exercise_catalogue().get(now.exercise_id)
    if field == "sessions_per_week":
        return now.sessions_per_day is None
    if listed is None:
        return False
    return field == listed.unit or (field == "load_kg" and listed.category == "strengthening")


def _dose(field: str, now: Prescription, before: Prescription | None) -> Dose:
    info = columns_of(Plans)[field]
    value, was = getattr(now, field), getattr(before, field) if before else None
    reach = REACH[field]
    highest = max(reach.high, *(2 * one for one in (value, was) if one is not None), 0)
    high = min(highest, info.maximum or highest)
    name, unit = FIELD_WORDS[field]
    return Dose(
        field, name, unit.strip(), value, was, Reach(reach.low, high, reach.step), info.minimum or 0.0, info.maximum or high
    )
