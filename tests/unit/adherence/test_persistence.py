"""What persistence, episodes and covered days say of small logs, and what they say when there is nothing to say."""

from datetime import date

import polars as pl
import pytest

from daily_log import START, day, log
from ptanalytics.adherence import (
    adherence_episodes,
    exercise_availability,
    persistence,
    pharmacy_windows,
    session_day_coverage,
    session_supplies,
    time_to_discontinuation,
)
from ptanalytics.schemas.results import RESULTS


def plan(per_week=3.0, end=None, patient="P1"):
    row = {
        "patient_id": patient,
        "plan_version": 1,
        "exercise_id": "bridge",
        "valid_from_date": START,
        "valid_to_date": end,
        "sessions_per_week": per_week,
    }
    return pl.DataFrame([row], schema_overrides={"valid_to_date": pl.Date, "sessions_per_week": pl.Float64})


def one(numbers, cutoff, **tables):
    tables = {"plans": plan(), **tables}
    return persistence(sessions=log(*numbers), cutoff_date=day(cutoff), **tables).row(0, named=True)


def test_still_exercising_is_censored_on_the_last_day_observed():
    row = one((0, 2), 5)

    assert (row["status"], row["end_date"], row["persistence_days"], row["is_event"]) == ("persisting", day(5), 5, False)


def test_reaching_the_end_of_the_plan_is_no_discontinuation():
    row = one((0, 2), 40, plans=plan(end=day(6)))

    assert (row["status"], row["end_date"], row["is_event"]) == ("plan_ended", day(6), False)


def test_discharge_ends_observation():
    patients = pl.DataFrame({"patient_id": ["P1"], "discharged_date": [day(6)]})

    assert one((0, 2), 40, patients=patients)["status"] == "plan_ended"


def test_implementation_is_measured_while_persisting():
    row = one((0, 2, 4, 7), 40)

    # days 0 to 7 accrue 8 x 3 / 7 sessions
    assert (row["counted"], row["prescribed"]) == (4, pytest.approx(24 / 7))
    assert row["implementation_pct"] == 100


def test_pending_before_14_eligible_days_and_not_initiated_after():
    assert one((), 12)["status"] == "pending"
    assert one((), 13)["status"] == "not_initiated"


def test_a_session_before_the_plan_does_not_initiate():
    assert one((-3,), 5)["status"] == "pending"


def test_nothing_prescribed_has_no_persistence():
    row = one((0, 2), 40, plans=plan(per_week=0.0))

    assert (row["status"], row["reason"]) == (None, "zero_prescribed")


@pytest.mark.parametrize(("cutoff", "reason"), [(date(2026, 2, 1), "not_started"), (None, "no_cutoff")])
def test_a_plan_of_which_nothing_was_observed(cutoff, reason):
    row = persistence(sessions=log(), plans=plan(), cutoff_date=cutoff).row(0, named=True)

    assert (row["status"], row["persistence_days"], row["reason"]) == (None, None, reason)


def test_a_patient_without_a_plan_is_listed_with_a_reason():
    result = persistence(sessions=log(0, patient="P2"), plans=plan(), cutoff_date=day(3))

    assert result.select("patient_id", "reason").rows() == [("P1", "pending"), ("P2", "no_plan")]


def test_time_to_discontinuation_says_how_each_time_ends():
    everybody = [(0, 2), (0, 30), (0, 2)]
    sessions = pl.concat([log(*numbers, patient=f"P{i}") for i, numbers in enumerate(everybody)])
    plans = pl.concat([plan(patient="P0"), plan(patient="P1"), plan(patient="P2", end=day(5))])

    times = time_to_discontinuation(sessions=sessions, plans=plans, cutoff_date=day(10))

    assert times.select("duration_days", "is_event", "reason").rows() == [
        (10, False, "end_of_data"),
        (10, False, "end_of_data"),
        (5, False, "plan_ended"),
    ]


def test_a_gap_after_the_first_session_is_an_event_at_0_days():
    assert one((0,), 20)["persistence_days"] == 0


def test_no_counted_session_has_no_episode():
    episodes = adherence_episodes(sessions=log(), plans=plan(), cutoff_date=day(20))

    assert episodes.is_empty()
    RESULTS["adherence_episodes"].validate(episodes)


@pytest.mark.parametrize("analysis", [persistence, time_to_discontinuation, session_day_coverage, exercise_availability])
def test_empty_tables_give_an_empty_result(analysis):
    result = analysis(sessions=log(), plans=plan().clear(), cutoff_date=day(3))

    assert result.is_empty()
    RESULTS[analysis.name].validate(result)


def test_covered_days_of_a_plan_that_prescribes_nothing_are_missing():
    row = session_day_coverage(sessions=log(0), plans=plan(per_week=0.0), cutoff_date=day(3)).row(0, named=True)

    assert (row["covered_pct"], row["reason"]) == (None, "zero_prescribed")


def test_a_flexible_plan_is_no_daily_plan():
    row = session_day_coverage(sessions=log(0), plans=plan(), cutoff_date=day(3)).row(0, named=True)

    assert row["is_daily_plan"] is False


def test_the_gap_is_a_setting():
    changes = {"adherence": {"discontinuation_gap_min_days": 5, "discontinuation_gap_sessions": 6}}
    row = persistence(sessions=log(0, 2), plans=plan(), cutoff_date=day(7), settings=changes).row(0, named=True)

    assert (row["gap_limit_days"], row["is_event"]) == (5, True)


def test_exercise_availability_of_a_patient_without_session():
    row = exercise_availability(sessions=log(), plans=plan(), cutoff_date=day(6)).row(0, named=True)

    assert (row["cma7"], row["pdc"], row["cma1"], row["reason"]) == (0, 0, None, "no_event_in_window")


def test_sessions_as_supplies_last_7_days_by_sessions_a_week():
    found = session_supplies(sessions=log(0, 2, 30), plans=plan(per_week=2.0), cutoff_date=day(20))

    assert found.select("supplied_date", "duration_days").rows() == [(day(0), 3.5), (day(2), 3.5)]


def test_sessions_as_supplies_go_through_the_pharmacy_measures():
    found = session_supplies(sessions=log(0, 2, 9), plans=plan(per_week=2.0), cutoff_date=day(20))
    windows = pharmacy_windows(supplies=found, window_days=7, step_days=7, followup_days=14)

    # 7 days from two sessions, then from day 9 to 12.5
    assert windows["cma7"].to_list() == pytest.approx([1, 0.5])


def test_two_sessions_a_day_are_two_supplies():
    twice = plan(per_week=None).with_columns(sessions_per_day=pl.lit(2, pl.Int32))
    sessions = pl.concat([log(0), log(0).with_columns(session_id=pl.lit("again"))])

    assert session_supplies(sessions=sessions, plans=twice)["duration_days"].to_list() == [0.5, 0.5]
