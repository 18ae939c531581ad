"""The commands worklist and ledger: counts on the screen, patients only in the file, no cell that becomes a formula."""

import openpyxl
import pandas as pd
import polars as pl
import pytest

from daily_log import day, log
from ptanalytics.cli.table_file import write_tables
from worklist_clinic import plan, study_of

SECRET = "=SECRET-1"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    sessions = pl.concat([log(0, 2, 4, patient=SECRET), log(0, 2, 18, patient="SECRET-2")])
    plans = pl.concat([plan(patient=SECRET), plan(patient="SECRET-2")])
    return study_of(tmp_path_factory.mktemp("cli") / "clinic.study", plans=plans, sessions=sessions).path


def test_worklist_prints_counts_by_rule_and_no_patient(run, study):
    result = run("worklist", study, "--today", str(day(12)))

    assert result.exit_code == 0
    assert "Worklist of 2026-03-14: 2 patients" in result.stdout
    assert "2 Silent: 2" in result.stdout
    assert "1 Flare, then silent: 0" in result.stdout
    assert "SECRET" not in result.output


def test_worklist_writes_who_and_why_with_formulas_neutralised(run, study, tmp_path):
    result = run("worklist", study, "--today", str(day(12)), "--out", tmp_path / "list.csv")

    rows = pd.read_csv(tmp_path / "list.csv")
    assert result.exit_code == 0
    assert sorted(rows["patient_id"].unique()) == ["'=SECRET-1", "SECRET-2"]
    assert rows["why"].str.startswith("Nothing recorded").any()
    assert "SECRET" not in result.output


def test_worklist_as_a_workbook(run, study, tmp_path):
    assert run("worklist", study, "--today", str(day(12)), "--out", tmp_path / "list.xlsx").exit_code == 0

    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx")["worklist"]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)
    assert sheet.max_row > 2


def test_without_a_day_the_last_day_of_the_data_is_used(run, study):
    assert "Worklist of 2026-03-20" in run("worklist", study).stdout


def test_ledger_prints_no_number_of_the_patient(run, study):
    result = run("ledger", study, SECRET)

    assert result.exit_code == 0
    assert "Not billing advice" in result.stdout
    assert "SECRET" not in result.output


def test_ledger_writes_windows_and_evidence(run, study, tmp_path):
    result = run("ledger", study, SECRET, "--out", tmp_path / "days.csv")

    assert "Wrote 2 files." in result.stdout
    ledger, evidence = (pd.read_csv(tmp_path / name) for name in ("days.csv", "days-evidence.csv"))
    assert ledger["counted_days"].tolist() == [3]
    assert evidence["date"].tolist() == ["2026-03-02", "2026-03-04", "2026-03-06"]


def test_ledger_as_a_workbook_of_two_sheets(run, study, tmp_path):
    assert "Wrote 1 file." in run("ledger", study, SECRET, "--out", tmp_path / "days.xlsx").stdout
    assert openpyxl.load_workbook(tmp_path / "days.xlsx").sheetnames == ["ledger", "evidence"]


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("ledger", "STUDY", "SECRET-9"), 18),
        (("ledger", "STUDY"), 2),
        (("ledger", "STUDY", SECRET, "--rule", "no_such"), 23),
        (("ledger", "STUDY", SECRET, "--on-date", "SECRET"), 2),
        (("worklist", "STUDY", "--out", "list.txt"), 25),
        (("worklist", "STUDY", "--out", "no/such/folder/list.csv"), 25),
    ],
)
def test_wrong_usage_has_its_own_exit_code_and_repeats_no_patient(run, study, arguments, exit_code):
    result = run(*(study if argument == "STUDY" else argument for argument in arguments))

    assert result.exit_code == exit_code
    assert "SECRET" not in result.output


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\r1"])
def test_text_that_begins_like_a_formula_gets_an_apostrophe(tmp_path, text):
    write_tables({"a": pd.DataFrame({"text": [text, "plain"], "number": [-1.5, 2.0]})}, tmp_path / "a.csv")

    found = pl.read_csv(tmp_path / "a.csv")
    assert found["text"][0].startswith("'")
    assert (found["text"][1], found["number"].to_list()) == ("plain", [-1.5, 2.0])


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    from ptanalytics.errors import OutputError

    (tmp_path / "taken.csv").mkdir()
    with pytest.raises(OutputError):
        write_tables({"a": pd.DataFrame({"x": [1]})}, tmp_path / "taken.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taken.csv"]
