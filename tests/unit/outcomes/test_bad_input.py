"""Bad input through every public outcome analysis: a reason in words, never NaN as a number, never a crash."""

import math

import pandas as pd
import polars as pl
import pytest

from memory_study import MemoryStudy
from outcome_frames import ratings
from ptanalytics import outcomes
from ptanalytics.errors import InvalidTableError
from trouble_clinic import TROUBLES, tables

#: Each analysis with the number its reason stands for.
NUMBERS = {
    "baselines": "baseline",
    "changes": "improvement",
    "flare_rates": "per_28_days",
    "pain_plateau": "difference",
    "pain_trend": "slope_per_week",
    "plan_phase_response": "nap",
    "recent_pain": "pain_nprs",
    "recovery_status": "band",
    "reliable_change": "rc",
    "score_questionnaires": "score",
    "time_to_mic": "duration_days",
    "weekly_pain": "pain_nprs",
    "xmr_limits": "centre",
}
WITHOUT_REASON = ("daily_pain", "exercise_pain_response", "flares", "flare_status")


@pytest.fixture(scope="module")
def study():
    return MemoryStudy(tables(), buckets=3)


def no_nan(table):
    for name in table.select_dtypes("number"):
        values = table[name].dropna()
        assert all(math.isfinite(value) for value in values), name
    texts = table.select_dtypes(include=["object", "string"])
    assert not texts.isin(["nan", "NaN", "None", "inf"]).any().any()


@pytest.mark.parametrize("name", [*NUMBERS, *WITHOUT_REASON])
def test_no_analysis_fails_and_none_gives_nan_as_a_number(study, name):
    table = getattr(outcomes, name)(study)

    assert len(table) > 0 or name == "flares"
    no_nan(table)


@pytest.mark.parametrize(("name", "number"), NUMBERS.items())
def test_a_missing_number_has_its_reason_and_a_given_one_has_none_that_contradicts(study, name, number):
    table = getattr(outcomes, name)(study)

    missing = table[table[number].isna()]
    assert missing["reason"].notna().all()
    assert not missing["reason"].str.contains("nan", case=False).any()


def test_a_pain_response_is_missing_exactly_where_nothing_was_counted(study):
    table = outcomes.exercise_pain_response(study)

    for part in ("before", "during", "next_day"):
        assert (table[f"mean_{part}"].isna() == (table[f"n_{part}"] == 0)).all()
    assert (table["reason"].notna() == (table["n_during"] + table["n_next_day"] == 0)).all()


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_trouble_alone_gives_the_same_as_in_company(study, trouble):
    for name in ("changes", "pain_trend", "score_questionnaires", "time_to_mic"):
        together = getattr(outcomes, name)(study)
        alone = getattr(outcomes, name)(study, patients=[trouble])
        wanted = together[together["patient_id"] == trouble].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, wanted, check_dtype=False)


def reasons(study, measure):
    table = outcomes.changes(study, target_weeks=[12], measures=[measure])
    return dict(zip(table["patient_id"], table["reason"].fillna(""), strict=True))


def test_reasons_of_the_daily_log(study):
    assert reasons(study, "nprs") == {
        "one reading": "no_followup",
        "constant": "",
        "all blank": "no_baseline",
        "no baseline": "no_baseline",
        "out of range": "no_baseline",
        "twice a day": "",
        "several recalls": "",
        "several versions": "no_baseline",
        "two instruments": "no_baseline",
        "before the start": "no_baseline",
    }


def test_reasons_of_the_questionnaire(study):
    assert reasons(study, "odi") == {
        "one reading": "no_followup",
        "constant": "",
        "all blank": "no_baseline",
        "no baseline": "no_baseline",
        "out of range": "no_followup",
        "twice a day": "",
        "several recalls": "no_baseline",
        "several versions": "no_followup",
        "two instruments": "no_followup",
        "before the start": "no_baseline",
    }


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        ("all blank", {"blank"}),
        ("out of range", {"", "out_of_range"}),
        ("several versions", {"", "unknown_instrument"}),
        ("two instruments", {"", "mixed_instruments"}),
    ],
)
def test_a_form_without_a_score_says_why(study, trouble, expected):
    scores = outcomes.score_questionnaires(study, patients=[trouble])

    assert set(scores["reason"].fillna("")) == expected


def test_of_two_forms_of_a_day_the_later_counts_and_it_is_said(study):
    scores = outcomes.score_questionnaires(study, patients=["twice a day"])

    assert scores["n_forms"].tolist() == [1, 2]
    assert scores["score"].tolist() == [40.0, 36.0]


def test_two_ratings_of_a_day_are_one_value(study):
    daily = outcomes.daily_pain(study, patients=["twice a day"])

    assert set(daily["n_readings"]) == {2}
    assert daily["date"].is_unique


def test_one_recall_is_chosen_and_the_others_do_not_leak_in(study):
    daily = outcomes.daily_pain(study, patients=["several recalls"])
    baseline = outcomes.baselines(study, patients=["several recalls"], measures=["nprs"])

    assert set(daily["recall"]) == {"avg_24h"}
    assert baseline["baseline"].tolist() == [8.0]  # seven days of 7 - (-7 // 14), not the worst of the day


def test_readings_from_before_the_start_are_no_time_to_change(study):
    times = outcomes.time_to_mic(study, patients=["before the start"], measures=["nprs"])

    assert times["duration_days"].isna().all()
    assert times["reason"].tolist() == ["no_baseline"]


@pytest.mark.parametrize("value", [12.0, -1.0])
def test_a_rating_off_the_scale_is_refused_without_repeating_it(value):
    with pytest.raises(InvalidTableError) as caught:
        outcomes.daily_pain(ratings({0: 5, 1: value}))

    assert "pain_nprs" in str(caught.value)
    assert str(value) not in str(caught.value)


@pytest.mark.parametrize("name", [*NUMBERS, *WITHOUT_REASON])
def test_frames_without_rows_give_tables_without_rows(name):
    analysis = getattr(outcomes, name)
    empty = {table: frame.clear() for table, frame in tables().items() if table in analysis.tables}

    result = analysis(**empty)

    assert isinstance(result, pl.DataFrame)
    assert result.height == 0
