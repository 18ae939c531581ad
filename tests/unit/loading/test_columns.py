"""Which table a file holds and which column is which: by synonyms, by the caller's names, by layout."""

import pytest

from ptanalytics.errors import LayoutError, MissingColumnsError
from ptanalytics.loading.columns import match_headings, match_layout
from ptanalytics.loading.layouts import matching_layout, parse_layout, read_layout, shipped_layouts
from ptanalytics.loading.names import identifying_category, known_names
from ptanalytics.schemas import TABLES, columns_of


def match(*headings, file="export.csv", columns=None):
    return match_headings(headings, file, columns or {})


@pytest.mark.parametrize("table", sorted(TABLES))
def test_our_own_names_are_recognised_as_their_table(table):
    found = match(*columns_of(TABLES[table]))
    assert found.layout.table == table
    assert set(found.layout.columns) == set(columns_of(TABLES[table]))


@pytest.mark.parametrize(
    ("headings", "table", "columns"),
    [
        (("Patient ID", "Date", "NRS"), "pain_scores", {"patient_id", "recorded_at", "pain_nprs"}),
        (("patient", "timestamp", "pain level"), "pain_scores", {"patient_id", "recorded_at", "pain_nprs"}),
        (("pid", "Datum", "Schmerzstärke"), "pain_scores", {"patient_id", "recorded_at", "pain_nprs"}),
        (("Klient", "Wann", "Schmerz (NRS)"), "pain_scores", {"patient_id", "recorded_at", "pain_nprs"}),
        (("Paciente", "Fecha", "Dolor"), "pain_scores", {"patient_id", "recorded_at", "pain_nprs"}),
        (("Paziente", "Data e ora", "Dolore", "Sede"), "pain_scores", {"patient_id", "recorded_at", "pain_nprs", "site"}),
        (("Patiënt", "Datum en tijd", "Pijn"), "pain_scores", {"patient_id", "recorded_at", "pain_nprs"}),
        (("Patient-Nr.", "Sitzung", "Übung", "Datum/Uhrzeit", "Dauer", "Schmerz nachher"), "sessions",
         {"patient_id", "session_id", "exercise_id", "started_at", "duration_min", "pain_after_nprs"}),
        (("Numéro patient", "Séance", "Exercice", "Date et heure", "Répétitions"), "sessions",
         {"patient_id", "session_id", "exercise_id", "started_at", "reps"}),
        (("Patient", "Workout ID", "Exercise", "Start time", "Sets"), "sessions",
         {"patient_id", "session_id", "exercise_id", "started_at", "sets"}),
        (("subject", "Questionnaire", "Date", "Total score"), "scores",
         {"patient_id", "instrument_id", "completed_date", "score"}),
        (("patient", "from", "to", "reason"), "pauses", {"patient_id", "from_date", "to_date", "kind"}),
        (("Patient code", "Gender", "Year of birth"), "patients", {"patient_id", "sex", "birth_year"}),
    ],
)  # fmt: skip
def test_synonyms_are_recognised_whatever_their_case_and_signs(headings, table, columns):
    found = match(*headings)
    assert found.layout.table == table
    assert set(found.layout.columns) == columns


def test_a_file_with_nothing_of_ours_is_no_table():
    assert match("alpha", "beta") is None
    assert match("Patient ID", "shoe size") is None


def test_the_file_name_decides_between_equals():
    assert match("patient_id", "date", file="patients.csv").layout.table == "patients"


def test_a_table_that_is_clearly_meant_but_lacks_a_column_says_which():
    with pytest.raises(MissingColumnsError, match="exercise_id") as error:
        match("Patient ID", "Session", "Start time", file="sessions.csv")
    assert error.value.missing == ("exercise_id",)


def test_the_callers_names_win():
    found = match("who", "when", "how bad", columns={"who": "patient_id", "when": "recorded_at", "How Bad": "pain_nprs"})
    assert found.layout.columns == {"patient_id": "who", "recorded_at": "when", "pain_nprs": "how bad"}


def test_a_column_that_no_table_has_is_refused():
    with pytest.raises(LayoutError, match="shoe_size"):
        match("Patient", "Date", "NRS", columns={"NRS": "shoe_size"})


def test_identifying_columns_are_refused_by_heading_and_unknown_ones_dropped():
    found = match("Patient ID", "Date", "NRS", "E-Mail", "Patient Name", "date_of_birth", "Remark")
    assert set(found.refused) == {"E-Mail", "Patient Name", "date_of_birth"}
    assert found.refused["E-Mail"].startswith("F ")
    assert found.dropped == ("Remark",)


@pytest.mark.parametrize("heading", ["MRN", "Patient name", "E-mail"])
def test_an_identifying_column_cannot_be_made_the_patient_id(heading):
    with pytest.raises(LayoutError, match="pseudonym"):
        match(heading, "Date", "NRS", columns={heading: "patient_id"})


@pytest.mark.parametrize(
    "heading", ["Phone", "telephone_number", "SSN", "zip code", "Date of Birth", "Full Name", "IP Address"]
)
def test_headings_of_hipaa_identifiers(heading):
    assert identifying_category(heading)


def test_no_synonym_is_an_identifying_heading():
    both = {(table, heading) for table in TABLES for heading in known_names(table) if identifying_category(heading)}
    assert both == set()


def test_sessions_without_an_id_are_told_apart_by_their_start():
    found = match("Patient", "Exercise", "Start time", "Reps")
    assert "session_id" in found.layout.joined
    assert "same start time" in found.notes[0]


def test_shipped_layouts_are_found_by_their_columns():
    headings = ("name", "startday", "startmonth", "startyear", "intensity")
    assert matching_layout("Participant1.csv", headings).id == "pain_diary_daily"
    assert matching_layout("Participant1.csv", (*headings, "date")).id == "pain_diary_timed"
    assert matching_layout("x.csv", ("a", "b")) is None


@pytest.mark.parametrize("layout", shipped_layouts(), ids=lambda layout: layout.id)
def test_shipped_layouts_say_what_they_are_and_where_from(layout):
    assert len(layout.description) > 50
    assert layout.source
    assert layout.match is not None


LAYOUT = """
id = "own"
description = "Our app"
[[tables]]
table = "pain_scores"
columns = { patient_id = "code", recorded_at = "when", pain_nprs = "score", site = "where" }
"""


def test_a_layout_names_columns_and_an_optional_one_may_be_absent():
    found = match_layout(parse_layout(LAYOUT, "own.toml"), ("CODE", "When", "score"), "x.csv", {})[0]
    assert found.layout.columns == {"patient_id": "CODE", "recorded_at": "When", "pain_nprs": "score"}


def test_a_layout_whose_required_column_is_absent_says_which():
    with pytest.raises(MissingColumnsError, match="layout own") as error:
        match_layout(parse_layout(LAYOUT, "own.toml"), ("code", "when"), "x.csv", {})
    assert error.value.missing == ("score",)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (('table = "pain_scores"', 'table = "pains"'), "tables.0.table"),
        (('pain_nprs = "score"', 'pain = "score"'), "no column pain"),
        (("description", "describe"), "describe"),
        (("[[tables]]", "[tables"), "not valid TOML"),
        (('"where" }', '"where" }\ndate_order = "ymd"'), "date_order"),
        (('"where" }', '"where" }\nconstants = { site = "knee" }'), "more than one way: site"),
        (
            ('"where" }', '"where" }\n[[tables.set_aside]]\ncolumn = "where"\nrule = "r"\nreason = "why"'),
            "equals or is_missing",
        ),
    ],
)
def test_faults_of_a_layout_name_the_file_and_the_key(change, names):
    with pytest.raises(LayoutError, match=r"own\.toml") as error:
        parse_layout(LAYOUT.replace(*change), "own.toml")
    assert names in str(error.value)


def test_a_layout_that_is_not_there_says_which_are_shipped(tmp_path):
    with pytest.raises(LayoutError, match="strong_app"):
        read_layout(tmp_path / "none.toml")
    assert read_layout("strong_app").id == "strong_app"
