"""Pharmacy measures with sessions in place of supplies: sensitivity outputs beside the adherence of exercise."""

from datetime import date

import numpy as np
import polars as pl

from ptanalytics.adherence.cma_measures import Carrying, measures
from ptanalytics.adherence.observed import Observed, observe
from ptanalytics.analysis import analysis
from ptanalytics.dates import DAYS_PER_WEEK, day_from_number
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.pharmacy_results import ExerciseAvailability
from ptanalytics.schemas.tables import Supplies
from ptanalytics.settings import Settings, default_settings


@analysis(returns=ExerciseAvailability, optional=("pauses", "patients"))
def exercise_availability(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Apply pharmacy measures to exercise: a counted session covers ``7 / f`` days, ``f`` the plan's sessions a week.

    The window goes from the first day of the plan to the last day observed with a plan in force. The measures are those of
    `pharmacy_adherence`, in the forms that make sense at all: CMA1-4 and, carrying over, CMA6 and CMA7. They are
    sensitivity outputs: training cannot be stored, so four sessions in four days do not cover the following week, and the
    weekly capped adherence stays the headline. Excused days stay in the window, as they do for medicines.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.

    Returns:
        One row per patient with a plan in force. Columns: `ExerciseAvailability`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [3.0]})
        >>> days = ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-16"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": days, "exercise_id": "bridge", "started_at": days})
        >>> found = exercise_availability(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 22))
        >>> found.select(pl.col("cma1", "cma2", "pdc").round(4)).row(0)
        (0.6667, 0.5556, 0.3651)

    References:
        Vollmer 2012, doi:10.1186/1472-6963-12-155, for medicines; for exercise an analogy.
    """
    settings = settings or default_settings()
    observed = observe(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date)
    units = observed.versions.group_by("person", maintain_order=True).agg(
        from_day=pl.col("start_day").first(), to_day=pl.col("to_day").max() + 1
    )
    units = units.with_columns(end_day="to_day").with_row_index("unit")
    found = measures(session_events(observed, units), units, Carrying()).hstack(units.drop("unit"))
    table = observed.named(found).with_columns(
        n_sessions="n_events", from_date=day_from_number(pl.col("from_day")), to_date=day_from_number(pl.col("to_day") - 1)
    )
    return table.lazy().select(columns_of(ExerciseAvailability).keys())


@analysis(returns=Supplies, optional=("pauses", "patients"))
def session_supplies(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Turn each counted session into a supply that lasts ``7 / f`` days, ``f`` the plan's sessions a week on that day.

    With it the pharmacy measures run on exercise per episode and in windows too. They count their windows from the first
    session, not from the plan's start as `exercise_availability` does. Sensitivity outputs, no headline.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.

    Returns:
        One row per counted session, columns of the table ``supplies`` (without dose and category).

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [3.5]})
        >>> sessions = pl.DataFrame({"patient_id": ["P1"], "session_id": ["a"], "exercise_id": ["bridge"],
        ...                          "started_at": ["2026-03-03"]})
        >>> session_supplies(sessions=sessions, plans=plans).select("supplied_date", "duration_days").row(0)
        (datetime.date(2026, 3, 3), 2.0)
    """
    settings = settings or default_settings()
    observed = observe(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date)
    people = observed.people.select("person", unit=pl.col("person").cast(pl.Int64))
    events = session_events(observed, people).with_columns(person="unit")
    table = observed.named(events).with_columns(
        supplied_date=day_from_number(pl.col("day")), duration_days="duration", daily_dose="dose"
    )
    return table.lazy().select(columns_of(Supplies).keys())


def session_events(observed: Observed, units: pl.DataFrame) -> pl.DataFrame:
    """Return each counted session as a supply of ``7 / sessions a week`` days: ``unit, day, duration, dose, category``."""
    days = observed.days.filter(pl.col("countable") > 0).join(
        units.select("person", "unit"), on="person", how="inner", maintain_order="left"
    )
    per_week = observed.versions["weekly_total"].to_numpy()[days["version"].to_numpy()]
    sessions_that_day = days["countable"].to_numpy()
    each = days.select("unit", "day").with_columns(
        pl.Series("duration", DAYS_PER_WEEK / per_week),
        dose=pl.lit(None, pl.Float64),
        category=pl.lit(None, pl.String),
    )
    return each[np.repeat(np.arange(each.height), sessions_that_day)]
