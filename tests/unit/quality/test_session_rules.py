"""Each rule about sessions: what it finds, what it leaves, and when it cannot judge."""

from datetime import date, datetime

import pytest

from quality_frames import patient, plan, session


def test_the_same_numbers_under_another_session_id_are_a_repetition(found):
    rows = [session(1), session(2)]

    assert found("sessions_repeated", sessions=rows) == (2, 1, "found")
    assert found("sessions_near_duplicate", sessions=rows) == (2, 0, "passed")


def test_other_numbers_minutes_later_are_a_near_duplicate(found):
    rows = [session(1), session(2, minutes=4, reps=12.0), session(3, minutes=30)]

    assert found("sessions_near_duplicate", sessions=rows) == (3, 1, "found")


def test_another_exercise_or_another_patient_minutes_later_is_none(found):
    rows = [session(1), session(2, minutes=1, exercise_id="plank"), session(3, minutes=1, patient_id="B")]

    assert found("sessions_near_duplicate", sessions=rows)[1] == 0


def test_the_same_session_going_on_is_no_near_duplicate(found):
    rows = [session(1), session(1, minutes=2, exercise_id="plank"), session(1, minutes=4, exercise_id="cat_cow")]

    assert found("sessions_near_duplicate", sessions=rows)[1] == 0


def test_days_without_a_clock_time_cannot_be_near_duplicates(found):
    midnight = datetime(2026, 3, 2)
    rows = [session(1, started_at=midnight), session(2, started_at=midnight, reps=8.0)]

    assert found("sessions_near_duplicate", sessions=rows) == (0, 0, "not_applicable")


def test_the_threshold_in_minutes_can_be_changed(found):
    rows = [session(1), session(2, minutes=9, reps=8.0)]

    assert found("sessions_near_duplicate", sessions=rows)[1] == 0
    assert found("sessions_near_duplicate", sessions=rows, thresholds={"sessions_near_duplicate": 10})[1] == 1


def test_a_patient_who_is_not_in_the_list_is_unknown(found):
    rows = [session(1), session(2, days=1, patient_id="B")]

    assert found("sessions_unknown_patient", sessions=rows, patients=[patient()]) == (2, 1, "found")
    assert found("sessions_unknown_patient", sessions=rows) == (0, 0, "not_applicable")


def test_an_exercise_is_known_from_the_plan_or_the_catalogue(found):
    rows = [session(1), session(2, exercise_id="our_own"), session(3, exercise_id="never_heard_of")]
    plans = [plan(exercise_id="our_own")]

    assert found("sessions_unknown_exercise", sessions=rows, plans=plans) == (3, 1, "found")
    assert found("sessions_exercise_not_in_plan", sessions=rows, plans=plans) == (3, 2, "found")
    assert found("sessions_exercise_not_in_plan", sessions=rows) == (0, 0, "not_applicable")


@pytest.mark.parametrize(
    ("rule", "person", "expected"),
    [
        pytest.param("sessions_before_birth", {"birth_year": 2026}, (2, 2, "found"), id="year of birth"),
        pytest.param("sessions_before_birth", {"birth_year": None}, (0, 0, "not_applicable"), id="no year of birth"),
        pytest.param("sessions_before_enrolment", {"enrolled_date": date(2026, 3, 3)}, (2, 1, "found"), id="enrolment"),
        pytest.param("sessions_before_enrolment", {"enrolled_date": None}, (0, 0, "not_applicable"), id="no enrolment"),
        pytest.param("sessions_after_discharge", {"discharged_date": date(2026, 3, 3)}, (2, 1, "found"), id="discharge"),
        pytest.param("sessions_after_discharge", {"discharged_date": date(2026, 3, 9)}, (2, 0, "passed"), id="on the day"),
    ],
)
def test_sessions_outside_the_time_of_a_person(found, rule, person, expected):
    rows = [session(1), session(2, days=7)]

    assert found(rule, sessions=rows, patients=[patient(**person)]) == expected


def test_a_session_after_the_last_day_that_can_be_real_is_in_the_future(found):
    rows = [session(1), session(2, started_at=datetime(2026, 6, 30, 23, 59)), session(3, started_at=datetime(2062, 3, 2))]

    assert found("sessions_in_future", sessions=rows) == (3, 1, "found")


def test_sessions_before_the_first_plan_are_noted(found):
    rows = [session(1), session(2, days=3)]

    assert found("sessions_before_plan", sessions=rows, plans=[plan(days=1), plan(2, days=9)]) == (2, 1, "found")
    assert found("sessions_before_plan", sessions=rows) == (0, 0, "not_applicable")


def test_sessions_inside_a_break_are_noted_and_a_break_without_an_end_goes_on(found):
    rows = [session(1), session(2, days=3), session(3, days=30)]
    closed = {"patient_id": "A", "from_date": date(2026, 3, 4), "to_date": date(2026, 3, 6), "kind": "illness"}

    assert found("sessions_in_pause", sessions=rows, pauses=[closed]) == (3, 1, "found")
    assert found("sessions_in_pause", sessions=rows, pauses=[{**closed, "to_date": None}]) == (3, 2, "found")
    assert found("sessions_in_pause", sessions=rows, pauses=[{**closed, "patient_id": "B"}]) == (0, 0, "not_applicable")


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        pytest.param("sessions_duration_long", {"duration_min": 181.0}, (1, 1, "found"), id="three hours and more"),
        pytest.param("sessions_duration_long", {"duration_min": 180.0}, (1, 0, "passed"), id="three hours"),
        pytest.param("sessions_duration_long", {}, (0, 0, "not_applicable"), id="no duration"),
        pytest.param("sessions_load_high", {"load_kg": 220.0}, (1, 1, "found"), id="load"),
        pytest.param("sessions_reps_high", {"reps": 201.0}, (1, 1, "found"), id="repetitions"),
        pytest.param("sessions_skipped_but_done", {"skip_reason": "no time"}, (1, 1, "found"), id="skipped, ten done"),
        pytest.param("sessions_skipped_but_done", {"skip_reason": "pain", "reps": None}, (1, 0, "passed"), id="skipped"),
        pytest.param("sessions_empty", {"reps": None}, (1, 1, "found"), id="says nothing"),
        pytest.param("sessions_empty", {"reps": None, "skip_reason": "pain"}, (1, 0, "passed"), id="says why"),
        pytest.param(
            "sessions_pain_jump", {"pain_before_nprs": 1.0, "pain_after_nprs": 9.0}, (1, 1, "found"), id="pain jumps"
        ),
        pytest.param("sessions_pain_jump", {"pain_after_nprs": 9.0}, (0, 0, "not_applicable"), id="one pain only"),
    ],
)
def test_numbers_of_one_session(found, rule, values, expected):
    assert found(rule, sessions=[session(1, **values)]) == expected


def test_seconds_among_minutes_are_a_unit_slip(found):
    usual = [session(n, days=n, duration_min=10.0 + n % 3) for n in range(6)]
    slips = [session(8, days=8, duration_min=600.0), session(9, days=9, duration_min=0.2)]

    assert found("sessions_unit_slip", sessions=[*usual, *slips]) == (8, 2, "found")
    assert found("sessions_unit_slip", sessions=[usual[0], *slips]) == (0, 0, "not_applicable")


def test_kilograms_and_pounds_mixed_are_a_jump(found):
    loads = [10.0, 22.0, 22.5, 10.0]
    rows = [session(n, days=n, load_kg=load) for n, load in enumerate(loads)]

    assert found("sessions_load_jump", sessions=rows) == (3, 2, "found")
    light = [session(n, days=n, load_kg=load) for n, load in enumerate([1.0, 3.0])]
    assert found("sessions_load_jump", sessions=light) == (1, 0, "passed")


def test_four_sessions_of_a_day_within_minutes_were_entered_in_one_sitting(found):
    sitting = [session(n, minutes=3 * n) for n in range(4)]
    spread = [session(10 + n, days=1, minutes=60 * n) for n in range(4)]
    few = [session(20, days=2), session(21, days=2, minutes=2)]

    assert found("sessions_one_sitting", sessions=[*sitting, *spread, *few]) == (2, 1, "found")
    assert found("sessions_one_sitting", sessions=few) == (0, 0, "not_applicable")


def test_days_in_a_row_at_the_same_second_were_entered_later(found):
    same = [session(n, days=n) for n in range(5)]
    other = [session(n, days=n, minutes=n) for n in range(5, 9)]

    assert found("sessions_same_clock", sessions=[*same, *other]) == (9, 5, "found")
    assert found("sessions_same_clock", sessions=[*same[:4], *other])[1] == 0


def test_a_day_without_a_session_ends_a_run_of_the_same_clock(found):
    rows = [session(n, days=n) for n in (0, 1, 2, 4, 5)]

    assert found("sessions_same_clock", sessions=rows) == (5, 0, "passed")


def test_a_log_that_never_varies_is_noted(found):
    flat = [session(n, days=n, rpe=5.0, pain_during_nprs=2.0) for n in range(31)]
    varied = [session(n, days=n, patient_id="B", rpe=5.0, pain_during_nprs=float(n % 2)) for n in range(31)]

    assert found("sessions_no_variation", sessions=[*flat, *varied]) == (2, 1, "found")
    assert found("sessions_no_variation", sessions=flat[:29]) == (0, 0, "not_applicable")
    assert found("sessions_no_variation", sessions=[session(n, days=n) for n in range(31)])[0] == 0


def test_ninety_days_without_one_day_missed_are_noted(found):
    every_day = [session(n, days=n) for n in range(90)]
    with_gap = [session(n, days=n + (n > 50), patient_id="B") for n in range(90)]

    assert found("sessions_every_day", sessions=[*every_day, *with_gap]) == (2, 1, "found")
    assert found("sessions_every_day", sessions=every_day[:89]) == (0, 0, "not_applicable")


def test_equal_keys_are_an_error_and_the_first_row_is_not_counted(found):
    rows = [session(1), session(1, reps=3.0), session(1, reps=4.0), session(2)]

    assert found("sessions_duplicate_key", sessions=rows) == (4, 2, "found")


def test_the_order_of_rows_does_not_matter(found):
    rows = [session(n, minutes=3 * n) for n in range(4)]

    for rule in ("sessions_near_duplicate", "sessions_one_sitting"):
        assert found(rule, sessions=rows) == found(rule, sessions=rows[::-1])


def test_a_break_over_a_slipped_year_does_not_fill_the_memory(found):
    long = {"patient_id": "A", "from_date": date(1000, 1, 1), "to_date": date(9000, 1, 1), "kind": "illness"}

    assert found("sessions_in_pause", sessions=[session(1)], pauses=[long])[0] == 1
