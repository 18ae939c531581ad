"""Rules about pain ratings: rows, days of a patient, and whole diaries."""

import polars as pl

from ptanalytics.quality.rules import MIN_ROWS
from ptanalytics.quality.subjects import (
    Context,
    Judgement,
    Subject,
    has_clock,
    is_same_as_above,
    judge_keys,
    judge_person,
    minutes_since_above,
    runs_of_same_clock,
    with_person,
)

#: Ratings of one series; different recalls and sites are different pains.
_SERIES = ("patient_id", "recall", "site")
_ROUND = (0.0, 5.0, 10.0)


def _sorted(context: Context) -> pl.LazyFrame:
    return context.frames["pain_scores"].sort(*_SERIES, "recorded_at", "pain_nprs", maintain_order=True)


def pain_rows(context: Context) -> tuple[pl.LazyFrame, dict[str, Judgement]]:
    """Return ratings sorted by series and time, and the rules about single ratings."""
    limits = context.limits
    rows = with_person(_sorted(context), context, pl.col("recorded_at").dt.date()).with_columns(
        follows=is_same_as_above(*_SERIES),
        gap_min=minutes_since_above("recorded_at"),
        step=(pl.col("pain_nprs") - pl.col("pain_nprs").shift()).abs(),
    )
    follows, gap = pl.col("follows"), pl.col("gap_min")
    clocked = has_clock("recorded_at")
    judgements = {
        **judge_keys("pain_scores"),
        **judge_person("pain", context),
        "pain_near_duplicate": Judgement(clocked, follows & (gap > 0) & (gap <= limits["pain_near_duplicate"])),
        "pain_two_at_once": Judgement(clocked, follows & (gap == 0) & (pl.col("step") > 0)),
        "pain_jump": Judgement(
            follows & (gap > 0) & (gap <= 2 * 24 * 60) & _is_next_day(), pl.col("step") >= limits["pain_jump"]
        ),
    }
    return rows, judgements


def _is_next_day() -> pl.Expr:
    day = pl.col("recorded_at").dt.date()
    return ((day - day.shift()).dt.total_days() <= 1).fill_null(value=False)


def pain_days(context: Context) -> tuple[pl.LazyFrame, dict[str, Judgement]]:
    """Return the days on which a patient rated a pain, and the rules about entering several days at once."""
    limits = context.limits
    enough = int(limits["pain_one_sitting" + MIN_ROWS])
    ahead = pl.col("recorded_at").shift(-(enough - 1)).over(*_SERIES, "date") - pl.col("recorded_at")
    days = (
        _sorted(context)
        .filter(has_clock("recorded_at"))
        .with_columns(date=pl.col("recorded_at").dt.date())
        .with_columns(ahead_min=ahead.dt.total_seconds() / 60)
        .group_by(*_SERIES, "date", maintain_order=True)
        .agg(pl.col("recorded_at").first(), n_ratings=pl.len(), least_min=pl.col("ahead_min").min())
    )
    # A series per patient in turn, so that days of two series never stand side by side as one run.
    rows = with_person(days, context, pl.col("date"))
    rows = runs_of_same_clock(rows, "recorded_at", *_SERIES)
    judgements = {
        "pain_one_sitting": Judgement(pl.col("n_ratings") >= enough, pl.col("least_min") <= limits["pain_one_sitting"]),
        "pain_same_clock": Judgement(pl.lit(value=True), pl.col("days_in_run") >= limits["pain_same_clock"]),
    }
    return rows, judgements


def pain_diaries(context: Context) -> tuple[pl.LazyFrame, dict[str, Judgement]]:
    """Return one row per patient and series, and the rules about numbers that do not vary."""
    limits, pain = context.limits, pl.col("pain_nprs")
    diaries = (
        context.frames["pain_scores"]
        .group_by(_SERIES)
        .agg(n_ratings=pl.len(), n_values=pain.n_unique(), round_pct=100 * pain.is_in(_ROUND).mean())
        .sort(_SERIES)
    )
    rows = with_person(diaries, context, pl.lit(None, dtype=pl.Date))
    judgements = {
        "pain_single_value": Judgement(
            pl.col("n_ratings") >= limits["pain_single_value" + MIN_ROWS], pl.col("n_values") == 1
        ),
        "pain_round_numbers": Judgement(
            pl.col("n_ratings") >= limits["pain_round_numbers" + MIN_ROWS],
            (pl.col("n_values") > 1) & (pl.col("round_pct") >= limits["pain_round_numbers"]),
        ),
    }
    return rows, judgements


SUBJECTS = (
    Subject("pain_scores", ("patient_id", "recorded_at", "recall", "site"), pain_rows),
    Subject("pain_scores", ("patient_id", "date", "recall", "site"), pain_days),
    Subject("pain_scores", ("patient_id", "recall", "site"), pain_diaries),
)
