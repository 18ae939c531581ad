"""Privacy: what may be shown of small groups, and what must be removed before data leave."""

from ptanalytics.privacy.suppression import (
    SuppressedRow,
    SuppressedTable,
    is_small,
    suppress_nested,
    suppress_row,
    suppress_table,
)

__all__ = ["SuppressedRow", "SuppressedTable", "is_small", "suppress_nested", "suppress_row", "suppress_table"]
