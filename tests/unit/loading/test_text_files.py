"""How text files are written: marks, encodings, delimiters, preambles, blank, ragged and quoted lines."""

import csv
import hashlib

import pytest

from ptanalytics.errors import EmptyExportError, UnreadableFileError
from ptanalytics.loading.layouts import TextForm
from ptanalytics.loading.names import known_headings
from ptanalytics.loading.readers import FAULT, ROW, read_text_tables

HEADINGS = ("patient_id", "recorded_at", "pain_nprs")
ROWS = [("P1", "2026-03-04", "3"), ("P2", "2026-03-05", "4.5")]


def read(path, **form):
    tables, fingerprint = read_text_tables(path, known_headings(), TextForm(**form))
    assert fingerprint == hashlib.sha256(path.read_bytes()).hexdigest()
    assert len(tables) == 1
    return tables[0]


def rows_of(table):
    return table.frame.select(table.headings).collect().rows()


def text(delimiter=",", end="\n"):
    return end.join(delimiter.join(line) for line in (HEADINGS, *ROWS)) + end


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_every_way_of_writing_gives_the_same_rows(tmp_path, delimiter, end, encoding):
    path = tmp_path / "pain.csv"
    path.write_bytes(text(delimiter, end).encode(encoding))
    table = read(path)
    assert table.headings == HEADINGS
    assert rows_of(table) == ROWS
    assert table.frame.select(ROW).collect()[ROW].to_list() == [2, 3]
    assert (table.n_rows, table.n_headings, table.n_comments, table.n_blank) == (2, 1, 0, 0)


def test_windows_letters_far_below_the_first_page_are_read(tmp_path):
    path = tmp_path / "pain.csv"
    lines = ["patient_id,recorded_at,pain_nprs,note"] + ["P1,2026-03-04,3,plain"] * 20_000 + ["P2,2026-03-05,4,Rücken"]
    path.write_bytes("\n".join(lines).encode("cp1252"))
    table = read(path)
    assert table.n_rows == 20_001
    assert table.frame.collect()["note"][-1] == "Rücken"


def test_a_file_without_a_last_line_end_loses_nothing(tmp_path):
    path = tmp_path / "pain.csv"
    path.write_text(text().rstrip("\n"), encoding="utf-8")
    assert rows_of(read(path)) == ROWS


def test_lines_above_the_headings_are_counted(tmp_path):
    path = tmp_path / "pain.csv"
    path.write_text("Export of clinic North\n\n# times are local\n" + text(";"), encoding="utf-8")
    table = read(path)
    assert rows_of(table) == ROWS
    assert (table.n_headings, table.n_comments, table.n_blank) == (1, 2, 1)
    assert table.frame.select(ROW).collect()[ROW].to_list() == [5, 6]


@pytest.mark.parametrize("blank", ["\n", "\r\n", ",,\n", ",,\r\n"])
def test_blank_lines_are_counted_and_row_numbers_stay_those_of_the_file(tmp_path, blank):
    path = tmp_path / "pain.csv"
    head, first, second = text().splitlines(keepends=True)
    path.write_bytes((head + blank + first + blank + blank + second + blank).encode())
    table = read(path)
    assert rows_of(table) == ROWS
    assert table.frame.select(ROW).collect()[ROW].to_list() == [3, 6]
    assert (table.n_rows, table.n_blank) == (2, 4)


def test_a_row_of_empty_quotes_is_no_blank_line_lost(tmp_path):
    path = tmp_path / "pain.csv"
    path.write_text('patient_id,recorded_at,pain_nprs\n"","",""\nP1,2026-03-04,3\n', encoding="utf-8")
    table = read(path)
    assert table.frame.collect().height == table.n_rows
    assert table.n_rows + table.n_blank == 2


def test_quoted_cells_hold_delimiters_quotes_and_line_ends(tmp_path):
    path = tmp_path / "pain.csv"
    path.write_text(
        'patient_id,recorded_at,note\n"P, 1",2026-03-04,"said ""ow""\nand left"\nP2,2026-03-05,x\n', encoding="utf-8"
    )
    table = read(path)
    assert rows_of(table) == [("P, 1", "2026-03-04", 'said "ow"\nand left'), ("P2", "2026-03-05", "x")]
    assert table.frame.select(ROW).collect()[ROW].to_list() == [2, 4]
    assert (table.n_rows, table.n_continued) == (2, 1)


def test_quotes_without_line_ends_still_stream(tmp_path):
    path = tmp_path / "pain.csv"
    path.write_text('patient_id,recorded_at,note\n"P, 1","2026-03-04","a ""b"""\n', encoding="utf-8")
    table = read(path)
    assert rows_of(table) == [("P, 1", "2026-03-04", 'a "b"')]
    assert FAULT not in table.frame.collect_schema()


@pytest.mark.parametrize("cell", ['"a"b', 'x "q" y', '5""', '"""a,"b', ',",b'])
def test_quotation_marks_out_of_place_are_read_as_the_csv_module_does(tmp_path, cell):
    path = tmp_path / "pain.csv"
    content = f"patient_id,recorded_at,note\nP1,2026-03-04,{cell}\nP2,2026-03-05,x\n"
    path.write_text(content, encoding="utf-8")
    expected = list(csv.reader(content.splitlines()))[1:]
    try:
        table = read(path)
    except UnreadableFileError:
        pytest.fail("a mark out of place is no reason to refuse a file")
    assert [[cell or "" for cell in row] for row in rows_of(table)] == [row[:3] for row in expected]


def test_an_inch_sign_inside_a_cell_is_a_sign(tmp_path):
    path = tmp_path / "pain.csv"
    path.write_text('patient_id,recorded_at,note\nP1,2026-03-04,5" foam\nP2,2026-03-05,x\n', encoding="utf-8")
    assert rows_of(read(path))[0][2] == '5" foam'


def test_ragged_lines_are_marked_and_empty_extra_fields_are_harmless(tmp_path):
    path = tmp_path / "pain.csv"
    path.write_text(text() + "P3,2026-03-06\nP4,2026-03-07,5,,\nP5,2026-03-08,6,x\n", encoding="utf-8")
    table = read(path)
    found = table.frame.select(ROW, FAULT).collect()
    assert found.rows() == [(2, None), (3, None), (4, "too_few_fields"), (5, None), (6, "too_many_fields")]


def test_as_many_delimiters_too_few_as_too_many_do_not_cancel_out(tmp_path):
    path = tmp_path / "pain.csv"
    path.write_text(text() + "P3,2026-03-06\nP5,2026-03-08,6,x\n", encoding="utf-8")
    assert read(path).has_faults


def test_below_the_headings_a_comment_sign_may_begin_an_id(tmp_path):
    path = tmp_path / "pain.csv"
    path.write_text(text() + "# synchronised\n#4,2026-03-08,6\n", encoding="utf-8")
    table = read(path)
    assert table.n_comments == 0
    assert table.frame.select(FAULT).collect()[FAULT].to_list() == [None, None, "too_few_fields", None]
    assert rows_of(table)[-1] == ("#4", "2026-03-08", "6")


def test_a_layout_names_comment_sign_lines_to_skip_delimiter_and_encoding(tmp_path):
    path = tmp_path / "pain.csv"
    path.write_bytes(("patient_id,x\n" + text(";") + "%;end;1\n").encode("latin-1"))
    table = read(path, comment_prefix="%", skip_lines=1, delimiter=";", encoding="latin-1")
    assert rows_of(table) == ROWS
    assert (table.n_headings, table.n_comments) == (1, 2)


def test_headings_are_made_unique_and_never_ours(tmp_path):
    path = tmp_path / "pain.csv"
    path.write_text("patient_id,row,note,note,\nP1,1,a,b,c\n", encoding="utf-8")
    assert read(path).headings == ("patient_id", "row (file)", "note", "note (4)", "column 5")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"PK\x03\x04rest", "zip file or Excel"),
        (b"PAR1rest", "Parquet"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8brest", "gzip"),
        (b"\x00\x01\x02\x03\x04\x05\xff\xfe\x00" * 20, "binary data"),
        (b"\x01\x02\x03\x04\x05 patient_id,pain\n" * 5, "binary data"),
        (b"P0001,2026-01-05,7\nP0002,2026-01-06,3\n", "first line holds data"),
        (b'patient_id,pain\nP1,"' + b"x" * 200_000, "never closed"),
        (b"\xff\xfep\x00a\x00\n\x00\x00\xd8x\x00", "is not text in utf-16"),
    ],
)
def test_what_is_not_a_text_table_ends_in_one_sentence(tmp_path, content, found):
    path = tmp_path / "pain.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=found) as error:
        read(path)
    assert "P0001" not in str(error.value)


@pytest.mark.parametrize(
    "content", ["", "\n\n", "patient_id,recorded_at,pain_nprs\n", "patient_id,recorded_at,pain_nprs\n\n,,\n"]
)
def test_nothing_below_the_headings_is_an_empty_export(tmp_path, content):
    path = tmp_path / "pain.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(EmptyExportError):
        read(path)


def test_a_regular_file_is_not_read_into_memory(tmp_path):
    path = tmp_path / "pain.csv"
    path.write_text(text(), encoding="utf-8")
    assert "CSV" in read(path).frame.explain().upper()


def test_a_line_with_a_single_word_is_no_blank_line(tmp_path):
    path = tmp_path / "pain.csv"
    path.write_text(text() + "P3\n", encoding="utf-8")
    table = read(path)
    assert (table.n_rows, table.n_blank) == (3, 0)
    assert table.frame.collect()[FAULT].to_list() == [None, None, "too_few_fields"]
