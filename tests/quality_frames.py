"""Small tables with one trouble each, made by hand, for tests of data checks."""

from datetime import date, datetime, timedelta

import polars as pl

from ptanalytics.schemas import TABLES, columns_of

CUTOFF = date(2026, 6, 30)
START = datetime.fromisoformat("2026-03-02T18:00")


def table(name, *rows):
    """Rows of a table; columns not given are missing."""
    infos = columns_of(TABLES[name])
    filled = [{column: row.get(column) for column in infos} for row in rows]
    return pl.DataFrame(filled, schema={column: info.dtype for column, info in infos.items()})


def session(number=1, *, minutes=0.0, days=0, **values):
    """One exercise of a session with something done."""
    at = START + timedelta(days=days, minutes=minutes)
    row = {
        "patient_id": "A",
        "session_id": str(number),
        "exercise_id": "pelvic_tilt_supine",
        "started_at": at,
        "reps": 10.0,
    }
    return {**row, **values}


def rating(*, minutes=0.0, days=0, **values):
    """One pain rating."""
    at = START + timedelta(days=days, minutes=minutes)
    return {"patient_id": "A", "recorded_at": at, "pain_nprs": 4.0, "recall": "avg_24h", **values}


def patient(patient_id="A", **values):
    """One person of the list."""
    row = {"patient_id": patient_id, "birth_year": 1980, "site": "north", "enrolled_date": date(2026, 3, 1)}
    return {**row, **values}


def plan(version=1, days=0, **values):
    """One exercise of a plan version."""
    row = {"patient_id": "A", "plan_version": version, "exercise_id": "pelvic_tilt_supine", "sessions_per_week": 3.0}
    return {**row, "valid_from_date": (START + timedelta(days=days)).date(), **values}
