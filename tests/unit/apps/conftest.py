"""A sample study for the apps, and a rule: a handler that fails behind a button fails the test."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from ptanalytics.samples import write_samples
from ptanalytics.study import Study, create_study, open_study

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture(autouse=True)
def _no_swallowed_error(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    # ipywidgets catches what a click handler raises and only logs it.
    yield
    for record in caplog.get_records("call"):
        assert "Exception in callback" not in record.getMessage()


@pytest.fixture(autouse=True)
def _no_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    # The browser tests leave an event loop running in this thread, and what can wait would wait for it.
    def none() -> None:
        raise RuntimeError

    monkeypatch.setattr("ptanalytics.apps.later.asyncio.get_running_loop", none)


def study_of(tables: dict[str, pl.DataFrame], folder: Path, *, suggestions: bool) -> Study:
    study = create_study(folder, timezone="Europe/London", is_synthetic=True, settings={"tuning": {"enabled": suggestions}})
    for name, rows in tables.items():
        if rows.height:
            study.append_rows(name, rows, origin="test")
    return study


@pytest.fixture(scope="session")
def sample_tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    return dict(write_samples(tmp_path_factory.mktemp("samples")).facts.tables)


@pytest.fixture(scope="session")
def _built_study(sample_tables: dict[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study_of(sample_tables, tmp_path_factory.mktemp("study") / "sample.study", suggestions=True)


@pytest.fixture
def study(_built_study: Study) -> Study:
    """The sample study, for tests that only read it."""
    return _built_study


@pytest.fixture
def own_study(_built_study: Study, tmp_path: Path) -> Study:
    """A copy of the sample study, for tests that write to it."""
    shutil.copytree(_built_study.path, tmp_path / "own.study")
    return open_study(tmp_path / "own.study")


@pytest.fixture
def make_study(tmp_path: Path) -> Callable[..., Study]:
    """Make a study from a few tables."""

    def make(*, suggestions: bool = False, **tables: pl.DataFrame) -> Study:
        return study_of(tables, tmp_path / "made.study", suggestions=suggestions)

    return make


@pytest.fixture
def hostile_study(sample_tables: dict[str, pl.DataFrame], tmp_path: Path) -> Study:
    """Five sample patients whose texts hold markup."""
    ids = sample_tables["patients"]["patient_id"].to_list()[:5]
    few = {name: rows.filter(pl.col("patient_id").is_in(ids)) for name, rows in sample_tables.items()}
    few["patients"] = few["patients"].with_columns(
        site=pl.lit(HOSTILE), clinician=pl.lit(HOSTILE), condition=pl.lit(HOSTILE)
    )
    renamed = {name: rows.with_columns(patient_id=pl.col("patient_id") + HOSTILE) for name, rows in few.items()}
    return study_of(renamed, tmp_path / "hostile.study", suggestions=True)
