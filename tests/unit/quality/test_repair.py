"""Rows set aside, corrected in a workbook, read back: what joins the study, what does not, and what is remembered."""

import hashlib
import zipfile
from datetime import datetime

import openpyxl
import polars as pl

import ptanalytics as pta
from ptanalytics.loading.receipt import Receipt
from ptanalytics.study import create_study
from repair_workbooks import Workbook

NAME = "pain_diary.csv"


def adds_up(repair):
    parts = ("repaired", "duplicate", "still_wrong", "not_corrected", "already_repaired", "unknown")
    return repair.rows_read == sum(getattr(repair, f"rows_{name}") for name in parts)


def outcomes(repair):
    return dict(zip(repair.rows["row"], repair.rows["outcome"], strict=True))


def test_the_workbook_holds_every_row_set_aside_with_what_is_wrong(study, workbook):
    sheet = workbook.sheet("pain_scores")
    rows = [sheet.cell(line, workbook.place("pain_scores", "#row")).value for line in range(3, sheet.max_row + 1)]

    assert workbook.sheets[0] == "Read me first"
    assert rows == study.quarantine().rows["row"].tolist() == [5, 6, 7, 8, 9]
    assert workbook.cell("pain_scores", 5, "#wrong").value == "pain_nprs must be at most 10"


def test_corrected_rows_join_the_study_read_as_their_file_was_read(study, workbook):
    workbook.correct("pain_scores", 5, "NRS", "4,5").correct("pain_scores", 6, "Date", "03/02/2026 18:00").save()

    repair = pta.read_repair_sheet(study, workbook.path, who="A. Lee")

    assert outcomes(repair) == {5: "repaired", 6: "repaired", 7: "not_corrected", 8: "not_corrected", 9: "not_corrected"}
    assert adds_up(repair)
    pain = study.table("pain_scores")
    # The comma is the decimal mark and the day comes first, as in the whole file.
    assert pain.loc[pain["recorded_at"] == "2026-01-07 18:00", "pain_nprs"].tolist() == [4.5]
    assert (pain["recorded_at"] == "2026-02-03 18:00").sum() == 1
    assert [(r.rows_read, r.rows_used) for r in repair.receipts] == [(2, 2)]
    assert isinstance(repair.receipts[0], Receipt)


def test_a_number_that_excel_made_of_what_was_typed_is_read_as_a_number(study, workbook):
    workbook.correct("pain_scores", 5, "NRS", 4.5).save()

    repair = pta.read_repair_sheet(study, workbook.path, who="A. Lee")

    assert repair.rows_repaired == 1
    assert 4.5 in study.table("pain_scores")["pain_nprs"].tolist()


def test_a_day_that_excel_made_of_what_was_typed_is_that_day(study, workbook):
    workbook.correct("pain_scores", 6, "Date", datetime(2026, 3, 4, 18, 0)).save()

    pta.read_repair_sheet(study, workbook.path, who="A. Lee")

    assert (study.table("pain_scores")["recorded_at"] == "2026-03-04 18:00").sum() == 1


def test_a_row_still_wrong_comes_back_with_its_reason_and_without_its_value(study, workbook):
    workbook.correct("pain_scores", 5, "NRS", "4711").correct("pain_scores", 6, "Date", "SECRET").save()

    repair = pta.read_repair_sheet(study, workbook.path, who="A. Lee")

    assert (repair.rows_still_wrong, repair.rows_repaired) == (2, 0)
    assert repair.reasons[["row", "column", "rule"]].values.tolist() == [
        [5, "pain_nprs", "pain_nprs_maximum"],
        [6, "recorded_at", "not_a_time"],
    ]
    assert "4711" not in repair.reasons.to_string()
    assert "SECRET" not in repair.reasons.to_string()
    assert repair.receipts == ()
    assert adds_up(repair)


def test_reading_the_same_workbook_again_loads_nothing_twice(study, workbook):
    workbook.correct("pain_scores", 5, "NRS", "4").save()
    pta.read_repair_sheet(study, workbook.path, who="A. Lee")
    before = study.data_fingerprint

    again = pta.read_repair_sheet(study, workbook.path, who="A. Lee")

    assert (again.rows_already_repaired, again.rows_repaired) == (1, 0)
    assert study.data_fingerprint == before
    assert adds_up(again)


def test_a_repaired_row_is_not_offered_again(study, workbook, tmp_path):
    workbook.correct("pain_scores", 5, "NRS", "4").save()
    pta.read_repair_sheet(study, workbook.path, who="A. Lee")

    written = pta.write_repair_sheet(study, tmp_path / "next.xlsx")

    assert written["rows"].tolist() == [4]
    assert "pain_scores.pain_nprs_maximum" not in set(pta.check_data(study).problems["rule_id"])


def test_a_correction_the_study_has_already_is_a_duplicate(study, workbook):
    workbook.correct("pain_scores", 5, "NRS", "4").correct("pain_scores", 5, "Date", "06/01/2026 18:00").save()

    repair = pta.read_repair_sheet(study, workbook.path, who="A. Lee")

    assert (repair.rows_duplicate, repair.rows_repaired) == (1, 0)
    assert study.n_rows("pain_scores") == 3


def test_two_lines_corrected_to_the_same_are_one_row(study, workbook):
    for row in (5, 9):
        workbook.correct("pain_scores", row, "NRS", "2").correct("pain_scores", row, "Date", "20/01/2026 18:00")
        workbook.correct("pain_scores", row, "Recall", "current")
    workbook.save()

    repair = pta.read_repair_sheet(study, workbook.path, who="A. Lee")

    assert outcomes(repair)[5] == "repaired"
    assert outcomes(repair)[9] == "duplicate"


def test_a_correction_never_replaces_a_row_of_the_study(tmp_path):
    file = tmp_path / "sessions.csv"
    head = "patient_id,session_id,exercise_id,started_at,reps\n"
    file.write_text(f"{head}A,1,bridge,2026-01-05 18:00,10\nA,1,bridge,2026-01-05 18:00,12\n", encoding="utf-8")
    study = create_study(tmp_path / "a.study", timezone="Europe/London")
    study.import_exports(file)
    pta.write_repair_sheet(study, tmp_path / "fix.xlsx")
    Workbook(tmp_path / "fix.xlsx").correct("sessions", 3, "reps", "11").save()

    repair = pta.read_repair_sheet(study, tmp_path / "fix.xlsx", who="A. Lee")

    assert repair.rows_still_wrong == 1
    assert repair.reasons["rule"].tolist() == ["conflicting_key"]
    assert study.table("sessions")["reps"].tolist() == [10.0]


def test_a_formula_is_neither_computed_nor_loaded(study, workbook):
    workbook.correct("pain_scores", 5, "NRS", "=2+2").save()

    repair = pta.read_repair_sheet(study, workbook.path, who="A. Lee")

    assert outcomes(repair)[5] == "still_wrong"
    assert repair.reasons["rule"].tolist() == ["formula"]


def test_text_of_a_file_never_becomes_a_formula(workbook):
    for key in ("fix:NRS", "orig:NRS"):
        assert workbook.cell("pain_scores", 8, key).value == "=1+1"
    with zipfile.ZipFile(workbook.path) as book:
        sheets = [book.read(name) for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    assert not any(b"<f>" in sheet for sheet in sheets)


def test_leaving_a_text_that_looks_like_a_formula_is_no_correction(study, workbook):
    repair = pta.read_repair_sheet(study, workbook.path, who="A. Lee")

    assert outcomes(repair)[8] == "not_corrected"


def test_who_when_and_what_is_kept_in_the_study(study, workbook):
    workbook.correct("pain_scores", 5, "NRS", "4").correct("pain_scores", 7, "NRS", "99").save()
    pta.read_repair_sheet(study, workbook.path, who=" A. Lee ")

    ledger = pl.from_pandas(pta.repair_ledger(study))

    kept = ledger.select("who", "workbook", "file", "row", "outcome", "heading", "old_text", "new_text").rows()
    assert kept == [
        ("A. Lee", "fix.xlsx", NAME, 5, "repaired", "NRS", "44", "4"),
        ("A. Lee", "fix.xlsx", NAME, 7, "still_wrong", "NRS", "6", "99"),
    ]
    assert ledger["old_reasons"][0] == "pain_nprs_maximum: pain_nprs must be at most 10"
    assert ledger["workbook_sha256"][0] == hashlib.sha256(workbook.path.read_bytes()).hexdigest()
    assert ledger["repaired_at"].null_count() == 0


def test_the_export_files_are_never_changed(study, exports, workbook):
    before = (exports / NAME).read_bytes()
    workbook.correct("pain_scores", 5, "NRS", "4").save()
    pta.read_repair_sheet(study, workbook.path, who="A. Lee")

    assert (exports / NAME).read_bytes() == before


def test_the_quarantine_still_shows_what_the_file_said(study, workbook):
    before = study.quarantine().rows
    workbook.correct("pain_scores", 5, "NRS", "4").save()
    pta.read_repair_sheet(study, workbook.path, who="A. Lee")

    assert study.quarantine().rows.equals(before)


def test_importing_the_file_again_after_a_repair_changes_nothing(study, exports, workbook):
    workbook.correct("pain_scores", 5, "NRS", "4").save()
    pta.read_repair_sheet(study, workbook.path, who="A. Lee")
    before = study.data_fingerprint

    study.import_exports(exports)

    assert study.data_fingerprint == before


def test_a_repair_that_was_undone_can_be_read_again(study, workbook):
    workbook.correct("pain_scores", 5, "NRS", "4").save()
    first = pta.read_repair_sheet(study, workbook.path, who="A. Lee")
    before = study.data_fingerprint
    study.undo_import(first.receipts[0].number)
    assert study.n_rows("pain_scores") == 3

    again = pta.read_repair_sheet(study, workbook.path, who="A. Lee")

    assert again.rows_repaired == 1
    assert study.data_fingerprint == before


def test_the_ledger_keeps_an_undone_repair_and_says_what_took_it_back(study, workbook):
    workbook.correct("pain_scores", 5, "NRS", "4").correct("pain_scores", 7, "NRS", "99").save()
    first = pta.read_repair_sheet(study, workbook.path, who="A. Lee")
    columns = ["row", "outcome", "stands", "undone_by"]
    assert rows_of(pta.repair_ledger(study), columns) == [(5, "repaired", True, None), (7, "still_wrong", None, None)]

    undo = study.undo_import(first.receipts[0].number)
    pta.read_repair_sheet(study, workbook.path, who="A. Lee")

    assert rows_of(pta.repair_ledger(study), columns) == [
        (5, "repaired", False, undo.number),
        (7, "still_wrong", None, None),
        (5, "repaired", True, None),
        (7, "still_wrong", None, None),
    ]


def test_a_study_without_repairs_has_an_empty_ledger(study):
    assert pta.repair_ledger(study).empty


def rows_of(table, columns):
    return pl.from_pandas(table).select(columns).rows()


def test_rows_of_an_import_that_was_undone_are_not_offered(study, workbook, exports, tmp_path):
    study.undo_import()

    assert pta.write_repair_sheet(study, tmp_path / "none.xlsx").empty
    assert set(pta.check_data(study).rules["status"]) == {"not_applicable"}


def test_changed_grey_columns_make_the_row_unknown(study, workbook):
    workbook.cell("pain_scores", 5, "orig:NRS").value = "7"
    workbook.correct("pain_scores", 5, "NRS", "4").save()

    assert outcomes(pta.read_repair_sheet(study, workbook.path, who="A. Lee"))[5] == "unknown"
    assert study.n_rows("pain_scores") == 3


def test_a_workbook_of_another_study_loads_nothing(workbook, tmp_path):
    other = create_study(tmp_path / "other.study", timezone="Europe/London")
    workbook.correct("pain_scores", 5, "NRS", "4").save()

    repair = pta.read_repair_sheet(other, workbook.path, who="A. Lee")

    assert (repair.rows_unknown, repair.rows_read) == (5, 5)
    assert other.n_rows("pain_scores") == 0


def test_columns_and_lines_may_be_moved_and_lines_deleted(study, workbook):
    sheet = workbook.sheet("pain_scores")
    workbook.correct("pain_scores", 9, "Recall", "current")
    values = [[cell.value for cell in row] for row in sheet.iter_rows()]
    reordered = [row[::-1] for row in [*values[:2], *values[2:][::-1][:2]]]
    sheet.delete_rows(1, sheet.max_row)
    for row in reordered:
        sheet.append(row)
    workbook.save()

    repair = pta.read_repair_sheet(study, workbook.path, who="A. Lee")

    assert outcomes(repair) == {9: "repaired", 8: "not_corrected"}


def test_a_workbook_written_from_loaded_exports_fits_the_study_they_go_into(study, exports, tmp_path):
    loaded = pta.load_exports(exports, timezone="Europe/London")
    written = pta.write_repair_sheet(loaded, tmp_path / "loaded.xlsx")
    Workbook(tmp_path / "loaded.xlsx").correct("pain_scores", 5, "NRS", "4").save()

    repair = pta.read_repair_sheet(study, tmp_path / "loaded.xlsx", who="A. Lee")

    assert written["rows"].tolist() == [5]
    assert outcomes(repair)[5] == "repaired"


def test_serial_days_of_an_old_workbook_stay_the_days_they_were(tmp_path):
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append(["patient_id", "recorded_at", "pain_nprs"])
    book.active.append(["A", "44566", 3])
    book.active.append(["A", "44567", 44])
    book.save(tmp_path / "pain_scores.xlsx")
    study = create_study(tmp_path / "b.study", timezone="Europe/London")
    study.import_exports(tmp_path / "pain_scores.xlsx")
    pta.write_repair_sheet(study, tmp_path / "fix.xlsx")
    Workbook(tmp_path / "fix.xlsx").correct("pain_scores", 3, "pain_nprs", "4").save()

    assert pta.read_repair_sheet(study, tmp_path / "fix.xlsx", who="A. Lee").rows_repaired == 1
    # 1904-01-01 plus 44 566 days.
    assert study.table("pain_scores")["recorded_at"].dt.date.astype(str).tolist() == ["2026-01-06", "2026-01-07"]
