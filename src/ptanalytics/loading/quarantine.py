"""Rows that were set aside, as they stand in their file, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from pandera.errors import SchemaError, SchemaErrors

from ptanalytics.errors import InvalidTableError
from ptanalytics.loading.convert import REASONS
from ptanalytics.schemas import TableModel, table_name
from ptanalytics.schemas.frames import to_pandas

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Quarantine:
    """Rows set aside. Every row of ``rows`` has at least one reason."""

    #: Text cells under the file's own headings, with ``file`` and ``row``.
    rows: "pd.DataFrame"
    #: ``file, row, column, rule, reason``; a reason never holds a cell of the file.
    reasons: "pd.DataFrame"

    def __len__(self) -> int:
        return len(self.rows)


def as_quarantine(rows: Sequence[pl.DataFrame], reasons: Sequence[pl.DataFrame]) -> Quarantine:
    """Join the rows of several files; a column that a file lacks is missing there."""
    nothing = pl.DataFrame(schema={"file": pl.String, "row": pl.UInt32})
    return Quarantine(
        to_pandas(pl.concat([nothing, *rows], how="diagonal")),
        to_pandas(pl.concat([pl.DataFrame(schema=REASONS), *reasons])),
    )


def assure_valid(rows: pl.DataFrame, model: type[TableModel]) -> pl.DataFrame:
    """Check rows against the table's schema once more, as a whole.

    Raises:
        InvalidTableError: A row that passed every rule breaks the schema; names columns and checks, never values.
    """
    try:
        return pl.DataFrame(model.validate(rows, lazy=True))
    except (SchemaErrors, SchemaError) as error:
        # Their texts and failure cases hold the failing values, so only column and check may go on.
        faults = error.schema_errors if isinstance(error, SchemaErrors) else [error]
        what = sorted(
            {f"{getattr(f.schema, 'name', '')}: {getattr(f.check, 'name', None) or f.reason_code}" for f in faults}
        )
    message = f"Rows of '{table_name(model)}' break its schema at {'; '.join(what)}. Nothing was loaded."
    raise InvalidTableError(message)
