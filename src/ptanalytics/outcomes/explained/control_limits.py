"""Individuals chart (XmR): the days behind the limits, and which rule marked which day."""

import itertools
from datetime import date
from statistics import fmean
from typing import Any

import polars as pl

from ptanalytics.dates import day_text
from ptanalytics.instruments import count_text
from ptanalytics.instruments import short_number as number_of
from ptanalytics.outcomes.control_limits import SCALE, xmr_limits
from ptanalytics.outcomes.explained.evidence import Evidence
from ptanalytics.outcomes.explained.explanation import Reading, Row, Told
from ptanalytics.outcomes.explained.pain_days import UNIT, left_out_step, mean_step, span_of
from ptanalytics.outcomes.explained.wording import sum_of, why

PART = "limits"
_SIGNALS = {
    "above_limit": "above the upper limit",
    "below_limit": "below the lower limit",
    "run_above": "in a run of {run} days or more above the centre",
    "run_below": "in a run of {run} days or more below the centre",
}
_NEAR = 1e-9


def tell_limits(row: Row, evidence: Evidence) -> Told:
    """Explain the limits of a day's chart and its signal."""
    rules = evidence.settings.outcomes.xmr
    days = evidence.run(xmr_limits).sort("date") if evidence.has_data else pl.DataFrame(schema={"date": pl.Date})
    basis = days.filter("is_baseline") if days.height else days
    values = basis["pain_nprs"].to_list() if days.height else []
    ranges = [abs(later - earlier) for earlier, later in itertools.pairwise(values)]
    steps = [
        (
            f"Limits come from the first {rules.baseline_points} days with a value, at least {rules.min_points}; there are "
            f"{row['n_baseline']}."
        )
    ]
    if row["centre"] is None:
        sentence = f"{day_text(row['date'])}: no limits, because {why(row)}."
    else:
        steps += _limit_steps(row, values, ranges)
        said = _SIGNALS[row["signal"]].format(run=rules.run_length) if row["signal"] else "no signal"
        span = f"usual range {number_of(row['lower'], 2)} to {number_of(row['upper'], 2)}"
        sentence = f"{day_text(row['date'])}: {number_of(row['pain_nprs'], 2)}, {said} ({span})."
        steps += _signal_steps(days, rules.run_length)
    readings = _readings(days, row["date"])
    return Told(
        sentence=sentence,
        steps=[*steps, *left_out_step(evidence)],
        value=row["signal"],
        unit=UNIT,
        n=row["n_baseline"],
        window=span_of(readings, PART),
        readings=readings,
        worked_out=_again(row, days, values, ranges, evidence) if days.height else {},
        counts_as="distance to the day before",
        sources=("Wheeler 2000, Understanding Variation (natural process limits, 2.66)", "Shewhart 1931"),
    )


def _limit_steps(row: Row, values: list[float], ranges: list[float]) -> list[str]:
    steps = []
    if ranges:
        steps.append(mean_step("Centre", values))
        steps.append(f"Mean moving range: ({sum_of(ranges)}) / {len(ranges)} = {number_of(fmean(ranges), 2)}.")
    reach = (row["upper"] - row["lower"]) / 2 / SCALE
    for sign, name in (("-", "lower"), ("+", "upper")):
        sides = f"{number_of(row['centre'], 2)} {sign} {SCALE} x {number_of(reach, 2)}"
        steps.append(f"{name.capitalize()} limit: {sides} = {number_of(row[name], 2)}.")
    return steps


def _signal_steps(days: pl.DataFrame, run: int) -> list[str]:
    if not days.height:
        return []
    steps = []
    for signal, words in _SIGNALS.items():
        marked = days.filter(pl.col("signal") == signal)["date"].to_list()
        if marked:
            listing = ", ".join(map(day_text, marked)) if len(marked) <= 10 else count_text(len(marked), "day")
            steps.append(f"Days {words.format(run=run)}: {listing}.")
    return steps or ["No day of the series has a signal."]


def _readings(days: pl.DataFrame, asked: date) -> list[Reading]:
    """Return the daily values; a baseline day counts with its distance to the day before."""
    readings: list[Reading] = []
    earlier: float | None = None
    for one in days.iter_rows(named=True):
        part = PART if one["is_baseline"] else None
        remark = "" if part else "after the days the limits come from"
        if one["signal"]:
            remark = one["signal"].replace("_", " ")
        if one["date"] == asked:
            part = "day asked about" if part is None else f"{PART}; day asked about"
        distance = None if earlier is None else abs(one["pain_nprs"] - earlier)
        readings.append(Reading(one["date"], "day's pain", one["pain_nprs"], distance, part, remark))
        earlier = one["pain_nprs"]
    return readings


def _again(row: Row, days: pl.DataFrame, values: list[float], ranges: list[float], evidence: Evidence) -> dict[str, Any]:
    if row["centre"] is None:
        return {"n_baseline": len(values), "centre": None}
    centre, reach = fmean(values), SCALE * fmean(ranges)
    found = {"n_baseline": len(values), "centre": centre, "lower": centre - reach, "upper": centre + reach}
    return found | {"signal": _signal_of(row, days, centre, reach, evidence.settings.outcomes.xmr.run_length)}


def _signal_of(row: Row, days: pl.DataFrame, centre: float, reach: float, run_length: int) -> str | None:
    away = [value - centre for value in days.filter(pl.col("date") <= row["date"])["pain_nprs"]]
    if abs(away[-1]) > reach + _NEAR:
        return "above_limit" if away[-1] > 0 else "below_limit"
    is_above = away[-1] > _NEAR
    run = 0
    for one in reversed(away):
        if abs(one) <= _NEAR or (one > 0) != is_above:
            break
        run += 1
    return None if run < run_length else "run_above" if is_above else "run_below"
