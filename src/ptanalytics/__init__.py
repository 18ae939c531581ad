"""ptanalytics: exercise-therapy analytics for low back pain.

Public names load on first use, so ``import ptanalytics`` is instant and pulls in no pandas, Polars or plotly.
"""

import os
from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Polars' allocator hands memory back half a second after its last use, and a large import asks for it again: a sixth of
# its time. With one heap a core, in place of four, less of what is kept lies idle. It reads this when Polars is first
# imported; a setting of the user's own stays.
os.environ.setdefault("_RJEM_MALLOC_CONF", f"dirty_decay_ms:10000,muzzy_decay_ms:10000,narenas:{os.cpu_count() or 1}")

_PUBLIC = {
    "load_exports": "loading",
    "suggest_layout": "loading",
    "check_data": "quality",
    "write_repair_sheet": "quality",
    "read_repair_sheet": "quality",
    "repair_ledger": "quality",
    "create_study": "study",
    "open_study": "study",
    "write_samples": "samples",
    "write_registry": "samples",
    "data_dictionary": "schemas",
    "weekly_adherence": "adherence",
    "adherence_summary": "adherence",
    "adherence_days": "adherence",
    "dose_adherence": "adherence",
    "exercise_adherence": "adherence",
    "intensity_adherence": "adherence",
    "adherence_bounds": "adherence",
    "adherence_by_definition": "adherence",
    "compare_adherence_definitions": "adherence",
    "logging_coverage": "adherence",
    "explain_adherence": "adherence",
    "explained_days": "adherence",
    "explained_rows": "adherence",
    "adherence_sufficiency": "adherence",
    "persistence": "adherence",
    "adherence_episodes": "adherence",
    "time_to_discontinuation": "adherence",
    "pharmacy_adherence": "adherence",
    "pharmacy_episodes": "adherence",
    "pharmacy_windows": "adherence",
    "exercise_availability": "adherence",
    "session_day_coverage": "adherence",
    "session_supplies": "adherence",
    "day_ledger": "adherence",
    "ledger_evidence": "adherence",
    "session_patterns": "adherence",
    "skipped_exercises": "adherence",
    "skip_reasons": "adherence",
    "plan_change_patterns": "adherence",
    "adherence_trajectories": "adherence",
    "worklist": "worklists",
    "backtest_worklist": "worklists",
    "daily_pain": "outcomes",
    "baselines": "outcomes",
    "changes": "outcomes",
    "pain_trend": "outcomes",
    "flares": "outcomes",
    "score_questionnaires": "outcomes",
    "responder_shares": "outcomes",
    "responder_curve": "outcomes",
    "reliable_change": "outcomes",
    "pain_plateau": "outcomes",
    "xmr_limits": "outcomes",
    "time_to_mic": "outcomes",
    "plan_phase_response": "outcomes",
    "exercise_pain_response": "outcomes",
    "recovery_status": "outcomes",
    "flare_rates": "outcomes",
    "floor_ceiling": "outcomes",
    "eq5d_index": "outcomes",
    "explain_outcome": "outcomes",
    "explain_outcomes": "outcomes",
    "outcome_numbers": "outcomes",
    "weekly_pain": "outcomes",
    "pain_quantiles": "outcomes",
    "plot_xmr": "charts",
    "plot_pain_spaghetti": "charts",
    "plot_change_waterfall": "charts",
    "plot_questionnaires": "charts",
    "read_score_table": "instruments",
    "patient_flow": "cohorts",
    "table_one": "cohorts",
    "effect_sizes": "statistics",
    "survival_curve": "statistics",
    "survival_summary": "statistics",
    "numbers_at_risk": "statistics",
    "log_rank_test": "statistics",
    "repeated_measures": "statistics",
    "mixed_model": "statistics",
    "gee_model": "statistics",
    "ancova": "statistics",
    "impute_followups": "statistics",
    "pooled_changes": "statistics",
    "tipping_point": "statistics",
    "pool_rubin": "statistics",
    "estimate_mic": "statistics",
    "adherence_outcome_association": "statistics",
    "subgroup_effects": "statistics",
    "site_funnel": "statistics",
    "expected_regression_to_mean": "statistics",
    "plot_data_problems": "charts",
    "plot_missingness": "charts",
    "plot_weekly_adherence": "charts",
    "plot_day_ledger": "charts",
    "plot_session_patterns": "charts",
    "plot_trajectories": "charts",
    "plot_worklist": "charts",
    "plot_adherence_calendar": "charts",
    "plot_adherence_raster": "charts",
    "plot_adherence_definitions": "charts",
    "plot_dose_by_exercise": "charts",
    "plot_pain_trend": "charts",
    "plot_cohort_change": "charts",
    "plot_responder_curve": "charts",
    "plot_survival": "charts",
    "plot_subgroup_forest": "charts",
    "plot_site_funnel": "charts",
    "outcome_report": "reports",
    "table_one_report": "reports",
    "patient_review": "reports",
}
_MODULES = ("apps", "charts", "plans", "schemas")

__all__ = sorted((*_PUBLIC, *_MODULES, "__version__"))  # noqa: PLE0605 - a list of names, computed


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    message = f"ptanalytics has no public name '{name}'"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return list(__all__)
