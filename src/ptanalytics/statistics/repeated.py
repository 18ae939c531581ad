"""Baseline and follow-ups as one long table: what the models of repeated measures take."""

from typing import Any

import polars as pl

from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.frames import as_caller_kind, conform
from ptanalytics.schemas.model import columns_of, sort_of
from ptanalytics.schemas.results import Changes
from ptanalytics.schemas.statistics_results import RepeatedMeasures


def repeated_measures(changes: Any, *, measure: str | None = None) -> Any:
    """List every value of `changes` as one row per patient and week, the baseline as week 0.

    Values are those of `changes`; a missing one has no row, and nothing is filled in. Patients with a baseline and no
    follow-up have their row at week 0: a mixed model uses it.

    Args:
        changes: Result of `changes`, best with several ``target_weeks``.
        measure: Which measure; all of them if not given.

    Returns:
        Columns of `RepeatedMeasures`, in the kind of frame given.

    Raises:
        MissingColumnsError: A column of `changes` is absent.

    Example:
        >>> change = pl.DataFrame({
        ...     "patient_id": "P1", "measure": "odi", "target_week": [6, 12], "n_followup": 1,
        ...     "baseline": 40.0, "followup": [30.0, None]})
        >>> repeated_measures(change).select("week", "value").rows()
        [(0.0, 40.0), (6.0, 30.0)]
    """
    rows = conform(changes, Changes, source="The table 'changes'")
    if measure is not None:
        rows = rows.filter(pl.col("measure") == measure)
    keys = ["patient_id", "measure"]
    before = rows.select(*keys, "baseline", week=pl.lit(0.0), value=pl.col("baseline")).unique(keys, maintain_order=True)
    after = rows.select(*keys, "baseline", week=pl.col("target_week").cast(pl.Float64), value=pl.col("followup"))
    columns = list(columns_of(RepeatedMeasures))
    both = pl.concat([before.select(columns), after.select(columns)]).filter(pl.col("value").is_not_null())
    return as_caller_kind(both.collect().sort(sort_of(RepeatedMeasures)), changes)


def one_measure(values: Any, measure: str | None) -> pl.DataFrame:
    """Return the rows of one measure of a table `RepeatedMeasures`.

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: Several measures and none chosen, a patient twice at one week, or a negative week.
    """
    rows = conform(values, RepeatedMeasures, source="The table of repeated measures").collect()
    if measure is not None:
        rows = rows.filter(pl.col("measure") == measure)
    found = rows["measure"].unique().sort().to_list()
    if len(found) > 1:
        raise InvalidTableError(f"The table holds several measures ({', '.join(found)}). Say which with measure=.")
    if rows.select("patient_id", "week").is_duplicated().any():
        raise InvalidTableError("A patient has two values at one week. Keep one per patient and week.")
    if rows.filter(pl.col("week") < 0).height:
        raise InvalidTableError("A week is below 0. Week 0 is the baseline; values before it are not follow-ups.")
    return rows.drop_nulls(["patient_id", "week", "value"])
