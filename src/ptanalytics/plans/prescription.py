"""One exercise as prescribed: the row of a plan, its weekly frequency and what it adds up to in a week."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

import polars as pl

from ptanalytics.dates import WEEKDAYS
from ptanalytics.plans.catalogue import Unit, exercise_catalogue
from ptanalytics.schemas.frames import conform, empty_frame, to_pandas
from ptanalytics.schemas.tables import Plans

#: What a clinician may change on one exercise, in the order it is shown.
DOSE_FIELDS = (
    "sets",
    "reps",
    "hold_s",
    "duration_min",
    "load_kg",
    "sessions_per_week",
    "weekdays",
    "sessions_per_day",
    "rpe_min",
    "rpe_max",
    "pain_ceiling_nprs",
)

#: How each dose field is called, and its unit, in sentences.
FIELD_WORDS: Mapping[str, tuple[str, str]] = {
    "sets": ("sets", ""),
    "reps": ("repetitions", ""),
    "hold_s": ("hold", " s"),
    "duration_min": ("duration", " min"),
    "load_kg": ("load", " kg"),
    "sessions_per_week": ("sessions per week", ""),
    "weekdays": ("weekdays", ""),
    "sessions_per_day": ("sessions per day", ""),
    "rpe_min": ("lowest effort", "/10"),
    "rpe_max": ("highest effort", "/10"),
    "pain_ceiling_nprs": ("pain ceiling", "/10"),
}

_AMOUNTS: tuple[Unit, ...] = ("hold_s", "reps", "duration_min")


@dataclass(frozen=True)
class Prescription:
    """One exercise of a plan: what, how much, how often. A missing value was not prescribed; it is never zero."""

    exercise_id: str
    sessions_per_week: float | None = None
    weekdays: str | None = None
    sessions_per_day: int | None = None
    sets: float | None = None
    reps: float | None = None
    hold_s: float | None = None
    duration_min: float | None = None
    load_kg: float | None = None
    rpe_min: float | None = None
    rpe_max: float | None = None
    pain_ceiling_nprs: float | None = None

    def weekly_sessions(self) -> float | None:
        """Return prescribed sessions in 7 days, or None where the plan does not say how often.

        ``sessions_per_week`` if given, else listed weekdays x ``sessions_per_day``, else 7 x ``sessions_per_day``.

        Example:
            >>> Prescription("walk", weekdays="mon,wed,fri", sessions_per_day=2).weekly_sessions()
            6.0
        """
        if self.sessions_per_week is not None:
            return float(self.sessions_per_week)
        if listed := listed_weekdays(self.weekdays):
            return float(len(listed) * (self.sessions_per_day or 1))
        return None if self.sessions_per_day is None else 7.0 * self.sessions_per_day

    def unit(self) -> Unit | None:
        """Return the column the volume is counted in: the catalogue's if it is prescribed, else the first that is."""
        listed = exercise_catalogue().get(self.exercise_id)
        prescribed = [name for name in _AMOUNTS if getattr(self, name) is not None]
        if listed is not None and (listed.unit in prescribed or not prescribed):
            return listed.unit
        return prescribed[0] if prescribed else None

    def session_volume(self) -> float | None:
        """Return the volume of one session in its unit, or None where no amount is prescribed.

        Repetitions: sets x reps. Hold seconds: sets x hold, and x reps where each repetition is held. Minutes: as
        prescribed, x sets where given. Missing sets mean one set. Both sides of the body count once.

        Example:
            >>> Prescription("glute_bridge", sets=3, reps=12).session_volume()
            36.0
        """
        unit = self.unit()
        amount = getattr(self, unit) if unit else None
        if amount is None:
            return None
        per_set = amount * self.reps if unit == "hold_s" and self.reps is not None else amount
        return float(per_set * (1 if self.sets is None else self.sets))


def change_in_words(field: str, before: float | str | None, after: float | str | None) -> str:
    """Say what changes in one dose field.

    Example:
        >>> change_in_words("reps", 12.0, 14.0), change_in_words("load_kg", None, 2.5)
        ('repetitions 12 to 14', 'load not given to 2.5 kg')
    """
    name, unit = FIELD_WORDS[field]
    return f"{name} {_amount_in_words(before, unit)} to {_amount_in_words(after, unit)}"


def dose_in_words(one: Prescription) -> str:
    """Say everything that is prescribed of one exercise, e.g. ``sets 3, repetitions 12, sessions per week 3``."""
    given = ((name, getattr(one, name)) for name in DOSE_FIELDS if getattr(one, name) is not None)
    return ", ".join(f"{FIELD_WORDS[name][0]} {_amount_in_words(value, FIELD_WORDS[name][1])}" for name, value in given)


def _amount_in_words(value: float | str | None, unit: str) -> str:
    if value is None:
        return "not given"
    return value if isinstance(value, str) else f"{value:g}{unit}"


def listed_weekdays(weekdays: str | None) -> tuple[str, ...]:
    """Return the days a plan names, Monday first, as adherence reads them.

    Example:
        >>> listed_weekdays("Wed, mon"), listed_weekdays(None)
        (('mon', 'wed'), ())
    """
    return tuple(day for day in WEEKDAYS if day in (weekdays or "").lower())


def prescriptions_of(plan_rows: Any) -> tuple[Prescription, ...]:
    """Read a plan table (pandas or Polars) as prescriptions, one per row."""
    return tuple(_prescription(row) for row in plan_frame(plan_rows).iter_rows(named=True))


def plan_frame(plan_rows: Any) -> pl.DataFrame:
    """Bring a plan table to the columns and types of the contract; a change table without identity columns is fine."""
    if isinstance(plan_rows, (tuple, list)):
        return plan_table(plan_rows, patient_id="", plan_version=1, valid_from_date=date(1970, 1, 1))
    return conform(plan_rows, Plans).collect()


def plan_table(
    prescriptions: Iterable[Prescription],
    *,
    patient_id: str,
    plan_version: int,
    valid_from_date: date,
    valid_to_date: date | None = None,
) -> pl.DataFrame:
    """Write prescriptions as rows of the ``plans`` table."""
    identity = {
        "patient_id": patient_id,
        "plan_version": plan_version,
        "valid_from_date": valid_from_date,
        "valid_to_date": valid_to_date,
    }
    return pl.DataFrame([identity | asdict(one) for one in prescriptions], schema=empty_frame(Plans).schema)


def plan_table_pandas(prescriptions: Iterable[Prescription], **identity: Any) -> Any:
    """Write prescriptions as a pandas ``plans`` table (see `plan_table`)."""
    return to_pandas(plan_table(prescriptions, **identity))


def _prescription(row: dict[str, Any]) -> Prescription:
    return Prescription(**{field.name: row[field.name] for field in fields(Prescription)})
