"""The tables as they were known on one day: nothing that was recorded for later days is left in them."""

from datetime import date

import polars as pl

from ptanalytics.dates import local_day
from ptanalytics.settings import Settings

#: What tells when a row became known, by table.
_MOMENTS = {"sessions": "started_at", "pain_scores": "recorded_at", "responses": "completed_at"}
_DAYS = {"plans": "valid_from_date", "pauses": "from_date", "scores": "completed_date"}


def known_on(table: str, rows: pl.LazyFrame, day: date, settings: Settings) -> pl.LazyFrame:
    """Leave out what happened after a day.

    Sessions, ratings and forms of later days, plan versions and pauses that start later and later discharges are unknown.
    A plan's last day is known when the plan starts. A pause that is running has no last day yet. Exports do not say when
    a row was written, so one written late for an earlier day counts as known on that earlier day.

    Args:
        table: Name of the table.
        rows: Its rows.
        day: The day.
        settings: Hour at which a day begins.
    """
    if table in _MOMENTS:
        return rows.filter(local_day(pl.col(_MOMENTS[table]), settings.time.day_start_hour) <= day)
    if table in _DAYS:
        rows = rows.filter(pl.col(_DAYS[table]) <= day)
    if table == "pauses":
        return rows.with_columns(to_date=pl.when(pl.col("to_date") <= day).then("to_date"))
    if table == "patients":
        return rows.with_columns(discharged_date=pl.when(pl.col("discharged_date") <= day).then("discharged_date"))
    return rows
