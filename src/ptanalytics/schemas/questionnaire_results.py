"""What scoring questionnaires returns."""

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.model import TableModel


class QuestionnaireScores(TableModel):
    """One row is one patient, day and scale: the score of the form used, or why there is none. Holds all of `scores`."""

    class Config:
        name = "questionnaire_scores"
        metadata = {
            "key": ("patient_id", "completed_date", "instrument_id"),
            "sort": ("patient_id", "instrument_id", "completed_date"),
        }

    patient_id: str = pa.Field(description="The person.")
    completed_date: pl.Date = pa.Field(description="Local day the form was completed.")
    instrument_id: str = pa.Field(description="Scale, e.g. odi, fabq_pa, pcs_rumination.")
    form_id: str = pa.Field(nullable=True, description="Form it was scored from; missing: the export holds only a total.")
    version: str = pa.Field(nullable=True, description="Version of the instrument the rules are for.")
    recall: str = pa.Field(nullable=True, description="Period the questions are about.")
    score: float = pa.Field(nullable=True, description="Score in the instrument's own unit; missing: see reason.")
    standard_error: float = pa.Field(
        ge=0, nullable=True, description="Standard error of this score from its conversion table (PROMIS)."
    )
    raw_score: float = pa.Field(nullable=True, description="Sum before conversion (PROMIS).")
    n_answered: pl.Int32 = pa.Field(ge=0, nullable=True, description="Items answered.", metadata={"unit": "items"})
    is_prorated: bool = pa.Field(nullable=True, description="Scored from fewer items than the form has.")
    n_forms: pl.Int32 = pa.Field(
        ge=1, nullable=True, description="Forms of that day; of several the latest that can be scored is used."
    )
    band: str = pa.Field(
        nullable=True, description="Published band or class; a STarT Back class may stand without a total."
    )
    profile: str = pa.Field(nullable=True, description="EQ-5D-5L profile, 9 for a dimension without answer.")
    flags: str = pa.Field(
        nullable=True,
        description="Comma-separated: alert_<item>, at_best_score, at_worst_score, derived, few_items, prorated, "
        "straight_line.",
    )
    reason: str = pa.Field(nullable=True, description="Why there is no score, e.g. too_many_missing, out_of_range, blank.")
