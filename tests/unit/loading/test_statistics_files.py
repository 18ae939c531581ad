"""SPSS and Stata files: value labels decode, what the file declares missing is missing and counted."""

import datetime as dt

import pandas as pd
import pyreadstat
import pytest

import ptanalytics as pta
from ptanalytics.errors import EmptyExportError, UnreadableFileError
from ptanalytics.loading.readers import statistics_files

LABELS = {"sex": {1: "Male", 2: "Female", 9: "Not asked"}}


def people(n=3):
    return pd.DataFrame(
        {
            "patient_id": [f"P{number}" for number in range(n)],
            "sex": [float(1 + number % 2) for number in range(n - 1)] + [9.0],
            "birth_year": [1960.0 + number for number in range(n)],
            "enrolled_date": [dt.date(2026, 1, 5)] * n,
        }
    )


@pytest.fixture(params=["sav", "zsav", "dta"])
def file(request, tmp_path):
    path = tmp_path / f"people.{request.param}"
    if request.param == "dta":
        pyreadstat.write_dta(people(), path, variable_value_labels=LABELS)
    else:
        pyreadstat.write_sav(people(), path, variable_value_labels=LABELS, compress=request.param == "zsav")
    return path


def load(path, **options):
    return pta.load_exports(path, timezone="Europe/London", **options)


def test_codes_are_read_by_the_labels_of_the_file(file):
    patients = load(file).tables["patients"]
    assert patients["sex"].tolist()[:2] == ["male", "female"]


def test_whole_numbers_and_dates_come_through(file):
    patients = load(file).tables["patients"]
    assert patients["birth_year"].tolist()[:2] == [1960, 1961]
    assert str(patients["enrolled_date"].iloc[0])[:10] == "2026-01-05"


def test_a_label_that_is_no_allowed_value_sets_the_row_aside(file):
    reasons = load(file).quarantine.reasons
    assert reasons[["row", "column", "rule"]].values.tolist() == [[3, "sex", "not_allowed"]]


def test_the_receipt_says_that_labels_were_used(file):
    assert "labels" in load(file).receipt.files[0].notes[0]


def test_a_value_that_spss_declares_missing_is_missing_and_counted(tmp_path):
    path = tmp_path / "people.sav"
    pyreadstat.write_sav(people(), path, variable_value_labels=LABELS, missing_ranges={"sex": [9]})
    loaded = load(path)
    assert loaded.tables["patients"]["sex"].isna().sum() == 1
    assert any(note.startswith("sex: 1 cells") for note in loaded.receipt.files[0].notes)


def test_a_declared_range_is_missing(tmp_path):
    path = tmp_path / "people.sav"
    pyreadstat.write_sav(
        people(), path, missing_ranges={"birth_year": [{"lo": 1961, "hi": 1962}]}, variable_value_labels=LABELS
    )
    assert load(path).tables["patients"]["birth_year"].tolist()[0] == 1960
    assert load(path).tables["patients"]["birth_year"].isna().sum() >= 1


def test_a_file_of_several_chunks_is_read_whole_and_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(statistics_files, "_CHUNK_ROWS", 10)
    path = tmp_path / "people.sav"
    pyreadstat.write_sav(people(35), path, variable_value_labels=LABELS)
    loaded = load(path)
    assert loaded.receipt.rows_read == 35
    assert loaded.quarantine.reasons["row"].tolist() == [35]


def test_a_study_takes_it(tmp_path, file):
    study = pta.create_study(tmp_path / "s.study", timezone="Europe/London")
    receipt = study.import_exports(file)
    assert (receipt.rows_used, receipt.rows_set_aside) == (2, 1)


@pytest.mark.parametrize("ending", ["sav", "dta"])
def test_a_damaged_file_is_refused_with_a_sentence(tmp_path, ending):
    path = tmp_path / f"people.{ending}"
    path.write_bytes(b"$FL2 not really" * 50)
    with pytest.raises(UnreadableFileError, match="SPSS or Stata"):
        load(path)


def test_a_file_without_rows(tmp_path):
    path = tmp_path / "people.sav"
    pyreadstat.write_sav(people().head(0), path)
    with pytest.raises(EmptyExportError):
        load(path)
