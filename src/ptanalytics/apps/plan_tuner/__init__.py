"""Plan tuner: change a plan's doses, see what it adds up to, and sign the next version."""

from ptanalytics.apps.plan_tuner.model import TunerModel, TunerState
from ptanalytics.apps.plan_tuner.view import PlanTuner

__all__ = ["PlanTuner", "TunerModel", "TunerState"]
