"""What one rule says of some tables."""

import polars as pl
import pytest

from ptanalytics.quality import check_data
from quality_frames import CUTOFF, table


@pytest.fixture
def found():
    """What one rule says of some tables: ``(n_checked, n_found, status)``."""

    def look(rule_id, *, thresholds=None, **tables):
        frames = {name: table(name, *rows) for name, rows in tables.items()}
        rules = check_data(cutoff_date=CUTOFF, thresholds=thresholds, **frames).rules
        row = rules.row(by_predicate=pl.col("rule_id") == rule_id, named=True)
        return row["n_checked"], row["n_found"], row["status"]

    return look
