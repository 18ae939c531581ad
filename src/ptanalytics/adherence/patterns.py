"""Patterns in the log: when sessions start, which exercises are left out and what reason is given."""

from datetime import date

import polars as pl

from ptanalytics.adherence.counted import TOLERANCE, row_fraction
from ptanalytics.adherence.session_log import DOSE
from ptanalytics.analysis import analysis
from ptanalytics.dates import WEEKDAYS, local_day
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.pattern_results import SessionPatterns, SkippedExercises, SkipReasons
from ptanalytics.settings import Settings, default_settings


@analysis(returns=SessionPatterns)
def session_patterns(
    sessions: pl.LazyFrame, *, settings: Settings | None = None, cutoff_date: date | None = None
) -> pl.LazyFrame:
    """Count each patient's sessions by weekday and hour of their start (local time).

    A session is one ``session_id``; it starts with its earliest row. The weekday is that of the local day it belongs to
    (``time.day_start_hour``), the hour that of the clock. Exactly midnight stands for a log that knows only the day.

    Args:
        sessions: Logged sessions.
        settings: Hour at which a day begins.
        cutoff_date: Last day looked at; the study's, or all.

    Returns:
        One row per patient, weekday and hour with a session. Columns: `SessionPatterns`.

    Example:
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": ["a", "b"], "exercise_id": "bridge",
        ...                          "started_at": ["2026-03-02 18:30", "2026-03-09 18:05"]})
        >>> session_patterns(sessions=sessions).rows()
        [('P1', 1, 18, 2, 2)]
    """
    settings = settings or default_settings()
    at = pl.col("started_at")
    is_done = (pl.col("completed_fraction").fill_null(1.0) > 0) & pl.col("skip_reason").is_null()
    starts = sessions.group_by("patient_id", "session_id").agg(at.min(), is_done=is_done.any())
    day = local_day(at, settings.time.day_start_hour)
    known = starts if cutoff_date is None else starts.filter(day <= cutoff_date)
    is_midnight = at.dt.time() == pl.time(0, 0)
    return (
        known.select(
            "patient_id",
            "is_done",
            weekday=day.dt.weekday().cast(pl.Int32),
            hour=pl.when(~is_midnight).then(at.dt.hour().cast(pl.Int32)),
        )
        .group_by("patient_id", "weekday", "hour")
        .agg(n_sessions=pl.len().cast(pl.Int32), n_done=pl.col("is_done").sum().cast(pl.Int32))
        .select(columns_of(SessionPatterns).keys())
    )


@analysis(returns=SkippedExercises)
def skipped_exercises(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Count for each prescribed exercise in how many of the sessions it was due in it was done, partly done or left out.

    Looked at are itemised sessions: those with at least one row of an exercise of the plan version of their day. In each,
    every exercise of that version is due (one with weekdays only on those). It is ``done`` from
    ``adherence.session_min_fraction`` of the prescribed volume, ``partly`` below, ``skipped`` where the entry says nothing
    was done, ``not_logged`` where the session has no row for it: nobody knows whether that was done.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        settings: The completion threshold.
        cutoff_date: Last day looked at; the study's, or all.

    Returns:
        One row per patient and exercise that was due at least once. Columns: `SkippedExercises`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": "P1", "plan_version": 1, "exercise_id": ["bridge", "plank"],
        ...                       "valid_from_date": date(2026, 3, 2), "sessions_per_week": 3.0})
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": ["a", "a", "b"], "skip_reason": [None, "pain", None],
        ...                          "exercise_id": ["bridge", "plank", "bridge"],
        ...                          "started_at": ["2026-03-02", "2026-03-02", "2026-03-04"]})
        >>> left_out = skipped_exercises(sessions=sessions, plans=plans)
        >>> left_out.select("exercise_id", "n_due", "n_skipped", "n_not_logged", "main_reason").rows()
        [('bridge', 2, 0, 0, None), ('plank', 2, 1, 1, 'pain')]
    """
    settings = settings or default_settings()
    key = ("patient_id", "session_id", "exercise_id")
    due = _due(sessions, plans, settings, cutoff_date)
    logged = sessions.select(*key, "completed_fraction", "skip_reason", *DOSE, is_logged=pl.lit(value=True))
    rows = due.join(logged, on=key, how="left").with_columns(
        pl.col("is_logged").fill_null(value=False), fraction=row_fraction()
    )
    rows = rows.filter(pl.col("is_logged").any().over("patient_id", "session_id"))
    logged_row, share = pl.col("is_logged"), pl.col("fraction")
    is_done = logged_row & (share >= settings.adherence.session_min_fraction - TOLERANCE) & (share > 0)
    is_skipped = logged_row & (share <= 0)
    reason = pl.col("skip_reason").drop_nulls()
    counted = rows.group_by("patient_id", "exercise_id").agg(
        n_due=pl.len().cast(pl.Int32),
        n_done=is_done.sum().cast(pl.Int32),
        n_skipped=is_skipped.sum().cast(pl.Int32),
        n_not_logged=(~logged_row).sum().cast(pl.Int32),
        main_reason=reason.mode().sort().first(),
    )
    left_out = pl.col("n_skipped") + pl.col("n_not_logged")
    return counted.with_columns(
        n_partly=pl.col("n_due") - pl.col("n_done") - left_out, left_out_pct=100 * left_out / pl.col("n_due")
    ).select(columns_of(SkippedExercises).keys())


def _due(sessions: pl.LazyFrame, plans: pl.LazyFrame, settings: Settings, cutoff_date: date | None) -> pl.LazyFrame:
    """Return each session with the exercises due in it: ``patient_id, session_id, exercise_id`` and doses ``*_plan``."""
    day = local_day(pl.col("started_at").min(), settings.time.day_start_hour)
    starts = sessions.group_by("patient_id", "session_id").agg(day=day)
    if cutoff_date is not None:
        starts = starts.filter(pl.col("day") <= cutoff_date)
    is_open = pl.col("valid_to_date").is_null().any()
    versions = (
        plans.group_by("patient_id", "plan_version")
        .agg(
            from_date=pl.col("valid_from_date").min(),
            to_date=pl.when(is_open).then(None).otherwise(pl.col("valid_to_date").max()),
        )
        .sort("patient_id", "from_date", "plan_version")
        .unique(["patient_id", "from_date"], keep="last", maintain_order=True)
    )
    in_force = (
        starts.sort("day")
        .join_asof(versions.sort("from_date"), left_on="day", right_on="from_date", by="patient_id", check_sortedness=False)
        .filter((pl.col("day") <= pl.col("to_date")) | (pl.col("to_date").is_null() & pl.col("from_date").is_not_null()))
    )
    names = pl.col("weekdays").str.to_lowercase().fill_null("").str.strip_chars()
    weekday = pl.col("day").dt.weekday()
    is_listed = pl.any_horizontal(
        (weekday == number) & names.str.contains(name, literal=True) for number, name in enumerate(WEEKDAYS, start=1)
    )
    doses = plans.select(
        "patient_id", "plan_version", "exercise_id", "weekdays", *(pl.col(c).alias(f"{c}_plan") for c in DOSE)
    )
    joined = in_force.join(doses, on=["patient_id", "plan_version"])
    return joined.filter((names == "") | is_listed).drop("weekdays", "from_date", "to_date", "day")


@analysis(returns=SkipReasons)
def skip_reasons(
    sessions: pl.LazyFrame, *, settings: Settings | None = None, cutoff_date: date | None = None
) -> pl.LazyFrame:
    """Count the reasons patients gave for leaving an exercise out, as recorded.

    Args:
        sessions: Logged sessions.
        settings: Hour at which a day begins.
        cutoff_date: Last day looked at; the study's, or all.

    Returns:
        One row per patient, exercise and reason. Columns: `SkipReasons`. Rows without a reason are not listed.

    Example:
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": ["a", "b"], "exercise_id": "plank",
        ...                          "started_at": ["2026-03-02", "2026-03-04"], "skip_reason": ["pain", "pain"]})
        >>> skip_reasons(sessions=sessions).select("skip_reason", "n").rows()
        [('pain', 2)]
    """
    day = local_day(pl.col("started_at"), (settings or default_settings()).time.day_start_hour)
    rows = sessions.filter(pl.col("skip_reason").is_not_null()).with_columns(day=day)
    if cutoff_date is not None:
        rows = rows.filter(pl.col("day") <= cutoff_date)
    return (
        rows.group_by("patient_id", "exercise_id", "skip_reason")
        .agg(n=pl.len().cast(pl.Int32), last_date=pl.col("day").max())
        .select(columns_of(SkipReasons).keys())
    )
