import pandas as pd
import polars as pl
import pytest

from ptanalytics.plans import Prescription, compare_volume, weekly_volume


def volumes(table):
    return {(row.category, row.unit): row.volume_per_week for row in table.itertuples()}


def test_units_are_never_added_up():
    plan = [
        Prescription("glute_bridge", sessions_per_week=3, sets=3, reps=12),  # 108 repetitions
        Prescription("clamshell", sessions_per_week=2, sets=2, reps=10),  # 40 repetitions
        Prescription("suitcase_carry", sessions_per_week=2, sets=3, hold_s=30),  # 180 s
        Prescription("walk", sessions_per_week=5, duration_min=20),  # 100 min
    ]

    assert volumes(weekly_volume(plan)) == {
        ("strengthening", "reps/week"): 148.0,
        ("strengthening", "s/week"): 180.0,
        ("aerobic", "min/week"): 100.0,
    }


@pytest.mark.parametrize(
    ("frequency", "sessions"),
    [
        pytest.param({"sessions_per_week": 4}, 4, id="per week"),
        pytest.param({"weekdays": "mon,wed,fri"}, 3, id="weekdays"),
        pytest.param({"weekdays": "Tue, thu", "sessions_per_day": 2}, 4, id="weekdays, twice a day"),
        pytest.param({"sessions_per_day": 2}, 14, id="twice every day"),
        pytest.param({"sessions_per_week": 3, "weekdays": "mon", "sessions_per_day": 2}, 3, id="per week wins"),
        pytest.param({"weekdays": " ", "sessions_per_day": 1}, 7, id="blank weekdays are none"),
    ],
)
def test_sessions_per_week(frequency, sessions):
    plan = [Prescription("walk", duration_min=10, **frequency)]

    assert volumes(weekly_volume(plan)) == {("aerobic", "min/week"): 10.0 * sessions}


def test_held_repetitions_and_missing_sets():
    held = Prescription("side_plank", sessions_per_week=1, sets=2, reps=5, hold_s=10)
    one_set = Prescription("glute_bridge", sessions_per_week=1, reps=12)

    assert held.session_volume() == 100
    assert one_set.session_volume() == 12


def test_what_is_not_prescribed_is_missing_and_counted_not_zero():
    plan = [
        Prescription("glute_bridge", sets=3, reps=12),  # no frequency
        Prescription("walk", sessions_per_week=3),  # no amount
        Prescription("cycle", sessions_per_week=3, duration_min=15),
    ]

    table = weekly_volume(plan).set_index("category")

    assert pd.isna(table.loc["strengthening", "volume_per_week"])
    assert table.loc["aerobic", ["volume_per_week", "n_exercises", "n_unknown"]].tolist() == [45.0, 2, 1]


def test_an_exercise_outside_the_catalogue_is_shown_under_its_own_heading():
    table = weekly_volume([Prescription("clinic_17", sessions_per_week=2, reps=10), Prescription("clinic_18")])

    assert table[["category", "unit"]].to_numpy().tolist() == [
        ["not in catalogue", "no amount prescribed"],
        ["not in catalogue", "reps/week"],
    ]


def test_frames_of_either_kind_come_back_as_they_went_in(study):
    plans = study.table("plans")

    assert isinstance(weekly_volume(plans), pd.DataFrame)
    assert isinstance(weekly_volume(pl.from_pandas(plans)), pl.DataFrame)
    assert volumes(weekly_volume(plans)) == {("strengthening", "reps/week"): 108.0}


def test_compare_shows_new_and_ended_groups_and_the_goal():
    before = [
        Prescription("glute_bridge", sessions_per_week=3, sets=3, reps=10),
        Prescription("childs_pose", sessions_per_week=7, sets=3, hold_s=30),
    ]
    after = [
        Prescription("glute_bridge", sessions_per_week=3, sets=3, reps=12),
        Prescription("walk", sessions_per_week=3, duration_min=20),
    ]

    table = compare_volume(before, after, {("aerobic", "min/week"): 150.0}).set_index("category")

    assert table.loc["strengthening", ["before", "after", "change_pct"]].tolist() == [90.0, 108.0, 20.0]
    assert table.loc["stretching", ["before", "after", "change_pct"]].tolist() == [630.0, 0.0, -100.0]
    assert table.loc["aerobic", ["before", "after", "goal"]].tolist() == [0.0, 60.0, 150.0]
    assert pd.isna(table.loc["aerobic", "change_pct"])
    assert pd.isna(table.loc["strengthening", "goal"])


def test_a_change_from_an_unknown_volume_is_missing():
    before = [Prescription("walk", sessions_per_week=3)]
    after = [Prescription("walk", sessions_per_week=3, duration_min=20)]

    row = compare_volume(before, after).iloc[0]

    assert pd.isna(row["before"])
    assert pd.isna(row["change_pct"])
    assert (row["after"], row["n_unknown_before"], row["n_unknown_after"]) == (60.0, 1, 0)


def test_empty_plans_give_an_empty_table():
    assert compare_volume([], []).empty
    assert weekly_volume([]).empty
