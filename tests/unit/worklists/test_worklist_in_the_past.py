"""Replays use nothing that was recorded after the day they replay, and count who came back."""

from datetime import datetime, time, timedelta

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daily_log import day, log
from ptanalytics import backtest_worklist
from ptanalytics.errors import SettingsError
from ptanalytics.schemas.frames import conform
from ptanalytics.schemas.results import RESULTS
from ptanalytics.schemas.tables import TABLES
from ptanalytics.settings import default_settings
from ptanalytics.worklists import replay_worklist, worklist_inputs
from ptanalytics.worklists.known import known_on
from worklist_clinic import hold, plan, ratings, study_of


def tables():
    return {
        "plans": pl.concat([plan(), plan(patient="P2"), plan(begin=30, version=2, per_week=5.0)]),
        "sessions": pl.concat([log(0, 2, 4, 14, 28, 45), log(0, 2, 4, patient="P2")]),
        "pain_scores": pl.concat([ratings([3, 3, 3, 3, 7, 7, 7]), ratings([2] * 40, first=20, patient="P2")]),
        "pauses": hold(33, 36),
        "patients": pl.DataFrame({"patient_id": ["P2"], "discharged_date": [day(50)]}),
        "scores": pl.DataFrame(
            {"patient_id": ["P1"], "completed_date": [day(25)], "instrument_id": ["odi"], "score": [20.0]}
        ),
        "responses": pl.DataFrame(
            {
                "patient_id": ["P1"],
                "response_id": ["r"],
                "completed_at": [datetime.combine(day(35), time(8))],
                "instrument_id": ["odi"],
                "item_id": ["odi_1"],
                "answer": [2.0],
            }
        ),
    }


@settings(max_examples=25)
@given(today=st.integers(1, 55))
def test_rows_of_later_days_change_nothing(today):
    everything, cut, now_at = tables(), day(today), datetime.combine(day(today + 1), time())
    until = {
        "plans": everything["plans"].filter(pl.col("valid_from_date") <= cut),
        "sessions": everything["sessions"].filter(pl.col("started_at") < now_at),
        "pain_scores": everything["pain_scores"].filter(pl.col("recorded_at") < now_at),
        "scores": everything["scores"].filter(pl.col("completed_date") <= cut),
        "responses": everything["responses"].filter(pl.col("completed_at") < now_at),
        "pauses": everything["pauses"]
        .filter(pl.col("from_date") <= cut)
        .with_columns(to_date=pl.when(pl.col("to_date") <= cut).then("to_date")),
        "patients": everything["patients"].filter(pl.col("discharged_date") <= cut),
    }

    then = worklist_inputs(**everything, today=day(today))
    assert then.equals(worklist_inputs(**until, today=day(today)))


@pytest.mark.parametrize(
    ("name", "n_known"),
    [("sessions", 7), ("plans", 2), ("pain_scores", 7), ("pauses", 0), ("scores", 0), ("responses", 0)],
)
def test_what_was_known_on_day_14(name, n_known):
    rows = conform(tables()[name], TABLES[name])

    assert known_on(name, rows, day(14), default_settings()).collect().height == n_known


def test_a_running_pause_has_no_last_day_and_a_later_discharge_is_unknown():
    everything = tables()
    pauses = known_on("pauses", conform(everything["pauses"], TABLES["pauses"]), day(34), default_settings()).collect()
    patients = known_on("patients", conform(everything["patients"], TABLES["patients"]), day(34), default_settings())

    assert pauses["to_date"].to_list() == [None]
    assert patients.collect()["discharged_date"].to_list() == [None]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    plans = pl.concat([plan(patient=f"P{i}") for i in range(3)])
    # P0 comes back after 12 silent days, P1 after 20, P2 never.
    sessions = pl.concat([log(0, 2, 14, 50, patient="P0"), log(0, 2, 22, 50, patient="P1"), log(0, 2, patient="P2")])
    return study_of(tmp_path_factory.mktemp("past") / "clinic.study", plans=plans, sessions=sessions)


def test_who_came_back_within_the_days_to_wait(study):
    past = backtest_worklist(study, from_date=day(10), to_date=day(10), return_days=10)
    silent = past.set_index("rule_id").loc["silent"]

    RESULTS["worklist_backtest"].validate(pl.from_pandas(past))
    assert (silent["n_replays"], silent["n_listings"], silent["n_followed"], silent["n_returned"]) == (1, 3, 3, 1)
    assert silent["returned_pct"] == pytest.approx(100 / 3)
    assert silent["median_days"] == 4


def test_who_stays_on_the_list_counts_once(study):
    replay = replay_worklist(study, from_date=day(10), to_date=day(24), every_days=7, return_days=10)
    p2 = replay.query("patient_id == 'P2' and rule_id == 'silent'")

    assert p2["is_new"].tolist() == [True, False, False]
    assert p2["next_entry_date"].isna().all()


def test_a_replay_too_close_to_the_end_of_the_data_is_not_followed(study):
    past = backtest_worklist(study, from_date=day(45), to_date=day(45), return_days=10).set_index("rule_id")

    assert (past.loc["silent", "n_followed"], past.loc["silent", "reason"]) == (0, "none_followed")
    assert past.loc["flare_and_silent", "reason"] == "never_listed"


def test_by_default_the_last_replay_leaves_the_days_to_wait(study):
    replay = replay_worklist(study, return_days=14)

    assert replay["on_date"].max().date() == day(50) - timedelta(days=14)
    assert replay["is_followed"].all()


def test_an_entry_on_the_day_itself_is_no_return(tmp_path):
    busy = study_of(tmp_path / "a.study", plans=plan(), sessions=log(*range(14), 20))
    replay = replay_worklist(busy, from_date=day(13), to_date=day(13), return_days=7)

    assert replay[["rule_id", "next_entry_date"]].values.tolist() == [["overdoing", pd.Timestamp(day(20))]]
    assert replay["has_returned"].tolist() == [True]


def test_a_plan_written_later_does_not_take_the_ending_one_off_the_list(tmp_path):
    plans = pl.concat([plan(end=20), plan(begin=21, version=2)])
    extended = study_of(tmp_path / "a.study", plans=plans, sessions=log(0, 12, 25))
    replay = replay_worklist(extended, from_date=day(14), to_date=day(14), return_days=7)

    assert "plan_ending" in replay["rule_id"].tolist()


@pytest.mark.parametrize("options", [{"every_days": 0}, {"return_days": 0}, {"from_date": day(20), "to_date": day(10)}])
def test_replays_that_make_no_sense_are_refused(study, options):
    with pytest.raises(SettingsError):
        backtest_worklist(study, **options)


def test_a_study_without_entries_has_nothing_to_replay(tmp_path):
    empty = study_of(tmp_path / "a.study", plans=plan())

    past = backtest_worklist(empty)
    assert past["n_replays"].tolist() == [0] * len(past)
    assert replay_worklist(empty).empty
