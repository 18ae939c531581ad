"""Vectors A11-A15, A19-A21 and A26 of the clinical reference (section 7.2): persistence and the pharmacy analogues.

Unless a vector says otherwise: plan start Monday 2026-03-02, 3 sessions a week, 1 a day.
"""

from datetime import date, datetime, time, timedelta

import polars as pl
import pytest

from ptanalytics.adherence import (
    adherence_episodes,
    exercise_availability,
    persistence,
    session_day_coverage,
    time_to_discontinuation,
)
from ptanalytics.adherence.cma_measures import Carrying, measures

START = date(2026, 3, 2)
A11 = (2, 4, 6, 9, 11, 14)


def day(number):
    return START + timedelta(days=number)


def plan(per_week=3.0, per_day=None):
    row = {
        "patient_id": "P1",
        "plan_version": 1,
        "exercise_id": "bridge",
        "valid_from_date": START,
        "sessions_per_week": per_week,
        "sessions_per_day": per_day,
    }
    return pl.DataFrame([row], schema_overrides={"sessions_per_week": pl.Float64, "sessions_per_day": pl.Int32})


def sessions(*numbers):
    times = [datetime.combine(day(n), time(9)) + timedelta(minutes=i) for i, n in enumerate(numbers)]
    return pl.DataFrame(
        {
            "patient_id": ["P1"] * len(times),
            "session_id": [f"s{i}" for i in range(len(times))],
            "exercise_id": ["bridge"] * len(times),
            "started_at": times,
        },
        schema_overrides={"started_at": pl.Datetime("us")},
    )


def hold(first, last):
    return pl.DataFrame(
        {"patient_id": ["P1"], "from_date": [day(first)], "to_date": [day(last)], "kind": ["clinician_hold"]}
    )


def found(numbers, cutoff, **tables):
    result = persistence(sessions=sessions(*numbers), plans=plan(), cutoff_date=day(cutoff), **tables)
    return result.row(0, named=True)


def test_a11_discontinued_at_the_last_session_before_the_gap():
    row = found(A11, 40)

    assert row["is_initiated"]
    assert row["time_to_initiation_days"] == 2
    assert (row["end_date"], row["persistence_days"], row["is_event"]) == (day(14), 12, True)


@pytest.mark.parametrize(("cutoff", "days", "is_event"), [(27, 25, False), (28, 12, True)])
def test_a12_13_idle_days_are_censored_and_14_are_an_event(cutoff, days, is_event):
    row = found(A11, cutoff)

    assert (row["persistence_days"], row["is_event"]) == (days, is_event)


@pytest.mark.parametrize(("cutoff", "days", "is_event"), [(34, 32, False), (40, 12, True)])
def test_a13_days_on_hold_are_not_idle(cutoff, days, is_event):
    row = found(A11, cutoff, pauses=hold(15, 24))

    assert (row["persistence_days"], row["is_event"]) == (days, is_event)


def test_a14_a_later_session_opens_episode_2_and_changes_nothing_before():
    row = found((*A11, 30), 40)
    episodes = adherence_episodes(sessions=sessions(*A11, 30), plans=plan(), cutoff_date=day(40))

    assert (row["persistence_days"], row["is_event"], row["n_episodes"]) == (12, True, 2)
    assert episodes["from_date"].to_list() == [day(2), day(30)]


def test_a15_not_initiated_after_15_eligible_days():
    row = found((), 14)
    times = time_to_discontinuation(sessions=sessions(), plans=plan(), cutoff_date=day(14)).row(0, named=True)

    assert (row["status"], row["persistence_days"], row["is_initiated"]) == ("not_initiated", None, False)
    assert (times["duration_days"], times["reason"]) == (None, "not_initiated")


A19 = {"cma1": 2 / 3, "cma2": 5 / 9, "cma5": 2 / 3, "cma6": 5 / 9, "cma7": 5 / 9, "pdc": 23 / 63}
A20 = {"cma1": 7 / 3, "cma3": 1, "cma2": 14 / 19, "cma7": 2 / 3}


@pytest.mark.parametrize(("numbers", "expected"), [((0, 1, 2, 3, 14), A19), ((2, 3, 4, 5, 6, 7), A20)], ids=["A19", "A20"])
def test_pharmacy_measures_of_sessions_that_cover_7_thirds_of_a_day(numbers, expected):
    events = pl.DataFrame({"unit": 0, "day": numbers, "duration": 7 / 3, "dose": None, "category": None})
    units = pl.DataFrame({"from_day": [0], "to_day": [21], "end_day": [21]})
    row = measures(events, units, Carrying()).row(0, named=True)
    of_study = exercise_availability(sessions=sessions(*numbers), plans=plan(), cutoff_date=day(20)).row(0, named=True)

    assert {name: row[name] for name in expected} == pytest.approx(expected)
    shown = {name: value for name, value in expected.items() if name != "cma5"}
    assert {name: of_study[name] for name in shown} == pytest.approx(shown)


def test_a21_two_sessions_on_a_day_of_a_daily_plan_cover_it_once():
    numbers = (*range(5), *range(7, 12), 11)
    row = session_day_coverage(sessions=sessions(*numbers), plans=plan(per_week=None, per_day=1), cutoff_date=day(13)).row(
        0, named=True
    )

    assert (row["covered_days"], row["eligible_days"]) == (10, 14)
    assert row["covered_pct"] == pytest.approx(100 * 5 / 7)


@pytest.mark.parametrize(("per_week", "gap"), [(1.0, 21), (2.0, 14), (3.0, 14), (7.0, 14)])
def test_a26_the_gap_by_sessions_a_week(per_week, gap):
    row = persistence(sessions=sessions(0), plans=plan(per_week), cutoff_date=day(3)).row(0, named=True)

    assert row["gap_limit_days"] == gap
