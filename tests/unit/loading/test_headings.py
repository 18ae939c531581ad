"""Headings in several rows, under merged cells, after a preamble and with label rows; how a file is written is said."""

import datetime as dt
import zipfile

import openpyxl
import pytest

import ptanalytics as pta
from ptanalytics.loading.names import known_headings
from ptanalytics.loading.readers.excel import is_1904_stream
from ptanalytics.loading.readers.text_table import heading_block


def load(path, **options):
    return pta.load_exports(path, timezone="Europe/London", **options)


class TestHeadingBlock:
    def block(self, *records, **wanted):
        return heading_block(records, known_headings(), **wanted)

    def test_one_row_is_the_rule(self):
        found = self.block(["Patient", "Date", "Pain"], ["A", "2026-01-05", "3"])
        assert (found.names, found.first, found.end) == (("Patient", "Date", "Pain"), 0, 1)

    def test_a_second_row_under_a_merged_cell_completes_it(self):
        found = self.block(["Patient", "Pain", ""], ["", "before", "after"], ["A", "3", "4"])
        assert (found.names, found.n_rows) == (("Patient", "Pain before", "Pain after"), 2)

    def test_a_row_with_a_number_is_data_whatever_is_blank(self):
        assert self.block(["Patient", "", "Pain"], ["A", "x", "3"]).n_rows == 1

    def test_a_layout_may_say_how_many_rows_the_headings_take(self):
        found = self.block(["Group", "", ""], ["A1", "A2", "B"], ["1", "2", "3"], heading_rows=2)
        assert found.names == ("Group A1", "Group A2", "Group B")

    def test_the_label_rows_of_qualtrics_are_recognised_by_their_import_ids(self):
        found = self.block(
            ["PID", "Q1"], ["Who are you?", "How bad?"], ['{"ImportId":"a"}', '{"ImportId":"b"}'], ["A", "3"]
        )
        assert (found.n_labels, found.end) == (2, 3)

    def test_the_first_heading_may_be_blank_where_a_program_wrote_row_numbers(self):
        assert self.block(["", "aa", "bb"], ["1", "x", "y"], ["2", "x", "y"]).first == 0


class TestCsv:
    def test_two_heading_rows_and_their_lines_in_the_receipt(self, tmp_path):
        path = tmp_path / "pain.csv"
        path.write_text("Patient,Date,Pain,\n,,level,recall\nA,2026-01-05,3,now\n", encoding="utf-8")
        loaded = load(path, columns={"Pain level": "pain_nprs", "Pain recall": "recall"})
        assert loaded.tables["pain_scores"]["recall"].tolist() == ["current"]
        entry = loaded.receipt.files[0]
        assert (entry.rows_read, entry.ignored_headings, entry.rows_used) == (3, 2, 1)

    def test_label_rows_are_headings_and_rows_keep_their_line_numbers(self, tmp_path):
        path = tmp_path / "pain.csv"
        path.write_text('PID,Date,Pain\n"Who","When","How ""bad""?"\n"{""ImportId"":""a""}",,\nA,2026-01-05,x\n', "utf-8")
        loaded = load(path)
        assert loaded.quarantine.reasons["row"].tolist() == [4]
        assert loaded.receipt.files[0].ignored_headings == 3

    @pytest.mark.parametrize(
        ("text", "encoding", "said"),
        [
            ("Patient;Date;Pain\nA;2026-01-05;3\n", "utf-8", "semicolons"),
            ("Patient\tDate\tPain\nA\t2026-01-05\t3\n", "utf-16", "utf-16"),
            ("Patient,Date,Pain,Note\nA,2026-01-05,3,süß\n", "cp1252", "cp1252"),
            ("Exported by the app\n\nPatient,Date,Pain\nA,2026-01-05,3\n", "utf-8", "line 3"),
        ],
        ids=["delimiter", "utf-16", "windows", "preamble"],
    )
    def test_what_is_not_plain_stands_in_the_receipt(self, tmp_path, text, encoding, said):
        path = tmp_path / "pain.csv"
        path.write_bytes(text.encode(encoding))
        assert any(said in note for note in load(path).receipt.files[0].notes)

    def test_a_plain_file_needs_no_note(self, tmp_path):
        path = tmp_path / "pain.csv"
        path.write_text("Patient,Date,Pain\nA,2026-01-05,3\n", encoding="utf-8")
        assert load(path).receipt.files[0].notes == ()


class TestWorkbooks:
    def test_merged_headings_below_a_title(self, tmp_path):
        book = openpyxl.Workbook()
        sheet = book.active
        for row in (["Clinic export"], [], ["Patient", "Date", "Pain", None], [None, None, "level", "recall"]):
            sheet.append(row)
        sheet.merge_cells("C3:D3")
        sheet.append(["A", dt.date(2026, 1, 5), 3, "now"])
        book.save(tmp_path / "pain.xlsx")
        loaded = load(tmp_path / "pain.xlsx", columns={"Pain recall": "recall"})
        entry = loaded.receipt.files[0]
        assert loaded.tables["pain_scores"]["recall"].tolist() == ["current"]
        assert (entry.rows_read, entry.rows_used, entry.ignored_headings) == (5, 1, 2)
        assert (entry.ignored_comments, entry.ignored_blank) == (1, 1)

    def test_serial_days_of_both_epochs_are_the_same_day(self, tmp_path):
        for name, epoch, serial in (
            ("windows", openpyxl.utils.datetime.CALENDAR_WINDOWS_1900, 46027),
            ("mac", openpyxl.utils.datetime.CALENDAR_MAC_1904, 44565),
        ):
            book = openpyxl.Workbook()
            book.epoch = epoch
            book.active.append(["Patient", "Date", "Pain"])
            book.active.append(["A", serial, 3])
            book.active.append(["B", dt.date(2026, 1, 5), 3])
            book.save(tmp_path / f"{name}.xlsx")
            days = load(tmp_path / f"{name}.xlsx").tables["pain_scores"]["recorded_at"].astype(str)
            assert {day[:10] for day in days} == {"2026-01-05"}

    def test_an_old_workbook_says_its_epoch_in_a_record(self):
        begin = bytes.fromhex("0908100000060500") + bytes(12)
        other, mode = bytes.fromhex("420002000000"), "220002000{}00"
        assert is_1904_stream(b"\xd0\xcf" + begin + other + bytes.fromhex(mode.format(1)))
        assert not is_1904_stream(b"\xd0\xcf" + begin + other + bytes.fromhex(mode.format(0)))
        assert not is_1904_stream(b"no workbook at all")

    def test_an_open_document_sheet(self, tmp_path):
        path = tmp_path / "pain.ods"
        with zipfile.ZipFile(path, "w") as book:
            book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            book.writestr("META-INF/manifest.xml", MANIFEST)
            book.writestr("content.xml", CONTENT)
        rows = load(path).tables["pain_scores"]
        assert (rows["patient_id"].tolist(), rows["pain_nprs"].tolist()) == (["A"], [3.5])
        assert str(rows["recorded_at"].iloc[0])[:10] == "2026-01-05"


MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="/" '
    'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>'
)
CONTENT = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Pain"><table:table-row>'
    + "".join(
        f'<table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>'
        for name in ("Patient", "Date", "Pain")
    )
    + "</table:table-row><table:table-row>"
    '<table:table-cell office:value-type="string"><text:p>A</text:p></table:table-cell>'
    '<table:table-cell office:value-type="date" office:date-value="2026-01-05"><text:p>5 Jan</text:p></table:table-cell>'
    '<table:table-cell office:value-type="float" office:value="3.5"><text:p>3.5</text:p></table:table-cell>'
    "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
)
