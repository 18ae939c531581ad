"""Choosing patients from the cohort table."""

from collections.abc import Iterator
from typing import Any, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ptanalytics.schemas.frames import as_lazy, is_pandas

Choice = tuple[str | None, ...]

CHOICES = {
    "sites": "site",
    "clinicians": "clinician",
    "sexes": "sex",
    "conditions": "condition",
    "age_bands": "age_band",
    "adherence_bands": "adherence_band",
    "trends": "trend",
    "responses": "response",
}
RANGES = {
    "age": "age_years",
    "adherence_pct": "adherence_pct",
    "nprs_baseline": "nprs_baseline",
    "weeks_in_plan": "weeks_in_plan",
}
_STATES = {
    "is_nprs_responder": "is_nprs_responder",
    "is_odi_responder": "is_odi_responder",
    "is_flare_active": "is_flare_active",
    "has_unresolved_flag": "has_unresolved_flag",
}
_WORDS = {
    "sites": "site",
    "clinicians": "clinician",
    "sexes": "sex",
    "conditions": "condition",
    "age_bands": "age band",
    "adherence_bands": "adherence band",
    "trends": "pain trend",
    "responses": "response",
    "age": "age",
    "adherence_pct": "adherence",
    "nprs_baseline": "baseline pain",
    "weeks_in_plan": "time in plan",
    "is_nprs_responder": "responder on daily pain",
    "is_odi_responder": "responder on ODI",
    "is_flare_active": "flare now",
    "has_flares": "any flare",
    "has_unresolved_flag": "unresolved flag",
}
_UNITS = {"age": "years", "adherence_pct": "%", "nprs_baseline": "points", "weeks_in_plan": "weeks"}
_NO_VALUE = {"responses": "no change to judge", "trends": "no trend", "adherence_bands": "no percentage"}


def words_of(name: str) -> str:
    """Return what a part of a filter is about, in words.

    Example:
        >>> words_of("adherence_pct")
        'adherence'
    """
    return _WORDS[name]


def choice_words(name: str, value: str | None) -> str:
    """Return one value of a choice as it is shown; no value has words too.

    Example:
        >>> choice_words("sites", "north"), choice_words("sites", None), choice_words("responses", None)
        ('north', 'not recorded', 'no change to judge')
    """
    return _NO_VALUE.get(name, "not recorded") if value is None else value


class CohortFilter(BaseModel):
    """What to keep of a cohort table. What is not set keeps everybody; what is set must all hold.

    A choice is a list of values; ``None`` in it keeps those where it was not recorded. A range has both ends included. A
    range, or a yes or no, leaves out patients where it is missing, because it cannot be said of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sites: Choice = ()
    clinicians: Choice = ()
    sexes: Choice = ()
    conditions: Choice = ()
    age_bands: Choice = ()
    adherence_bands: Choice = ()
    trends: Choice = ()
    responses: Choice = ()
    age_min: float | None = Field(default=None, ge=0)
    age_max: float | None = Field(default=None, ge=0)
    adherence_pct_min: float | None = Field(default=None, ge=0)
    adherence_pct_max: float | None = Field(default=None, ge=0)
    nprs_baseline_min: float | None = Field(default=None, ge=0, le=10)
    nprs_baseline_max: float | None = Field(default=None, ge=0, le=10)
    weeks_in_plan_min: int | None = Field(default=None, ge=0)
    weeks_in_plan_max: int | None = Field(default=None, ge=0)
    is_nprs_responder: bool | None = None
    is_odi_responder: bool | None = None
    is_flare_active: bool | None = None
    has_flares: bool | None = None
    has_unresolved_flag: bool | None = None

    @model_validator(mode="after")
    def _ranges_are_in_order(self) -> Self:
        for name in RANGES:
            low, high = self.range_of(name)
            if low is not None and high is not None and low > high:
                message = f"{name}_min is above {name}_max"
                raise ValueError(message)
        return self

    @property
    def is_empty(self) -> bool:
        """Whether nothing is set, so that everybody is kept."""
        return not self.model_fields_set or self == CohortFilter()

    def range_of(self, name: str) -> tuple[float | None, float | None]:
        """Return both ends of a range, e.g. of ``age``; an open end is None."""
        return getattr(self, f"{name}_min"), getattr(self, f"{name}_max")

    def with_changes(self, **values: Any) -> "CohortFilter":
        """Return the filter with other values, checked like new ones."""
        return CohortFilter(**{**self.model_dump(), **values})

    def parts(self) -> Iterator[tuple[str, str]]:
        """Yield each part of the filter as a key and in words.

        Example:
            >>> list(CohortFilter(sites=("north", None), age_min=30).parts())
            [('sites=north', 'site: north'), ('sites=', 'site: not recorded'), ('age', 'age from 30 years')]
        """
        for name in CHOICES:
            for value in getattr(self, name):
                yield f"{name}={value or ''}", f"{_WORDS[name]}: {choice_words(name, value)}"
        for name in RANGES:
            ends = [
                f"{word} {end:g}" for word, end in zip(("from", "to"), self.range_of(name), strict=True) if end is not None
            ]
            if ends:
                yield name, f"{_WORDS[name]} {' '.join(ends)} {_UNITS[name]}"
        for name in (*_STATES, "has_flares"):
            if getattr(self, name) is not None:
                yield name, f"{_WORDS[name]}: {'yes' if getattr(self, name) else 'no'}"

    def without(self, key: str) -> "CohortFilter":
        """Return the filter without one of its parts; ``key`` as in `parts`."""
        name, _, value = key.partition("=")
        if name in RANGES:
            return self.with_changes(**{f"{name}_min": None, f"{name}_max": None})
        if name in CHOICES:
            return self.with_changes(**{name: tuple(one for one in getattr(self, name) if (one or "") != value)})
        return self.with_changes(**{name: None})

    def expressions(self) -> dict[str, pl.Expr]:
        """Return one condition per setting that is set, by its name: choices first."""
        found = {name: pl.col(column).is_in(getattr(self, name), nulls_equal=True) for name, column in CHOICES.items()}
        found = {name: holds for name, holds in found.items() if getattr(self, name)}
        for name, column in RANGES.items():
            low, high = self.range_of(name)
            if low is not None or high is not None:
                at_least = pl.col(column).is_not_null() if low is None else pl.col(column) >= low
                found[name] = at_least if high is None else at_least & (pl.col(column) <= high)
        for name, column in _STATES.items():
            if getattr(self, name) is not None:
                found[name] = pl.col(column) == getattr(self, name)
        if self.has_flares is not None:
            found["has_flares"] = (pl.col("n_flares") > 0) == self.has_flares
        return found


def filter_cohort(table: Any, filters: CohortFilter) -> Any:
    """Keep the patients of a cohort table that meet every condition.

    Args:
        table: Result of `cohort_table`, pandas or Polars.
        filters: What to keep.

    Returns:
        The rows kept, in their order and in the kind of frame given.

    Example:
        >>> table = pl.DataFrame({"patient_id": ["P1", "P2", "P3"], "site": ["north", "south", None]})
        >>> filter_cohort(table, CohortFilter(sites=("north", None)))["patient_id"].to_list()
        ['P1', 'P3']
    """
    conditions = [holds.fill_null(value=False) for holds in filters.expressions().values()]
    if not conditions:
        return table
    keeps = as_lazy(table).select(pl.all_horizontal(conditions)).collect().to_series()
    # A pandas table keeps its own types only if its rows are chosen in pandas.
    return table[keeps.to_numpy()].reset_index(drop=True) if is_pandas(table) else table.filter(keeps)


def left_out_unknown(table: Any, filters: CohortFilter) -> dict[str, int]:
    """Count the patients whom a range, or a yes or no, leaves out because it is not known of them.

    Conditions are gone through in the order of `CohortFilter.expressions`; each patient is counted once, at the first one
    that leaves them out.

    Args:
        table: Result of `cohort_table`, pandas or Polars.
        filters: What to keep.

    Returns:
        Counts above 0 by the condition's name.

    Example:
        >>> table = pl.DataFrame({"site": ["north", "south", "north"], "age_years": [40, None, None]})
        >>> left_out_unknown(table, CohortFilter(sites=("north",), age_min=30))
        {'age': 1}
    """
    columns = RANGES | _STATES | {"has_flares": "n_flares"}
    left, unknown = as_lazy(table).collect(), {}
    for name, holds in filters.expressions().items():
        if name in columns:
            unknown[name] = left[columns[name]].null_count()
        left = left.filter(holds.fill_null(value=False))
    return {name: n for name, n in unknown.items() if n}
