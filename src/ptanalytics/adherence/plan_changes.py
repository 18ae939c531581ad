"""Adherence before and after a plan change, side by side. A description, not an effect."""

from datetime import date

import polars as pl

from ptanalytics.adherence.observed import Observed, observe
from ptanalytics.adherence.person_spans import counted_between, prescribed_between
from ptanalytics.analysis import analysis
from ptanalytics.dates import day_from_number
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.pattern_results import PlanChangePatterns
from ptanalytics.settings import Settings, default_settings

FOUR_WEEKS_DAYS = 28


@analysis(returns=PlanChangePatterns, optional=("pauses", "patients"))
def plan_change_patterns(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    days: int = FOUR_WEEKS_DAYS,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Describe adherence in the days before and after each plan change.

    Before: up to ``days`` days of the version that came before; after: up to ``days`` days of the new one; neither reaches
    into another version or past the last day observed. ``adherence = 100 x min(counted, prescribed) / prescribed`` of each.
    Excused days are left out. With fewer eligible days than ``adherence.min_eligible_days_week`` on a side it is missing.

    The two numbers stand side by side. Plans change for reasons, and those reasons move adherence too: the difference does
    not show what the change did.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        days: Longest stretch on each side.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.

    Returns:
        One row per patient and version in force but the first. Columns: `PlanChangePatterns`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": "P1", "plan_version": [1, 2], "exercise_id": ["bridge", "plank"],
        ...                       "sessions_per_week": [3.0, 2.0],
        ...                       "valid_from_date": [date(2026, 3, 2), date(2026, 3, 16)]})
        >>> times = ["2026-03-02", "2026-03-04", "2026-03-06", "2026-03-16", "2026-03-18", "2026-03-23", "2026-03-25"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": times, "exercise_id": "bridge", "started_at": times})
        >>> found = plan_change_patterns(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 29))
        >>> found.select("adherence_before_pct", "adherence_after_pct", "n_added", "n_removed").row(0)
        (50.0, 100.0, 1, 1)
    """
    settings = settings or default_settings()
    observed = observe(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date)
    same = pl.col("person") == pl.col("person").shift()
    before_columns = {
        "from_before": "from_day",
        "to_before": "to_day",
        "version_before": "plan_version",
        "week_before": "weekly_total",
    }
    changes = (
        observed.versions.sort("person", "from_day")
        .with_columns(pl.when(same).then(pl.col(column).shift()).alias(name) for name, column in before_columns.items())
        .filter(pl.col("version_before").is_not_null())
        .with_row_index("change")
    )
    sides = {
        "before": (pl.max_horizontal("from_before", pl.col("to_before") - days + 1), pl.col("to_before")),
        "after": (pl.col("from_day"), pl.min_horizontal("to_day", pl.col("from_day") + days - 1)),
    }
    table = changes.select(
        "person",
        "plan_version",
        "version_before",
        change_date=day_from_number(pl.col("from_day")),
        per_week_before="week_before",
        per_week_after="weekly_total",
    )
    for side, (first, last) in sides.items():
        spans = changes.select("person", span="change", from_day=first, to_day=last)
        table = table.hstack(_side(observed, spans, side, settings.adherence.min_eligible_days_week))
    named = (
        observed.named(table)
        .lazy()
        .join(_exercises(plans), on=["patient_id", "plan_version", "version_before"], how="left")
    )
    is_short = {side: pl.col(f"adherence_{side}_pct").is_null() for side in sides}
    return named.with_columns(
        difference_points=pl.col("adherence_after_pct") - pl.col("adherence_before_pct"),
        reason=pl.when(is_short["before"])
        .then(pl.lit("too_few_days_before"))
        .when(is_short["after"])
        .then(pl.lit("too_few_days_after")),
    ).select(columns_of(PlanChangePatterns).keys())


def _side(observed: Observed, spans: pl.DataFrame, side: str, min_days: int) -> pl.DataFrame:
    found = spans.join(prescribed_between(observed, spans), on="span", how="left", maintain_order="left").with_columns(
        counted_between(observed, spans), pl.col("prescribed").fill_null(0.0), pl.col("eligible_days").fill_null(0)
    )
    has_enough = (pl.col("eligible_days") >= min_days) & (pl.col("prescribed") > 0)
    share = pl.min_horizontal(pl.col("counted") / pl.col("prescribed"), 1.0)
    return found.select(
        pl.col("eligible_days").alias(f"eligible_days_{side}"),
        pl.col("counted").alias(f"counted_{side}"),
        pl.col("prescribed").alias(f"prescribed_{side}"),
        pl.when(has_enough).then(100 * share).alias(f"adherence_{side}_pct"),
    )


def _exercises(plans: pl.LazyFrame) -> pl.LazyFrame:
    """Compare the exercises of every two versions of a patient: ``n_exercises_*, n_added, n_removed``."""
    lists = plans.group_by("patient_id", "plan_version").agg(exercises=pl.col("exercise_id").unique())
    pairs = lists.join(
        lists.rename({"plan_version": "version_before", "exercises": "exercises_before"}), on="patient_id", how="inner"
    )
    after, before = pl.col("exercises"), pl.col("exercises_before")
    return pairs.select(
        "patient_id",
        "plan_version",
        "version_before",
        n_exercises_before=before.list.len().cast(pl.Int32),
        n_exercises_after=after.list.len().cast(pl.Int32),
        n_added=after.list.set_difference(before).list.len().cast(pl.Int32),
        n_removed=before.list.set_difference(after).list.len().cast(pl.Int32),
    )
