"""The messy exports hold what the list of defects says, where it says; read here without the loader."""

import csv

import openpyxl
import pandas as pd
import pytest

TEXT_FORMS = {
    "north_sessions.csv": (";", "utf-8-sig"),
    "pain_diary.tsv": ("\t", "utf-8"),
    "questionnaires.csv": (",", "utf-8"),
    "patient_list.csv": (",", "utf-8-sig"),
    "exercise_plans.csv": (";", "utf-8"),
    "red_flags.csv": (",", "utf-8"),
}
TABLES = {
    "north_sessions.csv": "sessions",
    "pain_diary.tsv": "pain_scores",
    "questionnaires.csv": "responses",
    "patient_list.csv": "patients",
    "exercise_plans.csv": "plans",
    "red_flags.csv": "flags",
}


@pytest.fixture(scope="module")
def defects(clinic):
    return pd.read_csv(clinic.folder / "defects.csv", keep_default_na=False)


@pytest.fixture(scope="module")
def lines(clinic):
    """Cells of every physical line of every text file, and rows of the sheet with sessions."""
    found = {}
    for name, (delimiter, encoding) in TEXT_FORMS.items():
        text = (clinic.messy / name).read_bytes().decode(encoding)
        found[name] = [next(csv.reader([line], delimiter=delimiter), []) for line in text.splitlines()]
    sheet = openpyxl.load_workbook(clinic.messy / "south_clinic.xlsx")["Log"]
    found["south_clinic.xlsx [Log]"] = [["" if cell is None else str(cell) for cell in row] for row in sheet.values]
    return found


def heading_at(rows):
    return next(number for number, row in enumerate(rows) if len(row) >= 5)


def test_the_list_of_defects_is_what_the_run_returned(clinic, defects):
    returned = [(d.file, "" if d.row is None else str(d.row), d.column, d.kind, d.expected) for d in clinic.defects]

    assert list(defects.itertuples(index=False, name=None)) == returned
    assert set(defects["expected"]) == {"set_aside", "duplicate", "used", "ignored", "dropped", "refused"}
    assert len(defects) > 130


def test_the_kinds_of_trouble_of_real_exports_are_there(defects):
    kinds = set(defects["kind"])

    assert {
        "pain above 10",
        "negative minutes",
        "unreadable date",
        "day that does not exist",
        "missing patient id",
        "same key, other content",
        "row exported twice",
        "rating written as x/10",
        "identifying column",
        "unknown column",
        "comment line",
        "blank line",
        "line above the headings",
        "row cut short",
        "stray separator",
    } <= kinds


def test_spoiled_cells_stand_where_the_list_says(lines, defects):
    seen = 0
    for defect in defects.itertuples():
        rows = lines[defect.file]
        heading = rows[heading_at(rows)]
        if defect.row == "":
            assert defect.column in heading
            continue
        row = rows[int(defect.row) - 1]
        if defect.kind in ("row cut short", "stray separator"):
            assert len(row) != len(heading)
        elif defect.expected == "ignored" or defect.kind == "comment among the rows":
            assert len(row) < 3
        elif defect.kind == "rating written as x/10":
            assert row[heading.index(defect.column)].endswith("/10")
        elif defect.kind == "pain above 10":
            assert float(row[heading.index(defect.column)]) > 10
        elif defect.kind.startswith("negative"):
            assert float(row[heading.index(defect.column)]) < 0
        elif defect.kind.startswith("missing"):
            assert row[heading.index(defect.column)] == ""
        elif defect.kind == "row exported twice":
            assert row in rows[: int(defect.row) - 1]
        elif defect.kind == "same key, other content":
            assert row not in rows[: int(defect.row) - 1]
        else:
            continue
        seen += 1
    assert seen > 90


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_fact_has_its_row_and_spoiled_rows_come_on_top(clinic, lines, defects, name):
    of_file = defects[(defects["file"] == name) & (defects["row"] != "")]
    n_inserted = int((~of_file["expected"].isin(["ignored", "used"])).sum())
    n_inserted += int((of_file["kind"] == "answer outside the item's range").sum())
    n_ignored = int((of_file["expected"] == "ignored").sum())
    facts = clinic.facts.tables[TABLES[name]]
    if name == "north_sessions.csv":
        north = clinic.facts.tables["patients"].filter(site="north")["patient_id"]
        facts = facts.filter(facts["patient_id"].is_in(north.implode()))

    assert len(lines[name]) == 1 + len(facts) + n_inserted + n_ignored


def test_files_are_written_as_their_programs_would(clinic):
    raw = {name: (clinic.messy / name).read_bytes() for name in TEXT_FORMS}

    assert raw["north_sessions.csv"].startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in raw["north_sessions.csv"]
    assert b"0,86;" in raw["north_sessions.csv"]
    assert raw["pain_diary.tsv"].startswith(b"#")
    assert b"Z\t" in raw["pain_diary.tsv"]
    assert b",NA\n" in raw["questionnaires.csv"]
    assert b"Mon, Wed, Fri" in raw["exercise_plans.csv"] or b"Tue, Thu, Sat" in raw["exercise_plans.csv"]


def test_summer_times_are_written_an_hour_earlier_in_utc(clinic, lines):
    # 2026-06-28 21:04 in London is 20:04 UTC; a winter evening is the same in both.
    facts = clinic.facts.tables["pain_scores"]
    summer = facts.filter(facts["recorded_at"].dt.month() == 6).row(0, named=True)
    winter = facts.filter(facts["recorded_at"].dt.month() == 2).row(0, named=True)
    written = {(row[0], row[1]) for row in lines["pain_diary.tsv"] if len(row) > 2}

    assert (
        summer["patient_id"],
        f"{summer['recorded_at'].replace(hour=summer['recorded_at'].hour - 1).isoformat()}Z",
    ) in written
    assert (winter["patient_id"], f"{winter['recorded_at'].isoformat()}Z") in written


def test_the_workbook_holds_bare_serial_numbers(clinic):
    book = openpyxl.load_workbook(clinic.messy / "south_clinic.xlsx")
    started = book["Log"].cell(row=2, column=4)

    assert book.sheetnames == ["Log", "Breaks"]
    assert isinstance(started.value, float)
    assert started.number_format == "General"
    # Excel counts 2026-01-01 as day 46023 (day 1 is 1900-01-01, with the leap day 1900 that never was).
    assert 46023 <= started.value < 46023 + 365


def test_names_and_numbers_of_people_are_plainly_invented(lines):
    rows = lines["patient_list.csv"]
    heading = rows[0]

    assert all(row[heading.index("Full name")].startswith("Test Person ") for row in rows[1:])
    assert all(row[heading.index("E-mail")].endswith("@clinic.invalid") for row in rows[1:])
    # 01632 960xxx is the range kept free for fiction.
    assert all(row[heading.index("Mobile phone")].startswith("01632 960") for row in rows[1:])
