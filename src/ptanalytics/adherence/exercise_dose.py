"""Dose adherence exercise by exercise: how much of the prescribed volume was done."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import numpy as np
import polars as pl

from ptanalytics.adherence.counted import TOLERANCE
from ptanalytics.adherence.entries import Entries, read_entries
from ptanalytics.adherence.exercise_grid import ExerciseGrid
from ptanalytics.adherence.prescribed import by_week
from ptanalytics.analysis import analysis
from ptanalytics.dates import day_from_number, week_label
from ptanalytics.instruments.exercise_kinds import UNLISTED_KIND, exercise_kinds
from ptanalytics.schemas.dose_results import ExerciseAdherence
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import Settings, default_settings

By = Literal["window", "week"]

_NOTHING = 1e-9
_SUMS = ("days", "prescribed_sessions", "prescribed_volume", "volume_load_prescribed_kg")
_DONE = ("entries", "skipped", "assumed", "without_load")


@analysis(returns=ExerciseAdherence, optional=("pauses", "patients"))
def exercise_adherence(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
    by: By = "window",
    substitutes: Mapping[str, str] | None = None,
) -> pl.LazyFrame:
    """Measure how much of the prescribed volume of each exercise was done.

    ``dose_pct = 100 x done volume / (volume of one session x sessions prescribed)``. The volume of a session is what the
    plan counts the exercise in, the first it gives of sets x repetitions, sets x hold (s), minutes, sets; an exercise
    without a dose counts in sessions. Sessions accrue by the exercise's own frequency over eligible days, by the plan
    version in force on each day, whatever ``settings.adherence.prorate`` says. What was done is
    ``completed_fraction x volume`` where the entry gives a fraction, else the logged amounts; an entry that gives neither
    and no skip reason is taken as the prescribed dose and counted in ``assumed``. Entries of sessions too incomplete to
    count are in it, entries on excused or unplanned days are not.

    ``capped_pct`` caps each week: ``100 x sum min(done, prescribed) / sum prescribed``, so that one heavy week cannot hide
    an empty one. Weeks with a ratio above ``settings.adherence.overdose_ratio`` are counted, partial weeks excepted. With
    load in the plan, ``volume_load`` is repetitions x kg; missing where a done entry has no load.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.
        by: ``window`` for one row over everything, ``week`` for one a week.
        substitutes: ``{exercise done: prescribed exercise it stands for}`` as approved by the clinician. Other exercises
            that the plan does not hold are ignored here and counted by `dose_adherence`.

    Returns:
        One row per patient and exercise of a version in force (and week). An exercise whose unit changed with the plan has
        a row for each unit. Columns: `ExerciseAdherence`. Nothing prescribed: no percentage (``zero_prescribed``).

    Example:
        >>> plans = pl.DataFrame({"patient_id": "P1", "plan_version": 1, "exercise_id": ["bridge", "walk"],
        ...                       "valid_from_date": date(2026, 3, 2), "sessions_per_week": 2.0,
        ...                       "sets": [3.0, None], "reps": [12.0, None], "duration_min": [None, 20.0]})
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": ["a", "a"], "exercise_id": ["bridge", "walk"],
        ...                          "started_at": "2026-03-02", "sets": [3.0, None], "reps": [12.0, None],
        ...                          "duration_min": [None, 30.0]})
        >>> dose = exercise_adherence(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 8))
        >>> dose.select("exercise_id", "done_volume", "prescribed_volume", "unit", "dose_pct").rows()
        [('bridge', 36.0, 72.0, 'reps', 50.0), ('walk', 30.0, 40.0, 'min', 75.0)]

    References:
        Hawley-Hague 2016, doi:10.1136/bmjopen-2015-010560 [duration and volume as definitions of their own].
    """
    settings = settings or default_settings()
    entries = read_entries(
        sessions, plans, pauses, patients,
        settings=settings, cutoff_date=cutoff_date, substitutes=substitutes, also=("load_kg",),
    )  # fmt: skip
    weeks = exercise_weeks(entries, settings)
    rows = weeks if by == "week" else _over_weeks(weeks)
    return named_exercises(entries, rows).lazy().select(columns_of(ExerciseAdherence).keys())


def exercise_weeks(entries: Entries, settings: Settings) -> pl.DataFrame:
    """Return one row per person, exercise, unit and week with a plan for it: the columns of `ExerciseAdherence`."""
    grid = ExerciseGrid(entries, settings)
    start = day_from_number(pl.col("first_day"))
    return (
        grid.weeks()
        .lazy()
        .with_columns(**_prescribed(entries, grid), **_done(entries, grid))
        .filter("is_in_force")
        .with_columns(pl.when(pl.col(name) > _NOTHING).then(name).otherwise(0.0).alias(name) for name in _SUMS[1:])
        .with_columns(_load())
        .with_columns(
            _ratio("done_volume").alias("dose_pct"),
            capped_volume=pl.min_horizontal("done_volume", "prescribed_volume"),
        )
        .with_columns(
            capped_pct=_ratio("capped_volume"),
            overdose_weeks=_is_overdose(settings).fill_null(value=False).cast(pl.Int32),
            week_start_date=start,
            week=week_label(start, day_from_number(pl.col("start_day")), settings.time.week_anchor),
            reason=_reason(),
        )
        .collect()
    )


def named_exercises(entries: Entries, rows: pl.DataFrame) -> pl.DataFrame:
    """Replace numbers of people and exercises by their ids, and add the kind of exercise."""
    names = entries.inputs.exercises.categories
    kinds = pl.Series([exercise_kinds().get(name, UNLISTED_KIND) for name in names], dtype=pl.String)
    return rows.with_columns(
        pl.lit(entries.inputs.people["patient_id"].gather(rows["person"])).alias("patient_id"),
        pl.lit(names.gather(rows["exercise"])).alias("exercise_id"),
        pl.lit(kinds.gather(rows["exercise"])).alias("category"),
    )


def _prescribed(entries: Entries, grid: ExerciseGrid) -> dict[str, pl.Series]:
    """Days, sessions and volume accrued in each week; excused days take away."""
    in_force, held = by_week(entries.items, grid.weeks_of_people), by_week(entries.held.drop("item"), grid.weeks_of_people)
    item = np.concatenate([in_force["span"].to_numpy(), entries.held["item"].to_numpy()[held["span"].to_numpy()]])
    sign = np.repeat([1, -1], [in_force.height, held.height])
    place = grid.place(item, np.concatenate([in_force["row"].to_numpy(), held["row"].to_numpy()]))
    days, sessions = (
        sign * np.concatenate([part[name].to_numpy() for part in (in_force, held)]) for name in ("days", "accrued")
    )
    volume = sessions * entries.items["volume"].to_numpy()[item]
    kg = entries.items.select(pl.when(pl.col("unit") == "reps").then("load_kg")).to_series()
    return {
        "is_in_force": grid.total(place[: in_force.height], None) > 0,
        "days": grid.total(place, days).cast(pl.Int32),
        "prescribed_sessions": grid.total(place, sessions),
        "prescribed_volume": grid.total(place, volume),
        "volume_load_prescribed_kg": grid.total(place, volume * kg.fill_null(0.0).to_numpy()[item]),
        "has_load": grid.total(place, kg.is_not_null().to_numpy()[item]) > 0,
    }


def _done(entries: Entries, grid: ExerciseGrid) -> dict[str, pl.Series]:
    """What was logged in each week on eligible days."""
    rows = grid.weeks_of_people.located(entries.rows.filter(pl.col("is_eligible") & (pl.col("item") >= 0)))
    item = rows["item"].to_numpy()
    place = grid.place(item, rows["row"].to_numpy())
    fraction = rows["fraction"].to_numpy()
    volume = fraction * entries.items["volume"].to_numpy()[item]
    is_done = fraction > 0
    return {
        "entries": grid.total(place, None).cast(pl.Int32),
        "skipped": grid.total(place, ~is_done).cast(pl.Int32),
        "assumed": grid.total(place, rows["is_assumed"].to_numpy()).cast(pl.Int32),
        "done_volume": grid.total(place, volume),
        "without_load": grid.total(place, is_done & rows["load_kg"].is_null().to_numpy()).cast(pl.Int32),
        "volume_load_done_kg": grid.total(place, volume * rows["load_kg"].fill_null(0.0).to_numpy()),
    }


def _load() -> list[pl.Expr]:
    """Volume-load only where the plan gives a load, and what was done only where every done entry gives one."""
    has_load = pl.col("has_load")
    return [
        pl.when(has_load).then("volume_load_prescribed_kg").alias("volume_load_prescribed_kg"),
        pl.when(has_load & (pl.col("without_load") == 0)).then("volume_load_done_kg").alias("volume_load_done_kg"),
    ]


def _ratio(column: str) -> pl.Expr:
    prescribed = pl.col("prescribed_volume")
    return pl.when(prescribed > _NOTHING).then(100 * pl.col(column) / prescribed)


def _is_overdose(settings: Settings) -> pl.Expr:
    is_whole = pl.col("days") >= settings.adherence.min_eligible_days_week
    return is_whole & (pl.col("dose_pct") > 100 * settings.adherence.overdose_ratio + TOLERANCE)


def _reason() -> pl.Expr:
    return pl.when(pl.col("prescribed_volume") <= _NOTHING).then(pl.lit("zero_prescribed"))


def _over_weeks(weeks: pl.DataFrame) -> pl.DataFrame:
    """Sum the weeks of each exercise."""
    return (
        weeks.lazy()
        .group_by("number")
        .agg(
            pl.col("person", "exercise", "unit").first(),
            pl.col(*_SUMS, *_DONE, "done_volume", "volume_load_done_kg", "capped_volume", "overdose_weeks").sum(),
            has_load=pl.col("volume_load_prescribed_kg").is_not_null().any(),
        )
        .with_columns(_load())
        .with_columns(
            dose_pct=_ratio("done_volume"),
            capped_pct=_ratio("capped_volume"),
            reason=_reason(),
            week=pl.lit(None, pl.Int32),
            week_start_date=pl.lit(None, pl.Date),
        )
        .sort("person", "exercise", "unit")
        .collect()
    )
