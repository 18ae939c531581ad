"""Reports: the outcome report of a study, and the one-page review of a patient."""

from ptanalytics.reports.content import Report
from ptanalytics.reports.outcome import outcome_report
from ptanalytics.reports.patient import patient_review
from ptanalytics.reports.table_one_report import table_one_report

__all__ = ["Report", "outcome_report", "patient_review", "table_one_report"]
