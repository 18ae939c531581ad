"""Whom to contact today and why, by rules that are data, and how such lists fared in the past."""

from ptanalytics.worklist.backtest import backtest_worklist, replay_worklist
from ptanalytics.worklist.inputs import worklist_inputs
from ptanalytics.worklist.listing import worklist
from ptanalytics.worklist.rules import Rule, read_rules, worklist_rules

__all__ = [
    "Rule",
    "backtest_worklist",
    "read_rules",
    "replay_worklist",
    "worklist",
    "worklist_inputs",
    "worklist_rules",
]
