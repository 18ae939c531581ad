"""A newer export that has the old rows again, in any order, changes nothing but what is new or other."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from ptanalytics.schemas.frames import empty_frame
from ptanalytics.schemas.tables import TABLES
from ptanalytics.study.merging import MARK, NEW, ROW, SOURCE, merge_bucket

_N = 3_000


def incoming(order: int) -> pl.DataFrame:
    start = datetime.fromisoformat("2026-03-02T18:30")
    rows = pl.DataFrame(
        {
            "patient_id": [f"P{n * 7 % 40}" for n in range(_N)],
            "session_id": [f"S{n // 3}" for n in range(_N)],
            "exercise_id": [f"E{n % 3}" for n in range(_N)],
            "started_at": [start + timedelta(minutes=n // 3) for n in range(_N)],
            "rpe": [None if n % 11 == 0 else float(n % 10) for n in range(_N)],
        },
        schema_overrides={"started_at": pl.Datetime("us")},
    )
    numbered = rows.with_columns(pl.lit(0, dtype=pl.UInt32).alias(SOURCE), pl.int_range(_N, dtype=pl.UInt32).alias(ROW))
    return numbered.sample(fraction=1, shuffle=True, seed=order)


@pytest.fixture(scope="module")
def existing() -> pl.DataFrame:
    merged = merge_bucket(empty_frame(TABLES["sessions"]), incoming(1), TABLES["sessions"])
    assert merged.rows is not None
    assert merged.rows.height == _N
    return merged.rows


@pytest.mark.parametrize("order", [2, 3])
def test_the_same_rows_in_another_order_change_nothing(existing: pl.DataFrame, order: int) -> None:
    merged = merge_bucket(existing, incoming(order), TABLES["sessions"])
    assert merged.rows is None
    assert merged.counts.select("outcome", "n").cast({"outcome": pl.String}).rows() == [("unchanged", _N)]
    assert merged.is_met.all()


def test_rows_that_changed_or_came_are_told_from_those_that_are_the_same(existing: pl.DataFrame) -> None:
    newer = incoming(4).with_columns(pl.when(pl.col(ROW) % 1_000 == 5).then(99.0).otherwise("rpe").alias("rpe"))
    more = newer.head(7).with_columns(pl.format("N{}", ROW).alias("session_id"), pl.col(ROW) + _N)
    merged = merge_bucket(existing.filter(pl.col("session_id") != "S10"), pl.concat([newer, more]), TABLES["sessions"])
    counts = dict(merged.counts.select("outcome", "n").cast({"outcome": pl.String}).rows())
    assert counts == {"new": 3 + 7, "changed": 3, "unchanged": _N - 6}
    assert merged.rows is not None
    assert merged.rows.height == _N + 7
    assert merged.rows.filter(pl.col(MARK) == NEW).height == 10
    assert sorted(merged.replaced["rpe"].is_null().to_list() + merged.replaced["session_id"].to_list(), key=str) == sorted(
        [False, False, False, "S1", "S335", "S668"], key=str
    )
