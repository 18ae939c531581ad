"""What rules look at: a table's rows, a patient's days, patients or forms, with what is known of the person beside them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import NamedTuple

import polars as pl

from ptanalytics.schemas import TABLES, columns_of, key_of
from ptanalytics.settings import ScoringSettings

#: Columns that every subject has beside its own: where and when it belongs.
SITE, DAY = "person_site", "entry_day"

_PERSON = ("birth_year", "enrolled_date", "discharged_date")


class Judgement(NamedTuple):
    """One rule as two conditions on a row: whether the rule can be judged there, and whether it found something."""

    checked: pl.Expr
    found: pl.Expr


@dataclass(frozen=True)
class Context:
    """All that rules may know: one bucket's tables, which tables the study has at all, and the numbers in force."""

    frames: Mapping[str, pl.LazyFrame]
    #: Tables with any row in the whole study; a bucket of it may have none.
    present: frozenset[str]
    #: Last day that can be real.
    cutoff_date: date
    limits: Mapping[str, float]
    scoring: ScoringSettings


@dataclass(frozen=True)
class Subject:
    """Things that some rules look at, one row each."""

    table: str
    #: Columns that say which thing it is; shown as evidence.
    key: tuple[str, ...]
    #: Returns the things with ``person_site`` and ``entry_day``, and the judgement of each rule.
    build: Callable[[Context], tuple[pl.LazyFrame, dict[str, Judgement]]]


def persons(context: Context) -> pl.LazyFrame:
    """Return one row per patient of the list: ``patient_id``, site and the dates rules need."""
    return (
        context.frames["patients"]
        .unique("patient_id", keep="first", maintain_order=True)
        .select("patient_id", *_PERSON, pl.col("site").alias(SITE), is_listed=pl.lit(value=True))
    )


def with_person(rows: pl.LazyFrame, context: Context, day: pl.Expr, *more: pl.LazyFrame) -> pl.LazyFrame:
    """Add what is known of the person, and the day a row belongs to. The order of rows stays.

    Args:
        rows: Rows with ``patient_id``.
        context: Where the list of patients is.
        day: The day a row belongs to.
        more: Further frames with one row per ``patient_id``, also of patients who are not in the list.
    """
    about = persons(context).rename({SITE: "_person_site"})
    for other in more:
        about = about.join(other, on="patient_id", how="full", coalesce=True)
    return (
        rows.join(about, on="patient_id", how="left", maintain_order="left")
        .with_columns(day.alias(DAY), is_listed=pl.col("is_listed").fill_null(value=False))
        .rename({"_person_site": SITE})
    )


def judge_person(prefix: str, context: Context) -> dict[str, Judgement]:
    """Return the rules that every table of events shares; those a table has no rule for are left out by the caller."""
    day, limits = pl.col(DAY), context.limits

    def days(rule: str) -> pl.Expr:
        return pl.duration(days=int(limits.get(rule, 0)))

    before, after = f"{prefix}_before_enrolment", f"{prefix}_after_discharge"
    return {
        f"{prefix}_unknown_patient": Judgement(pl.lit("patients" in context.present), ~pl.col("is_listed")),
        f"{prefix}_before_birth": given("birth_year", day.dt.year() <= pl.col("birth_year")),
        before: given("enrolled_date", day < pl.col("enrolled_date") - days(before)),
        f"{prefix}_in_future": Judgement(day.is_not_null(), day > context.cutoff_date),
        after: given("discharged_date", day > pl.col("discharged_date") + days(after)),
    }


def given(column: str, found: pl.Expr) -> Judgement:
    """Return the judgement of rows that have a column."""
    return Judgement(pl.col(column).is_not_null(), found)


def has_clock(moment: str) -> pl.Expr:
    """Say whether a time has a clock time; midnight stands for a day without one."""
    return pl.col(moment).dt.time() != time(0)


def is_same_as_above(*columns: str) -> pl.Expr:
    """Say whether a row has the same values as the one above; for rows that are sorted by them."""
    return pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in columns).fill_null(value=False)


def minutes_since_above(moment: str) -> pl.Expr:
    """Return the minutes since the row above."""
    return (pl.col(moment) - pl.col(moment).shift()).dt.total_seconds() / 60


def judge_keys(table: str) -> dict[str, Judgement]:
    """Return the rule that no two rows have the same key; the first row of a key is not found."""
    is_first = pl.struct(key_of(TABLES[table])).is_first_distinct()
    return {f"{table}_duplicate_key": Judgement(pl.lit(value=True), ~is_first)}


def day_of_table(table: str) -> pl.Expr:
    """Return the day a row of a table belongs to: its first date or time column that is not of another kind."""
    dates = [name for name, info in columns_of(TABLES[table]).items() if info.dtype.is_temporal()]
    preferred = [name for name in dates if columns_of(TABLES[table])[name].is_required] or dates
    if table == "patients":
        preferred = ["enrolled_date"]
    return pl.col(preferred[0]).cast(pl.Date) if preferred else pl.lit(None, dtype=pl.Date)


def runs_of_same_clock(days: pl.LazyFrame, moment: str, *series: str) -> pl.LazyFrame:
    """Add to each patient's days how many consecutive days in a row have this clock time.

    Args:
        days: One row per patient and day, sorted, with the first time of the day.
        moment: That time's column.
        series: Columns that tell one series of days from another; without any the patient.
    """
    goes_on = (
        is_same_as_above(*(series or ("patient_id",)))
        & (pl.col(moment).dt.time() == pl.col(moment).dt.time().shift())
        & ((pl.col(DAY) - pl.col(DAY).shift()).dt.total_days() == 1)
    ).fill_null(value=False)
    return days.with_columns(run=(~goes_on).cum_sum()).with_columns(days_in_run=pl.len().over("run"))
