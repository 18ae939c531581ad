"""Steps between plan versions follow the catalogue's ladders and the step sizes of clinical-methods 4.5."""

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from ptanalytics.samples.prescriptions import LADDERS, START_DOSES, WALK_MINUTES, Dose, easier, harder

CATALOGUE = pd.read_csv(
    Path(__file__).parents[3] / "src" / "ptanalytics" / "reference" / "exercises.csv", keep_default_na=False
).set_index("exercise_id")


@pytest.mark.parametrize("ladder", LADDERS, ids=lambda ladder: ladder[0])
def test_neighbours_are_those_of_the_catalogue(ladder):
    for low, high in pairwise(ladder):
        assert CATALOGUE.loc[low, "harder"] == high
        assert CATALOGUE.loc[high, "easier"] == low


def test_walks_grow_as_in_the_methods():
    # Vector L3: tolerance 15 minutes.
    assert WALK_MINUTES == (12, 14, 16, 18, 20, 22, 25, 28, 30)
    assert harder(Dose("walk", duration_min=22)) == Dose("walk", duration_min=25)
    assert harder(Dose("walk", duration_min=30)) == Dose("walk", duration_min=30)


def test_repetitions_then_the_next_exercise():
    assert harder(START_DOSES["glute_bridge"]) == Dose("glute_bridge", sets=3, reps=14)
    assert harder(Dose("glute_bridge", sets=3, reps=15)) == Dose("single_leg_bridge", sets=3, reps=8)


def test_holds_grow_by_five_seconds_up_to_thirty():
    assert harder(Dose("side_plank_knees", sets=3, hold_s=25)) == Dose("side_plank_knees", sets=3, hold_s=30)
    assert harder(Dose("side_plank_knees", sets=3, hold_s=30)) == START_DOSES["side_plank"]
    assert harder(Dose("childs_pose", sets=3, hold_s=30)) == Dose("childs_pose", sets=3, hold_s=30)


def test_easier_is_one_step_down_or_about_a_quarter_less():
    assert easier(START_DOSES["bird_dog"]) == START_DOSES["bird_dog_leg"]
    assert easier(Dose("cycle", duration_min=20)) == Dose("cycle", duration_min=15)
    assert easier(Dose("pallof_press", sets=3, reps=10)) == Dose("pallof_press", sets=3, reps=8)
    assert easier(Dose("suitcase_carry", sets=3, hold_s=30)) == Dose("suitcase_carry", sets=3, hold_s=25)


@pytest.mark.parametrize(
    ("dose", "volume"),
    [
        pytest.param(Dose("glute_bridge", sets=3, reps=12), 36, id="repetitions"),
        pytest.param(Dose("front_plank", sets=3, hold_s=20), 60, id="seconds held"),
        pytest.param(Dose("walk", duration_min=20), 20, id="minutes"),
    ],
)
def test_volume_of_a_session(dose, volume):
    # Vector A18: bridge 36 repetitions, plank 60 seconds, walk 20 minutes.
    assert dose.volume == volume
