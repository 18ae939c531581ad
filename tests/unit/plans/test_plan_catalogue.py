import csv
from dataclasses import replace

import pytest

from ptanalytics.errors import ReferenceDataError
from ptanalytics.plans import CATEGORIES, exercise_catalogue, ladder, red_flags
from ptanalytics.plans.catalogue import check_catalogue, new_cautions
from ptanalytics.reference import reference_file

# The ladders as the clinical methods (4.3) list them.
LADDERS = """
pelvic_tilt_supine pelvic_tilt_sit seated_cat_cow cat_cow quadruped_rock childs_pose
prone_lying prone_on_elbows prone_press_up
ab_brace bent_knee_fallout heel_slide dead_bug_legs dead_bug dead_bug_loaded
multifidus_prone bird_dog_leg bird_dog bird_dog_slow
front_plank_incline front_plank_knees front_plank
side_plank_knees side_plank
glute_bridge single_leg_bridge
clamshell hip_abduction_sl
sit_to_stand goblet_squat
hip_hinge_dowel rdl
back_extension_prone roman_chair
step_up reverse_lunge
walk_interval walk brisk_walk
cycle elliptical
single_knee_chest double_knee_chest
lower_trunk_rotation open_book
hamstring_supine hamstring_long_sit
"""


def test_there_are_57_exercises_in_four_categories():
    exercises = exercise_catalogue()

    assert len(exercises) == 57
    assert {one.category for one in exercises.values()} == set(CATEGORIES)


@pytest.mark.parametrize("rungs", [tuple(line.split()) for line in LADDERS.strip().splitlines()], ids=lambda r: r[0])
def test_ladders_are_those_of_the_methods(rungs):
    assert all(ladder(rung) == rungs for rung in rungs)


def test_an_exercise_without_neighbours_or_outside_the_catalogue_is_its_own_ladder():
    assert ladder("band_row") == ("band_row",)
    assert ladder("clinic_17") == ("clinic_17",)


@pytest.mark.parametrize(
    ("exercise_id", "dose"),
    [
        pytest.param("side_plank", ("hold_s", 3, 15, True), id="hold per side"),
        pytest.param("bird_dog", ("reps", 3, 6, True), id="repetitions per side"),
        pytest.param("ab_brace", ("hold_s", 10, 10, False), id="ten holds of ten seconds"),
        pytest.param("walk_interval", ("duration_min", 1, 10, False), id="minutes"),
        pytest.param("walk", ("duration_min", None, None, False), id="walking comes from the generator"),
    ],
)
def test_start_doses(exercise_id, dose):
    one = exercise_catalogue()[exercise_id]

    assert (one.unit, one.start_sets, one.start_amount, one.is_per_side) == dose


def test_a_step_up_names_only_the_cautions_that_are_new():
    assert new_cautions("sit_to_stand", "goblet_squat") == ()
    assert new_cautions("hip_hinge_dowel", "rdl") == (
        "osteoporosis or fracture risk: avoid loaded or end-range flexion and twist",
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        pytest.param({"glute_bridge": {"harder": "nowhere"}}, "unknown exercise 'nowhere'", id="unknown neighbour"),
        pytest.param({"glute_bridge": {"harder": None}}, "does not name", id="neighbour does not point back"),
        pytest.param({"walk": {"category": "cardio"}}, "unknown category", id="unknown category"),
        pytest.param({"walk": {"unit": "hours"}}, "unknown unit", id="unknown unit"),
        pytest.param({"walk": {"source": ""}}, "names no source", id="no source"),
        pytest.param({"walk": {"cautions": ("ZZ",)}}, "unknown caution 'ZZ'", id="unknown caution"),
        pytest.param({"cycle": {"start_sets": None}}, "half a start dose", id="half a dose"),
        pytest.param(
            {"glute_bridge": {"easier": "single_leg_bridge"}, "single_leg_bridge": {"harder": "glute_bridge"}},
            "never ends",
            id="a ladder in a circle",
        ),
    ],
)
def test_a_broken_catalogue_is_refused(changes, fault):
    rows = [replace(one, **changes.get(one.exercise_id, {})) for one in exercise_catalogue().values()]

    with pytest.raises(ReferenceDataError, match=fault):
        check_catalogue(rows)


def test_an_exercise_listed_twice_is_refused():
    rows = list(exercise_catalogue().values())

    with pytest.raises(ReferenceDataError, match="listed twice"):
        check_catalogue([*rows, replace(rows[0], name="again")])


@pytest.mark.parametrize("name", ["exercises.csv", "red_flags.csv", "cautions.csv"])
def test_every_row_names_its_source(name):
    rows = list(csv.DictReader(reference_file(name).read_text(encoding="utf-8").splitlines()))

    assert rows
    assert all(row["source"].strip() for row in rows)


def test_red_flags_have_a_display_class_each():
    assert {flag.display_class for flag in red_flags().values()} == {"EMERGENCY", "URGENT", "REVIEW"}
    assert {flag.display_class for flag in red_flags().values() if flag.group == "cauda equina"} == {"EMERGENCY"}
