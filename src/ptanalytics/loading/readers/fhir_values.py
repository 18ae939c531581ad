"""Pieces of FHIR R4 resources as text: references, times, numbers, timings. Anything of another shape is missing."""

from collections.abc import Iterable
from typing import Any

#: Where answers carry their number: R4's own extensions (hl7.org/fhir/R4/extension-ordinalvalue.html) and R5's itemWeight.
_ORDINAL_ENDINGS = ("ordinalValue", "itemWeight")
_UNITLESS = frozenset({"", "1", "{score}", "score", "{points}", "points", "{rating}", "%"})
_DAYS_OF_PERIOD = {"d": 1.0, "wk": 7.0, "mo": 365.25 / 12, "a": 365.25}
_MINUTES_OF_UNIT = {"s": 1 / 60, "min": 1.0, "h": 60.0}


def text_of(value: Any) -> str | None:
    """Return a string that says something, or None."""
    return value if isinstance(value, str) and value else None


def records_in(value: Any) -> list[dict[str, Any]]:
    """Return the records of a list; nothing where it is no list."""
    return [member for member in value if isinstance(member, dict)] if isinstance(value, list) else []


def record_in(value: Any) -> dict[str, Any]:
    """Return a record, an empty one where the value is none."""
    return value if isinstance(value, dict) else {}


def patient_of(reference: Any) -> str | None:
    """Return the id that a reference to a patient ends in; None where it names none or another kind of subject.

    Example:
        >>> patient_of({"reference": "Patient/17"}), patient_of({"reference": "urn:uuid:08bb"})
        ('17', '08bb')
        >>> patient_of({"reference": "Group/17"}) is None
        True
    """
    target = text_of(record_in(reference).get("reference"))
    if target is None:
        return None
    if target.startswith("urn:"):
        return target.rsplit(":", 1)[-1] or None
    # An address may end in the version of the resource.
    pieces = target.split("/_history/")[0].split("/")
    return pieces[-1] or None if len(pieces) > 1 and pieces[-2] == "Patient" else None


def number_text(value: Any) -> str | None:
    """Return a JSON number as text; a yes or no is none."""
    return repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def ordinal_of(coding: Any) -> str | None:
    """Return the number of a coded answer: from its extension, else the number its words begin with.

    Example:
        >>> ordinal_of({"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", "valueDecimal": 2}]})
        '2'
        >>> ordinal_of({"code": "LA6112-2", "display": "1"})
        '1'
        >>> ordinal_of({"display": "very much"}) is None
        True
    """
    coding = record_in(coding)
    for extension in records_in(coding.get("extension")):
        if str(extension.get("url")).endswith(_ORDINAL_ENDINGS):
            return number_text(extension.get("valueDecimal", extension.get("valueInteger")))
    words = (text_of(coding.get("display")) or "").split(maxsplit=1)
    return words[0] if words and words[0].isdecimal() and len(words[0]) <= 3 else None


def time_of(resource: dict[str, Any], *names: str) -> str | None:
    """Return the first of several times that is given; of a period its start."""
    for name in names:
        value = resource.get(name)
        found = text_of(value) or text_of(record_in(value).get("start")) or text_of(record_in(value).get("end"))
        if found:
            return found
    return None


def value_of(part: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the number of an observation or component as text, and what is wrong with it.

    A number in a unit that is not a score's has the fault ``other_unit``; a coded value without a number
    ``no_numeric_value``. A value that is absent is neither.
    """
    if isinstance(part.get("valueQuantity"), dict):
        quantity = part["valueQuantity"]
        unit = quantity.get("code", quantity.get("unit"))
        fault = None if unit is None or str(unit).strip().lower() in _UNITLESS else "other_unit"
        return number_text(quantity.get("value")), fault
    if isinstance(part.get("valueCodeableConcept"), dict):
        numbers = [ordinal_of(coding) for coding in records_in(part["valueCodeableConcept"].get("coding"))]
        found = next((number for number in numbers if number is not None), None)
        return found, None if found is not None else "no_numeric_value"
    number = number_text(part.get("valueInteger", part.get("valueDecimal")))
    return number if number is not None else text_of(part.get("valueString")), None


def dose_of(timing: Any) -> dict[str, str | None]:
    """Return how often and how long a FHIR Timing asks for something.

    A whole number of times a day and only on given days becomes ``weekdays``; otherwise times per period become sessions
    in seven days. Where the timing does not say, the cells are missing.

    Example:
        >>> dose_of({"repeat": {"frequency": 3, "period": 1, "periodUnit": "wk", "duration": 20, "durationUnit": "min"}})
        {'weekdays': None, 'sessions_per_week': '3.0', 'duration_min': '20.0'}
    """
    repeat = record_in(record_in(timing).get("repeat"))
    named = repeat.get("dayOfWeek")
    days = [day for day in named if isinstance(day, str)] if isinstance(named, list) else []
    period, frequency = repeat.get("period", 1), repeat.get("frequency", 1)
    length = _DAYS_OF_PERIOD.get(str(repeat.get("periodUnit")))
    per_week = None
    if length and not days and _is_count(period) and _is_count(frequency):
        per_week = repr(round(7.0 * frequency / (period * length), 3))
    minutes = _MINUTES_OF_UNIT.get(str(repeat.get("durationUnit")))
    duration: Any = repeat.get("duration")
    return {
        "weekdays": ", ".join(days) or None,
        "sessions_per_week": per_week,
        "duration_min": repr(duration * minutes) if minutes and _is_count(duration) else None,
    }


def bounds_of(timing: Any) -> Iterable[str | None]:
    """Return the first and last time that a Timing bounds itself to."""
    bounds = record_in(record_in(record_in(timing).get("repeat")).get("boundsPeriod"))
    return text_of(bounds.get("start")), text_of(bounds.get("end"))


def _is_count(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6
