"""Small tables for the tests of outcomes: ratings, forms, totals, people, plans and sessions."""

from datetime import date, datetime, timedelta

import polars as pl

START = date(2026, 3, 2)


def at(day, hour=20):
    """Return the local time of a day counted from time zero."""
    return datetime(START.year, START.month, START.day, hour) + timedelta(days=day)


def on(day):
    return START + timedelta(days=day)


def ratings(values, patient="P1", **columns):
    """Ratings from ``{day: value}``; a day may also be ``(day, hour)``."""
    rows = [(at(*key) if isinstance(key, tuple) else at(key), value) for key, value in values.items()]
    frame = pl.DataFrame(
        rows, schema={"recorded_at": pl.Datetime("us"), "pain_nprs": pl.Float64}, orient="row", strict=False
    )
    return frame.with_columns(patient_id=pl.lit(patient), **{name: pl.lit(value) for name, value in columns.items()})


def form(instrument, answers, *, patient="P1", response="R1", completed_at=None):
    """One form; ``answers`` is a list from item 1 on, or ``{item_id: answer}``."""
    if not isinstance(answers, dict):
        answers = {f"{instrument}_{number}": answer for number, answer in enumerate(answers, start=1)}
    return pl.DataFrame(
        {
            "patient_id": patient,
            "response_id": response,
            "completed_at": completed_at or at(0, 9),
            "instrument_id": instrument,
            "item_id": list(answers),
            "answer": pl.Series(list(answers.values()), dtype=pl.Float64),
        }
    )


def totals(instrument, values, patient="P1"):
    """Totals from ``{day: score}``."""
    return pl.DataFrame(
        {
            "patient_id": patient,
            "instrument_id": instrument,
            "completed_date": [on(day) for day in values],
            "score": pl.Series(list(values.values()), dtype=pl.Float64),
        }
    )


def people(*patients, start=START):
    return pl.DataFrame({"patient_id": list(patients or ("P1",)), "enrolled_date": [start] * max(1, len(patients))})


def plans(*patients, start=START):
    return pl.DataFrame(
        {
            "patient_id": list(patients or ("P1",)),
            "plan_version": 1,
            "exercise_id": "bridge",
            "valid_from_date": start,
            "sessions_per_week": 3.0,
        }
    )


def sessions(*days, patient="P1", **columns):
    return pl.DataFrame(
        {
            "patient_id": patient,
            "session_id": [f"S{number}" for number, _ in enumerate(days)],
            "exercise_id": "bridge",
            "started_at": [at(*day) if isinstance(day, tuple) else at(day, 18) for day in days],
        }
    ).with_columns(**{name: pl.lit(value) for name, value in columns.items()})
