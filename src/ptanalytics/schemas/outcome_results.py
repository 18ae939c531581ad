"""What the outcome and cohort analyses return."""

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.model import TableModel

_PCT = {"unit": "%"}
_DAYS = {"unit": "days"}
_PATIENTS = {"unit": "patients"}

TREND_LABELS = ("improving", "worsening", "no_clear_trend")
FLARE_KINDS = ("flare", "flare_proxy", "sustained_worsening")
MEASURES = ("nprs", "nprs_7d", "odi", "rmdq24")  # nprs: from the daily log; nprs_7d: a questionnaire rating


class DailyPain(TableModel):
    """One row is one patient and day with at least one rating of the chosen recall and site."""

    class Config:
        name = "daily_pain"
        metadata = {"key": ("patient_id", "date"), "sort": ("patient_id", "date")}

    patient_id: str = pa.Field(description="The person.")
    date: pl.Date = pa.Field(description="Local day.")
    pain_nprs: float = pa.Field(
        ge=0, le=10, description="The day's value (mean or maximum of its ratings).", metadata={"unit": "0-10"}
    )
    n_readings: pl.Int32 = pa.Field(ge=1, description="Ratings behind it.")
    recall: str = pa.Field(description="What the ratings refer to; one recall per patient.")
    is_flare: bool = pa.Field(description="The person marked a flare-up that day.")


class Baselines(TableModel):
    """One row is one patient and measure: the value before treatment, or why there is none."""

    class Config:
        name = "baselines"
        metadata = {"key": ("patient_id", "measure"), "sort": ("patient_id", "measure")}

    patient_id: str = pa.Field(description="The person.")
    measure: str = pa.Field(description="nprs or an instrument id.")
    start_date: pl.Date = pa.Field(
        nullable=True, description="Time zero: first day of the first plan version, without plans the enrolment day."
    )
    baseline: float = pa.Field(nullable=True, description="Baseline value in the measure's unit.")
    n: pl.Int32 = pa.Field(ge=0, description="Days or forms behind it.")
    from_date: pl.Date = pa.Field(nullable=True, description="First day of the window used.")
    to_date: pl.Date = pa.Field(nullable=True, description="Last day of the window used.")
    rule: str = pa.Field(nullable=True, description="Window used: window_7, window_14, day_0, late or questionnaire.")
    reason: str = pa.Field(nullable=True, description="Why there is none: no_start or no_baseline.")


class Changes(TableModel):
    """One row is one patient, measure and follow-up week: change from baseline and the responder rules."""

    class Config:
        name = "changes"
        metadata = {"key": ("patient_id", "measure", "target_week"), "sort": ("patient_id", "measure", "target_week")}

    patient_id: str = pa.Field(description="The person.")
    measure: str = pa.Field(description="nprs or an instrument id.")
    target_week: pl.Int32 = pa.Field(ge=1, description="Follow-up week aimed at.", metadata={"unit": "weeks"})
    baseline: float = pa.Field(nullable=True, description="Baseline value.")
    baseline_rule: str = pa.Field(nullable=True, description="Baseline window used.")
    followup: float = pa.Field(nullable=True, description="Value in the follow-up window.")
    followup_date: pl.Date = pa.Field(nullable=True, description="Day of the follow-up (end of the window for daily logs).")
    n_followup: pl.Int32 = pa.Field(ge=0, description="Days or forms behind the follow-up.")
    improvement: float = pa.Field(nullable=True, description="Change in the direction of better; negative is worse.")
    improvement_pct: float = pa.Field(
        nullable=True, description="Improvement in % of baseline, where the scale allows it.", metadata=_PCT
    )
    mic: float = pa.Field(nullable=True, description="Minimal important change used.")
    mic_source: str = pa.Field(nullable=True, description="Where that value comes from.")
    has_room: bool = pa.Field(
        nullable=True, description="Baseline leaves room to improve by the MIC; else there is no absolute responder status."
    )
    is_responder_absolute: bool = pa.Field(nullable=True, description="improvement >= MIC.")
    is_responder_percent: bool = pa.Field(nullable=True, description="improvement_pct >= the percent rule.")
    is_responder_both: bool = pa.Field(nullable=True, description="Both rules.")
    is_responder: bool = pa.Field(nullable=True, description="The headline rule of the settings.")
    is_deteriorated: bool = pa.Field(nullable=True, description="-improvement >= MIC.")
    immpact: str = pa.Field(nullable=True, description="substantial, moderate, minimal, none, worse (pain only).")
    mdc95: float = pa.Field(
        nullable=True, description="Smallest change beyond measurement error (95 %), where an SEM is published."
    )
    is_beyond_mdc95: bool = pa.Field(nullable=True, description="|improvement| >= MDC95.")
    reason: str = pa.Field(
        nullable=True,
        description="no_start, no_baseline, not_due, no_followup, no_common_activities (PSFS), no_room_to_improve or "
        "no_mic: the first that holds.",
    )


class ResponderShares(TableModel):
    """One row is one measure, week, rule and population, with numerator, denominator and Wilson interval."""

    class Config:
        name = "responder_shares"
        metadata = {
            "key": ("measure", "target_week", "rule", "population"),
            "sort": ("measure", "target_week", "rule", "population"),
        }

    measure: str = pa.Field(description="nprs or an instrument id.")
    target_week: pl.Int32 = pa.Field(description="Follow-up week.", metadata={"unit": "weeks"})
    rule: str = pa.Field(isin=("absolute", "percent", "both"), description="Responder rule.")
    population: str = pa.Field(
        isin=("completers", "all_starters"),
        description="completers: baseline and follow-up; all_starters: baseline, and no follow-up counts as no response.",
    )
    responders: pl.Int32 = pa.Field(ge=0, description="Numerator.")
    n: pl.Int32 = pa.Field(ge=0, description="Denominator.")
    share_pct: float = pa.Field(nullable=True, description="responders / n; missing when n is 0.", metadata=_PCT)
    lower_pct: float = pa.Field(nullable=True, description="Wilson 95 % lower limit.", metadata=_PCT)
    upper_pct: float = pa.Field(nullable=True, description="Wilson 95 % upper limit.", metadata=_PCT)
    n_starters: pl.Int32 = pa.Field(ge=0, description="Everybody with a time zero.", metadata=_PATIENTS)
    n_no_baseline: pl.Int32 = pa.Field(
        ge=0, description="Starters without baseline; in no denominator.", metadata=_PATIENTS
    )
    n_no_room: pl.Int32 = pa.Field(
        ge=0, description="Starters whose baseline makes the rule unreachable; in no denominator.", metadata=_PATIENTS
    )
    n_not_due: pl.Int32 = pa.Field(
        ge=0, description="Starters whose follow-up window opens after the data end; in no denominator.", metadata=_PATIENTS
    )
    n_no_followup: pl.Int32 = pa.Field(
        ge=0,
        description="Starters with baseline but no follow-up: no response in all_starters.",
        metadata=_PATIENTS,
    )
    reason: str = pa.Field(nullable=True, description="Why there is no share: no_patients.")


class ResponderCurve(TableModel):
    """One row is one threshold: the share of patients who improved by at least that percent of baseline."""

    class Config:
        name = "responder_curve"
        metadata = {
            "key": ("measure", "target_week", "population", "threshold_pct"),
            "sort": ("measure", "target_week", "population", "threshold_pct"),
        }

    measure: str = pa.Field(description="nprs or an instrument id.")
    target_week: pl.Int32 = pa.Field(description="Follow-up week.", metadata={"unit": "weeks"})
    population: str = pa.Field(
        isin=("completers", "all_starters"),
        description="completers: baseline and follow-up; all_starters: baseline, and no follow-up counts as no response.",
    )
    threshold_pct: float = pa.Field(ge=0, le=100, description="Improvement of at least this.", metadata=_PCT)
    responders: pl.Int32 = pa.Field(ge=0, description="Numerator.")
    n: pl.Int32 = pa.Field(ge=0, description="Denominator.")
    share_pct: float = pa.Field(nullable=True, description="responders / n.", metadata=_PCT)


class PainTrends(TableModel):
    """One row is one patient: Theil-Sen slope of daily pain over the last window."""

    class Config:
        name = "pain_trend"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    from_date: pl.Date = pa.Field(nullable=True, description="First day with a value in the window.")
    to_date: pl.Date = pa.Field(nullable=True, description="Last day with a value in the window.")
    n_days: pl.Int32 = pa.Field(ge=0, description="Days with a value.", metadata=_DAYS)
    slope_per_week: float = pa.Field(
        nullable=True, description="Median of pairwise slopes; negative is less pain.", metadata={"unit": "points/week"}
    )
    lower: float = pa.Field(nullable=True, description="Sen 95 % lower limit.", metadata={"unit": "points/week"})
    upper: float = pa.Field(nullable=True, description="Sen 95 % upper limit.", metadata={"unit": "points/week"})
    intercept: float = pa.Field(nullable=True, description="median(y) - slope x median(x), at the first day.")
    label: str = pa.Field(isin=TREND_LABELS, nullable=True, description="improving, worsening or no_clear_trend.")
    ols_slope_per_week: float = pa.Field(
        nullable=True, description="Least squares slope, beside the robust one.", metadata={"unit": "points/week"}
    )
    ols_lower: float = pa.Field(
        nullable=True,
        description="95 % lower limit; too narrow, because days next to each other are alike.",
        metadata={"unit": "points/week"},
    )
    ols_upper: float = pa.Field(nullable=True, description="95 % upper limit, likewise.", metadata={"unit": "points/week"})
    ols_intercept: float = pa.Field(nullable=True, description="Of the least squares line, at the first day.")
    reason: str = pa.Field(nullable=True, description="Why there is no slope: too_few_days, too_short_span.")


class Flares(TableModel):
    """One row is one flare: a patient-marked one, or the numeric proxy FLARE-1."""

    class Config:
        name = "flares"
        metadata = {"key": ("patient_id", "start_date"), "sort": ("patient_id", "start_date")}

    patient_id: str = pa.Field(description="The person.")
    start_date: pl.Date = pa.Field(description="First elevated day.")
    end_date: pl.Date = pa.Field(description="Last elevated day.")
    n_days: pl.Int32 = pa.Field(ge=1, description="Elevated days recorded.", metadata=_DAYS)
    duration_days: pl.Int32 = pa.Field(ge=1, description="end - start + 1.", metadata=_DAYS)
    peak_nprs: float = pa.Field(description="Highest value.", metadata={"unit": "0-10"})
    reference_nprs: float = pa.Field(
        nullable=True, description="Usual level it is compared with.", metadata={"unit": "0-10"}
    )
    kind: str = pa.Field(isin=FLARE_KINDS, description="flare (marked by the person), flare_proxy or sustained_worsening.")


class FlareStatus(TableModel):
    """One row is one patient on one day: whether a flare is running, seen with what was recorded up to that day."""

    class Config:
        name = "flare_status"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    on_date: pl.Date = pa.Field(description="The day asked about.")
    last_entry_date: pl.Date = pa.Field(description="Last day with a rating up to then.")
    is_active: bool = pa.Field(description="The last recorded day is in a flare and at most 2 days ago.")
    is_within_14_days: bool = pa.Field(description="A day of a flare lies in the 14 days up to the day.")
    start_date: pl.Date = pa.Field(nullable=True, description="First day of the latest flare.")
    end_date: pl.Date = pa.Field(nullable=True, description="Last recorded day of the latest flare.")
    kind: str = pa.Field(isin=FLARE_KINDS, nullable=True, description="Kind of the latest flare.")


class RecentPain(TableModel):
    """One row is one patient on one day: the mean of the last daily values, if they are recent."""

    class Config:
        name = "recent_pain"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    on_date: pl.Date = pa.Field(description="The day asked about; the day of discharge if that is earlier.")
    last_entry_date: pl.Date = pa.Field(description="Last day with a rating up to then.")
    pain_nprs: float = pa.Field(
        ge=0, le=10, nullable=True, description="Mean of the last 3 daily values within 14 days.", metadata={"unit": "0-10"}
    )
    n_days: pl.Int32 = pa.Field(ge=0, description="Recent days with a value, at most 3.", metadata=_DAYS)
    reason: str = pa.Field(nullable=True, description="Why there is none: too_few_recent_days.")


class CohortTable(TableModel):
    """One row is one patient: who they are, what they did and how they fared. The table behind the Cohort explorer."""

    class Config:
        name = "cohort_table"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    site: str = pa.Field(nullable=True, description="Clinic or study site.")
    clinician: str = pa.Field(nullable=True, description="Code of the treating clinician.")
    sex: str = pa.Field(nullable=True, description="Sex as recorded.")
    age_years: pl.Int32 = pa.Field(
        nullable=True, description="Year of time zero (else of the cutoff) minus year of birth.", metadata={"unit": "years"}
    )
    age_band: str = pa.Field(nullable=True, description="Age in bands.")
    condition: str = pa.Field(nullable=True, description="Condition or trial arm as recorded.")
    start_date: pl.Date = pa.Field(nullable=True, description="Time zero.")
    discharged_date: pl.Date = pa.Field(nullable=True, description="Day of discharge.")
    weeks_in_plan: pl.Int32 = pa.Field(
        nullable=True, description="Plan week reached at the cutoff or discharge.", metadata={"unit": "weeks"}
    )
    adherence_pct: float = pa.Field(ge=0, nullable=True, description="Headline adherence.", metadata=_PCT)
    adherence_band: str = pa.Field(nullable=True, description="adherent, partial or low.")
    adherence_reason: str = pa.Field(nullable=True, description="Why there is no adherence: no_plan, zero_prescribed.")
    counted: pl.Int32 = pa.Field(ge=0, nullable=True, description="Sessions that count.", metadata={"unit": "sessions"})
    prescribed: float = pa.Field(ge=0, nullable=True, description="Sessions prescribed.", metadata={"unit": "sessions"})
    target_week: pl.Int32 = pa.Field(ge=1, description="Follow-up week of the changes.", metadata={"unit": "weeks"})
    nprs_baseline: float = pa.Field(nullable=True, description="Daily-log baseline.", metadata={"unit": "0-10"})
    nprs_recent: float = pa.Field(nullable=True, description="Present pain, see recent_pain.", metadata={"unit": "0-10"})
    nprs_followup: float = pa.Field(nullable=True, description="Daily-log follow-up.", metadata={"unit": "0-10"})
    nprs_improvement: float = pa.Field(nullable=True, description="Baseline - follow-up.", metadata={"unit": "0-10"})
    is_nprs_responder: bool = pa.Field(nullable=True, description="Headline rule on the daily log.")
    nprs_reason: str = pa.Field(nullable=True, description="Why there is no change.")
    odi_baseline: float = pa.Field(nullable=True, description="ODI baseline.", metadata=_PCT)
    odi_followup: float = pa.Field(nullable=True, description="ODI follow-up.", metadata=_PCT)
    odi_improvement: float = pa.Field(nullable=True, description="Baseline - follow-up.", metadata={"unit": "% points"})
    is_odi_responder: bool = pa.Field(nullable=True, description="Headline rule on the ODI.")
    odi_reason: str = pa.Field(nullable=True, description="Why there is no change.")
    response_measure: str = pa.Field(description="Measure the response is about.")
    response: str = pa.Field(
        isin=("responder", "not a responder"),
        nullable=True,
        description="Headline rule; missing without a change to judge.",
    )
    trend: str = pa.Field(isin=TREND_LABELS, nullable=True, description="Label of the pain trend.")
    trend_reason: str = pa.Field(nullable=True, description="Why there is no trend: no_readings, too_few_days, ...")
    n_flares: pl.Int32 = pa.Field(ge=0, nullable=True, description="Flares found; missing without any rating.")
    is_flare_active: bool = pa.Field(nullable=True, description="A flare runs at the cutoff; missing without any rating.")
    last_entry_date: pl.Date = pa.Field(nullable=True, description="Last day with a session or a pain rating.")
    has_unresolved_flag: bool = pa.Field(
        description="A recorded red flag is unresolved; false says only that none is recorded."
    )


class PatientFlow(TableModel):
    """One row is one step from export to analysis, with who fell out and why."""

    class Config:
        name = "patient_flow"
        metadata = {"key": ("step",), "sort": ("step",)}

    step: pl.Int32 = pa.Field(ge=1, description="Order of the step.")
    label: str = pa.Field(description="Who is still in.")
    n: pl.Int32 = pa.Field(ge=0, description="Patients left.")
    excluded: pl.Int32 = pa.Field(ge=0, description="Patients who fell out at this step.")
    reason: str = pa.Field(nullable=True, description="Why they fell out.")
