"""Which patients a cohort filter keeps. Pure: one row per patient in, rows and counts out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

#: The choice for patients for whom a column is not recorded; no recorded value is empty.
NOT_RECORDED = ""

CHOICES = {"sites": "site", "clinicians": "clinician", "sexes": "sex", "conditions": "condition", "responses": "response"}
RANGES = {"age": "age", "adherence": "adherence_pct"}
WORDS = {
    "sites": "site",
    "clinicians": "clinician",
    "sexes": "sex",
    "conditions": "condition",
    "responses": "response",
    "age": "age",
    "adherence": "adherence",
}
_UNITS = {"age": "years", "adherence": "%"}


@dataclass(frozen=True)
class CohortFilter:
    """What is asked for. An empty choice and an open end of a range ask for nothing."""

    sites: tuple[str, ...] = ()
    clinicians: tuple[str, ...] = ()
    sexes: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    responses: tuple[str, ...] = ()
    age: tuple[float | None, float | None] = (None, None)
    adherence: tuple[float | None, float | None] = (None, None)
    #: Not a filter, but part of what is looked at, so that Undo covers it.
    measure: str = ""

    def cleared(self) -> "CohortFilter":
        """Return the filter that keeps everybody."""
        return CohortFilter(measure=self.measure)

    def without(self, key: str) -> "CohortFilter":
        """Return the filter without one of its parts; ``key`` as in `parts`."""
        name, _, value = key.partition("=")
        if name in RANGES:
            return replace(self, **{name: (None, None)})  # type: ignore[arg-type]
        left = tuple(one for one in getattr(self, name) if one != value)
        return replace(self, **{name: left})  # type: ignore[arg-type]

    def parts(self) -> Iterator[tuple[str, str]]:
        """Yield each part of the filter as a key and in words."""
        for name in CHOICES:
            for value in getattr(self, name):
                yield f"{name}={value}", f"{WORDS[name]}: {value or 'not recorded'}"
        for name in RANGES:
            low, high = getattr(self, name)
            if low is None and high is None:
                continue
            ends = [f"{word} {end:g}" for word, end in (("from", low), ("to", high)) if end is not None]
            yield name, f"{WORDS[name]} {' '.join(ends)} {_UNITS[name]}"


@dataclass(frozen=True)
class Kept:
    """The patients a filter keeps, and whom a range filter left out because the value is not recorded."""

    people: pl.DataFrame
    n_all: int
    n_unknown: dict[str, int]


def apply_filter(people: pl.DataFrame, asked: CohortFilter) -> Kept:
    """Keep the patients that meet every part of a filter.

    Choices of one kind are alternatives, kinds are all required. Somebody without a recorded value is kept by a choice
    only where "not recorded" is one of its values, and is left out by any range; `Kept.n_unknown` counts the latter.

    Args:
        people: One row per patient with the columns named in `CHOICES` and `RANGES`.
        asked: The filter.
    """
    kept = people
    for name, column in CHOICES.items():
        if chosen := getattr(asked, name):
            kept = kept.filter(pl.col(column).fill_null(NOT_RECORDED).is_in(list(chosen)))
    unknown = {}
    for name, column in RANGES.items():
        low, high = getattr(asked, name)
        if low is None and high is None:
            continue
        unknown[name] = kept[column].null_count()
        inside = pl.col(column).is_not_null()
        inside = inside if low is None else inside & (pl.col(column) >= low)
        kept = kept.filter(inside if high is None else inside & (pl.col(column) <= high))
    return Kept(kept, people.height, {name: n for name, n in unknown.items() if n})
