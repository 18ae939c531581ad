"""What the patterns return: when people exercise, what they leave out, plan changes, and courses of groups."""

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.model import TableModel

_PCT = {"unit": "%"}
_DAYS = {"unit": "days"}
_SESSIONS = {"unit": "sessions"}
_PATIENTS = {"unit": "patients"}


class SessionPatterns(TableModel):
    """One row is one patient, weekday and hour: how many sessions started then."""

    class Config:
        name = "session_patterns"
        metadata = {"key": ("patient_id", "weekday", "hour"), "sort": ("patient_id", "weekday", "hour")}

    patient_id: str = pa.Field(description="The person.")
    weekday: pl.Int32 = pa.Field(ge=1, le=7, description="1 Monday to 7 Sunday, of the local day.")
    hour: pl.Int32 = pa.Field(
        ge=0, le=23, nullable=True, description="Hour of the start; missing: exactly midnight, so only the day is known."
    )
    n_sessions: pl.Int32 = pa.Field(ge=1, description="Sessions logged.", metadata=_SESSIONS)
    n_done: pl.Int32 = pa.Field(ge=0, description="Of these, sessions of which something was done.", metadata=_SESSIONS)
    first_date: pl.Date = pa.Field(description="Local day of the first of these sessions.")
    last_date: pl.Date = pa.Field(description="Local day of the last of them.")


class SkippedExercises(TableModel):
    """One row is one patient and prescribed exercise: in how many of the sessions it was due in it was left out."""

    class Config:
        name = "skipped_exercises"
        metadata = {"key": ("patient_id", "exercise_id"), "sort": ("patient_id", "exercise_id")}

    patient_id: str = pa.Field(description="The person.")
    exercise_id: str = pa.Field(description="Exercise, as in the plan.")
    n_due: pl.Int32 = pa.Field(ge=1, description="Itemised sessions in which it was due.", metadata=_SESSIONS)
    n_done: pl.Int32 = pa.Field(ge=0, description="At or above the completion threshold.", metadata=_SESSIONS)
    n_partly: pl.Int32 = pa.Field(ge=0, description="Some of it, below the threshold.", metadata=_SESSIONS)
    n_skipped: pl.Int32 = pa.Field(ge=0, description="The entry says it was not done.", metadata=_SESSIONS)
    n_not_logged: pl.Int32 = pa.Field(ge=0, description="The session has no entry for it.", metadata=_SESSIONS)
    left_out_pct: float = pa.Field(ge=0, le=100, description="100 x (n_skipped + n_not_logged) / n_due.", metadata=_PCT)
    main_reason: str = pa.Field(nullable=True, description="Most frequent skip reason; missing: none was given.")


class SkipReasons(TableModel):
    """One row is one patient, exercise and reason given for leaving it out."""

    class Config:
        name = "skip_reasons"
        metadata = {
            "key": ("patient_id", "exercise_id", "skip_reason"),
            "sort": ("patient_id", "exercise_id", "skip_reason"),
        }

    patient_id: str = pa.Field(description="The person.")
    exercise_id: str = pa.Field(description="Exercise, as logged.")
    skip_reason: str = pa.Field(description="Reason as recorded.")
    n: pl.Int32 = pa.Field(ge=1, description="Times it was given.")
    last_date: pl.Date = pa.Field(description="Last day it was given.")


class PlanChangePatterns(TableModel):
    """One row is one patient and plan change: adherence in the weeks before and after it, side by side.

    A description of two stretches of days. What else changed between them is not known.
    """

    class Config:
        name = "plan_change_patterns"
        metadata = {"key": ("patient_id", "plan_version"), "sort": ("patient_id", "plan_version")}

    patient_id: str = pa.Field(description="The person.")
    plan_version: pl.Int32 = pa.Field(ge=1, description="The version that began.")
    change_date: pl.Date = pa.Field(description="Its first day.")
    n_exercises_before: pl.Int32 = pa.Field(ge=0, description="Exercises of the version before.")
    n_exercises_after: pl.Int32 = pa.Field(ge=0, description="Exercises of the new version.")
    n_added: pl.Int32 = pa.Field(ge=0, description="Exercises only in the new version.")
    n_removed: pl.Int32 = pa.Field(ge=0, description="Exercises only in the version before.")
    per_week_before: float = pa.Field(ge=0, description="Sessions a week before.", metadata={"unit": "sessions/week"})
    per_week_after: float = pa.Field(ge=0, description="Sessions a week after.", metadata={"unit": "sessions/week"})
    eligible_days_before: pl.Int32 = pa.Field(ge=0, description="Eligible days looked at before.", metadata=_DAYS)
    eligible_days_after: pl.Int32 = pa.Field(ge=0, description="Eligible days looked at after.", metadata=_DAYS)
    counted_before: pl.Int32 = pa.Field(ge=0, description="Sessions that count before.", metadata=_SESSIONS)
    counted_after: pl.Int32 = pa.Field(ge=0, description="Sessions that count after.", metadata=_SESSIONS)
    prescribed_before: float = pa.Field(ge=0, description="Sessions prescribed before.", metadata=_SESSIONS)
    prescribed_after: float = pa.Field(ge=0, description="Sessions prescribed after.", metadata=_SESSIONS)
    adherence_before_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="100 x min(counted, prescribed) / prescribed, before.", metadata=_PCT
    )
    adherence_after_pct: float = pa.Field(ge=0, le=100, nullable=True, description="The same after.", metadata=_PCT)
    difference_points: float = pa.Field(nullable=True, description="After minus before.", metadata={"unit": "points"})
    reason: str = pa.Field(
        nullable=True, description="Why there is no difference: too_few_days_before, too_few_days_after."
    )


class TrajectoryClasses(TableModel):
    """One row is one group of patients and week: the mean course of adherence in the group."""

    class Config:
        name = "trajectory_classes"
        metadata = {"key": ("class_number", "week"), "sort": ("class_number", "week")}

    class_number: pl.Int32 = pa.Field(ge=1, description="1 for the group with the highest mean adherence.")
    week: pl.Int32 = pa.Field(ge=1, description="Plan week.", metadata={"unit": "weeks"})
    n: pl.Int32 = pa.Field(ge=1, description="Patients in the group.", metadata=_PATIENTS)
    share_pct: float = pa.Field(ge=0, le=100, description="Share of the patients in the model.", metadata=_PCT)
    mean_pct: float = pa.Field(ge=0, le=100, description="Mean weekly adherence.", metadata=_PCT)
    lower_quartile_pct: float = pa.Field(ge=0, le=100, description="First quartile.", metadata=_PCT)
    upper_quartile_pct: float = pa.Field(ge=0, le=100, description="Third quartile.", metadata=_PCT)


class TrajectoryMembers(TableModel):
    """One row is one patient: the group a model puts them in, or why they are not in the model."""

    class Config:
        name = "trajectory_members"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    class_number: pl.Int32 = pa.Field(ge=1, nullable=True, description="Group of highest probability.")
    probability: float = pa.Field(ge=0, le=1, nullable=True, description="Its probability.")
    reason: str = pa.Field(nullable=True, description="Why not in the model: missing_week.")


class TrajectoryFits(TableModel):
    """One row is one number of groups tried: how well it fits and how stable it is."""

    class Config:
        name = "trajectory_fits"
        metadata = {"key": ("n_classes",), "sort": ("n_classes",)}

    n_classes: pl.Int32 = pa.Field(ge=1, description="Groups in the model.")
    bic: float = pa.Field(description="Bayesian information criterion; lower is better.")
    entropy: float = pa.Field(ge=0, le=1, nullable=True, description="How clearly patients belong to one group; 1: fully.")
    smallest_class: pl.Int32 = pa.Field(ge=0, description="Patients in the smallest group.", metadata=_PATIENTS)
    stability: float = pa.Field(
        ge=-1,
        le=1,
        nullable=True,
        description="Mean adjusted Rand index of bootstrap models with this one; 1: the same groups.",
    )
    stability_lowest: float = pa.Field(ge=-1, le=1, nullable=True, description="5th percentile of that index.")
    n_bootstrap: pl.Int32 = pa.Field(ge=0, description="Bootstrap models.")
    has_converged: bool = pa.Field(description="The fit came to rest; if not, its numbers are not to be used.")
    is_chosen: bool = pa.Field(description="The lowest BIC.")
