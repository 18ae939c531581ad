"""What a patient's log says about one exercise: its last two sessions, how often it was done, when its dose changed."""

from datetime import date, timedelta

import polars as pl

from ptanalytics.dates import local_day
from ptanalytics.plans.current import plan_in_force, versions
from ptanalytics.plans.prescription import Prescription, prescriptions_of
from ptanalytics.plans.readings import Measured
from ptanalytics.settings import Settings

#: Sessions that a reading of pain, effort and completion looks back on.
LAST_SESSIONS = 2


def exercise_readings(
    sessions: pl.DataFrame, plans: pl.DataFrame, exercise_id: str, *, on_date: date, settings: Settings
) -> dict[str, Measured | int | tuple[float, ...]]:
    """Read the log of one patient for one exercise, up to a day.

    ``pain_during`` and ``rpe``: highest of the last 2 sessions; ``next_day_rise``: worst of the last 2 (next morning
    minus before the session); ``completed``: mean completion fraction of the last 2, each at most 1. A value that was
    not logged in one of the two is left out and ``n`` says so. An entry that gives a reason for skipping is no session.

    Args:
        sessions: Sessions of one patient.
        plans: Plan rows of the same patient, all versions.
        exercise_id: The exercise.
        on_date: Last day looked at.
        settings: Start of the day, length of the window.

    Returns:
        Inputs of `TuningInputs` by name.
    """
    log = (
        sessions.filter(pl.col("exercise_id") == exercise_id)
        .with_columns(day=local_day(pl.col("started_at"), settings.time.day_start_hour))
        .filter(pl.col("day") <= on_date)
        .sort("started_at")
    )
    done = log.filter(pl.col("skip_reason").is_null())
    first = on_date - timedelta(days=settings.tuning.rolling_days - 1)
    n_done = done.filter(pl.col("day") >= first)["session_id"].n_unique()
    last = done.tail(LAST_SESSIONS)
    rise = pl.col("pain_next_day_nprs") - pl.col("pain_before_nprs")
    return {
        "pain_during": _highest(last.select("day", value="pain_during_nprs")),
        "next_day_rise": _highest(last.select("day", value=rise)),
        "rpe": _highest(last.select("day", value="rpe")),
        "completed": _mean(last.select("day", value=pl.Series(_completed(last, plans), dtype=pl.Float64))),
        "sessions_14d": Measured(n_done, n_done, first, on_date),
        "skipped_14d": log.filter(pl.col("day") >= first, pl.col("skip_reason").is_not_null()).height,
        "last_set_reps": tuple(last["reps"].drop_nulls().to_list()) if last["reps"].null_count() == 0 else (),
        "days_since_change": days_since_change(plans, exercise_id, on_date),
    }


def days_since_change(plans: pl.DataFrame, exercise_id: str, on_date: date) -> Measured:
    """Return the days since the prescription of one exercise last changed; the day it was first prescribed counts too.

    A version that repeats the exercise unchanged is no change. A version that starts later than ``on_date`` changed it
    0 days ago. Unknown where no version holds the exercise.
    """
    changed_on: date | None = None
    before: Prescription | None = None
    for version in versions(plans).iter_rows(named=True):
        rows = plans.filter(pl.col("plan_version") == version["plan_version"], pl.col("exercise_id") == exercise_id)
        now = next(iter(prescriptions_of(rows)), None)
        if now is not None and now != before:
            changed_on = version["valid_from_date"]
        before = now
    if changed_on is None:
        return Measured(reason="not_prescribed")
    return Measured(max(0, (on_date - changed_on).days), 1, changed_on, changed_on)


def completed_fraction(entry: Prescription, prescribed: Prescription | None, stated: float | None) -> float | None:
    """Return how much of one prescribed session was done, at most 1: as stated, else done / prescribed volume.

    Missing where neither the log states it nor both volumes are known in the same unit.

    Example:
        >>> plan = Prescription("glute_bridge", sets=3, reps=12)
        >>> completed_fraction(Prescription("glute_bridge", sets=3, reps=9), plan, None)
        0.75
    """
    if stated is not None:
        return min(1.0, stated)
    if prescribed is None or entry.unit() != prescribed.unit():
        return None
    done, due = entry.session_volume(), prescribed.session_volume()
    return None if done is None or not due else min(1.0, done / due)


def _completed(last: pl.DataFrame, plans: pl.DataFrame) -> list[float | None]:
    fractions = []
    for row in last.iter_rows(named=True):
        in_force = prescriptions_of(plan_in_force(plans, row["day"]))
        prescribed = next((one for one in in_force if one.exercise_id == row["exercise_id"]), None)
        dose = {name: row[name] for name in ("sets", "reps", "hold_s", "duration_min")}
        fractions.append(
            completed_fraction(Prescription(row["exercise_id"], **dose), prescribed, row["completed_fraction"])
        )
    return fractions


def _highest(values: pl.DataFrame) -> Measured:
    return _measured(values, None if (highest := values["value"].max()) is None else float(highest))  # type: ignore[arg-type]


def _mean(values: pl.DataFrame) -> Measured:
    return _measured(values, None if (mean := values["value"].mean()) is None else float(mean))  # type: ignore[arg-type]


def _measured(values: pl.DataFrame, value: float | None) -> Measured:
    known = values.drop_nulls("value")
    if value is None:
        return Measured(reason="no_session" if values.is_empty() else "not_logged")
    return Measured(value, known.height, known["day"].min(), known["day"].max())  # type: ignore[arg-type]
