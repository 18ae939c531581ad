"""Invariants of the statistics, over data made by Hypothesis."""

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptanalytics.statistics import (
    log_rank_test,
    numbers_at_risk,
    pool_rubin,
    standardized_difference,
    standardized_difference_of_shares,
    survival_curve,
    survival_summary,
)

TIMES = st.lists(st.tuples(st.integers(0, 60), st.booleans(), st.sampled_from("ab")), min_size=1, max_size=40)


def frame(times):
    return pl.DataFrame(times, schema={"duration_days": pl.Int32, "is_event": pl.Boolean, "group": pl.String}, orient="row")


@given(TIMES)
@settings(max_examples=60, deadline=None)
def test_survival_falls_within_its_limits(times):
    for _, part in survival_curve(frame(times)).group_by("group"):
        s = part.sort("time_days")["survival"].to_list()
        assert all(later <= before + 1e-12 for before, later in pairwise(s))
        known = part.drop_nulls("lower")
        assert (known["lower"] <= known["survival"]).all()
        assert (known["survival"] <= known["upper"]).all()


@given(TIMES)
@settings(max_examples=60, deadline=None)
def test_everybody_is_counted_once(times):
    rows = frame(times)
    curve, summary = survival_curve(rows), survival_summary(rows)
    assert curve["n_events"].sum() + curve["n_censored"].sum() == rows.height
    assert summary["n_events"].sum() + summary["n_censored"].sum() == summary["n"].sum() == rows.height


@given(st.lists(st.tuples(st.integers(0, 60), st.just(value=True), st.just("a")), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_without_censoring_survival_is_the_plain_share(times):
    rows = frame(times)
    for row in survival_curve(rows).iter_rows(named=True):
        assert row["survival"] == pytest.approx((rows["duration_days"] > row["time_days"]).mean(), abs=1e-9)


@given(TIMES)
@settings(max_examples=40, deadline=None)
def test_at_risk_falls_and_with_the_others_adds_up(times):
    rows = frame(times)
    counts = numbers_at_risk(rows, at_days=[0, 10, 30, 61])
    for _, part in counts.group_by("group"):
        at = part.sort("time_days")["n_at_risk"].to_list()
        assert at == sorted(at, reverse=True)
    last = counts.filter(time_days=61)
    assert last["n_events"].sum() + last["n_censored"].sum() == rows.height


@given(TIMES)
@settings(max_examples=40, deadline=None)
def test_log_rank_expects_as_many_events_as_there_are_and_does_not_mind_the_names(times):
    rows = frame(times)
    found = log_rank_test(rows)
    assert found["expected"].sum() == pytest.approx(found["observed"].sum())
    swapped = log_rank_test(rows.with_columns(group=pl.col("group").replace({"a": "z"})))
    assert found["chi2"].drop_nulls().to_list()[:1] == pytest.approx(swapped["chi2"].drop_nulls().to_list()[:1])


SETS = st.lists(st.tuples(st.floats(-50, 50), st.floats(0.01, 20)), min_size=2, max_size=30)


@given(SETS)
@settings(max_examples=80, deadline=None)
def test_pooling_never_claims_more_than_one_data_set_would(sets):
    pooled = pool_rubin([q for q, _ in sets], [u for _, u in sets], complete_df=50)
    assert pooled.total >= pooled.within - 1e-12
    assert 0 <= pooled.missing_information < 1
    assert 0 < pooled.df <= 50
    assert pooled.lower <= pooled.estimate <= pooled.upper


VALUES = st.lists(st.integers(0, 100).map(float), min_size=3, max_size=20)


@given(VALUES, VALUES, st.integers(1, 9), st.integers(-20, 20))
@settings(max_examples=80, deadline=None)
def test_a_standardised_difference_minds_neither_order_nor_unit(first, second, factor, shift):
    one, other = standardized_difference(first, second), standardized_difference(second, first)
    moved = standardized_difference([factor * v + shift for v in first], [factor * v + shift for v in second])
    assert one == pytest.approx(other) == pytest.approx(moved)


@given(st.lists(st.integers(1, 50), min_size=2, max_size=5), st.integers(2, 5))
@settings(max_examples=60, deadline=None)
def test_equal_shares_do_not_differ(counts, times):
    found = standardized_difference_of_shares(counts, [times * n for n in counts])
    assert found == pytest.approx(0, abs=1e-6)
