"""Each rule of the worklist holds where its sentence says so and nowhere else; the list is in the stated order."""

from datetime import date

import polars as pl
import pytest

from daily_log import START, day, log
from ptanalytics import worklist
from ptanalytics.errors import ReferenceDataError
from ptanalytics.schemas.results import RESULTS
from ptanalytics.worklists import read_rules, worklist_inputs, worklist_rules
from worklist_clinic import hold, plan, ratings, study_of


def rules_of(today, **tables):
    tables = {"sessions": log(), "plans": plan(), **tables}
    found = worklist(**tables, today=day(today))
    RESULTS["worklist"].validate(found)
    return found["rule_id"].to_list()


def inputs_of(today, **tables):
    tables = {"sessions": log(), "plans": plan(), **tables}
    return worklist_inputs(**tables, today=day(today)).row(0, named=True)


USUAL = (0, 2, 4, 7, 9, 11, 14, 16, 18)


@pytest.mark.parametrize(("today", "is_listed"), [(24, False), (25, True)])
def test_silent_from_7_days_without_an_entry(today, is_listed):
    assert ("silent" in rules_of(today, sessions=log(*USUAL))) is is_listed


def test_a_pain_rating_is_an_entry():
    found = rules_of(25, sessions=log(*USUAL), pain_scores=ratings([4], first=24))

    assert "silent" not in found


def test_who_never_logged_anything_is_silent_since_the_plan_began():
    found = worklist(sessions=log(), plans=plan(), today=day(9)).row(0, named=True)

    assert found["rule_id"] == "silent"
    assert found["why"] == "Nothing recorded for 9 days (last entry: none recorded)."


@pytest.mark.parametrize("rule", ["silent", "approaching_discontinuation", "falling_adherence"])
def test_nobody_on_hold_is_listed_for_not_exercising(rule):
    sessions = {"sessions": log(*USUAL)}

    assert rule in rules_of(30, **sessions)
    assert rule not in rules_of(30, **sessions, pauses=hold(28))


def test_flare_then_silent():
    pain = ratings([3, 3, 3, 3, 3, 3, 7, 7])
    tables = {"sessions": log(0, 2, 4), "pain_scores": pain}

    assert "flare_and_silent" not in rules_of(9, **tables)
    assert rules_of(10, **tables)[0] == "flare_and_silent"
    assert inputs_of(10, **tables)["flare_start_date"] == day(6)
    assert "flare_and_silent" not in rules_of(30, **tables)  # the flare is more than 14 days ago


@pytest.mark.parametrize(("today", "is_listed"), [(27, False), (28, True), (31, True), (32, False)])
def test_approaching_discontinuation_in_the_last_4_days_of_the_gap(today, is_listed):
    # last session on day 18; the gap of 14 eligible days is full on day 32
    assert ("approaching_discontinuation" in rules_of(today, sessions=log(*USUAL))) is is_listed


def test_falling_adherence_needs_a_drop_of_25_points_to_below_80():
    row = inputs_of(27, sessions=log(0, 2, 4, 7, 9, 11, 14, 16, 18))

    assert (row["done_14"], row["prescribed_14"], row["adherence_14_pct"]) == (3, 6, 50)
    assert (row["adherence_before_pct"], row["adherence_drop_points"]) == (100, 50)
    assert "falling_adherence" in rules_of(27, sessions=log(0, 2, 4, 7, 9, 11, 14, 16, 18))
    assert "falling_adherence" not in rules_of(27, sessions=log(0, 2, 4, 7, 9, 11, 14, 16, 18, 20, 22, 24))


def test_more_than_prescribed():
    assert "overdoing" in rules_of(13, sessions=log(*range(14)))
    assert "overdoing" not in rules_of(13, sessions=log(0, 2, 4, 7, 9, 11, 12))  # 7 of 6 are not above 1.2


def test_plan_ending_within_7_days_without_a_later_one():
    assert "plan_ending" not in rules_of(12, sessions=log(12), plans=plan(end=20))
    assert "plan_ending" in rules_of(13, sessions=log(12), plans=plan(end=20))
    assert "plan_ending" not in rules_of(21, sessions=log(12), plans=plan(end=20))
    both = pl.concat([plan(end=20), plan(begin=21, version=2)])
    assert "plan_ending" not in rules_of(13, sessions=log(12), plans=both)


def test_no_questionnaire_for_6_weeks():
    forms = pl.DataFrame({"patient_id": ["P1"], "completed_date": [day(10)], "instrument_id": ["odi"], "score": [20.0]})

    assert "no_questionnaire" in rules_of(42, sessions=log(41))
    assert "no_questionnaire" not in rules_of(42, sessions=log(41), scores=forms)
    assert "no_questionnaire" in rules_of(52, sessions=log(51), scores=forms)


def test_discharged_patients_and_plans_to_come_are_not_listed():
    patients = pl.DataFrame({"patient_id": ["P1"], "discharged_date": [day(10)]})

    assert rules_of(40, patients=patients) == []
    assert rules_of(-5) == []


def test_the_order_is_the_stated_priority_and_a_patients_first_rule_is_marked():
    sessions = pl.concat([log(*USUAL), log(*range(30), patient="P2")])
    plans = pl.concat([plan(), plan(patient="P2")])
    found = worklist(sessions=sessions, plans=plans, today=day(29))

    assert found["priority"].is_sorted()
    first = found.filter("is_first").select("patient_id", "rule_id").rows()
    assert first == [("P1", "silent"), ("P2", "overdoing")]
    assert found.filter(pl.col("patient_id") == "P1")["n_rules"].unique().to_list() == [3]


def test_the_sentence_says_the_numbers():
    found = worklist(sessions=log(*USUAL), plans=plan(), today=day(27))
    why = dict(found.select("rule_id", "why").rows())

    assert why["silent"] == "Nothing recorded for 9 days (last entry: 2026-03-20)."
    assert why["falling_adherence"] == "3 of 6 prescribed sessions in 14 days (50 %); the 14 days before: 100 %."


def test_a_missing_number_makes_no_rule_hold():
    row = inputs_of(5, sessions=log(0))

    assert (row["adherence_before_pct"], row["adherence_drop_points"], row["is_flare_within_14_days"]) == (None, None, None)


def test_of_a_study_the_same_as_of_frames(tmp_path):
    tables = {"plans": plan(), "sessions": log(*USUAL)}
    of_study = worklist(study_of(tmp_path / "a.study", **tables), today=day(28))
    of_frames = worklist(**tables, today=day(28))

    assert of_study[["rule_id", "why"]].to_numpy().tolist() == [
        list(row) for row in of_frames.select("rule_id", "why").rows()
    ]


def test_today_is_the_last_day_of_the_study_if_not_named(tmp_path):
    found = worklist_inputs(study_of(tmp_path / "a.study", plans=plan(), sessions=log(0, 20)))

    assert found["on_date"].dt.date.to_list() == [day(20)]


def test_every_rule_names_its_source_and_has_its_own_priority():
    rules = worklist_rules()

    assert all("[D]" in rule.source or "doi:" in rule.source for rule in rules)
    assert [rule.priority for rule in rules] == list(range(1, len(rules) + 1))
    assert {rule.id for rule in rules} == {
        "flare_and_silent", "silent", "approaching_discontinuation", "falling_adherence", "overdoing", "plan_ending",
        "no_questionnaire",
    }  # fmt: skip


ONE_RULE = {
    "id": "quiet",
    "priority": 1,
    "label": "Quiet",
    "sentence": "{silent_days} days.",
    "source": "here [D]",
    "all_of": [{"input": "silent_days", "test": ">=", "value": 1}],
}


def test_a_clinic_may_bring_its_own_rules():
    rules = read_rules({"rules_version": "clinic", "rule": [ONE_RULE]})
    found = worklist(sessions=log(0), plans=plan(), today=day(1), rules=rules)

    assert found.select("rule_id", "why").rows() == [("quiet", "1 days.")]


@pytest.mark.parametrize(
    "change",
    [
        {"all_of": [{"input": "mood", "test": "true"}]},
        {"all_of": [{"input": "silent_days", "test": ">="}]},
        {"all_of": [{"input": "silent_days", "test": ">=", "value": 1, "setting": "adherence.low_cut"}]},
        {"all_of": [{"input": "silent_days", "test": ">=", "setting": "adherence.no_such"}]},
        {"all_of": []},
        {"sentence": "{mood}"},
        {"source": ""},
        {"score": 5},
    ],
)
def test_a_rule_that_asks_for_something_that_does_not_exist_is_refused(change):
    with pytest.raises(ReferenceDataError):
        read_rules({"rules_version": "clinic", "rule": [{**ONE_RULE, **change}]})


def test_an_id_used_twice_is_refused():
    with pytest.raises(ReferenceDataError, match="twice"):
        read_rules({"rules_version": "clinic", "rule": [ONE_RULE, ONE_RULE]})


def test_without_any_session_there_is_no_day_to_ask_about():
    assert worklist(sessions=log(), plans=plan()).is_empty()


def test_start_date_is_time_zero():
    assert inputs_of(5)["start_date"] == START == date(2026, 3, 2)
