"""The tables of the contract: what a row is, its key, its columns with units, and what missing means.

Dates ending in ``_date`` are local calendar days; those ending in ``_at`` are local wall-clock times without an offset.
"""

from typing import Annotated

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.model import TableModel, table_name

Instant = Annotated[pl.Datetime, "us", None]

PAUSE_KINDS = ("clinician_hold", "hospital", "illness", "holiday", "data_gap")
SESSION_SOURCES = ("app_log", "paper_diary", "sensor", "clinic_attendance", "unknown")
RECALLS = ("current", "avg_24h", "worst_24h", "avg_7d", "unknown")
SEXES = ("female", "male", "other", "unknown")

_ID = {"min_value": 1, "max_value": 200}


class Patients(TableModel):
    """One row is a person. Holds no name, contact or record number: identifying columns are refused on import."""

    class Config:
        name = "patients"
        metadata = {
            "key": ("patient_id",),
            "sort": ("patient_id",),
            "ordered": (("enrolled_date", "discharged_date"),),
        }

    patient_id: str = pa.Field(str_length=_ID, description="The export's own pseudonym of the person.")
    birth_year: pl.Int32 = pa.Field(
        ge=1900, le=2100, nullable=True, description="Year of birth.", metadata={"unit": "year"}
    )
    sex: str = pa.Field(isin=SEXES, nullable=True, description="Sex as recorded.")
    site: str = pa.Field(nullable=True, description="Clinic or study site.")
    clinician: str = pa.Field(nullable=True, description="Code of the treating clinician.")
    onset_date: pl.Date = pa.Field(nullable=True, description="Day this episode of pain began.")
    enrolled_date: pl.Date = pa.Field(nullable=True, description="Day the person joined the programme or study.")
    discharged_date: pl.Date = pa.Field(nullable=True, description="Day of discharge; nothing is prescribed after it.")
    condition: str = pa.Field(nullable=True, description="Condition or trial arm as recorded.")


class Plans(TableModel):
    """One row is one exercise prescribed in one plan version.

    A version is in force from ``valid_from_date`` until ``valid_to_date`` (inclusive), the day before the next version
    starts, or the end of observation, whichever is first. Prescribed sessions follow from ``sessions_per_week`` (any
    day), ``weekdays`` (those days), or ``sessions_per_day`` alone (every day).
    """

    class Config:
        name = "plans"
        metadata = {
            "key": ("patient_id", "plan_version", "exercise_id"),
            "sort": ("patient_id", "plan_version", "exercise_id"),
            "ordered": (("valid_from_date", "valid_to_date"), ("rpe_min", "rpe_max")),
        }

    patient_id: str = pa.Field(str_length=_ID, description="The person.")
    plan_version: pl.Int32 = pa.Field(ge=1, description="1 for the first plan, raised with every change.")
    exercise_id: str = pa.Field(str_length=_ID, description="Exercise, as in the catalogue or the clinic's own code.")
    valid_from_date: pl.Date = pa.Field(description="First day this version is in force.")
    valid_to_date: pl.Date = pa.Field(nullable=True, description="Last day in force; missing: open-ended.")
    sessions_per_week: float = pa.Field(
        ge=0,
        le=50,
        nullable=True,
        description="Prescribed sessions in 7 days, on any days.",
        metadata={"unit": "sessions/week"},
    )
    weekdays: str = pa.Field(nullable=True, description="Fixed days, e.g. 'mon,wed,fri'; missing: any day.")
    sessions_per_day: pl.Int32 = pa.Field(
        ge=1,
        le=10,
        nullable=True,
        description="Sessions that may count on one day; missing: 1.",
        metadata={"unit": "sessions/day"},
    )
    sets: float = pa.Field(ge=0, le=100, nullable=True, description="Sets per session.", metadata={"unit": "sets"})
    reps: float = pa.Field(ge=0, le=1000, nullable=True, description="Repetitions per set.", metadata={"unit": "reps"})
    hold_s: float = pa.Field(
        ge=0, le=3600, nullable=True, description="Hold per repetition or set.", metadata={"unit": "s"}
    )
    duration_min: float = pa.Field(
        ge=0, le=600, nullable=True, description="Minutes per session.", metadata={"unit": "min"}
    )
    load_kg: float = pa.Field(ge=0, le=500, nullable=True, description="External load.", metadata={"unit": "kg"})
    rpe_min: float = pa.Field(ge=0, le=10, nullable=True, description="Lowest intended effort.", metadata={"unit": "0-10"})
    rpe_max: float = pa.Field(ge=0, le=10, nullable=True, description="Highest intended effort.", metadata={"unit": "0-10"})
    pain_ceiling_nprs: float = pa.Field(
        ge=0,
        le=10,
        nullable=True,
        description="Pain during exercise not to be exceeded; missing: 5.",
        metadata={"unit": "0-10"},
    )


class Pauses(TableModel):
    """One row is a break from the plan. Excused days accrue no prescription; a break without an end is still running."""

    class Config:
        name = "pauses"
        metadata = {
            "key": ("patient_id", "from_date", "kind"),
            "sort": ("patient_id", "from_date"),
            "ordered": (("from_date", "to_date"),),
        }

    patient_id: str = pa.Field(str_length=_ID, description="The person.")
    from_date: pl.Date = pa.Field(description="First day of the break.")
    to_date: pl.Date = pa.Field(nullable=True, description="Last day of the break; missing: still running.")
    kind: str = pa.Field(isin=PAUSE_KINDS, description="Why: clinician_hold, hospital, illness, holiday, data_gap.")
    is_excused: bool = pa.Field(nullable=True, description="Whether days are excused; missing: by kind, see settings.")


class Sessions(TableModel):
    """One row is one exercise done (or attempted, or skipped) in one logged session. A day without a row has no entry."""

    class Config:
        name = "sessions"
        metadata = {"key": ("patient_id", "session_id", "exercise_id"), "sort": ("patient_id", "started_at")}

    patient_id: str = pa.Field(str_length=_ID, description="The person.")
    session_id: str = pa.Field(str_length=_ID, description="The export's id of the session, unique within a person.")
    exercise_id: str = pa.Field(str_length=_ID, description="Exercise, as in the plan.")
    started_at: Instant = pa.Field(description="Local time the session started; it belongs to that local day.")
    sets: float = pa.Field(ge=0, le=100, nullable=True, description="Sets done.", metadata={"unit": "sets"})
    reps: float = pa.Field(
        ge=0, le=10000, nullable=True, description="Repetitions per set done.", metadata={"unit": "reps"}
    )
    hold_s: float = pa.Field(
        ge=0, le=7200, nullable=True, description="Hold per repetition or set.", metadata={"unit": "s"}
    )
    duration_min: float = pa.Field(ge=0, le=1440, nullable=True, description="Minutes done.", metadata={"unit": "min"})
    load_kg: float = pa.Field(ge=0, le=500, nullable=True, description="External load.", metadata={"unit": "kg"})
    completed_fraction: float = pa.Field(
        ge=0, le=5, nullable=True, description="Share of the prescribed volume done; above 1: more than prescribed."
    )
    pain_before_nprs: float = pa.Field(ge=0, le=10, nullable=True, description="Pain before.", metadata={"unit": "0-10"})
    pain_during_nprs: float = pa.Field(
        ge=0, le=10, nullable=True, description="Highest pain during.", metadata={"unit": "0-10"}
    )
    pain_after_nprs: float = pa.Field(ge=0, le=10, nullable=True, description="Pain after.", metadata={"unit": "0-10"})
    pain_next_day_nprs: float = pa.Field(
        ge=0, le=10, nullable=True, description="Pain the next morning.", metadata={"unit": "0-10"}
    )
    rpe: float = pa.Field(ge=0, le=10, nullable=True, description="Perceived effort.", metadata={"unit": "0-10"})
    skip_reason: str = pa.Field(nullable=True, description="Why it was skipped; given means not done.")
    source: str = pa.Field(
        isin=SESSION_SOURCES, nullable=True, description="Where the entry comes from; self-report overestimates."
    )


class PainScores(TableModel):
    """One row is one pain rating. Recalls are never mixed in one series; several ratings a day are kept."""

    class Config:
        name = "pain_scores"
        # Two ratings at one time that differ are two facts, so the rating is part of the key.
        metadata = {
            "key": ("patient_id", "recorded_at", "recall", "site", "pain_nprs"),
            "sort": ("patient_id", "recorded_at"),
        }

    patient_id: str = pa.Field(str_length=_ID, description="The person.")
    recorded_at: Instant = pa.Field(description="Local time of the rating; midnight where only the day is known.")
    pain_nprs: float = pa.Field(ge=0, le=10, description="Pain intensity, 0 none to 10 worst.", metadata={"unit": "0-10"})
    recall: str = pa.Field(isin=RECALLS, nullable=True, description="What the rating refers to; missing: unknown.")
    site: str = pa.Field(nullable=True, description="Body site; missing: the low back.")
    is_flare: bool = pa.Field(nullable=True, description="The person says this is a flare-up.")


class Responses(TableModel):
    """One row is one questionnaire item answered. Item wording is never stored, only ids."""

    class Config:
        name = "responses"
        metadata = {
            "key": ("patient_id", "response_id", "instrument_id", "item_id"),
            "sort": ("patient_id", "completed_at", "item_id"),
        }

    patient_id: str = pa.Field(str_length=_ID, description="The person.")
    response_id: str = pa.Field(str_length=_ID, description="One completed form.")
    completed_at: Instant = pa.Field(description="Local time the form was completed.")
    instrument_id: str = pa.Field(str_length=_ID, description="Instrument, e.g. odi, rmdq24.")
    item_id: str = pa.Field(str_length=_ID, description="Item, e.g. odi_1.")
    answer: float = pa.Field(nullable=True, description="Coded answer; missing: left blank.")


class Scores(TableModel):
    """One row is one scored questionnaire. A score that cannot be computed is missing and says why."""

    class Config:
        name = "scores"
        metadata = {
            "key": ("patient_id", "completed_date", "instrument_id"),
            "sort": ("patient_id", "instrument_id", "completed_date"),
        }

    patient_id: str = pa.Field(str_length=_ID, description="The person.")
    completed_date: pl.Date = pa.Field(description="Local day the form was completed.")
    instrument_id: str = pa.Field(str_length=_ID, description="Instrument, e.g. odi, rmdq24.")
    score: float = pa.Field(nullable=True, description="Score in the instrument's own unit; missing: see reason.")
    n_answered: pl.Int32 = pa.Field(ge=0, nullable=True, description="Items answered.", metadata={"unit": "items"})
    is_prorated: bool = pa.Field(nullable=True, description="Scored from fewer items than the form has.")
    n_forms: pl.Int32 = pa.Field(
        ge=1, nullable=True, description="Forms of that day; of several the latest that can be scored is used."
    )
    band: str = pa.Field(nullable=True, description="Published band, e.g. moderate.")
    reason: str = pa.Field(nullable=True, description="Why there is no score, e.g. too_many_missing, out_of_range, blank.")


class Flags(TableModel):
    """One row is one recorded red flag. Only what somebody recorded is here; absence of a row proves nothing."""

    class Config:
        name = "flags"
        metadata = {
            "key": ("patient_id", "recorded_at", "flag_id"),
            "sort": ("patient_id", "recorded_at"),
            "ordered": (("recorded_at", "resolved_at"),),
        }

    patient_id: str = pa.Field(str_length=_ID, description="The person.")
    recorded_at: Instant = pa.Field(description="Local time it was recorded.")
    flag_id: str = pa.Field(str_length=_ID, description="Which flag, as in reference/red_flags.csv.")
    recorder: str = pa.Field(nullable=True, description="Code of who recorded it.")
    resolved_at: Instant = pa.Field(nullable=True, description="Local time a clinician resolved it; missing: unresolved.")


class Supplies(TableModel):
    """One row is one supply of a medicine: what was dispensed on a day and how many days it lasts.

    Two supplies of one medicine, dose and length on one day are the same fact and count once.
    """

    class Config:
        name = "supplies"
        metadata = {
            "key": ("patient_id", "supplied_date", "category", "daily_dose", "duration_days"),
            "sort": ("patient_id", "supplied_date", "category"),
        }

    patient_id: str = pa.Field(str_length=_ID, description="The person.")
    supplied_date: pl.Date = pa.Field(description="Local day the medicine was handed over.")
    duration_days: float = pa.Field(
        gt=0, le=3650, description="Days the supply lasts when used as prescribed.", metadata={"unit": "days"}
    )
    daily_dose: float = pa.Field(
        gt=0,
        nullable=True,
        description="Prescribed amount a day, in the export's own unit (pills, mg); missing: not recorded.",
    )
    category: str = pa.Field(
        str_length=_ID, nullable=True, description="Medicine or group of medicines as exported; missing: not recorded."
    )


TABLES: dict[str, type[TableModel]] = {
    table_name(model): model
    for model in (Patients, Plans, Pauses, Sessions, PainScores, Responses, Scores, Flags, Supplies)
}
