"""Vectors C1-C11, T1-T6, F1-F6 and E5 of the clinical methods (sections 7.3 to 7.5)."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest

from ptanalytics.instruments import mdc_from_sem
from ptanalytics.outcomes import baselines, changes, daily_pain, flare_rates, flares, pain_trend, recent_pain
from ptanalytics.statistics import wilson_interval

START = date(2026, 3, 2)
ANY_LENGTH = {"outcomes": {"slope": {"window_days": 365, "min_points": 3}}}


def change(instrument, before, after):
    scores = pl.DataFrame(
        {
            "patient_id": "P1",
            "instrument_id": instrument,
            "completed_date": [START, START + timedelta(days=84)],
            "score": [float(before), float(after)],
        }
    )
    people = pl.DataFrame({"patient_id": ["P1"], "enrolled_date": [START]})
    result = changes(scores=scores, patients=people, target_weeks=[12], measures=[instrument])
    return result.row(0, named=True)


def pain(values, first=datetime(2026, 4, 1, 20), *, days=None, flares_on=()):
    days = range(len(values)) if days is None else days
    rows = [(first + timedelta(days=day), value, day in flares_on) for day, value in zip(days, values, strict=True)]
    ratings = pl.DataFrame(rows, schema=["recorded_at", "pain_nprs", "is_flare"], orient="row", strict=False)
    return ratings.with_columns(pl.col("pain_nprs").cast(pl.Float64), patient_id=pl.lit("P1")).drop_nulls("pain_nprs")


@pytest.mark.parametrize(
    ("instrument", "before", "after", "absolute", "percent", "both"),
    [
        pytest.param("nprs_7d", 7, 5, True, False, False, id="C1"),
        pytest.param("nprs_7d", 7, 4.9, True, True, True, id="C2 exactly 30 % in spite of floats"),
        pytest.param("nprs_7d", 4, 2.5, False, True, False, id="C3"),
        pytest.param("nprs_7d", 3, 1, True, True, True, id="C5"),
        pytest.param("nprs_7d", 8, 6, True, False, False, id="C6"),
        pytest.param("odi", 42, 30, True, False, False, id="C7"),
    ],
)
def test_responder_rules(instrument, before, after, absolute, percent, both):
    row = change(instrument, before, after)

    judged = (row["is_responder_absolute"], row["is_responder_percent"], row["is_responder_both"])
    assert judged == (absolute, percent, both)
    assert row["is_responder"] is both


@pytest.mark.parametrize(
    ("instrument", "before", "after", "improvement", "percent"),
    [
        pytest.param("nprs_7d", 7, 5, 2, 28.57, id="C1"),
        pytest.param("nprs_7d", 4, 2.5, 1.5, 37.5, id="C3"),
        pytest.param("nprs_7d", 8, 6, 2, 25, id="C6"),
        pytest.param("odi", 42, 30, 12, 28.57, id="C7"),
        pytest.param("psfs", 3.5, 6.5, 3.0, None, id="C8 higher is better"),
    ],
)
def test_improvement_and_its_percentage(instrument, before, after, improvement, percent):
    row = change(instrument, before, after)

    assert row["improvement"] == pytest.approx(improvement, abs=1e-6)
    assert row["improvement_pct"] == (None if percent is None else pytest.approx(percent, abs=0.005))
    assert row["is_responder_absolute"] is (improvement >= 2)


def test_c4_nothing_to_improve():
    row = change("nprs_7d", 0, 0)

    assert (row["is_responder_percent"], row["is_responder_both"], row["is_responder"]) == (None, None, None)
    assert row["reason"] == "no_room_to_improve"


@pytest.mark.parametrize(
    ("sem", "level", "expected"),
    [
        pytest.param(1.02, 95, 2.827296, id="C9"),
        pytest.param(1.02, 90, 2.372909, id="C9 90 %"),
        pytest.param(6, 95, 16.631151, id="C10 6"),
        pytest.param(4.5, 95, 12.473364, id="C10 4.5"),
        pytest.param(2.54, 95, 7.040521, id="C10 2.54"),
        pytest.param(3.16, 95, 8.759073, id="C10 3.16"),
        pytest.param(3.7, 95, 10.255877, id="C10 3.7"),
        pytest.param(4.5, 90, 10.468716, id="C10 4.5 90 %"),
        pytest.param(3.7, 90, 8.607611, id="C10 3.7 90 %"),
    ],
)
def test_minimal_detectable_change(sem, level, expected):
    assert mdc_from_sem(sem, level_pct=level) == pytest.approx(expected, abs=1e-6)


def test_c9_the_published_two_points_of_childs_leave_out_the_root_of_two():
    assert mdc_from_sem(1.02, level_pct=95) / 2**0.5 == pytest.approx(1.9992, abs=5e-5)


def test_c11_baseline_window():
    ratings = pain([6, 7, 8, 5], days=[0, 2, 4, 8])
    plans = pl.DataFrame(
        {"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["walk"], "valid_from_date": [date(2026, 4, 8)]}
    )

    row = baselines(pain_scores=ratings, plans=plans, measures=["nprs"]).row(0, named=True)

    assert (row["baseline"], row["n"], row["rule"]) == (7.0, 3, "window_7")


@pytest.mark.parametrize(
    ("days", "values", "slope", "lower", "upper", "intercept"),
    [
        pytest.param(range(0, 36, 7), [7, 6, 6, 5, 4, 4], -0.666667, -1.0, 0.0, 7.166667, id="T1"),
        pytest.param(range(0, 36, 7), [7, 6, 6, 5, 10, 4], -0.5, -1.0, 2.0, 7.25, id="T2 one flare value"),
    ],
)
def test_theil_sen_with_interval(days, values, slope, lower, upper, intercept):
    row = pain_trend(pain(values, days=days), settings=ANY_LENGTH).row(0, named=True)

    assert [row["slope_per_week"], row["lower"], row["upper"], row["intercept"]] == pytest.approx(
        [slope, lower, upper, intercept], abs=1e-6
    )


@pytest.mark.parametrize(
    ("days", "values", "slope"),
    [
        pytest.param([0, 1, 3, 6, 10, 15, 21], [5, 5, 6, 5, 5, 4, 5], 0.0, id="T3"),
        pytest.param([0, 7, 14, 21], [5, 5, 5, 5], 0.0, id="T5 constant"),
    ],
)
def test_theil_sen_slope(days, values, slope):
    row = pain_trend(pain(values, days=days), settings=ANY_LENGTH).row(0, named=True)

    assert row["slope_per_week"] == pytest.approx(slope, abs=1e-6)
    assert row["label"] == "no_clear_trend"


def test_t4_readings_of_a_day_are_averaged_first():
    ratings = pl.concat([pain([6, 5, 3], days=[0, 7, 14]), pain([9], first=datetime(2026, 4, 1, 8))])

    assert daily_pain(ratings)["pain_nprs"].to_list() == [7.5, 5.0, 3.0]
    assert pain_trend(ratings, settings=ANY_LENGTH)["slope_per_week"].item() == pytest.approx(-2.25, abs=1e-6)


def test_t6_mean_of_the_last_three():
    assert recent_pain(pain([8, 3, 4, 2]))["pain_nprs"].item() == pytest.approx(3.0, abs=1e-6)


def flare_rows(values, **options):
    found = flares(pain(values, flares_on=options.pop("flares_on", ())), **options)
    return found.select("start_date", "end_date", "n_days", "duration_days", "peak_nprs", "kind").rows()


def day(number):
    return date(2026, 4, number)


def test_f1_one_flare():
    ratings = pain([3, 3, 4, 3, 3, 3, 4, 3, 6, 6, 5, 3, 3])

    assert flare_rows([3, 3, 4, 3, 3, 3, 4, 3, 6, 6, 5, 3, 3]) == [(day(9), day(11), 3, 3, 6.0, "flare_proxy")]
    assert flares(ratings)["reference_nprs"].to_list() == [3.0]


def test_f2_one_day_is_a_flare_only_if_the_person_says_so():
    values = [3, 3, 4, 3, 3, 3, 4, 3, 6, 3, 3]

    assert flare_rows(values) == []
    assert flare_rows(values, flares_on=(8,)) == [(day(9), day(9), 1, 1, 6.0, "flare")]


def test_f3_two_above_usual_but_below_four():
    assert flare_rows([1, 1, 1, 1, 3, 3, 1]) == []


def test_f4_one_unrecorded_day_does_not_end_a_run_but_two_do():
    assert flare_rows([3, 3, 3, 3, 6, None, 6, 3]) == [(day(5), day(7), 2, 3, 6.0, "flare_proxy")]
    assert flare_rows([3, 3, 3, 3, 6, None, None, 6, 3]) == []


def test_f5_without_usual_level_the_baseline_stands_in():
    before = pain([3, 4, 3, 4], first=datetime(2026, 3, 2, 20))
    people = pl.DataFrame({"patient_id": ["P1"], "enrolled_date": [date(2026, 3, 6)]})
    later = pain([6, 6])
    # A baseline of 3.5 from two ratings too few for a reference: days -2 and -1 only.
    two = pl.concat([before.tail(2), later])

    assert flares(later).height == 0
    assert flare_rates(later).select("n_days", "n_not_evaluable").row(0) == (2, 2)
    assert baselines(pain_scores=two, patients=people, measures=["nprs"])["baseline"].item() == 3.5
    found = flares(two, patients=people)
    assert found.select("start_date", "n_days", "reference_nprs").rows() == [(day(1), 2, 3.5)]


def test_f6_the_usual_level_is_carried_forward():
    values = [3] * 4 + [6] * 16

    assert flare_rows(values) == [(day(5), day(20), 16, 16, 6.0, "flare_proxy")]


def test_f6_more_than_28_days_is_sustained_worsening():
    assert [row[-1] for row in flare_rows([3] * 4 + [6] * 28)] == ["flare_proxy"]
    assert [row[-1] for row in flare_rows([3] * 4 + [6] * 29)] == ["sustained_worsening"]


@pytest.mark.parametrize(
    ("responders", "n", "expected"), [(12, 30, (0.4, 0.245906, 0.576796)), (0, 8, (0.0, 0.0, 0.324408))]
)
def test_e5_wilson(responders, n, expected):
    assert wilson_interval(responders, n) == pytest.approx(expected, abs=1e-6)
