"""Patterns in the log: when sessions start, which exercises are left out and what reason is given."""

from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from ptanalytics.adherence.counted import TOLERANCE
from ptanalytics.adherence.entries import Entries, read_entries
from ptanalytics.adherence.prescribed import with_weekdays
from ptanalytics.analysis import analysis
from ptanalytics.dates import DAYS_PER_WEEK, WEEKDAYS, days_since_monday, local_day
from ptanalytics.schemas.frames import empty_frame
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.pattern_results import SessionPatterns, SkippedExercises, SkipReasons
from ptanalytics.schemas.tables import Patients, Pauses
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
        >>> session_patterns(sessions=sessions).select("weekday", "hour", "n_sessions", "n_done").rows()
        [(1, 18, 2, 2)]
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
            day=day,
            weekday=day.dt.weekday().cast(pl.Int32),
            hour=pl.when(~is_midnight).then(at.dt.hour().cast(pl.Int32)),
        )
        .group_by("patient_id", "weekday", "hour")
        .agg(
            n_sessions=pl.len().cast(pl.Int32),
            n_done=pl.col("is_done").sum().cast(pl.Int32),
            first_date=pl.col("day").min(),
            last_date=pl.col("day").max(),
        )
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
    with_reason = sessions.with_columns(given_reason=pl.col("skip_reason"))
    nobody, none = (empty_frame(model).lazy() for model in (Patients, Pauses))
    entries = read_entries(
        with_reason, plans, none, nobody, settings=settings, cutoff_date=cutoff_date, also=("given_reason",)
    )
    rows = entries.rows.filter(pl.col("item") >= 0)
    item, weekday = rows["item"].to_numpy(), days_since_monday(rows["day"].to_numpy())
    version = entries.items["version"].to_numpy()
    is_due = _due_on(entries)
    is_first = np.diff(rows["session"].to_numpy(), prepend=-1) != 0
    n_versions = entries.inputs.versions.height
    sessions_on = np.zeros((n_versions, DAYS_PER_WEEK), np.int64)
    np.add.at(sessions_on, (version[item[is_first]], weekday[is_first]), 1)
    n_due = (sessions_on[version] * is_due).sum(axis=1)
    counted = rows.filter(pl.Series(is_due[item, weekday]))
    names = entries.items.select("person", "exercise_id").with_columns(pl.Series("n_due", n_due, dtype=pl.Int32))
    states = names.with_row_index("item").cast({"item": pl.Int64}).join(_states(counted, settings), on="item", how="left")
    reasons = counted.filter(pl.col("given_reason").is_not_null()).join(
        entries.items.select("exercise_id").with_row_index("item").cast({"item": pl.Int64}), on="item"
    )
    main = reasons.group_by("person", "exercise_id").agg(main_reason=pl.col("given_reason").mode().sort().first())
    left_out = pl.col("n_skipped") + pl.col("n_not_logged")
    table = (
        states.group_by("person", "exercise_id")
        .agg(pl.col("n_due", "n_logged", "n_done", "n_skipped").sum().cast(pl.Int32))
        .filter(pl.col("n_due") > 0)
        .with_columns(n_not_logged=pl.col("n_due") - pl.col("n_logged"))
        .with_columns(
            n_partly=pl.col("n_logged") - pl.col("n_done") - pl.col("n_skipped"),
            left_out_pct=100 * left_out / pl.col("n_due"),
        )
        .join(main, on=["person", "exercise_id"], how="left")
    )
    ids = entries.inputs.people["patient_id"]
    return table.with_columns(ids.gather(table["person"])).lazy().select(columns_of(SkippedExercises).keys())


def _states(rows: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Count by item the rows that say it was done, and those that say nothing of it was."""
    share = pl.col("fraction")
    is_done = (share >= settings.adherence.session_min_fraction - TOLERANCE) & (share > 0)
    return rows.group_by("item").agg(n_logged=pl.len(), n_done=is_done.sum(), n_skipped=(share <= 0).sum())


def _due_on(entries: Entries) -> npt.NDArray[np.bool_]:
    """Say of each item on which weekdays it is due; without weekdays in the plan on all."""
    listed = with_weekdays(entries.inputs.plans).select("person", "plan_version", "exercise_id", "has_days", *WEEKDAYS)
    items = entries.items.select("person", "plan_version", "exercise_id").lazy()
    flags = items.join(listed, on=["person", "plan_version", "exercise_id"], how="left", maintain_order="left").select(
        pl.col(day) | ~pl.col("has_days") for day in WEEKDAYS
    )
    found: npt.NDArray[np.bool_] = flags.collect().to_numpy()
    return found


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
