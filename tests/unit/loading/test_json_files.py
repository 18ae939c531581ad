"""JSON and NDJSON: each record keeps its number, names within names are dotted, what is broken is set aside or refused."""

import json

import pytest

import ptanalytics as pta
from ptanalytics.errors import EmptyExportError, UnreadableFileError
from ptanalytics.loading.readers import frame_spill, json_records, json_text, row_store
from ptanalytics.loading.readers.json_records import read_json
from reader_corpus import lines

RECORDS = [{"patient_id": "A", "date": f"2026-01-{n:02d}", "pain": n % 11} for n in range(1, 6)]


@pytest.fixture
def write(tmp_path):
    def written(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return written


def rows(path, *columns):
    [table], _ = read_json(path)
    return table.frame.collect().select("row", *columns).rows()


def load(path):
    return pta.load_exports(path, timezone="Europe/Berlin")


class TestShapes:
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("list.json", RECORDS),
            ("wrapped.json", {"exported": "today", "records": RECORDS}),
            ("lines.ndjson", lines(RECORDS)),
            ("lines.jsonl", lines(RECORDS)),
            ("lines.json", lines(RECORDS)),
            ("marked.json", b"\xef\xbb\xbf" + json.dumps(RECORDS).encode()),
            ("marked.ndjson", b"\xef\xbb\xbf" + lines(RECORDS)),
            ("pretty.json", json.dumps(RECORDS, indent=2).encode()),
        ],
    )
    def test_records_in_any_wrapping_are_the_same_table(self, write, name, content):
        loaded = load(write(name, content))
        assert loaded.tables["pain_scores"]["pain_nprs"].tolist() == [1, 2, 3, 4, 5]
        assert (loaded.receipt.rows_read, loaded.receipt.rows_used) == (5, 5)

    def test_each_list_of_records_is_a_table_of_its_own(self, write):
        both = {"pain": RECORDS, "people": [{"patient_id": "A", "birth_year": 1970}], "version": 3}
        loaded = load(write("export.json", both))
        assert {entry.table for entry in loaded.receipt.files} == {"pain_scores", "patients"}
        assert loaded.receipt.files[0].file == "export.json [pain]"

    def test_one_record_is_a_table_of_one_row(self, write):
        assert rows(write("one.json", {"a": 1}), "a") == [(1, "1")]

    def test_names_within_names_are_dotted_and_lists_are_joined(self, write):
        record = {
            "a": {"b": {"c": 1.5}},
            "days": ["mon", "wed"],
            "sets": [{"reps": 8}, {"reps": 6}],
            "none": [],
            "off": None,
        }
        columns = ("a.b.c", "days", "sets.0.reps", "sets.1.reps", "none", "off")
        assert rows(write("x.json", [record]), *columns) == [(1, "1.5", "mon, wed", "8", "6", None, None)]

    def test_values_become_the_text_that_stands_for_them(self, write):
        record = {"yes": True, "no": False, "whole": 12, "text": "x", "empty": "", "sign": "é"}
        assert rows(write("x.json", [record]), *record) == [(1, "true", "false", "12", "x", None, "é")]

    def test_a_name_that_appears_late_is_missing_before(self, write):
        assert rows(write("x.ndjson", b'{"a": 1}\n{"b": 2}\n'), "a", "b") == [(1, "1", None), (2, None, "2")]

    def test_rows_are_numbered_by_line(self, write):
        path = write("x.ndjson", b'{"a": 1}\n\n{"a": 2}\n   \n{"a": 3}')
        [table], _ = read_json(path)
        assert [row[0] for row in rows(path)] == [1, 3, 5]
        assert (table.n_rows, table.n_blank) == (3, 2)

    def test_names_of_ours_get_a_suffix(self, write):
        [table], _ = read_json(write("x.json", [{"row": 9, "_fault": 8}]))
        assert table.headings == ("row (file)", "_fault (file)")


class TestBrokenRecords:
    def test_a_line_that_is_no_json_is_set_aside_under_its_number(self, write):
        content = lines(RECORDS[:2]) + b'{"patient_id": "A", "da\n' + lines(RECORDS[2:])
        loaded = load(write("x.ndjson", content))
        assert loaded.quarantine.reasons[["row", "rule"]].values.tolist() == [[3, "not_json"]]
        assert (loaded.receipt.rows_read, loaded.receipt.rows_used, loaded.receipt.rows_set_aside) == (6, 5, 1)

    @pytest.mark.parametrize(
        ("line", "rule"),
        [
            (b"[1, 2]", "not_a_record"),
            (b"17", "not_a_record"),
            (b'{"patient_id": "\xff"}', "not_json"),
            (b'{"pain": NaN}', "not_json"),
            (b'{"a": ' * 40 + b"1" + b"}" * 40, "nested_too_deep"),
            (b'{"a": ' * 5000 + b"1" + b"}" * 5000, "not_json"),
        ],
    )
    def test_the_reason_is_the_line_s_own(self, write, line, rule):
        loaded = load(write("x.ndjson", lines(RECORDS) + line + b"\n"))
        assert loaded.quarantine.reasons[["row", "rule"]].values.tolist() == [[6, rule]]

    def test_a_line_longer_than_a_record_is_set_aside_without_being_held(self, write, monkeypatch):
        monkeypatch.setattr(json_text, "MAX_LINE_BYTES", 1000)
        monkeypatch.setattr(json_text, "_CHUNK_BYTES", 256)
        long = json.dumps({"patient_id": "x" * 5000}).encode() + b"\n"
        loaded = load(write("x.ndjson", lines(RECORDS[:1]) + long + lines(RECORDS[1:]) + long.strip()))
        assert loaded.quarantine.reasons[["row", "rule"]].values.tolist() == [
            [2, "record_too_long"],
            [7, "record_too_long"],
        ]
        assert loaded.receipt.rows_used == 5


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b'[{"a": 1}, {"a": ', "not complete JSON"),
            (b'{"a": 1', "not complete JSON"),
            (b"patient_id,pain\nA,3\n", "does not begin like JSON"),
            ("[]".encode("utf-16"), "not JSON in UTF-8"),
        ],
    )
    def test_a_document_that_is_not_json(self, write, content, words):
        with pytest.raises(UnreadableFileError, match=words):
            read_json(write("x.json", content))

    def test_lines_of_which_none_is_a_record(self, write):
        with pytest.raises(UnreadableFileError, match="none of its lines"):
            read_json(write("x.ndjson", b"one\ntwo\n"))

    @pytest.mark.parametrize("content", [b"", b"  \n ", b"\xef\xbb\xbf", b"[]"])
    def test_nothing_is_an_empty_export(self, write, content):
        with pytest.raises(EmptyExportError):
            read_json(write("x.json", content))

    def test_plain_values_are_no_records(self, write):
        for content in ([1, 2, 3], [{}], 3, "x"):
            with pytest.raises(UnreadableFileError, match=r"JSON|json"):
                load(write("x.json", content))

    def test_more_names_than_any_table_has(self, write, monkeypatch):
        monkeypatch.setattr(row_store, "MAX_COLUMNS", 100)
        with pytest.raises(UnreadableFileError, match="more than 100 different names"):
            read_json(write("x.json", [{f"c{n}": n for n in range(200)}]))

    def test_no_message_shows_the_file_s_text(self, write):
        with pytest.raises(UnreadableFileError) as refusal:
            read_json(write("x.json", b'[{"name": "Secret Person" "x"}]'))
        assert "Secret" not in str(refusal.value)


class TestLargeFiles:
    """With the limits set low, small files take the ways of large ones."""

    @pytest.fixture(autouse=True)
    def _low_limits(self, monkeypatch):
        monkeypatch.setattr(json_text, "_AT_ONCE_BYTES", 100)
        monkeypatch.setattr(row_store, "_BATCH_ROWS", 2)
        monkeypatch.setattr(frame_spill, "_SPILL_BYTES", 50)

    def test_a_large_list_is_read_record_by_record(self, write):
        loaded = load(write("x.json", RECORDS))
        assert loaded.tables["pain_scores"]["pain_nprs"].tolist() == [1, 2, 3, 4, 5]

    def test_batches_with_different_names_fit_together(self, write):
        records = [{"a": 1}, {"a": 2}, {"b": 3}, {"b": 4}, {"a": 5, "c": {"d": 6}}] + [{"a": 0}] * 60
        found = rows(write("x.json", records), "a", "b", "c.d")
        assert found[:5] == [
            (1, "1", None, None),
            (2, "2", None, None),
            (3, None, "3", None),
            (4, None, "4", None),
            (5, "5", None, "6"),
        ]
        assert len(found) == 65

    def test_a_large_list_that_breaks_off_is_refused(self, write):
        with pytest.raises(UnreadableFileError, match="after 5 records"):
            read_json(write("x.json", json.dumps(RECORDS).encode()[:-1] + b', {"a": '))

    def test_a_large_object_that_is_no_list_is_refused(self, write):
        with pytest.raises(UnreadableFileError, match="one large object"):
            read_json(write("x.json", {"records": RECORDS}))

    def test_spilled_parts_live_as_long_as_the_table(self, write):
        [table], _ = read_json(write("x.ndjson", lines(RECORDS * 10)))
        assert table.folders
        assert table.frame.collect().height == 50


def test_the_text_of_a_value():
    assert [json_records.cell_text(value) for value in (None, "", 1, 2.5, True)] == [None, None, "1", "2.5", "true"]
