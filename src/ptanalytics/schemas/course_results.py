"""What the analyses of one patient's course return: reliable change, level, control limits, time to change, phases."""

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.model import TableModel

_PCT = {"unit": "%"}
_DAYS = {"unit": "days"}
_NPRS = {"unit": "0-10"}
_PER_WEEK = {"unit": "points/week"}

CHANGE_CLASSES = ("recovered", "improved", "unchanged", "deteriorated")
PLATEAU_LABELS = ("plateau_low", "plateau_residual", "no_plateau")
XMR_SIGNALS = ("above_limit", "below_limit", "run_above", "run_below")
MIC_STATUSES = ("event", "unconfirmed", "not_reached", "no_readings", "no_room_to_improve", "not_at_risk")
RECOVERY_BANDS = ("no_pain", "recovered_like", "not_recovered")


class ReliableChange(TableModel):
    """One row is one patient, measure and week: whether the change is beyond measurement error, in four classes."""

    class Config:
        name = "reliable_change"
        metadata = {"key": ("patient_id", "measure", "target_week"), "sort": ("patient_id", "measure", "target_week")}

    patient_id: str = pa.Field(description="The person.")
    measure: str = pa.Field(description="nprs or an instrument id.")
    target_week: pl.Int32 = pa.Field(ge=1, description="Follow-up week aimed at.", metadata={"unit": "weeks"})
    baseline: float = pa.Field(nullable=True, description="Baseline value.")
    followup: float = pa.Field(nullable=True, description="Value in the follow-up window.")
    improvement: float = pa.Field(nullable=True, description="Change in the direction of better; negative is worse.")
    s_diff: float = pa.Field(gt=0, nullable=True, description="Standard error of a difference: sqrt(2) x SEM.")
    rc: float = pa.Field(nullable=True, description="Reliable change index: improvement / s_diff.")
    reliable_points: float = pa.Field(nullable=True, description="Smallest reliable change: 1.96 x s_diff.")
    cutoff: float = pa.Field(nullable=True, description="Score between the dysfunctional and the functional side.")
    cutoff_rule: str = pa.Field(nullable=True, description="Criterion of Jacobson and Truax used: c, a or b.")
    change_class: str = pa.Field(
        isin=CHANGE_CLASSES,
        nullable=True,
        description="recovered needs a cut-off, so without one it cannot occur.",
    )
    mic: float = pa.Field(nullable=True, description="Minimal important change used beside it.")
    mic_source: str = pa.Field(nullable=True, description="Where that value comes from.")
    is_mic_within_error: bool = pa.Field(
        nullable=True, description="The MIC is below the reliable change: a responder may be within measurement error."
    )
    source: str = pa.Field(nullable=True, description="Where the measurement error (and the cut-off) come from.")
    reason: str = pa.Field(nullable=True, description="Why there is no class: as in changes, or no_measurement_error.")


class PainPlateau(TableModel):
    """One row is one patient: whether daily pain is level over the last window."""

    class Config:
        name = "pain_plateau"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    from_date: pl.Date = pa.Field(nullable=True, description="First day with a value in the window.")
    to_date: pl.Date = pa.Field(nullable=True, description="Last day with a value.")
    n_days: pl.Int32 = pa.Field(ge=0, description="Days with a value.", metadata=_DAYS)
    slope_per_week: float = pa.Field(nullable=True, description="Theil-Sen slope of the window.", metadata=_PER_WEEK)
    mean_first_half: float = pa.Field(nullable=True, description="Mean of the first half of the window.", metadata=_NPRS)
    mean_last_half: float = pa.Field(nullable=True, description="Mean of the last half of the window.", metadata=_NPRS)
    difference: float = pa.Field(nullable=True, description="Last half minus first half.", metadata=_NPRS)
    recent: float = pa.Field(nullable=True, description="Mean of the last 3 daily values.", metadata=_NPRS)
    label: str = pa.Field(isin=PLATEAU_LABELS, nullable=True, description="plateau_low, plateau_residual or no_plateau.")
    reason: str = pa.Field(nullable=True, description="Why there is no label: too_few_days, too_short_span, empty_half.")


class XmrLimits(TableModel):
    """One row is one patient and day with a value: an individuals chart with its natural limits and signals."""

    class Config:
        name = "xmr_limits"
        metadata = {"key": ("patient_id", "date"), "sort": ("patient_id", "date")}

    patient_id: str = pa.Field(description="The person.")
    date: pl.Date = pa.Field(description="Local day.")
    pain_nprs: float = pa.Field(ge=0, le=10, description="The day's value.", metadata=_NPRS)
    moving_range: float = pa.Field(nullable=True, description="Distance to the recorded day before.", metadata=_NPRS)
    is_baseline: bool = pa.Field(description="One of the days the limits are computed from.")
    n_baseline: pl.Int32 = pa.Field(ge=0, description="How many days those are.", metadata=_DAYS)
    centre: float = pa.Field(nullable=True, description="Mean of the baseline days.", metadata=_NPRS)
    lower: float = pa.Field(
        nullable=True, description="centre - 2.66 x mean moving range; may lie below 0.", metadata=_NPRS
    )
    upper: float = pa.Field(
        nullable=True, description="centre + 2.66 x mean moving range; may lie above 10.", metadata=_NPRS
    )
    signal: str = pa.Field(
        isin=XMR_SIGNALS, nullable=True, description="Special cause: a day outside the limits, or a long run on one side."
    )
    reason: str = pa.Field(nullable=True, description="Why there are no limits: too_few_days, no_variation.")


class TimeToMic(TableModel):
    """One row is one patient and measure: days from baseline to the first sustained important change, or to censoring."""

    class Config:
        name = "time_to_mic"
        metadata = {"key": ("patient_id", "measure"), "sort": ("patient_id", "measure")}

    patient_id: str = pa.Field(description="The person.")
    measure: str = pa.Field(description="nprs or an instrument id.")
    baseline: float = pa.Field(nullable=True, description="Baseline value.")
    baseline_date: pl.Date = pa.Field(nullable=True, description="Day 0 of the duration.")
    n_readings: pl.Int32 = pa.Field(ge=0, description="Readings after it.")
    duration_days: pl.Int32 = pa.Field(
        ge=0, nullable=True, description="Days to the event, or to the last reading.", metadata=_DAYS
    )
    is_event: bool = pa.Field(nullable=True, description="The change was reached and held; false: censored.")
    event_date: pl.Date = pa.Field(nullable=True, description="Day of the first reading of the sustained change.")
    confirmed_date: pl.Date = pa.Field(nullable=True, description="Day of the reading that confirms it.")
    status: str = pa.Field(
        isin=MIC_STATUSES,
        description="event; censored as unconfirmed or not_reached; not in the risk set: no_readings, no_room_to_improve, "
        "not_at_risk.",
    )
    rule: str = pa.Field(description="Responder rule used.")
    mic: float = pa.Field(nullable=True, description="Minimal important change used.")
    mic_source: str = pa.Field(nullable=True, description="Where that value comes from.")
    reason: str = pa.Field(
        nullable=True, description="Why the patient is not in the risk set: no_start, no_baseline, no_mic, no_readings, ..."
    )


class PlanPhaseResponse(TableModel):
    """One row is one patient and plan change: daily pain before and after it."""

    class Config:
        name = "plan_phase_response"
        metadata = {"key": ("patient_id", "plan_version"), "sort": ("patient_id", "plan_version")}

    patient_id: str = pa.Field(description="The person.")
    plan_version: pl.Int32 = pa.Field(description="The version that began.")
    change_date: pl.Date = pa.Field(description="Its first day.")
    n_before: pl.Int32 = pa.Field(ge=0, description="Days with a value before, under the version before.", metadata=_DAYS)
    n_after: pl.Int32 = pa.Field(ge=0, description="Days with a value from the change on.", metadata=_DAYS)
    median_before: float = pa.Field(nullable=True, description="Median before.", metadata=_NPRS)
    median_after: float = pa.Field(nullable=True, description="Median after.", metadata=_NPRS)
    mean_before: float = pa.Field(nullable=True, description="Mean before.", metadata=_NPRS)
    mean_after: float = pa.Field(nullable=True, description="Mean after.", metadata=_NPRS)
    nap: float = pa.Field(
        ge=0, le=1, nullable=True, description="Share of before-after pairs with less pain after; ties count half."
    )
    tau_u: float = pa.Field(nullable=True, description="(less-pain pairs - more-pain pairs - trend before) / all pairs.")
    tau_trend_before: float = pa.Field(nullable=True, description="Kendall's S of improvement before / pairs before.")
    dual_criterion_days: pl.Int32 = pa.Field(
        ge=0,
        nullable=True,
        description="Days after below both the lowered mean and the lowered trend line.",
        metadata=_DAYS,
    )
    dual_criterion_needed: pl.Int32 = pa.Field(
        ge=0, nullable=True, description="Days that chance alone reaches in at most 5 of 100 cases.", metadata=_DAYS
    )
    is_systematic: bool = pa.Field(nullable=True, description="At least that many days.")
    reason: str = pa.Field(nullable=True, description="Why there are no numbers: too_few_before, too_few_after.")


class ExercisePainResponse(TableModel):
    """One row is one patient and exercise: pain before, during and after it, and the next day."""

    class Config:
        name = "exercise_pain_response"
        metadata = {"key": ("patient_id", "exercise_id"), "sort": ("patient_id", "exercise_id")}

    patient_id: str = pa.Field(description="The person.")
    exercise_id: str = pa.Field(description="Exercise.")
    n_done: pl.Int32 = pa.Field(ge=0, description="Entries not skipped.", metadata={"unit": "entries"})
    from_date: pl.Date = pa.Field(nullable=True, description="First day of them.")
    to_date: pl.Date = pa.Field(nullable=True, description="Last day of them.")
    n_before: pl.Int32 = pa.Field(ge=0, description="Entries with pain before.", metadata={"unit": "entries"})
    n_during: pl.Int32 = pa.Field(ge=0, description="Entries with pain during.", metadata={"unit": "entries"})
    n_after: pl.Int32 = pa.Field(ge=0, description="Entries with pain after.", metadata={"unit": "entries"})
    n_next_day: pl.Int32 = pa.Field(ge=0, description="Entries with pain the next day.", metadata={"unit": "entries"})
    n_next_day_from_log: pl.Int32 = pa.Field(
        ge=0, description="Of these, taken from the daily log because the entry has none.", metadata={"unit": "entries"}
    )
    mean_before: float = pa.Field(nullable=True, description="Mean pain before.", metadata=_NPRS)
    mean_during: float = pa.Field(nullable=True, description="Mean of the highest pain during.", metadata=_NPRS)
    mean_next_day: float = pa.Field(nullable=True, description="Mean pain the next day.", metadata=_NPRS)
    rise_during: float = pa.Field(nullable=True, description="Mean of during - before, entries with both.", metadata=_NPRS)
    rise_after: float = pa.Field(nullable=True, description="Mean of after - before, entries with both.", metadata=_NPRS)
    rise_next_day: float = pa.Field(
        nullable=True, description="Mean of next day - before, entries with both.", metadata=_NPRS
    )
    n_over_limit: pl.Int32 = pa.Field(
        ge=0, description="Entries with pain during above the amber limit of the settings.", metadata={"unit": "entries"}
    )
    n_not_settled: pl.Int32 = pa.Field(
        ge=0,
        description="Entries whose next-day pain is above that before by the settings' rise.",
        metadata={"unit": "entries"},
    )
    reason: str = pa.Field(nullable=True, description="Why there are no means: no_pain_recorded.")


class RecoveryStatus(TableModel):
    """One row is one patient on one day: recovery bands of pain and disability."""

    class Config:
        name = "recovery_status"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    on_date: pl.Date = pa.Field(description="The day asked about.")
    pain_nprs: float = pa.Field(nullable=True, description="Present pain, see recent_pain.", metadata=_NPRS)
    rmdq24: float = pa.Field(nullable=True, description="Latest RMDQ-24 of the 28 days up to the day.")
    rmdq24_date: pl.Date = pa.Field(nullable=True, description="Day of it.")
    band: str = pa.Field(isin=RECOVERY_BANDS, nullable=True, description="no_pain, recovered_like or not_recovered.")
    pain_free_since: pl.Date = pa.Field(
        nullable=True, description="First of the recorded days without pain up to the last."
    )
    pain_free_days: pl.Int32 = pa.Field(ge=0, description="Calendar days from it to the last recorded day.", metadata=_DAYS)
    n_pain_free: pl.Int32 = pa.Field(ge=0, description="Recorded days among them.", metadata=_DAYS)
    is_pain_free_month: bool = pa.Field(description="At least 30 days, as a recovery of an episode needs.")
    reason: str = pa.Field(nullable=True, description="Why there is no band: too_few_recent_days.")


class FlareRates(TableModel):
    """One row is one patient: flares found by FLARE-1 per 28 days with a value."""

    class Config:
        name = "flare_rates"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    n_days: pl.Int32 = pa.Field(ge=0, description="Days with a value.", metadata=_DAYS)
    n_not_evaluable: pl.Int32 = pa.Field(ge=0, description="Of these without a level to compare with.", metadata=_DAYS)
    n_flares: pl.Int32 = pa.Field(ge=0, description="Flares, marked by the person or by the numeric proxy.")
    n_marked: pl.Int32 = pa.Field(ge=0, description="Of these, marked by the person.")
    per_28_days: float = pa.Field(nullable=True, description="28 x n_flares / n_days.", metadata={"unit": "flares/28 days"})
    reason: str = pa.Field(nullable=True, description="Why there is no rate: too_few_days, not_evaluable.")


class WeeklyPain(TableModel):
    """One row is one patient and week from time zero: the mean of the daily values, week 0 being the 7 days before."""

    class Config:
        name = "weekly_pain"
        metadata = {"key": ("patient_id", "week"), "sort": ("patient_id", "week")}

    patient_id: str = pa.Field(description="The person.")
    week: pl.Int32 = pa.Field(ge=0, description="0: the 7 days before time zero; 1: the first 7 days.")
    pain_nprs: float = pa.Field(ge=0, le=10, nullable=True, description="Mean of the daily values.", metadata=_NPRS)
    n_days: pl.Int32 = pa.Field(ge=1, description="Days with a value.", metadata=_DAYS)
    reason: str = pa.Field(nullable=True, description="Why there is no mean: too_few_days.")


class PainQuantiles(TableModel):
    """One row is one week: how daily pain of a group is spread over its patients."""

    class Config:
        name = "pain_quantiles"
        metadata = {"key": ("week",), "sort": ("week",)}

    week: pl.Int32 = pa.Field(ge=0, description="Week from time zero.")
    n: pl.Int32 = pa.Field(ge=0, description="Patients with a mean.", metadata={"unit": "patients"})
    median: float = pa.Field(nullable=True, description="Median of the patients' means.", metadata=_NPRS)
    p10: float = pa.Field(nullable=True, description="10th percentile.", metadata=_NPRS)
    p25: float = pa.Field(nullable=True, description="25th percentile.", metadata=_NPRS)
    p75: float = pa.Field(nullable=True, description="75th percentile.", metadata=_NPRS)
    p90: float = pa.Field(nullable=True, description="90th percentile.", metadata=_NPRS)
    reason: str = pa.Field(nullable=True, description="Why there are no quantiles: too_few_patients.")


class FloorCeiling(TableModel):
    """One row is one measure: how many of a group stand at the ends of the scale, where change cannot be seen."""

    class Config:
        name = "floor_ceiling"
        metadata = {"key": ("measure",), "sort": ("measure",)}

    measure: str = pa.Field(description="nprs or an instrument id.")
    n: pl.Int32 = pa.Field(ge=0, description="Patients with a baseline.", metadata={"unit": "patients"})
    n_at_minimum: pl.Int32 = pa.Field(ge=0, description="At the lowest possible score.", metadata={"unit": "patients"})
    n_at_maximum: pl.Int32 = pa.Field(ge=0, description="At the highest possible score.", metadata={"unit": "patients"})
    at_minimum_pct: float = pa.Field(nullable=True, description="Share at the lowest score.", metadata=_PCT)
    at_maximum_pct: float = pa.Field(nullable=True, description="Share at the highest score.", metadata=_PCT)
    n_no_room: pl.Int32 = pa.Field(
        ge=0, description="Nearer to the best score than the MIC.", metadata={"unit": "patients"}
    )
    has_floor: bool = pa.Field(nullable=True, description="More than 15 % at the lowest score.")
    has_ceiling: bool = pa.Field(nullable=True, description="More than 15 % at the highest score.")
    reason: str = pa.Field(nullable=True, description="Why there are no shares: no_patients.")


COURSE_RESULTS: tuple[type[TableModel], ...] = (
    ReliableChange,
    PainPlateau,
    XmrLimits,
    TimeToMic,
    PlanPhaseResponse,
    ExercisePainResponse,
    RecoveryStatus,
    FlareRates,
    FloorCeiling,
    WeeklyPain,
    PainQuantiles,
)
