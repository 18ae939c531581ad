"""Analyses over a study give what they give over frames: in any number of buckets, here or on an executor."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from ptanalytics.errors import MissingTableError, PtAnalyticsError
from ptanalytics.study import Study, create_study, open_study
from study_analyses import failing, highest_pain_before, process_of_bucket
from study_frames import sessions_frame

N_PATIENTS = 20


def make_study(path: Path, buckets: int) -> Study:
    """A study with sessions of 20 patients, one of whom has a pause."""
    study = create_study(path, timezone="UTC", buckets=buckets)
    study.append_rows("sessions", sessions_frame(N_PATIENTS), origin="test")
    pauses = pl.DataFrame({"patient_id": ["P0007"], "from_date": [date(2026, 3, 3)], "kind": ["illness"]})
    study.append_rows("pauses", pauses, origin="test")
    return study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Five buckets."""
    return make_study(tmp_path_factory.mktemp("run") / "a", 5)


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    """Two processes started afresh, as a cluster would."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def over_frames(study: Study, patients: list[str] | None = None) -> pd.DataFrame:
    """The same analysis over the same rows as frames."""
    tables = {name: study.table(name) for name in ("sessions", "pauses")}
    result = highest_pain_before(**tables, cutoff_date=study.cutoff_date, patients=patients)
    assert isinstance(result, pd.DataFrame)
    return result


@pytest.mark.parametrize("buckets", [1, 2, 7, 64])
def test_the_number_of_buckets_changes_no_number(tmp_path: Path, buckets: int) -> None:
    study = make_study(tmp_path / "a", buckets)
    result = highest_pain_before(study)
    assert result["patient_id"].tolist() == [f"P{n:04}" for n in range(N_PATIENTS) if n != 7]
    assert set(result["date"]) == {pd.Timestamp("2026-03-05")}
    # Sessions 0 to 3 of patient n have pain (n + session) mod 11, so the highest is n + 3 until it wraps at 10.
    assert result["pain_nprs"].tolist()[:7] == [3, 4, 5, 6, 7, 8, 9]
    pd.testing.assert_frame_equal(result, over_frames(study))


def test_other_processes_give_the_same_table(study: Study, processes: Executor) -> None:
    result = highest_pain_before(open_study(study.path, executor=processes))
    pd.testing.assert_frame_equal(result, highest_pain_before(study))


def test_threads_give_the_same_table(study: Study) -> None:
    with ThreadPoolExecutor(3) as pool:
        result = highest_pain_before(open_study(study.path, executor=pool))
    pd.testing.assert_frame_equal(result, highest_pain_before(study))


def test_buckets_run_in_the_executors_processes(study: Study, processes: Executor) -> None:
    elsewhere = open_study(study.path, executor=processes)
    result = elsewhere.run(process_of_bucket, tables=["sessions"], optional=[], options={})
    assert os.getpid() not in set(result["process"])
    assert result["n_patients"].sum() == N_PATIENTS
    here = study.run(process_of_bucket, tables=["sessions"], optional=[], options={})
    assert set(here["process"]) == {os.getpid()}


def test_only_the_named_patients_buckets_are_read(study: Study) -> None:
    result = highest_pain_before(study, patients=["P0003", "P0007", "nobody"])
    assert result["patient_id"].tolist() == ["P0003"]
    assert len(highest_pain_before(study, patients=[])) == 0
    buckets = study.run(process_of_bucket, tables=["sessions"], optional=[], options={}, patients=["P0003"])
    assert buckets["n_patients"].to_list() == [1]


def test_an_absent_optional_table_is_empty_and_another_is_asked_for(tmp_path: Path) -> None:
    study = create_study(tmp_path / "a", timezone="UTC", buckets=3)
    with pytest.raises(MissingTableError, match="highest_pain_before needs the table 'sessions'"):
        highest_pain_before(study)
    study.append_rows("sessions", sessions_frame(2), origin="test")
    assert len(highest_pain_before(study)) == 2


def test_an_error_in_an_analysis_comes_back_from_everywhere(study: Study, processes: Executor) -> None:
    for opened in (study, open_study(study.path, executor=processes)):
        with pytest.raises(pl.exceptions.ColumnNotFoundError):
            opened.run(failing, tables=["sessions"], optional=[], options={})


def test_a_pool_that_would_hang_is_refused(study: Study) -> None:
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("this system does not fork")
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool,
        pytest.raises(PtAnalyticsError, match="spawn"),
    ):
        highest_pain_before(open_study(study.path, executor=pool))


def test_a_function_of_the_notebook_runs_here_and_says_why_not_elsewhere(study: Study, processes: Executor) -> None:
    def own(sessions: pl.LazyFrame) -> pl.LazyFrame:
        return sessions.select(pl.len())

    assert study.run(own, tables=["sessions"], optional=[], options={})["len"].sum() == study.n_rows("sessions")
    with pytest.raises(PtAnalyticsError, match="Put it in a module of its own"):
        open_study(study.path, executor=processes).run(own, tables=["sessions"], optional=[], options={})


def test_a_dask_cluster_gives_the_same_table(study: Study) -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        elsewhere = open_study(study.path, executor=client.get_executor())
        pd.testing.assert_frame_equal(highest_pain_before(elsewhere), highest_pain_before(study))
        processes = elsewhere.run(process_of_bucket, tables=["sessions"], optional=[], options={})
        assert os.getpid() not in set(processes["process"])
