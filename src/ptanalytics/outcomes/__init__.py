"""Outcomes: daily pain, questionnaires, baselines, change, responders, reliable change, trend, flares, phases."""

from ptanalytics.outcomes.baseline import baselines
from ptanalytics.outcomes.change import changes, tolerance_days
from ptanalytics.outcomes.control_limits import xmr_limits
from ptanalytics.outcomes.daily import daily_pain
from ptanalytics.outcomes.eq5d import eq5d_index
from ptanalytics.outcomes.exercise_response import exercise_pain_response
from ptanalytics.outcomes.explain import explain_outcome
from ptanalytics.outcomes.explained import OutcomeExplanation
from ptanalytics.outcomes.flare_rates import flare_rates
from ptanalytics.outcomes.flares import flare_status, flares
from ptanalytics.outcomes.floor_ceiling import floor_ceiling
from ptanalytics.outcomes.outcome_numbers import explain_outcomes, outcome_numbers
from ptanalytics.outcomes.phases import plan_phase_response
from ptanalytics.outcomes.plateau import pain_plateau
from ptanalytics.outcomes.recent import recent_pain
from ptanalytics.outcomes.recovery import recovery_status
from ptanalytics.outcomes.reliable import reliable_change
from ptanalytics.outcomes.responders import responder_curve, responder_shares
from ptanalytics.outcomes.scoring import score_questionnaires
from ptanalytics.outcomes.time_to_mic import time_to_mic
from ptanalytics.outcomes.trend import pain_trend
from ptanalytics.outcomes.weekly_pain import pain_quantiles, weekly_pain

__all__ = [
    "OutcomeExplanation",
    "baselines",
    "changes",
    "daily_pain",
    "eq5d_index",
    "exercise_pain_response",
    "explain_outcome",
    "explain_outcomes",
    "flare_rates",
    "flare_status",
    "flares",
    "floor_ceiling",
    "outcome_numbers",
    "pain_plateau",
    "pain_quantiles",
    "pain_trend",
    "plan_phase_response",
    "recent_pain",
    "recovery_status",
    "reliable_change",
    "responder_curve",
    "responder_shares",
    "score_questionnaires",
    "time_to_mic",
    "tolerance_days",
    "weekly_pain",
    "xmr_limits",
]
