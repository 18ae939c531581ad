"""Patient review: one page about one patient, in a fixed order."""

from ptanalytics.apps.patient_review.model import ReviewModel, ReviewState
from ptanalytics.apps.patient_review.view import PatientReview

__all__ = ["PatientReview", "ReviewModel", "ReviewState"]
