"""How each outcome number of one patient comes about: a small module for each group of measures."""

from ptanalytics.outcomes.explained.evidence import Evidence
from ptanalytics.outcomes.explained.explanation import OutcomeExplanation, Reading, Told
from ptanalytics.outcomes.explained.registry import EXPLAINED, Explainer

__all__ = ["EXPLAINED", "Evidence", "Explainer", "OutcomeExplanation", "Reading", "Told"]
