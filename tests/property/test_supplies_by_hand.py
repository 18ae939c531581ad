"""The fast pharmacy measures of every generated list of supplies equal the slow ones, worked out day by day."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptanalytics.adherence import pharmacy_adherence, pharmacy_episodes
from ptanalytics.schemas.results import RESULTS
from supplies_by_hand import measures_by_hand

DAY_0 = date(2026, 1, 1)

supply_lists = st.lists(st.tuples(st.integers(0, 90), st.integers(1, 40)), min_size=1, max_size=12)


def table(*lists):
    rows = [
        {"patient_id": f"P{number}", "supplied_date": DAY_0 + timedelta(days=day), "duration_days": float(duration)}
        for number, supplies in enumerate(lists)
        for day, duration in supplies
    ]
    return pl.DataFrame(rows)


@settings(max_examples=120)
@given(lists=st.lists(supply_lists, min_size=1, max_size=3), start=st.integers(0, 60), length=st.integers(1, 60))
def test_all_measures_day_by_day(lists, start, length):
    followup = start + length + 10
    found = pharmacy_adherence(
        supplies=table(*lists), followup_days=followup, observation_start_day=start, observation_days=length
    )

    RESULTS["pharmacy_adherence"].validate(found)
    for supplies, row in zip(lists, found.iter_rows(named=True), strict=True):
        first = min(day for day, _ in supplies)
        shifted = [(day - first, duration) for day, duration in supplies]
        expected = measures_by_hand(shifted, start, start + length, followup)
        assert {name: row[name] for name in expected} == pytest.approx(
            {name: None if value is None else float(value) for name, value in expected.items()}
        )


@settings(max_examples=50)
@given(supplies=supply_lists, gap=st.integers(0, 60))
def test_episodes_hold_every_event_once_in_order_and_do_not_overlap(supplies, gap):
    found = pharmacy_episodes(supplies=table(supplies), permissible_gap_days=gap, followup_days=120)
    first = min(day for day, _ in supplies)

    assert found["n_events"].sum() == sum(day - first < 120 for day, _ in supplies)
    assert found["episode"].to_list() == list(range(1, found.height + 1))
    assert (found["from_date"].to_list()[1:] > pl.Series(found["to_date"].to_list()[:-1], dtype=pl.Date)).all()
    assert (found["gap_days"].head(found.height - 1) > gap).all()
    assert found["is_last"].to_list() == [False] * (found.height - 1) + [True]


@settings(max_examples=25)
@given(lists=st.lists(supply_lists, min_size=2, max_size=4), order=st.randoms(use_true_random=False))
def test_order_of_rows_and_other_patients_change_nothing(lists, order):
    together = table(*lists)
    mixed = list(range(together.height))
    order.shuffle(mixed)
    found = pharmacy_adherence(supplies=together[mixed], followup_days=120)
    alone = [pharmacy_adherence(supplies=part, followup_days=120) for part in together.partition_by("patient_id")]

    assert found.equals(pl.concat(alone).sort("patient_id"))
