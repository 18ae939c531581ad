"""Change from baseline, the responder rules and reliable change, with the person's numbers filled in."""

from typing import Any

from ptanalytics.dates import day_text
from ptanalytics.instruments import Instrument, count_text, mdc95_of, measure
from ptanalytics.instruments import short_number as number_of
from ptanalytics.outcomes.change import TOLERANCE
from ptanalytics.outcomes.explained.baseline import PART, direction, room_of, room_words, rule_words
from ptanalytics.outcomes.explained.evidence import Evidence
from ptanalytics.outcomes.explained.explanation import Row, Told
from ptanalytics.outcomes.explained.follow_up import AFTER, Pair, pair_of, window_step
from ptanalytics.outcomes.explained.pain_days import left_out_step, mean_step, span_of, used
from ptanalytics.outcomes.explained.wording import known_sources, points_of, unit_of, why, yes
from ptanalytics.outcomes.observed import DAILY
from ptanalytics.outcomes.reliable import SCORE_TABLE_ERRORS, Z_RELIABLE, cutoff_of
from ptanalytics.settings import Settings

OSTELO = "Ostelo 2008, doi:10.1097/BRS.0b013e31815e3a10 (rules)"
DWORKIN = "Dworkin 2008, doi:10.1016/j.jpain.2007.09.005 (IMMPACT)"
JACOBSON_TRUAX = "Jacobson and Truax 1991, doi:10.1037/0022-006X.59.1.12"
_GRADES = (("substantial", 50.0), ("moderate", 30.0), ("minimal", 10.0))


def tell_change(row: Row, evidence: Evidence) -> Told:
    """Explain a change from baseline with every rule it is judged by."""
    known, pair = measure(row["measure"]), pair_of(row, evidence)
    steps = [*_value_steps(row, pair, evidence), *_rule_steps(row, known, evidence.settings)]
    return Told(
        sentence=_change_sentence(row, known),
        steps=steps,
        value=row["improvement"],
        unit=unit_of(known),
        n=_n_used(pair, row),
        window=span_of(pair.readings) if pair.readings else pair.window,
        readings=pair.readings,
        worked_out=_judged(row, known, pair, evidence.settings) if pair.window[0] is not None else {},
        brief=_brief(row, known, pair),
        sources=known_sources((row["mic_source"], OSTELO, DWORKIN if known.has_immpact else None)),
    )


def _brief(row: Row, known: Instrument, pair: Pair) -> str:
    """Write a change with the days of its two values in one line."""
    if row["improvement"] is None or not pair.readings:
        return ""
    sides = [f"{number_of(row[name], 2)} ({_side(part, pair)})" for name, part in (("baseline", PART), ("followup", AFTER))]
    first, second = sides if known.is_lower_better else reversed(sides)
    gain = points_of(row["improvement"], unit_of(known))
    mic = f"minimal important change {number_of(row['mic'], 2)}" if row["mic"] is not None else "no MIC known"
    return f"{known.short_label}, week {row['target_week']}: {first} - {second} = {gain}; {mic}."


def _side(part: str, pair: Pair) -> str:
    own = [one for one in pair.readings if part in (one.part or "").split(" and ")]
    days = sorted({one.date for one in own if one.date is not None})
    span = " to ".join(dict.fromkeys((day_text(days[0]), day_text(days[-1]))))
    what = count_text(len(own), "day") if own and own[0].what.startswith("day") else count_text(len(own), "value")
    return f"mean of {what}, {span}" if len(own) > 1 else span


def _n_used(pair: Pair, row: Row) -> int | None:
    """Count the readings of both windows; without them only those of the follow-up are known."""
    return sum(one.part is not None for one in pair.readings) if pair.readings else row.get("n_followup")


def _value_steps(row: Row, pair: Pair, evidence: Evidence) -> list[str]:
    """Baseline, follow-up and the readings they are means of."""
    steps = []
    if row["baseline"] is not None:
        steps.append(f"Baseline: {number_of(row['baseline'], 2)} ({rule_words(row['baseline_rule'])}).")
        steps += _mean_of("Its readings", used(pair.readings, PART))
    steps += window_step(row, pair, evidence)
    if row["followup"] is not None:
        day = day_text(row["followup_date"])
        steps.append(f"Follow-up: {number_of(row['followup'], 2)} on {day} (n = {row['n_followup']}).")
        steps += _mean_of("Its readings", used(pair.readings, AFTER))
    return steps + (left_out_step(evidence) if row["measure"] == DAILY else [])


def _mean_of(name: str, values: list[float]) -> list[str]:
    return [mean_step(name, values)] if len(values) > 1 else []


def _rule_steps(row: Row, known: Instrument, settings: Settings) -> list[str]:
    gain = row["improvement"]
    steps = _room_steps(row, known)
    if gain is None:
        return steps
    first, second = (row["baseline"], row["followup"]) if known.is_lower_better else (row["followup"], row["baseline"])
    said = number_of(gain, 2)
    steps.insert(0, f"Improvement ({direction(known)} is better): {number_of(first, 2)} - {number_of(second, 2)} = {said}.")
    percent = row["improvement_pct"]
    if percent is not None:
        steps.insert(1, f"In percent of baseline: 100 x {said} / {number_of(row['baseline'], 2)} = {number_of(percent)} %.")
    elif known.allows_percent:
        steps.insert(1, "No percentage: a baseline of 0 cannot be divided by.")
    return steps + _judgement_steps(row, known, settings)


def _room_steps(row: Row, known: Instrument) -> list[str]:
    if row["mic"] is None:
        return ["Minimal important change (MIC): none is known for this measure."]
    steps = [f"Minimal important change (MIC): {number_of(row['mic'], 2)}, from: {row['mic_source']}."]
    if row["baseline"] is not None and row["has_room"] is not None:
        room = number_of(room_of(known, row["baseline"])[0], 2)
        compared = f"{room_words(known, row['baseline'])} = {room} >= {number_of(row['mic'], 2)}"
        steps.append(f"Room to improve: {compared}: {yes(row['has_room'])}.")
    return steps


def _judgement_steps(row: Row, known: Instrument, settings: Settings) -> list[str]:
    gain, percent, steps = row["improvement"], row["improvement_pct"], []
    mic, limit = number_of(row["mic"], 2), number_of(settings.outcomes.responder_pct)
    if row["is_responder_absolute"] is not None:
        steps.append(f"Absolute rule: {number_of(gain, 2)} >= {mic}: {yes(row['is_responder_absolute'])}.")
    if row["is_responder_percent"] is not None:
        steps.append(f"Percent rule: {number_of(percent)} % >= {limit} %: {yes(row['is_responder_percent'])}.")
    if row["is_responder_both"] is not None:
        steps.append(f"Both rules: {yes(row['is_responder_both'])}.")
    rule = settings.outcomes.responder_rule if known.allows_percent else "absolute"
    steps.append(f"Response by the rule of the settings ({rule}): {yes(row['is_responder'])}.")
    if row["is_deteriorated"] is not None:
        steps.append(f"Deterioration: {number_of(-gain, 2)} >= {mic}: {yes(row['is_deteriorated'])}.")
    if row["immpact"] is not None:
        steps.append(f"IMMPACT grade (10, 30, 50 % of baseline): {row['immpact']}.")
    if row["mdc95"] is not None:
        beyond = f"{number_of(abs(gain), 2)} >= {number_of(row['mdc95'], 2)}"
        steps.append(f"Beyond measurement error (MDC95): {beyond}: {yes(row['is_beyond_mdc95'])}.")
    return steps


def _change_sentence(row: Row, known: Instrument) -> str:
    head, gain = f"{known.label}, week {row['target_week']}", row["improvement"]
    if gain is None:
        return f"{head}: no change can be given, because {why(row)}."
    size = points_of(abs(gain), unit_of(known))
    moved = f"improved by {size}" if gain > 0 else f"worse by {size}" if gain < 0 else "no change"
    judged = {True: "response", False: "no response", None: "no judgement of response"}[row["is_responder"]]
    reason = why(row) if row["reason"] is not None else "the rule needs a baseline above 0"
    because = f", because {reason}" if row["is_responder"] is None else ""
    return f"{head}: {moved}; {judged} by the rule of the settings{because}."


def _judged(row: Row, known: Instrument, pair: Pair, settings: Settings) -> dict[str, Any]:
    """Work the rules out again from the readings."""
    worked: dict[str, Any] = {"baseline": pair.baseline, "followup": pair.followup}
    first, second, mic = pair.baseline, pair.followup, row["mic"]
    if first is None or second is None:
        return worked | {"improvement": None}
    gain = first - second if known.is_lower_better else second - first
    share = 100 * gain / first if known.allows_percent and first > 0 else None
    worked |= {"improvement": gain, "improvement_pct": share}
    has_room = None if mic is None else room_of(known, first)[0] >= mic - TOLERANCE
    absolute = gain >= mic - TOLERANCE if has_room else None
    percent = None if share is None else share >= settings.outcomes.responder_pct - 100 * TOLERANCE
    both = absolute and percent if absolute is not None and percent is not None else None
    by_rule = {"absolute": absolute, "percent": percent, "both": both}
    rule = settings.outcomes.responder_rule if known.allows_percent else "absolute"
    mdc95 = mdc95_of(known.id)
    worked |= {f"is_responder_{name}": holds for name, holds in by_rule.items()}
    return worked | {
        "has_room": has_room,
        "is_responder": by_rule[rule],
        "is_deteriorated": None if mic is None else -gain >= mic - TOLERANCE,
        "immpact": _grade(share, gain) if known.has_immpact else None,
        "is_beyond_mdc95": None if mdc95 is None else abs(gain) >= mdc95 - TOLERANCE,
    }


def _grade(share: float | None, gain: float) -> str | None:
    if gain < -TOLERANCE:
        return "worse"
    if share is None:
        return None
    return next((name for name, least in _GRADES if share >= least - 100 * TOLERANCE), "none")


def tell_reliable(row: Row, evidence: Evidence) -> Told:
    """Explain whether a change is beyond measurement error."""
    known, pair = measure(row["measure"]), pair_of(row, evidence)
    head = f"{known.label}, week {row['target_week']}"
    steps = _reliable_steps(row, known, evidence.settings)
    if row["rc"] is None:
        sentence = f"{head}: no reliable change can be given, because {why(row)}."
    else:
        sentence = f"{head}: {row['change_class']}."
    return Told(
        sentence=sentence,
        steps=[*window_step(row, pair, evidence), *steps],
        value=row["rc"],
        unit="standard errors of a difference",
        n=_n_used(pair, row),
        window=span_of(pair.readings) if pair.readings else pair.window,
        readings=pair.readings,
        worked_out=_reliable_again(row, known, pair) if pair.window[0] is not None else {},
        sources=known_sources((row["source"], JACOBSON_TRUAX)),
    )


def _reliable_steps(row: Row, known: Instrument, settings: Settings) -> list[str]:
    if row["s_diff"] is None:
        return ["Standard error of a difference: none is published, and the settings name none (outcomes.norms)."]
    s_diff = number_of(row["s_diff"], 3)
    steps = [f"Standard error of a difference: {_error_words(row, known, settings)} = {s_diff} ({row['source']})."]
    if row["rc"] is not None:
        gain = number_of(row["improvement"], 2)
        moved = f"from {number_of(row['baseline'], 2)} to {number_of(row['followup'], 2)}"
        steps.insert(0, f"Improvement ({direction(known)} is better): {gain}, {moved}.")
        steps.append(f"Index: {gain} / {s_diff} = {number_of(row['rc'], 2)} (reliable: beyond {Z_RELIABLE}).")
    steps.append(f"Smallest reliable change: {Z_RELIABLE} x {s_diff} = {number_of(row['reliable_points'], 2)}.")
    if row["cutoff"] is not None:
        steps.append(_cutoff_words(row, known, settings))
    else:
        steps.append("No cut-off to the functional side is named in the settings, so nobody is called recovered.")
    if row["is_mic_within_error"]:
        mic = number_of(row["mic"], 2)
        steps.append(f"The minimal important change ({mic}) is smaller: a responder may be within measurement error.")
    return steps


def _error_words(row: Row, known: Instrument, settings: Settings) -> str:
    norms, published = settings.outcomes.norms.get(known.id), known.measurement_error
    if row["source"] == SCORE_TABLE_ERRORS:
        return "sqrt(se1^2 + se2^2) of the two T scores"
    if norms is not None and norms.sd_pre is not None and norms.reliability is not None:
        return f"sqrt(2) x {number_of(norms.sd_pre, 3)} x sqrt(1 - {number_of(norms.reliability, 3)})"
    if published is not None and published.sem is not None:
        return f"sqrt(2) x SEM = sqrt(2) x {number_of(published.sem, 3)}"
    return f"MDC95 / {Z_RELIABLE} = {number_of(published.mdc95 if published else None, 3)} / {Z_RELIABLE}"


def _cutoff_words(row: Row, known: Instrument, settings: Settings) -> str:
    norms, cut = settings.outcomes.norms.get(known.id), number_of(row["cutoff"], 2)
    if norms is None:
        return f"Cut-off (criterion {row['cutoff_rule']}): {cut}."
    shown = {
        "c": f"({number_of(norms.norm_sd, 2)} x {number_of(norms.clinical_mean, 2)} + {number_of(norms.clinical_sd, 2)} x "
        f"{number_of(norms.norm_mean, 2)}) / ({number_of(norms.clinical_sd, 2)} + {number_of(norms.norm_sd, 2)})",
        "a": f"{number_of(norms.clinical_mean, 2)}, two standard deviations ({number_of(norms.clinical_sd, 2)}) to better",
        "b": f"{number_of(norms.norm_mean, 2)}, two standard deviations ({number_of(norms.norm_sd, 2)}) to worse",
    }[cutoff_of(norms, is_lower_better=known.is_lower_better).rule or "b"]
    return f"Cut-off between the dysfunctional and the functional side (criterion {row['cutoff_rule']}): {shown} = {cut}."


def _reliable_again(row: Row, known: Instrument, pair: Pair) -> dict[str, Any]:
    first, second = pair.baseline, pair.followup
    if first is None or second is None or row["s_diff"] is None:
        return {"baseline": first, "followup": second, "rc": None, "change_class": None}
    rc = (first - second if known.is_lower_better else second - first) / row["s_diff"]
    cut, better = row["cutoff"], 1 if known.is_lower_better else -1
    crossed = cut is not None and better * (first - cut) > 0 and better * (second - cut) <= TOLERANCE
    name = "improved" if not crossed else "recovered"
    if rc <= Z_RELIABLE + TOLERANCE:
        name = "deteriorated" if rc < -Z_RELIABLE - TOLERANCE else "unchanged"
    points = Z_RELIABLE * row["s_diff"]
    return {"baseline": first, "followup": second, "rc": rc, "change_class": name, "reliable_points": points}
