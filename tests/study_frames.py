"""Small tables for tests of the study folder."""

from datetime import date, datetime, timedelta

import polars as pl


def sessions_frame(n_patients: int = 6, n_sessions: int = 4, *, fraction: float = 1.0) -> pl.DataFrame:
    """Sessions of some patients, two exercises each, in the order of an export (by time, not by patient)."""
    start = datetime.fromisoformat("2026-03-02T18:30")
    rows = [
        {
            "patient_id": f"P{patient:04}",
            "session_id": f"S{session}",
            "exercise_id": exercise,
            "started_at": start + timedelta(days=session, minutes=patient),
            "completed_fraction": fraction,
            "pain_before_nprs": float((patient + session) % 11),
        }
        for session in range(n_sessions)
        for patient in range(n_patients)
        for exercise in ("bridge", "bird_dog")
    ]
    return pl.DataFrame(rows)


def plans_frame(n_patients: int = 6) -> pl.DataFrame:
    """One open-ended plan version per patient."""
    return pl.DataFrame(
        {
            "patient_id": [f"P{patient:04}" for patient in range(n_patients)],
            "plan_version": [1] * n_patients,
            "exercise_id": ["bridge"] * n_patients,
            "valid_from_date": [date(2026, 3, 2)] * n_patients,
            "sessions_per_week": [3.0] * n_patients,
        }
    )
