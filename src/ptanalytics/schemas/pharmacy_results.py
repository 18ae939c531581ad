"""What the pharmacy measures return: CMA1 to CMA9 and PDC per patient, per episode, per window, and for exercise."""

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.model import TableModel

_DAYS = {"unit": "days"}
_RATIO = {"unit": "ratio"}

PHARMACY_REASONS = ("no_event_in_window", "one_event", "events_on_one_day")


class PharmacyAdherence(TableModel):
    """One row is one patient: continuous measures of availability over one observation window. Sensitivity outputs.

    ``n_events`` and ``supply_days`` are the bare events (CMA0).
    """

    class Config:
        name = "pharmacy_adherence"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    from_date: pl.Date = pa.Field(description="First day of the observation window.")
    to_date: pl.Date = pa.Field(description="Last day of the observation window.")
    window_days: pl.Int32 = pa.Field(ge=1, description="Length of the window.", metadata=_DAYS)
    n_events: pl.Int32 = pa.Field(ge=0, description="Supplies in the window (CMA0).")
    supply_days: float = pa.Field(ge=0, description="Days these supplies last together.", metadata=_DAYS)
    cma1: float = pa.Field(ge=0, nullable=True, description="Supply but the last / first to last event.", metadata=_RATIO)
    cma2: float = pa.Field(ge=0, nullable=True, description="Supply / first event to end of window.", metadata=_RATIO)
    cma3: float = pa.Field(ge=0, le=1, nullable=True, description="CMA1, at most 1.", metadata=_RATIO)
    cma4: float = pa.Field(ge=0, le=1, nullable=True, description="CMA2, at most 1.", metadata=_RATIO)
    cma5: float = pa.Field(
        ge=0, le=1, nullable=True, description="Days supplied, first to last event, oversupply carried.", metadata=_RATIO
    )
    cma6: float = pa.Field(
        ge=0, le=1, nullable=True, description="Days supplied, first event to end, oversupply carried.", metadata=_RATIO
    )
    cma7: float = pa.Field(
        ge=0, le=1, nullable=True, description="Days supplied in the window, carried into it too.", metadata=_RATIO
    )
    cma8: float = pa.Field(
        ge=0,
        le=1,
        nullable=True,
        description="As CMA7, the window starting when earlier supply is used up.",
        metadata=_RATIO,
    )
    cma9: float = pa.Field(
        ge=0, le=1, nullable=True, description="Mean over days of the supply ratio between events.", metadata=_RATIO
    )
    pdc: float = pa.Field(
        ge=0, le=1, nullable=True, description="Days covered / days of the window, nothing carried.", metadata=_RATIO
    )
    lag_days: float = pa.Field(
        ge=0, description="Supply left at the start of the window, by which CMA8 waits.", metadata=_DAYS
    )
    reason: str = pa.Field(
        isin=PHARMACY_REASONS,
        nullable=True,
        description="Why CMA1-6 are missing: no_event_in_window (all), one_event or events_on_one_day (1, 3, 5).",
    )
    cma8_reason: str = pa.Field(nullable=True, description="Why CMA8 is missing: supply_outlasts_window.")


class PharmacyEpisodes(PharmacyAdherence):
    """One row is one treatment episode with the measures over it. ``to_date`` is its last day."""

    class Config:
        name = "pharmacy_episodes"
        metadata = {"key": ("patient_id", "episode"), "sort": ("patient_id", "episode")}

    episode: pl.Int32 = pa.Field(ge=1, description="1 for the first.")
    gap_days: float = pa.Field(
        ge=0,
        description="Days without supply after the last supply of the episode: before the next event, or to the end of "
        "follow-up.",
        metadata=_DAYS,
    )
    is_last: bool = pa.Field(description="No event follows in the follow-up window.")


class PharmacyWindows(PharmacyAdherence):
    """One row is one patient and sliding window."""

    class Config:
        name = "pharmacy_windows"
        metadata = {"key": ("patient_id", "window"), "sort": ("patient_id", "window")}

    window: pl.Int32 = pa.Field(ge=1, description="1 for the first window.")


class ExerciseAvailability(TableModel):
    """One row is one patient: the pharmacy measures with sessions in place of supplies. Sensitivity outputs, no headline.

    Training cannot be stored, so the measures that carry oversupply (CMA6, CMA7) say more than was done.
    """

    class Config:
        name = "exercise_availability"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    from_date: pl.Date = pa.Field(description="First day of the plan.")
    to_date: pl.Date = pa.Field(description="Last day observed with a plan in force.")
    window_days: pl.Int32 = pa.Field(ge=1, description="Length of the window.", metadata=_DAYS)
    n_sessions: pl.Int32 = pa.Field(ge=0, description="Counted sessions.", metadata={"unit": "sessions"})
    supply_days: float = pa.Field(
        ge=0, description="Days these sessions stand for, 7 / sessions a week each.", metadata=_DAYS
    )
    cma1: float = pa.Field(ge=0, nullable=True, description="Analogue of CMA1, can exceed 1.", metadata=_RATIO)
    cma2: float = pa.Field(ge=0, nullable=True, description="Analogue of CMA2, can exceed 1.", metadata=_RATIO)
    cma3: float = pa.Field(ge=0, le=1, nullable=True, description="Analogue of CMA3.", metadata=_RATIO)
    cma4: float = pa.Field(ge=0, le=1, nullable=True, description="Analogue of CMA4.", metadata=_RATIO)
    cma6: float = pa.Field(ge=0, le=1, nullable=True, description="Analogue of CMA6.", metadata=_RATIO)
    cma7: float = pa.Field(ge=0, le=1, nullable=True, description="Analogue of CMA7.", metadata=_RATIO)
    pdc: float = pa.Field(ge=0, le=1, nullable=True, description="Days covered, nothing carried.", metadata=_RATIO)
    reason: str = pa.Field(
        isin=PHARMACY_REASONS,
        nullable=True,
        description="Why some of CMA1-6 are missing: no_event_in_window, one_event, events_on_one_day.",
    )
