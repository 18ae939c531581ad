"""Known headings and values: our names, their synonyms, and headings that identify a person."""

import csv
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from ptanalytics.loading.layouts import same_heading, shipped_layouts
from ptanalytics.reference import reference_file
from ptanalytics.schemas import TABLES, columns_of

#: Headings that only REDCap exports have.
_OF_REDCAP = frozenset(
    {"recordid", "redcapeventname", "redcaprepeatinstrument", "redcaprepeatinstance", "redcapdataaccessgroup"}
)
#: A word of a heading that says by itself what identifies: ``ec_phone``, ``Home address``.
_TELLING_WORDS = {
    **dict.fromkeys(("surname", "forename", "firstname", "lastname", "maiden"), "A names"),
    **dict.fromkeys(("address", "street", "zip", "zipcode", "postcode"), "B places smaller than a state"),
    **dict.fromkeys(("dob", "birthdate", "birthday"), "C dates of a person other than the year"),
    **dict.fromkeys(("phone", "telephone", "tel"), "D telephone numbers"),
    "fax": "E fax numbers",
    "email": "F e-mail addresses",
    "ssn": "G social security numbers",
    "mrn": "H medical record numbers",
}
#: Whose name a column with "name" as its last word holds, where it is a person's.
_NAMED_PEOPLE = frozenset(
    {
        "contact",
        "kin",
        "patient",
        "client",
        "participant",
        "subject",
        "person",
        "guardian",
        "first",
        "last",
        "middle",
        "full",
    }
)


@cache
def _synonyms() -> dict[str, Any]:
    return tomllib.loads(reference_file("layouts/synonyms.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class KnownName:
    """A column of ours that a heading may mean, and how sure: 0 our own name, 1 a table's synonym, 2 a general one."""

    column: str
    rank: int


@cache
def known_names(table: str) -> dict[str, KnownName]:
    """Return, for one table, which of its columns each normalised heading means."""
    words = _synonyms()
    ours = columns_of(TABLES[table])
    found: dict[str, KnownName] = {same_heading(name): KnownName(name, 0) for name in ours}
    for rank, group in ((1, words.get(table, {})), (2, words["any"])):
        for column, headings in group.items():
            if column in ours:
                for heading in headings:
                    found.setdefault(same_heading(heading), KnownName(column, rank))
    return found


@cache
def known_headings() -> frozenset[str]:
    """Return all normalised headings worth recognising, to find delimiter and heading line."""
    of_tables = {heading for table in TABLES for heading in known_names(table)}
    of_layouts = {
        same_heading(heading)
        for layout in shipped_layouts()
        for table in layout.tables
        for heading in (*table.read_columns(), *(layout.match.columns if layout.match else ()))
    }
    return frozenset(of_tables | of_layouts | set(_identifiers()) | _OF_REDCAP)


@cache
def _identifiers() -> dict[str, str]:
    text = reference_file("identifiers.csv").read_text(encoding="utf-8")
    return {same_heading(row["heading"]): row["category"] for row in csv.DictReader(text.splitlines())}


def identifying_category(heading: str) -> str | None:
    """Return the HIPAA category of a heading that identifies a person, or None."""
    if found := _identifiers().get(same_heading(heading)):
        return found
    words = [word.lower() for word in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])|(?<=\D)(?=\d)", heading) if word]
    # "Contact name", "name_last", and not "Last exercise name".
    pair = words[-2:] if words[-1:] == ["name"] else words[1::-1] if words[:1] == ["name"] else []
    if pair[:1] and pair[0] in _NAMED_PEOPLE:
        return "A names"
    return next((_TELLING_WORDS[word] for word in words if word in _TELLING_WORDS), None)


@cache
def value_words(column: str) -> dict[str, str]:
    """Return the spellings of a column's allowed values: normalised text to our value."""
    return {
        same_heading(word): value
        for value, words in _synonyms()["values"].get(column, {}).items()
        for word in (value, *words)
    }


@cache
def boolean_words() -> dict[str, bool]:
    """Return the spellings of yes and no, in lower case."""
    values = _synonyms()["values"]
    return dict.fromkeys(values["true"]["true"], True) | dict.fromkeys(values["false"]["false"], False)


@cache
def weekday_words() -> dict[str, str]:
    """Return the spellings of weekdays, in lower case, with our three letters."""
    return {word: day for day, words in _synonyms()["weekdays"].items() for word in words}


@cache
def missing_codes() -> tuple[str, ...]:
    """Return what stands for "missing" in any column, in lower case."""
    return tuple(_synonyms()["missing"]["codes"])
