"""Commands that say what data checks found and that repair rows set aside."""

import pytest

from ptanalytics.study import open_study
from repair_workbooks import Workbook


@pytest.fixture
def study(run, clinic, export):
    run("import", clinic, export)
    return clinic


def test_repair_writes_a_workbook_and_says_how_many_rows(run, study, tmp_path):
    result = run("repair", study, "--out", tmp_path / "fix.xlsx")

    assert result.exit_code == 0
    assert "pain_scores.csv -> pain_scores: 1 rows to correct, sheet 'pain_scores'" in result.stdout
    assert "It holds data of patients" in result.stdout
    assert (tmp_path / "fix.xlsx").is_file()


def test_repair_reads_it_back(run, study, tmp_path):
    run("repair", study, "--out", tmp_path / "fix.xlsx")
    Workbook(tmp_path / "fix.xlsx").correct("pain_scores", 4, "pain_nprs", "4").save()

    result = run("repair", study, "--read", tmp_path / "fix.xlsx", "--who", "A. Lee")

    assert result.exit_code == 0
    assert "1 rows read = 1 repaired + 0 in the study already + 0 still wrong + 0 not corrected" in result.stdout
    assert open_study(study).n_rows("pain_scores") == 3
    after = run("check", study)
    assert "Set aside: 1 rows, 1 of them repaired since" in after.stdout
    assert after.exit_code == 0


def test_rows_still_wrong_end_with_3_and_no_value(run, study, tmp_path):
    run("repair", study, "--out", tmp_path / "fix.xlsx")
    Workbook(tmp_path / "fix.xlsx").correct("pain_scores", 4, "pain_nprs", "4712").save()

    result = run("repair", study, "--read", tmp_path / "fix.xlsx", "--who", "A. Lee")

    assert result.exit_code == 3
    assert "1 x pain_nprs_maximum in column pain_nprs of pain_scores.csv" in result.stdout
    assert "4712" not in result.output
    assert "SECRET" not in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="neither"),
        pytest.param(["--out", "a.xlsx", "--read", "b.xlsx"], id="both"),
        pytest.param(["--read", "b.xlsx"], id="nobody named"),
    ],
)
def test_wrong_usage_ends_with_2(run, study, arguments):
    assert run("repair", study, *arguments).exit_code == 2


def test_what_is_no_workbook_ends_with_its_own_code(run, study, export):
    result = run("repair", study, "--read", export / "pain_scores.csv", "--who", "A. Lee")

    assert result.exit_code == 33
    assert "Nothing was changed" in result.stderr


def test_check_says_what_data_checks_found(run, study, tmp_path):
    (tmp_path / "more.csv").write_text(
        "patient_id,recorded_at,pain_nprs\nSECRET-1,2026-03-04 08:00,4\nSECRET-1,2026-03-04 08:02,5\n", encoding="utf-8"
    )
    run("import", study, tmp_path / "more.csv")

    result = run("check", study)

    assert "warning pain_near_duplicate: 1 of 4 rows: the same pain was rated again within 5 minutes" in result.stdout
    assert "had nothing to look at (not a pass)" in result.stdout
    assert "SECRET" not in result.output
