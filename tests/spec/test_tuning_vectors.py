"""The vectors D1-D14 (decision table) and L1-L3 (progression) of the clinical methods, section 7.6."""

from datetime import date

import pytest

from ptanalytics.plans import Measured, Prescription, TuningInputs, load_step, suggest, two_for_two, walking_minutes
from ptanalytics.settings import default_settings

ON = default_settings().with_changes({"tuning": {"enabled": True}})

BASE = {
    "red_flag": False,
    "flare_active": False,
    "flare_14d": False,
    "pain_during": 1,
    "next_day_rise": 0,  # settled
    "rpe": 4,
    "completed": 1.0,
    "adherence14": 0.9,
    "days_since_change": 10,
    "sessions_14d": 4,
}


def inputs_with(**changes):
    values = BASE | changes
    bridge = Prescription("glute_bridge", sessions_per_week=3, sets=3, reps=10)
    return TuningInputs("glute_bridge", date(2026, 3, 30), bridge, **{name: Measured(v, 1) for name, v in values.items()})


@pytest.mark.parametrize(
    ("changes", "rule_id", "outcome"),
    [
        pytest.param({"slope": -0.2, "slope_lo": -0.4}, "R11", "CONSIDER_PROGRESS", id="D1"),
        pytest.param({"pain_during": 4}, "R10", "HOLD", id="D2"),
        pytest.param({"pain_during": 6}, "R2", "CONSIDER_REGRESS", id="D3"),
        pytest.param({"pain_during": 2, "next_day_rise": 2}, "R3", "CONSIDER_REGRESS", id="D4"),
        pytest.param({"adherence14": 0.4}, "R5", "HOLD_ADDRESS_ADHERENCE", id="D5"),
        pytest.param({"days_since_change": 3}, "R8", "HOLD", id="D6"),
        pytest.param({"red_flag": True}, "R0", "REVIEW_FLAG", id="D7"),
        pytest.param({"sessions_14d": 1, "adherence14": 0.6}, "R6", "INSUFFICIENT_DATA", id="D8 few sessions"),
        pytest.param(
            {"sessions_14d": 1, "pain_during": 8, "adherence14": 0.2}, "R2", "CONSIDER_REGRESS", id="D8 few sessions, pain"
        ),
        pytest.param({"sessions_14d": 0, "flare_active": True}, "R1", "CONSIDER_REGRESS", id="D8 no session, flare"),
        pytest.param({"rpe": 9}, "R9", "HOLD", id="D9"),
        pytest.param({"next_day_rise": None}, "R12", "HOLD", id="D10 next day not logged"),
        pytest.param({"next_day_rise": 1.5}, "R12", "HOLD", id="D10 next day between settled and not"),
        pytest.param({"slope": 0.6, "slope_lo": 0.1}, "R4", "HOLD_REVIEW_TREND", id="D11"),
        pytest.param({"completed": 0.4}, "R7", "CONSIDER_REGRESS", id="D12"),
        pytest.param({"flare_14d": True}, "R12", "HOLD", id="D13"),
        pytest.param({"pain_during": 5}, "R10", "HOLD", id="D14 exactly 5"),
        pytest.param({"pain_during": 2}, "R11", "CONSIDER_PROGRESS", id="D14 exactly 2"),
    ],
)
def test_decision_table(changes, rule_id, outcome):
    suggestion = suggest(inputs_with(**changes), ON)

    assert (suggestion.rule_id, suggestion.outcome) == (rule_id, outcome)


@pytest.mark.parametrize(
    ("last_set_reps", "is_met"),
    [([12, 12], True), ([12, 11], False), ([11, 13, 12], True), ([12], False)],
    ids=["L1 both", "L1 one short", "L1 the last two count", "L1 only one session"],
)
def test_two_for_two(last_set_reps, is_met):
    assert two_for_two(last_set_reps, 10) is is_met


@pytest.mark.parametrize(
    ("load_kg", "increment_kg", "expected"),
    [(10, 0.5, 10.5), (3, 0.5, None), (20, 2.5, None), (40, 2.5, 42.5)],
    ids=["L2 10 kg", "L2 3 kg: reps instead", "L2 20 kg: reps instead", "L2 40 kg"],
)
def test_load_step(load_kg, increment_kg, expected):
    assert load_step(load_kg, increment_kg) == expected


@pytest.mark.parametrize(
    ("tolerated_min", "first_weeks"),
    [(15, (12, 14, 16, 18, 20, 22, 25, 28, 30)), (5, (5, 6, 7, 8, 9, 10))],
    ids=["L3 15 min", "L3 5 min"],
)
def test_walking_generator(tolerated_min, first_weeks):
    weeks = walking_minutes(tolerated_min)

    assert weeks[: len(first_weeks)] == first_weeks
    assert weeks[-1] == 30
