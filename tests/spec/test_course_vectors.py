"""Vectors Q30, C12-C21, T1-T5 (least squares), T7-T8 and K1-K3 of the clinical methods (sections 7.1, 7.3, 7.4)."""

import polars as pl
import pytest

from outcome_frames import at, form, on, people, ratings, totals
from ptanalytics.outcomes import changes, pain_plateau, pain_trend, reliable_change, time_to_mic
from ptanalytics.outcomes.reliable import cutoff_of
from ptanalytics.settings import ChangeNorms

ANY_LENGTH = {"outcomes": {"slope": {"window_days": 365, "min_points": 3}}}
NORMS = {
    "sd_pre": 15, "reliability": 0.90, "clinical_mean": 45, "clinical_sd": 15, "norm_mean": 12, "norm_sd": 10,
    "source": "illustrative values of the methods text",
}  # fmt: skip
PI_4A = {8: (55.6, 1.9), 4: (41.6, 6.1), 9: (57.1, 1.9), 15: (65.2, 1.8)}
PF_4A = {9: (33.2, 2.3), 13: (37.9, 2.3), 16: (41.9, 2.5)}


def test_q30_psfs_compares_activities_rated_at_both_times():
    before = form("psfs", {"walk": 3, "sit": 4, "lift": 2}, completed_at=at(0, 9))
    after = form("psfs", {"walk": 6, "sit": 7, "lift": None}, response="R2", completed_at=at(84, 9))

    row = changes(
        responses=pl.concat([before, after]), patients=people(), target_weeks=[12], measures=["psfs"]
    ).row(0, named=True)  # fmt: skip

    assert (row["baseline"], row["followup"], row["improvement"]) == (3.5, 6.5, 3.0)
    assert row["is_responder_absolute"] is True  # C8


def test_c12_cutoff_c():
    norms = ChangeNorms.model_validate(NORMS)

    assert cutoff_of(norms, is_lower_better=True) == (pytest.approx(25.2), "c")


def reliable(before, after, *, measure="odi", **settings):
    found = reliable_change(
        scores=totals(measure, {0: before, 84: after}), patients=people(), target_weeks=[12], measures=[measure],
        settings=settings,
    )  # fmt: skip
    return found.row(0, named=True)


@pytest.mark.parametrize(
    ("before", "after", "rc", "change_class"),
    [
        pytest.param(50, 20, 4.472136, "recovered", id="C13"),
        pytest.param(50, 34, 2.385139, "improved", id="C14"),
        pytest.param(50, 40, 1.490712, "unchanged", id="C15"),
        pytest.param(30, 50, -2.981424, "deteriorated", id="C16"),
        pytest.param(24, 4, 2.981424, "improved", id="C17 already functional"),
    ],
)
def test_four_classes(before, after, rc, change_class):
    row = reliable(before, after, outcomes={"norms": {"odi": NORMS}})

    assert row["rc"] == pytest.approx(rc, abs=1e-6)
    assert row["change_class"] == change_class


def test_c18_reliable_points():
    row = reliable(50, 20, outcomes={"norms": {"odi": NORMS}})

    assert row["reliable_points"] == pytest.approx(13.148080, abs=1e-6)
    assert row["s_diff"] == pytest.approx(6.708204, abs=1e-6)


@pytest.mark.parametrize(
    ("measure", "table", "before", "after", "gain", "rc"),
    [
        pytest.param("promis_pi4a", PI_4A, 15, 9, 8.1, 3.094851, id="C19"),
        pytest.param("promis_pi4a", PI_4A, 8, 4, 14.0, 2.191248, id="C20"),
        pytest.param("promis_pf4a", PF_4A, 9, 13, 4.7, 1.444957, id="C21 small"),
        pytest.param("promis_pf4a", PF_4A, 9, 16, 8.7, 2.561040, id="C21 larger"),
    ],
)
def test_promis_uses_the_standard_errors_of_its_scores(measure, table, before, after, gain, rc):
    row = reliable(table[before][0], table[after][0], measure=measure, scoring={"score_tables": {measure: table}})

    assert row["improvement"] == pytest.approx(gain, abs=1e-6)
    assert row["rc"] == pytest.approx(rc, abs=1e-6)


@pytest.mark.parametrize(
    ("days", "values", "slope", "limits"),
    [
        pytest.param([0, 7, 14, 21, 28, 35], [7, 6, 6, 5, 4, 4], -0.628571, (-0.843390, -0.413753), id="T1"),
        pytest.param([0, 7, 14, 21, 28, 35], [7, 6, 6, 5, 10, 4], -0.114286, None, id="T2"),
        pytest.param([0, 1, 3, 6, 10, 15, 21], [5, 5, 6, 5, 5, 4, 5], -0.230769, None, id="T3"),
        pytest.param([0, 7, 14, 21], [5, 5, 5, 5], 0.0, (0.0, 0.0), id="T5"),
    ],
)
def test_least_squares_slope(days, values, slope, limits):
    row = pain_trend(ratings(dict(zip(days, values, strict=True))), settings=ANY_LENGTH).row(0, named=True)

    assert row["ols_slope_per_week"] == pytest.approx(slope, abs=1e-6)
    if limits is not None:
        assert (row["ols_lower"], row["ols_upper"]) == pytest.approx(limits, abs=1e-6)


def test_t1_least_squares_intercept():
    row = pain_trend(ratings({0: 7, 7: 6, 14: 6, 21: 5, 28: 4, 35: 4}), settings=ANY_LENGTH).row(0, named=True)

    assert row["ols_intercept"] == pytest.approx(6.904762, abs=1e-6)


def test_t4_least_squares_of_daily_means():
    row = pain_trend(ratings({(0, 8): 6, (0, 20): 9, 7: 5, 14: 3}), settings=ANY_LENGTH).row(0, named=True)

    assert row["ols_slope_per_week"] == pytest.approx(-2.25)


@pytest.mark.parametrize(
    ("values", "slope", "difference", "label"),
    [
        pytest.param([5, 5, 4, 5, 5, 5, 4, 5, 5, 5], 0.0, 0.0, "plateau_residual", id="T7"),
        pytest.param([7, 7, 6, 6, 6, 5, 5, 4, 4, 4], -0.875, -2.0, "no_plateau", id="T8"),
    ],
)
def test_plateau(values, slope, difference, label):
    row = pain_plateau(ratings({3 * i: value for i, value in enumerate(values)})).row(0, named=True)

    assert (row["slope_per_week"], row["difference"]) == pytest.approx((slope, difference))
    assert row["label"] == label


def first_change(values):
    scores = totals("nprs_7d", {0: 7, **values})
    return time_to_mic(scores=scores, patients=people(), measures=["nprs_7d"]).row(0, named=True)


@pytest.mark.parametrize(
    ("values", "duration", "is_event", "status"),
    [
        pytest.param({7: 6, 14: 4, 21: 4.5, 28: 4}, 14, True, "event", id="K1"),
        pytest.param({7: 4, 14: 6, 21: 4, 28: 4, 35: 3}, 21, True, "event", id="K2"),
        pytest.param({7: 6, 14: 6, 21: 6, 28: 4}, 28, False, "unconfirmed", id="K3"),
    ],
)
def test_time_to_the_first_sustained_change(values, duration, is_event, status):
    row = first_change(values)

    assert (row["duration_days"], row["is_event"], row["status"]) == (duration, is_event, status)


def test_k1_is_confirmed_on_day_28():
    assert first_change({7: 6, 14: 4, 21: 4.5, 28: 4})["confirmed_date"] == on(28)
