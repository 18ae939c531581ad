import pytest

from ptanalytics.plans import PlanRecords
from ptanalytics.samples import write_samples
from ptanalytics.study import open_study


@pytest.fixture
def written(monkeypatch):
    """Reports asked for; how they look is tested elsewhere."""
    paths = []

    class Page:
        def save(self, path):
            paths.append(path)
            path.write_text("a report", encoding="utf-8")

    monkeypatch.setattr("ptanalytics.reports.outcome_report", lambda study: Page())
    return paths


def test_the_demonstration_is_built_once(run, tmp_path, written):
    samples = write_samples(tmp_path / "samples").folder

    first = run("demo", tmp_path / "out", "--samples", samples)
    second = run("demo", tmp_path / "out", "--samples", samples)

    study = open_study(tmp_path / "out" / "sample.study")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "rows used, 0 set aside" in first.stdout
    assert "(current)" in second.stdout
    assert len(written) == 1
    assert (study.is_synthetic, len(study.patient_ids())) == (True, 60)
    assert [receipt.rows_used > 0 for receipt in study.receipts()] == [True, False]


def test_suggestions_are_on_there_and_the_switch_is_recorded(run, tmp_path, written):
    run("demo", tmp_path / "out", "--samples", write_samples(tmp_path / "samples").folder)

    study = open_study(tmp_path / "out" / "sample.study")

    assert study.settings.tuning.enabled
    assert PlanRecords(study).suggestions_switch()["role"] == "generated data"


def test_samples_are_written_where_there_are_none(run, tmp_path, written, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert run("demo", "out").exit_code == 0

    assert (tmp_path / "out" / "samples" / "clean" / "sessions.csv").is_file()
