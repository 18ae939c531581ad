"""The Plan tuner without a browser: doses, volume, suggestions, goals, blockers, signing, history."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from ipywidgets.widgets.widget import _instances

from ptanalytics.apps import PlanTuner
from ptanalytics.apps.plan_tuner.doses import doses_of
from ptanalytics.plans import PlanDraft, PlanRecords, Prescription, current_plan
from ptanalytics.study import Study, open_study

PLAN = pl.DataFrame(
    {
        "patient_id": ["P1", "P1", "P2"],
        "plan_version": [1, 1, 1],
        "exercise_id": ["glute_bridge", "walk", "glute_bridge"],
        "valid_from_date": [date(2026, 3, 2)] * 3,
        "sessions_per_week": [3.0, 5.0, 3.0],
        "sets": [3.0, None, 2.0],
        "reps": [12.0, None, 10.0],
        "duration_min": [None, 20.0, None],
    },
    schema_overrides={"plan_version": pl.Int32},
)


@pytest.fixture
def made(make_study: Callable[..., Study]) -> Study:
    pain = pl.DataFrame({"patient_id": ["P1"], "recorded_at": [datetime(2026, 3, 20, 8)], "pain_nprs": [4.0]})
    return make_study(plans=PLAN, pain_scores=pain)


@pytest.fixture
def app(made: Study) -> Iterator[PlanTuner]:
    tuner = PlanTuner(made, "P1")
    yield tuner
    tuner.close_all()


def fill_in(app: PlanTuner, reason: str = "doing well") -> None:
    app.signing.who.value, app.signing.role.value, app.signing.reason.value = "AN", "physical therapist", reason


def after(app: PlanTuner, category: str) -> float:
    rows = app.model.draft.volume()
    return float(rows.loc[rows["category"] == category, "after"].iloc[0])


def bars(app: PlanTuner, name: str) -> list[float]:
    return [y for trace in app.chart.figure.data if trace.name == name for y in trace.y]


def test_a_slider_moves_the_draft_the_chart_and_the_words(app: PlanTuner) -> None:
    app.rows[0].fields["reps"].value = 14.0

    assert app.model.draft.get("glute_bridge").reps == 14
    assert after(app, "strengthening") == 3 * 14 * 3
    assert 126.0 in bars(app, "plan as edited")
    assert 108.0 in bars(app, "plan now")
    assert "repetitions 12 to 14" in app.signing.changes.value
    assert "Draft with 1 change, not signed." in app.status.message


def test_not_set_is_not_zero(app: PlanTuner) -> None:
    assert app.rows[0].fields["load_kg"].value is None

    app.rows[0].fields["reps"].value = None

    assert app.model.draft.get("glute_bridge").reps is None
    assert "repetitions 12 to not given" in app.signing.changes.value


def test_undo_and_reset(app: PlanTuner) -> None:
    app.rows[0].fields["reps"].value = 14.0
    app.rows[1].fields["duration_min"].value = 25.0

    app.undo_button.click()
    assert app.rows[1].fields["duration_min"].value == 20
    assert app.rows[0].fields["reps"].value == 14

    app.reset_button.click()
    assert app.rows[0].fields["reps"].value == 12
    assert not app.model.changes()


def test_the_fields_shown_are_those_of_the_exercise() -> None:
    walk = doses_of(Prescription("walk", duration_min=20, sessions_per_week=5), None)
    bridge = doses_of(Prescription("glute_bridge", sets=3, reps=12, sessions_per_day=2), None)

    assert [dose.field for dose in walk] == ["duration_min", "sessions_per_week"]
    assert [dose.field for dose in bridge] == ["sets", "reps", "load_kg", "sessions_per_day"]


def test_a_prescribed_dose_is_always_within_its_slider() -> None:
    (sets, reps, *_) = doses_of(Prescription("glute_bridge", sets=3, reps=55), None)

    assert reps.reach.high == 110
    assert sets.reach.high == 6


def test_blockers_are_sentences_and_close_the_button(app: PlanTuner) -> None:
    assert app.signing.sign.disabled
    assert "Nothing was changed yet." in app.signing.findings.value

    app.rows[0].fields["reps"].value = 14.0
    assert "Say who signs." in app.signing.findings.value
    fill_in(app)

    assert app.model.blockers == []
    assert not app.signing.sign.disabled


def test_signing_adds_a_version_that_a_newly_opened_study_holds(app: PlanTuner, made: Study) -> None:
    app.rows[0].fields["reps"].value = 14.0
    fill_in(app)
    app.signing.sign.click()

    plan = current_plan(open_study(made.path), "P1")
    assert set(plan["plan_version"]) == {2}
    assert plan.set_index("exercise_id").loc["glute_bridge", "reps"] == 14
    assert plan.set_index("exercise_id").loc["walk", "duration_min"] == 20
    record = PlanRecords(made).history("P1").iloc[0]
    assert (record["who"], record["role"], record["reason"]) == ("AN", "physical therapist", "doing well")
    assert "Version 2 signed by AN" in app.status.message
    assert "doing well" in app.history.value
    assert app.model.draft.base_version == 2
    assert app.signing.sign.disabled
    assert not app.model.can_undo


def test_a_plan_somebody_changed_meanwhile_is_not_overwritten(app: PlanTuner, made: Study) -> None:
    app.rows[0].fields["reps"].value = 14.0
    fill_in(app)
    other = open_study(made.path)
    PlanRecords(other).sign(
        PlanDraft.start(other, "P1").change("walk", "duration_min", 30), who="BK", role="physical therapist", reason="asked"
    )

    app.signing.sign.click()

    assert app.alert.message
    assert set(current_plan(open_study(made.path), "P1")["plan_version"]) == {2}
    assert current_plan(open_study(made.path), "P1").set_index("exercise_id").loc["walk", "duration_min"] == 30


def test_drafts_wait_for_their_patient(app: PlanTuner) -> None:
    app.rows[0].fields["reps"].value = 14.0
    app.picker.next.click()
    assert app.model.patient_id == "P2"
    assert app.rows[0].fields["reps"].value == 10
    assert app.rows[1].layout.display == "none"
    assert not app.model.can_undo

    app.picker.previous.click()

    assert app.rows[0].fields["reps"].value == 14
    assert app.rows[1].layout.display == ""


def test_easier_remove_and_add(app: PlanTuner) -> None:
    app.rows[1].buttons["remove"].click()
    assert [one.exercise_id for one in app.model.draft.exercises] == ["glute_bridge"]

    app.to_add.value = "cycle"
    app.add.click()
    app.rows[0].buttons["harder"].click()

    assert [one.exercise_id for one in app.model.draft.exercises][1] == "cycle"
    assert any("replaced by" in words for words in app.model.changes())
    assert any("removed" in words for words in app.model.changes())


def test_a_goal_is_recorded_with_who_and_shown_on_the_chart(app: PlanTuner, made: Study) -> None:
    app.goal.group.value = ("aerobic", "min/week")
    app.goal.volume.value = 150.0
    app.goal.button.click()
    assert "Say who" in app.alert.message

    fill_in(app)
    app.goal.button.click()

    assert PlanRecords(made).goal("P1") == {("aerobic", "min/week"): 150.0}
    assert "150" in app.chart.figure_json
    assert "150" in app.chart.figure.layout.meta["alt"]
    assert "set to 150 by AN" in app.status.message


def test_suggestions_are_off_until_somebody_switches_them_on(app: PlanTuner, made: Study) -> None:
    assert "Suggestions are off." in app.switch.value
    assert "never shown to patients" in app.switch.value
    assert all(row.why.value == "" for row in app.rows)
    app.switch_on.click()
    assert "Say who" in app.alert.message

    fill_in(app)
    app.switch_on.click()

    switch = PlanRecords(made).suggestions_switch()
    assert switch is not None
    assert (switch["is_on"], switch["who"]) == (True, "AN")
    assert "switched on by AN" in app.switch.value
    assert "rule R6" in app.rows[0].why.value
    assert app.switch_on.layout.display == "none"


def suggestion_with_a_step(app: PlanTuner) -> int:
    for patient_id in app.model.order:
        app.model.open(patient_id)
        for place, row in enumerate(app.rows):
            if row.layout.display == "" and row.use.layout.display == "":
                return place
    pytest.fail("the sample clinic has no suggestion with a step")


def test_a_suggestion_shows_its_basis_and_use_only_fills_in(own_study: Study) -> None:
    app = PlanTuner(own_study)
    place = suggestion_with_a_step(app)
    row, version = app.rows[place], app.model.draft.base_version
    suggestion = app.model.suggestions()[row.exercise_id]
    assert suggestion.rule_id in row.why.value
    assert "For clinician review." in row.why.value
    assert all(one.label in row.why.value for one in suggestion.inputs)

    row.use.click()

    assert app.model.changes()
    assert app.model.draft.base_version == version
    assert set(current_plan(own_study, str(app.model.patient_id))["plan_version"]) == {version}
    app.close_all()


def test_an_unresolved_flag_stops_making_the_plan_harder(own_study: Study) -> None:
    flags = own_study.table("flags")
    patient_id = str(flags.loc[flags["resolved_at"].isna(), "patient_id"].iloc[0])
    app = PlanTuner(own_study, patient_id)
    fill_in(app)
    field = next(f for f in app.rows[0].fields.values() if f.layout.display == "" and f.value and f.value < f.slider_high)
    field.value += field.step
    assert any("flag is unresolved" in sentence for sentence in app.model.blockers)

    app.banner.who.value, app.banner.role.value, app.banner.note.value = "AN", "physical therapist", "examined"
    app.banner.button.click()

    assert not any("flag" in sentence for sentence in app.model.blockers)
    assert app.banner.layout.display == "none"
    app.close_all()


def test_markup_in_the_data_stays_text(hostile_study: Study) -> None:
    app = PlanTuner(hostile_study)
    fill_in(app, "<img src=x>")
    field = app.rows[0].fields["sets"]
    field.value = (field.value or 1) + 1
    app.signing.sign.click()

    assert "Version" in app.status.message
    assert not [one.value for one in _instances.values() if type(one).__name__ == "HTML" and "<img" in one.value]
    assert "&lt;img" in app.history.value
    app.close_all()


def test_sliding_makes_no_widget_and_no_listener(app: PlanTuner) -> None:
    def counts() -> tuple[int, int]:
        return len(_instances), len(app.model._trait_notifiers["state"]["change"])

    before = counts()
    for value in range(13, 20):
        app.rows[0].fields["reps"].value = float(value)

    assert counts() == before


def test_closing_leaves_no_widget(made: Study) -> None:
    before = set(_instances)
    app = PlanTuner(made)
    app.picker.next.click()
    app.close_all()

    left: list[Any] = [type(one).__name__ for key, one in _instances.items() if key not in before]
    assert sorted(left) in ([], ["Layout", "PlotlyRuntime"])


def test_a_patient_without_a_plan_can_get_one(make_study: Callable[..., Study]) -> None:
    patients = pl.DataFrame({"patient_id": ["P1"]})
    study = make_study(patients=patients)
    app = PlanTuner(study)
    assert "No plan yet" in app.signing.changes.value

    app.to_add.value = "glute_bridge"
    app.add.click()
    app.rows[0].fields["sessions_per_week"].value = 3.0
    fill_in(app)
    app.signing.sign.click()

    assert app.alert.message == ""
    assert set(current_plan(open_study(study.path), "P1")["exercise_id"]) == {"glute_bridge"}
    app.close_all()
