"""A questionnaire score item by item: answers, points, what is missing, and the arithmetic. Item ids only, no wording."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor
from typing import Any

import polars as pl

from ptanalytics.dates import day_text, local_day
from ptanalytics.instruments import Instrument, instrument, instrument_ids, score_forms
from ptanalytics.instruments import short_number as number_of
from ptanalytics.instruments.catalogue import ItemRule, ScoringRule
from ptanalytics.outcomes.explained.baseline import form_words
from ptanalytics.outcomes.explained.evidence import Evidence
from ptanalytics.outcomes.explained.explanation import Reading, Row, Told
from ptanalytics.outcomes.explained.wording import cited, sum_of, why

PART, UNTICKED = "counted", "not ticked, counts 0"
_NEAR = 1e-9
_FLAGS = {
    "at_best_score": "the score is at the best end of the scale",
    "at_worst_score": "the score is at the worst end of the scale",
    "derived": "derived from a longer form that holds the same items",
    "few_items": "fewer items than usual were rated",
    "prorated": "pro-rated for items left blank",
    "straight_line": "one answer throughout, although some items are worded the other way round",
}


@dataclass(frozen=True)
class Form:
    """One filled-in form as one scale sees it."""

    scale: Instrument
    rule: ScoringRule
    is_checkbox: bool
    #: Items that must be answered, by the rule in force.
    needed: int
    n_items: int
    readings: list[Reading]

    @property
    def points(self) -> list[float]:
        """Points of the items answered."""
        return [one.counts_as for one in self.readings if one.part == PART and one.counts_as is not None]


def tell_score(row: Row, evidence: Evidence) -> Told:
    """Explain one score of one day."""
    scale = instrument(row["instrument_id"]) if row["instrument_id"] in instrument_ids() else None
    form = _form_of(row, scale, evidence) if scale is not None else None
    label = scale.label if scale is not None else row["instrument_id"]
    unit = scale.unit if scale is not None else ""
    if row["score"] is None:
        sentence = f"{label} on {day_text(row['completed_date'])}: no score, because {why(row)}."
    else:
        band = f" ({row['band'].replace('_', ' ')})" if row["band"] else ""
        sentence = f"{label} on {day_text(row['completed_date'])}: {number_of(row['score'], 2)} {unit}{band}.".replace(
            "  ", " "
        )
    steps = list(_steps(row, scale, form, evidence))
    return Told(
        sentence=sentence,
        steps=steps,
        value=row["score"],
        unit=unit,
        n=row["n_answered"],
        window=(row["completed_date"], row["completed_date"]),
        readings=form.readings if form else _total_reading(row, evidence),
        worked_out=_again(row, form, evidence) if form else _total_again(row, evidence),
        counts_as="points",
        sources=(cited(scale.source, scale.doi),) if scale else ("not in the catalogue of instruments",),
    )


def _total_reading(row: Row, evidence: Evidence) -> list[Reading]:
    if not evidence.has_data or row["form_id"] is not None:
        return []
    part = None if row["score"] is None else "total"
    return [Reading(row["completed_date"], form_words(row), row["score"], row["score"], part, "" if part else why(row))]


def _total_again(row: Row, evidence: Evidence) -> dict[str, Any]:
    """Return the total as the export holds it, where it fits the scale."""
    if not evidence.has_data or row["form_id"] is not None or row["reason"] is not None:
        return {}
    own = evidence.table("scores").filter(instrument_id=row["instrument_id"], completed_date=row["completed_date"])
    return {"score": own["score"].to_list()[-1]} if own.height else {"score": None}


def _steps(row: Row, scale: Instrument | None, form: Form | None, evidence: Evidence) -> Iterator[str]:
    if row["form_id"] is None:
        yield "The export holds this total; it was checked against the ends of the scale and not computed again."
    if scale is not None:
        lower = "lower" if scale.is_lower_better else "higher"
        yield f"Scale: {number_of(scale.minimum)} to {number_of(scale.maximum)}, {lower} is better; recall: {scale.recall}."
    if (row["n_forms"] or 1) > 1:
        yield f"{row['n_forms']} forms on this day; the latest that can be scored is used."
    if form is not None:
        yield from _form_steps(row, form, evidence)
    yield from _flag_steps(row, scale)


def _form_steps(row: Row, form: Form, evidence: Evidence) -> Iterator[str]:
    n, points = len(form.points), form.points
    if form.is_checkbox:
        yield f"Boxes ticked: {number_of(sum(points))} of {form.n_items}; a box left blank counts as not ticked."
    elif form.rule.open_items:
        yield f"Activities rated: {n}; the patient names them, so their number is free."
    else:
        words = f"Items answered: {n} of {form.n_items}; at least {form.needed} are needed"
        yield f"{words} (rule {evidence.settings.scoring.missing_rule})."
    if form.rule.reversed and points:
        yield f"Items counted the other way round: {', '.join(form.rule.reversed)}."
    if row["profile"]:
        yield f"Profile: the levels of the dimensions one after the other, 9 for one left blank: {row['profile']}."
    elif points and row["reason"] in {None, "no_score_table"}:
        yield from _arithmetic(row, form, points)


def _arithmetic(row: Row, form: Form, points: list[float]) -> Iterator[str]:
    total, n = sum(points), len(points)
    if n > 1:
        yield f"Sum of points: {sum_of(points)} = {number_of(total, 2)}."
    score = number_of(row["score"], 2)
    if form.rule.open_items:
        yield f"Mean: {number_of(total, 2)} / {n} = {score}."
    elif form.rule.rule == "percent_of_maximum":
        top = number_of(form.rule.item_maximum)
        yield f"Percent of what was possible: 100 x {number_of(total, 2)} / ({top} x {n}) = {score}."
    elif n < form.n_items and not form.is_checkbox:
        value = number_of(total * form.n_items / n, 2)
        yield f"Pro-rated for the {form.n_items - n} left blank: {number_of(total, 2)} x {form.n_items} / {n} = {value}."
    if form.rule.rule == "t_score":
        raw = number_of(row["raw_score"])
        yield f"Raw sum, rounded: {raw}. " + (
            f"By the clinic's own table: T {score}, standard error {number_of(row['standard_error'])}."
            if row["score"] is not None
            else "There is no table to turn it into a T score."
        )


def _flag_steps(row: Row, scale: Instrument | None) -> Iterator[str]:
    if row["band"]:
        is_class = scale is not None and scale.scoring is not None and scale.scoring.risk_class is not None
        rule = "class by total and distress items together" if is_class else "published band of the unrounded score"
        yield f"Band: {row['band'].replace('_', ' ')} ({rule})."
    for flag in (row["flags"] or "").split(","):
        if flag.startswith("alert_"):
            yield f"For clinician review: {flag.removeprefix('alert_')} was answered above its lowest answer."
        elif flag:
            yield f"Flag: {_FLAGS.get(flag, flag.replace('_', ' '))}."


def _form_of(row: Row, scale: Instrument, evidence: Evidence) -> Form | None:
    """Return the form a score was made from; None for a total, or without the answers."""
    rule = scale.scoring
    if row["form_id"] is None or rule is None or not evidence.has_data:
        return None
    answers = _answers(row, evidence)
    if answers.is_empty():
        return None
    settings = evidence.settings.scoring
    is_checkbox = rule.is_checkbox(settings)
    items = _items(row, scale, answers)
    readings = list(_readings(row, scale, rule, items, answers, is_checkbox=is_checkbox))
    needed = 1 if is_checkbox or rule.open_items else rule.needed(len(scale.items), settings, scale.id)
    return Form(scale, rule, is_checkbox, needed, len(items), readings)


def _answers(row: Row, evidence: Evidence) -> pl.DataFrame:
    """Return the answers of the form that was used: the latest with a score, else the latest."""
    at = local_day(pl.col("completed_at"), evidence.settings.time.day_start_hour)
    of_day = (at == row["completed_date"]) & (pl.col("instrument_id") == row["form_id"])
    names = ("patient_id", "response_id", "completed_at", "instrument_id", "item_id", "answer")
    answers = evidence.table("responses").filter(of_day).select(names)
    if answers.is_empty():
        return answers
    forms = score_forms(answers, evidence.settings.scoring).filter(instrument_id=row["instrument_id"])
    ordered = forms.with_columns(has_score=pl.col("score").is_not_null()).sort("has_score", "completed_at", "response_id")
    last = ordered.row(-1, named=True)
    return answers.filter(response_id=last["response_id"], completed_at=last["completed_at"])


def _items(row: Row, scale: Instrument, answers: pl.DataFrame) -> dict[str, str]:
    """Return the item ids on the form with the scale's own id of each, in the scale's order."""
    if scale.scoring is not None and scale.scoring.open_items:
        return {item: item for item in answers["item_id"].unique().sort()}
    on_form = scale.items
    if scale.derived is not None and row["form_id"] == scale.derived.form:
        on_form = scale.derived.items
    return dict(zip(on_form, scale.items, strict=True))


def _readings(
    row: Row, scale: Instrument, rule: ScoringRule, items: dict[str, str], answers: pl.DataFrame, *, is_checkbox: bool
) -> Iterator[Reading]:
    day = row["completed_date"]
    given: dict[str, list[float]] = {item: [] for item in items}
    for item, answer in answers.select("item_id", "answer").iter_rows():
        if item in given and answer is not None:
            given[item].append(answer)
    for item, own in items.items():
        if not given[item]:
            unticked = Reading(day, item, None, 0.0, None, UNTICKED)
            yield unticked if is_checkbox else Reading(day, item, None, None, None, "left blank")
        else:
            yield _item(day, item, own, given[item], rule)
    for item, answer in answers.select("item_id", "answer").iter_rows():
        if item not in items:
            remark = "on the form, but not counted in this scale" if item in scale.unscored_items else "not of this scale"
            yield Reading(day, item, answer, None, None, remark)


def _item(day: Any, item: str, own: str, answers: list[float], rule: ScoringRule) -> Reading:
    special = rule.item_rules.get(own, ItemRule())
    low = rule.item_minimum if special.minimum is None else special.minimum
    high = rule.item_maximum if special.maximum is None else special.maximum
    answer = max(answers)
    steps = (answer - low) / rule.item_step if rule.item_step else 0.0
    if not low <= answer <= high or abs(steps - round(steps)) > _NEAR:
        return Reading(day, item, answer, None, None, f"outside {number_of(low)} to {number_of(high)} or its steps")
    remark = "several answers, the highest is taken" if len(set(answers)) > 1 else ""
    points = answer
    if special.counts_one_from is not None:
        points = float(answer >= special.counts_one_from)
        remark = f"counts 1 from {number_of(special.counts_one_from)} on"
    elif own in rule.reversed:
        points = low + high - answer
        remark = f"the other way round: {number_of(low)} + {number_of(high)} - {number_of(answer)}"
    return Reading(day, item, answer, points, PART, remark)


def _again(row: Row, form: Form, evidence: Evidence) -> dict[str, Any]:
    """Work the score out again from the points."""
    points = form.points
    found: dict[str, Any] = {} if form.is_checkbox and len(points) < form.n_items else {"n_answered": len(points)}
    if row["reason"] in {"unknown_item", "mixed_instruments", "out_of_range", "several_answers"}:
        return {}
    if form.rule.rule == "profile":
        levels = [
            number_of(one.counts_as) if one.part == PART else "9" for one in form.readings if one.what in form.scale.items
        ]
        return found | ({"profile": "".join(levels)} if points else {})
    if len(points) < form.needed or not points:
        return found | {"score": None}
    value = _value(form, points)
    if form.rule.rule == "t_score":
        raw = floor(value + 0.5)
        table = evidence.settings.scoring.score_tables.get(form.scale.id, {})
        return found | {"raw_score": float(raw), "score": table[raw][0] if raw in table else None}
    return found | {"score": value, "is_prorated": not form.is_checkbox and len(points) < form.n_items}


def _value(form: Form, points: list[float]) -> float:
    total = sum(points)
    if form.rule.open_items:
        return total / len(points)
    if form.rule.rule == "percent_of_maximum":
        return 100 * total / (form.rule.item_maximum * len(points))
    return total if form.is_checkbox else total * form.n_items / len(points)
