"""The data dictionary, made from the schemas so that it cannot go stale."""

from typing import TYPE_CHECKING

import polars as pl

from ptanalytics.schemas.frames import to_pandas
from ptanalytics.schemas.model import columns_of, key_of
from ptanalytics.schemas.results import RESULTS
from ptanalytics.schemas.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd


def data_dictionary() -> "pd.DataFrame":
    """List every column of every table: what it means, its unit, type, range and whether it may be missing.

    Returns:
        A pandas table with ``table``, ``kind`` (data or result), ``column``, ``description``, ``unit``, ``type``,
        ``is_required``, ``minimum``, ``maximum``, ``allowed``, ``is_key``.

    Example:
        >>> dictionary = data_dictionary()
        >>> dictionary.query("table == 'sessions' and column == 'duration_min'")["unit"].item()
        'min'
    """
    rows = [
        {
            "table": name,
            "kind": kind,
            "column": info.name,
            "description": info.description,
            "unit": info.unit,
            "type": str(info.dtype),
            "is_required": info.is_required,
            "minimum": info.minimum,
            "maximum": info.maximum,
            "allowed": ", ".join(map(str, info.allowed)),
            "is_key": info.name in key_of(model),
        }
        for kind, models in (("data", TABLES), ("result", RESULTS))
        for name, model in models.items()
        for info in columns_of(model).values()
    ]
    return to_pandas(pl.DataFrame(rows, infer_schema_length=None))
