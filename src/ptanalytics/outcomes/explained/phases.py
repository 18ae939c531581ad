"""Daily pain before and after a plan change: the pairs of days behind NAP and Tau-U, and the dual criterion."""

from datetime import date, timedelta
from itertools import combinations
from math import comb
from statistics import fmean, median, stdev
from typing import Any, NamedTuple

import polars as pl

from ptanalytics.dates import DAYS_PER_WEEK, day_text
from ptanalytics.instruments import short_number as number_of
from ptanalytics.outcomes.explained.evidence import Evidence
from ptanalytics.outcomes.explained.explanation import Reading, Row, Told
from ptanalytics.outcomes.explained.pain_days import UNIT, dated, day_readings, left_out_step, used
from ptanalytics.outcomes.explained.wording import values_of, why, yes
from ptanalytics.outcomes.phase_measures import CHANCE, SHIFT_SD

BEFORE, AFTER = "before", "after"
_NEAR = 1e-9


class _Pairs(NamedTuple):
    """Pairs of days counted: less pain after, more, the same; and the trend within the days before."""

    less: int
    more: int
    same: int
    falls: int
    rises: int


def tell_phase(row: Row, evidence: Evidence) -> Told:
    """Explain how daily pain compares before and after one plan version began."""
    rules = evidence.settings.outcomes.phase
    first, last = _window(row, evidence)
    change = row["change_date"]

    def judge(day: date) -> tuple[str | None, str]:
        if evidence.cutoff is not None and day > evidence.cutoff:
            return None, "after the cutoff"
        if not first <= day <= last:
            is_near = -rules.window_days <= (day - change).days < rules.window_days
            return None, "under another plan version" if is_near else "too long before or after the change"
        return (AFTER if day >= change else BEFORE), ""

    readings = day_readings(evidence.daily, judge) if evidence.has_data else []
    before, after = used(readings, BEFORE), used(readings, AFTER)
    spans = f"{day_text(first)} to {day_text(change - timedelta(days=1))} with {day_text(change)} to {day_text(last)}"
    steps = [
        f"Compared: {spans}; at most {rules.window_days} days each, none under another version.",
        f"Needed: {rules.min_points} days with a value in each; there are {row['n_before']} and {row['n_after']}.",
    ]
    if before and after:
        steps.append(f"Before: {values_of(before)}; median {number_of(median(before), 2)}.")
        steps.append(f"After: {values_of(after)}; median {number_of(median(after), 2)}.")
    if row["nap"] is not None and before and after:
        steps += _measure_steps(row, readings)
    return Told(
        sentence=_sentence(row),
        steps=[*steps, *left_out_step(evidence)],
        value=row["nap"],
        unit=f"share of pairs; pain {UNIT}",
        n=row["n_before"] + row["n_after"],
        window=(first, last),
        readings=readings,
        worked_out=_again(row, readings) if readings else {},
        sources=("Parker and Vannest 2009, doi:10.1016/j.beth.2008.10.006 (NAP)",
                 "Parker 2011, doi:10.1016/j.beth.2010.08.006 (Tau-U)",
                 "Fisher 2003, doi:10.1901/jaba.2003.36-387 (dual criterion)"),
    )  # fmt: skip


def _window(row: Row, evidence: Evidence) -> tuple[date, date]:
    """Return the first and last day compared, up to the neighbouring versions."""
    width, change = evidence.settings.outcomes.phase.window_days, row["change_date"]
    first, last = change - timedelta(days=width), change + timedelta(days=width - 1)
    plans = evidence.table("plans")
    starts = plans.group_by("plan_version").agg(day=pl.col("valid_from_date").min())["day"].to_list()
    earlier = max((day for day in starts if day < change), default=first)
    later = min((day for day in starts if day > change), default=last + timedelta(days=1))
    return max(first, earlier), min(last, later - timedelta(days=1))


def _sentence(row: Row) -> str:
    head = f"Plan version {row['plan_version']}, from {day_text(row['change_date'])}"
    if row["nap"] is None:
        return f"{head}: before and after cannot be compared, because {why(row)}."
    systematic = "beyond what chance gives" if row["is_systematic"] else "not beyond what chance gives"
    return (
        f"{head}: {number_of(100 * row['nap'])} % of the pairs of days have less pain after; by the dual criterion "
        f"{systematic}. A plan is often changed because of pain, so this is not its effect."
    )


def _pairs(readings: list[Reading]) -> _Pairs:
    before, after = used(readings, BEFORE), used(readings, AFTER)
    gains = [one - two for one in before for two in after]
    less, more = sum(gain > _NEAR for gain in gains), sum(gain < -_NEAR for gain in gains)
    drops = [first - second for first, second in combinations(before, 2)]
    falls, rises = sum(drop > _NEAR for drop in drops), sum(drop < -_NEAR for drop in drops)
    return _Pairs(less, more, len(gains) - less - more, falls, rises)


class _Dual(NamedTuple):
    """The lowered mean and line of the days before, and the days after that lie below both."""

    level: float
    slope_per_day: float
    shift: float
    n_below: int
    needed: int


def _dual(readings: list[Reading]) -> _Dual:
    days, before = zip(*((day.toordinal(), value) for day, value in dated(readings, BEFORE)), strict=True)
    centre = fmean(days)
    spread = sum((day - centre) ** 2 for day in days)
    slope = sum((day - centre) * (value - fmean(before)) for day, value in zip(days, before, strict=True)) / spread
    shift = SHIFT_SD * stdev(before)
    level = fmean(before) - shift
    after = dated(readings, AFTER)
    lines = [level + slope * (day.toordinal() - centre) for day, _ in after]
    n_below = sum(value < min(level, line) - _NEAR for (_, value), line in zip(after, lines, strict=True))
    return _Dual(level, slope, shift, n_below, _needed(len(after)))


def _tail(n: int, least: int) -> float:
    """Return the chance of at least that many heads in n tosses of a coin."""
    return float(sum(comb(n, k) for k in range(least, n + 1)) / 2**n)


def _needed(n: int) -> int:
    return next((k for k in range(1, n + 1) if _tail(n, k) <= CHANCE), n + 1)


def _measure_steps(row: Row, readings: list[Reading]) -> list[str]:
    pairs, dual = _pairs(readings), _dual(readings)
    n_pairs = pairs.less + pairs.more + pairs.same
    trend, slope = pairs.falls - pairs.rises, number_of(DAYS_PER_WEEK * dual.slope_per_day, 2)
    signed = f"({trend})" if trend < 0 else str(trend)
    n_after = row["n_after"]
    chance = (
        f"chance alone gives {dual.needed} or more of {n_after} days in {number_of(100 * _tail(n_after, dual.needed))} %"
    )
    return [
        (
            f"Pairs of a day before and a day after: {n_pairs}; less pain after in {pairs.less}, more in {pairs.more}, the "
            f"same in {pairs.same}."
        ),
        f"NAP: ({pairs.less} + {pairs.same} / 2) / {n_pairs} = {number_of(row['nap'], 3)} (0.5: no difference).",
        f"Trend within the days before: {pairs.falls} falling - {pairs.rises} rising pairs = {trend}.",
        f"Tau-U: ({pairs.less} - {pairs.more} - {signed}) / {n_pairs} = {number_of(row['tau_u'], 3)}.",
        (
            f"Dual criterion: mean and least squares line of the days before, both lowered by {SHIFT_SD} standard "
            f"deviations ({number_of(dual.shift, 2)}): level {number_of(dual.level, 2)}, slope {slope} a week."
        ),
        f"Days after below both: {dual.n_below}; needed: {dual.needed} ({chance}): {yes(row['is_systematic'])}.",
    ]


def _again(row: Row, readings: list[Reading]) -> dict[str, Any]:
    before, after = used(readings, BEFORE), used(readings, AFTER)
    found: dict[str, Any] = {"n_before": len(before), "n_after": len(after)}
    if before:
        found |= {"median_before": median(before), "mean_before": fmean(before)}
    if after:
        found |= {"median_after": median(after), "mean_after": fmean(after)}
    if row["reason"] is not None:
        return found
    pairs, dual = _pairs(readings), _dual(readings)
    n_pairs = len(before) * len(after)
    trend = pairs.falls - pairs.rises
    return found | {
        "nap": (pairs.less + pairs.same / 2) / n_pairs,
        "tau_u": (pairs.less - pairs.more - trend) / n_pairs,
        "tau_trend_before": trend / comb(len(before), 2),
        "dual_criterion_days": dual.n_below,
        "dual_criterion_needed": dual.needed,
        "is_systematic": dual.n_below >= dual.needed,
    }
