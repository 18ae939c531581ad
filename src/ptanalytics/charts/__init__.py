"""Figures of result tables. Each function takes the table an analysis returns and gives back a plotly figure."""

from ptanalytics.charts.adherence import plot_weekly_adherence
from ptanalytics.charts.adherence_calendar import plot_adherence_calendar
from ptanalytics.charts.adherence_distribution import plot_adherence_distribution
from ptanalytics.charts.adherence_raster import plot_adherence_raster
from ptanalytics.charts.browser import find_browser
from ptanalytics.charts.cohort import plot_cohort_change, plot_patient_flow
from ptanalytics.charts.data_quality import plot_data_problems, plot_missingness
from ptanalytics.charts.definitions import plot_adherence_definitions
from ptanalytics.charts.dose import plot_dose_by_exercise
from ptanalytics.charts.forest import plot_subgroup_forest
from ptanalytics.charts.funnel import plot_site_funnel
from ptanalytics.charts.ledger import plot_day_ledger
from ptanalytics.charts.pain import plot_pain_trend
from ptanalytics.charts.patterns import plot_session_patterns, plot_trajectories
from ptanalytics.charts.plan import plot_plan_timeline, plot_weekly_volume
from ptanalytics.charts.questionnaires import plot_questionnaires
from ptanalytics.charts.responders import plot_responder_curve
from ptanalytics.charts.save import save_figure, save_figures
from ptanalytics.charts.spaghetti import plot_pain_spaghetti
from ptanalytics.charts.survival import plot_survival
from ptanalytics.charts.theme import CHART_CONFIG, mark_synthetic, nothing_to_draw, text_summary
from ptanalytics.charts.waterfall import plot_change_waterfall
from ptanalytics.charts.worklist import plot_worklist
from ptanalytics.charts.xmr import plot_xmr

__all__ = [
    "CHART_CONFIG",
    "find_browser",
    "mark_synthetic",
    "nothing_to_draw",
    "plot_adherence_calendar",
    "plot_adherence_definitions",
    "plot_adherence_distribution",
    "plot_adherence_raster",
    "plot_change_waterfall",
    "plot_cohort_change",
    "plot_data_problems",
    "plot_day_ledger",
    "plot_dose_by_exercise",
    "plot_missingness",
    "plot_pain_spaghetti",
    "plot_pain_trend",
    "plot_patient_flow",
    "plot_plan_timeline",
    "plot_questionnaires",
    "plot_responder_curve",
    "plot_session_patterns",
    "plot_site_funnel",
    "plot_subgroup_forest",
    "plot_survival",
    "plot_trajectories",
    "plot_weekly_adherence",
    "plot_weekly_volume",
    "plot_worklist",
    "plot_xmr",
    "save_figure",
    "save_figures",
    "text_summary",
]
