"""Time to the first important change that lasts: each reading judged by the rule, and the run that confirms."""

from datetime import date, timedelta
from typing import Any

from ptanalytics.dates import day_text
from ptanalytics.instruments import Instrument, count_text, measure
from ptanalytics.instruments import short_number as number_of
from ptanalytics.outcomes.change import TOLERANCE
from ptanalytics.outcomes.explained.evidence import Evidence
from ptanalytics.outcomes.explained.explanation import Reading, Row, Told
from ptanalytics.outcomes.explained.pain_days import left_out_step
from ptanalytics.outcomes.explained.wording import known_sources, why
from ptanalytics.outcomes.observed import DAILY
from ptanalytics.settings import Settings

MEETS, MISSES = "meets the rule", "does not meet it"


def tell_time(row: Row, evidence: Evidence) -> Told:
    """Explain the time to a change that lasts, or why it is censored."""
    known = measure(row["measure"])
    readings = _readings(row, known, evidence)
    steps = _steps(row, known, evidence.settings)
    if row["measure"] == DAILY:
        steps += left_out_step(evidence)
    return Told(
        sentence=_sentence(row, known),
        steps=steps,
        value=row["duration_days"],
        unit="days",
        n=row["n_readings"],
        window=(row["baseline_date"], row["confirmed_date"] or row["event_date"]),
        readings=readings,
        worked_out=_again(row, readings, evidence.settings)
        if evidence.has_data and row["duration_days"] is not None
        else {},
        counts_as="improvement",
        sources=known_sources(("rule: project default of the clinical methods (section 3.8)", row["mic_source"])),
    )


def _sentence(row: Row, known: Instrument) -> str:
    if row["duration_days"] is None:
        return f"{known.label}: no time to change, because {why(row)}."
    days = count_text(row["duration_days"], "day")
    if row["is_event"]:
        return f"{known.label}: an important change that lasts began after {days}."
    reason = {"unconfirmed": "the last readings reach it, but none at least two weeks later confirms it"}.get(
        row["status"], "no reading started a change that lasted"
    )
    return f"{known.label}: no lasting important change within {days} of readings; {reason}."


def _steps(row: Row, known: Instrument, settings: Settings) -> list[str]:
    steps = []
    if row["baseline"] is not None:
        day = day_text(row["baseline_date"])
        steps.append(f"Day 0: {day}, baseline {number_of(row['baseline'], 2)}; {row['n_readings']} readings after it.")
    if row["mic"] is not None:
        steps.append(f"Minimal important change (MIC): {number_of(row['mic'], 2)}, from: {row['mic_source']}.")
    limits = _limits(row, known, settings)
    if limits:
        steps.append(f"Rule ({row['rule']}): a reading of {limits} meets it.")
    held = settings.outcomes.sustained.confirm_days
    steps.append(f"It lasts where every reading up to one at least {held} days later meets it too.")
    if row["is_event"]:
        took = (
            f"{day_text(row['event_date'])} - {day_text(row['baseline_date'])} = {count_text(row['duration_days'], 'day')}"
        )
        steps.append(f"Reached on {day_text(row['event_date'])}, confirmed on {day_text(row['confirmed_date'])}; {took}.")
    elif row["duration_days"] is not None:
        last = row["baseline_date"] + timedelta(days=row["duration_days"])
        steps.append(f"Censored on the last reading, {day_text(last)}: {count_text(row['duration_days'], 'day')}.")
    return steps


def _limits(row: Row, known: Instrument, settings: Settings) -> str:
    """Say which values meet the rule."""
    baseline, mic = row["baseline"], row["mic"]
    if baseline is None:
        return ""
    towards = -1 if known.is_lower_better else 1
    limits = {
        "absolute": None if mic is None else baseline + towards * mic,
        "percent": baseline * (1 + towards * settings.outcomes.responder_pct / 100),
    }
    names = ("absolute", "percent") if row["rule"] == "both" else (row["rule"],)
    asked = [limit for name in names if (limit := limits[name]) is not None]
    if not asked:
        return ""
    value = min(asked) if known.is_lower_better else max(asked)
    return f"{number_of(value, 2)} or {'less' if known.is_lower_better else 'more'}"


def _readings(row: Row, known: Instrument, evidence: Evidence) -> list[Reading]:
    """Return the series; each reading after day 0 counts with its improvement and says whether it meets the rule."""
    if not evidence.has_data:
        return []
    if row["measure"] == DAILY:
        series = [("day's pain", *one) for one in evidence.daily.select("date", "pain_nprs").iter_rows()]
    else:
        own = evidence.scored.filter(instrument_id=row["measure"]).select("completed_date", "score")
        series = [("score", *one) for one in own.iter_rows()]
    return [_judged(what, day, value, row, known, evidence) for what, day, value in series]


def _judged(  # noqa: PLR0917 - a reading and what it is judged by
    what: str, day: date, value: float | None, row: Row, known: Instrument, evidence: Evidence
) -> Reading:
    start, baseline = row["baseline_date"], row["baseline"]
    if value is None:
        return Reading(day, what, None, None, None, "no score")
    if start is None or baseline is None or row["duration_days"] is None:
        return Reading(day, what, value, None, None, why(row) if row["reason"] else "")
    if day <= start:
        return Reading(day, what, value, None, None, "not after day 0")
    if evidence.cutoff is not None and day > evidence.cutoff:
        return Reading(day, what, value, None, None, "after the cutoff")
    gain = baseline - value if known.is_lower_better else value - baseline
    part = MEETS if _meets(gain, row, evidence.settings) else MISSES
    remark = {row["event_date"]: "event", row["confirmed_date"]: "confirms"}.get(day, "")
    return Reading(day, what, value, gain, part, remark)


def _meets(gain: float, row: Row, settings: Settings) -> bool:
    absolute = row["mic"] is not None and gain >= row["mic"] - TOLERANCE
    share = gain / row["baseline"] if row["baseline"] else 0.0
    percent = share >= settings.outcomes.responder_pct / 100 - TOLERANCE
    return {"absolute": absolute, "percent": percent, "both": absolute and percent}[row["rule"]]


def _again(row: Row, readings: list[Reading], settings: Settings) -> dict[str, Any]:
    """Look for the event reading by reading, as the definition says it."""
    after = [(one.date, one.part == MEETS) for one in readings if one.part in {MEETS, MISSES} and one.date is not None]
    day_0, held = row["baseline_date"], settings.outcomes.sustained.confirm_days
    for place, (day, _) in enumerate(after):
        for later, is_met in after[place:]:
            if not is_met:
                break
            if (later - day).days >= held:
                days = (day - day_0).days
                return {"duration_days": days, "is_event": True, "status": "event", "n_readings": len(after)}
    last, is_met = after[-1]
    status = "unconfirmed" if is_met else "not_reached"
    return {"duration_days": (last - day_0).days, "is_event": False, "status": status, "n_readings": len(after)}
