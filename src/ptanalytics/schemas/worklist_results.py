"""What the worklist returns: whom to contact, why, with the numbers behind it, and how such lists fared in the past."""

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.model import TableModel

_PCT = {"unit": "%"}
_DAYS = {"unit": "days"}
_SESSIONS = {"unit": "sessions"}


class WorklistInputs(TableModel):
    """One row is one patient with a started plan, not discharged: the numbers that rules look at, as of one day."""

    class Config:
        name = "worklist_inputs"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    on_date: pl.Date = pa.Field(description="The day asked about; nothing later is known.")
    start_date: pl.Date = pa.Field(description="First day with a plan.")
    is_plan_in_force: bool = pa.Field(description="A plan version applies on the day.")
    is_on_hold: bool = pa.Field(description="The day is excused.")
    last_entry_date: pl.Date = pa.Field(nullable=True, description="Last day with a session or pain rating; missing: none.")
    silent_days: pl.Int32 = pa.Field(
        ge=0, description="Days since the last entry, or since the plan's start without any.", metadata=_DAYS
    )
    done_14: pl.Int32 = pa.Field(ge=0, description="Counted sessions of the last 14 days.", metadata=_SESSIONS)
    prescribed_14: float = pa.Field(ge=0, description="Prescribed sessions of the last 14 days.", metadata=_SESSIONS)
    done_ratio_14: float = pa.Field(ge=0, nullable=True, description="done_14 / prescribed_14, not capped.")
    adherence_14_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="100 x min(done, prescribed) / prescribed, last 14 days.", metadata=_PCT
    )
    adherence_before_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="The same over the 14 days before those.", metadata=_PCT
    )
    adherence_drop_points: float = pa.Field(
        nullable=True, description="adherence_before_pct - adherence_14_pct.", metadata={"unit": "points"}
    )
    idle_days: pl.Int32 = pa.Field(ge=0, description="Eligible days since the last counted session.", metadata=_DAYS)
    gap_limit_days: pl.Int32 = pa.Field(
        ge=1, nullable=True, description="Idle days that are called a discontinuation.", metadata=_DAYS
    )
    days_to_gap: pl.Int32 = pa.Field(
        ge=1, nullable=True, description="gap_limit_days - idle_days; missing: not started or discontinued.", metadata=_DAYS
    )
    is_flare_within_14_days: bool = pa.Field(nullable=True, description="A flare in the last 14 days; missing: no rating.")
    flare_start_date: pl.Date = pa.Field(nullable=True, description="First day of that flare.")
    plan_end_date: pl.Date = pa.Field(nullable=True, description="Last day of the newest version; missing: open-ended.")
    days_to_plan_end: pl.Int32 = pa.Field(
        ge=0, nullable=True, description="plan_end_date - on_date; missing: open-ended or over.", metadata=_DAYS
    )
    has_later_plan: bool = pa.Field(description="A version that starts later is on record; false for past days.")
    last_questionnaire_date: pl.Date = pa.Field(nullable=True, description="Last completed form; missing: none.")
    days_without_questionnaire: pl.Int32 = pa.Field(
        ge=0, description="Days since the last form, or since the plan's start without any.", metadata=_DAYS
    )


class Worklist(WorklistInputs):
    """One row is one patient and one rule that holds. Rows are in the order of the stated priority."""

    class Config:
        name = "worklist"
        metadata = {"key": ("patient_id", "rule_id"), "sort": ("priority", "rule_id", "patient_id")}

    priority: pl.Int32 = pa.Field(ge=1, description="Stated in the rule; 1 comes first.")
    rule_id: str = pa.Field(description="Which rule, as in reference/worklist_rules.toml.")
    label: str = pa.Field(description="The rule in words.")
    why: str = pa.Field(description="The numbers that made it hold, as a sentence for clinician review.")
    n_rules: pl.Int32 = pa.Field(ge=1, description="Rules that hold for this patient.")
    is_first: bool = pa.Field(description="The patient's rule of highest priority.")


class WorklistReplay(TableModel):
    """One row is one patient, rule and past day on which the worklist would have named the patient, and what followed."""

    class Config:
        name = "worklist_replay"
        metadata = {"key": ("patient_id", "rule_id", "on_date"), "sort": ("patient_id", "rule_id", "on_date")}

    patient_id: str = pa.Field(description="The person.")
    rule_id: str = pa.Field(description="Which rule.")
    on_date: pl.Date = pa.Field(description="The day replayed; only what was recorded up to it was used.")
    is_new: bool = pa.Field(description="The patient was not on the list for this rule at the replay before.")
    silent_days: pl.Int32 = pa.Field(ge=0, description="Days since the last entry, on that day.", metadata=_DAYS)
    next_entry_date: pl.Date = pa.Field(nullable=True, description="First entry after that day; missing: none so far.")
    is_followed: bool = pa.Field(description="The days to wait for an entry lie within the data.")
    has_returned: bool = pa.Field(nullable=True, description="An entry within the days to wait; missing: not followed.")


class WorklistBacktest(TableModel):
    """One row is one rule: how often it named somebody in the past, and how many of them recorded something again.

    It describes what followed. It does not say what a call would change, nor that these people were called.
    """

    class Config:
        name = "worklist_backtest"
        metadata = {"key": ("rule_id",), "sort": ("priority", "rule_id")}

    rule_id: str = pa.Field(description="Which rule.")
    priority: pl.Int32 = pa.Field(ge=1, description="Stated in the rule.")
    label: str = pa.Field(description="The rule in words.")
    n_replays: pl.Int32 = pa.Field(ge=0, description="Days replayed.", metadata=_DAYS)
    return_days: pl.Int32 = pa.Field(ge=1, description="Days to wait for an entry.", metadata=_DAYS)
    n_listings: pl.Int32 = pa.Field(ge=0, description="Times a patient was named.")
    n_spells: pl.Int32 = pa.Field(ge=0, description="Of these, times the patient was not named at the replay before.")
    n_patients: pl.Int32 = pa.Field(ge=0, description="Different patients named.", metadata={"unit": "patients"})
    n_followed: pl.Int32 = pa.Field(ge=0, description="Spells whose days to wait lie within the data: the denominator.")
    n_returned: pl.Int32 = pa.Field(ge=0, description="Of these, with an entry in those days: the numerator.")
    returned_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="100 x n_returned / n_followed; missing: nobody followed.", metadata=_PCT
    )
    median_days: float = pa.Field(
        ge=0, nullable=True, description="Median days to the entry of those who returned.", metadata=_DAYS
    )
    reason: str = pa.Field(nullable=True, description="Why there is no share: never_listed, none_followed.")
