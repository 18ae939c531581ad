import polars as pl
import pytest

from outcome_frames import at, on, people, plans, ratings, sessions, totals
from ptanalytics.outcomes import baselines


def nprs(pain, **tables):
    result = baselines(pain_scores=pain, measures=["nprs"], **({"patients": people()} | tables))
    assert result.height == 1
    return result.row(0, named=True)


def test_three_days_of_the_week_before_are_enough():
    row = nprs(ratings({-7: 6, -5: 7, -1: 8, 0: 1}))

    assert (row["baseline"], row["n"], row["rule"]) == (7.0, 3, "window_7")
    assert (row["from_date"], row["to_date"]) == (on(-7), on(-1))


def test_fourteen_days_are_the_first_way_out():
    row = nprs(ratings({-14: 6, -10: 6, -2: 9, -20: 0}))

    assert (row["baseline"], row["n"], row["rule"]) == (7.0, 3, "window_14")


def test_then_day_0_before_the_first_session_with_the_week_before():
    pain = ratings({-3: 8, (0, 8): 6, (0, 20): 2})

    row = nprs(pain, sessions=sessions((0, 12)))

    assert (row["baseline"], row["n"], row["rule"]) == (7.0, 2, "day_0")


def test_without_any_session_all_of_day_0_is_before_the_first():
    assert nprs(ratings({(0, 8): 6, (0, 20): 2}))["baseline"] == 4.0


def test_a_session_that_was_skipped_is_not_the_first():
    pain = ratings({(0, 8): 6, (0, 20): 2})

    assert nprs(pain, sessions=sessions((0, 12), skip_reason="travel"))["baseline"] == 4.0


def test_then_the_first_three_days_flagged_as_late():
    pain = ratings({(0, 20): 6, 1: 4, 2: 5, 3: 0})

    row = nprs(pain, sessions=sessions((0, 7)))

    assert (row["baseline"], row["n"], row["rule"]) == (5.0, 3, "late")


def test_ratings_outside_every_window_are_no_baseline():
    row = nprs(ratings({-15: 6, 3: 4}))

    assert (row["baseline"], row["rule"], row["reason"], row["n"]) == (None, None, "no_baseline", 0)


def test_one_reading_before_the_start_is_used_and_says_how_little_it_is():
    row = nprs(ratings({-2: 6}))

    assert (row["baseline"], row["n"], row["rule"]) == (6.0, 1, "day_0")


def test_the_plan_start_wins_over_the_enrolment_day():
    row = nprs(ratings({7: 5, 8: 5, 9: 5}), plans=plans(start=on(10)))

    assert (row["start_date"], row["rule"]) == (on(10), "window_7")


def test_a_new_plan_version_does_not_move_time_zero():
    versions = pl.concat([plans(), plans(start=on(30)).with_columns(plan_version=pl.lit(2))], how="vertical_relaxed")

    assert nprs(ratings({-1: 6}), plans=versions)["start_date"] == on(0)


def test_without_time_zero_the_readings_are_not_lost_silently():
    result = baselines(pain_scores=ratings({0: 6}), scores=totals("odi", {0: 40}))

    assert result.select("measure", "baseline", "start_date", "reason").rows() == [
        ("nprs", None, None, "no_start"),
        ("odi", None, None, "no_start"),
    ]


def test_everybody_who_started_has_a_row_for_the_core_measures():
    result = baselines(patients=people("P1", "P2"), scores=totals("pcs", {0: 30}, patient="P2"))

    assert result.select("patient_id", "measure").rows() == [
        *[("P1", name) for name in ("nprs", "nprs_7d", "odi", "rmdq24")],
        *[("P2", name) for name in ("nprs", "nprs_7d", "odi", "pcs", "rmdq24")],
    ]


@pytest.mark.parametrize(
    ("scores", "baseline"),
    [
        pytest.param({-29: 50}, None, id="29 days before is too early"),
        pytest.param({-28: 50}, 50, id="28 days before"),
        pytest.param({-28: 50, -3: 40, 3: 30}, 30, id="the latest counts"),
        pytest.param({4: 30}, None, id="4 days after is too late"),
        pytest.param({-3: 40, 1: None}, 40, id="a form without score is passed over"),
    ],
)
def test_questionnaire_window(scores, baseline):
    row = baselines(scores=totals("odi", scores), patients=people(), measures=["odi"]).row(0, named=True)

    assert row["baseline"] == baseline
    assert row["reason"] == (None if baseline is not None else "no_baseline")


def test_a_questionnaire_after_the_second_session_is_no_baseline():
    scores = totals("odi", {-3: 40, 2: 30})

    def found(*days):
        return baselines(scores=scores, patients=people(), sessions=sessions(*days), measures=["odi"])["baseline"].item()

    assert found(0, 1) == 40
    assert found(0, 2) == 30, "on the day of the second session the order is not known"
    assert found(0) == 30


def test_two_exercises_of_one_session_are_one_session():
    one = sessions(0, 1)
    same = one.with_columns(session_id=pl.lit("S0"))

    result = baselines(scores=totals("odi", {2: 30}), patients=people(), sessions=same, measures=["odi"])

    assert result["baseline"].item() == 30


def test_a_daily_log_score_among_the_questionnaires_is_not_mixed_in():
    result = baselines(scores=totals("nprs", {0: 4}), patients=people(), measures=["nprs"])

    assert result["reason"].to_list() == ["no_baseline"]


def test_windows_follow_the_settings():
    pain = ratings({-3: 6, -2: 8})

    result = baselines(
        pain_scores=pain,
        patients=people(),
        measures=["nprs"],
        settings={"outcomes": {"baseline_days": 3, "baseline_min_readings": 2}},
    )

    assert result.select("baseline", "rule").row(0) == (7.0, "window_3")


def test_a_reading_at_the_start_of_the_session_is_not_before_it():
    pain = ratings({(0, 12): 6})

    assert nprs(pain, sessions=sessions((0, 12)))["rule"] == "late"
    assert at(0, 12) == sessions((0, 12))["started_at"].item()
