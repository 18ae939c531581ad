"""A plan being edited: every edit gives a new draft, and a draft says in words what changed and what stands in the way."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from ptanalytics.errors import SignOffError
from ptanalytics.plans.catalogue import exercise_catalogue, exercise_name, ladder
from ptanalytics.plans.current import current_plan
from ptanalytics.plans.prescription import (
    DOSE_FIELDS,
    Prescription,
    change_in_words,
    dose_in_words,
    plan_frame,
    plan_table_pandas,
    prescriptions_of,
)
from ptanalytics.plans.progression import Step, is_progression
from ptanalytics.plans.volume import compare_volume

if TYPE_CHECKING:
    import pandas as pd

    from ptanalytics.study import Study


@dataclass(frozen=True)
class Change:
    """One difference between a draft and the plan it starts from."""

    exercise_id: str
    #: The dose field; None where the exercise itself was added, removed or replaced.
    field: str | None
    words: str
    is_progression: bool


@dataclass(frozen=True)
class PlanDraft:
    """Edits of one patient's plan. Immutable: keep earlier drafts to undo. Nothing is stored until it is signed."""

    patient_id: str
    #: Version the edits start from; 0 where the patient has no plan yet.
    base_version: int
    base_from_date: date | None
    base: tuple[Prescription, ...]
    exercises: tuple[Prescription, ...]
    #: Exercise replaced -> exercise in its place.
    swaps: tuple[tuple[str, str], ...] = ()

    @classmethod
    def start(cls, study: "Study", patient_id: str) -> "PlanDraft":
        """Start from the newest version of a patient's plan.

        Raises:
            UnknownPatientError: The study has no such patient.
        """
        return cls.of(current_plan(study, patient_id), patient_id)

    @classmethod
    def of(cls, plan_rows: Any, patient_id: str) -> "PlanDraft":
        """Start from the rows of one plan version (pandas or Polars); without rows from an empty plan."""
        frame = plan_frame(plan_rows)
        now = prescriptions_of(frame)
        if frame.is_empty():
            return cls(patient_id, 0, None, now, now)
        if frame["plan_version"].n_unique() > 1:
            message = "A draft starts from one plan version, but several were given. Pass current_plan(study, patient_id)."
            raise SignOffError(message)
        return cls(patient_id, frame["plan_version"][0], frame["valid_from_date"].min(), now, now)  # type: ignore[arg-type]

    def get(self, exercise_id: str) -> Prescription:
        """Return one exercise of the draft.

        Raises:
            SignOffError: The draft does not hold it.
        """
        for one in self.exercises:
            if one.exercise_id == exercise_id:
                return one
        message = f"The draft does not hold {exercise_name(exercise_id)}. Add it first."
        raise SignOffError(message)

    def change(self, exercise_id: str, field: str, value: float | str | None) -> "PlanDraft":
        """Return a draft with one dose field set; None (or NaN) means no longer prescribed.

        Raises:
            SignOffError: The draft does not hold the exercise, or a plan has no such field.
        """
        if field not in DOSE_FIELDS:
            message = f"A plan has no field '{field}'. It has: {', '.join(DOSE_FIELDS)}."
            raise SignOffError(message)
        return self._put(exercise_id, replace(self.get(exercise_id), **{field: _clean(field, value)}))

    def add(self, exercise_id: str, **dose: Any) -> "PlanDraft":
        """Return a draft with one more exercise, at the catalogue's start dose unless a dose is given.

        Raises:
            SignOffError: The draft holds it already, or a plan has no such field.
        """
        if any(one.exercise_id == exercise_id for one in self.exercises):
            message = f"The draft holds {exercise_name(exercise_id)} already. Change its dose instead."
            raise SignOffError(message)
        if unknown := [name for name in dose if name not in DOSE_FIELDS]:
            message = f"A plan has no field '{unknown[0]}'. It has: {', '.join(DOSE_FIELDS)}."
            raise SignOffError(message)
        given = {name: _clean(name, value) for name, value in dose.items()}
        return replace(self, exercises=(*self.exercises, replace(start_dose(exercise_id), **given)))

    def remove(self, exercise_id: str) -> "PlanDraft":
        """Return a draft without an exercise."""
        self.get(exercise_id)
        left = tuple(one for one in self.exercises if one.exercise_id != exercise_id)
        return replace(self, exercises=left, swaps=tuple(swap for swap in self.swaps if swap[1] != exercise_id))

    def swap(self, exercise_id: str, to_id: str) -> "PlanDraft":
        """Return a draft with another exercise in place of one: its start dose, the old frequency, effort and ceiling."""
        old = self.get(exercise_id)
        if any(one.exercise_id == to_id for one in self.exercises):
            message = f"The draft holds {exercise_name(to_id)} already. Remove {exercise_name(exercise_id)} instead."
            raise SignOffError(message)
        kept = ("sessions_per_week", "weekdays", "sessions_per_day", "rpe_min", "rpe_max", "pain_ceiling_nprs")
        new = replace(start_dose(to_id), **{name: getattr(old, name) for name in kept})
        origin = next((first for first, last in self.swaps if last == exercise_id), exercise_id)
        swaps = tuple(swap for swap in self.swaps if swap[1] != exercise_id)
        back = next((one for one in self.base if one.exercise_id == to_id), None) if origin == to_id else None
        swapped = self._put(exercise_id, back or new)
        return replace(swapped, swaps=swaps if origin == to_id else (*swaps, (origin, to_id)))

    def harder(self, exercise_id: str) -> "PlanDraft":
        """Return a draft one rung up the exercise's ladder."""
        return self.swap(exercise_id, self._neighbour(exercise_id, "harder"))

    def easier(self, exercise_id: str) -> "PlanDraft":
        """Return a draft one rung down the exercise's ladder."""
        return self.swap(exercise_id, self._neighbour(exercise_id, "easier"))

    def take(self, step: Step) -> "PlanDraft":
        """Return a draft with a proposed step filled in; a step that only words can say changes nothing."""
        if step.field is None:
            return self
        if step.field == "exercise_id":
            return self.swap(step.exercise_id, step.after)
        return self.change(step.exercise_id, step.field, step.after)

    def reset(self) -> "PlanDraft":
        """Return the draft without any edit."""
        return replace(self, exercises=self.base, swaps=())

    def rows(self, *, valid_from_date: date | None = None) -> "pd.DataFrame":
        """Return the draft as rows of ``plans`` (pandas), numbered as the next version."""
        day = valid_from_date or self.base_from_date or date(1970, 1, 1)
        rows: pd.DataFrame = plan_table_pandas(
            self.exercises, patient_id=self.patient_id, plan_version=self.base_version + 1, valid_from_date=day
        )
        return rows

    def volume(self, goal: Mapping[tuple[str, str], float] | None = None) -> "pd.DataFrame":
        """Return the weekly volume before and after the edits (see `compare_volume`)."""
        table: pd.DataFrame = compare_volume(self.base, self.exercises, goal)
        return table

    def changes(self) -> tuple[Change, ...]:
        """Return every difference from the plan the draft starts from, in words.

        Example:
            >>> draft = PlanDraft("P1", 0, None, (), ()).add("glute_bridge", sessions_per_week=3)
            >>> [change.words for change in draft.changes()]
            ['Bridge added: sets 3, repetitions 12, sessions per week 3']
        """
        now = {one.exercise_id: one for one in self.exercises}
        was = {one.exercise_id: one for one in self.base}
        replaced = {old: new for old, new in self.swaps if old in was and new in now}
        found: list[Change] = []
        for exercise_id, before in was.items():
            if exercise_id in replaced:
                found.append(_swapped(exercise_id, now[replaced[exercise_id]]))
            elif exercise_id not in now:
                found.append(Change(exercise_id, None, f"{exercise_name(exercise_id)} removed", is_progression=False))
            else:
                found += _dose_changes(before, now[exercise_id])
        added = [one for one in self.exercises if one.exercise_id not in was and one.exercise_id not in replaced.values()]
        return (*found, *(_added(one) for one in added))

    def _neighbour(self, exercise_id: str, direction: str) -> str:
        listed = exercise_catalogue().get(exercise_id)
        neighbour: str | None = getattr(listed, direction) if listed else None
        if neighbour is None:
            message = (
                f"The catalogue has no {direction} exercise than {exercise_name(exercise_id)}. Change its dose instead."
            )
            raise SignOffError(message)
        return neighbour

    def _put(self, exercise_id: str, new: Prescription) -> "PlanDraft":
        return replace(self, exercises=tuple(new if one.exercise_id == exercise_id else one for one in self.exercises))


def start_dose(exercise_id: str) -> Prescription:
    """Return the catalogue's start dose of an exercise, without a frequency; an empty dose where it lists none.

    Example:
        >>> start_dose("cycle")
        Prescription(exercise_id='cycle', ..., duration_min=15.0, ...)
    """
    listed = exercise_catalogue().get(exercise_id)
    if listed is None or listed.start_amount is None:
        return Prescription(exercise_id)
    is_timed = listed.unit == "duration_min"
    dose = {listed.unit: listed.start_amount}
    return replace(Prescription(exercise_id, sets=None if is_timed else listed.start_sets), **dose)  # type: ignore[arg-type]


def _clean(field: str, value: Any) -> Any:
    if value is None or value != value or value == "":  # noqa: PLR0124 - NaN is the one value unlike itself
        return None
    if field == "weekdays":
        return str(value)
    return int(value) if field == "sessions_per_day" and float(value).is_integer() else float(value)


def _dose_changes(before: Prescription, after: Prescription) -> list[Change]:
    return [
        Change(
            after.exercise_id,
            field,
            f"{exercise_name(after.exercise_id)}: {change_in_words(field, getattr(before, field), getattr(after, field))}",
            is_progression(field, getattr(before, field), getattr(after, field)),
        )
        for field in DOSE_FIELDS
        if getattr(before, field) != getattr(after, field)
    ]


def _swapped(old_id: str, new: Prescription) -> Change:
    rungs = ladder(old_id)
    # Off the ladder nobody knows which of the two is harder, so it counts as a progression.
    is_harder = new.exercise_id not in rungs or rungs.index(new.exercise_id) > rungs.index(old_id)
    words = f"{exercise_name(old_id)} replaced by {exercise_name(new.exercise_id)}: {dose_in_words(new)}"
    return Change(new.exercise_id, None, words, is_harder)


def _added(one: Prescription) -> Change:
    dose = dose_in_words(one)
    return Change(one.exercise_id, None, f"{exercise_name(one.exercise_id)} added{f': {dose}' if dose else ''}", True)
