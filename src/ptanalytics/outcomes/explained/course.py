"""Trend and plateau of daily pain: the days of the window and the slopes between them."""

from collections import Counter
from datetime import date, timedelta
from itertools import combinations
from math import sqrt
from statistics import fmean, median
from typing import Any

import polars as pl

from ptanalytics.dates import DAYS_PER_WEEK, day_text
from ptanalytics.instruments import mic_for
from ptanalytics.instruments import short_number as number_of
from ptanalytics.outcomes.daily import daily_pain
from ptanalytics.outcomes.explained.evidence import Evidence
from ptanalytics.outcomes.explained.explanation import Reading, Row, Told
from ptanalytics.outcomes.explained.pain_days import UNIT, dated, day_readings, left_out_step, mean_step, used
from ptanalytics.outcomes.explained.wording import known_sources, sum_of, why, yes
from ptanalytics.outcomes.observed import DAILY
from ptanalytics.outcomes.proportions import Z_95
from ptanalytics.outcomes.trend import TOLERANCE

PART = "window"
SEN = "Sen 1968, doi:10.1080/01621459.1968.10480934"
_LABELS = {
    "improving": "the pain log is improving",
    "worsening": "the pain log is worsening",
    "no_clear_trend": "no clear trend, which does not mean stable",
    "plateau_low": "level and low",
    "plateau_residual": "level, with pain left; for clinician review",
    "no_plateau": "not level",
}
_PER_WEEK = "points/week"


def window_readings(days: pl.DataFrame, row: Row, evidence: Evidence, first: date) -> list[Reading]:
    """Return daily values; those from ``first`` to the last day of a row are the window."""

    def judge(day: date) -> tuple[str | None, str]:
        if day > row["to_date"]:
            return None, "after the cutoff" if evidence.cutoff is not None else "after the window"
        return (PART, "") if day >= first else (None, "before the window")

    return day_readings(days, judge)


def slopes_of(readings: list[Reading]) -> list[float]:
    """Return the slopes per week between all pairs of days of the window, sorted."""
    return sorted(
        (later - earlier) / ((day - before).days / DAYS_PER_WEEK)
        for (before, earlier), (day, later) in combinations(dated(readings, PART), 2)
    )


def _sen_ranks(values: list[float]) -> tuple[int, int, float]:
    """Return the places of Sen's limits among the sorted slopes, counted from 1, and the standard error behind them."""
    n = len(values)
    tied = sum(k * (k - 1) * (2 * k + 5) for k in Counter(values).values())
    sigma = sqrt((n * (n - 1) * (2 * n + 5) - tied) / 18)
    n_pairs = n * (n - 1) // 2
    low, high = round((n_pairs - Z_95 * sigma) / 2), round((n_pairs + Z_95 * sigma) / 2)
    return max(low, 1), min(high + 1, n_pairs), sigma


def _window_step(row: Row, first: date | None, width: int) -> str:
    span = f"{day_text(first)} to {day_text(row['to_date'])}"
    return f"Window: the {width} days up to the last with a value, {span}; {row['n_days']} of them have one."


def tell_trend(row: Row, evidence: Evidence) -> Told:
    """Explain the slope of daily pain and its interval."""
    rules = evidence.settings.outcomes.slope
    first = row["to_date"] - timedelta(days=rules.window_days - 1) if row["to_date"] else None
    chosen = {name: value for name, value in evidence.options.items() if name in {"recall", "site"}}
    days = evidence.run(daily_pain).sort("date") if evidence.has_data else evidence.daily
    readings = window_readings(days, row, evidence, first) if first else []
    n, slope = row["n_days"], row["slope_per_week"]
    steps = [
        _window_step(row, first, rules.window_days),
        f"Needed: {rules.min_points} days with a value, over at least {rules.min_span_days} days.",
        *left_out_step(evidence, **chosen),
    ]
    if slope is None:
        sentence = f"No trend can be given, because {why(row)} ({n} days with a value)."
    else:
        sentence = f"Daily pain changes by {number_of(slope, 2)} points a week: {_LABELS[row['label']]}."
        steps += _slope_steps(row, readings, evidence)
    return Told(
        sentence=sentence,
        steps=steps,
        value=slope,
        unit=_PER_WEEK,
        n=n,
        window=(row["from_date"], row["to_date"]),
        readings=readings,
        worked_out=_slopes_again(row, readings) if readings else {},
        sources=(SEN, "labels: project default of the clinical methods (section 3.5)"),
    )


def _slope_steps(row: Row, readings: list[Reading], evidence: Evidence) -> list[str]:
    n, slope = row["n_days"], number_of(row["slope_per_week"], 2)
    n_pairs = n * (n - 1) // 2
    low, high = number_of(row["lower"], 2), number_of(row["upper"], 2)
    steps = [
        f"Slope: the median over {n_pairs} pairs of days of (later - earlier) / weeks between = {slope} points a week."
    ]
    values = used(readings, PART)
    if values:
        first, last, sigma = _sen_ranks(values)
        places = f"the slopes at places {first} and {last} of the {n_pairs} in order (sigma = {number_of(sigma, 2)})"
        steps.append(f"95 % interval (Sen): {places}: {low} to {high}.")
    else:
        steps.append(f"95 % interval (Sen): {low} to {high} points a week.")
    steps.append(
        f"At the first day: median of the values - slope x median of the weeks = {number_of(row['intercept'], 2)}."
    )
    if row["ols_slope_per_week"] is not None:
        ends = f"{number_of(row['ols_lower'], 2)} to {number_of(row['ols_upper'], 2)}"
        steps.append(f"Least squares beside it: {number_of(row['ols_slope_per_week'], 2)} ({ends}, which is too narrow).")
    least = number_of(evidence.settings.outcomes.slope.label_per_week, 2)
    steps.append(f"Label: improving needs a slope of -{least} or less and an interval below 0; worsening the reverse.")
    return steps


def _slopes_again(row: Row, readings: list[Reading]) -> dict[str, Any]:
    values, slopes = used(readings, PART), slopes_of(readings)
    if row["reason"] is not None:
        return {"n_days": len(values)}
    first, last, _ = _sen_ranks(values)
    days = [day for day, _ in dated(readings, PART)]
    weeks = [(day - days[0]).days / DAYS_PER_WEEK for day in days]
    slope = median(slopes)
    spread = sum((week - fmean(weeks)) ** 2 for week in weeks)
    shared = sum((week - fmean(weeks)) * (value - fmean(values)) for week, value in zip(weeks, values, strict=True))
    return {
        "n_days": len(values),
        "slope_per_week": slope,
        "lower": slopes[first - 1],
        "upper": slopes[last - 1],
        "intercept": median(values) - slope * median(weeks),
        "ols_slope_per_week": shared / spread,
    }


def tell_plateau(row: Row, evidence: Evidence) -> Told:
    """Explain whether daily pain is level."""
    rules = evidence.settings.outcomes.plateau
    first = row["to_date"] - timedelta(days=rules.window_days - 1) if row["to_date"] else None
    readings = window_readings(evidence.daily, row, evidence, first) if first else []
    middle = row["to_date"] - timedelta(days=rules.window_days // 2) if row["to_date"] else None
    mic = mic_for(DAILY, evidence.settings)
    steps = [
        _window_step(row, first, rules.window_days),
        f"Needed: {rules.min_points} days with a value, over at least {rules.min_span_days} days and in both halves.",
        *left_out_step(evidence),
    ]
    if row["label"] is None:
        reason = why(row) if row["reason"] else "no minimal important change is known"
        sentence = f"Level or not cannot be said, because {reason} ({row['n_days']} days with a value)."
    else:
        days = f"from {day_text(row['from_date'])} to {day_text(row['to_date'])}"
        sentence = f"Daily pain {days} is {_LABELS[row['label']]}."
        steps += _level_steps(row, readings, middle, evidence)
    return Told(
        sentence=sentence,
        steps=steps,
        value=row["label"],
        unit=UNIT,
        n=row["n_days"],
        window=(row["from_date"], row["to_date"]),
        readings=readings,
        worked_out=_level_again(row, readings, middle, evidence) if readings and middle else {},
        sources=known_sources(("project default of the clinical methods (section 3.7)", SEN, mic.source)),
    )


def _halves(readings: list[Reading], middle: date) -> tuple[list[float], list[float]]:
    window = dated(readings, PART)
    return [value for day, value in window if day <= middle], [value for day, value in window if day > middle]


def _level_steps(row: Row, readings: list[Reading], middle: date | None, evidence: Evidence) -> list[str]:
    rules, mic = evidence.settings.outcomes.plateau, mic_for(DAILY, evidence.settings).value or 0
    slope, limit = row["slope_per_week"], rules.slope_per_week
    steps = [
        f"Slope: |{number_of(slope, 2)}| <= {number_of(limit, 2)} points a week: {yes(abs(slope) <= limit + TOLERANCE)}."
    ]
    if readings and middle is not None:
        first, last = _halves(readings, middle)
        steps += [mean_step(f"First half, up to {day_text(middle)}", first), mean_step("Last half", last)]
    difference = row["difference"]
    is_small = abs(difference) < mic / 2 - TOLERANCE
    steps.append(
        f"Halves: {number_of(row['mean_last_half'], 2)} - {number_of(row['mean_first_half'], 2)} = "
        f"{number_of(difference, 2)}; smaller in size than half the minimal important change, {number_of(mic / 2, 2)}: "
        f"{yes(is_small)}."
    )
    k = evidence.settings.outcomes.last_k
    newest = used(readings, PART)[-k:]
    terms = f"({sum_of(newest)}) / {len(newest)} = " if readings else ""
    is_low = row["recent"] <= rules.low_max + TOLERANCE
    steps.append(
        f"Mean of the last {k} values: {terms}{number_of(row['recent'], 2)}; low is up to {number_of(rules.low_max)}: "
        f"{yes(is_low)}."
    )
    return steps


def _level_again(row: Row, readings: list[Reading], middle: date, evidence: Evidence) -> dict[str, Any]:
    values = used(readings, PART)
    first, last = _halves(readings, middle)
    recent = fmean(values[-evidence.settings.outcomes.last_k :])
    found: dict[str, Any] = {"n_days": len(values), "recent": recent}
    if row["reason"] is not None:
        return found
    rules, mic = evidence.settings.outcomes.plateau, mic_for(DAILY, evidence.settings).value
    slope, difference = median(slopes_of(readings)), fmean(last) - fmean(first)
    found |= {"slope_per_week": slope, "difference": difference}
    if mic is None:
        return found
    is_level = abs(slope) <= rules.slope_per_week + TOLERANCE and abs(difference) < mic / 2 - TOLERANCE
    is_low = recent <= rules.low_max + TOLERANCE
    return found | {"label": ("plateau_low" if is_low else "plateau_residual") if is_level else "no_plateau"}
