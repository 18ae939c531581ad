"""Apps for JupyterLab: explore a cohort, review a patient, tune a plan. Show one as the last line of a cell."""

from ptanalytics.apps.cohort_explorer import CohortExplorer
from ptanalytics.apps.patient_review import PatientReview
from ptanalytics.apps.plan_tuner import PlanTuner

__all__ = ["CohortExplorer", "PatientReview", "PlanTuner"]
