"""Adherence over the whole window, under every named cap rule."""

from datetime import date

import polars as pl

from ptanalytics.adherence.counted import TOLERANCE
from ptanalytics.adherence.observed import observe
from ptanalytics.adherence.weekly import weeks_of
from ptanalytics.analysis import analysis
from ptanalytics.dates import day_from_number, plan_starts
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.results import AdherenceSummary
from ptanalytics.settings import Settings, default_settings

_COUNTS = (
    "weeks",
    "eligible_days",
    "excused_days",
    "days_with_entry",
    "counted",
    "logged",
    "unprescribed",
    "weeks_classified",
    "weeks_adherent",
    "overdose_weeks",
)


@analysis(returns=AdherenceSummary, optional=("pauses", "patients"))
def adherence_summary(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Measure adherence from time zero to the last day with a plan in force, under every named cap rule.

    With ``S`` counted and ``P`` prescribed sessions of a week (see `weekly_adherence`), over weeks with ``P > 0``:

    - ``uncapped_pct = 100 x sum S / sum P``, may exceed 100;
    - ``weekly_capped_pct = 100 x sum min(S, P) / sum P``: more in one week cannot hide a missed one;
    - ``window_capped_pct = 100 x min(sum S, sum P) / sum P``: any catching up inside the window;
    - ``mean_of_weeks_pct``: mean of ``min(1, S / P)``, each week the same weight;
    - ``weeks_adherent_pct``: share of weeks with ``S / P`` at or above the cut, of the weeks with enough eligible days.

    The headline is the one named in ``settings.adherence.headline``; its band is adherent, partial or low by the cuts. A
    patient without a percentage is listed with a reason: ``no_plan``, ``no_cutoff`` (no session and no cutoff: nothing was
    observed), ``not_started`` (no version was in force by the cutoff), ``zero_prescribed``. Sessions before time zero and
    after the plan's end are in ``logged`` and ``unprescribed``.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days and who else belongs to the cohort; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.

    Returns:
        One row per patient named in any of the four tables. Columns: `AdherenceSummary`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [3.0]})
        >>> days = ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06", "2026-03-10"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": days, "exercise_id": "bridge", "started_at": days})
        >>> summary = adherence_summary(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 15))
        >>> summary.select(pl.col("uncapped_pct", "weekly_capped_pct", "window_capped_pct").round(1), "band").row(0)
        (100.0, 66.7, 100.0, 'partial')

    References:
        Bailey 2020, doi:10.1136/bjsports-2019-100982 [the 80 % cut]; Vrijens 2012, doi:10.1111/j.1365-2125.2012.04167.x.
    """
    settings = settings or default_settings()
    observed = observe(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date)
    return (
        observed.people.lazy()
        .join(plan_starts(plans), on="patient_id", how="left")
        .with_columns(cutoff_day=pl.lit(observed.cutoff_day, pl.Int32))
        .join(_totals(weeks_of(observed, settings).lazy(), settings), on="person", how="left")
        .join(_window_ends(observed.versions.lazy()), on="person", how="left")
        .join(_entries(observed.days.lazy()), on="person", how="left")
        .with_columns(pl.col(*_COUNTS, "prescribed", "counted_capped").fill_null(0))
        .with_columns(pl.col("unprescribed") + pl.col("logged") - pl.col("logged_in_weeks").fill_null(0))
        .with_columns(from_date=pl.col("start_date"), to_date=day_from_number(pl.col("to_day")))
        .with_columns(_percentages())
        .with_columns(_headline(settings))
        .with_columns(band=adherence_band(settings), reason=_reason())
        .select(columns_of(AdherenceSummary).keys())
    )


def _totals(weeks: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Sums over weeks of one patient."""
    counted, prescribed = pl.col("counted"), pl.col("prescribed")
    has_some = prescribed > 0
    is_classified = has_some & ~pl.col("is_partial")
    is_adherent = counted >= settings.adherence.adherent_cut * prescribed - TOLERANCE
    return weeks.group_by("person").agg(
        pl.col("eligible_days", "excused_days", "days_with_entry", "prescribed", "counted", "unprescribed").sum(),
        counted_capped=pl.min_horizontal(counted, prescribed).sum(),
        mean_of_weeks_pct=pl.col("adherence_pct").mean(),
        weeks=has_some.sum().cast(pl.Int32),
        weeks_classified=is_classified.sum().cast(pl.Int32),
        weeks_adherent=(is_classified & is_adherent).sum().cast(pl.Int32),
        overdose_weeks=pl.col("is_overdose").sum().cast(pl.Int32),
        logged_in_weeks=pl.col("logged").sum(),
    )


def _window_ends(versions: pl.LazyFrame) -> pl.LazyFrame:
    return versions.group_by("person").agg(pl.col("to_day").max())


def _entries(days: pl.LazyFrame) -> pl.LazyFrame:
    """Everything logged up to the cutoff, inside the weeks or not."""
    return days.group_by("person").agg(pl.col("logged").sum(), last_entry_date=day_from_number(pl.col("day").max()))


def _percentages() -> list[pl.Expr]:
    counted, prescribed, most = pl.col("counted"), pl.col("prescribed"), pl.lit(100.0)
    has_some = prescribed > 0
    return [
        pl.when(has_some).then(100 * counted / prescribed).alias("uncapped_pct"),
        pl.when(has_some)
        .then(pl.min_horizontal(100 * pl.col("counted_capped") / prescribed, most))
        .alias("weekly_capped_pct"),
        pl.when(has_some).then(pl.min_horizontal(100 * counted / prescribed, most)).alias("window_capped_pct"),
        (100 * pl.col("weeks_adherent") / pl.col("weeks_classified")).fill_nan(None).alias("weeks_adherent_pct"),
    ]


def _headline(settings: Settings) -> list[pl.Expr]:
    definition = settings.adherence.headline
    return [pl.lit(definition).alias("definition"), pl.col(f"{definition}_pct").alias("adherence_pct")]


def adherence_band(settings: Settings) -> pl.Expr:
    """Return the band of ``adherence_pct`` by the cuts of the settings; missing without a percentage."""
    share = pl.col("adherence_pct") / 100
    return (
        pl.when(share.is_null())
        .then(None)
        .when(share >= settings.adherence.adherent_cut - TOLERANCE)
        .then(pl.lit("adherent"))
        .when(share >= settings.adherence.low_cut - TOLERANCE)
        .then(pl.lit("partial"))
        .otherwise(pl.lit("low"))
    )


def _reason() -> pl.Expr:
    return (
        pl.when(pl.col("start_date").is_null())
        .then(pl.lit("no_plan"))
        .when(pl.col("cutoff_day").is_null())
        .then(pl.lit("no_cutoff"))
        .when(pl.col("to_day").is_null())
        .then(pl.lit("not_started"))
        .when(pl.col("prescribed") == 0)
        .then(pl.lit("zero_prescribed"))
    )
