"""The exercise catalogue: names, categories, start doses, ladders and coded cautions, all read from reference files."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal, cast, get_args

from ptanalytics.errors import ReferenceDataError
from ptanalytics.reference import reference_file

Category = Literal["stretching", "strengthening", "stabilization", "aerobic"]
Unit = Literal["reps", "hold_s", "duration_min"]

#: The four kinds of exercise, in the order charts and tables show them.
CATEGORIES: tuple[Category, ...] = get_args(Category)

#: Where an exercise outside the catalogue is counted: it is shown, never guessed into a category.
UNLISTED = "not in catalogue"

_UNITS: tuple[Unit, ...] = get_args(Unit)


@dataclass(frozen=True)
class Exercise:
    """One exercise of the catalogue. The start dose is a convention; the clinician confirms every dose."""

    exercise_id: str
    name: str
    category: Category
    target: str
    #: The plan column its dose is counted in: ``reps``, ``hold_s`` or ``duration_min``.
    unit: Unit
    #: None where the dose comes from the walking generator.
    start_sets: float | None
    start_amount: float | None
    is_per_side: bool
    #: The neighbour one rung down or up its ladder, or None.
    easier: str | None
    harder: str | None
    #: Codes of ``reference/cautions.csv``.
    cautions: tuple[str, ...]
    caution_note: str
    source: str


@dataclass(frozen=True)
class RedFlag:
    """One recordable red flag with the class it is displayed under. The software never infers one."""

    flag_id: str
    group: str
    label: str
    display_class: str
    source: str


@cache
def exercise_catalogue() -> Mapping[str, Exercise]:
    """Return every exercise of ``reference/exercises.csv`` by its id, checked.

    Returns:
        Exercise id -> `Exercise`, in file order.

    Raises:
        ReferenceDataError: An id, unit, category or caution is unknown, a source is missing, or a ladder is broken.

    Example:
        >>> bridge = exercise_catalogue()["glute_bridge"]
        >>> (bridge.category, bridge.unit, bridge.start_sets, bridge.start_amount, bridge.harder)
        ('strengthening', 'reps', 3.0, 12.0, 'single_leg_bridge')
    """
    exercises = check_catalogue(_exercise(row) for row in _rows("exercises.csv"))
    return MappingProxyType(exercises)


@cache
def red_flags() -> Mapping[str, RedFlag]:
    """Return the recordable red flags of ``reference/red_flags.csv`` by id.

    Example:
        >>> red_flags()["saddle_numbness"].display_class
        'EMERGENCY'
    """
    return MappingProxyType({row["flag_id"]: RedFlag(**row) for row in _rows("red_flags.csv")})


@cache
def caution_labels() -> Mapping[str, str]:
    """Return what each caution code means, e.g. ``OP`` -> osteoporosis or fracture risk."""
    return MappingProxyType({row["code"]: row["label"] for row in _rows("cautions.csv")})


def exercise_name(exercise_id: str) -> str:
    """Return the catalogue's name of an exercise, or its own id where the catalogue does not list it.

    Example:
        >>> exercise_name("glute_bridge"), exercise_name("my_clinic_17")
        ('Bridge', 'my_clinic_17')
    """
    found = exercise_catalogue().get(exercise_id)
    return found.name if found else exercise_id


def ladder(exercise_id: str) -> tuple[str, ...]:
    """Return the ladder an exercise stands on, easiest first; an exercise without neighbours is its own ladder.

    Example:
        >>> ladder("prone_on_elbows")
        ('prone_lying', 'prone_on_elbows', 'prone_press_up')
    """
    exercises = exercise_catalogue()
    if exercise_id not in exercises:
        return (exercise_id,)
    rung = exercises[exercise_id]
    while rung.easier:
        rung = exercises[rung.easier]
    rungs = [rung.exercise_id]
    while rung.harder:
        rung = exercises[rung.harder]
        rungs.append(rung.exercise_id)
    return tuple(rungs)


def new_cautions(from_id: str, to_id: str) -> tuple[str, ...]:
    """Return, in words, the coded cautions of an exercise that the one it replaces does not carry.

    Example:
        >>> new_cautions("front_plank_knees", "front_plank")
        ('pregnancy adaptations',)
    """
    exercises = exercise_catalogue()
    if to_id not in exercises:
        return ()
    known = set(exercises[from_id].cautions) if from_id in exercises else set()
    return tuple(caution_labels()[code] for code in exercises[to_id].cautions if code not in known)


def check_catalogue(exercises: Iterable[Exercise]) -> dict[str, Exercise]:
    """Check that every id exists once, neighbours name each other, ladders have an end and every row has a source.

    Raises:
        ReferenceDataError: Names the rows that break a rule.
    """
    rows = list(exercises)
    by_id = {row.exercise_id: row for row in rows}
    faults = [f"{row.exercise_id} is listed twice" for row in rows if by_id[row.exercise_id] is not row]
    faults += [fault for row in rows for fault in _row_faults(row, by_id)]
    faults += [f"the ladder of {row.exercise_id} never ends" for row in rows if _is_circular(row, by_id)]
    if faults:
        message = f"reference/exercises.csv is wrong: {'; '.join(faults)}. Correct these rows."
        raise ReferenceDataError(message)
    return by_id


def _row_faults(row: Exercise, by_id: Mapping[str, Exercise]) -> Iterable[str]:
    if row.category not in CATEGORIES:
        yield f"{row.exercise_id} has the unknown category '{row.category}'"
    if row.unit not in _UNITS:
        yield f"{row.exercise_id} has the unknown unit '{row.unit}'"
    if not row.source:
        yield f"{row.exercise_id} names no source"
    if (row.start_sets is None) != (row.start_amount is None):
        yield f"{row.exercise_id} has half a start dose"
    for code in row.cautions:
        if code not in caution_labels():
            yield f"{row.exercise_id} has the unknown caution '{code}'"
    for neighbour, back in ((row.easier, "harder"), (row.harder, "easier")):
        if neighbour is not None and neighbour not in by_id:
            yield f"{row.exercise_id} points to the unknown exercise '{neighbour}'"
        elif neighbour is not None and getattr(by_id[neighbour], back) != row.exercise_id:
            yield f"{neighbour} does not name {row.exercise_id} as its {back} neighbour"


def _is_circular(row: Exercise, by_id: Mapping[str, Exercise]) -> bool:
    seen = {row.exercise_id}
    while row.harder in by_id:
        row = by_id[cast("str", row.harder)]
        if row.exercise_id in seen:
            return True
        seen.add(row.exercise_id)
    return False


def _exercise(row: Mapping[str, str]) -> Exercise:
    return Exercise(
        exercise_id=row["exercise_id"],
        name=row["name"],
        category=cast("Category", row["category"]),
        target=row["target"],
        unit=cast("Unit", row["unit"]),
        start_sets=float(row["start_sets"]) if row["start_sets"] else None,
        start_amount=float(row["start_amount"]) if row["start_amount"] else None,
        is_per_side=row["is_per_side"] == "true",
        easier=row["easier"] or None,
        harder=row["harder"] or None,
        cautions=tuple(row["cautions"].split()),
        caution_note=row["caution_note"],
        source=row["source"],
    )


def _rows(name: str) -> list[dict[str, str]]:
    text = reference_file(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
