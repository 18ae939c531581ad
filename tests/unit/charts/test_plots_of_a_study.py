"""Every chart takes what its analysis returns for a study, as a person types it at a prompt."""

import pytest

import ptanalytics as pta
from ptanalytics import charts, samples, study

PATIENT = ["P0007"]


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clinic")
    made = study.create_study(folder / "clinic.study", timezone="Europe/London")
    made.import_exports(samples.write_samples(folder / "samples").clean)
    return made


def week12(clinic):
    return pta.changes(clinic, measures=["nprs"], target_weeks=[12])


def who(clinic):
    return clinic.table("patients")


def plans_of_one(clinic):
    plans = clinic.table("plans")
    return plans[plans["patient_id"] == PATIENT[0]]


AS_TYPED = {
    "plot_adherence_calendar": lambda s: charts.plot_adherence_calendar(pta.adherence_days(s, patients=PATIENT)),
    "plot_adherence_definitions": lambda s: charts.plot_adherence_definitions(pta.compare_adherence_definitions(s)),
    "plot_adherence_distribution": lambda s: charts.plot_adherence_distribution(pta.adherence_summary(s)),
    "plot_adherence_raster": lambda s: charts.plot_adherence_raster(pta.weekly_adherence(s)),
    "plot_change_waterfall": lambda s: charts.plot_change_waterfall(pta.changes(s)),
    "plot_cohort_change": lambda s: charts.plot_cohort_change(pta.changes(s)),
    "plot_data_problems": lambda s: charts.plot_data_problems(pta.check_data(s)),
    "plot_day_ledger": lambda s: charts.plot_day_ledger(
        pta.day_ledger(s, patients=PATIENT), pta.ledger_evidence(s, patients=PATIENT)
    ),
    "plot_dose_by_exercise": lambda s: charts.plot_dose_by_exercise(pta.exercise_adherence(s)),
    "plot_missingness": lambda s: charts.plot_missingness(pta.check_data(s)),
    "plot_pain_spaghetti": lambda s: charts.plot_pain_spaghetti(pta.weekly_pain(s)),
    "plot_pain_trend": lambda s: charts.plot_pain_trend(
        pta.daily_pain(s, patients=PATIENT),
        trend=pta.pain_trend(s, patients=PATIENT),
        flares=pta.flares(s, patients=PATIENT),
        baseline=pta.baselines(s, patients=PATIENT),
        plan_changes=plans_of_one(s),
    ),
    "plot_patient_flow": lambda s: charts.plot_patient_flow(pta.patient_flow(s)),
    "plot_plan_timeline": lambda s: charts.plot_plan_timeline(plans_of_one(s)),
    "plot_questionnaires": lambda s: charts.plot_questionnaires(pta.score_questionnaires(s, patients=PATIENT)),
    "plot_responder_curve": lambda s: charts.plot_responder_curve(
        pta.responder_curve(pta.changes(s)), shares=pta.responder_shares(pta.changes(s))
    ),
    "plot_session_patterns": lambda s: charts.plot_session_patterns(pta.session_patterns(s)),
    "plot_site_funnel": lambda s: charts.plot_site_funnel(pta.site_funnel(week12(s), who(s))),
    "plot_subgroup_forest": lambda s: charts.plot_subgroup_forest(
        pta.subgroup_effects(week12(s), who(s)[["patient_id", "sex", "condition"]])
    ),
    "plot_survival": lambda s: charts.plot_survival(
        pta.survival_curve(pta.time_to_mic(s, measures=["nprs"])),
        pta.numbers_at_risk(pta.time_to_mic(s, measures=["nprs"])),
    ),
    "plot_trajectories": lambda s: charts.plot_trajectories(pta.adherence_trajectories(s, n_bootstrap=2, max_classes=2)),
    "plot_weekly_adherence": lambda s: charts.plot_weekly_adherence(pta.weekly_adherence(s)),
    "plot_weekly_volume": lambda s: charts.plot_weekly_volume(pta.plans.weekly_volume(plans_of_one(s))),
    "plot_worklist": lambda s: charts.plot_worklist(pta.worklist(s)),
    "plot_xmr": lambda s: charts.plot_xmr(pta.xmr_limits(s, patients=PATIENT)),
}  # fmt: skip


def test_every_chart_is_walked():
    assert set(AS_TYPED) == {name for name in charts.__all__ if name.startswith("plot_")}
    assert {name for name in pta.__all__ if name.startswith("plot_")} <= set(AS_TYPED)


@pytest.mark.parametrize("name", AS_TYPED)
def test_a_chart_draws_what_its_analysis_returns(clinic, name):
    figure = AS_TYPED[name](clinic)

    assert len(figure.data), "the sample clinic has something for every chart"
    assert figure.layout.title.text
    assert charts.text_summary(figure)
    assert figure.layout.meta["notes"], "every chart says its n or window under it"


def test_a_chart_of_one_patient_says_how_to_ask_for_one(clinic):
    with pytest.raises(pta.errors.InvalidTableError, match=r"holds 60\. .* patients=\[\.\.\.\] with one id"):
        charts.plot_adherence_calendar(pta.adherence_days(clinic))


def test_trajectories_as_a_table_need_their_fits(clinic):
    found = pta.adherence_trajectories(clinic, n_bootstrap=2, max_classes=2)

    assert charts.plot_trajectories(found.classes, found.fits) == charts.plot_trajectories(found)
    with pytest.raises(pta.errors.InvalidTableError, match="needs the fits"):
        charts.plot_trajectories(found.classes)


def test_the_group_of_a_spaghetti_plot_is_that_of_its_lines(clinic):
    weekly = pta.weekly_pain(clinic)

    assert charts.plot_pain_spaghetti(weekly) == charts.plot_pain_spaghetti(weekly, pta.pain_quantiles(weekly))


def test_a_study_where_a_table_belongs_is_refused_with_the_way_out(clinic):
    with pytest.raises(pta.errors.InvalidTableError, match=r"not Study\. Pass a DataFrame, for instance what an analysis"):
        charts.plot_weekly_adherence(clinic)
