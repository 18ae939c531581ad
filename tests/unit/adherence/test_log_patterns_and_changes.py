"""Weekday and hour, what is left out and why, plan changes side by side, and groups of courses."""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ptanalytics.adherence import (
    adherence_trajectories,
    plan_change_patterns,
    session_patterns,
    skip_reasons,
    skipped_exercises,
)
from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.results import RESULTS

START = date(2026, 3, 2)


def at(number, hour=9, minute=0):
    return datetime.combine(START + timedelta(days=number), datetime.min.time()) + timedelta(hours=hour, minutes=minute)


def log(*rows):
    """Rows are (session, exercise, time) or with fraction, or with fraction and reason."""
    full = [("P1", *row, *(None,) * (5 - len(row))) for row in rows]
    return pl.DataFrame(
        full,
        orient="row",
        schema={
            "patient_id": pl.String,
            "session_id": pl.String,
            "exercise_id": pl.String,
            "started_at": pl.Datetime("us"),
            "completed_fraction": pl.Float64,
            "skip_reason": pl.String,
        },
    )


def plans(*rows):
    """Rows are (version, exercise, first day) or with weekdays."""
    full = [("P1", version, name, START + timedelta(days=first), 3.0, *days) for version, name, first, *days in rows]
    full = [row if len(row) == 6 else (*row, None) for row in full]
    columns = ["patient_id", "plan_version", "exercise_id", "valid_from_date", "sessions_per_week", "weekdays"]
    return pl.DataFrame(
        full, orient="row", schema=columns, schema_overrides={"weekdays": pl.String, "plan_version": pl.Int32}
    )


def test_a_session_of_several_rows_starts_once_with_its_earliest():
    found = session_patterns(sessions=log(("a", "bridge", at(0, 18, 20)), ("a", "plank", at(0, 17, 50))))

    assert found.select("weekday", "hour", "n_sessions").rows() == [(1, 17, 1)]


def test_midnight_is_no_time_of_day():
    assert session_patterns(sessions=log(("a", "bridge", at(0, 0))))["hour"].to_list() == [None]


def test_a_late_session_belongs_to_the_day_before_but_keeps_its_hour():
    found = session_patterns(sessions=log(("a", "bridge", at(1, 1))), settings={"time": {"day_start_hour": 3}})

    assert found.select("weekday", "hour").rows() == [(1, 1)]


def test_sessions_of_which_nothing_was_done_are_told_apart():
    found = session_patterns(sessions=log(("a", "bridge", at(0), 0.0), ("b", "bridge", at(7), 1.0)))

    assert found.select("n_sessions", "n_done").rows() == [(2, 1)]


def test_an_exercise_is_done_partly_skipped_or_not_logged():
    sessions = log(
        ("a", "bridge", at(0), 1.0),
        ("a", "plank", at(0), 0.2),
        ("b", "bridge", at(2), 0.5),
        ("b", "plank", at(2), None, "pain"),
        ("c", "bridge", at(4), 1.0),
    )
    found = skipped_exercises(sessions=sessions, plans=plans((1, "bridge", 0), (1, "plank", 0)))

    columns = ("exercise_id", "n_due", "n_done", "n_partly", "n_skipped", "n_not_logged", "left_out_pct", "main_reason")
    assert found.select(columns).rows() == [
        ("bridge", 3, 3, 0, 0, 0, 0.0, None),
        ("plank", 3, 0, 1, 1, 1, pytest.approx(200 / 3), "pain"),
    ]


def test_a_session_that_names_no_prescribed_exercise_is_not_itemised():
    found = skipped_exercises(sessions=log(("a", "whole session", at(0), 1.0)), plans=plans((1, "bridge", 0)))

    assert found.is_empty()
    RESULTS["skipped_exercises"].validate(found)


def test_an_exercise_with_weekdays_is_due_on_those_only():
    sessions = log(("a", "bridge", at(0), 1.0), ("b", "bridge", at(1), 1.0))
    found = skipped_exercises(sessions=sessions, plans=plans((1, "bridge", 0), (1, "plank", 0, "mon")))

    assert found.select("exercise_id", "n_due").rows() == [("bridge", 2), ("plank", 1)]


def test_the_version_in_force_says_what_is_due():
    sessions = log(("a", "bridge", at(0), 1.0), ("b", "plank", at(9), 1.0))
    found = skipped_exercises(sessions=sessions, plans=plans((1, "bridge", 0), (2, "plank", 7)))

    assert found.select("exercise_id", "n_due", "n_not_logged").rows() == [("bridge", 1, 0), ("plank", 1, 0)]


def test_reasons_are_counted_as_recorded():
    sessions = log(
        ("a", "plank", at(0), None, "pain"), ("b", "plank", at(3), None, "no time"), ("c", "plank", at(5), None, "pain")
    )
    found = skip_reasons(sessions=sessions)

    assert found.select("skip_reason", "n", "last_date").rows() == [
        ("no time", 1, START + timedelta(days=3)),
        ("pain", 2, START + timedelta(days=5)),
    ]


def test_a_plan_change_stands_between_two_numbers():
    sessions = log(*((f"s{n}", "bridge", at(n), 1.0) for n in (0, 2, 14, 16, 18, 21, 23, 25)))
    row = plan_change_patterns(
        sessions=sessions,
        plans=plans((1, "bridge", 0), (2, "bridge", 14), (2, "plank", 14)),
        cutoff_date=START + timedelta(days=27),
    ).row(0, named=True)

    assert (row["counted_before"], row["prescribed_before"]) == (2, 6)
    assert (row["counted_after"], row["prescribed_after"]) == (6, 6)
    assert row["difference_points"] == pytest.approx(100 - 100 / 3)
    assert (row["n_exercises_before"], row["n_exercises_after"], row["n_added"], row["n_removed"]) == (1, 2, 1, 0)


def test_no_side_reaches_into_another_version():
    found = plan_change_patterns(
        sessions=log(("a", "bridge", at(0), 1.0)),
        plans=plans((1, "bridge", 0), (2, "bridge", 7), (3, "bridge", 14)),
        cutoff_date=START + timedelta(days=40),
        days=28,
    )

    assert found.select("eligible_days_before", "eligible_days_after").rows() == [(7, 7), (7, 27)]


def test_too_few_days_on_a_side_are_no_number():
    found = plan_change_patterns(
        sessions=log(("a", "bridge", at(0), 1.0)),
        plans=plans((1, "bridge", 0), (2, "bridge", 2), (3, "bridge", 20)),
        cutoff_date=START + timedelta(days=21),
    )

    assert found["reason"].to_list() == ["too_few_days_before", "too_few_days_after"]
    assert found["difference_points"].null_count() == 2


def test_a_first_plan_is_no_change():
    found = plan_change_patterns(sessions=log(("a", "bridge", at(0))), plans=plans((1, "bridge", 0)))

    assert found.is_empty()
    RESULTS["plan_change_patterns"].validate(found)


def weekly(courses):
    """One patient per course of percentages; None leaves the week without one."""
    rows = [
        {"patient_id": f"P{i:03}", "week": week, "adherence_pct": pct}
        for i, course in enumerate(courses)
        for week, pct in enumerate(course, start=1)
    ]
    return pl.DataFrame(rows, schema_overrides={"adherence_pct": pl.Float64, "week": pl.Int32}).with_columns(
        week_start_date=pl.lit(START), eligible_days=7, excused_days=0, prescribed=3.0, counted=3, logged=3, unprescribed=0,
        is_partial=False, is_overdose=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def two_groups():
    random = np.random.default_rng(1)
    steady = np.clip(random.normal(90, 5, (30, 4)), 0, 100)
    falling = np.clip(random.normal([80, 50, 30, 10], 5, (20, 4)), 0, 100)
    return [*steady.tolist(), *falling.tolist()]


def test_two_clear_courses_are_found_and_stable(two_groups):
    found = adherence_trajectories(weekly(two_groups), n_weeks=4, max_classes=2, n_bootstrap=5)

    chosen = found.fits.filter("is_chosen").row(0, named=True)
    assert (chosen["n_classes"], chosen["smallest_class"]) == (2, 20)
    assert chosen["stability"] > 0.95
    assert found.members["class_number"].to_list() == [1] * 30 + [2] * 20
    first = found.classes.filter(pl.col("class_number") == 1)
    assert first["mean_pct"].to_numpy() == pytest.approx(np.mean(two_groups[:30], axis=0))
    for name, table in (("classes", found.classes), ("members", found.members), ("fits", found.fits)):
        RESULTS[f"trajectory_{name}"].validate(table)


def test_a_patient_without_a_week_is_left_out_and_nothing_is_filled_in(two_groups):
    courses = [*two_groups, [90.0, None, 90.0, 90.0]]
    found = adherence_trajectories(weekly(courses), n_weeks=4, max_classes=2, n_bootstrap=2)

    assert found.members.row(-1, named=True) == {
        "patient_id": "P050", "class_number": None, "probability": None, "reason": "missing_week",
    }  # fmt: skip


def test_the_same_seed_gives_the_same_groups(two_groups):
    one, other = (adherence_trajectories(weekly(two_groups), n_weeks=4, max_classes=2, n_bootstrap=2) for _ in range(2))

    assert one.members.equals(other.members)
    assert one.fits.equals(other.fits)


def test_too_few_patients_are_refused(two_groups):
    with pytest.raises(InvalidTableError, match="Groups need 20 patients"):
        adherence_trajectories(weekly(two_groups[:19]), n_weeks=4, max_classes=2)


def test_pandas_in_pandas_out(two_groups):
    found = adherence_trajectories(weekly(two_groups).to_pandas(), n_weeks=4, max_classes=1, n_bootstrap=0)

    assert type(found.classes).__module__.startswith("pandas")
