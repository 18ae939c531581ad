"""The sentences and arithmetic of `explain_outcome`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import polars as pl

from ptanalytics.instruments import measure
from ptanalytics.instruments import short_number as _number
from ptanalytics.outcomes.observed import DAILY
from ptanalytics.settings import Settings

Row = dict[str, Any]
Told = tuple[str, list[str]]

NO_READINGS = pl.DataFrame(schema={"date": pl.Date, "value": pl.Float64, "part": pl.String})

REASONS = {
    "no_start": "there is no start date",
    "no_baseline": "there is no baseline",
    "not_due": "the follow-up is not due yet",
    "no_followup": "there is no value in the follow-up window",
    "no_common_activities": "no activity was rated both times",
    "no_room_to_improve": "the baseline leaves no room to improve by the minimal important change",
    "no_mic": "no minimal important change is known for this measure",
    "no_measurement_error": "no measurement error is known for this measure",
    "no_readings": "there is no reading after the baseline",
    "too_few_days": "too few days have a value",
    "too_short_span": "the days span too short a time",
    "empty_half": "one half of the window has no value",
}
_LABELS = {
    "improving": "the pain log is improving",
    "worsening": "the pain log is worsening",
    "no_clear_trend": "no clear trend, which does not mean stable",
    "plateau_low": "level and low",
    "plateau_residual": "level, with pain left; for clinician review",
    "no_plateau": "not level",
}


def with_parts(name: str, row: Row, series: pl.DataFrame, before: Row | None, settings: Settings) -> pl.DataFrame:
    """Say of each reading which part of the number it is: baseline, follow-up, window, after baseline, or none."""
    day = pl.col("date")
    if name in {"pain_trend", "pain_plateau"}:
        return series.with_columns(part=pl.when(day.is_between(row["from_date"], row["to_date"])).then(pl.lit("window")))
    part: pl.Expr = pl.lit(None, dtype=pl.String)
    if before is not None and before["from_date"] is not None:
        part = pl.when(day.is_between(before["from_date"], before["to_date"])).then(pl.lit("baseline"))
    if name == "time_to_mic":
        if row["baseline_date"] is None:
            return series.with_columns(part=part)
        is_event = day == pl.lit(row["event_date"], dtype=pl.Date)
        is_confirming = day == pl.lit(row["confirmed_date"], dtype=pl.Date)
        later = (
            pl.when(is_event).then(pl.lit("event")).when(is_confirming).then(pl.lit("confirms"))
            .when(day > row["baseline_date"]).then(pl.lit("after baseline"))
        )  # fmt: skip
        return series.with_columns(part=pl.coalesce(later, part))
    if before is None or before["start_date"] is None or row["followup"] is None:
        return series.with_columns(part=part)
    end = before["start_date"] + timedelta(days=7 * row["target_week"])
    if row["measure"] == DAILY:
        first = end - timedelta(days=settings.outcomes.followup_mean_days - 1)
        is_after = day.is_between(first, end)
    else:
        is_after = day == pl.lit(row.get("followup_date"), dtype=pl.Date)
    return series.with_columns(part=pl.when(is_after).then(pl.lit("follow-up")).otherwise(part))


def in_words(name: str, row: Row, readings: pl.DataFrame, settings: Settings) -> Told:
    """Return the sentence and the steps of one number."""
    tell: dict[str, Callable[[Row, Settings], Told]] = {
        "changes": _change,
        "reliable_change": _reliable,
        "pain_trend": _trend,
        "pain_plateau": _plateau,
        "time_to_mic": _time,
    }
    sentence, steps = tell[name](row, settings)
    for part in ("baseline", "follow-up", "window"):
        values = readings.filter(pl.col("part") == part)["value"].to_list()
        if len(values) > 1:
            mean = _number(sum(values) / len(values))
            listed = ", ".join(_number(value) for value in values) if len(values) <= 14 else f"{len(values)} values"
            steps.append(f"Readings of the {part}: {listed}; mean {mean}.")
    return sentence, steps


def _change(row: Row, settings: Settings) -> Told:
    known = measure(row["measure"])
    head = f"{known.label}, week {row['target_week']}"
    steps = []
    if row["baseline"] is not None:
        steps.append(f"Baseline: {_number(row['baseline'])} (rule {row['baseline_rule']}).")
    if row["followup"] is not None:
        steps.append(f"Follow-up: {_number(row['followup'])} on {row['followup_date']} (n = {row['n_followup']}).")
    gain = row["improvement"]
    if gain is None:
        return f"{head}: no change can be given, because {_why(row)}.", steps
    first, second = (row["baseline"], row["followup"]) if known.is_lower_better else (row["followup"], row["baseline"])
    share = f", {_number(row['improvement_pct'])} % of baseline" if row["improvement_pct"] is not None else ""
    steps.append(f"Improvement: {_number(first)} - {_number(second)} = {_number(gain)}{share}.")
    if row["is_responder_absolute"] is not None:
        reached = _yes(holds=row["is_responder_absolute"])
        steps.append(f"Absolute rule: {_number(gain)} >= {_number(row['mic'])} (minimal important change): {reached}.")
    if row["is_responder_percent"] is not None:
        limit = _number(settings.outcomes.responder_pct)
        reached = _yes(holds=row["is_responder_percent"])
        steps.append(f"Percent rule: {_number(row['improvement_pct'])} % >= {limit} %: {reached}.")
    if row["is_responder_both"] is not None:
        steps.append(f"Both rules: {_yes(holds=row['is_responder_both'])}.")
    moved = f"improved by {_number(gain)}" if gain > 0 else f"worse by {_number(-gain)}" if gain < 0 else "no change"
    unit = "" if not gain else " points" if known.unit == "%" else f" {known.unit}"
    judged = {True: "response", False: "no response", None: "no judgement of response"}[row["is_responder"]]
    because = f", because {_why(row)}" if row["is_responder"] is None else ""
    return f"{head}: {moved}{unit}; {judged} by the rule of the settings{because}.", steps


def _reliable(row: Row, settings: Settings) -> Told:
    del settings
    known = measure(row["measure"])
    head = f"{known.label}, week {row['target_week']}"
    if row["rc"] is None:
        return f"{head}: no reliable change can be given, because {_why(row)}.", []
    steps = [
        f"Improvement: {_number(row['improvement'])} from {_number(row['baseline'])} to {_number(row['followup'])}.",
        f"Standard error of a difference: {_number(row['s_diff'], 3)} ({row['source']}).",
        f"Index: {_number(row['improvement'])} / {_number(row['s_diff'], 3)} = {_number(row['rc'], 2)} (reliable: > 1.96).",
        f"Smallest reliable change: 1.96 x {_number(row['s_diff'], 3)} = {_number(row['reliable_points'], 2)}.",
    ]
    if row["cutoff"] is not None:
        steps.append(f"Cut-off (criterion {row['cutoff_rule']}): {_number(row['cutoff'], 2)}.")
    if row["is_mic_within_error"]:
        steps.append(f"The minimal important change ({_number(row['mic'])}) is smaller: a responder may be within error.")
    return f"{head}: {row['change_class']}.", steps


def _trend(row: Row, settings: Settings) -> Told:
    del settings
    if row["slope_per_week"] is None:
        return f"No trend can be given, because {_why(row)} ({row['n_days']} days with a value).", []
    n = row["n_days"]
    steps = [
        f"Days with a value: {n}, from {row['from_date']} to {row['to_date']}; {n * (n - 1) // 2} pairs of days.",
        f"Slope: median over the pairs of (later - earlier) / weeks between = {_number(row['slope_per_week'], 2)}.",
        f"95 % interval (Sen): {_number(row['lower'], 2)} to {_number(row['upper'], 2)} points a week.",
    ]
    if row["ols_slope_per_week"] is not None:
        steps.append(f"Least squares beside it: {_number(row['ols_slope_per_week'], 2)} (its interval is too narrow).")
    label = _LABELS[row["label"]]
    return f"Daily pain changes by {_number(row['slope_per_week'], 2)} points a week: {label}.", steps


def _plateau(row: Row, settings: Settings) -> Told:
    if row["label"] is None:
        return f"Level or not cannot be said, because {_why(row)} ({row['n_days']} days with a value).", []
    rules = settings.outcomes.plateau
    slope, limit = _number(row["slope_per_week"], 2), _number(rules.slope_per_week, 2)
    halves = f"{_number(row['mean_first_half'], 2)} and {_number(row['mean_last_half'], 2)}"
    steps = [
        f"Slope of the last {rules.window_days} days: {slope}; level up to {limit} points a week.",
        f"Means of the halves: {halves}; difference {_number(row['difference'], 2)}.",
        f"Mean of the last values: {_number(row['recent'], 2)}; low up to {_number(rules.low_max)}.",
    ]
    return f"Daily pain from {row['from_date']} to {row['to_date']} is {_LABELS[row['label']]}.", steps


def _time(row: Row, settings: Settings) -> Told:
    known = measure(row["measure"])
    if row["duration_days"] is None:
        return f"{known.label}: no time to change, because {_why(row)}.", []
    steps = [
        f"Day 0: {row['baseline_date']}, baseline {_number(row['baseline'])}; {row['n_readings']} readings after it.",
        f"Rule: {row['rule']}; minimal important change {_number(row['mic'])}.",
    ]
    if row["is_event"]:
        held = settings.outcomes.sustained.confirm_days
        steps.append(f"Reached on {row['event_date']} and in every reading up to {row['confirmed_date']} (>= {held} days).")
        return f"{known.label}: an important change that lasts began after {row['duration_days']} days.", steps
    why = {"unconfirmed": "the last readings reach it, but none at least two weeks later confirms it"}.get(
        row["status"], "no reading started a change that lasted"
    )
    return f"{known.label}: no lasting important change within {row['duration_days']} days of readings; {why}.", steps


def _why(row: Row) -> str:
    return REASONS.get(row["reason"], str(row["reason"]).replace("_", " "))


def _yes(*, holds: bool) -> str:
    return "yes" if holds else "no"
