"""Choosing patients from the cohort table."""

from typing import TYPE_CHECKING, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ptanalytics.schemas.frames import as_lazy, is_pandas

if TYPE_CHECKING:
    from typing import Any

Choice = tuple[str | None, ...]

_CHOICES = {
    "sites": "site",
    "clinicians": "clinician",
    "sexes": "sex",
    "conditions": "condition",
    "age_bands": "age_band",
    "adherence_bands": "adherence_band",
    "trends": "trend",
}
_RANGES = {
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
    age_min: int | None = Field(default=None, ge=0, le=130)
    age_max: int | None = Field(default=None, ge=0, le=130)
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
        for name in _RANGES:
            low, high = getattr(self, f"{name}_min"), getattr(self, f"{name}_max")
            if low is not None and high is not None and low > high:
                message = f"{name}_min is above {name}_max"
                raise ValueError(message)
        return self

    @property
    def is_empty(self) -> bool:
        """Whether nothing is set, so that everybody is kept."""
        return not self.model_fields_set or self == CohortFilter()

    def expressions(self) -> dict[str, pl.Expr]:
        """Return one condition per setting that is set, by its name."""
        found = {name: pl.col(column).is_in(getattr(self, name), nulls_equal=True) for name, column in _CHOICES.items()}
        found = {name: holds for name, holds in found.items() if getattr(self, name)}
        for name, column in _RANGES.items():
            low, high = getattr(self, f"{name}_min"), getattr(self, f"{name}_max")
            if low is not None or high is not None:
                at_least = pl.col(column).is_not_null() if low is None else pl.col(column) >= low
                found[name] = at_least if high is None else at_least & (pl.col(column) <= high)
        for name, column in _STATES.items():
            if getattr(self, name) is not None:
                found[name] = pl.col(column) == getattr(self, name)
        if self.has_flares is not None:
            found["has_flares"] = (pl.col("n_flares") > 0) == self.has_flares
        return found


def filter_cohort(table: "Any", filters: CohortFilter) -> "Any":
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
