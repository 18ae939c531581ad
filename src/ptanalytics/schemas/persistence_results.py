"""What the analyses of persistence return: whether people start, keep going and stop, by the ABC terms."""

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.model import TableModel

_PCT = {"unit": "%"}
_DAYS = {"unit": "days"}
_SESSIONS = {"unit": "sessions"}

PERSISTENCE_STATUSES = ("pending", "not_initiated", "persisting", "plan_ended", "discontinued")
ENDING_REASONS = ("discontinued", "plan_ended", "end_of_data")


class Persistence(TableModel):
    """One row is one patient with a plan: initiation, implementation while persisting, and discontinuation.

    ABC taxonomy (Vrijens 2012) by analogy: it was written for medication.
    """

    class Config:
        name = "persistence"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    status: str = pa.Field(
        isin=PERSISTENCE_STATUSES, nullable=True, description="Where the person stands; missing: see reason."
    )
    start_date: pl.Date = pa.Field(nullable=True, description="First day with a plan.")
    end_date: pl.Date = pa.Field(
        nullable=True, description="Last session before the first gap, or the last day observed with a plan in force."
    )
    is_initiated: bool = pa.Field(nullable=True, description="A session counted on or after the plan's start.")
    first_session_date: pl.Date = pa.Field(nullable=True, description="First counted session: initiation.")
    time_to_initiation_days: pl.Int32 = pa.Field(
        ge=0, nullable=True, description="First counted session - plan start.", metadata=_DAYS
    )
    persistence_days: pl.Int32 = pa.Field(
        ge=0, nullable=True, description="end_date - first counted session.", metadata=_DAYS
    )
    is_event: bool = pa.Field(nullable=True, description="Discontinued; false: censored at end_date.")
    gap_limit_days: pl.Int32 = pa.Field(
        ge=1,
        nullable=True,
        description="Eligible days without a counted session that are a discontinuation.",
        metadata=_DAYS,
    )
    idle_days: pl.Int32 = pa.Field(
        ge=0, description="Eligible days since the last counted session (since the start without one).", metadata=_DAYS
    )
    n_episodes: pl.Int32 = pa.Field(ge=0, description="Stretches of exercising that gaps separate.")
    counted: pl.Int32 = pa.Field(ge=0, description="Sessions that count up to end_date.", metadata=_SESSIONS)
    prescribed: float = pa.Field(
        ge=0, description="Sessions prescribed from the first counted session to end_date.", metadata=_SESSIONS
    )
    implementation_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="100 x min(counted, prescribed) / prescribed.", metadata=_PCT
    )
    reason: str = pa.Field(
        nullable=True,
        description="Why it is missing: no_plan, no_cutoff, not_started, zero_prescribed, not_initiated, pending.",
    )


class AdherenceEpisodes(TableModel):
    """One row is one stretch of exercising; the next one begins with the first session after a gap."""

    class Config:
        name = "adherence_episodes"
        metadata = {"key": ("patient_id", "episode"), "sort": ("patient_id", "episode")}

    patient_id: str = pa.Field(description="The person.")
    episode: pl.Int32 = pa.Field(ge=1, description="1 for the first.")
    from_date: pl.Date = pa.Field(description="First counted session.")
    last_session_date: pl.Date = pa.Field(description="Last counted session.")
    end_date: pl.Date = pa.Field(description="Last counted session where a gap followed, else the last day observed.")
    duration_days: pl.Int32 = pa.Field(ge=0, description="end_date - from_date.", metadata=_DAYS)
    is_event: bool = pa.Field(description="A gap followed; false: censored.")
    gap_days: pl.Int32 = pa.Field(
        ge=0, description="Eligible days without a counted session after the last one.", metadata=_DAYS
    )
    gap_limit_days: pl.Int32 = pa.Field(ge=1, description="Gap that ends an episode at that time.", metadata=_DAYS)
    active_days: pl.Int32 = pa.Field(ge=1, description="Days with a counted session.", metadata=_DAYS)
    counted: pl.Int32 = pa.Field(ge=1, description="Sessions that count.", metadata=_SESSIONS)


class TimeToDiscontinuation(TableModel):
    """One row is one patient with a plan, ready for a Kaplan-Meier estimate: rows with a duration are at risk."""

    class Config:
        name = "time_to_discontinuation"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    from_date: pl.Date = pa.Field(nullable=True, description="First counted session: time origin.")
    end_date: pl.Date = pa.Field(nullable=True, description="Day of the event or of censoring.")
    duration_days: pl.Int32 = pa.Field(
        ge=0, nullable=True, description="end_date - from_date; missing: no time origin.", metadata=_DAYS
    )
    is_event: bool = pa.Field(nullable=True, description="Discontinued; false: censored.")
    reason: str = pa.Field(
        description="Why the time ends: discontinued, plan_ended, end_of_data; or why there is none: not_initiated, "
        "pending, no_plan, no_cutoff, not_started, zero_prescribed."
    )


class SessionDayCoverage(TableModel):
    """One row is one patient: share of eligible days with a session, the plain analogue of covered days (PDC)."""

    class Config:
        name = "session_day_coverage"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    eligible_days: pl.Int32 = pa.Field(ge=0, description="Days on which something was prescribed.", metadata=_DAYS)
    covered_days: pl.Int32 = pa.Field(ge=0, description="Of these, days with a counted session.", metadata=_DAYS)
    covered_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="100 x covered_days / eligible_days.", metadata=_PCT
    )
    is_daily_plan: bool = pa.Field(description="A session is due every eligible day, so that 100 % can be expected.")
    reason: str = pa.Field(nullable=True, description="Why there is no share: zero_prescribed.")
