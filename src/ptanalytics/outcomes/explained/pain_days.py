"""Daily pain, present pain and weekly pain: which ratings and days stand behind them."""

from collections.abc import Callable
from datetime import date, timedelta
from statistics import fmean
from typing import Any

import polars as pl

from ptanalytics.dates import DAYS_PER_WEEK, day_text, local_day_of
from ptanalytics.instruments import count_text
from ptanalytics.instruments import short_number as number_of
from ptanalytics.outcomes.explained.evidence import Evidence
from ptanalytics.outcomes.explained.explanation import Reading, Row, Told
from ptanalytics.outcomes.explained.wording import sum_of, why

UNIT = "0-10"
CORE_SET = "Chiarotto 2018, doi:10.1097/j.pain.0000000000001117"

#: Says of a day which part it plays and why it plays none.
Judge = Callable[[date], tuple[str | None, str]]


def day_readings(days: pl.DataFrame, judge: Judge) -> list[Reading]:
    """Return daily values with the part each plays; several ratings of a day are said."""
    readings = []
    for row in days.iter_rows(named=True):
        part, remark = judge(row["date"])
        several = f" of {row['n_readings']} ratings" if row["n_readings"] > 1 else ""
        readings.append(Reading(row["date"], f"day's pain{several}", row["pain_nprs"], row["pain_nprs"], part, remark))
    return readings


def used(readings: list[Reading], part: str) -> list[float]:
    """Return the numbers that play a part; a reading may play two, e.g. of a late baseline and an early follow-up."""
    return [one.counts_as for one in readings if one.counts_as is not None and part in (one.part or "").split(" and ")]


def dated(readings: list[Reading], part: str) -> list[tuple[date, float]]:
    """Return the numbers that play a part, with their days."""
    return [
        (one.date, one.counts_as)
        for one in readings
        if one.date is not None and one.counts_as is not None and part in (one.part or "").split(" and ")
    ]


def span_of(readings: list[Reading], *parts: str) -> tuple[date | None, date | None]:
    """Return the first and last day of the readings used, of some parts or of all."""
    own = [one for one in readings if one.part is not None and (not parts or one.part.partition(";")[0] in parts)]
    days = [one.date for one in own if one.date is not None]
    return (min(days), max(days)) if days else (None, None)


def mean_step(name: str, values: list[float]) -> str:
    """Write a mean with its terms."""
    if len(values) == 1:
        return f"{name}: one value, {number_of(values[0], 2)}."
    return f"{name}: ({sum_of(values)}) / {len(values)} = {number_of(fmean(values), 2)}."


def left_out_step(evidence: Evidence, **chosen: Any) -> list[str]:
    """Say how many ratings are of another recall or site, if any."""
    n = evidence.n_left_out(**chosen) if evidence.has_data else 0
    return [f"Left out: {count_text(n, 'rating')} of another recall or body site; series are never mixed."] if n else []


def tell_daily(row: Row, evidence: Evidence) -> Told:
    """Explain the value of one day."""
    readings = _ratings_of(row, evidence)
    values = used(readings, "rating")
    is_max = evidence.settings.outcomes.daily_agg == "max"
    steps, worked_out = [f"Recall of the series: {row['recall']}; one recall and one body site for each patient."], {}
    if values:
        worked_out = {"pain_nprs": max(values) if is_max else fmean(values), "n_readings": len(values)}
        steps.append(
            f"Highest of {len(values)} ratings: {number_of(max(values))}." if is_max else mean_step("Mean", values)
        )
    if row["is_flare"]:
        steps.append("The person marked a flare-up on this day.")
    return Told(
        sentence=f"Daily pain on {day_text(row['date'])}: {number_of(row['pain_nprs'], 2)} from "
        f"{count_text(row['n_readings'], 'rating')}.",
        steps=steps,
        value=row["pain_nprs"],
        unit=UNIT,
        n=row["n_readings"],
        window=(row["date"], row["date"]),
        readings=readings,
        worked_out=worked_out,
        sources=(CORE_SET,),
    )


def _ratings_of(row: Row, evidence: Evidence) -> list[Reading]:
    """Return all ratings of the day, with why some are not in the series."""
    if not evidence.has_data:
        return []
    settings = evidence.settings
    site = evidence.options.get("site") or settings.outcomes.pain_site
    readings = []
    for rating in evidence.table("pain_scores").sort("recorded_at").iter_rows(named=True):
        if local_day_of(rating["recorded_at"], settings.time.day_start_hour) != row["date"]:
            continue
        remark = ""
        if (rating["site"] or settings.outcomes.pain_site) != site:
            remark = "another body site"
        elif (rating["recall"] or "unknown") != row["recall"]:
            remark = "another recall"
        value = rating["pain_nprs"]
        part = None if remark else "rating"
        readings.append(Reading(row["date"], f"rating at {rating['recorded_at']:%H:%M}", value, value, part, remark))
    return readings


def tell_recent(row: Row, evidence: Evidence) -> Told:
    """Explain present pain."""
    outcomes, on_date = evidence.settings.outcomes, row["on_date"]
    first = on_date - timedelta(days=outcomes.last_k_max_age_days - 1)
    days = evidence.daily
    recent = [day for day in days["date"] if first <= day <= on_date][-outcomes.last_k :]
    is_enough = len(recent) == outcomes.last_k

    def judge(day: date) -> tuple[str | None, str]:
        if day in recent:
            return ("last value", "") if is_enough else (None, "recent, but there are too few")
        if day > on_date:
            return None, "after the day asked about"
        return None, "too long ago" if day < first else "not among the last values"

    readings = day_readings(days, judge)
    values = used(readings, "last value")
    steps = [
        (
            f"Rule: the mean of the last {outcomes.last_k} daily values, all from {day_text(first)} to {day_text(on_date)} "
            f"({outcomes.last_k_max_age_days} days); a single reading is too noisy."
        ),
        *([mean_step("Mean", values)] if values else []),
        *left_out_step(evidence),
    ]
    if row["pain_nprs"] is None:
        sentence = f"Present pain on {day_text(on_date)} is missing, because {why(row)} ({row['n_days']})."
    else:
        sentence = f"Present pain on {day_text(on_date)}: {number_of(row['pain_nprs'], 2)}."
    return Told(
        sentence=sentence,
        steps=steps,
        value=row["pain_nprs"],
        unit=UNIT,
        n=row["n_days"],
        window=(first, on_date),
        readings=readings,
        worked_out={"pain_nprs": fmean(values) if values else None, "n_days": len(recent)} if evidence.has_data else {},
        brief=mean_step("Present pain", values) if values else "",
        sources=("Childs 2005, doi:10.1097/01.brs.0000164099.92112.29 (standard error of measurement)",),
    )


def tell_weekly(row: Row, evidence: Evidence) -> Told:
    """Explain the mean pain of one week from time zero."""
    outcomes, week = evidence.settings.outcomes, row["week"]
    need = outcomes.followup_min_readings
    start = time_zero_of(evidence)
    first = start + timedelta(days=DAYS_PER_WEEK * (week - 1)) if start else None
    last = first + timedelta(days=DAYS_PER_WEEK - 1) if first else None

    def judge(day: date) -> tuple[str | None, str]:
        if first is None or last is None:
            return None, "there is no start date"
        if evidence.cutoff is not None and day > evidence.cutoff:
            return None, "after the cutoff"
        is_inside = first <= day <= last
        return ("day of the week", "") if is_inside else (None, "another week")

    readings = day_readings(evidence.daily, judge)
    values = used(readings, "day of the week")
    name = f"Week {week} from time zero" if week else "Week 0, the 7 days before time zero"
    steps = [f"Time zero: {day_text(start)}. A week needs {need} days with a value; it has {row['n_days']}."]
    steps += [mean_step("Mean", values)] if values and row["pain_nprs"] is not None else []
    pain = row["pain_nprs"]
    found = f"mean pain {number_of(pain, 2)}" if pain is not None else f"no mean, because {why(row)} ({row['n_days']})"
    return Told(
        sentence=f"{name}: {found}.",
        steps=[*steps, *left_out_step(evidence)],
        value=row["pain_nprs"],
        unit=UNIT,
        n=row["n_days"],
        window=(first, last),
        readings=readings,
        worked_out={"pain_nprs": fmean(values) if len(values) >= need else None, "n_days": len(values)} if start else {},
        sources=(CORE_SET,),
    )


def time_zero_of(evidence: Evidence) -> date | None:
    """Return the patient's time zero; None where it is not known."""
    if not evidence.has_data:
        return None
    found: list[date | None] = evidence.observed.zero.collect()["start_date"].to_list()
    return found[0] if found else None
