"""Baselines: which readings, in which window, and which windows were tried before it; and the room they leave."""

from datetime import date, timedelta
from statistics import fmean

import polars as pl

from ptanalytics.dates import day_text
from ptanalytics.instruments import Instrument, count_text, measure, mic_for
from ptanalytics.instruments import short_number as number_of
from ptanalytics.outcomes.baseline import LATE_TO_DAY
from ptanalytics.outcomes.change import TOLERANCE
from ptanalytics.outcomes.daily import per_day
from ptanalytics.outcomes.explained.evidence import Evidence
from ptanalytics.outcomes.explained.explanation import Reading, Row, Told
from ptanalytics.outcomes.explained.pain_days import day_readings, left_out_step, mean_step, used
from ptanalytics.outcomes.explained.wording import REASONS, unit_of, why
from ptanalytics.outcomes.floor_ceiling import LIMIT_PCT
from ptanalytics.outcomes.observed import DAILY

PART = "baseline"
WINDOWS = "windows: project default of the clinical methods (section 3.1)"


def tell_baseline(row: Row, evidence: Evidence) -> Told:
    """Explain a baseline: window, fallback and readings."""
    known = measure(row["measure"])
    readings = baseline_readings(row, evidence)
    values = used(readings, PART)
    steps = [_zero_step(row, evidence), *_window_steps(row, evidence)]
    if values:
        steps.append(mean_step("Mean", values) if row["measure"] == DAILY else f"Score used: {number_of(values[-1], 2)}.")
    if row["measure"] == DAILY:
        steps += left_out_step(evidence)
    if row["baseline"] is None:
        sentence = f"{known.label}: no baseline, because {_why_none(row)}."
    else:
        sentence = f"{known.label}: baseline {number_of(row['baseline'], 2)} ({rule_words(row['rule'])})."
    return Told(
        sentence=sentence,
        steps=steps,
        value=row["baseline"],
        unit=known.unit,
        n=row["n"],
        window=(row["from_date"], row["to_date"]),
        readings=readings,
        worked_out={"baseline": fmean(values) if values else None, "n": len(values)} if evidence.has_data else {},
        sources=(WINDOWS,),
    )


def _why_none(row: Row) -> str:
    return REASONS["no_start"] if row["reason"] == "no_start" else "there is no value in its window"


def _zero_step(row: Row, evidence: Evidence) -> str:
    if row["start_date"] is None:
        return "Time zero: none; there is neither a plan nor an enrolment day."
    origin = "first day of the first plan version"
    if evidence.has_data and evidence.table("plans").is_empty():
        origin = "day of enrolment, because there is no plan"
    return f"Time zero: {day_text(row['start_date'])}{f' ({origin})' if evidence.has_data else ''}."


def rule_words(rule: str) -> str:
    """Say which window a baseline comes from."""
    if rule.startswith("window_"):
        return f"the {rule.removeprefix('window_')} days before time zero"
    return {
        "day_0": "day 0 before the first session, with the days before",
        "late": f"late: days 0 to {LATE_TO_DAY}, which treatment may already have touched",
        "questionnaire": "latest form of the baseline window",
    }.get(rule, rule)


def _window_steps(row: Row, evidence: Evidence) -> list[str]:
    """Say which windows were tried, in their order, and how many days each had."""
    outcomes, start = evidence.settings.outcomes, row["start_date"]
    if start is None:
        return []
    if row["measure"] != DAILY:
        first, last = (
            start + timedelta(days=day)
            for day in (outcomes.questionnaire_baseline_from_day, outcomes.questionnaire_baseline_to_day)
        )
        return [f"Rule: the latest valid score from {day_text(first)} to {day_text(last)}, not after the second session."]
    if not evidence.has_data:
        return []
    steps = []
    for rule, days, need, words in _tried(start, evidence):
        is_taken = rule == row["rule"]
        enough = "taken" if is_taken else "too few"
        steps.append(f"{words}: {count_text(len(days), 'day')} with a value, {need} needed: {enough}.")
        if is_taken:
            break
    return steps


def _tried(start: date, evidence: Evidence) -> list[tuple[str, list[date], int, str]]:
    outcomes = evidence.settings.outcomes
    width, need = outcomes.baseline_days, outcomes.baseline_min_readings
    days = {(day - start).days: day for day in evidence.daily["date"]}
    before = {day: found for day, found in days.items() if day < 0}
    early = early_of_day_0(start, evidence)

    def inside(some: dict[int, date], first: int, last: int) -> list[date]:
        return [found for day, found in sorted(some.items()) if first <= day <= last]

    day_0 = before | ({0: start} if early.height else {})
    return [
        (f"window_{width}", inside(before, -width, -1), need, f"The {width} days before time zero"),
        (f"window_{2 * width}", inside(before, -2 * width, -1), need, f"The {2 * width} days before"),
        ("day_0", inside(day_0, -width, 0), 1, f"The {width} days before with day 0 before the first session"),
        ("late", inside(days, 0, LATE_TO_DAY), 1, f"Days 0 to {LATE_TO_DAY}"),
    ]


def early_of_day_0(start: date, evidence: Evidence) -> pl.DataFrame:
    """Return day 0 with the ratings taken before the first session alone."""
    first = evidence.observed.first_sessions.collect()["first_session_at"].to_list()
    ratings = evidence.observed.readings.filter(pl.col("date") == start)
    if first and first[0] is not None:
        ratings = ratings.filter(pl.col("recorded_at") < first[0])
    return per_day(ratings, evidence.settings).collect()


def baseline_readings(row: Row, evidence: Evidence) -> list[Reading]:
    """Return the patient's series of the measure; the readings of the baseline carry that part."""
    if not evidence.has_data:
        return []
    if row["measure"] != DAILY:
        return _forms(row, evidence)
    days, first, last = evidence.daily, row["from_date"], row["to_date"]
    start = row["start_date"]
    if row["rule"] == "day_0":
        days = pl.concat([days.filter(pl.col("date") != start), early_of_day_0(start, evidence)]).sort("date")

    def judge(day: date) -> tuple[str | None, str]:
        if first is None:
            return None, REASONS["no_start"] if start is None else "in no window of the baseline"
        if not first <= day <= last:
            return None, "before the window" if day < first else "after the window"
        if day == start and row["rule"] == "day_0":
            return PART, "ratings before the first session"
        return PART, ""

    return day_readings(days, judge)


def _forms(row: Row, evidence: Evidence) -> list[Reading]:
    outcomes, start = evidence.settings.outcomes, row["start_date"]
    second = evidence.observed.first_sessions.collect()["second_session_date"].to_list()
    after = second[0] if second else None
    readings = []
    for form in evidence.scored.filter(pl.col("instrument_id") == row["measure"]).iter_rows(named=True):
        day, part = form["completed_date"], None
        off = None if start is None else (day - start).days
        if form["score"] is None:
            remark = f"no score: {why(form)}"
        elif off is None:
            remark = REASONS["no_start"]
        elif off < outcomes.questionnaire_baseline_from_day:
            remark = "before the window"
        elif off > outcomes.questionnaire_baseline_to_day:
            remark = "after the window"
        elif after is not None and day > after:
            remark = "after the second session"
        elif day == row["to_date"]:
            part, remark = PART, ""
        else:
            remark = "earlier in the window; the latest counts"
        readings.append(Reading(day, form_words(form), form["score"], form["score"], part, remark))
    return readings


def form_words(form: Row) -> str:
    """Name a score: scored from items, or a total of the export."""
    return "score from items" if form["form_id"] is not None else "total of the export"


def tell_room(row: Row, evidence: Evidence) -> Told:
    """Explain whether a baseline stands at an end of its scale and leaves room to improve."""
    known, mic = measure(row["measure"]), mic_for(row["measure"], evidence.settings)
    baseline = row["baseline"]
    readings = baseline_readings(row, evidence)
    steps = [f"Scale: {number_of(known.minimum)} to {number_of(known.maximum)}, {direction(known)} is better."]
    worked_out: dict[str, object] = {}
    if baseline is None:
        sentence = f"{known.label}: whether there is room to improve cannot be said, because {_why_none(row)}."
    else:
        room, at_best, at_worst = room_of(known, baseline)
        has_room = None if mic.value is None else room >= mic.value - TOLERANCE
        steps.append(f"Room to the best score: {room_words(known, baseline)} = {number_of(room, 2)}.")
        steps.append(
            f"Minimal important change: {number_of(mic.value)}; {number_of(room, 2)} >= {number_of(mic.value)}: "
            f"{'yes' if has_room else 'no'}."
            if mic.value is not None
            else "No minimal important change is known, so room cannot be judged."
        )
        steps.append(
            f"At the best score: {'yes' if at_best else 'no'}; at the worst: {'yes' if at_worst else 'no'}. A group has a "
            f"floor or ceiling where more than {number_of(LIMIT_PCT)} % stand at an end."
        )
        worked_out = {"baseline": fmean(used(readings, PART))} if used(readings, PART) else {}
        said = {True: "leaves room to improve", False: "leaves no room to improve", None: "has no yardstick for room"}
        sentence = f"{known.label}: a baseline of {number_of(baseline, 2)} {said[has_room]}."
    return Told(
        sentence=sentence,
        steps=steps,
        value=None if baseline is None else room_of(known, baseline)[0],
        unit=unit_of(known),
        n=row["n"],
        window=(row["from_date"], row["to_date"]),
        readings=readings,
        worked_out=worked_out,
        sources=tuple(one for one in (mic.source, "Terwee 2007, doi:10.1016/j.jclinepi.2006.03.012 (15 %)") if one),
    )


def direction(known: Instrument) -> str:
    """Say which way is better."""
    return "lower" if known.is_lower_better else "higher"


def room_of(known: Instrument, baseline: float) -> tuple[float, bool, bool]:
    """Return how far a baseline is from the best score, and whether it stands at the best or the worst."""
    best, worst = (known.minimum, known.maximum) if known.is_lower_better else (known.maximum, known.minimum)
    return abs(baseline - best), abs(baseline - best) <= TOLERANCE, abs(baseline - worst) <= TOLERANCE


def room_words(known: Instrument, baseline: float) -> str:
    """Write the subtraction behind the room to improve."""
    first, second = (baseline, known.minimum) if known.is_lower_better else (known.maximum, baseline)
    return f"{number_of(first, 2)} - {number_of(second, 2)}"
