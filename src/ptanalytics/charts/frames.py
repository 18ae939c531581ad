"""Result tables as charts read them: checked columns, Polars inside, one patient or many."""

from typing import Any

import polars as pl

from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.frames import conform
from ptanalytics.schemas.model import TableModel, sort_of, table_name


def rows_of(frame: Any, model: type[TableModel]) -> pl.DataFrame:
    """Return the table's rows, typed and sorted; a pandas or Polars frame is taken.

    Raises:
        MissingColumnsError: A column of the table is absent.
        InvalidTableError: A column cannot be read as its type.
    """
    return conform(frame, model).collect().sort(sort_of(model))


def one_patient(rows: pl.DataFrame, model: type[TableModel], what: str) -> str | None:
    """Return the id of the only patient in a table, or None for an empty table.

    Raises:
        InvalidTableError: The table holds several patients.
    """
    patients = rows["patient_id"].unique()
    if len(patients) > 1:
        raise InvalidTableError(
            f"{what} shows one patient, but the table '{table_name(model)}' holds {len(patients)}. "
            "Filter it to one patient_id first, or give the analysis patients=[...] with one id."
        )
    return None if patients.is_empty() else str(patients.item())
