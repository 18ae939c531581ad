"""Every defect planted in the messy sample ends where its list says, or is found by its rule."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

import ptanalytics as pta
from ptanalytics.study import create_study
from quality_frames import CUTOFF
from repair_workbooks import Workbook

SAMPLES = Path(__file__).parents[3] / "data" / "samples"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    made = create_study(tmp_path_factory.mktemp("defects") / "messy.study", timezone="Europe/London")
    made.import_exports(SAMPLES / "messy")
    return made


@pytest.fixture(scope="module")
def defects():
    return pd.read_csv(SAMPLES / "defects.csv", keep_default_na=False)


@pytest.fixture(scope="module")
def check(study):
    return pta.check_data(study, cutoff_date=CUTOFF)


def test_each_row_to_be_set_aside_is_counted_by_a_rule_of_its_table(study, defects, check):
    planted = defects[defects["expected"] == "set_aside"]
    reasons = study.quarantine().reasons
    explained = set(zip(reasons["file"], reasons["row"], strict=True))

    assert set(zip(planted["file"], planted["row"].astype(int), strict=True)) == explained
    errors = check.problems[check.problems["severity"] == "error"]
    # Every reason of every row is counted once, by the rule of its table and column.
    assert errors["n_found"].sum() == len(reasons)


def test_the_answer_outside_the_items_range_is_found_by_its_rule(defects, check):
    planted = defects[defects["kind"] == "answer outside the item's range"]
    found = check.rows("responses_out_of_range")

    assert len(found) == len(planted) == 1
    # It was put into a copy of a form that the patient completed on the same day.
    assert found["response_id"].iloc[0] in set(check.rows("forms_repeated")["response_id"])


def test_rows_that_end_as_used_or_duplicate_break_no_rule_of_cells(study, defects):
    fine = defects[defects["expected"].isin(["used", "duplicate"]) & (defects["row"] != "")]
    reasons = study.quarantine().reasons
    explained = set(zip(reasons["file"], reasons["row"], strict=True))

    assert not set(zip(fine["file"], fine["row"].astype(int), strict=True)) & explained


@pytest.mark.parametrize(
    ("kind", "rule", "sheet", "heading", "value"),
    [
        pytest.param("pain above 10", "pain_nprs_maximum", "pain_scores", "NRS", "5", id="pain"),
        pytest.param("negative minutes", "duration_min_minimum", "sessions 1", "Minutes", "12,5", id="decimal comma"),
    ],
)
def test_rows_corrected_in_the_workbook_join_the_study(study, tmp_path, kind, rule, sheet, heading, value):
    shutil.copytree(study.path, tmp_path / "copy.study")
    copy = pta.open_study(tmp_path / "copy.study")
    reasons = copy.quarantine().reasons
    of_kind = reasons[(reasons["rule"] == rule) & ~reasons["file"].str.contains("xlsx")]
    pta.write_repair_sheet(copy, tmp_path / "fix.xlsx")
    book = Workbook(tmp_path / "fix.xlsx")
    for row in of_kind["row"]:
        book.correct(sheet, row, heading, value)
    book.save()

    repair = pta.read_repair_sheet(copy, book.path, who="A. Lee")

    assert kind in set(pd.read_csv(SAMPLES / "defects.csv")["kind"])
    assert repair.rows_repaired + repair.rows_duplicate + repair.rows_still_wrong == len(of_kind)
    # The planted rows are copies of good ones: corrected, some say again, or against, what a row of the study says.
    assert set(repair.reasons["rule"]) <= {"conflicting_key"}
    assert repair.rows_repaired or repair.rows_still_wrong


def test_the_workbook_of_the_messy_sample_holds_all_rows_set_aside(study, tmp_path):
    written = pta.write_repair_sheet(study, tmp_path / "fix.xlsx")

    assert written["rows"].sum() == len(study.quarantine()) == 69
    assert written["rows_left_out"].sum() == 0
