"""What the analyses of the log itself return: how much is recorded, how it was kept, what it is enough for."""

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.model import TableModel
from ptanalytics.schemas.tables import SESSION_SOURCES

_PCT = {"unit": "%"}
_DAYS = {"unit": "days"}
_SESSIONS = {"unit": "sessions"}

GATED_MEASURES = ("adherence", "band", "rolling", "streak", "bounds", "dose", "intensity", "log_pattern")


class LoggingCoverage(TableModel):
    """One row is one patient: how much of the plan's time has an entry, and how the log was kept."""

    class Config:
        name = "logging_coverage"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    eligible_days: pl.Int32 = pa.Field(ge=0, description="Days the plan applied.", metadata=_DAYS)
    days_with_entry: pl.Int32 = pa.Field(ge=0, description="Of these, days with any entry.", metadata=_DAYS)
    coverage_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="100 x days with entry / eligible days.", metadata=_PCT
    )
    weeks: pl.Int32 = pa.Field(ge=0, description="Weeks with something prescribed.", metadata={"unit": "weeks"})
    weeks_with_entry: pl.Int32 = pa.Field(ge=0, description="Of these, weeks with any entry.", metadata={"unit": "weeks"})
    first_entry_date: pl.Date = pa.Field(nullable=True, description="First day with an entry.")
    last_entry_date: pl.Date = pa.Field(nullable=True, description="Last day with an entry.")
    days_since_last_entry: pl.Int32 = pa.Field(
        ge=0, nullable=True, description="Days from the last entry to the last day observed.", metadata=_DAYS
    )
    longest_silence_days: pl.Int32 = pa.Field(
        ge=0, nullable=True, description="Longest run of eligible days without an entry.", metadata=_DAYS
    )
    sessions: pl.Int32 = pa.Field(ge=0, description="Sessions logged up to the last day observed.", metadata=_SESSIONS)
    not_done_days: pl.Int32 = pa.Field(ge=0, description="Days whose entries say that nothing was done.", metadata=_DAYS)
    main_source: str = pa.Field(isin=SESSION_SOURCES, nullable=True, description="Where most entries come from.")
    main_source_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="Share of entries from there.", metadata=_PCT
    )
    n_sources: pl.Int32 = pa.Field(ge=0, description="Different sources of entries.")
    clockless_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="Share of sessions that start at midnight sharp.", metadata=_PCT
    )
    same_clock_pct: float = pa.Field(
        ge=0,
        le=100,
        nullable=True,
        description="Share of sessions at their most frequent minute of the day.",
        metadata=_PCT,
    )
    same_rating_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="Share of rated entries with the most frequent pain and effort.",
        metadata=_PCT,
    )  # fmt: skip
    exact_weeks_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="Share of whole weeks with exactly what was prescribed.", metadata=_PCT
    )
    signs: str = pa.Field(
        nullable=True,
        description="Patterns to ask about: no_clock, same_clock, same_ratings, too_perfect; missing: none found.",
    )
    reason: str = pa.Field(nullable=True, description="Why there is no coverage: no_plan, not_started or zero_prescribed.")


class AdherenceSufficiency(TableModel):
    """One row is one patient and measure: is enough recorded to show it, and if not, what is missing."""

    class Config:
        name = "adherence_sufficiency"
        metadata = {"key": ("patient_id", "measure"), "sort": ("patient_id", "measure")}

    patient_id: str = pa.Field(description="The person.")
    measure: str = pa.Field(isin=GATED_MEASURES, description="Which measure of adherence.")
    is_shown: bool = pa.Field(description="Enough is recorded.")
    have: pl.Int32 = pa.Field(ge=0, description="What is recorded, in the unit.")
    need: pl.Int32 = pa.Field(ge=1, description="What must be recorded, in the unit.")
    unit: str = pa.Field(description="What is counted, in words.")
    missing: str = pa.Field(nullable=True, description="What is missing to show it, in words; missing: nothing.")


COVERAGE_RESULTS = (LoggingCoverage, AdherenceSufficiency)
