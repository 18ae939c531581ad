"""Dates and times: orders of day and month, words, serial numbers, offsets, and the hours a clock change takes or gives."""

from datetime import date, datetime

import polars as pl
import pytest

from ptanalytics.loading.cells import trim
from ptanalytics.loading.moments import Clock, OrderEvidence, date_reader, moment_reader, order_evidence

LONDON = Clock("Europe/London")


def read(reader, *texts):
    column = pl.Series(texts, dtype=pl.String)
    result = reader.read(column)
    rules = reader.fault(trim(column))
    return [v if ok else rule for v, ok, rule in zip(result["value"], result["is_readable"], rules, strict=True)]


def dates(order=None, **more):
    return date_reader(order=order, clock=LONDON, **more)


def times(order=None, clock=LONDON, **more):
    return moment_reader(order=order, clock=clock, **more)


@pytest.mark.parametrize(
    "text",
    ["2026-03-04", "2026/03/04", "2026-3-4", "20260304", "4 March 2026", "4-Mar-2026", "Mar 4, 2026", "4. März 2026",
     "Wednesday, 4 March 2026", "4th March 2026", "2026-03-04 00:00:00", " 2026-03-04 ", "46085"],
)  # fmt: skip
def test_spellings_that_need_no_order(text):
    assert read(dates(), text) == [date(2026, 3, 4)]


@pytest.mark.parametrize("text", ["04/03/2026", "4.3.2026", "04-03-26", "4/3/26"])
def test_the_columns_order_decides(text):
    assert read(dates("day_first"), text) == [date(2026, 3, 4)]
    assert read(dates("month_first"), text) == [date(2026, 4, 3)]


def test_a_date_against_the_columns_order_is_set_aside_not_turned():
    assert read(dates("day_first"), "25/03/2026", "03/25/2026") == [date(2026, 3, 25), "impossible_date"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("31.02.2026", "impossible_date"),
        ("2026-13-45", "impossible_date"),
        ("yesterday", "not_a_date"),
        ("2026-03-04 banana", "not_a_date"),
        ("12", "not_a_date"),
        ("999999", "not_a_date"),
        ("4 Foo 2026", "impossible_date"),
    ],
)
def test_what_is_no_date_names_its_rule(text, rule):
    assert read(dates("day_first"), text) == [rule]


def test_excel_serial_numbers_in_both_epochs():
    assert read(dates(), "45000", "45000.75") == [date(2023, 3, 15), date(2023, 3, 15)]
    assert read(dates(is_1904=True), "43538") == [date(2023, 3, 15)]
    assert read(times(), "45000.75") == [datetime(2023, 3, 15, 18)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-03-04T18:05:09", datetime(2026, 3, 4, 18, 5, 9)),
        ("2026-03-04 18:05", datetime(2026, 3, 4, 18, 5)),
        ("2026-03-04 18:05:09.250", datetime(2026, 3, 4, 18, 5, 9, 250000)),
        ("2026-03-04", datetime(2026, 3, 4)),
        ("04.03.2026 18:05", datetime(2026, 3, 4, 18, 5)),
        ("04/03/2026 6:05 PM", datetime(2026, 3, 4, 18, 5)),
        ("04/03/2026 12:05 am", datetime(2026, 3, 4, 0, 5)),
        ("04/03/2026, 18:05", datetime(2026, 3, 4, 18, 5)),
        ("04.03.2026 25:00", "impossible_time"),
        ("04.03.2026 13:05 pm", "impossible_time"),
        ("yesterday evening", "not_a_time"),
        ("31.02.2026 18:00", "impossible_date"),
    ],
)
def test_local_times(text, value):
    assert read(times("day_first"), text) == [value]


@pytest.mark.parametrize("first", ["2026-03-04T18:05:09", " 4 Mar 2026 10:00", "2026-03-04 18:05"])
@pytest.mark.parametrize("text", ["2026-03-04T18:05:60", "2026-03-04 23:59:60", "2026-03-04T18:60:00"])
def test_a_minute_has_sixty_seconds_whatever_the_cells_before_are_like(first, text):
    assert read(times(), first, text)[1] == "impossible_time"


def test_midnight_stands_for_a_day_without_a_clock():
    assert read(times(), "2026-03-04", "2026-03-04 07:00") == [datetime(2026, 3, 4), datetime(2026, 3, 4, 7)]


def test_offsets_become_the_studys_local_time():
    found = read(
        times(), "2026-07-01T20:00:00Z", "2026-07-01T20:00:00+02:00", "2026-01-01T20:00:00-0500", "2026-07-01 20:00:00"
    )
    assert found == [
        datetime(2026, 7, 1, 21),
        datetime(2026, 7, 1, 19),
        datetime(2026, 1, 2, 1),
        datetime(2026, 7, 1, 20),
    ]


def test_a_utc_column_falls_on_the_local_day():
    # 23:30 UTC on 30 June is 00:30 on 1 July in London.
    assert read(dates(), "2026-06-30T23:30:00Z") == [date(2026, 7, 1)]
    assert read(times(clock=Clock("America/New_York", "UTC")), "2026-06-30 03:00:00") == [datetime(2026, 6, 29, 23)]


def test_the_hour_that_happens_twice_and_the_hour_that_does_not_happen_are_taken_as_local_times():
    # Europe/London 2026: clocks go forward on 29 March at 01:00 and back on 25 October at 02:00.
    assert read(times(), "2026-03-29 01:30:00", "2026-10-25 01:30:00") == [
        datetime(2026, 3, 29, 1, 30),
        datetime(2026, 10, 25, 1, 30),
    ]


def test_both_readings_of_a_doubled_hour_come_from_utc():
    assert read(times(), "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z") == [datetime(2026, 10, 25, 1, 30)] * 2


def test_a_time_that_the_files_own_zone_skips_is_not_invented():
    assert read(times(clock=Clock("America/New_York", "Europe/London")), "2026-03-29 01:30:00") == ["skipped_time"]


@pytest.mark.parametrize(
    ("texts", "counts", "order"),
    [
        (["25/03/2026", "04/03/2026"], (1, 0, 1), "day_first"),
        (["03/25/2026", "04/03/2026"], (0, 1, 1), "month_first"),
        (["04/03/2026", "05/06/2026"], (0, 0, 2), None),
        (["25/03/2026", "26/03/2026", "03/25/2026"], (2, 1, 0), "day_first"),
        (["25/03/2026", "03/25/2026"], (1, 1, 0), None),
        (["2026-03-04", "04/04/2026", None, "x", "45000"], (0, 0, 0), None),
        (["25.03.2026 10:00", "04.03.2026 23:59"], (1, 0, 1), "day_first"),
    ],
)
def test_the_order_of_a_column_is_decided_from_its_unambiguous_dates(texts, counts, order):
    row = pl.DataFrame({"d": pl.Series(texts, dtype=pl.String)}).select(order_evidence("d")).row(0)[0]
    evidence = OrderEvidence(**row)
    assert (evidence.n_day_first, evidence.n_month_first, evidence.n_either) == counts
    assert evidence.decide() == order


@pytest.mark.parametrize("heading", ["count", "begins", "times", ""])
def test_a_column_of_any_name_says_its_order(heading):
    frame = pl.DataFrame({heading: ["25/03/2026", "04/03/2026", "4 . 5 . 2026"]})
    assert frame.select(order_evidence(heading)).row(0)[0] == {"n_day_first": 1, "n_month_first": 0, "n_either": 2}
