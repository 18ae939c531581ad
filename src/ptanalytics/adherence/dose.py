"""Dose adherence across exercises: the mean of their ratios, over all and by kind of exercise."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from ptanalytics.adherence.counted import TOLERANCE
from ptanalytics.adherence.entries import Entries, read_entries
from ptanalytics.adherence.exercise_dose import By, exercise_weeks
from ptanalytics.adherence.week_grid import week_grid
from ptanalytics.analysis import analysis
from ptanalytics.instruments.exercise_kinds import EXERCISE_KINDS, UNLISTED_KIND, exercise_kinds
from ptanalytics.schemas.dose_results import DoseAdherence
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import Settings, default_settings

ALL = "all"
_KINDS = pl.Enum([ALL, *EXERCISE_KINDS, UNLISTED_KIND])


@analysis(returns=DoseAdherence, optional=("pauses", "patients"))
def dose_adherence(
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
    """Measure how much of the prescribed dose was done, over all exercises and for each kind of exercise.

    Volumes in different units are never added: ``capped_pct`` is the mean over exercises of `exercise_adherence`'s capped
    ratio, ``dose_pct`` the mean of the uncapped one. Where all exercises of a row have one unit, their summed volumes are
    given beside it. Kinds are stretching, strengthening, stabilization and aerobic, by the catalogue; an exercise it does
    not list is ``not in catalogue`` and still counts in ``all``. Entries of exercises that the plan version of the day
    does not hold are ignored and counted in ``other_entries``.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.
        by: ``window`` for one row over everything, ``week`` for one a week.
        substitutes: ``{exercise done: prescribed exercise it stands for}`` as approved by the clinician.

    Returns:
        One row per patient with a plan in force and kind of exercise, and one for ``all`` (and week). Columns:
        `DoseAdherence`. Exercises with nothing prescribed are in no mean (``n_without``); a row without any other has no
        percentage (``zero_prescribed``).

    Example:
        >>> plans = pl.DataFrame({"patient_id": "P1", "plan_version": 1, "exercise_id": ["bridge", "plank", "walk"],
        ...                       "valid_from_date": date(2026, 3, 2), "sessions_per_week": 7.0,
        ...                       "reps": [36.0, None, None], "hold_s": [None, 60.0, None],
        ...                       "duration_min": [None, None, 20.0]})
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": "a", "exercise_id": ["bridge", "plank", "walk"],
        ...                          "started_at": "2026-03-02", "reps": [36.0, None, None], "hold_s": [None, 30.0, None],
        ...                          "duration_min": [None, None, 30.0]})
        >>> dose = dose_adherence(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 2))
        >>> dose.filter(category="all").select("n_exercises", "dose_pct", pl.col("capped_pct").round(4)).row(0)
        (3, 100.0, 83.3333)

    References:
        Hawley-Hague 2016, doi:10.1136/bmjopen-2015-010560.
    """
    settings = settings or default_settings()
    entries = read_entries(
        sessions, plans, pauses, patients,
        settings=settings, cutoff_date=cutoff_date, substitutes=substitutes, also=("load_kg",),
    )  # fmt: skip
    weeks = exercise_weeks(entries, settings)
    return dose_of(entries, weeks, by, settings).lazy().select(columns_of(DoseAdherence).keys())


def dose_of(entries: Entries, weeks: pl.DataFrame, by: By, settings: Settings) -> pl.DataFrame:
    """Return the dose by kind of exercise from the weeks of single exercises; ``person`` beside ``patient_id``."""
    weeks = weeks.with_columns(pl.lit(_kinds(entries).gather(weeks["exercise"])).alias("category"))
    rows = _by_week(weeks.lazy(), settings) if by == "week" else _over_weeks(weeks.lazy(), settings)
    keys = ["person", "week_start_date"] if by == "week" else ["person"]
    others = _others(entries, settings).group_by(keys).agg(other_entries=pl.len().cast(pl.Int32))
    found = (
        rows.join(others, on=keys, how="left")
        .with_columns(
            pl.col("category").cast(pl.String),
            other_entries=pl.when(pl.col("category") == ALL).then(pl.col("other_entries").fill_null(0)),
            reason=pl.when(pl.col("n_exercises") == 0).then(pl.lit("zero_prescribed")),
        )
        .sort("person", "week_start_date", "category")
        .collect()
    )
    return found.with_columns(pl.lit(entries.inputs.people["patient_id"].gather(found["person"])).alias("patient_id"))


def _kinds(entries: Entries) -> pl.Series:
    """The kind of each exercise, by its number."""
    kinds = [exercise_kinds().get(name, UNLISTED_KIND) for name in entries.inputs.exercises.categories]
    return pl.Series(kinds, dtype=_KINDS)


def _with_all(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows once for their kind and once for all."""
    return pl.concat([rows, rows.with_columns(category=pl.lit(ALL, _KINDS))])


def _by_week(weeks: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    means = _means(_with_all(weeks), ["week_start_date", "week"], pl.col("days").max())
    return means.with_columns(overdose_weeks=_is_overdose(settings).cast(pl.Int32))


def _over_weeks(weeks: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """One row per exercise over all weeks, then their means."""
    volumes = ("prescribed_volume", "done_volume", "capped_volume", "entries", "assumed")
    prescribed = pl.col("prescribed_volume")
    exercises = (
        weeks.group_by("number")
        .agg(pl.col("person", "category", "unit").first(), pl.col(volumes).sum())
        .with_columns(
            dose_pct=pl.when(prescribed > 0).then(100 * pl.col("done_volume") / prescribed),
            capped_pct=pl.when(prescribed > 0).then(100 * pl.col("capped_volume") / prescribed),
        )
    )
    of_kinds = weeks.group_by("person", "category", "first_day").agg(pl.col("dose_pct").mean(), pl.col("days").max())
    of_all = weeks.group_by("person", "first_day").agg(pl.col("dose_pct").mean(), pl.col("days").max())
    overdose = (
        pl.concat([of_kinds, of_all.with_columns(category=pl.lit(ALL, _KINDS))], how="diagonal")
        .group_by("person", "category")
        .agg(overdose_weeks=_is_overdose(settings).sum().cast(pl.Int32))
    )
    return (
        _means(_with_all(exercises), [])
        .join(overdose, on=["person", "category"])
        .with_columns(week=pl.lit(None, pl.Int32), week_start_date=pl.lit(None, pl.Date))
    )


def _means(exercises: pl.LazyFrame, week: list[str], *also: pl.Expr) -> pl.LazyFrame:
    """Means over the exercises of one kind; sums only where they have one unit."""
    has_one_unit = pl.col("n_units") == 1
    has_some = pl.col("prescribed_volume") > 0
    return (
        exercises.group_by("person", "category", *week)
        .agg(
            *also,
            pl.col("dose_pct", "capped_pct").mean(),
            pl.col("prescribed_volume", "done_volume", "entries", "assumed").sum(),
            n_exercises=has_some.sum().cast(pl.Int32),
            n_without=(~has_some).sum().cast(pl.Int32),
            n_units=pl.col("unit").n_unique(),
            unit=pl.col("unit").first(),
        )
        .with_columns(
            pl.when(has_one_unit).then(pl.col(name)).alias(name) for name in ("unit", "prescribed_volume", "done_volume")
        )
        .drop("n_units")
    )


def _is_overdose(settings: Settings) -> pl.Expr:
    is_whole = pl.col("days") >= settings.adherence.min_eligible_days_week
    return (is_whole & (pl.col("dose_pct") > 100 * settings.adherence.overdose_ratio + TOLERANCE)).fill_null(value=False)


def _others(entries: Entries, settings: Settings) -> pl.LazyFrame:
    """Logged rows on eligible days that serve no prescribed exercise: ``person, week_start_date``."""
    grid = week_grid(entries.inputs.versions, settings.time.week_anchor)
    rows = grid.located(entries.rows.filter(pl.col("is_eligible") & (pl.col("item") < 0)))
    starts = grid.weeks().select(week_start_date=pl.col("first_day").cast(pl.Int32).cast(pl.Date)).to_series()
    return rows.select("person", week_start_date=pl.lit(starts.gather(rows["row"]))).lazy()
