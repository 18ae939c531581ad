"""A log by day numbers, for tests in which only the days matter: one session of one exercise on each."""

from datetime import date, datetime, time, timedelta

import polars as pl

START = date(2026, 3, 2)


def day(number):
    return START + timedelta(days=number)


def log(*numbers, patient="P1"):
    return pl.DataFrame(
        {
            "patient_id": pl.Series([patient] * len(numbers), dtype=pl.String),
            "session_id": pl.Series([f"s{n}" for n in numbers], dtype=pl.String),
            "exercise_id": pl.Series(["bridge"] * len(numbers), dtype=pl.String),
            "started_at": pl.Series([datetime.combine(day(n), time(9)) for n in numbers], dtype=pl.Datetime("us")),
        }
    )
