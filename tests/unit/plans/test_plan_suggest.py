from dataclasses import replace
from datetime import date

import pytest

from ptanalytics.errors import ReferenceDataError, SuggestionsOffError
from ptanalytics.plans import Measured, Prescription, TuningInputs, decision_table, suggest
from ptanalytics.plans.rules import read_decision_table
from ptanalytics.plans.suggest import number_in_words
from ptanalytics.settings import default_settings

ON = default_settings().with_changes({"tuning": {"enabled": True}})
DAY = date(2026, 3, 30)


def measured(value):
    return Measured(value, 2, date(2026, 3, 25), date(2026, 3, 28))


READY = TuningInputs(
    "glute_bridge",
    DAY,
    Prescription("glute_bridge", sessions_per_week=3, sets=3, reps=10),
    red_flag=measured(False),
    flare_active=measured(False),
    flare_14d=measured(False),
    pain_during=measured(1.0),
    next_day_rise=measured(0.0),
    rpe=measured(4.0),
    completed=measured(1.0),
    adherence14=measured(0.9),
    sessions_14d=measured(4),
    days_since_change=measured(10),
    done_14d=5,
    prescribed_14d=6,
)


def test_suggestions_are_off_until_the_site_switches_them_on():
    with pytest.raises(SuggestionsOffError, match="enable_suggestions"):
        suggest(READY, default_settings())


def test_a_progression_says_its_step_and_stays_a_suggestion():
    suggestion = suggest(READY, ON)

    assert suggestion.sentence == (
        "Completed as prescribed, low pain, settled next day, RPE 4. Consider one step: Bridge: repetitions 10 to 12."
    )
    assert (suggestion.step.field, suggestion.step.after) == ("reps", 12)
    assert suggestion.note == "For clinician review."
    assert suggestion.rules_version == ON.rules_version


def test_every_input_is_shown_with_its_days_and_number_of_readings():
    shown = {one.name: one for one in suggest(READY, ON).inputs}

    assert list(shown) == [info.name for info in decision_table().input]
    assert (shown["pain_during"].value, shown["pain_during"].n, shown["pain_during"].dates) == (
        "1/10",
        2,
        "2026-03-25 to 2026-03-28",
    )
    assert shown["adherence14"].value == "90 %"
    assert shown["settled"].value == "yes"
    assert (shown["slope"].value, shown["slope"].reason) == ("unknown", "not_recorded")


def test_the_absence_of_a_record_is_never_called_the_absence_of_a_flag():
    shown = {one.name: one.value for one in suggest(READY, ON).inputs}

    assert shown["red_flag"] == "none recorded"


def test_a_flag_gives_no_step_and_no_alternative():
    flagged = replace(READY, red_flag=measured(True), flag_label="History of cancer", flag_date=date(2026, 3, 1))

    suggestion = suggest(flagged, ON)

    assert suggestion.sentence == (
        "A flag recorded on 2026-03-01 (History of cancer) is unresolved. "
        "No progression information is computed until it is reviewed."
    )
    assert suggestion.steps == ()
    assert suggestion.alternatives == ()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param(
            {"flare_active": measured(True), "flare_start": date(2026, 3, 27)},
            "Pain has been ≥ 2 points above the person's usual level since 2026-03-27. "
            "Consider easing volume or one step down and re-checking in 2–3 days.",
            id="flare",
        ),
        pytest.param(
            {"pain_during": measured(6.0)}, "Pain during exercise reached 6/10 (above the agreed ceiling of 5).", id="pain"
        ),
        pytest.param({"next_day_rise": measured(3.0)}, "Pain had not settled by the next day (+3).", id="next day"),
        pytest.param(
            {"slope": measured(0.65), "slope_lo": measured(0.1), "slope_hi": measured(1.25)},
            "Pain trend is rising 0.7/week (95 % CI 0.1 to 1.3); consider reassessment before changing dose.",
            id="trend, halves rounded away from zero",
        ),
        pytest.param(
            {"adherence14": measured(0.4), "done_14d": 2.0},
            "2 of 6 sessions in 14 days. Consider barriers, plan size or goals before changing difficulty.",
            id="adherence",
        ),
        pytest.param({"days_since_change": measured(3)}, "Changed 3 days ago; allow at least 7 days.", id="recent change"),
    ],
)
def test_sentences(changes, sentence):
    assert suggest(replace(READY, **changes), ON).sentence == sentence


def test_a_lower_ceiling_of_the_plan_wins_and_a_higher_one_does_not():
    careful = replace(READY, pain_during=measured(4.0), prescription=replace(READY.prescription, pain_ceiling_nprs=3.0))
    bold = replace(READY, pain_during=measured(6.0), prescription=replace(READY.prescription, pain_ceiling_nprs=8.0))

    assert suggest(careful, ON).rule_id == "R2"
    assert "(above the agreed ceiling of 3)" in suggest(careful, ON).sentence
    assert suggest(bold, ON).rule_id == "R2"


def test_the_nearest_alternatives_name_the_smallest_change():
    assert suggest(replace(READY, rpe=measured(6.0)), ON).alternatives[0] == "would be CONSIDER_PROGRESS if RPE ≤ 5"


def test_two_changes_are_named_together():
    tired = replace(READY, rpe=measured(6.0), next_day_rise=Measured(None))

    assert "would be CONSIDER_PROGRESS if RPE ≤ 5 and pain had settled by the next day" in suggest(tired, ON).alternatives


@pytest.mark.parametrize("name", ["rpe", "next_day_rise", "flare_14d", "flare_active", "red_flag", "days_since_change"])
def test_a_progression_needs_every_input_of_its_rule(name):
    assert suggest(replace(READY, **{name: Measured(None)}), ON).outcome == "HOLD"


@pytest.mark.parametrize("name", ["pain_during", "completed", "adherence14", "sessions_14d"])
def test_without_log_there_is_no_suggestion(name):
    assert suggest(replace(READY, **{name: Measured(None)}), ON).rule_id == "R6"


def test_a_trend_without_enough_days_does_not_stop_a_progression():
    assert READY.slope.value is None
    assert suggest(READY, ON).rule_id == "R11"


def test_completion_just_below_one_by_rounding_is_one():
    assert suggest(replace(READY, completed=measured(1 - 1e-12)), ON).rule_id == "R11"
    assert suggest(replace(READY, completed=measured(0.99)), ON).rule_id == "R12"


def test_changed_thresholds_change_the_outcome():
    stricter = ON.with_changes({"tuning": {"rpe_progress_max": 3.0}})

    assert suggest(READY, stricter).outcome == "HOLD"


@pytest.mark.parametrize(
    "forbidden", ["must", "safe", "Progress to", "recovering", "at risk", "No problem", "Red flags absent", "caused"]
)
def test_sentences_keep_to_the_agreed_wording(forbidden):
    words = " ".join(
        [*(rule.sentence for rule in decision_table().rule), *(one.words for one in decision_table().condition.values())]
    )

    assert forbidden not in words


RULE = {"id": "R1", "outcome": "HOLD", "sentence": "x"}
GOOD = {
    "rules_version": "1",
    "source": "s",
    "input": [{"name": "rpe", "label": "RPE", "unit": ""}],
    "condition": {"high": {"input": "rpe", "test": ">", "value": 8, "words": "RPE"}},
    "rule": [RULE | {"any_of": ["high"]}, RULE | {"id": "R2"}],
    "progression": decision_table().progression.model_dump(),
}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param({"rule": [RULE | {"any_of": ["nothing"]}, RULE | {"id": "R2"}]}, "asks for nothing", id="condition"),
        pytest.param({"rule": [RULE | {"any_of": ["high"]}]}, "last rule must have no condition", id="no last rule"),
        pytest.param({"rule": [RULE, RULE]}, "used twice", id="same id"),
        pytest.param(
            {"condition": {"high": {"input": "effort", "test": ">", "value": 8, "words": "x"}}},
            "asks for effort",
            id="input",
        ),
        pytest.param(
            {"condition": {"high": {"input": "rpe", "test": ">", "setting": "rpe_limit", "words": "x"}}},
            "no setting tuning.rpe_limit",
            id="setting",
        ),
        pytest.param(
            {"condition": {"high": {"input": "rpe", "test": ">", "words": "x"}}}, "needs a setting", id="no limit"
        ),
        pytest.param({"source": ""}, "source", id="no source"),
        pytest.param({"colour": "red"}, "colour", id="unknown key"),
    ],
)
def test_a_broken_rule_file_is_refused(change, fault):
    assert read_decision_table(GOOD).rule[0].id == "R1"

    with pytest.raises(ReferenceDataError, match=fault):
        read_decision_table(GOOD | change)


@pytest.mark.parametrize(("value", "words"), [(0.25, "0.3"), (-0.25, "-0.3"), (10.0, "10"), (2.04, "2"), (None, "unknown")])
def test_numbers_are_rounded_half_away_from_zero(value, words):
    assert number_in_words(value) == words
