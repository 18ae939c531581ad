import pandas as pd
import polars as pl
import pytest

from outcome_frames import on, people, totals
from ptanalytics.errors import MissingColumnsError
from ptanalytics.outcomes import changes, responder_curve, responder_shares

# Eight starters: ODI before and after 12 weeks (None: no form).
SCORES = {
    "P1": (40, 20), "P2": (40, 28), "P3": (50, 38), "P4": (40, 45), "P5": (40, None), "P6": (None, 30), "P7": (8, 2),
    "P8": (0, 0),
}  # fmt: skip


@pytest.fixture
def change():
    forms = [totals("odi", {0: before, 84: after}, patient=name) for name, (before, after) in SCORES.items()]
    return changes(
        scores=pl.concat(forms), patients=people(*SCORES), target_weeks=[12], cutoff_date=on(200)
    )  # fmt: skip


def counts(shares, rule, population):
    row = shares.filter(rule=rule, population=population).row(0, named=True)
    return row["responders"], row["n"]


def test_completers_have_both_values_and_all_starters_a_baseline(change):
    shares = responder_shares(change)

    # P1 and P2 reach 30 %; P1, P2, P3 reach 10 points; P7 and P8 cannot reach 10 points, P8 has no percentage.
    assert counts(shares, "absolute", "completers") == (3, 4)
    assert counts(shares, "absolute", "all_starters") == (3, 5)
    assert counts(shares, "percent", "completers") == (3, 5)
    assert counts(shares, "percent", "all_starters") == (3, 6)
    assert counts(shares, "both", "all_starters") == (2, 5)


def test_everybody_who_started_is_accounted_for(change):
    for row in responder_shares(change).filter(population="all_starters").iter_rows(named=True):
        assert row["n_starters"] == len(SCORES)
        assert row["n_starters"] == row["n"] + row["n_no_baseline"] + row["n_no_room"] + row["n_not_due"]
        assert row["n_no_baseline"] == 1
        assert row["n_no_followup"] == 1


def test_interval_is_wilson(change):
    row = responder_shares(change).filter(rule="absolute", population="all_starters").row(0, named=True)

    # scipy.stats.binomtest(3, 5).proportion_ci(method="wilson")
    assert (row["lower_pct"], row["upper_pct"]) == pytest.approx((23.0724, 88.2379), abs=1e-3)
    assert row["share_pct"] == 60


def test_measures_nobody_has_are_left_out(change):
    assert responder_shares(change)["measure"].unique().to_list() == ["odi"]


def test_followups_not_due_are_in_no_denominator():
    change = changes(scores=totals("odi", {0: 40}), patients=people(), target_weeks=[12], cutoff_date=on(30))

    row = responder_shares(change).filter(rule="both", population="all_starters").row(0, named=True)

    assert (row["n"], row["n_not_due"], row["share_pct"], row["reason"]) == (0, 1, None, "no_patients")


def test_by_group_each_group_has_its_own_denominators(change):
    arms = pl.DataFrame({"patient_id": ["P1", "P2", "P3", "P4"], "group": ["a", "a", "b", "b"]})

    shares = responder_shares(change, groups=arms).filter(rule="absolute", population="all_starters")

    assert shares.select("group", "responders", "n").rows() == [(None, 0, 1), ("a", 2, 2), ("b", 1, 2)]
    assert shares["n_starters"].sum() == len(SCORES)


def test_a_scale_without_percent_rule_has_one_rule():
    change = changes(scores=totals("pcs", {0: 30, 84: 20}), patients=people(), target_weeks=[12])

    assert responder_shares(change)["rule"].unique().to_list() == ["absolute"]
    assert responder_curve(change).height == 0


def test_curve_counts_by_hand(change):
    curve = responder_curve(change).filter(population="all_starters")

    # Improvements of 50, 30, 24, -12.5 and 75 %; P5 has no follow-up.
    assert dict(curve.select("threshold_pct", "responders").rows()) == {
        0: 4, 10: 4, 20: 4, 30: 3, 40: 2, 50: 2, 60: 1, 70: 1, 80: 0, 90: 0, 100: 0
    }  # fmt: skip
    assert curve["n"].unique().to_list() == [6]


def test_curve_at_the_percent_rule_is_the_share_of_that_rule(change):
    share = responder_shares(change).filter(rule="percent").select("population", "responders", "n")
    curve = responder_curve(change).filter(threshold_pct=30.0).select("population", "responders", "n")

    assert share.sort("population").rows() == curve.sort("population").rows()


def test_pandas_in_pandas_out(change):
    shares = responder_shares(change.to_pandas())

    assert isinstance(shares, pd.DataFrame)
    assert shares["n"].tolist() == responder_shares(change)["n"].to_list()


def test_no_patients_no_rows():
    empty = changes(patients=people().clear())

    assert responder_shares(empty).height == 0
    assert responder_curve(empty).height == 0


def test_a_frame_that_is_no_changes_says_what_is_missing():
    with pytest.raises(MissingColumnsError, match="changes"):
        responder_shares(pl.DataFrame({"patient_id": ["P1"]}))
