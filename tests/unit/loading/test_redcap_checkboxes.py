"""Checkbox fields of a made-up REDCap project, raw and with labels, with and without dictionary; missing is not zero."""

import pytest

import ptanalytics as pta
from ptanalytics.loading.layouts import read_layout

CODES = range(1, 25)
DICTIONARY = """"Variable / Field Name","Form Name","Field Type","Field Label","Choices, Calculations, OR Slider Labels",\
"Text Validation Type OR Show Slider Number","Identifier?"
record_id,intake,text,"Record ID",,,
diagnosis,intake,checkbox,"Diagnosis","1, Low back pain | 2, Sciatica | -99, Not asked",,
hobbies,intake,checkbox,"Hobbies","1, Gym | 2, Garden",,
rmdq_date,rmdq,text,"Day of the form",,date_ymd,
rmdq,rmdq,checkbox,"Roland-Morris Disability Questionnaire","{choices} | 0, None of these | -99, Not asked",,
""".format(choices=" | ".join(f"{n}, Sentence {n}" for n in CODES))
BOXES = [*(f"rmdq___{n}" for n in CODES), "rmdq___0", "rmdq____99"]
HEAD = ["record_id", "diagnosis___1", "diagnosis___2", "diagnosis____99", "hobbies___1", "hobbies___2", "intake_complete"]
HEAD += ["rmdq_date", *BOXES, "rmdq_complete"]
#: Person, ticked boxes of the questionnaire, status of its form.
FORMS = [("1", {1, 3}, "2"), ("2", set(), "2"), ("3", set(), "0"), ("4", {0}, "0"), ("5", {-99}, "2"), ("6", {2}, "0")]


def line(person, ticked, status, *, labels=False):
    def box(is_ticked):
        return ("Unchecked", "Checked")[is_ticked] if labels else str(int(is_ticked))

    intake = [box(x) for x in (True, person == "1", person == "6", False, person == "2")]
    answers = [box(code in ticked) for code in (*CODES, 0, -99)]
    told = {"0": "Incomplete", "2": "Complete"}[status] if labels else status
    return [person, *intake, "Complete" if labels else "2", "2026-01-05", *answers, told]


def text(head, *, labels=False):
    return "\n".join(",".join(cells) for cells in (head, *(line(*form, labels=labels) for form in FORMS))) + "\n"


LABEL_HEAD = [
    "Record ID",
    *(f"Diagnosis (choice={label})" for label in ("Low back pain", "Sciatica", "Not asked")),
    *(f"Hobbies (choice={label})" for label in ("Gym", "Garden")),
    "Complete?",
    "Day of the form",
    *(f"Roland-Morris Disability Questionnaire (choice=Sentence {n})" for n in CODES),
    "Roland-Morris Disability Questionnaire (choice=None of these)",
    "Roland-Morris Disability Questionnaire (choice=Not asked)",
    "Complete?",
]
EXPORTS = {
    "raw with dictionary": (text(HEAD), True),
    "raw without dictionary": (text(HEAD), False),
    "labels with dictionary": (text(LABEL_HEAD, labels=True), True),
}


@pytest.fixture(scope="module", params=EXPORTS)
def loaded(tmp_path_factory, request):
    data, has_dictionary = EXPORTS[request.param]
    folder = tmp_path_factory.mktemp("redcap")
    (folder / "data.csv").write_text(data, encoding="utf-8")
    if has_dictionary:
        (folder / "dictionary.csv").write_text(DICTIONARY, encoding="utf-8")
    return pta.load_exports(folder, timezone="Europe/London")


def load(tmp_path, data, **options):
    path = tmp_path / "data.csv"
    path.write_text(data, encoding="utf-8")
    return pta.load_exports(path, timezone="Europe/London", **options)


class TestOneFieldPerQuestionnaire:
    def test_ticked_is_one_and_not_ticked_is_zero(self, loaded):
        first = loaded.tables["responses"].query("patient_id == '1'").set_index("item_id")["answer"]
        assert len(first) == 24
        assert set(first.index[first == 1]) == {"rmdq24_1", "rmdq24_3"}
        assert set(first) == {0.0, 1.0}

    def test_a_complete_form_with_nothing_ticked_is_zero(self, loaded):
        assert loaded.tables["responses"].query("patient_id == '2'")["answer"].tolist() == [0.0] * 24

    def test_a_form_not_begun_is_missing_and_not_zero(self, loaded):
        assert "3" not in set(loaded.tables["responses"]["patient_id"])

    def test_a_missing_data_code_leaves_the_form_without_answers(self, loaded):
        assert "5" not in set(loaded.tables["responses"]["patient_id"])

    def test_one_box_ticked_says_that_the_form_was_begun(self, loaded):
        assert loaded.tables["responses"].query("patient_id == '6'")["answer"].sum() == 1

    def test_the_form_can_be_scored(self, loaded):
        scores = pta.score_questionnaires(responses=loaded.tables["responses"]).query("instrument_id == 'rmdq24'")
        assert scores.set_index("patient_id")["score"].loc[["1", "2", "6"]].tolist() == [2.0, 0.0, 1.0]

    def test_every_row_is_accounted_for_and_its_kind_named(self, loaded):
        entries = [entry for entry in loaded.receipt.files if entry.table == "responses"]
        assert len(entries) == 24
        for entry in entries:
            assert entry.rows_read == 7
            assert entry.rows_used == entry.rows_read - entry.rows_ignored
            assert any("not begun" in kind for kind in entry.ignored_kinds)
            assert any("marked as missing" in kind for kind in entry.ignored_kinds)


def test_none_of_these_says_that_the_form_was_begun_where_the_dictionary_says_so(tmp_path):
    (tmp_path / "dictionary.csv").write_text(DICTIONARY, encoding="utf-8")
    (tmp_path / "data.csv").write_text(text(HEAD), encoding="utf-8")
    responses = pta.load_exports(tmp_path, timezone="UTC").tables["responses"]
    assert responses.query("patient_id == '4'")["answer"].tolist() == [0.0] * 24


def test_what_no_column_and_no_questionnaire_is_is_named_with_its_count_and_what_to_do(loaded):
    notes = " ".join(note for entry in loaded.receipt.files for note in entry.notes)
    assert "obbies (2 boxes, something ticked in 1 row)" in notes
    assert "[tables.checkboxes]" in notes
    assert any("obbies" in name for entry in loaded.receipt.files for name in entry.columns_dropped)


def test_a_field_named_like_our_column_is_its_ticked_choices(loaded):
    condition = loaded.tables["patients"].set_index("patient_id")["condition"]
    names = {"1": "1; 2", "2": "1"} if condition["2"] == "1" else {"1": "Low back pain; Sciatica", "2": "Low back pain"}
    assert condition[["1", "2"]].to_dict() == names
    assert condition.isna()["6"]  # "not asked" is ticked


def test_without_dictionary_choices_of_a_label_export_stand_in_the_order_of_the_items(tmp_path):
    head = ["Record ID", "Event Name", "Form date", *(f"RMDQ (choice=Sentence {n})" for n in CODES), "Complete?"]
    row = ["1", "Baseline", "2026-01-05", *("Checked" if n == 24 else "Unchecked" for n in CODES), "Complete"]
    loaded = load(tmp_path, ",".join(head) + "\n" + ",".join(row) + "\n")
    answers = loaded.tables["responses"].set_index("item_id")["answer"]
    assert answers.index[answers == 1].tolist() == ["rmdq24_24"]


def test_one_box_per_item_is_a_questionnaire_too(tmp_path):
    head = ["record_id", "rmdq_date", *(f"rmdq_{n}___1" for n in CODES), "rmdq_complete"]
    rows = [["1", "2026-01-05", *("1" if n == 7 else "0" for n in CODES), "2"], ["2", "2026-01-06", *["0"] * 24, "0"]]
    loaded = load(tmp_path, "\n".join(",".join(cells) for cells in (head, *rows)) + "\n")
    answers = loaded.tables["responses"]
    assert set(answers["patient_id"]) == {"1"}
    assert answers.loc[answers["answer"] == 1, "item_id"].tolist() == ["rmdq24_7"]


def test_without_a_status_the_time_of_the_survey_says_that_it_was_filled_in(tmp_path):
    head = ["record_id", "redcap_event_name", "rmdq_timestamp", *(f"rmdq___{n}" for n in CODES)]
    rows = [["1", "v1", "2026-01-05 10:00:00", *["0"] * 24], ["2", "v1", "[not completed]", *["0"] * 24]]
    rows.append(["3", "v1", "", *["0"] * 24])
    answers = load(tmp_path, "\n".join(",".join(cells) for cells in (head, *rows)) + "\n").tables["responses"]
    assert set(answers["patient_id"]) == {"1"}
    assert set(answers["answer"]) == {0.0}


PLAN_HEAD = "record_id,plan_version,exercise_id,valid_from_date,{days},plan_complete\n"


class TestWeekdays:
    def test_numbers_are_monday_to_sunday(self, tmp_path):
        head = PLAN_HEAD.format(days=",".join(f"days___{n}" for n in range(1, 8)))
        loaded = load(tmp_path, head + "1,1,bird_dog,2026-01-05,1,0,1,0,1,0,0,2\n1,1,plank,2026-01-05,0,0,0,0,0,0,0,2\n")
        plans = loaded.tables["plans"].set_index("exercise_id")["weekdays"]
        assert plans["bird_dog"] == "mon,wed,fri"
        assert plans.isna()["plank"]

    def test_labels_of_the_dictionary_win(self, tmp_path):
        choices = "0, Sunday | 1, Monday | 2, Tuesday | 3, Wednesday | 4, Thursday | 5, Friday | 6, Saturday"
        (tmp_path / "dictionary.csv").write_text(
            "field_name,form_name,field_type,field_label,select_choices_or_calculations\nrecord_id,plan,text,ID,\n"
            "plan_version,plan,text,Version,\nexercise_id,plan,text,Exercise,\nvalid_from_date,plan,text,From,\n"
            f'days,plan,checkbox,Days,"{choices}"\n',
            encoding="utf-8",
        )
        head = PLAN_HEAD.format(days=",".join(f"days___{n}" for n in range(7)))
        loaded = load(tmp_path, head + "1,1,bird_dog,2026-01-05,1,1,0,0,0,0,0,2\n")
        assert loaded.tables["plans"]["weekdays"].tolist() == ["mon,sun"]

    def test_a_box_that_is_neither_is_set_aside_with_the_reason(self, tmp_path):
        head = PLAN_HEAD.format(days=",".join(f"days___{n}" for n in range(1, 8)))
        loaded = load(tmp_path, head + "1,1,bird_dog,2026-01-05,maybe,0,1,0,1,0,0,2\n")
        assert "a box of weekdays is neither ticked nor not (1 or 0)" in loaded.quarantine.reasons["reason"].tolist()


def test_reasons_for_skipping_are_joined_and_a_single_box_is_yes_or_no(tmp_path):
    (tmp_path / "dictionary.csv").write_text(
        "field_name,form_name,field_type,field_label,select_choices_or_calculations\nrecord_id,diary,text,ID,\n"
        "started_at,diary,text,When,\nexercise_id,diary,text,Exercise,\n"
        'skip_reason,diary,checkbox,Why skipped,"1, Pain | 2, No time | 99, Prefer not to say"\n',
        encoding="utf-8",
    )
    head = "record_id,redcap_repeat_instrument,redcap_repeat_instance,started_at,exercise_id,skip_reason___1,"
    head += "skip_reason___2,skip_reason___99,diary_complete\n"
    ticks = ("1,1,0", "0,0,0", "1,0,1")
    rows = "".join(f"1,diary,{n},2026-01-0{n} 08:00,plank,{boxes},2\n" for n, boxes in enumerate(ticks, start=1))
    reasons = load(tmp_path, head + rows).tables["sessions"]["skip_reason"]
    assert reasons[0] == "Pain; No time"
    assert reasons.isna().tolist() == [False, True, True]


def test_one_box_for_a_flare_is_yes_or_no(tmp_path):
    loaded = load(
        tmp_path, "record_id,day_date,pain_nprs,flare___1,pain_complete\n1,2026-01-05,3,1,2\n1,2026-01-06,2,0,2\n"
    )
    assert loaded.tables["pain_scores"]["is_flare"].tolist() == [True, False]


def test_a_layout_can_say_it(tmp_path):
    layout = tmp_path / "own.toml"
    layout.write_text(
        'id = "own"\ndescription = "Boxes of an app."\n'
        '[[tables]]\ntable = "patients"\n[tables.columns]\npatient_id = "who"\n'
        '[tables.checkboxes.condition]\ncolumns = { back = "q1_a", leg = "q1_b" }\nmissing = ["q1_z"]\nseparator = "+"\n'
        '[[tables.ignore]]\nkind = "forms not begun"\nnone_checked = ["q1_a", "q1_b", "q1_z"]\ncolumn = "state"\n'
        'not_equals = ["done"]\n',
        encoding="utf-8",
    )
    data = "who,q1_a,q1_b,q1_z,state\nA,x,x,,done\nB,,,,open\nC,1,0,1,done\nD,,,,done\n"
    loaded = load(tmp_path, data, layout=layout)
    conditions = loaded.tables["patients"].set_index("patient_id")["condition"]
    assert conditions["A"] == "back+leg"
    assert conditions.isna().to_dict() == {"A": False, "C": True, "D": True}
    assert loaded.receipt.files[0].ignored_kinds == {"forms not begun": 1}


@pytest.mark.parametrize("export", EXPORTS)
def test_the_suggested_layout_reads_it_alike_and_can_be_saved(tmp_path, export):
    data, has_dictionary = EXPORTS[export]
    path = tmp_path / "data.csv"
    path.write_text(data, encoding="utf-8")
    if has_dictionary:
        (tmp_path / "dictionary.csv").write_text(DICTIONARY, encoding="utf-8")
    suggested = pta.suggest_layout(path)
    (tmp_path / "layouts").mkdir()
    saved = suggested.save(tmp_path / "layouts")
    assert read_layout(saved) == suggested.layout
    by_headings = pta.load_exports(path, timezone="UTC").tables
    by_layout = pta.load_exports(path, timezone="UTC", layout=saved).tables
    assert {name: len(table) for name, table in by_layout.items()} == {
        name: len(table) for name, table in by_headings.items()
    }
    assert by_layout["responses"].equals(by_headings["responses"])


def test_weekdays_of_a_label_export_without_dictionary(tmp_path):
    head = "Record ID,Event Name,Plan version,Exercise ID,Valid from,Days (choice=Monday),Days (choice=Friday),Complete?\n"
    plans = load(tmp_path, head + "1,Baseline,1,plank,2026-01-05,Checked,Unchecked,Complete\n").tables["plans"]
    assert plans["weekdays"].tolist() == ["mon"]
