"""Outcomes: daily pain, questionnaires, baselines, change, responders, trend and flares."""

from ptanalytics.outcomes.baseline import baselines
from ptanalytics.outcomes.change import changes, tolerance_days
from ptanalytics.outcomes.daily import daily_pain
from ptanalytics.outcomes.flares import flare_status, flares
from ptanalytics.outcomes.recent import recent_pain
from ptanalytics.outcomes.responders import responder_curve, responder_shares
from ptanalytics.outcomes.scoring import score_questionnaires
from ptanalytics.outcomes.trend import pain_trend

__all__ = [
    "baselines",
    "changes",
    "daily_pain",
    "flare_status",
    "flares",
    "pain_trend",
    "recent_pain",
    "responder_curve",
    "responder_shares",
    "score_questionnaires",
    "tolerance_days",
]
