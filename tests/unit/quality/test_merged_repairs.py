"""Rows of layouts that make one row of several: the sets of an exercise."""

import pytest

import ptanalytics as pta
from ptanalytics.study import create_study
from repair_workbooks import Workbook

HEAD = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE\n"


def a_set(day, exercise, number, weight, reps):
    return f'2026-01-{day:02d} 18:00:00,"Day",30m,"{exercise}",{number},{weight},{reps},0,0,"","",\n'


#: Rows 2 to 4 are one exercise of which every set is unreadable; of rows 5 and 6 one is used.
LINES = [
    a_set(5, "Squat", 1, "x", 10),
    a_set(5, "Squat", 2, "x", 8),
    a_set(5, "Squat", 3, "x", 6),
    a_set(5, "Plank", 1, 0, 10),
    a_set(5, "Plank", 2, 0, "x"),
]


@pytest.fixture
def study(tmp_path):
    file = tmp_path / "anna.csv"
    file.write_text(HEAD + "".join(LINES), encoding="utf-8")
    made = create_study(tmp_path / "a.study", timezone="Europe/London")
    made.import_exports(file)
    return made


@pytest.fixture
def book(study, tmp_path):
    written = pta.write_repair_sheet(study, tmp_path / "fix.xlsx")
    assert written[["rows", "rows_left_out"]].values.tolist() == [[4, 0]]
    return Workbook(tmp_path / "fix.xlsx")


def outcomes(repair):
    return dict(zip(repair.rows["row"], repair.rows["outcome"], strict=True))


def squats(study):
    sessions = study.table("sessions").query("exercise_id == 'squat'")
    return sessions[["sets", "reps", "load_kg"]].values.tolist()


def test_sets_that_are_corrected_together_become_one_row(study, book):
    for row, weight in ((2, "20"), (3, "22"), (4, "24")):
        book.correct("sessions", row, "Weight", weight)

    repair = pta.read_repair_sheet(study, book.save(), who="A. Lee")

    assert outcomes(repair) == {2: "repaired", 3: "repaired", 4: "repaired", 6: "not_corrected"}
    assert squats(study) == [[3.0, 8.0, 22.0]]
    assert sum(receipt.rows_used for receipt in repair.receipts) == 1


def test_reading_the_workbook_again_loads_nothing_twice_and_the_rows_are_not_offered_again(study, book, tmp_path):
    for row in (2, 3, 4):
        book.correct("sessions", row, "Weight", "20")
    book.save()
    pta.read_repair_sheet(study, book.path, who="A. Lee")

    again = pta.read_repair_sheet(study, book.path, who="A. Lee")

    assert (again.rows_already_repaired, again.rows_repaired, len(again.receipts)) == (3, 0, 0)
    assert pta.write_repair_sheet(study, tmp_path / "next.xlsx")["rows"].sum() == 1


def test_a_repair_of_sets_can_be_undone(study, book):
    book.correct("sessions", 2, "Weight", "20")
    repair = pta.read_repair_sheet(study, book.save(), who="A. Lee")
    study.undo_import(repair.receipts[0].number)
    assert squats(study) == []


def test_a_set_more_of_an_exercise_the_study_has_is_told_with_a_way_out(study, book):
    repair = pta.read_repair_sheet(study, book.correct("sessions", 6, "Reps", "12").save(), who="A. Lee")

    assert outcomes(repair)[6] == "still_wrong"
    assert repair.reasons["rule"].tolist() == ["merged_row"]
    assert "in a copy of the export with the same name" in repair.reasons["reason"].iloc[0]
    assert study.table("sessions").query("exercise_id == 'plank'")["sets"].tolist() == [1.0]


def test_the_way_out_works(study, tmp_path):
    folder = tmp_path / "corrected"
    folder.mkdir()
    (folder / "anna.csv").write_text(HEAD + "".join(LINES).replace("0,x,0,0", "0,12,0,0"), encoding="utf-8")

    receipt = study.import_exports(folder / "anna.csv")

    assert receipt.rows_changed == 2
    planks = study.table("sessions").query("exercise_id == 'plank'")
    assert planks[["sets", "reps"]].values.tolist() == [[2.0, 11.0]]


def test_the_sheet_says_of_each_row_that_it_is_one_of_several(book):
    for row in (2, 3, 4, 6):
        assert "one of several rows of the file" in book.cell("sessions", row, "#wrong").value


def test_a_set_that_stays_unreadable_is_no_part_of_the_row(tmp_path):
    first = a_set(5, "Squat", 1, 20, 10) + a_set(6, "Squat", 1, "x", 10)
    (tmp_path / "anna.csv").write_text(HEAD + first + a_set(6, "Squat", 2, "y", 12), encoding="utf-8")
    study = create_study(tmp_path / "a.study", timezone="Europe/London")
    study.import_exports(tmp_path / "anna.csv")
    pta.write_repair_sheet(study, tmp_path / "fix.xlsx")
    book = Workbook(tmp_path / "fix.xlsx")

    repair = pta.read_repair_sheet(study, book.correct("sessions", 3, "Weight", "20").save(), who="A. Lee")

    # As when the file was read: what cannot be used stays set aside.
    assert outcomes(repair) == {3: "repaired", 4: "not_corrected"}
    assert squats(study) == [[1.0, 10.0, 20.0], [1.0, 10.0, 20.0]]


def test_a_test_of_a_survey_is_no_answer_whatever_is_corrected_in_it(tmp_path):
    (tmp_path / "survey.csv").write_text(
        "StartDate,EndDate,Status,ResponseId,RecordedDate,PatientID,Date,NRS\n"
        "2026-01-05,2026-01-05,IP Address,R1,2026-01-05,A,2026-01-05,4\n"
        "2026-01-06,2026-01-06,Survey Preview,R2,2026-01-06,B,2026-01-06,44\n",
        encoding="utf-8",
    )
    study = create_study(tmp_path / "a.study", timezone="Europe/London")
    study.import_exports(tmp_path / "survey.csv")
    pta.write_repair_sheet(study, tmp_path / "fix.xlsx")
    book = Workbook(tmp_path / "fix.xlsx")

    repair = pta.read_repair_sheet(study, book.correct("pain_scores", 3, "NRS", "4").save(), who="A. Lee")

    assert outcomes(repair) == {3: "still_wrong"}
    assert repair.reasons["rule"].tolist() == ["test_response"]
