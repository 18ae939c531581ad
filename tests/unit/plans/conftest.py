from datetime import UTC, datetime

import polars as pl
import pytest

from plan_rows import BRIDGE
from ptanalytics.plans import PlanRecords
from ptanalytics.study import create_study


@pytest.fixture
def study(tmp_path):
    """A study with one patient whose plan is one exercise."""
    made = create_study(tmp_path / "clinic.study", timezone="Europe/London")
    made.append_rows("plans", pl.DataFrame([BRIDGE]), origin="test")
    return made


@pytest.fixture
def clock():
    """A clock that stands still in winter time."""
    return lambda: datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture
def records(study, clock):
    return PlanRecords(study, clock=clock)
