"""Bookkeeping around library fits: warnings become notes, a failed fit becomes a reason, results become typed tables."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import polars as pl

from ptanalytics.errors import InvalidTableError, MissingColumnsError
from ptanalytics.schemas.frames import as_caller_kind, as_lazy, conform
from ptanalytics.schemas.model import TableModel, columns_of, sort_of
from ptanalytics.schemas.results import Changes

#: What the numeric libraries raise when a fit cannot be done; anything else is a fault of ours and is not caught.
FIT_ERRORS = (np.linalg.LinAlgError, ValueError, FloatingPointError, ZeroDivisionError, OverflowError)
#: Below this many patients a normal interval has no p value beside it.
MIN_PATIENTS_FOR_P = 30


@contextmanager
def captured_warnings() -> Iterator[list[str]]:
    """Collect what a library warns of while it fits; each text once, shortened, so that it can stand in a result."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        yield said
        texts = (" ".join(str(one.message).split())[:160] for one in caught)
        said.extend(dict.fromkeys(texts))


def number(value: Any) -> float | None:
    """Return a finite float, else None: NaN is never passed off as a number."""
    if value is None:
        return None
    found = float(value)
    return found if np.isfinite(found) else None


def result_table(rows: Sequence[Mapping[str, Any]], model: type[TableModel], kind: Any, *, is_sorted: bool = True) -> Any:
    """Make a typed result of rows, in the caller's kind of frame; what a row does not name is missing."""
    types = {name: info.dtype for name, info in columns_of(model).items()}
    table = pl.DataFrame([{name: row.get(name) for name in types} for row in rows], schema=types)
    return as_caller_kind(table.sort(sort_of(model), nulls_last=True) if is_sorted else table, kind)


def complete_changes(changes: Any, measure: str | None, target_week: int | None) -> pl.DataFrame:
    """Return the rows of `changes` for one measure and week.

    Raises:
        InvalidTableError: The table holds several measures or weeks and none was chosen, or nothing of the one chosen.
        MissingColumnsError: A column of `changes` is absent.
    """
    rows = conform(changes, Changes, source="The table 'changes'").collect()
    for column, chosen in (("measure", measure), ("target_week", target_week)):
        found = rows[column].unique().sort().to_list()
        if chosen is None and len(found) > 1:
            listed = ", ".join(map(str, found))
            raise InvalidTableError(f"The table 'changes' holds several of {column} ({listed}). Say which with {column}=.")
        if chosen is not None:
            rows = rows.filter(pl.col(column) == chosen)
    return rows


def with_groups(rows: pl.DataFrame, groups: Any, *, column: str = "group") -> pl.DataFrame:
    """Add each patient's group, missing where there is none.

    Raises:
        MissingColumnsError: ``patient_id`` or the column is absent.
        InvalidTableError: A patient is in two groups.
    """
    if groups is None:
        return rows.with_columns(pl.lit(None, dtype=pl.String).alias(column))
    lazy = as_lazy(groups)
    have = lazy.collect_schema().names()
    missing = [name for name in ("patient_id", column) if name not in have]
    if missing:
        raise MissingColumnsError(missing, found=have, source="The table of groups")
    members = lazy.select(pl.col("patient_id").cast(pl.String), pl.col(column).cast(pl.String)).unique().collect()
    if members["patient_id"].n_unique() < members.height:
        raise InvalidTableError("A patient stands in two groups. Give one row per patient in the table of groups.")
    return rows.join(members, on="patient_id", how="left")


def with_covariates(rows: pl.DataFrame, covariates: Any) -> tuple[pl.DataFrame, list[str]]:
    """Add one column of numbers per covariate; text becomes 0/1 columns against its first level.

    Raises:
        MissingColumnsError: ``patient_id`` is absent.
        InvalidTableError: A patient has two rows, or a name is in use.
    """
    if covariates is None:
        return rows, []
    table = as_lazy(covariates).collect()
    if "patient_id" not in table.columns:
        raise MissingColumnsError(["patient_id"], found=table.columns, source="The table of covariates")
    names = [name for name in table.columns if name != "patient_id"]
    taken = [name for name in names if name in rows.columns]
    if taken:
        raise InvalidTableError(f"A covariate is called like a column in use: {', '.join(taken)}. Rename it.")
    if table["patient_id"].n_unique() < table.height:
        raise InvalidTableError("A patient has two rows in the table of covariates. Give one row per patient.")
    columns: list[pl.Series] = [table["patient_id"].cast(pl.String)]
    for name in names:
        column = table[name]
        if column.dtype.is_numeric() or column.dtype == pl.Boolean:
            columns.append(column.cast(pl.Float64).fill_nan(None))
            continue
        text = column.cast(pl.String)
        levels = text.drop_nulls().unique().sort().to_list()
        columns += [(text == level).cast(pl.Float64).alias(f"{name}: {level}") for level in levels[1:]]
    added = [column.name for column in columns[1:]]
    return rows.join(pl.DataFrame(columns), on="patient_id", how="left"), added


def indicators(values: pl.Series, levels: Sequence[Any]) -> Any:
    """Return one 0/1 column per level."""
    columns = np.zeros((len(values), len(levels)))
    for place, level in enumerate(levels):
        columns[:, place] = (values == level).to_numpy()
    return columns


def is_full_rank(design: Any) -> bool:
    """Say whether no column of a design repeats the others; columns are scaled so that units do not matter."""
    scale = np.abs(design).max(axis=0)
    if (scale == 0).any() or design.shape[0] < design.shape[1]:
        return False
    rank = int(np.linalg.matrix_rank(design / scale, tol=1e-8 * design.shape[0] ** 0.5))
    return rank == int(design.shape[1])
