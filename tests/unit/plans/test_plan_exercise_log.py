from datetime import date, datetime

import polars as pl
import pytest

from plan_rows import BRIDGE
from ptanalytics.plans import Prescription
from ptanalytics.plans.exercise_log import completed_fraction, days_since_change, exercise_readings
from ptanalytics.schemas.frames import conform, empty_frame
from ptanalytics.schemas.tables import TABLES
from ptanalytics.settings import default_settings

DAY = date(2026, 3, 20)


def plans_of(*rows):
    return conform(
        pl.DataFrame([BRIDGE | row for row in rows or ({},)], infer_schema_length=None), TABLES["plans"]
    ).collect()


def log_of(*rows):
    """Sessions of the bridge; each row says its day of March 2026 and what was logged."""
    facts = [
        {
            "patient_id": "P1",
            "session_id": f"S{number}",
            "exercise_id": "glute_bridge",
            "started_at": datetime(2026, 3, row.pop("day"), row.pop("hour", 18)),
            **row,
        }
        for number, row in enumerate(rows)
    ]
    frame = pl.DataFrame(facts, infer_schema_length=None) if facts else empty_frame(TABLES["sessions"])
    return conform(frame, TABLES["sessions"]).collect()


def readings(sessions, plans=None, on_date=DAY, settings=None):
    return exercise_readings(
        sessions,
        plans_of() if plans is None else plans,
        "glute_bridge",
        on_date=on_date,
        settings=settings or default_settings(),
    )


def test_pain_and_effort_are_the_highest_of_the_last_two_sessions():
    found = readings(
        log_of(
            {"day": 10, "pain_during_nprs": 9.0, "rpe": 9.0},
            {"day": 12, "pain_during_nprs": 4.0, "rpe": 5.0},
            {"day": 14, "pain_during_nprs": 2.0, "rpe": 6.0},
        )
    )

    assert (found["pain_during"].value, found["pain_during"].n) == (4.0, 2)
    assert (found["pain_during"].from_date, found["pain_during"].to_date) == (date(2026, 3, 12), date(2026, 3, 14))
    assert found["rpe"].value == 6.0


def test_the_worse_next_morning_counts():
    found = readings(
        log_of(
            {"day": 12, "pain_before_nprs": 2.0, "pain_next_day_nprs": 5.0},
            {"day": 14, "pain_before_nprs": 3.0, "pain_next_day_nprs": 2.0},
        )
    )

    assert found["next_day_rise"].value == 3.0


def test_what_one_of_two_sessions_did_not_log_is_left_out_and_counted():
    found = readings(
        log_of({"day": 12, "pain_during_nprs": 3.0, "pain_before_nprs": 2.0}, {"day": 14, "pain_next_day_nprs": 1.0})
    )

    assert (found["pain_during"].value, found["pain_during"].n) == (3.0, 1)
    assert (found["next_day_rise"].value, found["next_day_rise"].reason) == (None, "not_logged")


def test_completion_is_the_mean_of_two_sessions_each_at_most_one():
    found = readings(log_of({"day": 12, "completed_fraction": 1.5}, {"day": 14, "sets": 3.0, "reps": 6.0}))

    assert found["completed"].value == pytest.approx((1 + 0.5) / 2)


def test_completion_is_measured_by_the_plan_of_that_day():
    plans = plans_of({}, {"plan_version": 2, "valid_from_date": date(2026, 3, 14), "reps": 6.0})

    found = readings(log_of({"day": 13, "sets": 3.0, "reps": 6.0}, {"day": 14, "sets": 3.0, "reps": 6.0}), plans)

    assert found["completed"].value == pytest.approx((0.5 + 1) / 2)


@pytest.mark.parametrize(
    ("entry", "prescribed", "stated", "expected"),
    [
        pytest.param(Prescription("x", sets=3, reps=9), Prescription("x", sets=3, reps=12), None, 0.75, id="repetitions"),
        pytest.param(Prescription("x", duration_min=30), Prescription("x", duration_min=20), None, 1.0, id="more is 1"),
        pytest.param(Prescription("x"), Prescription("x", reps=10), 0.4, 0.4, id="as stated"),
        pytest.param(Prescription("x", reps=10), None, None, None, id="not prescribed"),
        pytest.param(Prescription("x"), Prescription("x", reps=10), None, None, id="not logged"),
        pytest.param(Prescription("x", hold_s=10), Prescription("x", reps=10), None, None, id="another unit"),
        pytest.param(Prescription("x", reps=10), Prescription("x", reps=0), None, None, id="nothing due"),
    ],
)
def test_completed_fraction(entry, prescribed, stated, expected):
    assert completed_fraction(entry, prescribed, stated) == expected


def test_a_skipped_entry_is_no_session():
    found = readings(
        log_of({"day": 14, "pain_during_nprs": 2.0}, {"day": 16, "skip_reason": "tired", "pain_during_nprs": 8.0})
    )

    assert found["pain_during"].value == 2.0
    assert (found["sessions_14d"].value, found["skipped_14d"]) == (1, 1)


def test_sessions_are_counted_over_fourteen_days_up_to_the_day():
    found = readings(log_of(*({"day": day} for day in (6, 7, 14, 20, 21))))

    assert found["sessions_14d"].value == 3  # 7, 14 and 20 March; 6 is too early, 21 not yet
    assert (found["sessions_14d"].from_date, found["sessions_14d"].to_date) == (date(2026, 3, 7), DAY)


def test_an_entry_after_midnight_belongs_to_the_day_before_where_the_day_starts_at_three():
    late = default_settings().with_changes({"time": {"day_start_hour": 3}})
    sessions = log_of({"day": 21, "hour": 1})

    assert readings(sessions)["sessions_14d"].value == 0
    assert readings(sessions, settings=late)["sessions_14d"].value == 1


def test_without_sessions_everything_is_unknown_but_the_count():
    found = readings(log_of())

    assert (found["sessions_14d"].value, found["pain_during"].reason) == (0, "no_session")
    assert found["last_set_reps"] == ()


def test_days_since_change_ignores_versions_that_repeat_the_exercise():
    plans = plans_of(
        {},
        {"plan_version": 2, "valid_from_date": date(2026, 3, 9), "reps": 14.0},
        {"plan_version": 3, "valid_from_date": date(2026, 3, 16), "reps": 14.0},
    )

    assert days_since_change(plans, "glute_bridge", DAY).value == 11


def test_an_exercise_taken_up_again_was_changed_then():
    plans = plans_of(
        {},
        {"plan_version": 2, "valid_from_date": date(2026, 3, 9), "exercise_id": "walk"},
        {"plan_version": 3, "valid_from_date": date(2026, 3, 16)},
    )

    assert days_since_change(plans, "glute_bridge", DAY).value == 4


def test_a_version_that_starts_later_changed_it_zero_days_ago():
    plans = plans_of({}, {"plan_version": 2, "valid_from_date": date(2026, 4, 1), "reps": 14.0})

    assert days_since_change(plans, "glute_bridge", DAY).value == 0


def test_an_exercise_never_prescribed_has_no_such_day():
    assert days_since_change(plans_of(), "walk", DAY).reason == "not_prescribed"
