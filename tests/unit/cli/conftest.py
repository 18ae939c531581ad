import pytest
from typer.testing import CliRunner

from ptanalytics.cli.app import app


@pytest.fixture
def run():
    """Run a command in this process; stdout, stderr and the exit code are told apart."""
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def export(tmp_path):
    """A folder with one small export: two ratings that can be used and one that cannot."""
    folder = tmp_path / "exports"
    folder.mkdir()
    lines = ["patient_id,recorded_at,pain_nprs", "SECRET-1,2026-03-02 08:00,4", "SECRET-1,2026-03-03 08:00,5"]
    (folder / "pain_scores.csv").write_text("\n".join([*lines, "SECRET-2,2026-03-04 08:00,4711"]) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def good_export(tmp_path):
    folder = tmp_path / "good"
    folder.mkdir()
    text = "patient_id,recorded_at,pain_nprs\nSECRET-1,2026-03-02 08:00,4\n"
    (folder / "pain_scores.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def clinic(run, tmp_path):
    """A new, empty study."""
    path = tmp_path / "clinic.study"
    assert run("create", path, "--timezone", "Europe/London").exit_code == 0
    return path
