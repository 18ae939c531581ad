"""What dose and effort answer where it is not obvious: units, substitutes, plan changes, holds, entries without amounts."""

from datetime import date, datetime, time, timedelta

import polars as pl
import pytest

from ptanalytics.adherence import dose_adherence, exercise_adherence, intensity_adherence, weekly_adherence
from ptanalytics.instruments.exercise_kinds import EXERCISE_KINDS, UNLISTED_KIND, exercise_kinds
from ptanalytics.plans.catalogue import CATEGORIES, UNLISTED, exercise_catalogue

START = date(2026, 3, 2)  # a Monday
_TYPES = {
    "plan_version": pl.Int32,
    "valid_from_date": pl.Date,
    "valid_to_date": pl.Date,
    "sessions_per_week": pl.Float64,
    "weekdays": pl.String,
    "sets": pl.Float64,
    "reps": pl.Float64,
    "hold_s": pl.Float64,
    "duration_min": pl.Float64,
    "load_kg": pl.Float64,
    "rpe_min": pl.Float64,
    "rpe_max": pl.Float64,
}


def day(number):
    return START + timedelta(days=number)


def plan(*exercises, version=1, start=START, per_week=7.0, **columns):
    """One version; each exercise is (id, its dose)."""
    rows = [
        {
            "patient_id": "P1",
            "plan_version": version,
            "exercise_id": name,
            "valid_from_date": start,
            "sessions_per_week": per_week,
            **columns,
            **dose,
        }
        for name, dose in exercises
    ]
    return pl.DataFrame([dict.fromkeys(_TYPES) | row for row in rows], schema_overrides=_TYPES)


def log(*entries):
    """Entries are (day, exercise, what was logged); one session a day."""
    amounts = dict.fromkeys(
        ("sets", "reps", "hold_s", "duration_min", "load_kg", "completed_fraction", "rpe", "skip_reason")
    )
    rows = [
        {
            "patient_id": "P1",
            "session_id": f"s{number}",
            "exercise_id": exercise,
            "started_at": datetime.combine(day(number), time(9)),
            **amounts,
            **what,
        }
        for number, exercise, what in entries
    ]
    types = dict.fromkeys(amounts, pl.Float64) | {"skip_reason": pl.String, "started_at": pl.Datetime("us")}
    return pl.DataFrame(rows, schema_overrides=types)


def one(sessions, plans, cutoff=START, **options):
    return exercise_adherence(sessions=sessions, plans=plans, cutoff_date=cutoff, **options).to_dicts()


@pytest.mark.parametrize(
    ("dose", "done", "unit", "volume", "done_volume"),
    [
        ({"sets": 3.0, "reps": 12.0}, {"sets": 3.0, "reps": 6.0}, "reps", 36, 18),
        ({"sets": 2.0, "hold_s": 30.0}, {"sets": 1.0, "hold_s": 30.0}, "s", 60, 30),
        ({"duration_min": 20.0}, {"duration_min": 30.0}, "min", 20, 30),
        ({"sets": 4.0}, {"sets": 1.0}, "sets", 4, 1),
        ({}, {}, "sessions", 1, 1),
        ({"sets": 3.0, "reps": 10.0}, {"completed_fraction": 0.4}, "reps", 30, 12),
    ],
    ids=["reps", "hold", "minutes", "sets", "no dose", "fraction"],
)
def test_each_unit_has_its_volume(dose, done, unit, volume, done_volume):
    (row,) = one(log((0, "bridge", done)), plan(("bridge", dose)))

    assert (row["unit"], row["prescribed_volume"]) == (unit, pytest.approx(volume))
    assert row["done_volume"] == pytest.approx(done_volume)
    assert row["dose_pct"] == pytest.approx(100 * done_volume / volume)


def test_an_entry_without_amount_is_taken_as_the_dose_and_counted():
    (row,) = one(log((0, "bridge", {})), plan(("bridge", {"reps": 10.0})))
    assert (row["done_volume"], row["assumed"]) == (10, 1)


def test_a_skipped_entry_is_nothing_done():
    (row,) = one(log((0, "bridge", {"skip_reason": "pain"})), plan(("bridge", {"reps": 10.0})))
    assert (row["done_volume"], row["entries"], row["skipped"], row["assumed"]) == (0, 1, 1, 0)


def test_an_incomplete_session_does_not_count_but_its_volume_does():
    plans, sessions = plan(("bridge", {"reps": 10.0})), log((0, "bridge", {"reps": 4.0}))

    assert weekly_adherence(sessions=sessions, plans=plans, cutoff_date=START)["counted"].to_list() == [0]
    assert one(sessions, plans)[0]["done_volume"] == 4


def test_one_heavy_week_cannot_hide_an_empty_one():
    heavy = log(*((number, "bridge", {"reps": 20.0}) for number in range(7)))

    (row,) = one(heavy, plan(("bridge", {"reps": 10.0})), cutoff=day(13))

    assert row["dose_pct"] == pytest.approx(100)
    assert row["capped_pct"] == pytest.approx(50)
    assert row["overdose_weeks"] == 1


def test_a_partial_week_is_not_an_overdose_week():
    heavy = log(*((number, "bridge", {"reps": 20.0}) for number in range(3)))
    assert one(heavy, plan(("bridge", {"reps": 10.0})), cutoff=day(2))[0]["overdose_weeks"] == 0


def test_the_version_in_force_on_the_day_decides():
    plans = pl.concat([plan(("bridge", {"reps": 10.0})), plan(("bridge", {"reps": 20.0}), version=2, start=day(7))])

    week_1, week_2 = one(
        log((0, "bridge", {"reps": 10.0}), (7, "bridge", {"reps": 10.0})), plans, cutoff=day(13), by="week"
    )

    assert (week_1["prescribed_volume"], week_2["prescribed_volume"]) == (pytest.approx(70), pytest.approx(140))
    assert week_1["dose_pct"] == pytest.approx(100 / 7)
    assert week_2["dose_pct"] == pytest.approx(100 / 14)


def test_an_exercise_whose_unit_changes_has_a_row_for_each():
    plans = pl.concat([plan(("plank", {"reps": 10.0})), plan(("plank", {"hold_s": 30.0}), version=2, start=day(7))])
    assert [row["unit"] for row in one(log((0, "plank", {"reps": 10.0})), plans, cutoff=day(13))] == ["reps", "s"]


def test_entries_in_a_hold_and_outside_the_plan_do_not_count_and_the_hold_accrues_nothing():
    pauses = pl.DataFrame({"patient_id": ["P1"], "from_date": [day(0)], "to_date": [day(3)], "kind": ["clinician_hold"]})
    sessions = log((-1, "bridge", {"reps": 10.0}), (1, "bridge", {"reps": 10.0}), (5, "bridge", {"reps": 10.0}))

    (row,) = one(sessions, plan(("bridge", {"reps": 10.0})), cutoff=day(6), pauses=pauses)

    assert (row["prescribed_volume"], row["done_volume"], row["entries"]) == (pytest.approx(30), 10, 1)


def test_a_substitute_counts_toward_what_it_replaces_only_when_approved():
    plans, sessions = plan(("walk", {"duration_min": 20.0})), log((0, "cycle", {"duration_min": 10.0}))

    unknown, approved = one(sessions, plans), one(sessions, plans, substitutes={"cycle": "walk"})
    ignored = dose_adherence(sessions=sessions, plans=plans, cutoff_date=START)

    assert (unknown[0]["done_volume"], approved[0]["done_volume"]) == (0, 10)
    assert ignored.filter(category="all")["other_entries"].item() == 1


def test_an_exercise_that_the_plan_holds_replaces_nothing():
    plans = plan(("walk", {"duration_min": 20.0}), ("cycle", {"duration_min": 10.0}))
    rows = one(log((0, "cycle", {"duration_min": 10.0})), plans, substitutes={"cycle": "walk"})
    assert {row["exercise_id"]: row["done_volume"] for row in rows} == {"cycle": 10, "walk": 0}


def test_nothing_prescribed_has_no_percentage_and_is_in_no_mean():
    plans = plan(("bridge", {"reps": 10.0, "sessions_per_week": 0.0}), ("walk", {"duration_min": 20.0}))
    sessions = log((0, "walk", {"duration_min": 20.0}))

    rows = {row["exercise_id"]: row for row in one(sessions, plans)}
    total = dose_adherence(sessions=sessions, plans=plans, cutoff_date=START).filter(category="all").row(0, named=True)

    assert (rows["bridge"]["dose_pct"], rows["bridge"]["reason"]) == (None, "zero_prescribed")
    assert (total["dose_pct"], total["n_exercises"], total["n_without"]) == (pytest.approx(100), 1, 1)


def test_kinds_of_exercise_are_the_catalogues():
    plans = plan(("glute_bridge", {"reps": 10.0}), ("walk", {"duration_min": 20.0}), ("our_own", {"reps": 5.0}))
    table = dose_adherence(sessions=log((0, "walk", {"duration_min": 20.0})), plans=plans, cutoff_date=START)

    assert set(table["category"]) == {"all", "strengthening", "aerobic", UNLISTED_KIND}
    assert (EXERCISE_KINDS, UNLISTED_KIND) == (CATEGORIES, UNLISTED)
    assert exercise_kinds() == {name: exercise.category for name, exercise in exercise_catalogue().items()}


@pytest.mark.parametrize(("kg", "done_kg"), [(5.0, 100.0), (None, None)], ids=["load logged", "load not logged"])
def test_volume_load_is_missing_where_a_done_entry_has_no_load(kg, done_kg):
    plans = plan(("rdl", {"sets": 2.0, "reps": 10.0, "load_kg": 10.0}))

    (row,) = one(log((0, "rdl", {"sets": 2.0, "reps": 10.0, "load_kg": kg})), plans)

    assert row["volume_load_prescribed_kg"] == pytest.approx(200)
    assert row["volume_load_done_kg"] == (None if done_kg is None else pytest.approx(done_kg))


def test_empty_tables_give_an_empty_table():
    empty_log, empty_plan = log((0, "bridge", {})).clear(), plan(("bridge", {})).clear()
    for analysis in (exercise_adherence, dose_adherence, intensity_adherence):
        assert analysis(sessions=empty_log, plans=empty_plan).is_empty()
        assert analysis(sessions=empty_log, plans=plan(("bridge", {}))).is_empty()
        assert analysis(sessions=log((0, "bridge", {})), plans=empty_plan).is_empty()


RANGE = {"rpe_min": 3.0, "rpe_max": 5.0}


def effort(sessions, plans):
    return intensity_adherence(sessions=sessions, plans=plans, cutoff_date=day(6)).row(0, named=True)


def test_both_ends_of_the_range_are_within():
    sessions = log(*((number, "bridge", {"rpe": rpe}) for number, rpe in enumerate((3.0, 5.0, 2.9, 5.1))))
    row = effort(sessions, plan(("bridge", RANGE)))
    assert (row["below"], row["within"], row["above"], row["within_pct"]) == (1, 2, 1, 50)


def test_a_session_is_above_when_one_of_its_exercises_is():
    sessions = log((0, "bridge", {"rpe": 4.0}), (0, "walk", {"rpe": 7.0}))
    row = effort(sessions, plan(("bridge", RANGE), ("walk", RANGE)))
    assert (row["exercise_id"], row["done"], row["above"], row["within"]) == (None, 1, 1, 0)


@pytest.mark.parametrize(
    ("sessions", "dose", "reason"),
    [
        (log((0, "bridge", {"rpe": 4.0})), {}, "no_range"),
        (log((0, "other", {"rpe": 4.0})), RANGE, "no_entry"),
        (log((0, "bridge", {})), RANGE, "no_rating"),
    ],
    ids=["no range", "no entry", "no rating"],
)
def test_a_missing_share_of_effort_says_why(sessions, dose, reason):
    row = effort(sessions, plan(("bridge", dose)))
    assert (row["within_pct"], row["reason"]) == (None, reason)


def test_an_open_end_of_the_range_is_open():
    row = effort(log((0, "bridge", {"rpe": 9.0})), plan(("bridge", {"rpe_min": 3.0})))
    assert row["within"] == 1
