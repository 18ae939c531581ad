"""What the analyses of dose and effort return: exercise by exercise, by kind of exercise, and against the effort range."""

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.model import TableModel

_PCT = {"unit": "%"}
_SESSIONS = {"unit": "sessions"}
_KG = {"unit": "kg"}

DOSE_UNITS = ("reps", "s", "min", "sets", "sessions")


class ExerciseAdherence(TableModel):
    """One row is one patient and prescribed exercise, over the whole window or (``by="week"``) in one week."""

    class Config:
        name = "exercise_adherence"
        metadata = {
            "key": ("patient_id", "exercise_id", "unit", "week_start_date"),
            "sort": ("patient_id", "week_start_date", "exercise_id", "unit"),
        }

    patient_id: str = pa.Field(description="The person.")
    week: pl.Int32 = pa.Field(nullable=True, description="Week, as in weekly adherence; missing: the whole window.")
    week_start_date: pl.Date = pa.Field(nullable=True, description="First day of the week; missing: the whole window.")
    exercise_id: str = pa.Field(description="The prescribed exercise.")
    category: str = pa.Field(description="Kind of exercise by the catalogue, or 'not in catalogue'.")
    unit: str = pa.Field(isin=DOSE_UNITS, description="What the plan counts this exercise in.")
    prescribed_sessions: float = pa.Field(ge=0, description="Times prescribed, accrued by day.", metadata=_SESSIONS)
    prescribed_volume: float = pa.Field(ge=0, description="Volume of a session x times prescribed, in the unit.")
    done_volume: float = pa.Field(ge=0, description="Volume logged on eligible days, in the unit.")
    entries: pl.Int32 = pa.Field(ge=0, description="Entries of this exercise on eligible days.")
    skipped: pl.Int32 = pa.Field(ge=0, description="Of these, entries that say nothing was done.")
    assumed: pl.Int32 = pa.Field(ge=0, description="Of these, entries without amount, taken as the prescribed dose.")
    dose_pct: float = pa.Field(ge=0, nullable=True, description="100 x done / prescribed volume.", metadata=_PCT)
    capped_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="The same with each week's done volume capped.", metadata=_PCT
    )
    overdose_weeks: pl.Int32 = pa.Field(
        ge=0, description="Weeks (not partial) above the overdose ratio.", metadata={"unit": "weeks"}
    )
    volume_load_prescribed_kg: float = pa.Field(
        ge=0, nullable=True, description="Repetitions x load prescribed; missing: no load in the plan.", metadata=_KG
    )
    volume_load_done_kg: float = pa.Field(
        ge=0, nullable=True, description="Repetitions x load done; missing: an entry has no load.", metadata=_KG
    )
    reason: str = pa.Field(nullable=True, description="Why there is no percentage: zero_prescribed.")


class DoseAdherence(TableModel):
    """One row is one patient and kind of exercise (or ``all``), over the whole window or in one week."""

    class Config:
        name = "dose_adherence"
        metadata = {
            "key": ("patient_id", "category", "week_start_date"),
            "sort": ("patient_id", "week_start_date", "category"),
        }

    patient_id: str = pa.Field(description="The person.")
    week: pl.Int32 = pa.Field(nullable=True, description="Week, as in weekly adherence; missing: the whole window.")
    week_start_date: pl.Date = pa.Field(nullable=True, description="First day of the week; missing: the whole window.")
    category: str = pa.Field(description="all, a kind of exercise of the catalogue, or 'not in catalogue'.")
    n_exercises: pl.Int32 = pa.Field(ge=0, description="Exercises with something prescribed.")
    n_without: pl.Int32 = pa.Field(ge=0, description="Exercises of the plan with nothing prescribed.")
    dose_pct: float = pa.Field(ge=0, nullable=True, description="Mean over exercises of done / prescribed.", metadata=_PCT)
    capped_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="Mean over exercises of the capped ratio.", metadata=_PCT
    )
    overdose_weeks: pl.Int32 = pa.Field(
        ge=0, description="Weeks (not partial) whose mean ratio is above the overdose ratio.", metadata={"unit": "weeks"}
    )
    unit: str = pa.Field(
        isin=DOSE_UNITS, nullable=True, description="The exercises' common unit; missing: they have several."
    )
    prescribed_volume: float = pa.Field(ge=0, nullable=True, description="Sum in the common unit.")
    done_volume: float = pa.Field(ge=0, nullable=True, description="Sum in the common unit.")
    entries: pl.Int32 = pa.Field(ge=0, description="Entries of these exercises on eligible days.")
    assumed: pl.Int32 = pa.Field(ge=0, description="Of these, entries without amount, taken as the prescribed dose.")
    other_entries: pl.Int32 = pa.Field(
        ge=0, nullable=True, description="Entries of exercises the plan does not hold, ignored; only in the row 'all'."
    )
    reason: str = pa.Field(nullable=True, description="Why there is no percentage: zero_prescribed.")


class IntensityAdherence(TableModel):
    """One row is one patient over all sessions, or one patient and exercise: effort against the prescribed range."""

    class Config:
        name = "intensity_adherence"
        metadata = {"key": ("patient_id", "exercise_id"), "sort": ("patient_id", "exercise_id")}

    patient_id: str = pa.Field(description="The person.")
    exercise_id: str = pa.Field(nullable=True, description="The exercise; missing: sessions, over all exercises.")
    done: pl.Int32 = pa.Field(ge=0, description="Sessions (or entries of the exercise) with an effort range in the plan.")
    rated: pl.Int32 = pa.Field(ge=0, description="Of these, with an effort rating.")
    below: pl.Int32 = pa.Field(ge=0, description="Of these, below the range.")
    within: pl.Int32 = pa.Field(ge=0, description="Of these, in the range, both ends included.")
    above: pl.Int32 = pa.Field(ge=0, description="Of these, above the range.")
    within_pct: float = pa.Field(ge=0, le=100, nullable=True, description="100 x within / rated.", metadata=_PCT)
    mean_rpe: float = pa.Field(ge=0, le=10, nullable=True, description="Mean effort.", metadata={"unit": "0-10"})
    reason: str = pa.Field(nullable=True, description="Why there is no percentage: no_range, no_entry or no_rating.")


DOSE_RESULTS = (ExerciseAdherence, DoseAdherence, IntensityAdherence)
