"""Real FHIR bundles and dispensing events: the facts their description states, and every resource accounted for."""

import gzip
import json
import zipfile
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

import ptanalytics as pta
from ptanalytics.loading.layouts import shipped_layouts

DATA = Path(__file__).parents[2].parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real data is not beside the repository")

BUNDLES = sorted((DATA / "fhir").glob("*.json"))
#: n and mean of LOINC 72514-3, as the description of the files states them.
PAIN = {"Royal": (8, 1.962), "Errol": (8, 2.7645), "Junita": (8, 1.5609), "Harland": (44, 5.3533)}
AHRQ = DATA / "fhir" / "ahrq_brenda_jackson_r4.json"
EVENTS = DATA / "medication_events" / "med.events.csv"


def load(path):
    return pta.load_exports(path, timezone="America/New_York")


def resources_in(path):
    return [entry["resource"] for entry in json.loads(path.read_text(encoding="utf-8"))["entry"]]


@pytest.mark.parametrize("name", PAIN)
def test_pain_severity_has_the_stated_number_and_mean(name):
    [path] = [path for path in BUNDLES if path.name.startswith(name)]
    scores = load(path).tables["pain_scores"]["pain_nprs"]
    n, mean = PAIN[name]
    assert len(scores) == n
    assert scores.mean() == pytest.approx(mean, abs=5e-5)


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.name.split("_")[0])
def test_every_resource_is_a_row_or_counted_by_its_kind(path):
    loaded = load(path)
    kinds = Counter(resource["resourceType"] for resource in resources_in(path))
    ignored = loaded.receipt.files[0].ignored_kinds
    read = {"Patient", "Observation", "QuestionnaireResponse", "CarePlan", "ServiceRequest", "Procedure"}
    for kind, n in kinds.items():
        if kind not in read:
            assert ignored[kind] == n
    # What is read makes rows: one per patient, rating, score and exercise, and one more per component that is an item.
    n_ignored_of_read = sum(n for kind, n in ignored.items() if kind not in kinds)
    n_with_rows = sum(n for kind, n in kinds.items() if kind in read) - n_ignored_of_read
    n_items = sum(entry.rows_used for entry in loaded.receipt.files if entry.table == "responses")
    assert loaded.receipt.rows_used == n_with_rows + n_items
    assert loaded.receipt.rows_set_aside == loaded.receipt.rows_duplicate == 0
    assert loaded.receipt.rows_read == loaded.receipt.rows_used + sum(ignored.values())


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.name.split("_")[0])
def test_no_name_or_address_of_a_patient_is_kept(path):
    [patient] = [one for one in resources_in(path) if one["resourceType"] == "Patient"]
    loaded = load(path)
    kept = " ".join(frame.to_string() for frame in loaded.tables.values()) + loaded.receipt.to_json()
    for name in patient["name"]:
        assert name["family"] not in kept.replace(path.name, "")
    for part in ("telecom", "address", "identifier"):
        for value in patient.get(part, []):
            assert not {str(text) for text in value.values() if isinstance(text, str) and len(text) > 6} & set(kept.split())


def test_the_pain_management_patient_has_startback_peg_and_phq9():
    scores = load(AHRQ).tables["scores"]
    by_instrument = scores.sort_values("completed_date").groupby("instrument_id")["score"].agg(list).to_dict()
    assert by_instrument == {
        "startback": [5, 3, 4],
        "peg": [8, 7, 5],
        "phq9": [18, 15, 8],
        "wong_baker_faces": [6, 6, 6, 10],
    }


def test_exercises_of_care_plans_are_plans():
    exercises = {path.name.split("_")[0]: load(path).tables.get("plans") for path in BUNDLES}
    found = {name: plans["exercise_id"].tolist() for name, plans in exercises.items() if plans is not None}
    assert found == {
        "Errol": ["stretching_exercises"],
        "Harland": ["exercise_therapy"],
        "Junita": ["stretching_exercises"],
        "Royal": ["deep_breathing_exercises"],
    }


def test_bulk_lines_packed_and_zipped_say_the_same_as_the_bundles(tmp_path):
    [path] = [path for path in BUNDLES if path.name.startswith("Harland")]
    expected = load(path).tables
    bulk = "".join(json.dumps(resource) + "\n" for resource in resources_in(path)).encode()
    (tmp_path / "bulk.ndjson").write_bytes(bulk)
    (tmp_path / "bulk.ndjson.gz").write_bytes(gzip.compress(bulk))
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, path.name)
    for name in ("bulk.ndjson", "bulk.ndjson.gz", "bundle.zip"):
        found = load(tmp_path / name).tables
        assert all(found[table].equals(frame) for table, frame in expected.items())


def test_a_folder_of_bundles_goes_into_a_study(tmp_path):
    study = pta.create_study(tmp_path / "fhir.study", timezone="America/New_York")
    receipt = study.import_exports(DATA / "fhir")
    assert receipt.rows_new == receipt.rows_used
    assert len(study.table("patients")) == 5
    assert len(study.table("pain_scores")) == sum(n for n, _ in PAIN.values())
    again = study.import_exports(DATA / "fhir")
    assert again.rows_new == 0


@pytest.mark.parametrize("folder", ["fhir", "medication_events", "pain_diaries", "workout_exports"])
def test_every_file_is_read_by_a_shipped_layout(folder):
    shipped = {layout.id for layout in shipped_layouts()}
    for path in sorted((DATA / folder).glob("*.[cj]s*")):
        loaded = load(path)
        assert {entry.layout_id for entry in loaded.receipt.files} <= shipped
        assert loaded.receipt.rows_used > 0


def test_dispensing_events_equal_plain_pandas():
    plain = pd.read_csv(EVENTS)
    loaded = load(EVENTS)
    [entry] = loaded.receipt.files
    supplies = loaded.tables["supplies"]
    assert entry.rows_read == len(plain) + 1 == 1081
    assert entry.rows_duplicate == plain.duplicated().sum() == 2
    assert len(supplies) == len(plain.drop_duplicates())
    assert supplies["duration_days"].sum() == plain.drop_duplicates()["DURATION"].sum()
    expected = pd.to_datetime(plain["DATE"], format="%m/%d/%Y")
    assert supplies["supplied_date"].min() == expected.min()
    assert supplies["supplied_date"].max() == expected.max()
