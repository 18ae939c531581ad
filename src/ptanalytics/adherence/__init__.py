"""Adherence: what share of the prescribed exercise was done, by the published definitions."""

from ptanalytics.adherence.calendar import adherence_days
from ptanalytics.adherence.cohort import cohort_adherence
from ptanalytics.adherence.rolling import rolling_adherence
from ptanalytics.adherence.streaks import week_streaks
from ptanalytics.adherence.summary import adherence_summary
from ptanalytics.adherence.weekly import weekly_adherence

__all__ = [
    "adherence_days",
    "adherence_summary",
    "cohort_adherence",
    "rolling_adherence",
    "week_streaks",
    "weekly_adherence",
]
