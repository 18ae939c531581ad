"""What weekly adherence answers where it is not obvious: nothing prescribed, holds, discharge, clocks, empty logs."""

from datetime import date, datetime, time, timedelta

import pandas as pd
import polars as pl
import pytest

from ptanalytics.adherence import adherence_summary, weekly_adherence
from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.results import RESULTS

START = date(2026, 3, 2)
CUTOFF = date(2026, 3, 15)


def day(number):
    return START + timedelta(days=number)


def log(*days, patient="P1", exercise="bridge", **columns):
    """One session a day, at nine; the session ids are the same for every patient."""
    return pl.DataFrame(
        {
            "patient_id": [patient] * len(days),
            "session_id": [f"s{i}" for i in range(len(days))],
            "exercise_id": [exercise] * len(days),
            "started_at": [datetime.combine(d, time(9)) for d in days],
            **{name: [value] * len(days) for name, value in columns.items()},
        },
        schema_overrides={"patient_id": pl.String, "session_id": pl.String, "exercise_id": pl.String}
        | {"started_at": pl.Datetime("us")},
    )


def plan(patient="P1", version=1, exercise="bridge", start=START, end=None, per_week=3.0, **columns):
    types = {"valid_to_date": pl.Date, "plan_version": pl.Int32, "sessions_per_week": pl.Float64}
    row = {
        "patient_id": patient,
        "plan_version": version,
        "exercise_id": exercise,
        "valid_from_date": start,
        "valid_to_date": end,
        "sessions_per_week": per_week,
        **columns,
    }
    return pl.DataFrame([row], schema_overrides=types)


def pause(first, last, kind="clinician_hold", is_excused=None, patient="P1"):
    row = {"patient_id": patient, "from_date": first, "to_date": last, "kind": kind, "is_excused": is_excused}
    return pl.DataFrame([row], schema_overrides={"to_date": pl.Date, "is_excused": pl.Boolean})


def rows(sessions, plans, *columns, cutoff=CUTOFF, **frames):
    return weekly_adherence(sessions=sessions, plans=plans, cutoff_date=cutoff, **frames).select(columns).rows()


@pytest.mark.parametrize("name", ["weekly_adherence", "adherence_summary"])
def test_results_have_the_columns_and_types_of_their_schema(name):
    analysis = {"weekly_adherence": weekly_adherence, "adherence_summary": adherence_summary}[name]

    result = analysis(sessions=log(START, day(1)), plans=plan(), pauses=pause(day(7), None))

    want = {column: info.dtype for column, info in columns_of(RESULTS[name]).items()}
    assert dict(result.schema) == want
    RESULTS[name].validate(result)


def test_a_week_with_nothing_logged_is_zero_not_missing():
    assert rows(log(START), plan(), "counted", "adherence_pct", "reason")[1] == (0, 0.0, None)


def test_an_empty_log_with_a_cutoff_is_zero_adherence():
    assert rows(log(), plan(), "counted", "prescribed", "adherence_pct") == [(0, 3.0, 0.0), (0, 3.0, 0.0)]


def test_an_empty_log_without_cutoff_observed_nothing():
    summary = adherence_summary(sessions=log(), plans=plan()).row(0, named=True)

    assert weekly_adherence(sessions=log(), plans=plan()).is_empty()
    assert (summary["reason"], summary["adherence_pct"], summary["from_date"]) == ("no_cutoff", None, START)


def test_a_plan_without_end_runs_to_the_last_day_observed():
    weekly = weekly_adherence(sessions=log(START, day(9)), plans=plan())

    assert weekly["eligible_days"].to_list() == [7, 3]


def test_a_plan_that_ends_gives_no_weeks_after_it():
    assert rows(log(START, day(12)), plan(end=day(6)), "week", "unprescribed") == [(1, 0)]


def test_sessions_outside_the_weeks_are_unprescribed_in_the_summary():
    sessions = log(START - timedelta(days=3), START, day(12))

    summary = adherence_summary(sessions=sessions, plans=plan(end=day(6)), cutoff_date=CUTOFF).row(0, named=True)

    assert (summary["logged"], summary["counted"], summary["unprescribed"]) == (3, 1, 2)
    assert summary["last_entry_date"] == day(12)


def test_entries_after_the_cutoff_are_left_out():
    summary = adherence_summary(sessions=log(START, day(20)), plans=plan(), cutoff_date=CUTOFF).row(0, named=True)

    assert (summary["logged"], summary["unprescribed"], summary["last_entry_date"]) == (1, 0, START)


def test_of_overlapping_versions_the_later_start_is_in_force():
    plans = pl.concat([plan(end=day(13)), plan(version=2, start=day(7), end=day(9), per_week=7.0)])

    assert rows(log(START), plans, "eligible_days", "prescribed") == [(7, 3.0), (3, 3.0)]


def test_of_two_versions_that_start_together_the_higher_is_in_force():
    plans = pl.concat([plan(version=2, per_week=5.0), plan(version=1, per_week=3.0)])

    assert rows(log(START), plans, "prescribed") == [(5.0,), (5.0,)]


def test_a_gap_between_versions_is_a_week_without_prescription():
    plans = pl.concat([plan(end=day(6)), plan(version=2, start=day(14))])

    weeks = rows(log(day(8)), plans, "eligible_days", "excused_days", "unprescribed", "reason", cutoff=day(20))

    assert weeks == [(7, 0, 0, None), (0, 0, 1, "zero_prescribed"), (7, 0, 0, None)]


def test_a_week_on_hold_keeps_its_row():
    weeks = rows(log(day(8)), plan(), "eligible_days", "excused_days", "prescribed", pauses=pause(day(7), day(13)))

    assert weeks == [(7, 0, 3.0), (0, 7, 0.0)]


def test_overlapping_pauses_take_a_day_away_once():
    pauses = pl.concat(
        [pause(day(1), day(3)), pause(day(2), day(5), kind="illness"), pause(day(5), day(5), kind="hospital")]
    )

    assert rows(log(START), plan(), "eligible_days", "excused_days", pauses=pauses)[0] == (2, 5)


@pytest.mark.parametrize(
    ("kind", "is_excused", "eligible_days"),
    [
        pytest.param("holiday", None, 7, id="a holiday is not excused by default"),
        pytest.param("holiday", True, 0, id="unless the export says so"),
        pytest.param("clinician_hold", None, 0, id="a hold is"),
        pytest.param("clinician_hold", False, 7, id="unless the export says not"),
        pytest.param("data_gap", None, 0, id="days without data are unknown, not missed"),
    ],
)
def test_which_pauses_are_excused(kind, is_excused, eligible_days):
    pauses = pause(START, day(6), kind=kind, is_excused=is_excused)

    assert rows(log(day(8)), plan(), "eligible_days", pauses=pauses)[0] == (eligible_days,)


def test_a_pause_without_end_is_still_running():
    assert rows(log(START), plan(), "excused_days", pauses=pause(day(3), None)) == [(4,), (7,)]


def test_nothing_is_prescribed_after_discharge():
    patients = pl.DataFrame({"patient_id": ["P1"], "discharged_date": [day(8)]})

    summary = adherence_summary(sessions=log(day(7), day(10)), plans=plan(), patients=patients, cutoff_date=CUTOFF)

    assert summary.select("to_date", "eligible_days", "counted", "unprescribed").row(0) == (day(8), 9, 1, 1)


def test_the_same_session_id_of_two_patients_is_two_sessions():
    sessions = pl.concat([log(START), log(START, patient="P2")])

    weeks = rows(sessions, pl.concat([plan(), plan(patient="P2")]), "patient_id", "counted", cutoff=day(6))

    assert weeks == [("P1", 1), ("P2", 1)]


def test_a_session_whose_rows_are_far_apart_in_the_table_is_one_session():
    rows_of = [log(START, exercise=name) for name in ("bridge", "plank")]
    other = log(day(1)).with_columns(session_id=pl.lit("other"))
    plans = pl.concat([plan(), plan(exercise="plank")])

    weeks = rows(pl.concat([rows_of[0], other, rows_of[1]]), plans, "logged", "counted", cutoff=day(6))

    assert weeks == [(2, 2)]


def test_a_session_over_midnight_belongs_to_the_day_it_started():
    late = log(day(6), day(6), exercise="bridge").with_columns(
        session_id=pl.lit("night"),
        exercise_id=pl.Series(["plank", "bridge"]),
        started_at=pl.Series([datetime.combine(day(7), time(0, 10)), datetime.combine(day(6), time(23, 50))]),
    )

    weeks = rows(late, pl.concat([plan(), plan(exercise="plank")]), "logged", cutoff=day(13))

    assert weeks == [(1,), (0,)]


@pytest.mark.parametrize(
    ("logged", "counted"),
    [
        pytest.param({"completed_fraction": 0.5}, 1, id="half done counts"),
        pytest.param({"completed_fraction": 0.49}, 0, id="less does not"),
        pytest.param({"skip_reason": "pain"}, 0, id="skipped does not"),
        pytest.param({"skip_reason": "pain", "completed_fraction": 0.6}, 1, id="a fraction given wins over a skip reason"),
        pytest.param({"sets": 1.0, "reps": 10.0}, 0, id="10 of 30 repetitions does not"),
        pytest.param({"sets": 2.0, "reps": 10.0}, 1, id="20 of 30 does"),
        pytest.param({"reps": 10.0}, 1, id="sets not logged: the volume is unknown, the entry counts"),
        pytest.param({}, 1, id="an entry that says nothing more counts"),
    ],
)
def test_how_much_must_be_done(logged, counted):
    plans = plan(sets=3.0, reps=10.0)

    assert rows(log(START, **logged), plans, "counted", "logged", cutoff=day(6)) == [(counted, 1)]


@pytest.mark.parametrize(
    ("exercises", "counted"),
    [
        pytest.param(["bridge"], 0, id="one of three exercises"),
        pytest.param(["bridge", "plank"], 1, id="two of three"),
        pytest.param(["bridge", "swim", "cycle"], 0, id="others do not replace them"),
        pytest.param(["whole session"], 1, id="no exercise of the plan: the mean of what was logged"),
    ],
)
def test_exercises_not_logged_are_not_done(exercises, counted):
    plans = pl.concat([plan(exercise=name) for name in ("bridge", "plank", "walk")])
    sessions = pl.concat([log(START, exercise=name) for name in exercises])

    assert rows(sessions, plans, "counted", cutoff=day(6)) == [(counted,)]


def test_exercises_of_other_weekdays_are_not_due():
    plans = pl.concat(
        [
            plan(exercise="bridge", per_week=None, weekdays="mon,wed,fri"),
            plan(exercise="walk", per_week=None, weekdays="tue,thu"),
            plan(exercise="plank", per_week=None, weekdays="tue,thu"),
        ]
    )

    assert rows(log(START, exercise="bridge"), plans, "prescribed", "counted", cutoff=day(6)) == [(5.0, 1)]


@pytest.mark.parametrize(
    ("prorate", "prescribed"),
    [("fractional", 12 / 7), ("none", 3.0), ("round_half_up", 2.0)],
)
def test_prorating_four_days_of_a_week(prorate, prescribed):
    weekly = weekly_adherence(
        sessions=log(START), plans=plan(), cutoff_date=day(3), settings={"adherence": {"prorate": prorate}}
    )

    assert weekly["prescribed"].to_list() == pytest.approx([prescribed])


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(date(2026, 3, 23), id="clocks forward on day 6"),
        pytest.param(date(2026, 10, 19), id="clocks back on day 6"),
    ],
)
def test_a_week_in_which_the_clock_changes_has_seven_days(start):
    sessions = log(start + timedelta(days=6), start + timedelta(days=7))

    weeks = rows(sessions, plan(start=start), "eligible_days", "counted", cutoff=start + timedelta(days=13))

    assert weeks == [(7, 1), (7, 1)]


def test_a_plan_row_without_any_frequency_prescribes_nothing():
    assert rows(log(START), plan(per_week=None), "prescribed", "reason", cutoff=day(6)) == [(0.0, "zero_prescribed")]


def test_patients_without_percentage_are_listed_with_a_reason():
    sessions = pl.concat([log(START), log(START, patient="P2")])
    plans = pl.concat([plan(), plan(patient="P3", start=day(40)), plan(patient="P4", per_week=0.0)])

    summary = adherence_summary(sessions=sessions, plans=plans, cutoff_date=CUTOFF)

    assert summary.select("patient_id", "reason", "unprescribed").rows() == [
        ("P1", None, 0),
        ("P2", "no_plan", 1),
        ("P3", "not_started", 0),
        ("P4", "zero_prescribed", 0),
    ]


def test_pandas_in_pandas_out():
    weekly = weekly_adherence(sessions=log(START).to_pandas(), plans=plan().to_pandas(), cutoff_date=day(6))

    assert isinstance(weekly, pd.DataFrame)
    assert weekly["adherence_pct"].tolist() == pytest.approx([100 / 3])


def test_a_row_without_time_is_an_error_that_names_no_patient():
    sessions = log(START).with_columns(started_at=pl.lit(None, dtype=pl.Datetime("us")))

    with pytest.raises(InvalidTableError, match="started_at must be given") as error:
        weekly_adherence(sessions=sessions, plans=plan())
    assert "P1" not in str(error.value)


def test_an_exercise_prescribed_twice_in_a_version_is_an_error():
    with pytest.raises(InvalidTableError, match="2 rows of plans prescribe an exercise"):
        weekly_adherence(sessions=log(START), plans=pl.concat([plan(), plan(per_week=5.0)]))


@pytest.mark.parametrize(
    ("done", "counted"),
    [
        pytest.param((1, 3), 2, id="Wednesday takes Tuesday, the earlier of two as near, and leaves Thursday to Friday"),
        pytest.param((0, 3), 1, id="Monday is too far from Wednesday"),
        pytest.param((2, 4), 2, id="on the days"),
        pytest.param((9, 10), 0, id="a session of the next week serves none of this"),
    ],
)
def test_a_scheduled_day_takes_the_nearest_unused_session(done, counted):
    plans = plan(per_week=None, weekdays="wed,fri")
    settings = {"adherence": {"makeup": "window", "makeup_tolerance_days": 1}}

    weekly = weekly_adherence(sessions=log(*(day(n) for n in done)), plans=plans, cutoff_date=CUTOFF, settings=settings)

    assert weekly["counted"][0] == counted


def test_exercises_are_matched_alike_with_and_without_a_table_of_all_of_them(monkeypatch):
    plans = pl.concat([plan(exercise="bridge"), plan(exercise="squat", version=1), plan("P2", exercise="lunge")])
    sessions = pl.concat(
        [
            log(day(0), completed_fraction=0.8),
            log(day(1), exercise="unheard of", session_id="of no plan", completed_fraction=0.8),
            *(
                log(day(2), patient=p, exercise="lunge", session_id="of one plan", completed_fraction=0.6)
                for p in ("P1", "P2", "P3")
            ),
        ]
    )
    by_table = weekly_adherence(sessions=sessions, plans=plans, cutoff_date=CUTOFF)
    monkeypatch.setattr("ptanalytics.adherence.counted._MAX_TABLE_BYTES", 0)
    by_search = weekly_adherence(sessions=sessions, plans=plans, cutoff_date=CUTOFF)

    # P1 did 0.8 of one of two exercises on one day. On two days nothing prescribed was logged: the rows' own mean counts.
    assert by_table.filter(week=1).select("patient_id", "counted").rows() == [("P1", 2), ("P2", 1)]
    assert by_search.equals(by_table)
