"""The registry generator: exactly the rows asked for, in the order of time, with plans and breaks that fit."""

import hashlib

import pandas as pd
import pytest

from ptanalytics.errors import OutputError
from ptanalytics.samples import write_registry
from ptanalytics.schemas.tables import Pauses, Plans, Sessions

N_ROWS = 20_011


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    return write_registry(
        folder / "sessions.csv", N_ROWS, plans_path=folder / "plans.parquet", pauses_path=folder / "pauses.csv"
    )


@pytest.fixture(scope="module")
def sessions(registry):
    return pd.read_csv(registry.path, parse_dates=["started_at"])


@pytest.fixture(scope="module")
def plans(registry):
    return pd.read_parquet(registry.plans_path).assign(
        valid_from_date=lambda t: pd.to_datetime(t["valid_from_date"]),
        valid_to_date=lambda t: pd.to_datetime(t["valid_to_date"]),
    )


@pytest.mark.parametrize("n_rows", [1, 7, 999, 1000, 1001, 5000])
def test_any_number_of_rows_is_met_exactly(tmp_path, n_rows):
    registry = write_registry(tmp_path / "sessions.csv", n_rows)

    assert len(pd.read_csv(registry.path)) == n_rows == registry.n_rows


def test_rows_come_in_the_order_of_time_with_people_interleaved(sessions, registry):
    assert len(sessions) == N_ROWS
    assert sessions["started_at"].is_monotonic_increasing
    assert not sessions["patient_id"].is_monotonic_increasing
    assert sessions["patient_id"].nunique() == registry.n_patients


def test_rows_are_distinct_and_sessions_hold_several_exercises(sessions):
    assert not sessions.duplicated(["patient_id", "session_id", "exercise_id"]).any()
    per_session = sessions.groupby(["patient_id", "session_id"])
    assert 3 <= per_session.size().median() <= 5
    assert (per_session["started_at"].nunique() == 1).all()


def test_rows_keep_the_schemas(tmp_path):
    import polars as pl

    from ptanalytics.schemas.frames import conform

    registry = write_registry(
        tmp_path / "s.parquet", 500, plans_path=tmp_path / "p.parquet", pauses_path=tmp_path / "b.parquet"
    )
    for path, model in ((registry.path, Sessions), (registry.plans_path, Plans), (registry.pauses_path, Pauses)):
        model.validate(conform(pl.read_parquet(path), model).collect())


def test_csv_and_parquet_hold_the_same_rows(tmp_path):
    as_csv = write_registry(tmp_path / "s.csv", 3000, seed=5)
    as_parquet = write_registry(tmp_path / "s.parquet", 3000, seed=5)

    read = pd.read_csv(as_csv.path, parse_dates=["started_at"])
    pd.testing.assert_frame_equal(read, pd.read_parquet(as_parquet.path), check_dtype=False)


def test_same_seed_same_bytes_and_another_seed_not(tmp_path):
    def digest(name, seed):
        return hashlib.sha256(write_registry(tmp_path / name, 3000, seed=seed).path.read_bytes()).hexdigest()

    assert digest("a.csv", 1) == digest("b.csv", 1)
    assert digest("c.csv", 2) != digest("a.csv", 1)


def test_rows_written_in_parts_are_those_written_at_once(tmp_path, monkeypatch):
    at_once = write_registry(tmp_path / "a.csv", 4000).path.read_bytes()
    monkeypatch.setattr("ptanalytics.samples.registry._ROWS_PER_WRITE", 500)

    assert write_registry(tmp_path / "b.csv", 4000).path.read_bytes() == at_once


def test_a_larger_registry_begins_with_the_same_people(tmp_path):
    small = write_registry(tmp_path / "a.csv", 2000, plans_path=tmp_path / "a_plans.csv")
    large = write_registry(tmp_path / "b.csv", 8000, plans_path=tmp_path / "b_plans.csv")

    before, after = (pd.read_csv(path) for path in (small.plans_path, large.plans_path))
    pd.testing.assert_frame_equal(after.head(len(before)), before, check_dtype=False)


def test_everybody_has_two_versions_and_some_have_fixed_weekdays(plans, registry):
    versions = plans.drop_duplicates(["patient_id", "plan_version"])

    assert (versions.groupby("patient_id")["plan_version"].agg(list).map(tuple) == (1, 2)).all()
    assert plans["patient_id"].nunique() == registry.n_patients
    assert (plans["weekdays"].notna() == plans["sessions_per_week"].isna()).all()
    assert 0.05 < plans.drop_duplicates("patient_id")["weekdays"].notna().mean() < 0.4
    starts = versions.pivot(index="patient_id", columns="plan_version", values="valid_from_date")
    assert ((starts[2] - starts[1]).dt.days.between(14, 70)).all()
    assert ((starts[2] - starts[1]).dt.days % 7 != 0).any()


def test_sessions_fall_inside_the_plan_on_its_days_with_its_exercises(sessions, plans):
    both = sessions.merge(plans.query("plan_version == 1"), on=["patient_id", "exercise_id"])
    day = both["started_at"].dt.normalize()

    assert len(both) == len(sessions)
    assert (day >= both["valid_from_date"]).all()
    assert (day <= both["valid_to_date"]).all()
    fixed = both[both["weekdays"].notna()]
    weekday = fixed["started_at"].dt.strftime("%a").str.lower()
    assert len(fixed) > 100
    assert all(w in days for w, days in zip(weekday, fixed["weekdays"], strict=True))


def test_nobody_trains_during_a_break(sessions, registry):
    pauses = pd.read_csv(registry.pauses_path, parse_dates=["from_date", "to_date"])
    both = sessions.merge(pauses, on="patient_id")
    day = both["started_at"].dt.normalize()

    assert len(both) > 100
    assert not ((day >= both["from_date"]) & (day <= both["to_date"])).any()
    assert set(pauses["kind"]) <= {"clinician_hold", "holiday"}
    assert (pauses["is_excused"].isna() == (pauses["kind"] == "holiday")).all()


def test_weekly_adherence_is_worth_measuring(sessions, plans):
    # Sessions done in the first 14 days over those prescribed: neither nobody nor everybody does it all.
    first = plans.query("plan_version == 1").drop_duplicates("patient_id").set_index("patient_id")
    start = sessions["patient_id"].map(first["valid_from_date"])
    early = sessions[(sessions["started_at"] - start).dt.days < 14]
    done = early.groupby("patient_id")["session_id"].nunique()
    per_week = first["sessions_per_week"].fillna(3)
    ratio = (done / (2 * per_week)).dropna()

    assert 0.5 < ratio.mean() < 1
    assert ratio.std() > 0.1
    assert (sessions["completed_fraction"] < 0.5).mean() > 0.02


def test_an_unknown_ending_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(OutputError, match=r"neither \.csv nor \.parquet"):
        write_registry(tmp_path / "sessions.xlsx", 10)


def test_no_rows_cannot_be_asked_for(tmp_path):
    with pytest.raises(ValueError, match="at least 1"):
        write_registry(tmp_path / "sessions.csv", 0)
