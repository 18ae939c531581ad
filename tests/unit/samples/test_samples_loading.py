"""The messy exports through the loader: every planted defect ends as listed, and the clean facts come back."""

import csv
import io
from collections import Counter

import openpyxl
import pandas as pd
import pytest

from ptanalytics.loading import load_exports
from ptanalytics.samples import write_samples
from ptanalytics.samples.clinic import EXPORTED_TABLES

# What the loader must say about a planted defect, by kind: the rule's ending where the kind alone decides it.
RULES = {
    "missing patient id": "patient_id_required",
    "missing exercise id": "exercise_id_required",
    "missing rating": "pain_nprs_required",
    "missing time": "recorded_at_required",
    "negative minutes": "duration_min_minimum",
    "negative pain": "pain_nprs_minimum",
    "negative sets": "sets_minimum",
    "pain above 10": "_maximum",
    "frequency out of range": "sessions_per_week_maximum",
    "plan version out of range": "plan_version_minimum",
    "year out of range": "birth_year_minimum",
    "day that does not exist": "impossible_date",
    "number written as a word": "not_a_number",
    "rating written as a word": "not_a_number",
    "answer written as a word": "not_a_number",
    "source that does not exist": "not_allowed",
    "recall that does not exist": "not_allowed",
    "same key, other content": "conflicting_key",
    "row cut short": "too_few_fields",
    "stray separator": "too_many_fields",
}


@pytest.fixture(scope="module", params=[2026, 7], ids=["shipped seed", "another seed"])
def clinic_of_seed(request, clinic, tmp_path_factory):
    return clinic if request.param == 2026 else write_samples(tmp_path_factory.mktemp("other"), seed=request.param)


@pytest.fixture(scope="module")
def loaded(clinic_of_seed):
    return load_exports(clinic_of_seed.messy, timezone=clinic_of_seed.timezone)


@pytest.fixture(scope="module")
def defects(clinic_of_seed):
    return pd.read_csv(clinic_of_seed.folder / "defects.csv", keep_default_na=False)


@pytest.fixture(scope="module")
def entries(loaded):
    return {entry.file: entry for entry in loaded.receipt.files}


def planted(defects, expected):
    rows = defects[(defects["expected"] == expected) & (defects["row"] != "")]
    return set(zip(rows["file"], rows["row"].astype(int), strict=True))


def test_exactly_the_rows_that_should_be_are_set_aside(loaded, defects):
    rows = loaded.quarantine.rows

    assert set(zip(rows["file"], rows["row"], strict=True)) == planted(defects, "set_aside")


def test_each_set_aside_row_is_told_why(loaded, defects, entries):
    reasons = loaded.quarantine.reasons.groupby(["file", "row"])
    checked = 0
    for defect in defects[defects["expected"] == "set_aside"].itertuples():
        told = reasons.get_group((defect.file, int(defect.row)))
        if defect.kind in RULES:
            assert told["rule"].str.endswith(RULES[defect.kind]).any(), defect.kind
            checked += 1
        if defect.column and defect.kind != "same key, other content":
            assert entries[defect.file].columns_renamed[defect.column] in set(told["column"])
    assert checked > 50


def test_rows_exported_twice_are_counted_as_duplicates(entries, defects):
    listed = Counter(defects[defects["expected"] == "duplicate"]["file"])

    assert {file: entry.rows_duplicate for file, entry in entries.items() if entry.rows_duplicate} == dict(listed)


def test_headings_comments_and_blank_lines_are_ignored_and_counted(entries, defects):
    listed = defects[defects["expected"] == "ignored"]
    for file, entry in entries.items():
        kinds = Counter(listed[listed["file"] == file]["kind"])
        assert entry.ignored_headings == 1
        assert entry.ignored_blank == kinds["blank line"]
        assert entry.ignored_comments == kinds["comment line"] + kinds["line above the headings"]
        assert entry.rows_ignored == 1 + kinds.total()


def test_identifying_columns_are_refused_and_unknown_ones_dropped(entries, defects):
    for file, entry in entries.items():
        of_file = defects[defects["file"] == file]
        assert set(entry.columns_refused) == set(of_file[of_file["expected"] == "refused"]["column"])
        assert set(entry.columns_dropped) == set(of_file[of_file["expected"] == "dropped"]["column"])


def test_no_name_phone_or_address_gets_anywhere(loaded, clinic_of_seed):
    kept = [*loaded.tables.values(), loaded.quarantine.rows, loaded.quarantine.reasons]
    everything = "".join(frame.to_csv() for frame in kept) + loaded.receipt.to_json()

    exported = "".join(path.read_text("utf-8-sig") for path in clinic_of_seed.messy.glob("*.csv"))
    surnames = openpyxl.load_workbook(clinic_of_seed.messy / "south_clinic.xlsx")["Log"]["R"]
    for identifying in ("Test Person", "01632", "clinic.invalid"):
        assert identifying in exported
        assert identifying not in everything
    assert surnames[1].value.startswith("Sample ")
    assert surnames[1].value not in everything


def n_records(path, sheet=None):
    """Lines of a text file or rows of a sheet, counted without the loader."""
    if sheet is not None:
        return openpyxl.load_workbook(path, read_only=True)[sheet].max_row
    return len(path.read_bytes().decode("utf-8-sig").splitlines())


def test_the_receipt_accounts_for_every_line_of_every_file(clinic_of_seed, loaded, entries):
    for file, entry in entries.items():
        name, _, sheet = file.partition(" [")
        assert entry.rows_read == n_records(clinic_of_seed.messy / name, sheet.rstrip("]") or None), file
        parts = (entry.rows_used, entry.rows_set_aside, entry.rows_duplicate, entry.rows_ignored)
        assert sum(parts) == entry.rows_read
    assert {file.partition(" [")[0] for file in entries} == {path.name for path in clinic_of_seed.messy.iterdir()}
    assert loaded.receipt.rows_used == sum(len(table) for table in loaded.tables.values())
    assert loaded.receipt.rows_set_aside == len(loaded.quarantine.rows)


def test_date_orders_and_decimal_marks_were_seen(entries):
    assert entries["north_sessions.csv"].date_order["started_at"] == "day_first"
    assert entries["questionnaires.csv"].date_order["completed_at"] == "month_first"
    assert entries["north_sessions.csv"].decimal_mark["completed_fraction"] == ","


@pytest.mark.parametrize("name", EXPORTED_TABLES)
def test_the_clean_facts_come_back(clinic_of_seed, loaded, name):
    facts = pd.read_csv(clinic_of_seed.clean / f"{name}.csv", dtype=str, keep_default_na=False)
    found = loaded.tables[name]
    if name == "responses":  # one form with an answer outside its range is kept: scoring says out_of_range
        extra = found["response_id"] == "odi-9"
        assert found.loc[extra, "answer"].tolist() == [7.0]
        found = found[~extra]

    assert Counter(map(tuple, as_text(found).to_numpy())) == Counter(map(tuple, facts.to_numpy()))


def as_text(table):
    """Spell a typed table as the clean files do, by pandas alone."""
    text = pd.DataFrame(index=table.index)
    for name, values in table.items():
        if pd.api.types.is_datetime64_any_dtype(values):
            pattern = "%Y-%m-%dT%H:%M:%S" if name.endswith("_at") else "%Y-%m-%d"
            text[name] = values.dt.strftime(pattern).astype(object)
        elif pd.api.types.is_bool_dtype(values):
            text[name] = values.map({True: "true", False: "false"}).astype(object)
        elif pd.api.types.is_numeric_dtype(values):
            text[name] = [None if pd.isna(v) else f"{float(v):.10g}" for v in values]
        else:
            text[name] = values.astype(object)
    return text.astype(object).where(text.notna(), "")


def test_the_clean_exports_need_no_repair(clinic_of_seed):
    loaded = load_exports(clinic_of_seed.clean, timezone=clinic_of_seed.timezone)

    assert len(loaded.quarantine) == 0
    assert loaded.receipt.rows_duplicate == 0
    assert {name: len(table) for name, table in loaded.tables.items()} == {
        name: len(table) for name, table in clinic_of_seed.facts.tables.items()
    }


def test_ratings_written_as_a_share_of_ten_are_read(clinic_of_seed, loaded, defects):
    text = (clinic_of_seed.messy / "pain_diary.tsv").read_text()
    rows = list(csv.reader(io.StringIO(text), delimiter="\t"))
    shares = defects[(defects["file"] == "pain_diary.tsv") & (defects["expected"] == "used")]
    pain = loaded.tables["pain_scores"].set_index(["patient_id", "recorded_at"])["pain_nprs"]

    assert len(shares) == 25
    for number in shares["row"].astype(int):
        patient, moment, rating = rows[number - 1][:3]
        local = pd.Timestamp(moment).tz_convert("Europe/London").tz_localize(None)
        assert float(rating.split("/")[0]) in pain.loc[[(patient, local)]].tolist()
