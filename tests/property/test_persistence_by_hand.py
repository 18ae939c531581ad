"""Persistence and episodes of every generated log equal those of a walk through its days, one after the other."""

import math
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adherence_by_hand import Case, Exercise, Row, days_of
from ptanalytics.adherence import adherence_episodes, persistence, time_to_discontinuation
from ptanalytics.schemas.results import RESULTS

START = date(2026, 3, 2)


def day(number):
    return START + timedelta(days=number)


@st.composite
def cases(draw):
    changes = draw(st.lists(st.integers(1, 60), unique=True, max_size=2))
    exercises = [
        Exercise(
            version, "bridge", day(begin), draw(st.none() | st.integers(0, 40).map(lambda n, b=begin: day(b + n))), per_week
        )
        for version, begin in enumerate(sorted((0, *changes)), start=1)
        for per_week in [draw(st.sampled_from((0.0, 1.0, 1.5, 3.0, 7.0)))]
    ]
    numbers = draw(st.lists(st.integers(-3, 80), max_size=10))
    rows = [
        Row(f"s{i}", "bridge", datetime.combine(day(n), time(9)), draw(st.sampled_from((0.2, 1.0, 1.0, 1.0))))
        for i, n in enumerate(numbers)
    ]
    breaks = draw(
        st.lists(st.tuples(st.integers(0, 60), st.none() | st.integers(0, 20)), max_size=2, unique_by=lambda b: b[0])
    )
    pauses = [(day(begin), None if length is None else day(begin + length), True) for begin, length in breaks]
    return Case(tuple(exercises), tuple(rows), tuple(pauses), cutoff=day(draw(st.integers(0, 80))))


def frames(case):
    plans = {
        "patient_id": "P1",
        "plan_version": [e.version for e in case.exercises],
        "exercise_id": "bridge",
        "valid_from_date": [e.start for e in case.exercises],
        "valid_to_date": pl.Series([e.end for e in case.exercises], dtype=pl.Date),
        "sessions_per_week": [e.per_week for e in case.exercises],
    }
    sessions = {
        "patient_id": pl.Series(["P1"] * len(case.rows), dtype=pl.String),
        "session_id": pl.Series([r.session for r in case.rows], dtype=pl.String),
        "exercise_id": pl.Series(["bridge"] * len(case.rows), dtype=pl.String),
        "started_at": pl.Series([r.at for r in case.rows], dtype=pl.Datetime("us")),
        "completed_fraction": pl.Series([r.fraction for r in case.rows], dtype=pl.Float64),
    }
    pauses = {
        "patient_id": pl.Series(["P1"] * len(case.pauses), dtype=pl.String),
        "from_date": pl.Series([first for first, _, _ in case.pauses], dtype=pl.Date),
        "to_date": pl.Series([last for _, last, _ in case.pauses], dtype=pl.Date),
        "kind": pl.Series(["clinician_hold"] * len(case.pauses), dtype=pl.String),
        "is_excused": pl.Series([excused for _, _, excused in case.pauses], dtype=pl.Boolean),
    }
    return {name: pl.DataFrame(table) for name, table in {"plans": plans, "sessions": sessions, "pauses": pauses}.items()}


def episodes_by_hand(case):
    """Walk through the days: ``(first session, last session, is_event, idle days after it)`` of each episode."""
    episodes, idle = [], 0
    for each in days_of(case).values():
        if each.may_count:
            limit = max(14, math.ceil(21 / each.full_week))
            if episodes and not episodes[-1]["is_event"]:
                episodes[-1] |= {"last": each.day, "limit": limit}
            else:
                episodes.append({"first": each.day, "last": each.day, "limit": limit, "is_event": False})
            idle = 0
        elif episodes and each.is_eligible and each.full_week > 0:
            idle += 1
            episodes[-1]["is_event"] = episodes[-1]["is_event"] or idle >= episodes[-1]["limit"]
        if episodes:
            episodes[-1]["idle"] = idle
    return episodes


@settings(max_examples=60)
@given(case=cases())
def test_episodes_and_persistence_by_a_walk_through_the_days(case):
    tables = frames(case)
    found = adherence_episodes(**tables, cutoff_date=case.cutoff)
    row = persistence(**tables, cutoff_date=case.cutoff).row(0, named=True)
    expected = episodes_by_hand(case)

    RESULTS["adherence_episodes"].validate(found)
    shown = found.select("from_date", "last_session_date", "is_event", "gap_days", "gap_limit_days").rows()
    assert shown == [(e["first"], e["last"], e["is_event"], e["idle"], e["limit"]) for e in expected]
    assert row["n_episodes"] == len(expected)
    if expected:
        in_force = [each.day for each in days_of(case).values() if each.exercises]
        end = expected[0]["last"] if expected[0]["is_event"] else max(in_force)
        assert (row["end_date"], row["persistence_days"]) == (end, (end - expected[0]["first"]).days)
        accrued = sum(e.accrued for e in days_of(case).values() if expected[0]["first"] <= e.day <= end)
        assert row["prescribed"] == pytest.approx(float(accrued))


@settings(max_examples=30)
@given(case=cases())
def test_invariants_of_persistence(case):
    tables = frames(case)
    result = persistence(**tables, cutoff_date=case.cutoff)
    times = time_to_discontinuation(**tables, cutoff_date=case.cutoff)
    row, timed = result.row(0, named=True), times.row(0, named=True)

    RESULTS["persistence"].validate(result)
    RESULTS["time_to_discontinuation"].validate(times)
    assert (row["persistence_days"] is None) == (row["reason"] is not None)
    assert timed["duration_days"] == row["persistence_days"]
    assert (timed["reason"] == "discontinued") == (row["is_event"] is True)
    episodes = adherence_episodes(**tables, cutoff_date=case.cutoff)
    assert all(end < begin for (_, end), (begin, _) in pairwise(episodes.select("from_date", "end_date").rows()))


@settings(max_examples=30)
@given(case=cases(), later=st.integers(1, 30))
def test_an_event_stays_an_event_when_more_is_observed(case, later):
    tables = frames(case)
    now = persistence(**tables, cutoff_date=case.cutoff).row(0, named=True)
    then = persistence(**tables, cutoff_date=case.cutoff + timedelta(days=later)).row(0, named=True)

    if now["is_event"]:
        assert (then["is_event"], then["end_date"]) == (True, now["end_date"])
