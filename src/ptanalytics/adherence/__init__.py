"""Adherence: what share of the prescribed exercise was done, by the published definitions."""

from ptanalytics.adherence.bounds import adherence_bounds
from ptanalytics.adherence.by_definition import adherence_by_definition
from ptanalytics.adherence.calendar import adherence_days
from ptanalytics.adherence.cma_episodes import pharmacy_episodes
from ptanalytics.adherence.cma_sessions import exercise_availability
from ptanalytics.adherence.cma_supplies import pharmacy_adherence, pharmacy_windows
from ptanalytics.adherence.cohort import cohort_adherence
from ptanalytics.adherence.compare_definitions import compare_adherence_definitions
from ptanalytics.adherence.coverage import logging_coverage
from ptanalytics.adherence.dose import dose_adherence
from ptanalytics.adherence.episodes import adherence_episodes
from ptanalytics.adherence.exercise_dose import exercise_adherence
from ptanalytics.adherence.intensity import intensity_adherence
from ptanalytics.adherence.pdc import session_day_coverage
from ptanalytics.adherence.persistence import persistence, time_to_discontinuation
from ptanalytics.adherence.rolling import rolling_adherence
from ptanalytics.adherence.streaks import week_streaks
from ptanalytics.adherence.sufficiency import adherence_sufficiency
from ptanalytics.adherence.summary import adherence_summary
from ptanalytics.adherence.weekly import weekly_adherence

__all__ = [
    "adherence_bounds",
    "adherence_by_definition",
    "adherence_days",
    "adherence_episodes",
    "adherence_sufficiency",
    "adherence_summary",
    "cohort_adherence",
    "compare_adherence_definitions",
    "dose_adherence",
    "exercise_adherence",
    "exercise_availability",
    "intensity_adherence",
    "logging_coverage",
    "persistence",
    "pharmacy_adherence",
    "pharmacy_episodes",
    "pharmacy_windows",
    "rolling_adherence",
    "session_day_coverage",
    "time_to_discontinuation",
    "week_streaks",
    "weekly_adherence",
]
