"""Every kind of bad input that adherence must have an answer for, through every analysis of session adherence and dose."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest

from ptanalytics.adherence import (
    adherence_bounds,
    adherence_by_definition,
    adherence_days,
    adherence_sufficiency,
    adherence_summary,
    dose_adherence,
    exercise_adherence,
    explained_days,
    explained_rows,
    intensity_adherence,
    logging_coverage,
    rolling_adherence,
    week_streaks,
    weekly_adherence,
)

ANALYSES = (
    adherence_bounds,
    adherence_by_definition,
    adherence_days,
    adherence_sufficiency,
    adherence_summary,
    dose_adherence,
    exercise_adherence,
    explained_days,
    explained_rows,
    intensity_adherence,
    logging_coverage,
    rolling_adherence,
    week_streaks,
    weekly_adherence,
)
START = date(2026, 3, 2)


def plan(version=1, start=START, end=None, per_week=3.0, patient="P1"):
    row = {
        "patient_id": patient,
        "plan_version": version,
        "exercise_id": "bridge",
        "valid_from_date": start,
        "valid_to_date": end,
        "sessions_per_week": per_week,
    }
    return pl.DataFrame([row], schema_overrides={"valid_to_date": pl.Date, "sessions_per_week": pl.Float64})


def log(*times, patient="P1", names=None):
    starts = [one if isinstance(one, datetime) else datetime(one.year, one.month, one.day, 9) for one in times]
    names = names or [f"s{i}" for i in range(len(starts))]
    columns = {"patient_id": patient, "session_id": names, "exercise_id": "bridge", "started_at": starts}
    types = {"session_id": pl.String, "started_at": pl.Datetime("us")}
    return pl.DataFrame(columns, schema_overrides=types)


def weeks(sessions, plans, cutoff, *columns, **frames):
    return weekly_adherence(sessions=sessions, plans=plans, cutoff_date=cutoff, **frames).select(columns).rows()


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda one: one.name)
@pytest.mark.parametrize("empty", ["sessions", "plans", "both"])
def test_empty_tables_are_answered(analysis, empty):
    sessions, plans = log(START), plan()
    if empty in ("sessions", "both"):
        sessions = sessions.clear()
    if empty in ("plans", "both"):
        plans = plans.clear()

    found = analysis(sessions=sessions, plans=plans)

    assert found.columns
    if empty == "both":
        assert found.is_empty()
    if analysis is not logging_coverage and found.height:  # how a log was kept is known without a plan too
        assert all(found[name].is_null().all() for name in found.columns if name.endswith("_pct"))


def test_zero_prescribed_is_missing_and_its_sessions_unprescribed():
    found = weeks(log(START), plan(per_week=0.0), date(2026, 3, 8), "adherence_pct", "reason", "unprescribed")
    assert found == [(None, "zero_prescribed", 1)]


def test_a_plan_without_end_runs_to_the_last_day_observed():
    assert len(weeks(log(START), plan(), date(2026, 3, 29), "week")) == 4


def test_of_overlapping_versions_the_later_start_counts_from_its_first_day():
    plans = pl.concat([plan(end=date(2026, 3, 15)), plan(2, date(2026, 3, 9), per_week=7.0)])
    found = weeks(log(START), plans, date(2026, 3, 15), "prescribed", "eligible_days")
    assert found == [(pytest.approx(3), 7), (pytest.approx(7), 7)]


def test_of_versions_that_start_together_the_higher_counts():
    plans = pl.concat([plan(1), plan(2, per_week=5.0)])
    assert weeks(log(START), plans, date(2026, 3, 8), "prescribed") == [(pytest.approx(5),)]


def test_sessions_before_the_plan_after_discharge_and_in_a_hold_are_unprescribed():
    sessions = log(date(2026, 2, 20), date(2026, 3, 3), date(2026, 3, 5), date(2026, 3, 13))
    pauses = pl.DataFrame(
        {"patient_id": ["P1"], "from_date": [date(2026, 3, 5)], "to_date": [date(2026, 3, 5)], "kind": ["clinician_hold"]}
    )
    patients = pl.DataFrame({"patient_id": ["P1"], "discharged_date": [date(2026, 3, 10)]})
    frames = {"sessions": sessions, "plans": plan(), "pauses": pauses, "patients": patients}

    row = adherence_summary(**frames, cutoff_date=date(2026, 3, 15)).row(0, named=True)
    dose = exercise_adherence(**frames, cutoff_date=date(2026, 3, 15)).row(0, named=True)

    assert (row["logged"], row["counted"], row["unprescribed"]) == (4, 1, 3)
    assert row["to_date"] == date(2026, 3, 10)
    assert (dose["entries"], dose["prescribed_sessions"]) == (1, pytest.approx(3 / 7 * 8))


def test_two_patients_with_one_session_id_are_two_sessions():
    sessions = pl.concat([log(START, names=["same"]), log(START, patient="P2", names=["same"])])
    plans = pl.concat([plan(), plan(patient="P2")])

    assert weeks(sessions, plans, date(2026, 3, 8), "patient_id", "counted") == [("P1", 1), ("P2", 1)]
    dose = exercise_adherence(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 8))
    assert dose["entries"].to_list() == [1, 1]


@pytest.mark.parametrize("start", [date(2026, 3, 23), date(2026, 10, 19)], ids=["clock forward", "clock back"])
def test_a_week_in_which_the_clock_changes_has_seven_days(start):
    last = start + timedelta(days=6)
    sessions = log(datetime(last.year, last.month, last.day, 1, 30), datetime(last.year, last.month, last.day, 23, 59))
    found = weeks(sessions, plan(start=start), start + timedelta(days=13), "week", "logged", "eligible_days", "prescribed")
    assert found == [(1, 2, 7, pytest.approx(3)), (2, 0, 7, pytest.approx(3))]


def test_a_leap_day_is_a_day():
    found = weeks(log(date(2028, 2, 29)), plan(start=date(2028, 2, 28)), date(2028, 3, 5), "eligible_days", "counted")
    assert found == [(7, 1)]


def test_a_year_ends_inside_a_week():
    iso = {"time": {"week_anchor": "iso"}}
    plans, sessions = plan(start=date(2026, 12, 28)), log(date(2026, 12, 31), date(2027, 1, 1))
    for settings, number in ((None, 1), (iso, 53)):
        table = weekly_adherence(sessions=sessions, plans=plans, cutoff_date=date(2027, 1, 3), settings=settings)
        assert table.select("week", "counted", "eligible_days").rows() == [(number, 2, 7)]


def test_a_data_gap_is_unknown_and_not_not_done():
    pauses = pl.DataFrame(
        {"patient_id": ["P1"], "from_date": [date(2026, 3, 4)], "to_date": [date(2026, 3, 8)], "kind": ["data_gap"]}
    )
    found = weeks(
        log(START), plan(), date(2026, 3, 8), "eligible_days", "excused_days", "prescribed", "adherence_pct", pauses=pauses
    )
    assert found == [(2, 5, pytest.approx(6 / 7), pytest.approx(100))]


def test_the_day_start_hour_moves_a_late_session_to_the_day_before():
    sessions = log(datetime(2026, 3, 9, 2, 30))
    late = weekly_adherence(
        sessions=sessions, plans=plan(), cutoff_date=date(2026, 3, 15), settings={"time": {"day_start_hour": 3}}
    )
    assert late["counted"].to_list() == [1, 0]
    days = explained_days(sessions=sessions, plans=plan(), cutoff_date=date(2026, 3, 15))
    assert days.filter(pl.col("logged") > 0)["date"].to_list() == [date(2026, 3, 9)]


def test_entries_after_the_cutoff_are_outside_what_was_asked():
    options = {"sessions": log(START, date(2026, 3, 20)), "plans": plan(), "cutoff_date": date(2026, 3, 8)}
    assert exercise_adherence(**options)["entries"].item() == 1
    assert explained_rows(**options).height == 1
    assert logging_coverage(**options)["sessions"].item() == 1
