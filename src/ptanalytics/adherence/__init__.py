"""Adherence: what share of the prescribed exercise was done, by the published definitions."""

from ptanalytics.adherence.bounds import adherence_bounds
from ptanalytics.adherence.by_definition import adherence_by_definition
from ptanalytics.adherence.calendar import adherence_days
from ptanalytics.adherence.cma_episodes import pharmacy_episodes
from ptanalytics.adherence.cma_sessions import exercise_availability, session_supplies
from ptanalytics.adherence.cma_supplies import pharmacy_adherence, pharmacy_windows
from ptanalytics.adherence.cohort import cohort_adherence
from ptanalytics.adherence.compare_definitions import compare_adherence_definitions
from ptanalytics.adherence.coverage import logging_coverage
from ptanalytics.adherence.dose import dose_adherence
from ptanalytics.adherence.episodes import adherence_episodes
from ptanalytics.adherence.evidence import explained_days, explained_rows
from ptanalytics.adherence.exercise_dose import exercise_adherence
from ptanalytics.adherence.explain import explain_adherence
from ptanalytics.adherence.intensity import intensity_adherence
from ptanalytics.adherence.ledger import day_ledger, ledger_evidence
from ptanalytics.adherence.patterns import session_patterns, skip_reasons, skipped_exercises
from ptanalytics.adherence.pdc import session_day_coverage
from ptanalytics.adherence.persistence import persistence, time_to_discontinuation
from ptanalytics.adherence.plan_changes import plan_change_patterns
from ptanalytics.adherence.rolling import rolling_adherence
from ptanalytics.adherence.streaks import week_streaks
from ptanalytics.adherence.sufficiency import adherence_sufficiency
from ptanalytics.adherence.summary import adherence_summary
from ptanalytics.adherence.trajectories import Trajectories, adherence_trajectories
from ptanalytics.adherence.weekly import weekly_adherence

__all__ = [
    "Trajectories",
    "adherence_bounds",
    "adherence_by_definition",
    "adherence_days",
    "adherence_episodes",
    "adherence_sufficiency",
    "adherence_summary",
    "adherence_trajectories",
    "cohort_adherence",
    "compare_adherence_definitions",
    "day_ledger",
    "dose_adherence",
    "exercise_adherence",
    "exercise_availability",
    "explain_adherence",
    "explained_days",
    "explained_rows",
    "intensity_adherence",
    "ledger_evidence",
    "logging_coverage",
    "persistence",
    "pharmacy_adherence",
    "pharmacy_episodes",
    "pharmacy_windows",
    "plan_change_patterns",
    "rolling_adherence",
    "session_day_coverage",
    "session_patterns",
    "session_supplies",
    "skip_reasons",
    "skipped_exercises",
    "time_to_discontinuation",
    "week_streaks",
    "weekly_adherence",
]
