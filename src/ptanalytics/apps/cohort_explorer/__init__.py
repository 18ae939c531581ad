"""Cohort explorer: who is kept by which filter, and how they do."""

from ptanalytics.apps.cohort_explorer.model import CohortModel, CohortView
from ptanalytics.apps.cohort_explorer.view import CohortExplorer

__all__ = ["CohortExplorer", "CohortModel", "CohortView"]
