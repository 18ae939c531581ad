"""The contract: one Pandera model per table, and what analyses return."""

from ptanalytics.schemas.dictionary import data_dictionary
from ptanalytics.schemas.model import ColumnInfo, RowRule, TableModel, columns_of, key_of, row_rules, sort_of, table_name
from ptanalytics.schemas.results import RESULTS
from ptanalytics.schemas.tables import TABLES

__all__ = [
    "RESULTS",
    "TABLES",
    "ColumnInfo",
    "RowRule",
    "TableModel",
    "columns_of",
    "data_dictionary",
    "key_of",
    "row_rules",
    "sort_of",
    "table_name",
]
