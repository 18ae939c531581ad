from datetime import date

import pandas as pd
import pytest

from ptanalytics.errors import SignOffError
from ptanalytics.plans import PlanDraft, Prescription, blockers, check_draft, progress_step, warnings
from ptanalytics.plans.readings import Measured, TuningInputs

BASE = (
    Prescription("glute_bridge", sessions_per_week=3, sets=3, reps=12, pain_ceiling_nprs=5),
    Prescription("walk", sessions_per_week=3, duration_min=20),
)
START = PlanDraft("P1", 2, date(2026, 3, 2), BASE, BASE)
SIGNED = {"who": "A. Ng", "role": "physical therapist", "reason": "ready for more"}


def words(draft):
    return [change.words for change in draft.changes()]


def test_edits_leave_the_earlier_draft_as_it_was():
    edited = START.change("glute_bridge", "reps", 14)

    assert START.get("glute_bridge").reps == 12
    assert words(START) == []
    assert words(edited) == ["Bridge: repetitions 12 to 14"]
    assert words(edited.reset()) == []


def test_differences_in_words():
    draft = (
        START.change("walk", "duration_min", None)
        .change("walk", "weekdays", "mon,wed")
        .harder("glute_bridge")
        .add("side_plank", sessions_per_week=3)
    )

    assert words(draft) == [
        "Bridge replaced by Single-leg bridge: sets 3, repetitions 8, sessions per week 3, pain ceiling 5/10",
        "Continuous walking: duration 20 min to not given",
        "Continuous walking: weekdays not given to mon,wed",
        "Side plank added: sets 3, hold 15 s, sessions per week 3",
    ]


def test_a_rung_up_and_down_again_is_no_change():
    assert words(START.harder("glute_bridge").easier("single_leg_bridge")) == []


def test_two_rungs_are_one_replacement():
    draft = START.harder("walk").easier("brisk_walk").easier("walk")

    assert [w.split(":")[0] for w in words(draft)] == ["Continuous walking replaced by Walk 2–5 min / rest 1 min"]


def test_removing_the_replacement_removes_the_exercise():
    assert words(START.harder("glute_bridge").remove("single_leg_bridge")) == ["Bridge removed"]


def test_removing_and_adding_again_is_a_change_of_dose_only():
    draft = START.remove("glute_bridge").add("glute_bridge", sessions_per_week=3, sets=3, reps=15, pain_ceiling_nprs=5)

    assert words(draft) == ["Bridge: repetitions 12 to 15"]


def test_a_proposed_step_fills_in_its_value():
    assert START.take(progress_step(START.get("glute_bridge"))).get("glute_bridge").reps == 14


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        pytest.param(lambda d: d.change("rdl", "reps", 8), "does not hold Romanian deadlift", id="not in the draft"),
        pytest.param(lambda d: d.change("walk", "colour", 8), "no field 'colour'", id="unknown field"),
        pytest.param(lambda d: d.add("walk"), "holds Continuous walking already", id="added twice"),
        pytest.param(lambda d: d.add("rdl", colour=1), "no field 'colour'", id="added with an unknown field"),
        pytest.param(lambda d: d.harder("glute_bridge").harder("single_leg_bridge"), "no harder exercise", id="top rung"),
        pytest.param(lambda d: d.swap("walk", "glute_bridge"), "holds Bridge already", id="swapped to one it holds"),
        pytest.param(lambda d: d.remove("rdl"), "does not hold", id="removed what is not there"),
    ],
)
def test_impossible_edits_say_why(edit, sentence):
    with pytest.raises(SignOffError, match=sentence):
        edit(START)


def test_not_a_number_is_not_a_dose():
    assert START.change("glute_bridge", "reps", float("nan")).get("glute_bridge").reps is None


def test_a_signed_and_changed_draft_has_no_blocker():
    findings = check_draft(START.change("glute_bridge", "reps", 14), **SIGNED)

    assert findings == ()


@pytest.mark.parametrize(
    ("draft", "options", "sentence"),
    [
        pytest.param(START, SIGNED, "Nothing was changed yet.", id="nothing changed"),
        pytest.param(
            START.remove("walk").remove("glute_bridge"), SIGNED, "The plan would hold no exercise.", id="nothing left"
        ),
        pytest.param(START.remove("walk"), SIGNED | {"who": " "}, "Say who signs.", id="nobody"),
        pytest.param(START.remove("walk"), SIGNED | {"role": ""}, "Say in which role.", id="no role"),
        pytest.param(START.remove("walk"), SIGNED | {"reason": ""}, "Say why the plan changes.", id="no reason"),
        pytest.param(
            START.change("glute_bridge", "reps", 1001), SIGNED, "Bridge: repetitions must be 0 to 1000.", id="out of bounds"
        ),
        pytest.param(
            START.change("walk", "sessions_per_day", 1.5),
            SIGNED,
            "sessions per day must be a whole number",
            id="half a session",
        ),
        pytest.param(START.change("walk", "weekdays", "monday,friday"), SIGNED, "weekdays are written like", id="weekdays"),
        pytest.param(START.change("walk", "weekdays", "mon,mon"), SIGNED, "weekdays are written like", id="a day twice"),
        pytest.param(
            START.change("walk", "rpe_min", 6).change("walk", "rpe_max", 4), SIGNED, "lowest effort is above", id="effort"
        ),
        pytest.param(
            START.change("glute_bridge", "pain_ceiling_nprs", 6), SIGNED, "pain ceiling is above 5/10", id="pain ceiling"
        ),
        pytest.param(
            START.change("glute_bridge", "reps", 14),
            SIGNED | {"has_unresolved_flag": True},
            "A recorded flag is unresolved.",
            id="harder under a flag",
        ),
        pytest.param(
            START.swap("glute_bridge", "band_row"),
            SIGNED | {"has_unresolved_flag": True},
            "A recorded flag is unresolved.",
            id="something else under a flag",
        ),
        pytest.param(
            START.remove("walk"), SIGNED | {"valid_from_date": date(2026, 3, 1)}, "before version 2 did", id="too early"
        ),
    ],
)
def test_blockers(draft, options, sentence):
    assert any(sentence in blocker for blocker in blockers(check_draft(draft, **options)))


@pytest.mark.parametrize(
    "easier",
    [
        START.change("glute_bridge", "reps", 10),
        START.remove("walk"),
        START.easier("walk"),
        START.change("walk", "sessions_per_week", 2),
    ],
    ids=["fewer repetitions", "one exercise less", "a rung down", "fewer sessions"],
)
def test_easing_is_possible_under_a_flag(easier):
    assert blockers(check_draft(easier, **SIGNED, has_unresolved_flag=True)) == []


def test_several_variables_up_at_once_is_a_warning():
    both = START.change("glute_bridge", "reps", 14).change("glute_bridge", "sets", 4)

    findings = check_draft(both, **SIGNED)

    assert blockers(findings) == []
    assert warnings(findings) == ["Bridge: 2 variables go up at once. One at a time shows what did it."]


def test_recent_change_and_pain_are_warnings_for_what_gets_harder_only():
    day = date(2026, 3, 20)
    inputs = {
        one.exercise_id: TuningInputs(
            one.exercise_id, day, one, days_since_change=Measured(3, 1, day, day), pain_during=Measured(6.0, 2, day, day)
        )
        for one in BASE
    }

    harder = check_draft(START.change("glute_bridge", "reps", 14), **SIGNED, inputs=inputs)
    milder = check_draft(START.change("glute_bridge", "reps", 10), **SIGNED, inputs=inputs)

    assert warnings(harder) == [
        "Bridge was changed 3 days ago; allow at least 7 days.",
        "Bridge: pain during exercise reached 6/10, above the agreed ceiling of 5.",
    ]
    assert warnings(milder) == []


def test_a_missing_frequency_or_amount_is_a_warning():
    findings = warnings(check_draft(START.add("walk_interval").add("clinic_17"), **SIGNED))

    assert "Walk 2–5 min / rest 1 min: no frequency is given, so no session is prescribed by it." in findings
    assert "clinic_17: no amount is given, so it has no weekly volume." in findings


def test_rows_are_the_next_version(study):
    draft = PlanDraft.start(study, "P1").change("glute_bridge", "reps", 14)

    rows = draft.rows(valid_from_date=date(2026, 3, 20))

    assert rows[["patient_id", "plan_version", "exercise_id", "reps"]].to_numpy().tolist() == [
        ["P1", 2, "glute_bridge", 14.0]
    ]
    assert draft.volume({("strengthening", "reps/week"): 130.0})[["before", "after", "goal"]].to_numpy().tolist() == [
        [108.0, 126.0, 130.0]
    ]


def test_a_draft_of_several_versions_is_refused(study):
    plans = study.table("plans")

    with pytest.raises(SignOffError, match="one plan version"):
        PlanDraft.of(pd.concat([plans, plans.assign(plan_version=2)]), "P1")


def test_a_person_without_plan_starts_from_nothing(study):
    draft = PlanDraft.of(study.table("plans").iloc[:0], "P1").add("walk", sessions_per_week=3, duration_min=10)

    assert (draft.base_version, words(draft)) == (
        0,
        ["Continuous walking added: duration 10 min, sessions per week 3"],
    )
