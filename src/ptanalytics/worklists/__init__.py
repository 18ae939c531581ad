"""Whom to contact today and why, by rules that are data, and how such lists fared in the past."""

from ptanalytics.worklists.backtest import backtest_worklist, replay_worklist
from ptanalytics.worklists.inputs import worklist_inputs
from ptanalytics.worklists.listing import worklist
from ptanalytics.worklists.rules import Rule, read_rules, worklist_rules

__all__ = [
    "Rule",
    "backtest_worklist",
    "read_rules",
    "replay_worklist",
    "worklist",
    "worklist_inputs",
    "worklist_rules",
]
