"""Local days, plan weeks and weekday counts, against Python's own calendar."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptanalytics.dates import (
    day_from_number,
    day_number,
    iso_week,
    latest_day,
    local_day,
    local_day_of,
    number_of_day,
    plan_week,
    plan_week_of,
    time_zero,
    weekdays_between,
)

dates = st.dates(date(1960, 1, 1), date(2100, 12, 31))


def one(expression, **values):
    return pl.DataFrame({name: [value] for name, value in values.items()}).select(expression).item()


@given(first=dates, n_days=st.integers(0, 40), iso_weekday=st.integers(1, 7))
def test_weekdays_between_counts_as_a_calendar_does(first, n_days, iso_weekday):
    span = [first + timedelta(days=i) for i in range(n_days)]

    counted = one(
        weekdays_between(pl.col("first"), pl.col("last"), iso_weekday),
        first=number_of_day(first),
        last=number_of_day(first) + n_days - 1,
    )

    assert counted == sum(d.isoweekday() == iso_weekday for d in span)


@given(day=dates, start=dates)
def test_plan_weeks_are_the_same_for_one_day_and_for_a_column(day, start):
    assert one(plan_week(pl.col("day"), pl.col("start")), day=day, start=start) == plan_week_of(day, start)


@given(day=dates)
def test_day_numbers_go_there_and_back(day):
    assert one(day_number(pl.col("day")), day=day) == number_of_day(day)
    assert one(day_from_number(day_number(pl.col("day"))), day=day) == day
    assert one(iso_week(pl.col("day")), day=day) == day.isocalendar().week


@pytest.mark.parametrize(
    ("moment", "hour", "want"),
    [
        pytest.param("2026-03-09T00:30", 0, "2026-03-09", id="midnight starts the day"),
        pytest.param("2026-03-09T02:59", 3, "2026-03-08", id="before the day starts at 3"),
        pytest.param("2026-03-09T03:00", 3, "2026-03-09", id="at 3 it starts"),
        pytest.param("2026-03-29T01:30", 0, "2026-03-29", id="an hour the clock skips is still a time of its day"),
    ],
)
def test_local_day(moment, hour, want):
    at = datetime.fromisoformat(moment)

    assert local_day_of(at, hour).isoformat() == want
    assert one(local_day(pl.col("at"), hour), at=at).isoformat() == want


def test_time_zero_is_the_plan_start_else_enrolment_else_missing():
    plans = pl.LazyFrame({"patient_id": ["P1"], "valid_from_date": [date(2026, 3, 2)]})
    patients = pl.LazyFrame({"patient_id": ["P1", "P2", "P3"], "enrolled_date": [date(2026, 2, 1), date(2026, 2, 2), None]})

    rows = time_zero(plans, patients).sort("patient_id").collect().rows()

    assert rows == [("P1", date(2026, 3, 2), None), ("P2", date(2026, 2, 2), None), ("P3", None, "no_start")]


def test_latest_day_without_any_time_is_missing():
    assert latest_day(pl.LazyFrame({"at": []}, schema={"at": pl.Datetime("us")})).collect().item() is None
