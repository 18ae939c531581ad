"""Rows of wide files, where one line is several rows of a table."""

import pytest

import ptanalytics as pta
from ptanalytics.study import create_study
from repair_workbooks import Workbook

LAYOUT = """
id = "wide_odi"
description = "One line per form, one column per item."

[[tables]]
table = "responses"
columns = {patient_id = "Patient", response_id = "Form", completed_at = "Date"}
constants = {instrument_id = "odi"}
spread = {name = "item_id", value = "answer", columns = {odi_1 = "Q1", odi_2 = "Q2"}}
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "wide.toml").write_text(LAYOUT, encoding="utf-8")
    lines = ["Patient,Form,Date,Q1,Q2", "A,1,2026-01-05,2,3", "B,2,2026-01-06,x,y", "C,3,2026-01-07,1,z"]
    (tmp_path / "odi.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    made = create_study(tmp_path / "a.study", timezone="Europe/London")
    (made.path / "layouts").mkdir(exist_ok=True)
    (made.path / "layouts" / "wide_odi.toml").write_text(LAYOUT, encoding="utf-8")
    made.import_exports(tmp_path / "odi.csv", layout=tmp_path / "wide.toml")
    return made


def test_each_wrong_answer_of_a_line_is_corrected_by_itself(study, tmp_path):
    n_before = study.n_rows("responses")
    n_set_aside = len(study.quarantine())
    written = pta.write_repair_sheet(study, tmp_path / "fix.xlsx")
    assert (written["rows"].sum(), written["rows_left_out"].sum()) == (n_set_aside, 0)
    book = Workbook(tmp_path / "fix.xlsx")
    sheet = book.sheet("responses")
    q2 = book.place("responses", "fix:Q2")
    for line in range(3, sheet.max_row + 1):
        # The line about the other answer shows this one too, locked.
        if sheet.cell(line, q2).value in ("y", "z") and not sheet.cell(line, q2).protection.locked:
            sheet.cell(line, q2).value = "4"
    book.save()

    repair = pta.read_repair_sheet(study, book.path, who="A. Lee")

    assert (repair.rows_repaired, repair.rows_not_corrected) == (2, n_set_aside - 2)
    assert study.n_rows("responses") == n_before + 2
    kept = study.table("responses").query("item_id == 'odi_2'")[["patient_id", "answer"]].values.tolist()
    assert kept == [["A", 3.0], ["B", 4.0], ["C", 4.0]]
    again = pta.write_repair_sheet(study, tmp_path / "next.xlsx")
    assert again["rows"].sum() == n_set_aside - 2


def test_without_its_layout_the_rows_are_left_out_and_say_so(study, tmp_path):
    (study.path / "layouts" / "wide_odi.toml").unlink()

    written = pta.write_repair_sheet(study, tmp_path / "fix.xlsx")

    assert written["rows"].sum() == 0
    assert "layout it was read with is not here" in written["why_left_out"].iloc[0]
