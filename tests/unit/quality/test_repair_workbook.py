"""The workbook itself: choices, notes, what is left out, and workbooks that are refused."""

import openpyxl
import polars as pl
import pytest
from openpyxl.utils import get_column_letter

import ptanalytics as pta
from ptanalytics.errors import InvalidTableError, RepairSheetError
from ptanalytics.study import create_study
from repair_workbooks import Workbook


def test_choices_are_offered_where_there_are_codes(workbook):
    rules = workbook.sheet("pain_scores").data_validations.dataValidation
    lists = {str(rule.sqref)[0]: rule.formula1 for rule in rules if rule.type == "list"}

    at = get_column_letter(workbook.place("pain_scores", "fix:Recall"))
    assert lists[at] == '"current,avg_24h,worst_24h,avg_7d,unknown"'


def test_the_faulty_cell_carries_its_reason_as_a_note(workbook):
    assert workbook.cell("pain_scores", 5, "fix:NRS").comment.text.startswith("pain_nprs must be at most 10")
    assert workbook.cell("pain_scores", 5, "fix:Date").comment is None


def test_a_study_without_rows_set_aside_gives_a_workbook_that_says_so(tmp_path):
    study = create_study(tmp_path / "b.study", timezone="Europe/London")

    written = pta.write_repair_sheet(study, tmp_path / "none.xlsx")

    assert written.empty
    assert Workbook(tmp_path / "none.xlsx").sheets == ["Read me first"]
    assert pta.read_repair_sheet(study, tmp_path / "none.xlsx", who="A. Lee").rows_read == 0


def test_rows_beyond_the_most_of_a_sheet_are_counted(study, tmp_path):
    written = pta.write_repair_sheet(study, tmp_path / "few.xlsx", max_rows=2)

    assert written[["rows", "rows_left_out"]].values.tolist() == [[2, 3]]
    assert "at most 2 rows" in written["why_left_out"].iloc[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"not a workbook", "not an .xlsx workbook", id="text"),
        pytest.param(b"", "not an .xlsx workbook", id="empty"),
        pytest.param(b"PK\x05\x06" + bytes(18), "damaged", id="empty archive"),
    ],
)
def test_what_is_no_workbook_is_refused(study, tmp_path, content, words):
    (tmp_path / "bad.xlsx").write_bytes(content)

    with pytest.raises(RepairSheetError, match=words):
        pta.read_repair_sheet(study, tmp_path / "bad.xlsx", who="A. Lee")


def test_a_workbook_of_somebody_elses_and_lost_columns_are_refused(study, workbook, tmp_path):
    openpyxl.Workbook().save(tmp_path / "own.xlsx")
    with pytest.raises(RepairSheetError, match="no sheet of it"):
        pta.read_repair_sheet(study, tmp_path / "own.xlsx", who="A. Lee")
    workbook.sheet("pain_scores").delete_cols(workbook.place("pain_scores", "#row"))
    workbook.save()
    with pytest.raises(RepairSheetError, match="columns are gone"):
        pta.read_repair_sheet(study, workbook.path, who="A. Lee")
    with pytest.raises(RepairSheetError, match="no such file"):
        pta.read_repair_sheet(study, tmp_path / "none.xlsx", who="A. Lee")


def test_somebody_must_be_named(study, workbook):
    with pytest.raises(RepairSheetError, match="nobody is named"):
        pta.read_repair_sheet(study, workbook.path, who="  ")


def test_only_studies_and_loaded_exports_have_rows_set_aside(study, tmp_path):
    with pytest.raises(InvalidTableError, match="takes a study"):
        pta.write_repair_sheet(pl.DataFrame(), tmp_path / "x.xlsx")
    with pytest.raises(InvalidTableError, match="Excel workbook"):
        pta.write_repair_sheet(study, tmp_path / "x.csv")


HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("x")',
    "@SUM(1)",
    "-2+3",
    "a\tb",
    "_x0041_",
    "'quoted",
    "é€漢 ",
    "{json}",
)


def test_hostile_texts_come_back_unchanged(tmp_path):
    texts = HOSTILE
    rows = [f'P{n},2026-01-05 18:00,"{text.replace(chr(34), chr(34) * 2)}"' for n, text in enumerate(texts)]
    lines = ["patient_id,recorded_at,pain_nprs", "A,2026-01-01 08:00,3", *rows]
    (tmp_path / "pain.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    study = create_study(tmp_path / "a.study", timezone="Europe/London")
    study.import_exports(tmp_path / "pain.csv")
    pta.write_repair_sheet(study, tmp_path / "fix.xlsx")

    untouched = pta.read_repair_sheet(study, tmp_path / "fix.xlsx", who="A. Lee")

    assert set(untouched.rows["outcome"]) == {"not_corrected"}
    book = Workbook(tmp_path / "fix.xlsx")
    for n in range(len(texts)):
        book.correct("pain_scores", 3 + n, "pain_nprs", str(n))
    book.save()
    assert pta.read_repair_sheet(study, book.path, who="A. Lee").rows_repaired == len(texts)
