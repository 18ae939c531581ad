"""Rules about sessions: rows, days of a patient, and whole logs."""

import csv
from collections.abc import Mapping
from functools import cache

import polars as pl

from ptanalytics.quality.rules import MIN_ROWS
from ptanalytics.quality.subjects import (
    DAY,
    Context,
    Judgement,
    Subject,
    given,
    has_clock,
    is_same_as_above,
    judge_keys,
    judge_person,
    minutes_since_above,
    runs_of_same_clock,
    with_person,
)
from ptanalytics.reference import reference_file
from ptanalytics.schemas import TABLES, columns_of

_KEY = ("patient_id", "session_id", "exercise_id", "started_at")
#: The order in which a session is compared with the one before; the id makes it the same for rows in any order.
_ORDER = ("patient_id", "exercise_id", "started_at", "session_id")
_CONTENT = tuple(name for name in columns_of(TABLES["sessions"]) if name not in _KEY)
_DONE = ("sets", "reps", "hold_s", "duration_min", "completed_fraction")
_RATINGS = ("pain_before_nprs", "pain_during_nprs", "pain_after_nprs", "pain_next_day_nprs", "rpe")
#: Smaller steps between two light loads are steps, not slips.
_LOAD_JUMP_MIN_KG = 5


@cache
def catalogue_ids() -> tuple[str, ...]:
    """Return the exercises of the shipped catalogue."""
    lines = reference_file("exercises.csv").read_text(encoding="utf-8").splitlines()
    return tuple(row["exercise_id"] for row in csv.DictReader(lines))


def session_rows(context: Context) -> tuple[pl.LazyFrame, dict[str, Judgement]]:
    """Return sessions sorted by patient, exercise and start, and the rules about single sessions."""
    plans, pauses = context.frames["plans"], context.frames["pauses"]
    rows = context.frames["sessions"].sort(*_ORDER, maintain_order=True)
    rows = with_person(
        rows,
        context,
        pl.col("started_at").dt.date(),
        plans.group_by("patient_id").agg(first_plan_date=pl.col("valid_from_date").min()),
        pauses.select("patient_id", has_pause=pl.lit(value=True)).unique(),
    )
    rows = rows.join(_by_exercise(context), on=["patient_id", "exercise_id"], how="left", maintain_order="left")
    if "pauses" in context.present:
        rows = rows.join(_days_in_pauses(context), on=["patient_id", DAY], how="left", maintain_order="left")
    else:
        rows = rows.with_columns(is_in_pause=pl.lit(None, dtype=pl.Boolean))
    rows = rows.with_columns(
        is_again=is_same_as_above("patient_id", "exercise_id")
        & (pl.col("session_id") != pl.col("session_id").shift()).fill_null(value=False),
        gap_min=minutes_since_above("started_at"),
    )
    judgements = {
        **judge_keys("sessions"),
        **judge_person("sessions", context),
        **_repetitions(context),
        **_plan_judgements(),
        **_number_judgements(context),
    }
    return rows, judgements


def _by_exercise(context: Context) -> pl.LazyFrame:
    """Return, per patient and exercise, whether it is in a plan, and the usual numbers with how many there are."""
    own = context.frames["plans"].select("patient_id", "exercise_id", is_in_plan=pl.lit(value=True)).unique()
    usual = (
        context.frames["sessions"]
        .group_by("patient_id", "exercise_id")
        .agg(
            duration_min_usual=pl.col("duration_min").median(),
            duration_min_n=pl.col("duration_min").count(),
            hold_s_usual=pl.col("hold_s").median(),
            hold_s_n=pl.col("hold_s").count(),
        )
    )
    return usual.join(own, on=["patient_id", "exercise_id"], how="left")


def _days_in_pauses(context: Context) -> pl.LazyFrame:
    """Return the days of each patient's breaks, ten years of a break at most, lest a slip fill the memory."""
    last = pl.min_horizontal(
        pl.col("to_date").fill_null(pl.lit(context.cutoff_date)), pl.col("from_date") + pl.duration(days=3660)
    )
    return (
        context.frames["pauses"]
        .filter(last >= pl.col("from_date"))
        .select("patient_id", pl.date_ranges("from_date", last).alias(DAY))
        .explode(DAY, empty_as_null=False, keep_nulls=False)
        .unique()
        .with_columns(is_in_pause=pl.lit(value=True))
    )


def _repetitions(context: Context) -> dict[str, Judgement]:
    is_same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in _CONTENT)
    is_repeated = pl.col("is_again") & (pl.col("gap_min") == 0) & is_same.fill_null(value=False)
    is_near = pl.col("is_again") & (pl.col("gap_min") <= context.limits["sessions_near_duplicate"]) & ~is_repeated
    return {
        "sessions_repeated": Judgement(pl.lit(value=True), is_repeated),
        "sessions_near_duplicate": Judgement(has_clock("started_at"), is_near),
    }


def _plan_judgements() -> dict[str, Judgement]:
    is_in_plan = pl.col("is_in_plan").fill_null(value=False)
    is_known = is_in_plan | pl.col("exercise_id").is_in(catalogue_ids())
    return {
        "sessions_unknown_exercise": Judgement(pl.lit(value=True), ~is_known),
        "sessions_exercise_not_in_plan": given("first_plan_date", ~is_in_plan),
        "sessions_before_plan": given("first_plan_date", pl.col(DAY) < pl.col("first_plan_date")),
        "sessions_in_pause": given("has_pause", pl.col("is_in_pause").fill_null(value=False)),
    }


def _number_judgements(context: Context) -> dict[str, Judgement]:
    limits = context.limits
    load, factor = pl.col("load_kg"), limits["sessions_load_jump"]
    before = load.shift()
    has_load_before = is_same_as_above("patient_id", "exercise_id") & before.is_not_null() & load.is_not_null()
    is_jump = (load > factor * before) | (before > factor * load)
    pain = pl.col("pain_after_nprs") - pl.col("pain_before_nprs")
    is_something_done = pl.any_horizontal((pl.col(name) > 0).fill_null(value=False) for name in _DONE)
    is_silent = pl.all_horizontal(pl.col(name).is_null() for name in (*_DONE, "skip_reason"))
    slips = [_is_slip(name, limits) for name in ("duration_min", "hold_s")]
    return {
        "sessions_duration_long": given("duration_min", pl.col("duration_min") > limits["sessions_duration_long"]),
        "sessions_unit_slip": Judgement(
            slips[0].checked | slips[1].checked,
            (slips[0].checked & slips[0].found) | (slips[1].checked & slips[1].found),
        ),
        "sessions_load_high": given("load_kg", load > limits["sessions_load_high"]),
        "sessions_load_jump": Judgement(
            has_load_before, is_jump & ((load - before).abs() >= _LOAD_JUMP_MIN_KG) & (before > 0) & (load > 0)
        ),
        "sessions_reps_high": given("reps", pl.col("reps") > limits["sessions_reps_high"]),
        "sessions_pain_jump": Judgement(pain.is_not_null(), pain.abs() >= limits["sessions_pain_jump"]),
        "sessions_skipped_but_done": given("skip_reason", is_something_done),
        "sessions_empty": Judgement(pl.lit(value=True), is_silent),
    }


def _is_slip(column: str, limits: Mapping[str, float]) -> Judgement:
    value, usual = pl.col(column), pl.col(f"{column}_usual")
    factor = limits["sessions_unit_slip"]
    enough = limits["sessions_unit_slip" + MIN_ROWS]
    checked = (value > 0) & (usual > 0) & (pl.col(f"{column}_n") >= enough)
    return Judgement(checked.fill_null(value=False), (value >= factor * usual) | (value * factor <= usual))


def _starts(context: Context) -> pl.LazyFrame:
    """Return one row per logged session with its first start, sorted by patient and time."""
    return (
        context.frames["sessions"]
        .group_by("patient_id", "session_id")
        .agg(started_at=pl.col("started_at").min())
        .with_columns(pl.col("started_at").dt.date().alias("date"))
        .sort("patient_id", "started_at", "session_id")
    )


def session_days(context: Context) -> tuple[pl.LazyFrame, dict[str, Judgement]]:
    """Return the days on which a patient logged, and the rules about entering several days at once."""
    limits = context.limits
    enough = int(limits["sessions_one_sitting" + MIN_ROWS])
    ahead = pl.col("started_at").shift(-(enough - 1)).over("patient_id", "date") - pl.col("started_at")
    days = (
        _starts(context)
        .filter(has_clock("started_at"))
        .with_columns(ahead_min=ahead.dt.total_seconds() / 60)
        .group_by("patient_id", "date", maintain_order=True)
        .agg(pl.col("started_at").first(), n_sessions=pl.len(), least_min=pl.col("ahead_min").min())
    )
    rows = runs_of_same_clock(with_person(days, context, pl.col("date")), "started_at")
    judgements = {
        "sessions_one_sitting": Judgement(
            pl.col("n_sessions") >= enough, pl.col("least_min") <= limits["sessions_one_sitting"]
        ),
        "sessions_same_clock": Judgement(pl.lit(value=True), pl.col("days_in_run") >= limits["sessions_same_clock"]),
    }
    return rows, judgements


def session_logs(context: Context) -> tuple[pl.LazyFrame, dict[str, Judgement]]:
    """Return one row per patient with sessions, and the rules about logs that are too perfect."""
    limits = context.limits
    is_rated = pl.any_horizontal(pl.col(name).is_not_null() for name in _RATINGS)
    numbers = ("sets", "reps", "hold_s", "duration_min", "load_kg", "completed_fraction", *_RATINGS)
    rows = context.frames["sessions"].sort(*_ORDER, maintain_order=True)
    varied = (
        rows.with_columns(is_rated=is_rated, follows=is_same_as_above("patient_id", "exercise_id"))
        .with_columns(is_same=pl.col("follows") & is_same_as_above(*numbers))
        .filter("is_rated")
        .group_by("patient_id")
        .agg(n_rated=pl.len(), n_follows=pl.col("follows").sum(), n_same=pl.col("is_same").sum())
    )
    days = _starts(context).select("patient_id", "date").unique().sort("patient_id", "date")
    goes_on = (pl.col("patient_id") == pl.col("patient_id").shift()) & (
        (pl.col("date") - pl.col("date").shift()).dt.total_days() == 1
    )
    runs = (
        days.with_columns(run=(~goes_on.fill_null(value=False)).cum_sum())
        .group_by("patient_id", "run")
        .agg(n_days=pl.len(), first=pl.col("date").min(), last=pl.col("date").max())
        .group_by("patient_id")
        .agg(longest=pl.col("n_days").max(), span=(pl.col("last").max() - pl.col("first").min()).dt.total_days() + 1)
    )
    logs = with_person(
        runs.join(varied, on="patient_id", how="left").sort("patient_id"), context, pl.lit(None, dtype=pl.Date)
    )
    share = 100 * pl.col("n_same") / pl.col("n_follows")
    judgements = {
        "sessions_no_variation": Judgement(
            (pl.col("n_rated") >= limits["sessions_no_variation" + MIN_ROWS]) & (pl.col("n_follows") > 0),
            share >= limits["sessions_no_variation"],
        ),
        "sessions_every_day": Judgement(
            pl.col("span") >= limits["sessions_every_day"], pl.col("longest") >= limits["sessions_every_day"]
        ),
    }
    return logs, judgements


SUBJECTS = (
    Subject("sessions", _KEY, session_rows),
    Subject("sessions", ("patient_id", "date"), session_days),
    Subject("sessions", ("patient_id",), session_logs),
)
