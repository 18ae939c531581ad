"""Reliable change, plateau, control limits, time to change, phases, pain per exercise, recovery: also with bad input."""

import polars as pl
import pytest

from outcome_frames import at, form, on, people, plans, ratings, sessions, totals
from ptanalytics.errors import SettingsError
from ptanalytics.outcomes import (
    exercise_pain_response,
    flare_rates,
    pain_plateau,
    pain_quantiles,
    pain_trend,
    plan_phase_response,
    recovery_status,
    reliable_change,
    time_to_mic,
    weekly_pain,
    xmr_limits,
)

ANALYSES = (pain_trend, pain_plateau, xmr_limits, flare_rates, recovery_status)


def one(frame):
    assert frame.height == 1
    return frame.row(0, named=True)


def no_number_is_nan(frame):
    return all(not frame[name].is_nan().any() for name, dtype in frame.schema.items() if dtype == pl.Float64)


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda analysis: analysis.name)
@pytest.mark.parametrize(
    "values",
    [
        pytest.param({0: 5}, id="one reading"),
        pytest.param({0: 5, 40: 5}, id="two far apart"),
        pytest.param(dict.fromkeys(range(30), 4), id="constant"),
    ],
)
def test_a_poor_series_gives_a_reason_and_never_nan(analysis, values):
    rows = analysis(ratings(values))

    assert rows.height >= 1
    assert no_number_is_nan(rows)


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda analysis: analysis.name)
def test_without_a_reading_there_is_no_row(analysis):
    assert analysis(ratings({0: 5}).clear()).height == 0


def test_one_reading_is_too_few_for_trend_plateau_and_limits():
    reasons = [
        analysis(ratings({0: 5}))["reason"].item() for analysis in (pain_trend, pain_plateau, xmr_limits, flare_rates)
    ]

    assert reasons == ["too_few_days"] * 4


def test_a_flare_rate_says_how_many_days_could_not_be_judged():
    row = one(flare_rates(ratings(dict.fromkeys(range(10), 3))))

    assert (row["n_days"], row["n_not_evaluable"], row["n_flares"], row["per_28_days"]) == (10, 3, 0, 0.0)


def test_weekly_ratings_cannot_show_flares_and_give_no_rate():
    row = one(flare_rates(ratings({7 * week: 3 + 3 * (week % 2) for week in range(9)})))

    assert (row["n_days"], row["n_not_evaluable"]) == (9, 9)
    assert (row["per_28_days"], row["reason"]) == (None, "not_evaluable")


def test_a_baseline_makes_weekly_ratings_evaluable():
    before = {-3: 3, -2: 3, -1: 3}

    row = one(flare_rates(ratings(before | {7 * week: 3 for week in range(1, 9)}), patients=people()))

    assert (row["n_days"], row["n_not_evaluable"], row["per_28_days"]) == (11, 0, 0.0)


def test_a_plateau_near_zero_is_low():
    row = one(pain_plateau(ratings({3 * i: 1 for i in range(10)})))

    assert row["label"] == "plateau_low"


def test_a_plateau_needs_values_in_both_halves():
    values = dict.fromkeys((*range(6), 27), 4)

    assert one(pain_plateau(ratings(values)))["label"] is not None
    assert one(pain_plateau(ratings(dict.fromkeys((0, 1, 2, 3, 21, 22), 4))))["reason"] is None
    assert one(pain_plateau(ratings(dict.fromkeys(range(0, 12, 2), 4))))["reason"] == "too_short_span"


def test_constant_pain_has_no_limits_and_says_why():
    rows = xmr_limits(ratings(dict.fromkeys(range(20), 4)))

    assert set(rows["reason"]) == {"no_variation"}
    assert rows["signal"].null_count() == rows.height


def test_limits_of_an_individuals_chart_by_hand():
    # Mean 5, moving ranges 1 except between days 8 and 9: 8/9 x 2.66 = 2.364.
    values = dict(enumerate([5, 4, 5, 6, 5, 4, 5, 6, 5, 5, 2]))

    row = xmr_limits(ratings(values), settings={"outcomes": {"xmr": {"baseline_points": 10}}}).row(-1, named=True)

    assert (row["centre"], row["n_baseline"], row["signal"]) == (5, 10, "below_limit")
    assert (row["lower"], row["upper"]) == pytest.approx((5 - 2.66 * 8 / 9, 5 + 2.66 * 8 / 9))


def test_eight_days_on_one_side_are_a_run():
    values = dict(enumerate([4, 6] * 5 + [6] * 8))

    rows = xmr_limits(ratings(values), settings={"outcomes": {"xmr": {"baseline_points": 10}}})

    # The last baseline day is above the centre too, so the eighth day of the run is the seventh of the new days.
    assert rows["signal"].to_list()[10:] == [None] * 6 + ["run_above"] * 2


def test_a_change_that_returns_is_no_event():
    scores = totals("nprs_7d", {0: 7, 14: 4, 21: 6, 28: 4})

    row = one(time_to_mic(scores=scores, patients=people(), measures=["nprs_7d"]))

    assert (row["is_event"], row["duration_days"], row["status"]) == (False, 28, "unconfirmed")


@pytest.mark.parametrize(
    ("values", "status", "reason"),
    [
        pytest.param({0: 7}, "no_readings", "no_readings", id="nothing after the baseline"),
        pytest.param({0: 1, 14: 0}, "no_room_to_improve", "no_room_to_improve", id="nearly no pain at baseline"),
        pytest.param({28: 3}, "not_at_risk", "no_baseline", id="no baseline"),
        pytest.param({-40: 7, -35: 3}, "not_at_risk", "no_baseline", id="readings long before time zero"),
    ],
)
def test_who_is_not_in_the_risk_set(values, status, reason):
    row = one(time_to_mic(scores=totals("nprs_7d", values), patients=people(), measures=["nprs_7d"]))

    assert (row["status"], row["reason"], row["duration_days"], row["is_event"]) == (status, reason, None, None)


def test_readings_before_time_zero_do_not_count_as_response():
    daily = ratings({-3: 7, -2: 7, -1: 7, 0: 2, 1: 7, 5: 7})

    row = one(time_to_mic(pain_scores=daily, patients=people(), measures=["nprs"]))

    assert (row["n_readings"], row["is_event"], row["status"]) == (2, False, "not_reached")


def test_everybody_in_the_risk_set_has_a_duration():
    scores = pl.concat([totals("odi", {0: 40, 28: 20, 56: 20}, "P1"), totals("odi", {0: 40, 28: 39}, "P2")])

    rows = time_to_mic(scores=scores, patients=people("P1", "P2"), measures=["odi"])

    assert rows.select("duration_days", "is_event").rows() == [(28, True), (28, False)]


def test_without_measurement_error_there_is_no_class():
    scores = totals("pseq", {0: 20, 84: 40})

    row = one(reliable_change(scores=scores, patients=people(), target_weeks=[12], measures=["pseq"]))

    assert (row["rc"], row["change_class"], row["reason"]) == (None, None, "no_measurement_error")


def test_a_published_error_is_used_and_named_and_recovered_needs_a_cutoff():
    scores = totals("odi", {0: 60, 84: 10})

    row = one(reliable_change(scores=scores, patients=people(), target_weeks=[12], measures=["odi"]))

    assert (row["change_class"], row["cutoff"], row["is_mic_within_error"]) == ("improved", None, True)
    assert row["source"].startswith("Davidson M, Keating JL")


@pytest.mark.parametrize("norms", [{"odi": {"sd_pre": 15, "source": "x"}}, {"odi_9": {"source": "x"}}])
def test_half_given_norms_are_refused(norms):
    with pytest.raises(SettingsError, match="norms"):
        reliable_change(scores=totals("odi", {0: 60}), patients=people(), settings={"outcomes": {"norms": norms}})


def two_versions(day):
    second = plans().with_columns(plan_version=2, valid_from_date=pl.lit(on(day)))
    return pl.concat([plans(), second.cast({"plan_version": pl.Int32})], how="vertical_relaxed")


def test_phases_by_hand():
    # 5 x 5 pairs, all with less pain after; within the days before 4 pairs fall and 2 rise.
    values = {**dict(enumerate([6, 5, 6, 5, 4])), **dict(enumerate([3, 3, 2, 3, 3], start=5))}

    row = plan_phase_response(ratings(values), two_versions(5)).filter(plan_version=2).row(0, named=True)

    assert (row["n_before"], row["n_after"], row["nap"]) == (5, 5, 1.0)
    # Falls: 6-5, 6-5, 6-4, 5-4, 6-5, 6-4, 5-4 = 7; rises: 5-6 = 1.
    assert row["tau_trend_before"] == pytest.approx(6 / 10)
    assert row["tau_u"] == pytest.approx((25 - 6) / 25)


def test_a_phase_stops_at_the_next_version():
    values = dict.fromkeys(range(-5, 20), 5)

    rows = plan_phase_response(ratings(values), two_versions(10))

    assert rows.select("plan_version", "n_before", "n_after").rows() == [(1, 5, 10), (2, 10, 10)]


def test_few_days_give_a_reason_but_means():
    row = plan_phase_response(ratings({-1: 6, 1: 4, 2: 4}), plans()).row(0, named=True)

    assert (row["mean_before"], row["mean_after"], row["nap"], row["reason"]) == (6, 4, None, "too_few_before")


def test_constant_pain_before_and_after_is_no_difference():
    row = plan_phase_response(ratings(dict.fromkeys(range(-6, 6), 5)), plans()).row(0, named=True)

    assert (row["nap"], row["tau_u"], row["dual_criterion_days"], row["is_systematic"]) == (0.5, 0.0, 0, False)


def test_next_day_pain_is_taken_from_the_log_where_the_entry_has_none():
    log = sessions(0, 2, pain_before_nprs=3.0)

    row = one(exercise_pain_response(log, ratings({1: 5, 3: 6})))

    assert (row["n_next_day"], row["n_next_day_from_log"], row["rise_next_day"]) == (2, 2, 2.5)
    assert row["n_not_settled"] == 2


def test_skipped_exercises_have_no_pain_response():
    log = pl.concat(
        [sessions(0, pain_during_nprs=6.0, skip_reason=None), sessions(2, pain_during_nprs=9.0, skip_reason="pain")],
        how="vertical_relaxed",
    )

    assert one(exercise_pain_response(log))["n_done"] == 1


def test_exercises_without_pain_say_so():
    row = one(exercise_pain_response(sessions(0, 1)))

    assert (row["n_done"], row["rise_during"], row["reason"]) == (2, None, "no_pain_recorded")


@pytest.mark.parametrize(
    ("values", "rmdq", "band"),
    [
        pytest.param({0: 0, 1: 0, 2: 0}, None, "no_pain", id="no pain"),
        pytest.param({0: 1, 1: 1, 2: 1}, 2, "recovered_like", id="little pain, little disability"),
        pytest.param({0: 1, 1: 1, 2: 1}, 3, "not_recovered", id="disability left"),
        pytest.param({0: 1, 1: 1, 2: 1}, None, "not_recovered", id="disability not known"),
        pytest.param({0: 0, 40: 0}, None, None, id="too few recent days"),
    ],
)
def test_recovery_bands(values, rmdq, band):
    scores = totals("rmdq24", {}).clear() if rmdq is None else totals("rmdq24", {1: rmdq})

    row = one(recovery_status(ratings(values), scores=scores))

    assert row["band"] == band


def test_a_month_without_pain_counts_calendar_days_from_the_first():
    row = one(recovery_status(ratings({0: 2, 5: 0, 20: 0, 33: 0, 34: 0})))

    assert (row["pain_free_since"], row["pain_free_days"], row["n_pain_free"]) == (on(5), 30, 4)
    assert row["is_pain_free_month"] is True


def test_weekly_pain_and_its_quantiles():
    frames = [ratings(dict.fromkeys(range(3), value), f"P{value}") for value in (2, 4, 6, 8, 10)]
    weekly = weekly_pain(pl.concat(frames), patients=people(*(f"P{value}" for value in (2, 4, 6, 8, 10))))

    row = one(pain_quantiles(weekly))

    assert (row["week"], row["n"], row["median"], row["p25"], row["p75"]) == (1, 5, 6.0, 4.0, 8.0)
    assert one(pain_quantiles(weekly.head(4)))["reason"] == "too_few_patients"


def test_a_week_with_two_days_has_no_mean():
    row = one(weekly_pain(ratings({0: 5, 1: 5}), patients=people()))

    assert (row["pain_nprs"], row["n_days"], row["reason"]) == (None, 2, "too_few_days")


def test_recalls_are_never_mixed_in_one_series():
    mixed = pl.concat([ratings(dict.fromkeys(range(10), 4), recall="avg_24h"), ratings({10: 9}, recall="worst_24h")])

    assert xmr_limits(mixed)["pain_nprs"].max() == 4


def test_forms_of_one_day_give_one_score_row():
    twice = pl.concat([form("odi", [1] * 10), form("odi", [2] * 10, response="R2", completed_at=at(0, 20))])

    row = one(time_to_mic(responses=twice, patients=people(), measures=["odi"]))

    assert (row["baseline"], row["status"]) == (40, "no_readings")
