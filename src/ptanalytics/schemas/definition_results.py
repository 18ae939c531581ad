"""What the sensitivity analyses of adherence return: bounds, every definition side by side, whose class depends on it."""

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.model import TableModel

_PCT = {"unit": "%"}
_DAYS = {"unit": "days"}
_SESSIONS = {"unit": "sessions"}
_PATIENTS = {"unit": "patients"}

BANDS = ("adherent", "partial", "low")
DEFINITION_GROUPS = ("cap", "weeks", "prorating", "makeup", "counting", "excuses", "unknown days", "dose")


class AdherenceBounds(TableModel):
    """One row is one patient: adherence if days without an entry were not done, and if they are left out."""

    class Config:
        name = "adherence_bounds"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    eligible_days: pl.Int32 = pa.Field(ge=0, description="Days the plan applied.", metadata=_DAYS)
    days_with_entry: pl.Int32 = pa.Field(ge=0, description="Of these, days with any entry.", metadata=_DAYS)
    not_done_days: pl.Int32 = pa.Field(
        ge=0, description="Of these, days whose entries say nothing was done.", metadata=_DAYS
    )
    counted: pl.Int32 = pa.Field(ge=0, description="Sessions that count.", metadata=_SESSIONS)
    prescribed: float = pa.Field(ge=0, description="Sessions prescribed on all eligible days.", metadata=_SESSIONS)
    prescribed_known: float = pa.Field(ge=0, description="Sessions prescribed on days with an entry.", metadata=_SESSIONS)
    lower_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="Weekly capped, days without entry counted as not done.", metadata=_PCT
    )
    upper_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="Weekly capped, days without entry left out.", metadata=_PCT
    )
    reason: str = pa.Field(
        nullable=True, description="Why a bound is missing: zero_prescribed, not_told_apart or no_entry."
    )


class AdherenceByDefinition(TableModel):
    """One row is one patient under one definition of adherence."""

    class Config:
        name = "adherence_by_definition"
        metadata = {"key": ("patient_id", "definition"), "sort": ("patient_id", "definition")}

    patient_id: str = pa.Field(description="The person.")
    definition: str = pa.Field(description="Which definition, e.g. weekly_capped or makeup_exact.")
    is_headline: bool = pa.Field(description="The definition named in the settings.")
    adherence_pct: float = pa.Field(ge=0, nullable=True, description="The value.", metadata=_PCT)
    band: str = pa.Field(isin=BANDS, nullable=True, description="Its class by the cuts in settings.")
    reason: str = pa.Field(nullable=True, description="Why there is no value.")


class DefinitionsCompared(TableModel):
    """One row is one definition over the cohort."""

    class Config:
        name = "definitions_compared"
        metadata = {"key": ("definition",), "sort": ("place",)}

    place: pl.Int32 = pa.Field(ge=1, description="Order in which definitions are shown.")
    definition: str = pa.Field(description="Which definition.")
    group: str = pa.Field(isin=DEFINITION_GROUPS, description="What it changes against the headline.")
    rule: str = pa.Field(description="The definition in words.")
    is_headline: bool = pa.Field(description="The definition named in the settings.")
    n: pl.Int32 = pa.Field(ge=0, description="Patients with a value.", metadata=_PATIENTS)
    n_without: pl.Int32 = pa.Field(ge=0, description="Patients without one.", metadata=_PATIENTS)
    median_pct: float = pa.Field(ge=0, nullable=True, description="Median over patients.", metadata=_PCT)
    lower_quartile_pct: float = pa.Field(ge=0, nullable=True, description="First quartile over patients.", metadata=_PCT)
    upper_quartile_pct: float = pa.Field(ge=0, nullable=True, description="Third quartile over patients.", metadata=_PCT)
    n_adherent: pl.Int32 = pa.Field(ge=0, description="Patients called adherent.", metadata=_PATIENTS)
    n_partial: pl.Int32 = pa.Field(ge=0, description="Patients called partly adherent.", metadata=_PATIENTS)
    n_low: pl.Int32 = pa.Field(ge=0, description="Patients called low.", metadata=_PATIENTS)
    adherent_pct: float = pa.Field(ge=0, le=100, nullable=True, description="100 x n_adherent / n.", metadata=_PCT)
    n_other_class: pl.Int32 = pa.Field(
        ge=0, description="Patients whose class differs from that under the headline.", metadata=_PATIENTS
    )
    reason: str = pa.Field(nullable=True, description="Why there is no value: no_patients.")


class DefinitionPatients(TableModel):
    """One row is one patient: how far the definitions lie apart, and whether the class depends on them."""

    class Config:
        name = "definition_patients"
        metadata = {"key": ("patient_id",), "sort": ("patient_id",)}

    patient_id: str = pa.Field(description="The person.")
    n_definitions: pl.Int32 = pa.Field(ge=0, description="Definitions with a value.")
    headline_pct: float = pa.Field(ge=0, nullable=True, description="Value under the headline.", metadata=_PCT)
    headline_band: str = pa.Field(isin=BANDS, nullable=True, description="Class under the headline.")
    lowest_pct: float = pa.Field(ge=0, nullable=True, description="Lowest value.", metadata=_PCT)
    lowest_definition: str = pa.Field(nullable=True, description="Definition that gives it; of several the first by name.")
    highest_pct: float = pa.Field(ge=0, nullable=True, description="Highest value.", metadata=_PCT)
    highest_definition: str = pa.Field(nullable=True, description="Definition that gives it; of several the first by name.")
    classes: str = pa.Field(nullable=True, description="Classes met, e.g. 'adherent, partial'.")
    depends_on_definition: bool = pa.Field(description="Two definitions put the patient into different classes.")


DEFINITION_RESULTS = (AdherenceBounds, AdherenceByDefinition, DefinitionsCompared, DefinitionPatients)
