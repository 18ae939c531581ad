"""What each code of a FHIR or OMOP export means to us: ``reference/fhir_codes.csv``, and a site's own ``codes.csv``."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ptanalytics.errors import ReferenceDataError
from ptanalytics.reference import reference_file

LOINC = "http://loinc.org"
#: Systems of the code table that are no code systems: names of questionnaires and of their items.
QUESTIONNAIRE = "questionnaire"
LINK_ID = "link_id"
#: The table's word for codes that name an exercise, whichever table they lead to.
EXERCISE = "exercise"
#: The system of codes that stand as they are in the source value of an OMOP row.
SOURCE_VALUE = "source_value"
#: A site's own codes: a file of this name beside its exports, or in the folder ``layouts`` of a study.
SITE_CODES = "codes.csv"
IS_SITE_CODES = "a table of this site's own codes: they are used, and it holds no rows of data"
_TABLES = frozenset({"", "pain_scores", "scores", "responses", "sessions", "plans", EXERCISE})
_RECALLS = ("current", "avg_24h", "worst_24h", "avg_7d", "unknown")
_LONGEST_HEADING = 1 << 16


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


_own: ContextVar[dict[tuple[str, str], Meaning]] = ContextVar("own_codes", default={})  # noqa: B039 - never changed


@cache
def _shipped() -> dict[tuple[str, str], Meaning]:
    return _meanings(csv.DictReader(reference_file("fhir_codes.csv").read_text(encoding="utf-8").splitlines()))


def code_table() -> dict[tuple[str, str], Meaning]:
    """Return the meaning of each pair of system and code; a site's own codes win over the shipped ones."""
    return _shipped() | _own.get()


def n_own_codes() -> int:
    """Return how many codes of the site itself are in use."""
    return len(_own.get())


@contextmanager
def with_site_codes(*folders: Path | None) -> Iterator[str]:
    """Read with a site's own codes: the files ``codes.csv`` of these folders, where there are any; the first wins.

    Such a file has the columns of ``reference/fhir_codes.csv``; those that are not needed may be absent. ``system`` may be
    ``source_value`` for what stands in an OMOP source value, and empty where only ``omop_concept_id`` is given.

    Yields:
        A digest of these codes; empty where there are none.

    Raises:
        ReferenceDataError: A file has no such columns, or a line leads to a table that codes cannot lead to.
    """
    found: dict[tuple[str, str], Meaning] = {}
    for folder in reversed(list(dict.fromkeys(folders))):
        if folder is not None and (folder / SITE_CODES).is_file():
            found |= _read_own(folder / SITE_CODES)
    token = _own.set(found)
    try:
        yield hashlib.sha256(repr(sorted(found.items(), key=str)).encode()).hexdigest()[:16] if found else ""
    finally:
        _own.reset(token)


def is_site_codes(path: Path) -> bool:
    """Say whether a file is a site's code table and no export."""
    if path.name.lower() != SITE_CODES:
        return False
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            headings = {name.strip().strip('"') for name in file.readline(_LONGEST_HEADING).split(",")}
    except OSError:
        return False
    return "table" in headings and bool(headings & {"code", "omop_concept_id"})


def _read_own(path: Path) -> dict[tuple[str, str], Meaning]:
    if not is_site_codes(path):
        return {}
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error):
        message = f"{path.name} cannot be read: save it as CSV in UTF-8, with the columns of reference/fhir_codes.csv."
        raise ReferenceDataError(message) from None
    for line, row in enumerate(rows, start=2):
        fault = _fault_of(row)
        if fault:
            message = f"{path.name}, line {line}: {fault}."
            raise ReferenceDataError(message)
    return _meanings(rows)


def _fault_of(row: Mapping[str, str | None]) -> str:
    table = (row.get("table") or "").strip()
    concept = (row.get("omop_concept_id") or "").strip()
    if table not in _TABLES:
        return f"table must be one of {', '.join(sorted(filter(None, _TABLES)))}, or empty for a code to leave out"
    if not concept and not (row.get("code") or "").strip():
        return "give a code, or an omop_concept_id"
    if concept and not concept.isdigit():
        return "omop_concept_id must be a whole number"
    if table in ("scores", "responses") and not (row.get("instrument_id") or "").strip():
        return f"{table} needs an instrument_id, such as odi"
    recall = (row.get("recall") or "").strip()
    return f"recall must be one of {', '.join(_RECALLS)}" if recall and recall not in _RECALLS else ""


def _meanings(rows: Iterable[Mapping[str, str | None]]) -> dict[tuple[str, str], Meaning]:
    found = {}
    for row in rows:
        told = {name: (row.get(name) or "").strip() for name in ("system", *Meaning.__dataclass_fields__)}
        key = (told.pop("system"), told["code"] or told["omop_concept_id"])
        found[key] = Meaning(**told)
    return found


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
