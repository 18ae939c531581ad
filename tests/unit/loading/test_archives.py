"""gzip and zip are read as if unpacked, shown in the receipt, and refused with a sentence where they play tricks."""

import gzip
import stat
import struct
import zipfile

import pytest

import ptanalytics as pta
from ptanalytics.errors import EmptyExportError, UnreadableFileError
from ptanalytics.loading.readers import archives
from reader_corpus import APPLE, DIARY, OMOP_PERSON, zipped_of


def load(path):
    return pta.load_exports(path, timezone="Europe/Berlin", date_order="day_first")


def refused(path):
    with pytest.raises(UnreadableFileError) as refusal:
        load(path)
    return str(refusal.value)


@pytest.fixture
def write(tmp_path):
    def written(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return written


class TestWhatIsRead:
    def test_gzip_reads_as_the_file_inside(self, write):
        plain, packed = load(write("diary.csv", DIARY)), load(write("diary.csv.gz", gzip.compress(DIARY)))
        assert packed.tables["pain_scores"].equals(plain.tables["pain_scores"])
        assert packed.receipt.rows_read == plain.receipt.rows_read == 4

    def test_gzip_of_several_members_is_one_file(self, write):
        first, second = DIARY.splitlines(keepends=True)[:2], DIARY.splitlines(keepends=True)[2:]
        packed = gzip.compress(b"".join(first)) + gzip.compress(b"".join(second))
        assert load(write("diary.csv.gz", packed)).receipt.rows_used == 3

    def test_every_file_of_a_zip_is_named_in_the_receipt(self, write):
        members = [("a/diary.csv", DIARY), ("b/person.csv", OMOP_PERSON), ("letter.pdf", b"%PDF-1.7")]
        loaded = load(write("exports.zip", zipped_of(members)))
        assert [entry.file for entry in loaded.receipt.files] == ["exports.zip [a/diary.csv]", "exports.zip [b/person.csv]"]
        notes = " ".join(loaded.receipt.files[0].notes)
        assert "Unpacked from exports.zip: a/diary.csv." in notes
        assert "1 other files of exports.zip were not read." in notes

    def test_names_of_files_inside_stand_for_the_person(self, write):
        diary = b"name,startday,startmonth,startyear,intensity\nback pain,5,1,2026,3\n"
        loaded = load(write("all.zip", zipped_of([("Participant3.csv", diary), ("Participant4.csv", diary)])))
        assert set(loaded.tables["pain_scores"]["patient_id"]) == {"Participant3", "Participant4"}

    def test_apple_health_in_its_zip_is_named_by_the_zip(self, write):
        members = [
            ("apple_health_export/export.xml", APPLE),
            ("apple_health_export/export_cda.xml", b"<ClinicalDocument/>"),
            ("apple_health_export/electrocardiograms/ecg.csv", b"Name,Somebody\n"),
        ]
        loaded = load(write("P017.zip", zipped_of(members)))
        assert set(loaded.tables["sessions"]["patient_id"]) == {"P017"}
        assert "2 other files" in " ".join(loaded.receipt.files[0].notes)

    def test_a_file_without_rows_is_noted_where_others_have_some(self, write):
        members = [("diary.csv", DIARY), ("empty.csv", b"patient_id,recorded_at,pain_nprs\n")]
        notes = " ".join(load(write("two.zip", zipped_of(members))).receipt.files[0].notes)
        assert "1 files of two.zip hold no rows: empty.csv." in notes

    def test_a_zip_of_empty_files_is_an_empty_export(self, write):
        with pytest.raises(EmptyExportError):
            load(write("none.zip", zipped_of([("empty.csv", b"patient_id,pain_nprs\n")])))

    def test_folders_of_a_zip_and_what_systems_add_are_passed_over(self, write):
        members = [("x/", b""), ("__MACOSX/x/._diary.csv", b"junk"), ("x/.hidden.csv", b"junk"), ("x/diary.csv", DIARY)]
        assert load(write("mac.zip", zipped_of(members))).receipt.rows_used == 3

    def test_what_was_unpacked_is_gone_when_nothing_reads_it(self, write, tmp_path, monkeypatch):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
        (tmp_path / "scratch").mkdir()
        load(write("diary.csv.gz", gzip.compress(DIARY)))
        assert list((tmp_path / "scratch").iterdir()) == []


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "name", ["../x.csv", "a/../../x.csv", "/etc/x.csv", "..\\x.csv", "C:\\x.csv", "\\\\server\\x.csv", "a\nb.csv"]
    )
    def test_a_name_that_leads_out_of_the_folder(self, write, name):
        assert "leads out of the folder" in refused(write("x.zip", zipped_of([("diary.csv", DIARY), (name, DIARY)])))

    @pytest.mark.parametrize("name", ["inner.zip", "inner.csv.gz", "inner.tar", "inner.7z"])
    def test_an_archive_in_an_archive(self, write, name):
        assert "holds another archive" in refused(write("x.zip", zipped_of([("diary.csv", DIARY), (name, b"PK")])))

    def test_an_archive_in_gzip(self, write):
        assert "holds another archive" in refused(write("exports.tar.gz", gzip.compress(b"x")))

    def test_a_gzip_whose_name_does_not_say_what_is_inside(self, write):
        assert "pain.csv.gz" in refused(write("export.gz", gzip.compress(DIARY)))

    def test_a_password(self, write):
        packed = bytearray(zipped_of([("diary.csv", DIARY)]))
        for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            place = packed.index(mark) + at
            packed[place : place + 2] = struct.pack("<H", 1)
        assert "password" in refused(write("x.zip", bytes(packed)))

    def test_a_link(self, write, tmp_path):
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            info = zipfile.ZipInfo("diary.csv")
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
        assert "link" in refused(tmp_path / "x.zip")

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_two_files_of_one_name(self, write):
        assert "two files of one name" in refused(write("x.zip", zipped_of([("a.csv", DIARY), ("a.csv", DIARY)])))

    def test_a_gzip_bomb(self, write):
        # 80 MB of one letter pack into 80 kB.
        bomb = gzip.compress(b"patient_id\n" + b"A" * (80 << 20))
        assert "looks like an attack" in refused(write("pain.csv.gz", bomb))

    def test_a_zip_bomb(self, write):
        bomb = zipped_of([("pain.csv", b"patient_id\n" + b"A" * (80 << 20))])
        assert "looks like an attack" in refused(write("pain.zip", bomb))

    def test_a_workbook_that_is_a_bomb(self, write):
        bomb = zipped_of([("xl/worksheets/sheet1.xml", b" " * (80 << 20)), ("xl/workbook.xml", b"<x/>")])
        assert "looks like an attack" in refused(write("pain.xlsx", bomb))

    def test_an_archive_that_was_cut_off(self, write):
        assert "damaged or was cut off" in refused(write("x.zip", zipped_of([("diary.csv", DIARY)])[:-30]))
        assert "damaged or was cut off" in refused(write("diary.csv.gz", gzip.compress(DIARY)[:-10]))

    def test_an_archive_without_a_table(self, write):
        assert "no file that can be loaded" in refused(write("x.zip", zipped_of([("letter.pdf", b"%PDF")])))

    def test_too_many_files(self, write, monkeypatch):
        monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
        members = [(f"{n}.csv", DIARY) for n in range(3)]
        assert "more than 2 files" in refused(write("x.zip", zipped_of(members)))

    def test_a_disk_without_room(self, write, monkeypatch):
        monkeypatch.setattr(archives, "_LEFT_ON_DISK_BYTES", 1 << 62)
        assert "too little room" in refused(write("diary.csv.gz", gzip.compress(DIARY)))
