"""Cohort explorer: who is kept by which filter, and how they do."""

from ptanalytics.apps.cohort_explorer.filters import CohortFilter
from ptanalytics.apps.cohort_explorer.model import CohortModel
from ptanalytics.apps.cohort_explorer.view import CohortExplorer

__all__ = ["CohortExplorer", "CohortFilter", "CohortModel"]
