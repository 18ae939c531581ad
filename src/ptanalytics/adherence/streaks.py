"""Consecutive complete plan weeks at or above the cut."""

from datetime import date

import polars as pl

from ptanalytics.adherence.counted import TOLERANCE
from ptanalytics.adherence.observed import observe
from ptanalytics.adherence.weekly import weeks_of
from ptanalytics.analysis import analysis
from ptanalytics.dates import DAYS_PER_WEEK
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.results import WeekStreaks
from ptanalytics.settings import Settings, default_settings


@analysis(returns=WeekStreaks, optional=("pauses", "patients"))
def week_streaks(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Count consecutive complete weeks in which a patient did at least the adherent share of what was prescribed.

    A week is complete with 7 eligible days and extends the streak when ``counted / prescribed`` is at least
    ``settings.adherence.adherent_cut``; a complete week below breaks it. Weeks with a pause, partial weeks and the current
    unfinished week do neither. A patient without a complete week has a streak of 0 and ``complete_weeks`` 0.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.

    Returns:
        One row per patient with a plan in force. Columns: `WeekStreaks`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [1.0]})
        >>> times = ["2026-03-02", "2026-03-09", "2026-03-23"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": times, "exercise_id": "bridge", "started_at": times})
        >>> week_streaks(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 29)).rows()
        [('P1', 4, 1, 2)]
    """
    settings = settings or default_settings()
    observed = observe(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date)
    is_adherent = pl.col("counted") >= settings.adherence.adherent_cut * pl.col("prescribed") - TOLERANCE
    is_complete = (pl.col("eligible_days") == DAYS_PER_WEEK) & (pl.col("prescribed") > 0)
    weeks = weeks_of(observed, settings).sort("person", "week_start_date").with_columns(is_complete=is_complete)
    runs = (
        weeks.filter("is_complete")
        .with_columns(is_adherent=is_adherent)
        .with_columns(broken_before=(~pl.col("is_adherent")).cum_sum().over("person"))
        .group_by("person", "broken_before")
        .agg(length=pl.col("is_adherent").sum().cast(pl.Int32))
        .group_by("person")
        .agg(current_weeks=pl.col("length").sort_by("broken_before").last(), best_weeks=pl.col("length").max())
    )
    streaks = (
        weeks.group_by("person")
        .agg(complete_weeks=pl.col("is_complete").sum().cast(pl.Int32))
        .join(runs, on="person", how="left")
        .with_columns(pl.col("current_weeks", "best_weeks").fill_null(0))
    )
    return observed.named(streaks).lazy().select(columns_of(WeekStreaks).keys())
