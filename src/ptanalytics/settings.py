"""Frozen settings, read from ``reference/defaults.toml`` and overridden by a study or a caller."""

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ptanalytics.errors import SettingsError
from ptanalytics.reference import reference_file


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TimeSettings(_Frozen):
    """When a clinical day starts and how weeks are anchored."""

    day_start_hour: int = Field(ge=0, le=23)
    week_anchor: Literal["plan", "iso"]


class TrustSettings(_Frozen):
    """From when a pattern of the log is named as a reason to ask how it was kept."""

    min_sessions: int = Field(ge=2)
    clockless_share: float = Field(gt=0, le=1)
    same_clock_share: float = Field(gt=0, le=1)
    same_rating_share: float = Field(gt=0, le=1)
    perfect_weeks: int = Field(ge=1)


class EnoughSettings(_Frozen):
    """How much must be recorded before a measure of adherence is shown."""

    band_weeks: int = Field(ge=1)
    dose_entries: int = Field(ge=1)
    rated_sessions: int = Field(ge=1)


class AdherenceSettings(_Frozen):
    """Counting, prorating and banding of sessions."""

    session_min_fraction: float = Field(ge=0, le=1)
    prorate: Literal["fractional", "none", "round_half_up"]
    makeup: Literal["week", "exact", "window"]
    makeup_tolerance_days: int = Field(ge=0, le=6)
    headline: Literal["weekly_capped", "uncapped", "window_capped", "mean_of_weeks"]
    min_eligible_days_week: int = Field(ge=1, le=7)
    adherent_cut: float = Field(gt=0, le=1)
    low_cut: float = Field(gt=0, le=1)
    overdose_ratio: float = Field(gt=1)
    discontinuation_gap_min_days: int = Field(ge=1)
    discontinuation_gap_sessions: float = Field(gt=0)
    not_initiated_after_days: int = Field(ge=1)
    max_sessions_per_day: Annotated[int, Field(ge=1)] | Literal["plan"]
    excused: dict[str, bool]
    trust: TrustSettings
    enough: EnoughSettings


class SlopeSettings(_Frozen):
    """When a pain slope may be shown and how it is labelled."""

    window_days: int = Field(gt=0)
    min_points: int = Field(ge=3)
    min_span_days: int = Field(ge=1)
    label_per_week: float = Field(gt=0)


class FlareSettings(_Frozen):
    """The numeric flare proxy FLARE-1."""

    delta: float
    min_abs: float
    ref_days: int
    min_ref: int
    min_days: int
    max_gap_days: int
    max_days: int
    active_days: int


class PlateauSettings(_Frozen):
    """When pain counts as level."""

    window_days: int = Field(gt=1)
    min_points: int = Field(ge=2)
    min_span_days: int = Field(ge=1)
    slope_per_week: float = Field(gt=0)
    low_max: float = Field(ge=0)


class SustainedSettings(_Frozen):
    """When a minimal important change counts as sustained."""

    confirm_days: int = Field(ge=1)
    min_readings: int = Field(ge=2)


class XmrSettings(_Frozen):
    """When limits of an individuals chart may be computed, and which runs count as signals."""

    min_points: int = Field(ge=3)
    baseline_points: int = Field(ge=3)
    run_length: int = Field(ge=2)


class PhaseSettings(_Frozen):
    """How many days around a plan change are compared."""

    window_days: int = Field(gt=1)
    min_points: int = Field(ge=3)


class ChangeNorms(_Frozen):
    """Published numbers for the reliable change of one measure (Jacobson and Truax); all from one named source."""

    sd_pre: float | None = Field(default=None, gt=0)
    reliability: float | None = Field(default=None, gt=0, lt=1)
    clinical_mean: float | None = None
    clinical_sd: float | None = Field(default=None, gt=0)
    norm_mean: float | None = None
    norm_sd: float | None = Field(default=None, gt=0)
    source: str = Field(min_length=1)


class OutcomeSettings(_Frozen):
    """Windows, thresholds and rules of pain and questionnaire outcomes."""

    recall: str
    pain_site: str
    daily_agg: Literal["mean", "max"]
    baseline_days: int = Field(gt=0)
    baseline_min_readings: int = Field(gt=0)
    questionnaire_baseline_from_day: int
    questionnaire_baseline_to_day: int
    followup_min_tolerance_days: int = Field(ge=0)
    followup_tolerance_share: float = Field(ge=0, lt=1)
    followup_mean_days: int = Field(gt=0)
    followup_min_readings: int = Field(gt=0)
    primary_week: int = Field(gt=0)
    last_k: int = Field(gt=0)
    last_k_max_age_days: int = Field(gt=0)
    responder_rule: Literal["absolute", "percent", "both"]
    responder_pct: float = Field(gt=0, lt=100)
    mic: dict[str, float]
    mic_source: dict[str, str]
    slope: SlopeSettings
    flare: FlareSettings
    plateau: PlateauSettings
    sustained: SustainedSettings
    xmr: XmrSettings
    phase: PhaseSettings
    norms: dict[str, ChangeNorms]


class ScoringSettings(_Frozen):
    """Missing-item rules of questionnaires that leave a choice."""

    odi_min_answered: int = Field(ge=1, le=10)
    rmdq_mode: Literal["checkbox", "yesno"]
    rmdq_max_missing: int = Field(ge=0, le=24)
    qbpds_max_missing: int = Field(ge=0, le=19)
    fabq_max_missing: int = Field(ge=0, le=3)
    phq9_max_missing: int = Field(ge=0, le=8)
    missing_rule: Literal["default", "strict"]
    max_missing: dict[str, int]
    score_tables: dict[str, dict[int, tuple[float, float]]]


class TuningSettings(_Frozen):
    """Thresholds of the plan-tuning decision table."""

    enabled: bool
    green_max: float
    amber_max: float
    settled_max_rise: float
    not_settled_min_rise: float
    rpe_hold: float
    rpe_progress_max: float
    completed_hold: float
    completed_regress: float
    adherence_progress: float
    adherence_low: float
    worsening_slope: float
    min_days_between_changes: int
    load_step_pct: float
    load_max_pct: float
    rolling_days: int


class PrivacySettings(_Frozen):
    """What may leave the building."""

    suppress_below: int = Field(ge=1)


class QualitySettings(_Frozen):
    """Thresholds of data checks that differ from reference/data_checks.toml, by rule."""

    thresholds: dict[str, float]


class Settings(_Frozen):
    """All settings of one run; ``rules_version`` is stored with every derived number."""

    rules_version: str
    time: TimeSettings
    adherence: AdherenceSettings
    outcomes: OutcomeSettings
    scoring: ScoringSettings
    tuning: TuningSettings
    privacy: PrivacySettings
    quality: QualitySettings

    def with_changes(self, changes: Mapping[str, Any]) -> "Settings":
        """Return settings with some values replaced, e.g. ``{"adherence": {"prorate": "none"}}``.

        Raises:
            SettingsError: A name is unknown or a value is out of range.
        """
        return _validated(_merged(self.model_dump(), changes))


@cache
def default_settings() -> Settings:
    """Return the settings of ``reference/defaults.toml``."""
    return _validated(tomllib.loads(reference_file("defaults.toml").read_text(encoding="utf-8")))


def _validated(values: Mapping[str, Any]) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        message = f"Settings are wrong: {faults}. See reference/defaults.toml for names and ranges."
        raise SettingsError(message) from None


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        inner = merged.get(name)
        is_group = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[name] = _merged(inner, value) if is_group else value  # type: ignore[arg-type]
    return merged
