"""Statistics on result tables: what a group's numbers say, with intervals, and why a number is missing.

statsmodels and scipy fit; here is the bookkeeping. statsmodels loads only when a model is fitted.
"""

from ptanalytics.statistics.ancova import ancova
from ptanalytics.statistics.association import ASSOCIATION_CAVEAT, adherence_outcome_association
from ptanalytics.statistics.balance import standardized_difference, standardized_difference_of_shares
from ptanalytics.statistics.effect_size import effect_sizes
from ptanalytics.statistics.funnel import site_funnel
from ptanalytics.statistics.gee import gee_model
from ptanalytics.statistics.imputation import impute_followups
from ptanalytics.statistics.mic_estimation import estimate_mic
from ptanalytics.statistics.mixed_model import mixed_model
from ptanalytics.statistics.pooled_changes import pooled_changes, tipping_point
from ptanalytics.statistics.proportions import Interval, wilson_interval
from ptanalytics.statistics.regression_to_mean import expected_regression_to_mean
from ptanalytics.statistics.repeated import repeated_measures
from ptanalytics.statistics.rubin import Pooled, pool_rubin
from ptanalytics.statistics.subgroups import subgroup_effects
from ptanalytics.statistics.survival import log_rank_test, numbers_at_risk, survival_curve, survival_summary

__all__ = [
    "ASSOCIATION_CAVEAT",
    "Interval",
    "Pooled",
    "adherence_outcome_association",
    "ancova",
    "effect_sizes",
    "estimate_mic",
    "expected_regression_to_mean",
    "gee_model",
    "impute_followups",
    "log_rank_test",
    "mixed_model",
    "numbers_at_risk",
    "pool_rubin",
    "pooled_changes",
    "repeated_measures",
    "site_funnel",
    "standardized_difference",
    "standardized_difference_of_shares",
    "subgroup_effects",
    "survival_curve",
    "survival_summary",
    "tipping_point",
    "wilson_interval",
]
