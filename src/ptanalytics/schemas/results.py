"""What analyses return. Charts, apps and reports take exactly these tables."""

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.course_results import COURSE_RESULTS
from ptanalytics.schemas.coverage_results import COVERAGE_RESULTS
from ptanalytics.schemas.definition_results import DEFINITION_RESULTS
from ptanalytics.schemas.dose_results import DOSE_RESULTS
from ptanalytics.schemas.explain_results import EXPLAIN_RESULTS
from ptanalytics.schemas.ledger_results import DayLedger, LedgerEvidence
from ptanalytics.schemas.model import TableModel, table_name
from ptanalytics.schemas.outcome_results import (
    FLARE_KINDS,
    MEASURES,
    TREND_LABELS,
    Baselines,
    Changes,
    CohortTable,
    DailyPain,
    Flares,
    FlareStatus,
    PainTrends,
    PatientFlow,
    RecentPain,
    ResponderCurve,
    ResponderShares,
)
from ptanalytics.schemas.pattern_results import (
    PlanChangePatterns,
    SessionPatterns,
    SkippedExercises,
    SkipReasons,
    TrajectoryClasses,
    TrajectoryFits,
    TrajectoryMembers,
)
from ptanalytics.schemas.persistence_results import (
    AdherenceEpisodes,
    Persistence,
    SessionDayCoverage,
    TimeToDiscontinuation,
)
from ptanalytics.schemas.pharmacy_results import (
    ExerciseAvailability,
    PharmacyAdherence,
    PharmacyEpisodes,
    PharmacyWindows,
)
from ptanalytics.schemas.quality_results import QUALITY_RESULTS
from ptanalytics.schemas.questionnaire_results import QuestionnaireScores
from ptanalytics.schemas.statistics_results import STATISTICS_RESULTS
from ptanalytics.schemas.worklist_results import Worklist, WorklistBacktest, WorklistInputs, WorklistReplay

_PCT = {"unit": "%"}
_DAYS = {"unit": "days"}
_SESSIONS = {"unit": "sessions"}

DAY_STATUSES = ("done", "partly", "missed", "rest", "hold", "not_recorded", "unprescribed")
ADHERENCE_DEFINITIONS = ("uncapped", "weekly_capped", "window_capped", "mean_of_weeks", "weeks_adherent")
ADHERENCE_BANDS = ("adherent", "partial", "low")


class WeeklyAdherence(TableModel):
    """One row is one patient and week. Weeks are plan weeks (7 days from plan start) unless settings say ISO weeks."""

    class Config:
        name = "weekly_adherence"
        metadata = {"key": ("patient_id", "week_start_date"), "sort": ("patient_id", "week_start_date")}

    patient_id: str = pa.Field(description="The person.")
    week: pl.Int32 = pa.Field(ge=1, description="Plan week, 1 is the first; with ISO weeks the ISO week number.")
    week_start_date: pl.Date = pa.Field(description="First day of the week.")
    eligible_days: pl.Int32 = pa.Field(ge=0, le=7, description="Days with a plan in force and not excused.", metadata=_DAYS)
    excused_days: pl.Int32 = pa.Field(ge=0, le=7, description="Days with a plan in force but excused.", metadata=_DAYS)
    prescribed: float = pa.Field(ge=0, description="Sessions prescribed, accrued per eligible day.", metadata=_SESSIONS)
    counted: pl.Int32 = pa.Field(ge=0, description="Sessions that count.", metadata=_SESSIONS)
    logged: pl.Int32 = pa.Field(ge=0, description="Sessions logged, whether they count or not.", metadata=_SESSIONS)
    unprescribed: pl.Int32 = pa.Field(ge=0, description="Logged on days that were not eligible.", metadata=_SESSIONS)
    adherence_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="100 x min(counted, prescribed) / prescribed.", metadata=_PCT
    )
    uncapped_pct: float = pa.Field(
        ge=0, nullable=True, description="100 x counted / prescribed; above 100 is more than prescribed.", metadata=_PCT
    )
    is_partial: bool = pa.Field(description="Too few eligible days to call the week adherent or not.")
    is_overdose: bool = pa.Field(description="More than the overdose ratio of what was prescribed; never in partial weeks.")
    reason: str = pa.Field(nullable=True, description="Why there is no percentage: zero_prescribed.")


class AdherenceSummary(TableModel):
    """One row is one patient over the whole window, under every named cap rule."""

    class Config:
        name = "adherence_summary"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    from_date: pl.Date = pa.Field(nullable=True, description="First day of the window (plan start); missing: no plan.")
    to_date: pl.Date = pa.Field(nullable=True, description="Last day with a plan in force; missing: see reason.")
    weeks: pl.Int32 = pa.Field(ge=0, description="Weeks with something prescribed.", metadata={"unit": "weeks"})
    eligible_days: pl.Int32 = pa.Field(ge=0, description="Days the plan applied.", metadata=_DAYS)
    excused_days: pl.Int32 = pa.Field(ge=0, description="Days excused.", metadata=_DAYS)
    days_with_entry: pl.Int32 = pa.Field(ge=0, description="Eligible days with any session entry.", metadata=_DAYS)
    prescribed: float = pa.Field(ge=0, description="Sessions prescribed.", metadata=_SESSIONS)
    counted: pl.Int32 = pa.Field(ge=0, description="Sessions that count.", metadata=_SESSIONS)
    counted_capped: float = pa.Field(ge=0, description="Sum of min(counted, prescribed) per week.", metadata=_SESSIONS)
    logged: pl.Int32 = pa.Field(ge=0, description="Sessions logged.", metadata=_SESSIONS)
    unprescribed: pl.Int32 = pa.Field(ge=0, description="Logged on days that were not eligible.", metadata=_SESSIONS)
    uncapped_pct: float = pa.Field(ge=0, nullable=True, description="Sum counted / sum prescribed.", metadata=_PCT)
    weekly_capped_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="Sum of min(counted, prescribed) per week / sum prescribed.", metadata=_PCT
    )
    window_capped_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="min(sum counted, sum prescribed) / sum prescribed.", metadata=_PCT
    )
    mean_of_weeks_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="Mean over weeks of min(1, counted / prescribed).", metadata=_PCT
    )
    weeks_classified: pl.Int32 = pa.Field(
        ge=0, description="Weeks with something prescribed that are not partial.", metadata={"unit": "weeks"}
    )
    weeks_adherent: pl.Int32 = pa.Field(
        ge=0, description="Of these, weeks at or above the cut.", metadata={"unit": "weeks"}
    )
    weeks_adherent_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="Share of non-partial weeks at or above the cut.", metadata=_PCT
    )
    overdose_weeks: pl.Int32 = pa.Field(ge=0, description="Weeks above the overdose ratio.", metadata={"unit": "weeks"})
    definition: str = pa.Field(description="Which column is the headline, e.g. weekly_capped.")
    adherence_pct: float = pa.Field(ge=0, nullable=True, description="The headline value.", metadata=_PCT)
    band: str = pa.Field(
        isin=ADHERENCE_BANDS, nullable=True, description="adherent, partial or low by the cuts in settings."
    )
    last_entry_date: pl.Date = pa.Field(nullable=True, description="Last day with a session entry.")
    reason: str = pa.Field(
        nullable=True, description="Why there is no percentage: no_plan, no_cutoff, not_started or zero_prescribed."
    )


class AdherenceDays(TableModel):
    """One row is one patient and day from plan start to cutoff, as the calendar shows it.

    ``done`` a counted session; ``partly`` an entry below the completion threshold; ``missed`` an entry that says not done;
    ``not_recorded`` no entry where one was due (fixed weekday, or the week's number not reached); ``rest`` no entry and
    none due; ``hold`` excused; ``unprescribed`` an entry on a day without prescription.
    """

    class Config:
        name = "adherence_days"
        metadata = {"key": ("patient_id", "date"), "sort": ("patient_id", "date")}

    patient_id: str = pa.Field(description="The person.")
    date: pl.Date = pa.Field(description="Local day.")
    week: pl.Int32 = pa.Field(description="Plan week of the day.")
    plan_version: pl.Int32 = pa.Field(nullable=True, description="Plan version in force.")
    prescribed: float = pa.Field(ge=0, description="Accrued prescription of the day.", metadata=_SESSIONS)
    counted: pl.Int32 = pa.Field(ge=0, description="Sessions that count.", metadata=_SESSIONS)
    logged: pl.Int32 = pa.Field(ge=0, description="Sessions logged.", metadata=_SESSIONS)
    status: str = pa.Field(isin=DAY_STATUSES, description="What the calendar shows.")


class RollingAdherence(TableModel):
    """One row is one patient: adherence over the last days up to one day."""

    class Config:
        name = "rolling_adherence"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    from_date: pl.Date = pa.Field(description="First day of the window.")
    to_date: pl.Date = pa.Field(description="Last day of the window.")
    eligible_days: pl.Int32 = pa.Field(ge=0, description="Days of the window on which the plan applied.", metadata=_DAYS)
    prescribed: float = pa.Field(ge=0, description="Sessions prescribed in the window.", metadata=_SESSIONS)
    counted: pl.Int32 = pa.Field(ge=0, description="Sessions that count.", metadata=_SESSIONS)
    adherence_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="100 x min(counted, prescribed) / prescribed.", metadata=_PCT
    )
    reason: str = pa.Field(
        nullable=True, description="Why there is no percentage: zero_prescribed or too_few_eligible_days."
    )


class WeekStreaks(TableModel):
    """One row is one patient: consecutive complete plan weeks at or above the cut."""

    class Config:
        name = "week_streaks"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    complete_weeks: pl.Int32 = pa.Field(ge=0, description="Weeks with 7 eligible days.", metadata={"unit": "weeks"})
    current_weeks: pl.Int32 = pa.Field(
        ge=0, description="Length of the streak that still runs.", metadata={"unit": "weeks"}
    )
    best_weeks: pl.Int32 = pa.Field(ge=0, description="Length of the longest streak.", metadata={"unit": "weeks"})


class CohortAdherence(TableModel):
    """One row is one definition of adherence over a cohort, with its numerator and denominator."""

    class Config:
        name = "cohort_adherence"
        metadata = {"key": ("definition",), "sort": ("definition",)}

    definition: str = pa.Field(isin=ADHERENCE_DEFINITIONS, description="Which formula.")
    is_headline: bool = pa.Field(description="The definition named in the settings.")
    n: pl.Int32 = pa.Field(ge=0, description="Patients with a percentage.", metadata={"unit": "patients"})
    n_without: pl.Int32 = pa.Field(ge=0, description="Patients without one.", metadata={"unit": "patients"})
    median_pct: float = pa.Field(ge=0, nullable=True, description="Median over patients.", metadata=_PCT)
    lower_quartile_pct: float = pa.Field(ge=0, nullable=True, description="First quartile over patients.", metadata=_PCT)
    upper_quartile_pct: float = pa.Field(ge=0, nullable=True, description="Third quartile over patients.", metadata=_PCT)
    numerator: float = pa.Field(ge=0, description="Sum over patients of the formula's numerator.")
    denominator: float = pa.Field(ge=0, description="Sum over patients of the formula's denominator.")
    unit: str = pa.Field(isin=("sessions", "weeks"), description="Unit of numerator and denominator.")
    pooled_pct: float = pa.Field(ge=0, nullable=True, description="100 x numerator / denominator.", metadata=_PCT)
    reason: str = pa.Field(nullable=True, description="Why there is no value: no_patients.")


_MODELS: tuple[type[TableModel], ...] = (
    WeeklyAdherence,
    AdherenceSummary,
    AdherenceDays,
    RollingAdherence,
    WeekStreaks,
    CohortAdherence,
    *DOSE_RESULTS,
    *DEFINITION_RESULTS,
    *COVERAGE_RESULTS,
    *EXPLAIN_RESULTS,
    QuestionnaireScores,
    DailyPain,
    Baselines,
    Changes,
    ResponderShares,
    ResponderCurve,
    PainTrends,
    Flares,
    FlareStatus,
    RecentPain,
    CohortTable,
    PatientFlow,
    *COURSE_RESULTS,
    Persistence,
    AdherenceEpisodes,
    TimeToDiscontinuation,
    SessionDayCoverage,
    PharmacyAdherence,
    PharmacyEpisodes,
    PharmacyWindows,
    ExerciseAvailability,
    DayLedger,
    LedgerEvidence,
    WorklistInputs,
    Worklist,
    WorklistReplay,
    WorklistBacktest,
    SessionPatterns,
    SkippedExercises,
    SkipReasons,
    PlanChangePatterns,
    TrajectoryClasses,
    TrajectoryMembers,
    TrajectoryFits,
    *QUALITY_RESULTS,
    *STATISTICS_RESULTS,
)

RESULTS: dict[str, type[TableModel]] = {table_name(model): model for model in _MODELS}

__all__ = [
    "ADHERENCE_BANDS",
    "ADHERENCE_DEFINITIONS",
    "DAY_STATUSES",
    "FLARE_KINDS",
    "MEASURES",
    "RESULTS",
    "TREND_LABELS",
    "AdherenceDays",
    "AdherenceSummary",
    "Baselines",
    "Changes",
    "CohortAdherence",
    "CohortTable",
    "DailyPain",
    "FlareStatus",
    "Flares",
    "PainTrends",
    "PatientFlow",
    "QuestionnaireScores",
    "RecentPain",
    "ResponderCurve",
    "ResponderShares",
    "RollingAdherence",
    "WeekStreaks",
    "WeeklyAdherence",
]
