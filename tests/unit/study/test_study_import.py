"""Importing exports: every row accounted for, the same export once, a newer one by its changes."""

from pathlib import Path

import polars as pl
import pytest

from ptanalytics.errors import EmptyExportError, MissingColumnsError, NothingUsableError, UnreadableFileError
from ptanalytics.loading import Receipt, load_exports
from ptanalytics.loading.sources import Source
from ptanalytics.study import Study, create_study, importing, open_study
from study_frames import plans_frame, sessions_frame


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """An empty study of two buckets."""
    return create_study(tmp_path / "a.study", timezone="Europe/London", buckets=2)


def export(folder: Path, name: str, frame: pl.DataFrame) -> Path:
    """Write an export of its own name."""
    folder.mkdir(exist_ok=True)
    frame.write_csv(folder / name)
    return folder / name


def numbers(receipt: Receipt) -> dict[str, int]:
    """The totals of a receipt."""
    names = ("read", "used", "set_aside", "duplicate", "ignored", "new", "changed", "unchanged")
    found = {name: getattr(receipt, f"rows_{name}") for name in names}
    assert found["read"] == found["used"] + found["set_aside"] + found["duplicate"] + found["ignored"]
    return {name: n for name, n in found.items() if n}


def content(path: Path) -> dict[str, bytes]:
    """All files of a study."""
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_an_export_becomes_tables_and_a_receipt(study: Study, tmp_path: Path) -> None:
    export(tmp_path / "exports", "sessions.csv", sessions_frame())
    export(tmp_path / "exports", "plans.csv", plans_frame())
    receipt = study.import_exports(tmp_path / "exports")
    assert numbers(receipt) == {"read": 56, "used": 54, "ignored": 2, "new": 54}
    assert study.n_rows("sessions") == 48
    assert study.n_rows("plans") == 6
    assert study.receipts() == [receipt]
    assert len(study.quarantine()) == 0
    in_memory = load_exports(tmp_path / "exports", timezone="Europe/London").tables
    for table, frame in in_memory.items():
        assert study.table(table).equals(frame), table


def data_files(path: Path) -> dict[str, bytes]:
    """All files of a study but its books."""
    books = ("receipts/", "undo/", "manifest.json", ".lock")
    return {name: data for name, data in content(path).items() if not name.startswith(books)}


def test_the_same_export_again_changes_no_table_under_any_name_and_its_receipt_says_so(
    study: Study, tmp_path: Path
) -> None:
    file = export(tmp_path / "exports", "sessions.csv", sessions_frame())
    study.import_exports(file)
    before = data_files(study.path)
    receipt = study.import_exports(file)
    assert numbers(receipt) == {"read": 49, "duplicate": 48, "unchanged": 48, "ignored": 1}
    renamed = export(tmp_path / "other", "sessions_copy.csv", sessions_frame())
    assert numbers(study.import_exports([renamed, file])) == {"read": 98, "duplicate": 96, "unchanged": 96, "ignored": 2}
    assert data_files(study.path) == before
    assert [receipt.number for receipt in study.receipts()] == [1, 2, 3]
    assert study.receipts()[1] == receipt
    assert study.history()["tables"].tolist() == ["sessions", "", ""]


def test_a_known_file_is_not_opened_again(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = sessions_frame(1, 1).with_columns(session_id=pl.lit("bad"), pain_before_nprs=pl.lit(99.0))
    file = export(tmp_path / "exports", "sessions.csv", pl.concat([sessions_frame(), bad]))
    first = study.import_exports(file)

    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr("ptanalytics.study.importing.find_sources", refuse)
        again = study.import_exports(tmp_path / "exports")
        assert numbers(again) == {"read": 51, "duplicate": 50, "unchanged": 50, "ignored": 1}
        with pytest.raises(AssertionError):
            study.import_exports(file, date_order="day_first")
    assert numbers(first)["set_aside"] == 2
    assert len(study.quarantine()) == 2
    assert study.receipts() == [first, again]


def test_a_newer_export_adds_and_changes_and_an_older_one_takes_nothing_back(study: Study, tmp_path: Path) -> None:
    old = export(tmp_path / "e", "sessions_1.csv", sessions_frame(n_sessions=3))
    newer_rows = pl.concat([sessions_frame(n_sessions=2), sessions_frame()[24:].with_columns(completed_fraction=0.5)])
    newer = export(tmp_path / "e", "sessions_2.csv", newer_rows)
    study.import_exports(old)
    receipt = study.import_exports(newer)
    assert numbers(receipt) == {
        "read": 49, "used": 24, "new": 12, "changed": 12, "duplicate": 24, "unchanged": 24, "ignored": 1,
    }  # fmt: skip
    assert study.n_rows("sessions") == 48
    fractions = study.table("sessions")["completed_fraction"]
    assert (fractions == 0.5).sum() == 24
    fingerprint = study.data_fingerprint
    assert numbers(study.import_exports(old)) == {"read": 37, "duplicate": 36, "unchanged": 36, "ignored": 1}
    assert study.data_fingerprint == fingerprint


def test_rows_that_break_a_rule_are_set_aside_with_their_text_and_a_reason(study: Study, tmp_path: Path) -> None:
    text = sessions_frame(2, 1).cast(pl.String)
    ids, pain = pl.Series(["X1", "X2", "X3", ""]), pl.Series(["11", "4", "bad", "2"])
    bad = text.with_columns(session_id=ids, pain_before_nprs=pain)
    receipt = study.import_exports(export(tmp_path / "e", "sessions.csv", pl.concat([text, bad])))
    assert numbers(receipt) == {"read": 9, "used": 5, "new": 5, "set_aside": 3, "ignored": 1}
    quarantine = study.quarantine()
    assert quarantine.rows[["table", "import_number", "file", "row"]].values.tolist() == [
        ["sessions", 1, "sessions.csv", row] for row in (6, 8, 9)
    ]
    assert quarantine.rows["pain_before_nprs"].tolist() == ["11", "bad", "2"]
    assert quarantine.reasons[["row", "column", "rule"]].values.tolist() == [
        [6, "pain_before_nprs", "pain_before_nprs_maximum"],
        [8, "pain_before_nprs", "not_a_number"],
        [9, "session_id", "session_id_required"],
    ]


def test_contradictions_inside_one_import_are_set_aside_and_repetitions_counted(study: Study, tmp_path: Path) -> None:
    first = export(tmp_path / "e", "sessions_a.csv", pl.concat([sessions_frame(2, 1), sessions_frame(1, 1)]))
    other = export(tmp_path / "e", "sessions_b.csv", sessions_frame(3, 1, fraction=0.25))
    receipt = study.import_exports([first, other])
    assert [(e.rows_used, e.rows_duplicate, e.rows_set_aside) for e in receipt.files] == [(4, 2, 0), (2, 0, 4)]
    reasons = study.quarantine().reasons
    assert reasons["file"].tolist() == ["sessions_b.csv"] * 4
    assert reasons["rule"].tolist() == ["conflicting_key"] * 4
    assert reasons["row"].tolist() == [2, 3, 4, 5]
    fractions = study.table("sessions").groupby("patient_id")["completed_fraction"].first()
    assert fractions.to_dict() == {"P0000": 1.0, "P0001": 1.0, "P0002": 0.25}


def test_the_same_file_read_otherwise_is_another_import(study: Study, tmp_path: Path) -> None:
    rows = pl.DataFrame({"patient_id": ["A"], "recorded_at": ["03/04/2026"], "pain_nprs": ["4"], "rating b": ["6"]})
    file = export(tmp_path / "e", "pain_scores.csv", rows)
    study.import_exports(file, date_order="day_first")
    study.import_exports(file, date_order="month_first")
    assert study.table("pain_scores")["recorded_at"].dt.strftime("%m-%d").tolist() == ["03-04", "04-03"]
    assert numbers(study.import_exports(file, date_order="day_first"))["unchanged"] == 1


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ({}, NothingUsableError),
        ({"notes.docx": b"x"}, NothingUsableError),
        ({"sessions.csv": b"patient_id,session_id,exercise_id,started_at\n"}, EmptyExportError),
        ({"sessions.csv": b"patient_id,session_id,exercise_id\nA,1,x\n"}, MissingColumnsError),
        ({"sessions.xlsx": b"not a workbook"}, UnreadableFileError),
    ],
)
def test_a_bad_export_ends_in_a_sentence_and_leaves_no_trace(
    study: Study, tmp_path: Path, files: dict[str, bytes], error: type[Exception]
) -> None:
    (tmp_path / "e").mkdir()
    for name, data in files.items():
        (tmp_path / "e" / name).write_bytes(data)
    before = content(study.path)
    with pytest.raises(error):
        study.import_exports(tmp_path / "e")
    assert content(study.path) == before


def test_one_bad_file_keeps_the_good_ones_out_as_well(study: Study, tmp_path: Path) -> None:
    export(tmp_path / "e", "plans.csv", plans_frame())
    (tmp_path / "e" / "sessions.csv").write_bytes(b"patient_id,session_id,exercise_id\nA,1,x\n")
    with pytest.raises(MissingColumnsError):
        study.import_exports(tmp_path / "e")
    assert not study.has_table("plans")


def test_a_file_that_grows_while_it_is_read_is_not_half_imported(study: Study, tmp_path: Path) -> None:
    file = export(tmp_path / "e", "sessions.csv", sessions_frame())
    before = content(study.path)

    def grow(what: str, _done: int, _of: int) -> None:
        if what.startswith("Reading"):
            with file.open("a") as stream:
                stream.write("P9999,S0,bridge,2026-03-02T18:30:00.000000,1.0,3.0\n")

    with pytest.raises(UnreadableFileError, match="changed while it was read"):
        study.import_exports(file, progress=grow)
    assert {name: data for name, data in content(study.path).items() if name != ".lock"} == before


def test_progress_tells_files_and_steps_and_no_value(study: Study, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    export(tmp_path / "e", "plans.csv", plans_frame())
    export(tmp_path / "e", "sessions.csv", sessions_frame())
    study.import_exports(tmp_path / "e", progress=lambda *step: told.append(step))
    assert told == [
        ("Reading plans.csv", 0, 108),
        ("Reading sessions.csv", 6, 108),
        ("Sorting plans", 54, 108),
        ("Sorting sessions", 60, 108),
        ("Finishing", 108, 108),
    ]


@pytest.mark.parametrize("name", ["a_sessions.csv", "b_sessions.csv", "c_sessions.csv"])
def test_of_files_read_together_the_one_that_cannot_be_read_is_named(
    study: Study, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "e").mkdir()
    for other in ("a_sessions.csv", "b_sessions.csv", "c_sessions.csv"):
        # With a blank line, so that they are read by one scan and not in pieces.
        (tmp_path / "e" / other).write_text(sessions_frame().write_csv() + "\n", encoding="utf-8")

    def broken(rows: pl.DataFrame) -> pl.DataFrame:
        raise pl.exceptions.ComputeError(rows.item(0, "patient_id"))

    def convert(source: Source) -> pl.LazyFrame:
        rows = importing.convert_as_before(source)
        return rows.map_batches(broken, schema=rows.collect_schema()) if source.file == name else rows

    monkeypatch.setattr(importing, "convert_as_before", importing.convert, raising=False)
    monkeypatch.setattr(importing, "convert", convert)
    before = content(study.path)
    with pytest.raises(UnreadableFileError, match=name) as refused:
        study.import_exports(tmp_path / "e")
    assert "P0" not in str(refused.value)
    assert {file: text for file, text in content(study.path).items() if file != ".lock"} == before


def test_many_small_exports_make_the_table_that_one_large_export_makes(tmp_path: Path) -> None:
    rows = sessions_frame(12)
    whole, parts = (create_study(tmp_path / f"{name}.study", timezone="UTC", buckets=4) for name in ("whole", "parts"))
    whole.import_exports(export(tmp_path / "whole", "sessions.csv", rows))
    for number in range(0, rows.height, 7):
        export(tmp_path / "parts", f"sessions_part{number}.csv", rows.slice(number, 7))
    receipt = parts.import_exports(tmp_path / "parts")
    assert receipt.rows_used == rows.height
    assert {entry.rows_used for entry in receipt.files} <= set(range(1, 8))
    assert open_study(parts.path).table("sessions").equals(open_study(whole.path).table("sessions"))


def test_an_import_is_as_good_in_any_number_of_buckets(tmp_path: Path) -> None:
    file = export(tmp_path / "e", "sessions.csv", sessions_frame(9))
    tables = []
    for buckets in (1, 2, 16):
        study = create_study(tmp_path / f"{buckets}.study", timezone="UTC", buckets=buckets)
        study.import_exports(file)
        tables.append(open_study(study.path).table("sessions"))
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])
