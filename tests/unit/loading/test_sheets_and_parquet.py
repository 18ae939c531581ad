"""Workbooks and Parquet files go the same way as text."""

from datetime import UTC, date, datetime

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

import ptanalytics as pta
from ptanalytics.errors import EmptyExportError, UnreadableFileError


def load(path, **more):
    return pta.load_exports(path, timezone="Europe/London", **more)


def write_book(path, sheets, *, is_1904=False):
    book = openpyxl.Workbook()
    book.remove(book.active)
    if is_1904:
        book.epoch = CALENDAR_MAC_1904
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)


HEADINGS = ["Patient ID", "Date", "Pain level", "Flare"]


def test_dates_numbers_and_truth_values_of_a_sheet_are_read(tmp_path):
    path = tmp_path / "pain.xlsx"
    rows = [HEADINGS, ["P1", datetime(2026, 3, 4, 18, 30), 3, True], ["P1", date(2026, 3, 5), 3.5, False]]
    write_book(path, {"Pain": rows})
    scores = load(path).tables["pain_scores"]
    assert scores["recorded_at"].tolist() == [datetime(2026, 3, 4, 18, 30), datetime(2026, 3, 5)]
    assert scores["pain_nprs"].tolist() == [3.0, 3.5]
    assert scores["is_flare"].tolist() == [True, False]


@pytest.mark.parametrize(("is_1904", "day"), [(False, date(2023, 3, 15)), (True, date(2027, 3, 16))])
def test_bare_serial_numbers_count_from_the_workbooks_own_day_zero(tmp_path, is_1904, day):
    path = tmp_path / "pain.xlsx"
    write_book(path, {"Pain": [HEADINGS, ["P1", 45000, 3, None]]}, is_1904=is_1904)
    assert load(path).tables["pain_scores"]["recorded_at"].dt.date.tolist() == [day]


def test_each_sheet_is_a_source_and_rows_keep_their_sheets_numbers(tmp_path):
    path = tmp_path / "clinic.xlsx"
    pain = [["Clinic North"], [], HEADINGS, ["P1", "2026-03-04", 3, None], [], ["P1", "2026-03-05", "bad", None]]
    pauses = [["Patient", "From", "To", "Reason"], ["P1", "2026-03-01", "2026-03-03", "holiday"]]
    write_book(path, {"Pain": pain, "Breaks": pauses, "Notes": [["anything", "else"], ["x", "y"]]})
    loaded = load(path)
    by_file = {entry.file: entry for entry in loaded.receipt.files}
    entry = by_file["clinic.xlsx [Pain]"]
    assert (entry.rows_read, entry.rows_used, entry.rows_set_aside, entry.rows_ignored) == (6, 1, 1, 4)
    assert (entry.ignored_headings, entry.ignored_comments, entry.ignored_blank) == (1, 1, 2)
    assert loaded.quarantine.reasons["row"].tolist() == [6]
    assert loaded.tables["pauses"]["kind"].tolist() == ["holiday"]
    assert [skipped.file for skipped in loaded.receipt.skipped] == ["clinic.xlsx [Notes]"]


def test_text_that_looks_like_a_formula_stays_text(tmp_path):
    path = tmp_path / "pain.xlsx"
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False})
    sheet = book.add_worksheet()
    for at, row in enumerate([["Patient ID", "Date", "NRS", "Site"], ["=P1", "2026-03-04", 3, "+knee"]]):
        sheet.write_row(at, 0, row)
    book.close()
    assert load(path).tables["pain_scores"]["patient_id"].tolist() == ["=P1"]


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 not really a zip", b"patient_id,pain\n", b"\xd0\xcf\x11\xe0" + b"\x00" * 600]
)
def test_a_broken_protected_or_false_workbook_ends_in_one_sentence(tmp_path, content):
    path = tmp_path / "pain.xlsx"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match="not an Excel workbook"):
        load(path)


def test_a_workbook_without_rows_is_an_empty_export(tmp_path):
    path = tmp_path / "pain.xlsx"
    write_book(path, {"Pain": [HEADINGS], "More": []})
    with pytest.raises(EmptyExportError):
        load(path)


def test_a_sheet_without_headings_is_refused_without_showing_its_values(tmp_path):
    path = tmp_path / "pain.xlsx"
    write_book(path, {"Pain": [["P0001", "2026-03-04", 3], ["P0002", "2026-03-05", 4]]})
    with pytest.raises(UnreadableFileError, match="holds data") as error:
        load(path)
    assert "P0001" not in str(error.value)


def test_typed_parquet_reads_back_as_it_is(tmp_path):
    path = tmp_path / "sessions.parquet"
    frame = pl.DataFrame(
        {
            "patient_id": ["P1", "P2"],
            "session_id": [1, 2],
            "exercise_id": ["walk", "walk"],
            "started_at": [datetime(2026, 3, 4, 18, 30, 1, 500), datetime(2026, 3, 5)],
            "sets": [3, None],
            "completed_fraction": [0.1 + 0.2, float("nan")],
            "list": [[1], [2]],
        }
    )
    frame.write_parquet(path)
    loaded = load(path)
    sessions = loaded.tables["sessions"]
    assert sessions["started_at"].tolist() == frame["started_at"].to_list()
    assert sessions["completed_fraction"].tolist()[0] == 0.1 + 0.2
    assert sessions["completed_fraction"].isna().tolist() == [False, True]
    assert sessions["session_id"].tolist() == ["1", "2"]
    assert (loaded.receipt.rows_read, loaded.receipt.rows_ignored) == (2, 0)


def test_a_zoned_parquet_column_becomes_the_studys_local_time(tmp_path):
    path = tmp_path / "pain_scores.parquet"
    moments = pl.Series([datetime(2026, 7, 1, 20, tzinfo=UTC)]).dt.convert_time_zone("Asia/Tokyo")
    pl.DataFrame({"patient_id": ["P1"], "recorded_at": moments, "pain_nprs": [3]}).write_parquet(path)
    assert load(path).tables["pain_scores"]["recorded_at"].tolist() == [datetime(2026, 7, 1, 21)]


def test_parquet_with_text_columns_is_typed_like_a_csv(tmp_path):
    path = tmp_path / "pain_scores.parquet"
    pl.DataFrame({"Patient": ["P1", "P1"], "Date": ["25/03/2026", "04/03/2026"], "NRS": ["3,5", "x"]}).write_parquet(path)
    loaded = load(path)
    assert loaded.tables["pain_scores"]["pain_nprs"].tolist() == [3.5]
    assert loaded.quarantine.reasons["rule"].tolist() == ["not_a_number"]


def test_damaged_and_empty_parquet(tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(UnreadableFileError):
        load(path)
    pl.DataFrame({"patient_id": pl.Series([], dtype=pl.String)}).write_parquet(path)
    with pytest.raises(EmptyExportError):
        load(path)
