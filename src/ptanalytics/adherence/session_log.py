"""The logged rows, grouped by session, without comparing text more often than needed.

A session is one ``(patient_id, session_id)``. Stored rows are sorted by patient and time, so the rows of a session nearly
always follow one another: a new session begins where one of the two ids changes. Where a session turns up in two places
(unsorted frames, two sessions logged at one time) its rows are brought together. Everything after works on numbers: sums
over sessions of sorted rows are sums over slices (`per_session`), an order of magnitude faster than grouping by text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ptanalytics.dates import day_number, local_day

DOSE = ("sets", "reps", "hold_s", "duration_min")

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class SessionLog:
    """Rows of sessions, those of a session together, and the sessions they belong to."""

    #: One row per exercise: ``exercise`` (its place among the exercises anybody was prescribed; -1: nobody was),
    #: ``completed_fraction``, and where some row has no fraction, what else was logged.
    rows: pl.DataFrame
    #: Where each session's rows begin in ``rows``.
    first_rows: Array
    #: One row per session: ``patient_id, day`` (day number of its start).
    sessions: pl.DataFrame

    @property
    def has_every_fraction(self) -> bool:
        """Whether each row says itself how much was done."""
        return "skip_reason" not in self.rows.columns

    @property
    def last_day(self) -> int | None:
        """The latest day with a session; None without any."""
        return None if self.sessions.is_empty() else int(self.sessions["day"].to_numpy().max())

    def per_row(self, of_session: Array) -> Array:
        """Repeat a value of each session on its rows."""
        return np.repeat(of_session, np.diff(self.first_rows, append=self.rows.height))

    def per_session(self, of_row: Array, combine: np.ufunc = np.add) -> Array:
        """Sum a value of each row over its session, or combine the values otherwise."""
        combined: Array = combine.reduceat(of_row, self.first_rows)
        return combined


def read_log(sessions: pl.LazyFrame, *, exercises: pl.Enum, day_start_hour: int, also: Sequence[str] = ()) -> SessionLog:
    """Read the rows of sessions and find which belong together.

    Args:
        sessions: The sessions table.
        exercises: Exercises anybody was prescribed; others become -1.
        day_start_hour: Hour at which a day begins.
        also: Further columns of the table to keep in the rows.
    """
    rows = _rows(sessions, exercises, also)
    changes = [pl.col(name) != pl.col(name).shift() for name in ("patient_id", "session_id")]
    begins = rows.lazy().select(pl.any_horizontal(*changes).fill_null(value=True)).collect().to_series()
    first_rows: Array = np.flatnonzero(begins.to_numpy())
    runs = rows.select("patient_id", "session_id").filter(begins)
    # Two equal hashes: a session was found in two places, or by chance, which is looked into then.
    if runs.hash_rows().n_unique() < runs.height:
        rows, first_rows, runs = _brought_together(rows, first_rows, runs)
    started = rows["started_at"].to_physical().to_numpy()
    earliest = pl.Series("started_at", np.minimum.reduceat(started, first_rows), pl.Int64).cast(pl.Datetime("us"))
    day = pl.select(day=day_number(local_day(pl.lit(earliest), day_start_hour)))
    return SessionLog(rows.drop("patient_id", "session_id", "started_at"), first_rows, day.with_columns(runs["patient_id"]))


def _rows(sessions: pl.LazyFrame, exercises: pl.Enum, also: Sequence[str]) -> pl.DataFrame:
    """Read the columns that are needed: what was logged of each exercise only where a row does not say its fraction."""
    code = exercise_place(exercises)
    columns = ["patient_id", "session_id", "started_at", "completed_fraction", *also]
    rows = sessions.select(*columns, code).collect()
    if rows["completed_fraction"].null_count():
        rows = sessions.select(*columns, code, "skip_reason", *DOSE).collect()
    return rows


def exercise_place(exercises: pl.Enum) -> pl.Expr:
    """Return an exercise's place among the exercises anybody was prescribed, -1 for others, as ``exercise``."""
    place = pl.col("exercise_id").cast(exercises, strict=False).to_physical()
    return place.cast(pl.Int32).fill_null(-1).alias("exercise")


def _brought_together(
    rows: pl.DataFrame, first_rows: Array, runs: pl.DataFrame
) -> tuple[pl.DataFrame, Array, pl.DataFrame]:
    """Sort the rows so that those of one session follow one another; also returns one row per session."""
    sessions = runs.unique(maintain_order=True)
    numbers = sessions.with_row_index("number")
    number = runs.join(numbers, on=["patient_id", "session_id"], how="left", maintain_order="left")["number"]
    of_row = np.repeat(number.to_numpy(), np.diff(first_rows, append=rows.height))
    order = np.argsort(of_row, kind="stable")
    return rows[order], np.flatnonzero(np.diff(of_row[order].astype(np.int64), prepend=-1)), sessions
