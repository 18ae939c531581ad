"""What each FHIR R4 resource says in our terms: facts for a table, a reason why it cannot be used, or nothing we hold.

Only the elements named here are looked at. Names, addresses, telephone numbers, record numbers, photographs, contacts and
free text are never read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ptanalytics.loading.readers.fhir_codes import (
    EXERCISE,
    LINK_ID,
    LOINC,
    QUESTIONNAIRE,
    Meaning,
    code_table,
    exercise_of,
    meaning_of,
    plain_name,
)
from ptanalytics.loading.readers.fhir_values import (
    bounds_of,
    dose_of,
    number_text,
    ordinal_of,
    patient_of,
    record_in,
    records_in,
    text_of,
    time_of,
    value_of,
)

Cells = dict[str, str | None]

#: Columns of each table that facts are gathered in, beside the entry they come from.
COLUMNS: dict[str, tuple[str, ...]] = {
    "patients": ("patient_id", "birth_year", "sex"),
    "pain_scores": ("patient_id", "recorded_at", "pain_nprs", "recall"),
    "scores": ("patient_id", "completed_date", "instrument_id", "score"),
    "responses": ("patient_id", "response_id", "completed_at", "instrument_id", "item_id", "answer"),
    "plans": (
        "patient_id",
        "exercise_id",
        "valid_from_date",
        "valid_to_date",
        "weekdays",
        "sessions_per_week",
        "duration_min",
    ),
    "sessions": ("patient_id", "session_id", "exercise_id", "started_at", "duration_min", "skip_reason"),
}
_FAULT_OF_STATUS = {
    "entered-in-error": "entered_in_error",
    "cancelled": "cancelled",
    "revoked": "cancelled",
    "registered": "not_final",
    "draft": "not_final",
    "in-progress": "not_final",
    "preparation": "not_final",
    "stopped": "not_final",
}


@dataclass(slots=True)
class Fact:
    """One row for one of our tables, and the rule it breaks, if any, as a whole."""

    table: str
    cells: Cells
    fault: str | None = None


@dataclass(slots=True)
class Facts:
    """What one resource says, and in our words what it holds that no table of ours does."""

    rows: list[Fact] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    #: The kind of a resource that is not looked into, as the file names it.
    other_kind: str | None = None


def facts_of(resource: dict[str, Any]) -> Facts:
    """Return what a resource says; a resource of a kind or code that is not read is counted as ignored."""
    kind = str(resource.get("resourceType"))
    read = _READERS.get(kind)
    if read is None:
        return Facts(other_kind=kind)
    found = read(resource)
    if not found.rows and not found.ignored:
        found.ignored.append(f"{kind} that {_WITHOUT[kind]}")
    return found


_WITHOUT = {
    "Patient": "has no id",
    "Observation": "is no pain rating or score",
    "QuestionnaireResponse": "holds no numbers",
    "CarePlan": "names no exercise",
    "ServiceRequest": "names no exercise",
    "Procedure": "names no exercise",
}


def _patient(resource: dict[str, Any]) -> Facts:
    birth = text_of(resource.get("birthDate"))
    cells = {
        "patient_id": text_of(resource.get("id")),
        # The day of birth identifies a person; the year alone does not.
        "birth_year": birth[:4] if birth else None,
        "sex": text_of(resource.get("gender")),
    }
    return Facts([Fact("patients", cells, None if cells["patient_id"] else "no_patient")])


def _fault(resource: dict[str, Any], patient: str | None) -> str | None:
    status = resource.get("status")
    fault = _FAULT_OF_STATUS.get(status) if isinstance(status, str) else None
    return fault or (None if patient else "no_patient")


def _observation(resource: dict[str, Any]) -> Facts:
    found = Facts()
    meaning = meaning_of(resource.get("code"))
    inside = resource.get("component")
    components = [(part, meaning_of(part.get("code"))) for part in records_in(inside)] if inside else []
    if meaning is None and not any(of_part for _, of_part in components):
        return found
    patient = patient_of(resource.get("subject"))
    at = time_of(resource, "effectiveDateTime", "effectiveInstant", "effectivePeriod", "issued")
    form: Cells = {"patient_id": patient, "response_id": text_of(resource.get("id")) or at, "completed_at": at}
    fault = _fault(resource, patient)
    parts = [*([(resource, meaning, False)] if meaning else []), *((part, of, True) for part, of in components if of)]
    for part, of_part, is_component in parts:
        value, value_fault = value_of(part)
        fact = _measured(of_part, form, value, is_item=is_component)
        fact.fault = fault or value_fault
        found.rows.append(fact)
    return found


def _measured(meaning: Meaning, form: Cells, value: str | None, *, is_item: bool) -> Fact:
    """Return the row of one number. An item of an instrument is a pain rating of its own only where it stands alone."""
    patient, at = form["patient_id"], form["completed_at"]
    if meaning.table == "pain_scores" and not (is_item and meaning.item_id):
        cells = {"patient_id": patient, "recorded_at": at, "pain_nprs": value, "recall": meaning.recall}
        return Fact("pain_scores", cells)
    if meaning.table == "scores":
        cells = {"patient_id": patient, "completed_date": at, "instrument_id": meaning.instrument_id, "score": value}
        return Fact("scores", cells)
    return Fact("responses", _answer(form, meaning.instrument_id, meaning.item_id, value))


def _answer(form: Cells, instrument: str, item: str, value: str | None) -> Cells:
    return {**form, "instrument_id": instrument, "item_id": item, "answer": value}


def _questionnaire_response(resource: dict[str, Any]) -> Facts:
    found = Facts()
    patient = patient_of(resource.get("subject")) or patient_of(resource.get("source"))
    at = time_of(resource, "authored")
    form: Cells = {"patient_id": patient, "response_id": text_of(resource.get("id")) or at, "completed_at": at}
    instrument = _instrument_of(resource)
    fault = _fault(resource, patient)
    for item in _items(resource):
        link = text_of(item.get("linkId")) or ""
        answers = records_in(item.get("answer"))
        if not answers:
            continue
        value, value_fault = _answer_value(answers[0])
        if value is None and value_fault is None:
            found.ignored.append("QuestionnaireResponse answer that is no number or choice")
            continue
        meaning = _meaning_of_link(link)
        if meaning and meaning.table != EXERCISE:
            fact = _measured(meaning, form, value, is_item=bool(meaning.item_id))
        else:
            fact = Fact("responses", _answer(form, instrument, plain_name(link), value))
        fact.fault = fault or ("several_answers" if len(answers) > 1 else value_fault)
        found.rows.append(fact)
    return found


def _items(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give all items, also those within items and within answers, in the order of the form."""
    waiting = records_in(resource.get("item"))[::-1]
    while waiting:
        item = waiting.pop()
        yield item
        inside = [*records_in(item.get("item"))]
        for answer in records_in(item.get("answer")):
            inside += records_in(answer.get("item"))
        waiting += inside[::-1]


def _answer_value(answer: dict[str, Any]) -> tuple[str | None, str | None]:
    if "valueCoding" in answer:
        number = ordinal_of(answer["valueCoding"])
        return number, None if number is not None else "no_numeric_value"
    if isinstance(answer.get("valueBoolean"), bool):
        return str(int(answer["valueBoolean"])), None
    if isinstance(answer.get("valueQuantity"), dict):
        return value_of(answer)
    return number_text(answer.get("valueInteger", answer.get("valueDecimal"))), None


def _meaning_of_link(link: str) -> Meaning | None:
    """Return what an item's linkId says: by the last code of a LOINC path, or by its name."""
    last = link.rsplit("/", 1)[-1]
    return code_table().get((LOINC, last)) or code_table().get((LINK_ID, plain_name(link).replace("_", "")))


def _instrument_of(resource: dict[str, Any]) -> str:
    address = (text_of(resource.get("questionnaire")) or "").split("|", maxsplit=1)[0]
    name = plain_name(address.rstrip("/").rsplit("/", 1)[-1])
    known = code_table().get((QUESTIONNAIRE, name.replace("_", "")))
    if known:
        return known.instrument_id
    return name or "questionnaire"


def _care_plan(resource: dict[str, Any]) -> Facts:
    found = Facts()
    patient = patient_of(resource.get("subject"))
    period = record_in(resource.get("period"))
    for activity in records_in(resource.get("activity")):
        detail = record_in(activity.get("detail"))
        exercise = exercise_of(detail.get("code"))
        if exercise is None:
            continue
        first, last = bounds_of(detail.get("scheduledTiming"))
        scheduled = record_in(detail.get("scheduledPeriod"))
        cells = {
            "patient_id": patient,
            "exercise_id": exercise,
            "valid_from_date": first or text_of(scheduled.get("start")) or text_of(period.get("start")),
            "valid_to_date": last or text_of(scheduled.get("end")) or text_of(period.get("end")),
            **dose_of(detail.get("scheduledTiming")),
        }
        # A plan in force is "active" or "completed"; an activity may be in progress in it.
        fault = _fault(resource, patient) or ("do_not_perform" if detail.get("doNotPerform") is True else None)
        fault = fault or ("cancelled" if detail.get("status") in ("cancelled", "entered-in-error") else None)
        found.rows.append(Fact("plans", cells, fault))
    return found


def _service_request(resource: dict[str, Any]) -> Facts:
    exercise = exercise_of(resource.get("code"))
    if exercise is None:
        return Facts()
    patient = patient_of(resource.get("subject"))
    first, last = bounds_of(resource.get("occurrenceTiming"))
    period = record_in(resource.get("occurrencePeriod"))
    cells = {
        "patient_id": patient,
        "exercise_id": exercise,
        "valid_from_date": first or time_of(resource, "occurrencePeriod", "occurrenceDateTime", "authoredOn"),
        "valid_to_date": last or text_of(period.get("end")),
        **dose_of(resource.get("occurrenceTiming")),
    }
    fault = _fault(resource, patient) or ("do_not_perform" if resource.get("doNotPerform") is True else None)
    return Facts([Fact("plans", cells, fault)])


def _procedure(resource: dict[str, Any]) -> Facts:
    exercise = exercise_of(resource.get("code"))
    if exercise is None:
        return Facts()
    patient = patient_of(resource.get("subject"))
    at = time_of(resource, "performedDateTime", "performedPeriod")
    cells = {
        "patient_id": patient,
        "session_id": text_of(resource.get("id")) or at,
        "exercise_id": exercise,
        "started_at": at,
        "duration_min": _minutes(record_in(resource.get("performedPeriod"))),
        "skip_reason": "not done" if resource.get("status") == "not-done" else None,
    }
    return Facts([Fact("sessions", cells, _fault(resource, patient))])


def _minutes(period: dict[str, Any]) -> str | None:
    """Return the minutes of a period whose ends both carry a time of day and an offset."""
    try:
        start, end = (datetime.fromisoformat(str(period.get(name))) for name in ("start", "end"))
        seconds = (end - start).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    has_clock = all("T" in str(period.get(name)) for name in ("start", "end"))
    return repr(seconds / 60) if has_clock else None


_READERS: dict[str, Callable[[dict[str, Any]], Facts]] = {
    "Patient": _patient,
    "Observation": _observation,
    "QuestionnaireResponse": _questionnaire_response,
    "CarePlan": _care_plan,
    "ServiceRequest": _service_request,
    "Procedure": _procedure,
}
#: Kinds that are looked into; any other is counted by its name.
READ_KINDS = frozenset(_READERS)
