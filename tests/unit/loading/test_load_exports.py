"""From files to tables: receipts that add up, reasons without values, duplicates and contradictions, and every error."""

import json
from datetime import datetime

import pandas as pd
import polars as pl
import pytest

import ptanalytics as pta
from ptanalytics.errors import (
    AmbiguousDateOrderError,
    EmptyExportError,
    InvalidTableError,
    LayoutError,
    MissingColumnsError,
    NothingUsableError,
    TableConflictError,
    UnknownTimezoneError,
    UnreadableFileError,
)
from ptanalytics.loading import Receipt, convert, explain_rows, find_sources
from ptanalytics.loading.quarantine import assure_valid
from ptanalytics.schemas import TABLES

PAIN = "Patient ID,Date,Pain level\n"


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def load(path, **more):
    return pta.load_exports(path, timezone="Europe/London", **more)


def rules(loaded):
    return loaded.quarantine.reasons[["row", "column", "rule"]].to_numpy().tolist()


class TestReceipt:
    def test_every_row_of_every_file_is_counted_once(self, tmp_path):
        write(tmp_path, "pain_1.csv", PAIN + "P1,2026-03-04,3\nP1,2026-03-04,3\nP1,2026-03-05,x\n\nP2,2026-03-05,11\n")
        write(tmp_path, "pain_2.csv", "# from the app\n" + PAIN + "P1,2026-03-04,3\nP3,2026-03-04,3\n")
        receipt = load(tmp_path).receipt
        one, two = receipt.files
        assert (one.rows_read, one.rows_used, one.rows_set_aside, one.rows_duplicate, one.rows_ignored) == (6, 1, 2, 1, 2)
        assert (two.rows_read, two.rows_used, two.rows_set_aside, two.rows_duplicate, two.rows_ignored) == (4, 1, 0, 1, 2)
        assert (
            receipt.rows_read == receipt.rows_used + receipt.rows_set_aside + receipt.rows_duplicate + receipt.rows_ignored
        )
        assert receipt.rows_read == 10

    def test_it_says_what_was_renamed_dropped_refused_and_decided(self, tmp_path):
        write(tmp_path, "p.csv", "Patient;Datum;NRS;Phone;Shoe\nP1;25.03.2026;3,5;1;2\nP1;04.03.2026;4;1;2\n")
        entry = load(tmp_path).receipt.files[0]
        assert entry.columns_renamed == {"Patient": "patient_id", "Datum": "recorded_at", "NRS": "pain_nprs"}
        assert entry.columns_dropped == ("Shoe",)
        assert list(entry.columns_refused) == ["Phone"]
        assert entry.date_order == {"recorded_at": "day_first"}
        assert entry.decimal_mark == {"pain_nprs": ","}
        assert entry.layout_id == "automatic"

    def test_it_reads_back_from_its_own_text(self, tmp_path):
        write(tmp_path, "p.csv", PAIN + "P1,2026-03-04,3\n")
        receipt = load(tmp_path).receipt
        assert Receipt.from_json(receipt.to_json()) == receipt
        assert json.loads(receipt.to_json())["files"][0]["rows_used"] == 1

    def test_as_a_table_it_has_one_line_per_file_and_table(self, tmp_path):
        write(tmp_path, "p.csv", PAIN + "P1,2026-03-04,3\n")
        frame = load(tmp_path).receipt.to_frame()
        assert isinstance(frame, pd.DataFrame)
        assert frame[["file", "table", "rows_read", "rows_used"]].to_numpy().tolist() == [["p.csv", "pain_scores", 2, 1]]

    def test_an_entry_that_does_not_add_up_cannot_be_made(self, tmp_path):
        source = find_sources(write(tmp_path, "p.csv", PAIN + "P1,2026-03-04,3\n"), timezone="UTC")[0]
        with pytest.raises(ValueError, match=r"less than or equal|greater than or equal"):
            source.entry(rows_set_aside=2, rows_duplicate=0)

    def test_files_that_are_not_read_are_named(self, tmp_path):
        write(tmp_path, "p.csv", PAIN + "P1,2026-03-04,3\n")
        write(tmp_path, "other.csv", "alpha,beta\n1,2\n")
        write(tmp_path, "README.md", "hello")
        skipped = {entry.file: entry.reason for entry in load(tmp_path).receipt.skipped}
        assert set(skipped) == {"other.csv", "README.md"}


class TestQuarantine:
    def test_the_text_row_is_kept_as_it_stands_and_the_reason_holds_no_cell(self, tmp_path):
        loaded = load(write(tmp_path, "p.csv", PAIN + "P1,2026-03-04,secretvalue\n"))
        assert loaded.quarantine.rows.to_dict("records") == [
            {"file": "p.csv", "row": 2, "Patient ID": "P1", "Date": "2026-03-04", "Pain level": "secretvalue"}
        ]
        assert "secretvalue" not in loaded.quarantine.reasons.to_csv()
        assert loaded.quarantine.reasons["reason"].tolist() == ["pain_nprs must be a number"]

    def test_every_broken_rule_of_a_row_is_named(self, tmp_path):
        loaded = load(write(tmp_path, "p.csv", PAIN + ",2026-13-01,12\n"))
        assert rules(loaded) == [
            [2, "pain_nprs", "pain_nprs_maximum"],
            [2, "patient_id", "patient_id_required"],
            [2, "recorded_at", "impossible_date"],
        ]

    def test_an_unreadable_optional_cell_sets_its_row_aside_and_a_missing_one_does_not(self, tmp_path):
        text = "Patient ID,Session,Exercise,Date,Sets,Reps\nP1,S1,walk,2026-03-04,x,5\nP1,S2,walk,2026-03-05,,5\n"
        loaded = load(write(tmp_path, "s.csv", text))
        assert rules(loaded) == [[2, "sets", "not_a_number"]]
        assert loaded.tables["sessions"]["sets"].isna().tolist() == [True]

    def test_an_end_before_its_start_breaks_a_rule(self, tmp_path):
        text = "Patient ID,From,To,Reason\nP1,2026-03-04,2026-03-01,holiday\nP1,2026-03-04,2026-03-04,ill\n"
        assert rules(load(write(tmp_path, "pauses.csv", text))) == [[2, "to_date", "to_date_order"]]

    def test_identifying_cells_are_never_stored(self, tmp_path):
        text = "Patient ID,Patient name,Date,Pain level\nP1,Jane Doe,2026-03-04,x\nP1,Jane Doe,2026-03-05,3\n"
        loaded = load(write(tmp_path, "p.csv", text))
        kept = [frame.to_csv() for frame in (*loaded.tables.values(), loaded.quarantine.rows, loaded.quarantine.reasons)]
        assert "Jane" not in " ".join(kept) + loaded.receipt.to_json()

    def test_the_last_check_of_the_schema_shows_no_value(self):
        bad = pl.DataFrame(
            {"patient_id": ["P-secret"], "recorded_at": [datetime(2026, 3, 4)], "pain_nprs": [99.5],
             "recall": ["secret-recall"], "site": [None], "is_flare": [None]},
            schema={"patient_id": pl.String, "recorded_at": pl.Datetime("us"), "pain_nprs": pl.Float64,
                    "recall": pl.String, "site": pl.String, "is_flare": pl.Boolean},
        )  # fmt: skip
        with pytest.raises(InvalidTableError, match="pain_nprs") as error:
            assure_valid(bad, TABLES["pain_scores"])
        assert "99.5" not in str(error.value)
        assert "secret" not in str(error.value)
        assert error.value.__cause__ is None
        assert error.value.__context__ is None


class TestDuplicatesAndContradictions:
    SESSIONS = "Patient ID,Session,Exercise,Date,Reps\n"

    def test_the_first_counts_a_copy_is_a_duplicate_and_a_contradiction_is_set_aside(self, tmp_path):
        text = self.SESSIONS + "P1,S1,walk,2026-03-04,5\nP1,S1,walk,2026-03-04,5\nP1,S1,walk,2026-03-04,6\n"
        loaded = load(write(tmp_path, "s.csv", text))
        assert loaded.tables["sessions"]["reps"].tolist() == [5.0]
        assert loaded.receipt.rows_duplicate == 1
        assert rules(loaded) == [[4, "patient_id, session_id, exercise_id", "conflicting_key"]]

    def test_missing_equals_missing(self, tmp_path):
        text = self.SESSIONS + "P1,S1,walk,2026-03-04,\nP1,S1,walk,2026-03-04,NA\n"
        assert load(write(tmp_path, "s.csv", text)).receipt.rows_duplicate == 1

    def test_a_row_set_aside_takes_nobodys_place(self, tmp_path):
        text = self.SESSIONS + "P1,S1,walk,2026-03-04,x\nP1,S1,walk,2026-03-04,6\n"
        assert load(write(tmp_path, "s.csv", text)).tables["sessions"]["reps"].tolist() == [6.0]

    def test_sets_merged_into_one_row_are_duplicates_all_together(self, tmp_path):
        head = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE\n"
        sets = "".join(f"2026-03-04 10:00:00,A,1h 5m,Squat,{n},{n}0,10,0,0,,,\n" for n in (1, 2, 3))
        for folder in ("one", "two"):
            (tmp_path / folder).mkdir()
            write(tmp_path / folder, "P1.csv", head + sets)
        loaded = load([tmp_path / "one", tmp_path / "two"])
        assert [(e.rows_used, e.rows_duplicate) for e in loaded.receipt.files] == [(3, 0), (0, 3)]
        row = loaded.tables["sessions"].iloc[0]
        assert (row["patient_id"], row["sets"], row["load_kg"], row["reps"], row["duration_min"]) == ("P1", 3, 20, 10, 65)


class TestConvertAndExplain:
    def test_convert_is_lazy_and_keeps_every_row(self, tmp_path):
        source = find_sources(write(tmp_path, "p.csv", PAIN + "P1,2026-03-04,3\nP1,2026-03-05,x\n"), timezone="UTC")[0]
        frame = convert(source)
        assert isinstance(frame, pl.LazyFrame)
        assert frame.collect().select("row", "is_valid").rows() == [(2, True), (3, False)]

    def test_explain_rows_gives_only_the_rows_asked_for(self, tmp_path):
        source = find_sources(write(tmp_path, "p.csv", PAIN + "P1,2026-03-04,y\nP1,2026-03-05,x\n"), timezone="UTC")[0]
        text, reasons = explain_rows(source, [3])
        assert text["row"].to_list() == [3]
        assert reasons.select("file", "row", "rule").rows() == [("p.csv", 3, "not_a_number")]

    def test_a_blank_score_says_so(self, tmp_path):
        text = "Patient,Instrument,Date,Total score\nP1,odi,2026-03-04,\nP1,odi,2026-03-05,20\n"
        scores = load(write(tmp_path, "scores.csv", text)).tables["scores"]
        assert scores["reason"].fillna("").tolist() == ["blank", ""]


class TestAFileThatChanges:
    def test_what_the_engine_says_about_a_cell_is_not_repeated(self, tmp_path, monkeypatch):
        path = write(tmp_path, "p.csv", PAIN + '"P1",2026-03-04,3\n')

        def shortened(source):
            path.write_text(PAIN + 'P-secret,"2026"x,3\n', encoding="utf-8")
            return source.text.with_columns(is_valid=pl.lit(value=True))

        monkeypatch.setattr("ptanalytics.loading.loader.convert", shortened)
        with pytest.raises(UnreadableFileError) as error:
            load(path)
        assert "secret" not in str(error.value)


class TestDateOrder:
    AMBIGUOUS = PAIN + "P1,04/03/2026,3\nP1,05/06/2026,3\n"

    def test_dates_that_fit_both_orders_are_asked_about(self, tmp_path):
        with pytest.raises(AmbiguousDateOrderError, match="date_order='day_first'"):
            load(write(tmp_path, "p.csv", self.AMBIGUOUS))

    @pytest.mark.parametrize(("order", "month"), [("day_first", 3), ("month_first", 4)])
    def test_the_answer_is_used(self, tmp_path, order, month):
        loaded = load(write(tmp_path, "p.csv", self.AMBIGUOUS), date_order=order)
        assert loaded.tables["pain_scores"]["recorded_at"].dt.month.tolist()[0] == month

    def test_what_the_column_itself_says_is_stronger_than_the_answer(self, tmp_path):
        loaded = load(write(tmp_path, "p.csv", self.AMBIGUOUS + "P1,25/06/2026,3\n"), date_order="month_first")
        assert loaded.receipt.files[0].date_order == {"recorded_at": "day_first"}

    def test_in_a_mixed_column_the_dates_that_contradict_are_set_aside(self, tmp_path):
        loaded = load(write(tmp_path, "p.csv", PAIN + "P1,25/03/2026,3\nP1,26/03/2026,3\nP1,03/27/2026,3\n"))
        assert rules(loaded) == [[4, "recorded_at", "impossible_date"]]
        assert "mixes" in loaded.receipt.files[0].notes[0]

    def test_in_a_column_that_really_mixes_orders_a_date_that_could_be_either_is_set_aside_too(self, tmp_path):
        mixed = PAIN + "P1,25/03/2026,3\nP1,26/03/2026,3\nP1,03/27/2026,3\nP1,03/04/2026,3\nP1,05/05/2026,3\n"
        loaded = load(write(tmp_path, "p.csv", mixed))
        assert rules(loaded) == [[4, "recorded_at", "impossible_date"], [5, "recorded_at", "ambiguous_date"]]
        assert "1 that could be either" in loaded.receipt.files[0].notes[0]

    def test_one_slip_among_many_dates_leaves_the_others_as_they_are(self, tmp_path):
        many = PAIN + "".join(f"P{n},25/03/2026,3\n" for n in range(30)) + "P1,03/27/2026,3\nP1,03/04/2026,3\n"
        loaded = load(write(tmp_path, "p.csv", many))
        assert rules(loaded) == [[32, "recorded_at", "impossible_date"]]

    def test_in_a_mixed_column_the_answer_of_a_person_holds(self, tmp_path):
        mixed = PAIN + "P1,25/03/2026,3\nP1,26/03/2026,3\nP1,03/27/2026,3\nP1,03/04/2026,3\n"
        loaded = load(write(tmp_path, "p.csv", mixed), date_order="month_first")
        assert rules(loaded) == [[2, "recorded_at", "impossible_date"], [3, "recorded_at", "impossible_date"]]


class TestBadInput:
    def test_unknown_time_zone(self, tmp_path):
        for name in ("Mars/Olympus", "", "../etc/passwd", "Europe/"):
            with pytest.raises(UnknownTimezoneError):
                pta.load_exports(tmp_path, timezone=name)

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(UnreadableFileError, match="no such file"):
            load(tmp_path / "gone.csv")

    def test_a_kind_of_file_that_is_not_known(self, tmp_path):
        with pytest.raises(UnreadableFileError, match=r"\.docx"):
            load(write(tmp_path, "notes.docx", "x"))

    def test_a_folder_without_anything(self, tmp_path):
        with pytest.raises(NothingUsableError, match="no files"):
            load(tmp_path)

    def test_a_folder_with_nothing_usable(self, tmp_path):
        write(tmp_path, "a.csv", "alpha,beta\n1,2\n")
        write(tmp_path, "b.txt", "gamma,delta\n1,2\n")
        with pytest.raises(NothingUsableError, match=r"2 files \(a.csv, b.txt\)"):
            load(tmp_path)

    def test_an_empty_export_stops_the_load(self, tmp_path):
        write(tmp_path, "p.csv", PAIN + "P1,2026-03-04,3\n")
        write(tmp_path, "sessions.csv", "Patient ID,Session,Exercise,Date\n")
        with pytest.raises(EmptyExportError, match=r"sessions\.csv"):
            load(tmp_path)

    @pytest.mark.parametrize("name", ["pauses.csv", "red_flags.csv"])
    def test_no_pauses_and_no_flags_are_facts(self, tmp_path, name):
        write(tmp_path, "p.csv", PAIN + "P1,2026-03-04,3\n")
        path = write(tmp_path, name, "Patient ID,From,Kind\n")
        assert [entry.file for entry in load(tmp_path).receipt.skipped] == [name]
        with pytest.raises(EmptyExportError):
            load(path)

    def test_a_missing_column_is_named_with_what_is_there(self, tmp_path):
        with pytest.raises(MissingColumnsError, match=r"exercise_id.*Session"):
            load(write(tmp_path, "sessions.csv", "Patient ID,Session,Start time\nP1,S1,2026-03-04\n"))

    def test_two_files_of_one_table_with_other_columns(self, tmp_path):
        write(tmp_path, "a.csv", PAIN + "P1,2026-03-04,3\n")
        write(tmp_path, "b.csv", "Patient ID,Date,Pain level,Flare\nP1,2026-03-05,3,no\n")
        with pytest.raises(TableConflictError, match=r"only b.csv has is_flare"):
            load(tmp_path)

    def test_two_files_of_one_table_with_the_same_columns_are_one_table(self, tmp_path):
        write(tmp_path, "a.csv", PAIN + "P1,2026-03-04,3\n")
        write(tmp_path, "b.csv", "Datum;NRS;Patient\n2026-03-05;3;P1\n")
        assert len(load(tmp_path).tables["pain_scores"]) == 2

    def test_a_layout_names_a_time_zone_that_does_not_exist(self, tmp_path):
        layout = write(
            tmp_path, "own.toml",
            'id = "own"\ndescription = "x"\n[[tables]]\ntable = "pain_scores"\ntimezone = "Mars/Olympus"\n'
            'columns = { patient_id = "a", recorded_at = "b", pain_nprs = "c" }\n',
        )  # fmt: skip
        with pytest.raises(LayoutError, match="Mars/Olympus"):
            load(write(tmp_path, "x.csv", "a,b,c\nP1,2026-03-04,3\n"), layout=layout)

    def test_a_layout_that_takes_the_id_from_the_file_name_needs_such_a_name(self, tmp_path):
        text = "name,startday,startmonth,startyear,intensity\nKnee Pain,1,2,2020,3\n"
        with pytest.raises(LayoutError, match="does not fit"):
            load(write(tmp_path, "diary.csv", text))
        assert load(write(tmp_path, "Participant12.csv", text)).tables["pain_scores"]["patient_id"].tolist() == [
            "Participant12"
        ]
