"""Sorting gives what Polars' own sort by several columns gives, whichever way it takes."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptanalytics.study.sorting import places_in_order

_ROWS = st.tuples(
    st.sampled_from(["a", "b", "c"]),
    st.integers(-5, 5),
    st.one_of(st.none(), st.text("xyz", max_size=3)),
    st.one_of(st.none(), st.sampled_from(["p", "q"])),
)
_SCHEMA = {"patient_id": pl.String, "at": pl.Int64, "session_id": pl.String, "exercise_id": pl.String}


@given(rows=st.lists(_ROWS, max_size=30), repeats=st.sampled_from([1, 40]), columns=st.permutations(list(_SCHEMA)))
def test_any_rows_come_in_the_order_of_their_columns(
    rows: list[tuple[str, int, str | None, str | None]], repeats: int, columns: list[str]
) -> None:
    frame = pl.DataFrame(rows * repeats, schema=_SCHEMA, orient="row").select(columns)
    assert frame[places_in_order(frame)].equals(frame.sort(columns, nulls_last=True))


@pytest.mark.parametrize("session", [pl.col("at").cast(pl.String), (-pl.int_range(pl.len())).cast(pl.String)])
def test_sessions_that_share_a_time_or_not_are_in_order(session: pl.Expr) -> None:
    frame = pl.DataFrame({"n": range(600)}).select(
        patient_id=pl.format("P{}", 7 - pl.col("n") % 7),
        at=(pl.col("n") // 3 * 10**12),
        exercise_id=pl.format("E{}", pl.col("n") % 3),
    )
    frame = frame.with_columns(session_id=session).select("patient_id", "at", "session_id", "exercise_id")
    shuffled = frame.sample(fraction=1, shuffle=True, seed=1)
    assert shuffled[places_in_order(shuffled)].equals(frame.sort(frame.columns))


def test_numbers_too_large_to_pack_are_sorted_as_they_are() -> None:
    frame = pl.DataFrame({"a": [2**62, -(2**62), 0, 0], "b": [1, 2, 2**61, -(2**61)]})
    assert frame[places_in_order(frame)].rows() == sorted(frame.rows())


@pytest.mark.parametrize("step_us", [60_000_000, 1_000_000, 1_000, 1])
def test_many_patients_over_many_years_are_in_order_whatever_the_clocks_tell(step_us: int) -> None:
    n = 400
    frame = pl.select(
        patient_id=(pl.int_range(n) * 7 % 40 * 3_000 + 5).cast(pl.UInt32),
        started_at=((pl.int_range(n) * 13 % 50 - 25) * 10**9 * 60_000 + pl.int_range(n) % 3 * step_us).cast(
            pl.Datetime("us")
        ),
        session_id=pl.format("S{}", pl.int_range(n) * 11 % 50),
        exercise_id=(pl.int_range(n) * 17 % 23).cast(pl.UInt32),
    )
    assert frame[places_in_order(frame)].equals(frame.sort(frame.columns))


def test_patients_whose_numbers_lie_far_apart_are_in_order() -> None:
    frame = pl.DataFrame(
        {"patient_id": [2**32 - 1, 0, 2**31, 0], "n": [1, 2, 3, 1]}, schema={"patient_id": pl.UInt32, "n": pl.Int64}
    )
    assert frame[places_in_order(frame)].rows() == sorted(frame.rows())


@pytest.mark.parametrize("range_of_numbers", [10, 2**58])
@pytest.mark.parametrize("with_more", [True, False])
def test_rows_of_one_time_are_in_the_order_of_their_texts(range_of_numbers: int, *, with_more: bool) -> None:
    n = 900
    frame = pl.select(
        patient_id=pl.int_range(n) * 7 % 5,
        at=pl.int_range(n) * 13 % 9 * (range_of_numbers // 9),
        session_id=pl.when(pl.int_range(n) % 50 != 3).then(pl.format("S{}", pl.int_range(n) * 31 % 450)),
        exercise_id=pl.int_range(n) * 17 % 23,
    )
    frame = frame if with_more else frame.drop("exercise_id")
    assert frame[places_in_order(frame)].equals(frame.sort(frame.columns, nulls_last=True))
    # All but a few rows share their text with the others of their time.
    quiet = frame.with_columns(
        session_id=pl.when(pl.int_range(n) % 300 == 7)
        .then(pl.col("session_id"))
        .otherwise(pl.format("T{}{}", pl.int_range(n) * 7 % 5, pl.int_range(n) * 13 % 9) + "x" * 20)
    )
    many = pl.concat([quiet, quiet.with_columns(pl.col("at") + 1, pl.format("U{}", pl.int_range(n)).alias("session_id"))])
    assert many[places_in_order(many)].equals(many.sort(many.columns, nulls_last=True))
