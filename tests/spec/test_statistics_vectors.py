"""Vectors K4, K5 and E1 to E5 of the clinical methods, section 7.4 and 7.5."""

import math

import polars as pl
import pytest

from ptanalytics.statistics import (
    effect_sizes,
    estimate_mic,
    expected_regression_to_mean,
    pool_rubin,
    survival_curve,
    survival_summary,
    wilson_interval,
)

K4 = pl.DataFrame({"duration_days": [14, 21, 21, 28, 35, 42, 42, 56], "is_event": [1, 1, 0, 1, 0, 1, 1, 0]})
K5 = pl.DataFrame({"duration_days": [14, 28, 35, 42], "is_event": [1, 0, 0, 0]})


def test_k4_survival_at_risk_and_greenwood():
    events = survival_curve(K4).filter(pl.col("n_events") > 0)
    assert events["time_days"].to_list() == [14, 21, 28, 42]
    assert events["survival"].to_list() == pytest.approx([0.875, 0.75, 0.6, 0.2], abs=1e-6)
    assert events["n_at_risk"].to_list() == [8, 7, 5, 3]
    assert events["n_events"].to_list() == [1, 1, 1, 2]
    assert events["se"].to_list() == pytest.approx([0.116927, 0.153093, 0.181659, 0.174165], abs=1e-6)


def test_k4_median_and_log_log_limits():
    at_28 = survival_curve(K4).filter(time_days=28).row(0, named=True)
    assert (at_28["lower"], at_28["upper"]) == pytest.approx((0.1955, 0.8523), abs=5e-5)
    assert survival_summary(K4)["median_days"].item() == 42


def test_k5_median_not_reached():
    assert survival_curve(K5).filter(time_days=14)["survival"].item() == pytest.approx(0.75)
    assert survival_summary(K5).select("median_days", "reason").row(0) == (None, "not_reached")


@pytest.fixture(scope="module")
def pairs():
    before, after = [7.0, 6, 8, 5, 7, 6, 9, 6], [4.0, 5, 5, 4, 3, 5, 6, 4]
    return pl.DataFrame({
        "patient_id": list("abcdefgh"), "measure": "nprs", "target_week": 12, "n_followup": 1, "baseline": before,
        "followup": after, "improvement": [b - a for b, a in zip(before, after, strict=True)],
    })  # fmt: skip


def test_e1_moments(pairs):
    row = effect_sizes(pairs).row(0, named=True)
    found = [row[n] for n in ("mean_improvement", "sd_improvement", "sd_baseline", "sd_followup", "correlation")]
    assert found == pytest.approx([2.25, 1.164965, 1.281740, 0.925820, 0.481543], abs=1e-6)


@pytest.mark.parametrize(
    ("effect", "value"), [("srm", 1.931389), ("ses", 1.755426), ("d_av", 2.038450), ("d_rms", 2.012461), ("g_av", 1.811955)]
)
def test_e1_effects(pairs, effect, value):
    assert effect_sizes(pairs).filter(effect=effect)["value"].item() == pytest.approx(value, abs=1e-6)


def test_e1_intervals(pairs):
    found = effect_sizes(pairs)
    srm, d_av = (found.filter(effect=effect).row(0, named=True) for effect in ("srm", "d_av"))
    assert (srm["lower"], srm["upper"]) == pytest.approx((0.703273, 3.119514), abs=1e-6)
    assert (d_av["se"], d_av["lower"], d_av["upper"]) == pytest.approx((0.631590, 0.800534, 3.276365), abs=1e-6)


def test_e1_lakens_correction(pairs):
    found = effect_sizes(pairs, is_lakens_correction=True).filter(effect="g_av")["value"].item()
    assert found == pytest.approx(1.927262, abs=1e-6)


def test_e2_rubin():
    pooled = pool_rubin([-1.8, -2.1, -1.9, -2.3, -2.0], [0.09, 0.10, 0.11, 0.09, 0.10], complete_df=58)
    expected = (-2.02, 0.098, 0.037, 0.1424, 0.377359, 0.311798, 19.917746, -2.807366, -1.232634)
    assert tuple(pooled) == pytest.approx(expected, abs=1e-6)
    large = pool_rubin([-1.8, -2.1, -1.9, -2.3, -2.0], [0.09, 0.10, 0.11, 0.09, 0.10])
    assert large.df == pytest.approx(41.144712, abs=1e-6)
    observed_df = 1 / (1 / pooled.df - 1 / large.df)  # v is half the harmonic mean of the two
    assert observed_df == pytest.approx(38.607018, abs=1e-5)


def test_e3_mic():
    answers = pl.DataFrame({
        "improvement": [0.0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5],
        "is_improved": [0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1],
    })  # fmt: skip
    found = {row["method"]: row for row in estimate_mic(answers, n_resamples=0).iter_rows(named=True)}
    roc = found["roc"]
    assert (roc["mic"], roc["sensitivity"], roc["specificity"]) == pytest.approx((2, 0.909091, 0.666667), abs=1e-6)
    assert (roc["auc"], roc["correlation"]) == pytest.approx((0.878788, 0.655170), abs=1e-6)
    assert found["predictive"]["mic"] == pytest.approx(2.015492, abs=1e-6)
    assert found["adjusted"]["mic"] == pytest.approx(1.966750, abs=1e-6)


def test_e3_parts_of_the_estimates():
    change = [0.0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5]
    anchor = [0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1]
    found = estimate_mic(
        pl.DataFrame({"improvement": change, "is_improved": anchor}), anchor_reliability=0.8, n_resamples=0
    )
    mic = {row["method"]: row["mic"] for row in found.iter_rows(named=True)}

    assert found["n_improved"][0] / found["n"][0] == 0.55
    assert found["correlation"][0] == pytest.approx(0.655170, abs=1e-6)
    log_odds = math.log(0.55 / 0.45)
    assert mic["predictive"] == pytest.approx((log_odds + 2.843157) / 1.510216, abs=2e-6)
    assert mic["adjusted"] == pytest.approx(mic["predictive"] - (0.090 + 0.103 * 0.655170) * 1.542384 * log_odds, abs=1e-6)
    assert mic["improved_adjusted"] == pytest.approx(mic["predictive"] - 0.5 * 1.542384 * 0.655170 * log_odds, abs=1e-6)


def test_e4_regression_to_the_mean():
    assert expected_regression_to_mean(7.5, 5.5, 0.6) == pytest.approx(0.8)


def test_e5_wilson():
    assert tuple(wilson_interval(12, 30)) == pytest.approx((0.4, 0.245906, 0.576796), abs=1e-6)
    assert tuple(wilson_interval(0, 8)) == pytest.approx((0, 0, 0.324408), abs=1e-6)
