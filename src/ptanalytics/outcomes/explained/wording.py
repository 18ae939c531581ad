"""Numbers, lists and reasons in the words of an explanation."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ptanalytics.instruments import Instrument
from ptanalytics.instruments import short_number as number_of

LISTED = 14

REASONS: Mapping[str, str] = {
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
    "not_evaluable": "too few days have a usual level to be compared with",
    "too_few_recent_days": "too few of the last days have a value",
    "too_short_span": "the days span too short a time",
    "empty_half": "one half of the window has no value",
    "no_variation": "all days the limits would come from are equal",
    "too_few_before": "too few days before the change have a value",
    "too_few_after": "too few days after the change have a value",
    "no_pain_recorded": "no pain was recorded with it",
    "blank": "no item was answered",
    "too_many_missing": "too many items were left blank",
    "out_of_range": "an answer or a total is outside the scale, and it is never clipped",
    "several_answers": "an item has several answers",
    "unknown_item": "the form holds an item that no instrument has",
    "mixed_instruments": "the form holds an item of another instrument",
    "unknown_instrument": "there is no such instrument in the catalogue",
    "no_item_scoring": "this instrument is not scored from items",
    "no_score_table": "the clinic's own table of T scores was not given",
    "profile_only": "it is a profile; an index needs a country's value set",
    "not_recorded": "the export holds no score",
}


def why(row: Mapping[str, Any]) -> str:
    """Say the reason of a row in words."""
    return REASONS.get(row["reason"], str(row["reason"]).replace("_", " "))


def yes(holds: bool | None) -> str:
    """Write whether a rule holds; it may not be applicable."""
    return "not applicable" if holds is None else "yes" if holds else "no"


def values_of(values: Sequence[float], digits: int = 1) -> str:
    """List numbers, or count them where they are many.

    Example:
        >>> values_of([7.0, 5.5]), values_of([1.0] * 20)
        ('7, 5.5', '20 values')
    """
    return ", ".join(number_of(one, digits) for one in values) if len(values) <= LISTED else f"{len(values)} values"


def points_of(value: float, unit: str) -> str:
    """Write a difference with its unit, which is singular for 1.

    Example:
        >>> points_of(1.0, "points"), points_of(2.5, "points")
        ('1 point', '2.5 points')
    """
    text = number_of(value)
    return f"{text} {unit.removesuffix('s') if text == '1' else unit}"


def sum_of(values: Sequence[float], digits: int = 2) -> str:
    """Write a sum with its terms, where they are not many."""
    terms = [number_of(one, digits) for one in values]
    terms = [f"({term})" if term.startswith("-") else term for term in terms]
    return " + ".join(terms) if len(terms) <= 30 else f"{number_of(sum(values), digits)}, the sum of {len(terms)} values"


def unit_of(known: Instrument) -> str:
    """Say the unit of a difference on a scale: a change of a percentage is in points."""
    return "points" if known.unit == "%" else known.unit


def cited(source: str, doi: str = "") -> str:
    """Write a source with its DOI."""
    return f"{source}, doi:{doi}" if doi else source


def known_sources(sources: Iterable[str | None]) -> tuple[str, ...]:
    """Return the sources that are known, each work once."""
    found: dict[str, str] = {}
    for source in sources:
        if source:
            _, _, doi = source.partition("doi:")
            found.setdefault(doi.split(" ")[0].rstrip(";,") or source, source)
    return tuple(found.values())
