"""Cohorts: who is in, who fell out and why, and one row per patient to explore."""

from ptanalytics.cohorts.cohort import AGE_BANDS, cohort_table
from ptanalytics.cohorts.filters import CohortFilter, filter_cohort
from ptanalytics.cohorts.flow import patient_flow
from ptanalytics.cohorts.table_one import table_one

__all__ = ["AGE_BANDS", "CohortFilter", "cohort_table", "filter_cohort", "patient_flow", "table_one"]
