"""Flares by FLARE-1: the usual level a day is compared with, the days of a flare, and how often they come."""

from datetime import date, timedelta
from statistics import median
from typing import Any

import polars as pl

from ptanalytics.dates import day_text
from ptanalytics.instruments import count_text
from ptanalytics.instruments import short_number as number_of
from ptanalytics.outcomes.explained.evidence import Evidence
from ptanalytics.outcomes.explained.explanation import Reading, Row, Told
from ptanalytics.outcomes.explained.pain_days import UNIT, day_readings, left_out_step, span_of
from ptanalytics.outcomes.explained.wording import values_of, why, yes
from ptanalytics.outcomes.flare_rates import MIN_DAYS, PER_DAYS
from ptanalytics.outcomes.flares import flares, judged_days, until, usual_level
from ptanalytics.settings import FlareSettings

FLARE, REFERENCE, OTHER = "flare", "usual level", "day with a value"
SOURCES = (
    "FLARE-1: project default of the clinical methods (section 3.6)",
    "Costa 2019, J Pain 20:1267-1275 (a flare-up has no numeric threshold)",
)
_KINDS = {
    "flare": "a flare, because the person marked it",
    "flare_proxy": "a flare by its numbers only, which is a proxy",
    "sustained_worsening": "too long for a flare: a sustained worsening",
}


def judged_of(evidence: Evidence, last: date | None) -> pl.DataFrame:
    """Return daily pain with the level each day is compared with, and whether it is elevated."""
    if not evidence.has_data:
        return evidence.daily.with_columns(is_elevated=pl.lit(value=False), reference_nprs=pl.lit(None, dtype=pl.Float64))
    pain = evidence.table("pain_scores").lazy()
    pain = pain if last is None else until(pain, last, evidence.settings)
    plans, patients, sessions = (evidence.table(name).lazy() for name in ("plans", "patients", "sessions"))
    daily = evidence.daily.lazy() if last is None else evidence.daily.lazy().filter(pl.col("date") <= last)
    usual = usual_level(pain, plans, patients, sessions, evidence.settings)
    return judged_days(daily, usual, evidence.settings.outcomes.flare).collect()


def tell_flare(row: Row, evidence: Evidence) -> Told:
    """Explain one flare: the level it rises above, its days and its kind."""
    rules, first, last = evidence.settings.outcomes.flare, row["start_date"], row["end_date"]
    days = judged_of(evidence, evidence.cutoff)
    usual = _reference_of(first, days, rules)
    elevated = set(days.filter("is_elevated")["date"])
    inside = {day for day in elevated if first <= day <= last}
    level = set(usual.days)

    def judge(day: date) -> tuple[str | None, str]:
        if day in inside:
            return FLARE, ""
        if day in level:
            return REFERENCE, ""
        if first - timedelta(days=rules.ref_days) <= day < first and day in elevated:
            return None, "elevated itself, so not part of the usual level"
        return None, "recorded, not elevated, inside the flare" if first <= day <= last else "another day"

    readings = day_readings(days, judge)
    return Told(
        sentence=f"{day_text(first)} to {day_text(last)}: {_KINDS[row['kind']]}; {count_text(row['n_days'], 'day')} "
        f"recorded, highest {number_of(row['peak_nprs'], 2)}.",
        steps=[*_level_steps(row, usual, days, rules), *_length_steps(row, days, inside, rules), *left_out_step(evidence)],
        value=row["kind"],
        unit=UNIT,
        n=row["n_days"],
        window=(first, last),
        readings=readings,
        worked_out=_flare_again(row, days, inside, usual, rules) if evidence.has_data else {},
        sources=SOURCES,
    )


class _Usual:
    """The usual level on a day: its value, the days it is the median of, and where it comes from."""

    def __init__(self, value: float | None, days: list[date], values: list[float], words: str) -> None:
        self.value, self.days, self.values, self.words = value, days, values, words


def _reference_of(day: date, days: pl.DataFrame, rules: FlareSettings) -> _Usual:
    """Return the usual level: of the days before, else the last there was, else the baseline."""
    known = days.filter(pl.col("date") <= day).sort("date", descending=True)
    for at in known["date"]:
        first = at - timedelta(days=rules.ref_days)
        window = days.filter((pl.col("date") >= first) & (pl.col("date") < at) & ~pl.col("is_elevated")).sort("date")
        if window.height >= rules.min_ref:
            values = window["pain_nprs"].to_list()
            words = f"the {rules.ref_days} days before that were not elevated"
            if at != day:
                words = f"{words}, as it was on {day_text(at)}: later days have fewer than {rules.min_ref} such days"
            return _Usual(median(values), window["date"].to_list(), values, words)
    baseline = known["baseline"].to_list()[0] if known.height and "baseline" in known.columns else None
    words = "the baseline, because there is no usual level yet" if baseline is not None else "none"
    return _Usual(baseline, [], [], words)


def _level_steps(row: Row, usual: _Usual, days: pl.DataFrame, rules: FlareSettings) -> list[str]:
    reference = row["reference_nprs"]
    if reference is None:
        return ["Usual level: none can be given, so only the person's own mark makes this a flare."]
    level = number_of(reference, 2)
    limit = number_of(max(reference + rules.delta, rules.min_abs), 2)
    steps = []
    if usual.values:
        steps.append(f"Usual level: the median of {usual.words}: {values_of(usual.values)}; median {level}.")
    elif days.height:
        steps.append(f"Usual level: {usual.words}: {level}.")
    least = f"at least {level} + {number_of(rules.delta)} and at least {number_of(rules.min_abs)}"
    return [*steps, f"Elevated: {least}, so from {limit} on, or marked by the person."]


def _length_steps(row: Row, days: pl.DataFrame, inside: set[date], rules: FlareSettings) -> list[str]:
    gap = count_text(rules.max_gap_days, "unrecorded day")
    steps = []
    if inside:
        values = days.filter(pl.col("date").is_in(list(inside)))["pain_nprs"].to_list()
        steps.append(f"Days of the flare: {values_of(values)}; at most {gap} lies between neighbours.")
    steps.append(
        f"Length: {count_text(row['n_days'], 'elevated day')} in {count_text(row['duration_days'], 'day')}; a flare by "
        f"numbers needs {rules.min_days}, and more than {rules.max_days} days are a sustained worsening."
    )
    return steps


def _flare_again(row: Row, days: pl.DataFrame, inside: set[date], usual: _Usual, rules: FlareSettings) -> dict[str, Any]:
    own = days.filter(pl.col("date").is_in(list(inside)))
    duration = (row["end_date"] - row["start_date"]).days + 1
    kind = "flare" if own["is_flare"].any() else "flare_proxy"
    return {
        "reference_nprs": usual.value,
        "n_days": own.height,
        "duration_days": duration,
        "peak_nprs": max(own["pain_nprs"].to_list(), default=None),
        "kind": "sustained_worsening" if duration > rules.max_days else kind,
    }


def _runs(evidence: Evidence) -> pl.DataFrame:
    return evidence.run(flares).sort("start_date") if evidence.has_data else pl.DataFrame(schema={"kind": pl.String})


def _in_flares(days: pl.DataFrame, found: pl.DataFrame) -> list[Reading]:
    spans = [(one["start_date"], one["end_date"]) for one in found.iter_rows(named=True)]
    elevated = set(days.filter("is_elevated")["date"])

    def judge(day: date) -> tuple[str | None, str]:
        is_in = day in elevated and any(first <= day <= last for first, last in spans)
        return (FLARE, "") if is_in else (OTHER, "")

    return day_readings(days, judge)


def tell_flare_rate(row: Row, evidence: Evidence) -> Told:
    """Explain how often flares come."""
    found = _runs(evidence)
    counted = found.filter(pl.col("kind") != "sustained_worsening")
    days = judged_of(evidence, evidence.cutoff)
    n, n_flares, rate = row["n_days"], row["n_flares"], row["per_28_days"]
    steps = [
        f"Flares: {day_text(one['start_date'])} to {day_text(one['end_date'])}, {_KINDS[one['kind']]}."
        for one in counted.iter_rows(named=True)
    ]
    if found.height > counted.height:
        steps.append(f"Not counted: {count_text(found.height - counted.height, 'sustained worsening')}.")
    blind = row["n_not_evaluable"]
    steps.append(
        f"Days with a value: {n}; a flare cannot be seen on others. Without a usual level to compare with: {blind}."
    )
    steps.append(f"Days that can be judged: {n} - {blind} = {n - blind}. Needed: {MIN_DAYS}.")
    if rate is None:
        sentence = f"No flare rate, because {why(row)} ({n})."
    else:
        steps.append(f"Rate: {PER_DAYS} x {n_flares} / {n} = {number_of(rate, 2)} flares per {PER_DAYS} days.")
        sentence = (
            f"{count_text(n_flares, 'flare')} ({row['n_marked']} marked by the person) in {count_text(n, 'day')} with a "
            f"value: {number_of(rate, 2)} per {PER_DAYS} days."
        )
    readings = _in_flares(days, counted) if evidence.has_data else []
    worked_out: dict[str, Any] = {}
    if evidence.has_data:
        blind = days.filter(pl.col("reference_nprs").is_null() & ~pl.col("is_flare")).height
        again = PER_DAYS * counted.height / days.height if days.height - blind >= MIN_DAYS else None
        worked_out = {"n_days": days.height, "n_flares": counted.height, "n_not_evaluable": blind, "per_28_days": again}
    return Told(
        sentence=sentence,
        steps=[*steps, *left_out_step(evidence)],
        value=rate,
        unit=f"flares/{PER_DAYS} days",
        n=n,
        window=span_of(readings),
        readings=readings,
        worked_out=worked_out,
        sources=SOURCES,
    )


def tell_flare_status(row: Row, evidence: Evidence) -> Told:
    """Explain whether a flare is running on a day."""
    rules, on_date = evidence.settings.outcomes.flare, row["on_date"]
    days = judged_of(evidence, on_date)
    last, end = row["last_entry_date"], row["end_date"]
    steps = [f"Last recorded day up to {day_text(on_date)}: {day_text(last)}."]
    since = None if end is None else (on_date - end).days
    if since is None:
        steps.append("Flares up to then: none.")
    else:
        steps.append(f"Latest flare: {day_text(row['start_date'])} to {day_text(end)}, {_KINDS[row['kind']]}.")
        steps.append(f"Its last day is the last recorded day: {yes(end == last)}.")
        steps.append(f"Days since: {since} <= {rules.active_days}: {yes(since <= rules.active_days)}.")
    newest = days["date"].max()
    is_active = since is not None and end == newest and since <= rules.active_days
    return Told(
        sentence=f"On {day_text(on_date)} {'a flare is running' if row['is_active'] else 'no flare is running'}.",
        steps=[*steps, *left_out_step(evidence)],
        value=row["is_active"],
        unit="",
        n=None,
        window=(row["start_date"], end),
        readings=_status_readings(row, days) if evidence.has_data else [],
        worked_out={"is_active": is_active, "last_entry_date": newest} if days.height else {},
        sources=SOURCES,
    )


def _status_readings(row: Row, days: pl.DataFrame) -> list[Reading]:
    elevated = set(days.filter("is_elevated")["date"])
    first, last = row["start_date"], row["end_date"]

    def judge(day: date) -> tuple[str | None, str]:
        is_in = first is not None and first <= day <= last and day in elevated
        return (FLARE, "") if is_in else (None, "not in the latest flare")

    return day_readings(days, judge)
