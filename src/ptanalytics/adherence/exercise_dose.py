"""Dose adherence exercise by exercise: how much of the prescribed volume was done."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import polars as pl

from ptanalytics.adherence.counted import TOLERANCE
from ptanalytics.adherence.entries import Entries, read_entries
from ptanalytics.adherence.prescribed import by_week
from ptanalytics.adherence.week_grid import WeekGrid, week_grid
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
    grid = week_grid(entries.inputs.versions, settings.time.week_anchor)
    prescribed, done = _prescribed(entries, grid), _done(entries, grid)
    keys = ("person", "exercise", "unit")
    of_item = entries.items.select("person", "exercise", "unit").with_row_index("item").cast({"item": pl.Int64})
    weeks = grid.weeks().with_row_index("row").select(pl.col("row").cast(pl.Int64), "start_day", "first_day")
    start = day_from_number(pl.col("first_day"))
    return (
        pl.concat([prescribed, done], how="diagonal_relaxed")
        .lazy()
        .join(of_item.lazy(), on="item")
        .group_by(*keys, "row")
        .agg(
            *(pl.col(name).sum() for name in (*_SUMS, "done_volume")),
            *(pl.col(name).sum().cast(pl.Int32) for name in _DONE),
            volume_load_done_kg=pl.col("volume_load_done_kg").sum(),
            has_load=pl.col("volume_load_prescribed_kg").is_not_null().any(),
        )
        .with_columns(pl.when(pl.col(name) > _NOTHING).then(name).otherwise(0.0).alias(name) for name in _SUMS[1:])
        .with_columns(_load())
        .with_columns(_ratio("done_volume").alias("dose_pct"))
        .with_columns(
            capped_volume=pl.min_horizontal("done_volume", "prescribed_volume"),
            overdose_weeks=_is_overdose(settings).fill_null(value=False).cast(pl.Int32),
        )
        .with_columns(capped_pct=_ratio("capped_volume"))
        .join(weeks.lazy(), on="row")
        .with_columns(
            week_start_date=start,
            week=week_label(start, day_from_number(pl.col("start_day")), settings.time.week_anchor),
            reason=_reason(),
        )
        .sort("person", "first_day", "exercise", "unit")
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


def _prescribed(entries: Entries, grid: WeekGrid) -> pl.DataFrame:
    """Sessions and volume accrued by each item in each week; excused days take away."""
    in_force = by_week(entries.items, grid).with_columns(item=pl.col("span").cast(pl.Int64), sign=pl.lit(1))
    held = by_week(entries.held.drop("item"), grid)
    held = held.with_columns(item=entries.held["item"].gather(held["span"]), sign=pl.lit(-1))
    signed = pl.concat([in_force, held], how="vertical_relaxed")
    volume, load = (entries.items[name].gather(signed["item"]) for name in ("volume", "load_kg"))
    is_reps = (entries.items["unit"] == "reps").gather(signed["item"])
    sessions = pl.col("accrued") * pl.col("sign")
    return signed.with_columns(volume=pl.lit(volume), load=pl.when(pl.lit(is_reps)).then(pl.lit(load))).select(
        "item",
        pl.col("row").cast(pl.Int64),
        days=(pl.col("days") * pl.col("sign")).cast(pl.Int32),
        prescribed_sessions=sessions,
        prescribed_volume=sessions * pl.col("volume"),
        volume_load_prescribed_kg=sessions * pl.col("volume") * pl.col("load"),
    )


def _done(entries: Entries, grid: WeekGrid) -> pl.DataFrame:
    """What each logged row adds to its item and week."""
    rows = grid.located(entries.rows.filter(pl.col("is_eligible") & (pl.col("item") >= 0)))
    volume = pl.col("fraction") * pl.lit(entries.items["volume"].gather(rows["item"]))
    is_done = pl.col("fraction") > 0
    return rows.select(
        "item",
        pl.col("row").cast(pl.Int64),
        done_volume=volume,
        entries=pl.lit(1, pl.Int32),
        skipped=(~is_done).cast(pl.Int32),
        assumed=pl.col("is_assumed").cast(pl.Int32),
        without_load=(is_done & pl.col("load_kg").is_null()).cast(pl.Int32),
        volume_load_done_kg=volume * pl.col("load_kg"),
    )


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
        .group_by("person", "exercise", "unit")
        .agg(
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
