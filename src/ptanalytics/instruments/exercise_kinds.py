"""Which kind of exercise each one of the catalogue is: stretching, strengthening, stabilization or aerobic."""

import csv
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from ptanalytics.reference import reference_file

#: The four kinds, in the order charts and tables show them.
EXERCISE_KINDS = ("stretching", "strengthening", "stabilization", "aerobic")

#: Where an exercise outside the catalogue is counted: it is shown, never guessed into a kind.
UNLISTED_KIND = "not in catalogue"


@cache
def exercise_kinds() -> Mapping[str, str]:
    """Return the kind of every exercise of ``reference/exercises.csv`` by its id.

    Example:
        >>> exercise_kinds()["glute_bridge"]
        'strengthening'
    """
    return MappingProxyType({row["exercise_id"]: row["category"] for row in _rows()})


@cache
def exercise_names() -> Mapping[str, str]:
    """Return the name of every exercise of ``reference/exercises.csv`` by its id.

    Example:
        >>> exercise_names()["glute_bridge"]
        'Bridge'
    """
    return MappingProxyType({row["exercise_id"]: row["name"] for row in _rows()})


def _rows() -> list[dict[str, str]]:
    text = reference_file("exercises.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
