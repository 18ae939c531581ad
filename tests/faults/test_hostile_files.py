"""Files made to hurt: refused with a sentence, or contained so that only the bad rows are set aside."""

import json
import subprocess
import sys
import textwrap

import polars as pl
import pytest

import ptanalytics as pta
from ptanalytics.errors import PtAnalyticsError, UnreadableFileError
from reader_corpus import lines, workbook

HEADING = b"patient_id,recorded_at,pain_nprs,site\n"
GOOD = b"A,2026-01-05,3,back\n"


@pytest.fixture
def load(tmp_path):
    def loaded(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return pta.load_exports(path, timezone="Europe/Berlin")

    return loaded


def counts(loaded):
    receipt = loaded.receipt
    return receipt.rows_used, receipt.rows_set_aside, receipt.rows_duplicate


class TestCellsOfTenMegabytes:
    HUGE = "x" * (10 << 20)

    @pytest.mark.parametrize("cells", ["A,2026-01-06,{},back", "A,{},4,back", "{},2026-01-06,4,back"])
    def test_in_a_csv_they_are_set_aside_or_refused(self, load, cells):
        try:
            loaded = load("pain.csv", HEADING + GOOD + cells.format(self.HUGE).encode() + b"\n")
        except UnreadableFileError as refusal:
            assert len(str(refusal)) < 500  # noqa: PT017 - both ends are right
        else:
            assert counts(loaded) == (1, 1, 0)
            assert loaded.quarantine.reasons["reason"].str.len().max() < 200

    def test_in_json_lines_they_are_set_aside(self, load):
        records = [
            {"patient_id": "A", "recorded_at": "2026-01-05", "pain_nprs": 3},
            {"patient_id": self.HUGE, "recorded_at": "2026-01-06", "pain_nprs": 3},
            {"patient_id": "A", "recorded_at": "2026-01-07", "pain_nprs": self.HUGE},
        ]
        loaded = load("pain.ndjson", lines(records))
        assert counts(loaded) == (1, 2, 0)
        assert loaded.quarantine.reasons["rule"].tolist() == ["patient_id_length", "not_a_number"]

    def test_a_name_of_ten_megabytes_is_a_column_nobody_reads(self, load):
        record = {"patient_id": "A", "recorded_at": "2026-01-05", "pain_nprs": 3, self.HUGE: 1}
        assert counts(load("pain.ndjson", lines([record]))) == (1, 0, 0)


class TestTenThousandColumns:
    def test_a_csv_is_read_for_the_columns_that_are_ours(self, load):
        extra = ",".join(f"extra{n}" for n in range(10_000)).encode()
        values = b",".join([b"1"] * 10_000)
        content = HEADING.strip() + b"," + extra + b"\n" + GOOD.strip() + b"," + values + b"\n"
        loaded = load("pain.csv", content)
        assert counts(loaded) == (1, 0, 0)
        assert len(loaded.receipt.files[0].columns_dropped) == 10_000

    def test_a_missing_column_s_message_does_not_list_them_all(self, load):
        extra = ",".join(f"extra{n}" for n in range(10_000)).encode()
        with pytest.raises(PtAnalyticsError) as refusal:
            load("pain_scores.csv", b"pain_nprs," + extra + b"\n" + b"1," * 10_000 + b"1\n")
        assert len(str(refusal.value)) < 1_000
        assert "and 9,961 more" in str(refusal.value)

    def test_json_with_as_many_names_is_refused(self, load):
        with pytest.raises(UnreadableFileError, match="different names"):
            load("pain.json", json.dumps([{f"extra{n}": n for n in range(10_000)}]).encode())


class TestBytesThatAreNoText:
    @pytest.mark.parametrize("where", [HEADING, GOOD])
    def test_nul_bytes_never_pass_as_values(self, load, where):
        content = (HEADING + GOOD).replace(where, where.replace(b",", b"\x00,", 1))
        try:
            loaded = load("pain.csv", content)
        except PtAnalyticsError as refusal:
            assert "\x00" not in str(refusal)  # noqa: PT017 - both ends are right
        else:
            assert sum(counts(loaded)) == 1

    @pytest.mark.parametrize("name", ["pain.csv", "pain.ndjson"])
    def test_a_nul_in_a_heading_does_not_reach_the_quarantine(self, load, name):
        record = {"patient_id": "A", "recorded_at": "2026-01-05", "pain_nprs": 30, "site\x00": "back"}
        as_csv = HEADING.replace(b"site", b"site\x00") + GOOD.replace(b",3,", b",30,")
        try:
            loaded = load(name, lines([record]) if name.endswith("ndjson") else as_csv)
        except PtAnalyticsError:
            return
        assert counts(loaded) == (0, 1, 0)

    def test_nul_signs_in_json_stay_in_their_cell(self, load):
        loaded = load("pain.ndjson", b'{"patient_id": "A\\u0000", "recorded_at": "2026-01-05", "pain_nprs": 3}\n')
        assert counts(loaded) == (1, 0, 0)

    def test_a_file_in_two_encodings_is_read_line_by_line(self, load):
        content = HEADING + "A,2026-01-05,3,épaule\n".encode() + "A,2026-01-06,4,épaule\n".encode("cp1252")
        loaded = load("pain.csv", content)
        assert sum(counts(loaded)) == 2

    @pytest.mark.parametrize(
        "name", ["pain.csv", "pain.json", "pain.ndjson", "pain.xml", "pain.xlsx", "pain.parquet", "pain.zip"]
    )
    def test_random_bytes_are_refused_under_every_ending(self, load, name):
        noise = bytes((n * 7919 + n // 3) % 256 for n in range(5_000))
        with pytest.raises(PtAnalyticsError):
            load(name, noise)

    @pytest.mark.parametrize(
        "name", ["pain.csv", "pain.json", "pain.xml", "pain.xlsx", "pain.parquet", "pain.zip", "a.csv.gz"]
    )
    def test_nothing_at_all_is_refused_under_every_ending(self, load, name):
        with pytest.raises(PtAnalyticsError):
            load(name, b"")


class TestFormulas:
    FORMULA = '=HYPERLINK("http://example.org","x")'

    def test_a_formula_in_a_csv_is_text_and_no_number(self, load):
        text = self.FORMULA.replace('"', '""')
        loaded = load("pain.csv", HEADING + GOOD + f'A,2026-01-06,"{text}",back\n'.encode())
        assert counts(loaded) == (1, 1, 0)
        assert loaded.quarantine.reasons["rule"].tolist() == ["not_a_number"]

    def test_a_formula_in_a_workbook_is_its_last_value(self, load):
        book = pl.DataFrame({"patient_id": ["A"], "recorded_at": ["2026-01-05"], "pain_nprs": [3.0], "twice": [None]})
        loaded = load("pain.xlsx", workbook(book))
        assert counts(loaded) == (1, 0, 0)


def test_a_deep_or_wide_document_takes_no_memory_to_speak_of(tmp_path):
    """Megabytes of nothing but brackets and empty records, in a process of its own."""
    (tmp_path / "deep.json").write_bytes(b"[" * (8 << 20))
    (tmp_path / "wide.json").write_bytes(b"[" + b"{}," * (1 << 19) + b"{}]")
    (tmp_path / "deep.xml").write_bytes(b"<HealthData>" + b"<a>" * (2 << 20))
    program = textwrap.dedent(
        """
        import resource, sys
        import ptanalytics as pta
        from ptanalytics.errors import PtAnalyticsError
        for name in sys.argv[1:]:
            try:
                pta.load_exports(name, timezone="UTC")
            except PtAnalyticsError as refusal:
                print(type(refusal).__name__)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        """
    )
    names = [str(tmp_path / name) for name in ("deep.json", "wide.json", "deep.xml")]
    done = subprocess.run([sys.executable, "-c", program, *names], capture_output=True, text=True, check=True, timeout=300)
    *refusals, megabytes = done.stdout.split()
    assert refusals == ["UnreadableFileError"] * 3
    assert int(megabytes) < 2_000
