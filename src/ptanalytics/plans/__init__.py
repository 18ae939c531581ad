"""Exercise plans: the catalogue, weekly volume, suggestions for clinician review, drafts and signed records.

The records load on first use: they bring the database library, which charts of a plan do not need.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ptanalytics.plans.catalogue import CATEGORIES, Exercise, exercise_catalogue, exercise_name, ladder, red_flags
from ptanalytics.plans.checks import Finding, blockers, check_draft, warnings
from ptanalytics.plans.current import current_plan, plan_history
from ptanalytics.plans.draft import Change, PlanDraft
from ptanalytics.plans.inputs import tuning_inputs
from ptanalytics.plans.prescription import DOSE_FIELDS, Prescription, prescriptions_of
from ptanalytics.plans.progression import Step, load_step, progress_step, regress_steps, two_for_two, walking_minutes
from ptanalytics.plans.readings import Measured, TuningInputs
from ptanalytics.plans.rules import decision_table
from ptanalytics.plans.suggest import ShownInput, Suggestion, suggest
from ptanalytics.plans.volume import compare_volume, weekly_volume

if TYPE_CHECKING:
    from ptanalytics.plans.records import INTENDED_USE, PlanRecords
    from ptanalytics.plans.signing import SignedVersion

__all__ = [
    "CATEGORIES",
    "DOSE_FIELDS",
    "INTENDED_USE",
    "Change",
    "Exercise",
    "Finding",
    "Measured",
    "PlanDraft",
    "PlanRecords",
    "Prescription",
    "ShownInput",
    "SignedVersion",
    "Step",
    "Suggestion",
    "TuningInputs",
    "blockers",
    "check_draft",
    "compare_volume",
    "current_plan",
    "decision_table",
    "exercise_catalogue",
    "exercise_name",
    "ladder",
    "load_step",
    "plan_history",
    "prescriptions_of",
    "progress_step",
    "red_flags",
    "regress_steps",
    "suggest",
    "tuning_inputs",
    "two_for_two",
    "walking_minutes",
    "warnings",
    "weekly_volume",
]

_ON_FIRST_USE = {"INTENDED_USE": "records", "PlanRecords": "records", "SignedVersion": "signing"}


def __getattr__(name: str) -> Any:
    if name in _ON_FIRST_USE:
        return getattr(import_module(f"{__name__}.{_ON_FIRST_USE[name]}"), name)
    message = f"ptanalytics.plans has no name '{name}'"
    raise AttributeError(message)
