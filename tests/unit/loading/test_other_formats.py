"""OMOP tables, workout apps, Apple Health and dispensing events: each with the layout that is shipped for it."""

import io

import polars as pl
import pytest

import ptanalytics as pta
from ptanalytics.errors import EmptyExportError, LayoutError, UnreadableFileError
from ptanalytics.loading.readers import is_readable
from reader_corpus import APPLE, FITNOTES, HEVY, OMOP_MEASUREMENT, OMOP_PERSON


@pytest.fixture
def load(tmp_path):
    def loaded(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return pta.load_exports(path, timezone="Europe/London")

    return loaded


def ends(loaded):
    receipt = loaded.receipt
    return receipt.rows_used, receipt.rows_set_aside, receipt.rows_duplicate, receipt.rows_ignored


class TestOmop:
    def test_pain_and_scores_by_concept_or_by_loinc_code(self, load):
        loaded = load("measurement.csv", OMOP_MEASUREMENT)
        pain = loaded.tables["pain_scores"].sort_values("patient_id")
        assert pain[["patient_id", "pain_nprs", "recall"]].values.tolist() == [["11", 4, "unknown"], ["12", 6, "unknown"]]
        assert pain["recorded_at"].astype(str).tolist() == ["2026-01-05 09:00:00", "2026-01-06 00:00:00"]
        assert loaded.tables["scores"][["patient_id", "instrument_id", "score"]].values.tolist() == [["12", "odi", 32]]

    def test_other_concepts_are_ignored_and_counted_once(self, load):
        loaded = load("measurement.csv", OMOP_MEASUREMENT)
        assert [entry.ignored_kinds for entry in loaded.receipt.files] == [
            {"OMOP row of a concept that is no pain rating or score": 1},
            {},
        ]
        # Four rows and the heading.
        assert loaded.receipt.rows_read == 5

    def test_parquet_and_the_observation_table_are_read_alike(self, load):
        frame = pl.read_csv(OMOP_MEASUREMENT, infer_schema_length=None)
        frame = frame.rename({name: name.replace("measurement", "observation") for name in frame.columns})
        out = io.BytesIO()
        frame.write_parquet(out)
        loaded = load("observation.parquet", out.getvalue())
        assert len(loaded.tables["pain_scores"]) == 2
        assert len(loaded.tables["scores"]) == 1

    def test_the_concept_stands_beside_a_row_set_aside(self, load):
        loaded = load("measurement.csv", OMOP_MEASUREMENT.replace(b",4,44777566", b",44,44777566"))
        assert loaded.quarantine.rows["OMOP concept"].tolist() == ["43055141"]

    def test_a_table_without_one_of_our_concepts_is_passed_over(self, load, tmp_path):
        (tmp_path / "person.csv").write_bytes(OMOP_PERSON)
        (tmp_path / "measurement.csv").write_bytes(b"".join(OMOP_MEASUREMENT.splitlines(keepends=True)[:3:2]))
        loaded = pta.load_exports(tmp_path, timezone="Europe/London")
        assert set(loaded.tables) == {"patients"}
        assert [skipped.file for skipped in loaded.receipt.skipped] == ["measurement.csv"]

    def test_persons_have_year_of_birth_and_sex_only(self, load):
        loaded = load("person.csv", OMOP_PERSON)
        people = loaded.tables["patients"][["patient_id", "birth_year", "sex"]].values.tolist()
        assert people == [["11", 1970, "female"], ["12", 1985, "male"], ["13", 1990, "unknown"]]
        assert "person_source_value" in loaded.receipt.files[0].columns_dropped


class TestHevy:
    def test_sets_of_an_exercise_become_one_row(self, load):
        loaded = load("P1.csv", HEVY)
        rows = loaded.tables["sessions"].sort_values("exercise_id")
        wanted = ["patient_id", "exercise_id", "sets", "reps", "load_kg", "rpe", "source"]
        assert rows[wanted].iloc[0].tolist() == ["P1", "bird_dog", 2, 7, 15, 7.5, "app_log"]
        assert rows[["exercise_id", "sets", "hold_s"]].iloc[1].tolist() == ["plank", 1, 60]
        assert rows["started_at"].astype(str).unique().tolist() == ["2025-12-22 08:00:00"]

    def test_warm_up_sets_are_set_aside_with_a_reason(self, load):
        loaded = load("P1.csv", HEVY)
        assert loaded.quarantine.reasons["rule"].tolist() == ["warm_up_set"]
        assert ends(loaded) == (3, 1, 0, 1)

    def test_pounds_become_kilograms(self, load):
        pounds = HEVY.replace(b"weight_kg", b"weight_lbs").replace(b"distance_km", b"distance_miles")
        loaded = load("P1.csv", pounds)
        assert loaded.receipt.files[0].layout_id == "hevy_lbs"
        # 15 lb on average, 0.45359237 kg each.
        assert loaded.tables["sessions"]["load_kg"].max() == pytest.approx(6.80388555)

    def test_a_file_named_by_the_app_names_nobody(self, load):
        with pytest.raises(LayoutError, match="Rename the file"):
            load("workouts.csv", HEVY)


class TestFitNotes:
    def test_a_day_s_sets_of_an_exercise_become_one_row(self, load):
        rows = load("P2.csv", FITNOTES).tables["sessions"].sort_values("exercise_id")
        assert rows[["exercise_id", "sets", "reps", "load_kg"]].iloc[0].tolist() == ["glute_bridge", 2, 9, 25]
        assert rows[["exercise_id", "sets", "duration_min"]].iloc[1].tolist() == ["plank", 1, 1.5]

    def test_a_unit_per_row_keeps_kilograms_and_sets_pounds_aside(self, load):
        content = (
            b"Date,Exercise,Category,Weight,Weight Unit,Reps,Distance,Distance Unit,Time,Comment\n"
            b"2026-01-15,Squat,Legs,20,kgs,10,,,,\n2026-01-15,Squat,Legs,50,lbs,10,,,,\n"
        )
        loaded = load("P2.csv", content)
        assert loaded.tables["sessions"]["load_kg"].tolist() == [20]
        assert loaded.quarantine.reasons["rule"].tolist() == ["weight_in_pounds"]


class TestAppleHealth:
    def test_workouts_are_sessions(self, load):
        loaded = load("P3.xml", APPLE)
        wanted = ["patient_id", "exercise_id", "duration_min", "source"]
        rows = loaded.tables["sessions"].sort_values("exercise_id")[wanted].values.tolist()
        assert rows == [["P3", "core_training", 20.5, "sensor"], ["P3", "yoga", 30, "app_log"]]

    def test_times_with_offsets_are_the_clinic_s_local_times(self, load):
        loaded = load("P3.xml", APPLE.replace(b"18:00:00 +0000", b"18:00:00 -0500"))
        assert "2026-01-06 23:00:00" in loaded.tables["sessions"]["started_at"].astype(str).tolist()

    def test_everything_else_is_counted_and_never_read(self, load):
        loaded = load("P3.xml", APPLE)
        assert loaded.receipt.files[0].ignored_kinds == {"ExportDate element": 1, "Me element": 1, "Record element": 1}
        assert "Somebody" not in loaded.receipt.to_json() + loaded.quarantine.rows.to_string()

    def test_a_file_named_by_the_phone_names_nobody(self, load):
        with pytest.raises(LayoutError, match="Rename the file"):
            load("export.xml", APPLE)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"<!ELEMENT HealthData", b"<!ENTITY a 'aaaa'><!ELEMENT HealthData"),
            (b"<!ELEMENT HealthData", b"<!ENTITY a SYSTEM 'file:///etc/passwd'><!ELEMENT HealthData"),
            (b"<!DOCTYPE HealthData [", b"<!DOCTYPE HealthData [<!ENTITY % p SYSTEM 'http://example.org/x.dtd'> %p;"),
        ],
    )
    def test_entities_and_outside_references_are_refused(self, load, old, new):
        with pytest.raises(UnreadableFileError, match="entities or points outside"):
            load("P3.xml", APPLE.replace(old, new))

    def test_broken_xml_is_refused(self, load):
        with pytest.raises(UnreadableFileError, match="broken after 1 workouts"):
            load("P3.xml", APPLE[: APPLE.index(b"HKWasUserEntered")])

    def test_an_export_without_workouts_is_empty(self, load):
        with pytest.raises(EmptyExportError):
            load("P3.xml", b"<HealthData><Record/></HealthData>")

    def test_other_xml_is_refused_alone_and_passed_over_in_a_folder(self, load, tmp_path):
        with pytest.raises(UnreadableFileError, match="another kind"):
            load("config.xml", b"<config/>")
        assert not is_readable(tmp_path / "config.xml")


class TestSupplies:
    EVENTS = (
        b"PATIENT_ID,DATE,PERDAY,CATEGORY,DURATION\n1,04/05/2033,4,medA,50\n1,04/05/2033,4,medA,50\n1,04/06/2033,2,medB,0\n"
    )

    def test_days_are_month_first_and_doubles_count_once(self, load):
        loaded = load("med.events.csv", self.EVENTS)
        [supply] = loaded.tables["supplies"].astype({"supplied_date": str}).values.tolist()
        assert supply == ["1", "2033-04-05", 50, 4, "medA"]
        assert ends(loaded) == (1, 1, 1, 1)

    def test_a_supply_that_lasts_no_day_is_set_aside(self, load):
        assert load("med.events.csv", self.EVENTS).quarantine.reasons["rule"].tolist() == ["duration_days_minimum"]
