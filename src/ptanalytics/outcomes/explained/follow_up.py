"""Baseline and follow-up of one change: which readings count for which, and why the others do not."""

from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean

import polars as pl

from ptanalytics.dates import DAYS_PER_WEEK, day_text, local_day
from ptanalytics.outcomes.change import tolerance_days
from ptanalytics.outcomes.explained.baseline import PART, baseline_readings
from ptanalytics.outcomes.explained.evidence import Evidence
from ptanalytics.outcomes.explained.explanation import Reading, Row
from ptanalytics.outcomes.explained.pain_days import used
from ptanalytics.outcomes.observed import DAILY
from ptanalytics.outcomes.psfs import PSFS

AFTER = "follow-up"


@dataclass(frozen=True)
class Pair:
    """The readings of a change, its window, and the two numbers that come out of them."""

    readings: list[Reading]
    #: First and last day on which a follow-up may lie; None without time zero.
    window: tuple[date | None, date | None]
    baseline: float | None
    followup: float | None


def pair_of(row: Row, evidence: Evidence) -> Pair:
    """Return the readings behind a row of `changes` or `reliable_change`."""
    if not evidence.has_data:
        return Pair([], (None, None), None, None)
    before = evidence.baseline_of(row["measure"])
    if before is None or before["start_date"] is None:
        return Pair([] if before is None else baseline_readings(before, evidence), (None, None), None, None)
    window = window_of(row, before["start_date"], evidence)
    readings = _with_followup(row, before["start_date"], baseline_readings(before, evidence), window, evidence)
    if row["measure"] == PSFS:
        readings = _with_activities(readings, evidence)
    first, second = used(readings, PART), used(readings, AFTER)
    need = evidence.settings.outcomes.followup_min_readings if row["measure"] == DAILY else 1
    return Pair(
        readings,
        window,
        fmean(first) if first else None,
        fmean(second) if len(second) >= need else None,
    )


def window_of(row: Row, start: date, evidence: Evidence) -> tuple[date, date]:
    """Return the days on which the follow-up of a week may lie."""
    outcomes, week = evidence.settings.outcomes, row["target_week"]
    aim = start + timedelta(days=DAYS_PER_WEEK * week)
    if row["measure"] == DAILY:
        return aim - timedelta(days=outcomes.followup_mean_days - 1), aim
    reach = timedelta(days=tolerance_days(week, outcomes))
    return aim - reach, aim + reach


def window_step(row: Row, pair: Pair, evidence: Evidence) -> list[str]:
    """Say the rule of the follow-up window."""
    first, last = pair.window
    if first is None or last is None:
        return []
    outcomes = evidence.settings.outcomes
    days = f"{day_text(first)} to {day_text(last)}"
    if row["measure"] == DAILY:
        n = sum(one.date is not None and first <= one.date <= last for one in pair.readings)
        words = f"the {outcomes.followup_mean_days} days that end with week {row['target_week']}"
        need = f"at least {outcomes.followup_min_readings} of them need a value, {n} have one"
        return [f"Follow-up window: {days}, {words}; {need}."]
    return [f"Follow-up window: {days}; the valid score nearest to its middle counts, of two equally near the earlier."]


def _with_followup(
    row: Row, start: date, readings: list[Reading], window: tuple[date, date], evidence: Evidence
) -> list[Reading]:
    first, last = window
    aim = start + timedelta(days=DAYS_PER_WEEK * row["target_week"])
    inside = [one for one in readings if one.date is not None and one.value is not None and first <= one.date <= last]
    if row["measure"] == DAILY:
        chosen = {one.date for one in inside if one.date is not None and (one.date - start).days >= 1}
        is_enough = len(chosen) >= evidence.settings.outcomes.followup_min_readings
    else:
        nearest = min(inside, key=lambda one: _distance(one, aim), default=None)
        chosen = {nearest.date} if nearest is not None and nearest.date is not None else set()
        is_enough = True
    return [_marked(one, chosen, window, is_enough=is_enough) for one in readings]


def _distance(one: Reading, aim: date) -> tuple[int, int]:
    off = (one.date - aim).days if one.date is not None else 0
    return abs(off), off


def _marked(one: Reading, chosen: set[date], window: tuple[date, date], *, is_enough: bool) -> Reading:
    if one.value is None or one.date is None:
        return one
    if one.date in chosen and is_enough:
        # One form can be the last of the baseline window and the nearest to an early follow-up.
        return one._replace(part=AFTER if one.part is None else f"{PART} and {AFTER}", why="")
    return one if one.part is not None else one._replace(why=_why_unused(one.date, chosen, window))


def _why_unused(day: date, chosen: set[date], window: tuple[date, date]) -> str:
    if day in chosen:
        return "in the follow-up window, but too few days are"
    if window[0] <= day <= window[1]:
        return "in the follow-up window, but not the nearest to its middle"
    return "neither baseline nor in the follow-up window"


def _with_activities(readings: list[Reading], evidence: Evidence) -> list[Reading]:
    """Put the activities rated both times in the place of the two scores of the PSFS."""
    rated = {one.part: _activities(one.date, evidence) for one in readings if one.part in {PART, AFTER}}
    before, after = rated.get(PART, {}), rated.get(AFTER, {})
    if not before or not after:
        return readings
    common = before.keys() & after.keys()
    found = []
    for one in readings:
        if one.part not in rated:
            found.append(one)
            continue
        # Without a common activity there is no follow-up, and the baseline keeps the mean of all of its own.
        is_alone = not common and one.part == PART
        for item, answer in rated[one.part].items():
            is_used = item in common or is_alone
            remark = "" if item in common else "rated only once"
            found.append(Reading(one.date, item, answer, answer, one.part if is_used else None, remark))
    return found


def _activities(day: date | None, evidence: Evidence) -> dict[str, float]:
    at = local_day(pl.col("completed_at"), evidence.settings.time.day_start_hour)
    rows = (
        evidence.table("responses")
        .filter((pl.col("instrument_id") == PSFS) & pl.col("answer").is_not_null() & (at == pl.lit(day, dtype=pl.Date)))
        .sort("completed_at", "response_id", "item_id")
    )
    if rows.is_empty():
        return {}
    last = rows.row(-1, named=True)
    form = rows.filter((pl.col("completed_at") == last["completed_at"]) & (pl.col("response_id") == last["response_id"]))
    return dict(form.select("item_id", "answer").iter_rows())
