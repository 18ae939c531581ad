"""The ten REDCap projects: each line ends as used, set aside or ignored; forms, events, repeats and choices are read."""

import csv
from collections import Counter
from pathlib import Path

import pytest

import ptanalytics as pta

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "redcap"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real data is not beside the repository")
PROJECTS = sorted(path.name for path in DATA.glob("*/") if (path / "data.csv").is_file())
#: What the projects' dictionaries and headings mark as identifying.
IDENTIFYING = {
    "clinical-trial-1": {"name_last", "name_first", "address", "phone", "dob", "email"},
    "decimal-comma": {"name"},
    "longitudinal": {"first_name", "last_name", "telephone_1", "email", "dob"},
    "repeating-instruments": {"first_name", "dob"},
    "survey": {"dob", "email", "first_name", "last_name", "address", "telephone_1"},
}


def rows_of(project):
    with (DATA / project / "data.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def load(project):
    return pta.load_exports(DATA / project, timezone="America/Chicago")


@pytest.fixture(scope="module")
def loaded():
    return {project: load(project) for project in PROJECTS}


@pytest.mark.parametrize("project", PROJECTS)
class TestEveryProject:
    def test_each_row_is_used_set_aside_duplicate_or_ignored_in_every_part(self, loaded, project):
        n_rows = len(rows_of(project))
        for entry in loaded[project].receipt.files:
            assert entry.rows_read == n_rows + 1
            ends = entry.rows_used + entry.rows_set_aside + entry.rows_duplicate + entry.rows_ignored
            assert entry.rows_read == ends
            assert entry.rows_ignored == 1 + entry.ignored_blank + sum(entry.ignored_kinds.values())

    def test_each_person_is_a_patient_once(self, loaded, project):
        rows = rows_of(project)
        id_heading = next(name for name in rows[0] if name)
        assert sorted(loaded[project].tables["patients"]["patient_id"]) == sorted({row[id_heading] for row in rows})

    def test_every_column_is_read_dropped_or_refused(self, loaded, project):
        headings = {name or "column 1" for name in rows_of(project)[0]}
        for entry in loaded[project].receipt.files:
            unread = set(entry.columns_dropped) | set(entry.columns_refused)
            assert unread < headings
            assert not set(entry.columns_dropped) & set(entry.columns_refused)

    def test_each_checkbox_field_is_read_or_named_with_how_often_something_is_ticked(self, loaded, project):
        rows = rows_of(project)
        boxes = {}
        for heading in (name for name in rows[0] if "___" in (name or "")):
            boxes.setdefault(heading.split("___")[0], []).append(heading)
        receipt = loaded[project].receipt
        notes = " ".join(note for entry in receipt.files for note in entry.notes)
        read = {name for entry in receipt.files for name in entry.columns_renamed}
        for field, headings in list(boxes.items())[:12]:
            n_ticked = sum(any(row[heading] == "1" for heading in headings) for row in rows)
            named = f"{field} ({len(headings)} box{'es' * (len(headings) > 1)}, something ticked in {n_ticked:,} row"
            assert set(headings) <= read or named in notes

    def test_what_identifies_is_refused_by_name(self, loaded, project):
        refused = {name for entry in loaded[project].receipt.files for name in entry.columns_refused}
        assert refused >= IDENTIFYING.get(project, set())

    def test_the_dictionary_is_no_export(self, loaded, project):
        skipped = {skipped.file: skipped.reason for skipped in loaded[project].receipt.skipped}
        assert ("dictionary.csv" in skipped) == (DATA / project / "dictionary.csv").is_file()
        assert all("dictionary" in reason for reason in skipped.values())

    def test_a_study_takes_it_and_takes_it_again_without_a_change(self, tmp_path, project):
        study = pta.create_study(tmp_path / "s.study", timezone="America/Chicago")
        first = study.import_exports(DATA / project)
        again = study.import_exports(DATA / project)
        assert (again.rows_new, again.rows_changed) == (0, 0)
        assert first.rows_new == first.rows_used

    def test_the_suggestion_reads_it_alike(self, loaded, project):
        suggested = pta.suggest_layout(DATA / project / "data.csv")
        by_layout = pta.load_exports(DATA / project / "data.csv", timezone="America/Chicago", layout=suggested.layout)
        assert {name: len(table) for name, table in by_layout.tables.items()} == {
            name: len(table) for name, table in loaded[project].tables.items()
        }


def test_choices_become_values_by_the_dictionary(loaded):
    found = Counter(loaded["clinical-trial-1"].tables["patients"]["sex"])
    raw = Counter(row["gender"] for row in rows_of("clinical-trial-1"))
    assert found == {"female": raw["0"], "male": raw["1"]}


def test_events_without_the_columns_of_a_table_are_ignored_and_named(loaded):
    entry = loaded["longitudinal"].receipt.files[0]
    assert entry.ignored_kinds == {"rows of events without these columns": 15}
    assert len(rows_of("longitudinal")) == 18


def test_answers_of_a_repeating_form_have_its_dates(loaded):
    responses = loaded["multilevel-model-1"].tables["responses"]
    rows = [row for row in rows_of("multilevel-model-1") if row["redcap_repeat_instrument"] == "appointment"]
    assert len(responses) == sum(bool(row[f"{stem}_{n}"]) for row in rows for stem in ("cog", "phys") for n in (1, 2, 3))
    first = responses[(responses["patient_id"] == "1001") & (responses["item_id"] == "cog_1")]
    assert [str(day)[:10] for day in first["completed_at"]][:2] == ["2002-02-06", "2003-03-28"]
    assert first["answer"].tolist()[:2] == [5.4, 5.5]


def test_a_survey_that_was_not_completed_has_no_answers(loaded):
    assert len(loaded["survey"].tables["responses"]) == 0
    kinds = [entry.ignored_kinds for entry in loaded["survey"].receipt.files if entry.table == "responses"]
    assert kinds == [{"rows where the form is blank": 2}] * 4


def test_a_form_with_answers_and_no_date_is_a_point_to_decide():
    notes = " ".join(pta.suggest_layout(DATA / "longitudinal" / "data.csv").notes)
    assert "patient_morale_questionnaire" in notes
    assert "no date" in notes
