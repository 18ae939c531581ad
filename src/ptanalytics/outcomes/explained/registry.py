"""Which outcome numbers can be explained, what names one of them, and which module tells it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ptanalytics.analysis import Analysis
from ptanalytics.outcomes.baseline import baselines
from ptanalytics.outcomes.change import changes
from ptanalytics.outcomes.control_limits import xmr_limits
from ptanalytics.outcomes.daily import daily_pain
from ptanalytics.outcomes.exercise_response import exercise_pain_response
from ptanalytics.outcomes.explained.baseline import tell_baseline, tell_room
from ptanalytics.outcomes.explained.change import tell_change, tell_reliable
from ptanalytics.outcomes.explained.control_limits import tell_limits
from ptanalytics.outcomes.explained.course import tell_plateau, tell_trend
from ptanalytics.outcomes.explained.evidence import Evidence
from ptanalytics.outcomes.explained.exercises import tell_exercise
from ptanalytics.outcomes.explained.explanation import Row, Told
from ptanalytics.outcomes.explained.flare_days import tell_flare, tell_flare_rate, tell_flare_status
from ptanalytics.outcomes.explained.pain_days import tell_daily, tell_recent, tell_weekly
from ptanalytics.outcomes.explained.phases import tell_phase
from ptanalytics.outcomes.explained.recovery import tell_recovery
from ptanalytics.outcomes.explained.scores import tell_score
from ptanalytics.outcomes.explained.sustained import tell_time
from ptanalytics.outcomes.flare_rates import flare_rates
from ptanalytics.outcomes.flares import flare_status, flares
from ptanalytics.outcomes.phases import plan_phase_response
from ptanalytics.outcomes.plateau import pain_plateau
from ptanalytics.outcomes.recent import recent_pain
from ptanalytics.outcomes.recovery import recovery_status
from ptanalytics.outcomes.reliable import reliable_change
from ptanalytics.outcomes.scoring import score_questionnaires
from ptanalytics.outcomes.time_to_mic import time_to_mic
from ptanalytics.outcomes.trend import pain_trend
from ptanalytics.outcomes.weekly_pain import weekly_pain


@dataclass(frozen=True)
class Explainer:
    """One kind of number: the analysis it is of, and who tells how it comes about."""

    label: str
    analysis: Analysis
    tell: Callable[[Row, Evidence], Told]
    #: Column with the number or class.
    value: str
    #: What names one number beside the patient: the keyword of `explain_outcome` and the column it is compared with.
    keys: Mapping[str, str] = field(default_factory=dict)
    #: Each day has one, so only the latest is explained where all numbers are.
    is_daily: bool = False


_MEASURE = {"measure": "measure"}
_MEASURE_WEEK = {"measure": "measure", "target_week": "target_week"}

#: Names are those of the analyses; ``floor_ceiling`` is where one patient's baseline stands on its scale.
EXPLAINED: Mapping[str, Explainer] = {
    "recent_pain": Explainer("Present pain", recent_pain, tell_recent, "pain_nprs"),
    "changes": Explainer("Change from baseline and response", changes, tell_change, "improvement", _MEASURE_WEEK),
    "reliable_change": Explainer(
        "Change beyond measurement error", reliable_change, tell_reliable, "change_class", _MEASURE_WEEK
    ),
    "baselines": Explainer("Baseline", baselines, tell_baseline, "baseline", _MEASURE),
    "floor_ceiling": Explainer("Room to improve", baselines, tell_room, "baseline", _MEASURE),
    "time_to_mic": Explainer("Time to a lasting important change", time_to_mic, tell_time, "duration_days", _MEASURE),
    "score_questionnaires": Explainer(
        "Questionnaire score", score_questionnaires, tell_score, "score",
        {"measure": "instrument_id", "day": "completed_date"},
    ),
    "recovery_status": Explainer("Recovery", recovery_status, tell_recovery, "band"),
    "daily_pain": Explainer("Pain on a day", daily_pain, tell_daily, "pain_nprs", {"day": "date"}, is_daily=True),
    "weekly_pain": Explainer("Pain in a week", weekly_pain, tell_weekly, "pain_nprs", {"target_week": "week"}),
    "pain_trend": Explainer("Trend of pain", pain_trend, tell_trend, "slope_per_week"),
    "pain_plateau": Explainer("Level or not", pain_plateau, tell_plateau, "label"),
    "flare_status": Explainer("Flare running or not", flare_status, tell_flare_status, "is_active"),
    "flares": Explainer("Flare", flares, tell_flare, "kind", {"day": "start_date"}),
    "flare_rates": Explainer("Flares per 28 days", flare_rates, tell_flare_rate, "per_28_days"),
    "xmr_limits": Explainer("Usual range of daily pain", xmr_limits, tell_limits, "signal", {"day": "date"}, is_daily=True),
    "plan_phase_response": Explainer(
        "Pain before and after a plan change", plan_phase_response, tell_phase, "nap", {"plan_version": "plan_version"}
    ),
    "exercise_pain_response": Explainer(
        "Pain response to an exercise", exercise_pain_response, tell_exercise, "rise_during", {"exercise_id": "exercise_id"}
    ),
}  # fmt: skip
