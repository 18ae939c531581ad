"""``ptanalytics table-one`` writes a document or a table, and nothing of a patient on the screen."""

import polars as pl
import pytest
from typer.testing import CliRunner

from ptanalytics import create_study
from ptanalytics.cli.app import app


@pytest.fixture
def study(tmp_path):
    made = create_study(tmp_path / "clinic.study", timezone="Europe/London")
    people = pl.DataFrame({"patient_id": [f"P{i}" for i in range(30)], "sex": ["female", "male"] * 15, "site": ["=A"] * 30})
    made.append_rows("patients", people, origin="test")
    return tmp_path / "clinic.study"


@pytest.mark.parametrize("name", ["t.html", "t.docx", "t.csv", "t.xlsx"])
def test_every_format_is_written(study, tmp_path, name):
    done = CliRunner().invoke(app, ["table-one", str(study), "--out", str(tmp_path / name)])
    assert done.exit_code == 0
    assert (tmp_path / name).stat().st_size > 0
    assert "P1" not in done.output


def test_text_that_begins_like_a_formula_is_neutralised(study, tmp_path):
    CliRunner().invoke(app, ["table-one", str(study), "--by", "site", "--out", str(tmp_path / "t.csv")])
    rows = (tmp_path / "t.csv").read_text(encoding="utf-8")
    assert "'=A" in rows
    assert ",=A" not in rows
