"""A small clinic for the worklist's tests: tables by name, and a study of them."""

from datetime import datetime, time

import polars as pl

from daily_log import day
from ptanalytics import create_study


def plan(begin=0, end=None, version=1, patient="P1", per_week=3.0):
    row = {
        "patient_id": patient,
        "plan_version": version,
        "exercise_id": "bridge",
        "valid_from_date": day(begin),
        "valid_to_date": None if end is None else day(end),
        "sessions_per_week": per_week,
    }
    return pl.DataFrame([row], schema_overrides={"valid_to_date": pl.Date, "plan_version": pl.Int32})


def ratings(values, first=0, patient="P1"):
    times = [datetime.combine(day(first + i), time(8)) for i in range(len(values))]
    return pl.DataFrame({"patient_id": patient, "recorded_at": times, "pain_nprs": [float(v) for v in values]})


def hold(first, last=None, patient="P1"):
    return pl.DataFrame(
        {
            "patient_id": [patient],
            "from_date": [day(first)],
            "to_date": pl.Series([None if last is None else day(last)], dtype=pl.Date),
            "kind": ["clinician_hold"],
        }
    )


def study_of(path, **tables):
    study = create_study(path, timezone="Europe/London", buckets=2)
    for name, rows in tables.items():
        study.append_rows(name, rows, origin="test")
    return study
