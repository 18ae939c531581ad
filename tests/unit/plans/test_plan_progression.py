import pytest

from ptanalytics.plans import Prescription, load_step, progress_step, regress_steps, walking_minutes
from ptanalytics.plans.progression import is_progression


def proposed(one, **options):
    step = progress_step(one, **options)
    return None if step is None else (step.field, step.after)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        pytest.param(Prescription("glute_bridge", sets=3, reps=10), ("reps", 12), id="repetitions +2"),
        pytest.param(Prescription("glute_bridge", sets=3, reps=14), ("reps", 15), id="never beyond 15"),
        pytest.param(Prescription("glute_bridge", sets=3, reps=15), ("exercise_id", "single_leg_bridge"), id="then a rung"),
        pytest.param(Prescription("band_row", sets=3, reps=15), None, id="no rung left: nothing"),
        pytest.param(Prescription("side_plank_knees", sets=3, hold_s=10), ("hold_s", 15), id="hold +5 s"),
        pytest.param(Prescription("side_plank_knees", sets=3, hold_s=28), ("hold_s", 30), id="hold to 30 s"),
        pytest.param(
            Prescription("side_plank_knees", sets=3, hold_s=30), ("exercise_id", "side_plank"), id="hold, then rung"
        ),
        pytest.param(Prescription("walk", sessions_per_week=3, duration_min=20), ("duration_min", 22), id="minutes +10 %"),
        pytest.param(Prescription("walk", sessions_per_week=3, duration_min=28), ("duration_min", 30), id="minutes to 30"),
        pytest.param(Prescription("walk", sessions_per_week=3, duration_min=30), ("sessions_per_week", 4), id="then days"),
        pytest.param(
            Prescription("walk", sessions_per_week=5, duration_min=30), ("exercise_id", "brisk_walk"), id="then the rung"
        ),
        pytest.param(Prescription("clinic_17", reps=15), None, id="outside the catalogue at its bound"),
        pytest.param(Prescription("glute_bridge"), ("exercise_id", "single_leg_bridge"), id="no dose: a rung only"),
    ],
)
def test_one_step_up(one, expected):
    assert proposed(one) == expected


def test_a_load_waits_for_two_sessions_with_two_extra_repetitions():
    loaded = Prescription("goblet_squat", sets=3, reps=10, load_kg=10)

    assert proposed(loaded, last_set_reps=[12, 11]) == ("reps", 12)
    assert proposed(loaded, last_set_reps=[12, 12]) == ("load_kg", 10.5)


def test_a_load_step_that_would_be_too_large_becomes_repetitions():
    light = Prescription("goblet_squat", sets=3, reps=10, load_kg=3)

    assert proposed(light, last_set_reps=[12, 12]) == ("reps", 12)


def test_equipment_decides_the_load_step():
    loaded = Prescription("rdl", sets=3, reps=15, load_kg=40)

    assert proposed(loaded, load_increment_kg=2.5) == ("load_kg", 42.5)
    assert load_step(0, 0.5) is None


def test_a_rung_up_says_what_to_check_first():
    assert progress_step(Prescription("hip_hinge_dowel", reps=15)).words == (
        "Hip hinge with dowel: one step up to Romanian deadlift "
        "(check first: osteoporosis or fracture risk: avoid loaded or end-range flexion and twist)"
    )


def test_ways_down_keep_moving():
    steps = regress_steps(Prescription("side_plank", sets=3, hold_s=20, sessions_per_week=4))

    assert [(step.field, step.after) for step in steps] == [
        ("exercise_id", "side_plank_knees"),
        ("hold_s", 15),
        ("sessions_per_week", 3),
    ]


@pytest.mark.parametrize("reps", range(1, 31))
def test_volume_goes_down_by_20_to_30_percent_or_not_at_all(reps):
    one = Prescription("band_row", reps=float(reps))
    lower = [step.after for step in regress_steps(one) if step.field == "reps"]

    whole_numbers_in_range = [n for n in range(1, reps) if 0.7 * reps - 1e-9 <= n <= 0.8 * reps + 1e-9]
    assert bool(lower) == bool(whole_numbers_in_range)
    assert all(after in whole_numbers_in_range for after in lower)


def test_the_first_rung_is_eased_in_words():
    first = regress_steps(Prescription("clamshell"))[0]

    assert first.field is None
    assert "smaller range" in first.words


def test_walking_grows_by_a_tenth_to_thirty():
    weeks = walking_minutes(100)

    assert weeks == (30,)
    assert walking_minutes(0)[0] == 5


@pytest.mark.parametrize(
    ("field", "before", "after", "is_harder"),
    [
        ("reps", 10, 12, True),
        ("reps", 12, 10, False),
        ("reps", None, 10, True),
        ("reps", 10, None, False),
        ("weekdays", "mon,wed", "mon,wed,fri", True),
        ("weekdays", "mon,wed,fri", "tue,thu", False),
        ("pain_ceiling_nprs", 3, 5, True),
    ],
)
def test_what_counts_as_making_it_harder(field, before, after, is_harder):
    assert is_progression(field, before, after) is is_harder
