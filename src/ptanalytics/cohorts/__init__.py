"""Cohorts: who is in, who fell out and why, and one row per patient to explore."""

from ptanalytics.cohorts.cohort import AGE_BANDS, RESPONSES, age_years, cohort_table, response_of
from ptanalytics.cohorts.filters import (
    CHOICES,
    RANGES,
    CohortFilter,
    choice_words,
    filter_cohort,
    left_out_unknown,
    words_of,
)
from ptanalytics.cohorts.flow import patient_flow
from ptanalytics.cohorts.table_one import table_one

__all__ = [
    "AGE_BANDS",
    "CHOICES",
    "RANGES",
    "RESPONSES",
    "CohortFilter",
    "age_years",
    "choice_words",
    "cohort_table",
    "filter_cohort",
    "left_out_unknown",
    "patient_flow",
    "response_of",
    "table_one",
    "words_of",
]
