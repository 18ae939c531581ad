"""The plan the tests of plans and of the command line start from."""

from datetime import date

BRIDGE = {
    "patient_id": "P1",
    "plan_version": 1,
    "exercise_id": "glute_bridge",
    "valid_from_date": date(2026, 3, 2),
    "sessions_per_week": 3.0,
    "sets": 3.0,
    "reps": 12.0,
}
