"""Every clinical number in the reference folder names its source."""

import csv
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

import ptanalytics
from ptanalytics.errors import ReferenceDataError
from ptanalytics.instruments import bands, instrument, instrument_ids, mdc95_of, measure, measure_ids, mic_for, mic_table
from ptanalytics.instruments.catalogue import Instrument
from ptanalytics.instruments.mic import MicRow
from ptanalytics.reference import reference_file
from ptanalytics.schemas.results import MEASURES
from ptanalytics.settings import default_settings


def rows(name):
    return list(csv.DictReader(reference_file(name).read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize("name", ["mic.csv", "bands.csv"])
def test_every_row_has_a_source_and_a_known_instrument(name):
    for number, row in enumerate(rows(name), start=2):
        assert row["source"].strip(), f"{name} line {number} has no source"
        assert row["instrument"] in instrument_ids(), f"{name} line {number} is about an unknown instrument"


@pytest.mark.parametrize("name", instrument_ids())
def test_every_instrument_names_source_licence_and_version(name):
    entry = instrument(name)

    assert all(text.strip() for text in (entry.source, entry.licence, entry.version, entry.recall))
    if entry.measurement_error is not None:
        assert entry.measurement_error.source.strip()
        assert (entry.measurement_error.sem is None) != (entry.measurement_error.mdc95 is None)


@pytest.mark.parametrize("name", instrument_ids())
def test_items_are_ids_without_wording(name):
    entry = instrument(name)

    assert all(re.fullmatch(rf"{entry.form_id}_(\d+|vas)", item) for item in (*entry.items, *entry.unscored_items))


@pytest.mark.parametrize("name", [name for name in measure_ids() if name != "eq5d_vas"])
def test_there_is_one_default_mic_in_points_at_most_one_in_percent(name):
    defaults = [row.kind for row in mic_table() if row.instrument == name and row.is_default]

    assert sorted(defaults) == (["percent", "points"] if instrument(name).allows_percent else ["points"])


@pytest.mark.parametrize("name", instrument_ids())
def test_bands_rise_and_end_at_the_top_of_the_scale(name):
    edges = [band.upper for band in bands(name)]

    assert edges == sorted(set(edges))
    assert not edges or edges[-1] == instrument(name).maximum


def test_core_measures_are_in_the_catalogue():
    assert set(MEASURES) <= set(instrument_ids())


@pytest.mark.parametrize(
    ("name", "mic"), [("nprs", 2), ("nprs_7d", 2), ("odi", 10), ("rmdq24", 5), ("pcs", 8), ("tsk11", 4)]
)
def test_default_mic_is_the_one_of_the_methods_text(name, mic):
    assert mic_for(name).value == mic


@pytest.mark.parametrize(
    ("name", "limits"), [("odi", (0, 100)), ("rmdq24", (0, 24)), ("pcs", (0, 52)), ("tsk11", (11, 44))]
)
def test_ranges_are_those_of_the_methods_text(name, limits):
    assert (measure(name).minimum, measure(name).maximum) == limits


def test_the_clinics_own_mic_wins_and_says_so():
    own = default_settings().with_changes({"outcomes": {"mic": {"odi": 12}}})

    assert mic_for("odi", own) == (12, "own value of this clinic")
    assert mic_for("rmdq24", own) == mic_for("rmdq24")


def test_a_measure_without_published_value_has_no_mic():
    assert mic_for("eq5d_index") == (None, None)


def test_published_mdc_is_taken_as_it_is():
    assert mdc95_of("pcs") == 7.73


def test_unknown_instrument_ends_in_a_sentence():
    with pytest.raises(ReferenceDataError, match="no such instrument"):
        instrument("odi_9")


def entry(**changes):
    values = tomllib.loads(reference_file("instruments/odi.toml").read_text(encoding="utf-8"))
    return values | changes


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"souce": "typo"}, id="unknown key"),
        pytest.param({"source": ""}, id="no source"),
        pytest.param({"minimum": 100.0}, id="empty range"),
        pytest.param({"items": []}, id="scoring without items"),
        pytest.param({"items": ["odi_1", "odi_1"]}, id="item twice"),
        pytest.param({"minimum": 11.0}, id="percent rule without true zero"),
        pytest.param({"scoring": entry()["scoring"] | {"min_answered": "odi_min_anwered"}}, id="setting that is not there"),
    ],
)
def test_a_wrong_instrument_file_is_refused(changes):
    with pytest.raises(ValidationError):
        Instrument.model_validate(entry(**changes))


def test_a_mic_row_without_source_is_refused():
    row = rows("mic.csv")[0]

    assert MicRow.model_validate(row).source
    with pytest.raises(ValidationError):
        MicRow.model_validate(row | {"source": ""})


def dois_in(text):
    found = re.findall(r"10\.\d{4,}/[^\s,;|\"'`]+", text)
    return {doi.rstrip(").:") if doi.count("(") < doi.count(")") else doi.rstrip(".:") for doi in found}


def test_every_doi_says_how_far_it_was_checked():
    root = Path(ptanalytics.__file__).parent
    files = [*(root / "reference" / "instruments").glob("*.toml"), root / "reference" / "mic.csv"]
    files += [file for package in ("instruments", "outcomes", "statistics") for file in (root / package).glob("*.py")]
    used = set().union(*(dois_in(file.read_text(encoding="utf-8")) for file in files))
    lines = [line for line in reference_file("doi_checks.csv").read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    checks = {row["doi"]: row["checked"] for row in csv.DictReader(lines)}

    assert used == set(checks)
    assert set(checks.values()) == {"seen", "paper_seen"}
