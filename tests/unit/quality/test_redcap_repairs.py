"""Rows set aside of REDCap exports, whose layout is made of the export itself."""

import pytest

import ptanalytics as pta
from ptanalytics.study import create_study
from repair_workbooks import Workbook

DAYS = ",".join(f"days___{n}" for n in range(1, 8))
EXPORT = f"""record_id,plan_version,exercise_id,valid_from_date,{DAYS},plan_complete
1,1,plank,2026-01-05,1,0,1,0,1,0,0,2
2,1,plank,2026-01-05,maybe,0,1,0,0,0,0,2
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "data.csv").write_text(EXPORT, encoding="utf-8")
    made = create_study(tmp_path / "a.study", timezone="Europe/London")
    made.import_exports(tmp_path / "data.csv")
    assert made.receipts()[0].rows_set_aside == 1
    return made


def test_without_its_layout_the_row_is_left_out_and_the_way_out_is_told(study, tmp_path):
    written = pta.write_repair_sheet(study, tmp_path / "fix.xlsx")

    assert written[["rows", "rows_left_out"]].values.tolist() == [[0, 1]]
    assert "ptanalytics layout FILE --study STUDY" in written["why_left_out"].iloc[0]


def test_the_way_out_works_and_boxes_are_corrected(study, tmp_path):
    (study.path / "layouts").mkdir(exist_ok=True)
    pta.suggest_layout(tmp_path / "data.csv").save(study.path / "layouts")
    pta.write_repair_sheet(study, tmp_path / "fix.xlsx")
    book = Workbook(tmp_path / "fix.xlsx")
    assert book.cell("plans", 3, "#wrong").value == "a box of weekdays is neither ticked nor not (1 or 0)"

    repair = pta.read_repair_sheet(study, book.correct("plans", 3, "days___1", "1").save(), who="A. Lee")

    assert repair.rows_repaired == 1
    assert study.table("plans").set_index("patient_id")["weekdays"].to_dict() == {"1": "mon,wed,fri", "2": "mon,wed"}
