"""What each code of a FHIR or OMOP export means to us, from ``reference/fhir_codes.csv``."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from ptanalytics.reference import reference_file

LOINC = "http://loinc.org"
#: Systems of the code table that are no code systems: names of questionnaires and of their items.
QUESTIONNAIRE = "questionnaire"
LINK_ID = "link_id"
#: The table's word for codes that name an exercise, whichever table they lead to.
EXERCISE = "exercise"


@dataclass(frozen=True)
class Meaning:
    """What one code says, in our terms; empty where it says nothing about it."""

    code: str
    table: str
    instrument_id: str
    item_id: str
    recall: str
    exercise_id: str
    omop_concept_id: str


@cache
def code_table() -> dict[tuple[str, str], Meaning]:
    """Return the meaning of each pair of system and code."""
    text = reference_file("fhir_codes.csv").read_text(encoding="utf-8")
    return {
        (row["system"], row["code"]): Meaning(
            code=row["code"],
            table=row["table"],
            instrument_id=row["instrument_id"],
            item_id=row["item_id"],
            recall=row["recall"],
            exercise_id=row["exercise_id"],
            omop_concept_id=row["omop_concept_id"],
        )
        for row in csv.DictReader(text.splitlines())
    }


def plain_name(text: str) -> str:
    """Return a name as lower-case words joined by underscores: ``odi-1`` is ``odi_1``."""
    return "_".join("".join(sign if sign.isalnum() else " " for sign in text.casefold()).split())


@cache
def exercise_names() -> dict[str, str]:
    """Return the exercises of the catalogue by their plain names and ids."""
    rows = list(csv.DictReader(reference_file("exercises.csv").read_text(encoding="utf-8").splitlines()))
    return {plain_name(row[column]): row["exercise_id"] for column in ("name", "exercise_id") for row in rows}


def meaning_of(concept: Any) -> Meaning | None:
    """Return what a CodeableConcept means; None where no code of it is in the table."""
    if not isinstance(concept, dict):
        return None
    table = code_table()
    for coding in _members(concept.get("coding")):
        system, code = coding.get("system"), coding.get("code")
        if isinstance(system, str) and isinstance(code, str) and (found := table.get((system, code))):
            return found
    return None


def exercise_of(concept: Any) -> str | None:
    """Return the exercise that a CodeableConcept names: by its code, or by its words where the catalogue has them."""
    meaning = meaning_of(concept)
    if meaning is not None:
        return meaning.exercise_id or None
    if not isinstance(concept, dict):
        return None
    words = [concept.get("text"), *(coding.get("display") for coding in _members(concept.get("coding")))]
    names = exercise_names()
    return next((names[name] for word in words if isinstance(word, str) and (name := plain_name(word)) in names), None)


def _members(value: Any) -> Iterable[dict[str, Any]]:
    return [member for member in value if isinstance(member, dict)] if isinstance(value, list) else []
