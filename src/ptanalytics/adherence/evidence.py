"""The evidence behind weekly adherence: every day with what accrued and counted, every logged row with what was done."""

from datetime import date

import numpy as np
import polars as pl

from ptanalytics.adherence.calendar import each_day, with_plan
from ptanalytics.adherence.entries import entries_of
from ptanalytics.adherence.observed import observe, read_inputs
from ptanalytics.analysis import analysis
from ptanalytics.dates import DAYS_PER_WEEK, day_from_number, week_label, week_origin
from ptanalytics.schemas.explain_results import ExplainedDays, ExplainedRows
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import Settings, default_settings


@analysis(returns=ExplainedDays, optional=("pauses", "patients"))
def explained_days(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """List every day of the plan with what accrued on it and which of its sessions may count.

    What accrues adds up to the prescribed sessions of a week before any rounding; what may count adds up to the counted
    sessions where any day of the week serves (``settings.adherence.makeup = "week"``).

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.

    Returns:
        One row per patient and day from time zero (with ISO weeks its Monday) to the last day with a plan in force or, if
        later, the last entry. Columns: `ExplainedDays`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "weekdays": ["mon"]})
        >>> sessions = pl.DataFrame({"patient_id": ["P1"], "session_id": ["a"], "exercise_id": ["bridge"],
        ...                          "started_at": ["2026-03-02"]})
        >>> explained_days(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 3))["why"].to_list()
        ['1 session may count', 'no entry; nothing due']
    """
    settings = settings or default_settings()
    observed = observe(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date)
    entries = observed.days.select("person", "day", "logged", "complete", "countable")
    day, start = day_from_number(pl.col("day")), day_from_number(pl.col("start_day"))
    anchor = settings.time.week_anchor
    first = week_origin(start, anchor)
    week_start = first + pl.duration(days=(day - first).dt.total_days() // DAYS_PER_WEEK * DAYS_PER_WEEK)
    days = (
        with_plan(each_day(observed, anchor), observed)
        .lazy()
        .join(entries.lazy(), on=["person", "day"], how="left")
        .with_columns(pl.col("logged", "complete", "countable").fill_null(0).cast(pl.Int32))
        .with_columns(
            date=day,
            week=week_label(week_start, start, anchor),
            is_eligible=pl.col("plan_version").is_not_null() & ~pl.col("is_excused"),
        )
        .with_columns(why=_why())
        .collect()
    )
    return observed.named(days).lazy().select(columns_of(ExplainedDays).keys())


def _why() -> pl.Expr:
    logged, complete, countable = pl.col("logged"), pl.col("complete"), pl.col("countable")
    entry = (
        pl.when(logged == 0)
        .then(pl.lit("no entry"))
        .when(countable == 1)
        .then(pl.lit("1 session may count"))
        .when(countable > 1)
        .then(pl.format("{} sessions may count", countable))
        .otherwise(pl.lit("an entry that does not count"))
    )
    short, more = logged - complete, complete - countable
    return pl.concat_str(
        [
            entry,
            pl.when(pl.col("plan_version").is_null()).then(pl.lit("no plan in force")),
            pl.when(pl.col("is_excused")).then(pl.lit("excused")),
            pl.when(pl.col("is_eligible") & (pl.col("prescribed") == 0)).then(pl.lit("nothing due")),
            pl.when(short > 0).then(pl.format("{} too incomplete to count", short)),
            pl.when((countable > 0) & (more > 0)).then(pl.format("{} more than may count on a day", more)),
        ],
        separator="; ",
        ignore_nulls=True,
    )


@analysis(returns=ExplainedRows, optional=("pauses", "patients"))
def explained_rows(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """List every logged row with the share of it that was done and the completion of its session.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``. Later rows are left out.

    Returns:
        One row per logged row. Columns: `ExplainedRows`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": "P1", "plan_version": 1, "exercise_id": ["bridge", "walk"],
        ...                       "valid_from_date": date(2026, 3, 2), "sessions_per_week": 3.0})
        >>> sessions = pl.DataFrame({"patient_id": ["P1"], "session_id": ["a"], "exercise_id": ["bridge"],
        ...                          "started_at": ["2026-03-02"], "completed_fraction": [0.8]})
        >>> rows = explained_rows(sessions=sessions, plans=plans)
        >>> rows.select("exercise_id", "fraction", "session_completion").row(0)
        ('bridge', 0.8, 0.4)
    """
    settings = settings or default_settings()
    names = ("session_name", "exercise_name")
    named = sessions.with_columns(session_name=pl.col("session_id"), exercise_name=pl.col("exercise_id"))
    inputs = read_inputs(named, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date, also=names)
    rows = entries_of(inputs, also=names).rows
    completion = inputs.completions()
    found = rows.select(
        pl.lit(inputs.people["patient_id"].gather(rows["person"])).alias("patient_id"),
        pl.lit(pl.Series("session_completion", np.asarray(completion)[rows["session"].to_numpy()])),
        date=day_from_number(pl.col("day")),
        session_id="session_name",
        exercise_id="exercise_name",
        is_prescribed=pl.col("item") >= 0,
        fraction=pl.min_horizontal("fraction", 1.0),
    )
    return found.lazy().select(columns_of(ExplainedRows).keys())
