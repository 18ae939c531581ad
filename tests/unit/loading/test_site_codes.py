"""A site's own codes: concepts and source values of OMOP, codes of FHIR, beside the export or in the study."""

import json

import pytest

import ptanalytics as pta
from ptanalytics.errors import ReferenceDataError
from ptanalytics.loading.readers.fhir_codes import code_table

HEAD = "measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,measurement_source_value\n"
ROWS = "1,11,43055141,2026-01-05,4,\n2,11,3034263,2026-01-06,5,\n3,12,2000000001,2026-01-07,6,\n"
ROWS += "4,12,0,2026-01-08,7,PAIN SCALE\n5,12,2000000002,2026-01-08,32,\n6,12,3025315,2026-01-08,81,\n"
CODES = """system,code,table,instrument_id,recall,omop_concept_id
,,pain_scores,,avg_24h,2000000001
source_value,PAIN SCALE,pain_scores,,current,
,,scores,odi,,2000000002
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "measurement.csv").write_text(HEAD + ROWS, encoding="utf-8")
    return tmp_path


def load(folder):
    return pta.load_exports(folder, timezone="UTC")


def test_the_shipped_concepts_are_read_without_any(folder):
    loaded = load(folder)
    assert loaded.tables["pain_scores"]["pain_nprs"].tolist() == [4, 5]
    assert set(loaded.tables) == {"pain_scores"}


def test_concepts_that_are_not_read_are_named_with_what_to_do(folder):
    notes = " ".join(load(folder).receipt.files[0].notes)
    assert "2000000001 (1 rows)" in notes
    assert "codes.csv" in notes


def test_codes_beside_the_export_are_read_as_well(folder):
    (folder / "codes.csv").write_text(CODES, encoding="utf-8")
    loaded = load(folder)
    pain = loaded.tables["pain_scores"].sort_values("pain_nprs")
    assert pain[["pain_nprs", "recall"]].values.tolist() == [[4, "unknown"], [5, "unknown"], [6, "avg_24h"], [7, "current"]]
    assert loaded.tables["scores"][["instrument_id", "score"]].values.tolist() == [["odi", 32.0]]
    assert {skipped.file: skipped.reason for skipped in loaded.receipt.skipped}["codes.csv"].startswith(
        "a table of this site"
    )
    assert loaded.receipt.rows_read == loaded.receipt.rows_used + loaded.receipt.rows_ignored == 7


def test_an_empty_table_leaves_a_shipped_code_out(folder):
    (folder / "codes.csv").write_text("system,code,table,omop_concept_id\n,,,43055141\n", encoding="utf-8")
    assert load(folder).tables["pain_scores"]["pain_nprs"].tolist() == [5]


def test_codes_do_not_outlive_the_reading(folder):
    before = code_table()
    (folder / "codes.csv").write_text(CODES, encoding="utf-8")
    load(folder)
    assert code_table() == before


def test_codes_of_a_study_and_changed_codes_are_seen(folder, tmp_path):
    study = pta.create_study(tmp_path / "s.study", timezone="UTC")
    first = study.import_exports(folder / "measurement.csv")
    (study.path / "layouts").mkdir(exist_ok=True)
    (study.path / "layouts" / "codes.csv").write_text(CODES, encoding="utf-8")
    second = study.import_exports(folder / "measurement.csv")
    third = study.import_exports(folder / "measurement.csv")
    assert (first.rows_new, second.rows_new, third.rows_new) == (2, 3, 0)
    (folder / "codes.csv").write_text("table,omop_concept_id\npain_scores,3025315\n", encoding="utf-8")
    study.import_exports(folder / "measurement.csv")
    assert study.receipts()[-1].rows_set_aside == 1  # a weight is no pain rating: 81 is beyond the scale


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("loinc,1,weights,,,", "table must be one of"),
        (",,pain_scores,,,", "give a code"),
        (",,pain_scores,,,12x", "whole number"),
        (",9,scores,,,", "needs an instrument_id"),
        (",9,pain_scores,,yesterday,", "recall must be one of"),
    ],
)
def test_a_wrong_line_is_refused_by_its_number(folder, line, words):
    (folder / "codes.csv").write_text(CODES + line + "\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError, match=rf"codes.csv, line 5: .*{words}"):
        load(folder)


def test_a_fhir_code_of_the_site(tmp_path):
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://site.example/codes", "code": "P1"}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": "2026-01-05T08:00:00Z",
        "valueInteger": 6,
    }
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": observation}]}
    (tmp_path / "bundle.json").write_text(json.dumps(bundle), encoding="utf-8")
    codes = "system,code,table,recall\nhttp://site.example/codes,P1,pain_scores,current\n"
    (tmp_path / "codes.csv").write_text(codes, encoding="utf-8")
    pain = load(tmp_path).tables["pain_scores"]
    assert pain[["pain_nprs", "recall"]].values.tolist() == [[6, "current"]]
