"""REDCap exports of a made-up project: raw and with labels, events, repeats, groups, questionnaires, no dictionary."""

import pytest

import ptanalytics as pta
from ptanalytics.loading.readers.redcap_dictionary import is_dictionary_file, read_dictionary

DICTIONARY = """"Variable / Field Name","Form Name","Field Type","Field Label","Choices, Calculations, OR Slider Labels",\
"Text Validation Type OR Show Slider Number","Identifier?"
record_id,intake,text,"Record ID",,,
sex,intake,radio,"Sex at birth","1, Female | 2, Male | 9, Not stated",,
enrolled_date,intake,text,"Date enrolled",,date_ymd,
nickname,intake,text,"What shall we call you?",,,y
odi_date,odi,text,"Day of the form",,date_ymd,
{odi}
pain_date,pain_diary,text,"Day of rating",,datetime_ymd,
pain_nprs,pain_diary,text,"Pain now",,number,
""".format(
    odi="\n".join(f'odi_{n},odi,radio,"Section {n}","0, None {n} | 1, Some {n} | 2, Much {n}",,' for n in range(1, 11))
)
ODI = ",".join(f"odi_{n}" for n in range(1, 11))
BLANK = "," * 9
RAW = f"""record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group,sex,\
enrolled_date,nickname,intake_complete,odi_date,{ODI},odi_complete,pain_date,pain_nprs,pain_diary_complete
1,baseline_arm_1,,,north,1,2026-01-05,Kim,2,2026-01-05,0,1,2,0,1,2,0,1,2,0,2,,,
1,baseline_arm_1,pain_diary,1,north,,,,,,{BLANK},,2026-01-06 08:00,4,2
1,baseline_arm_1,pain_diary,2,north,,,,,,{BLANK},,2026-01-07 08:00,5,2
1,week_12_arm_1,,,north,,,,,2026-03-30,0,0,0,0,0,0,0,0,0,,2,,,
2,baseline_arm_1,,,south,9,2026-01-06,Lou,2,,{BLANK},0,,,
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "dictionary.csv").write_text(DICTIONARY, encoding="utf-8")
    return tmp_path


def load(folder, text):
    (folder / "data.csv").write_text(text, encoding="utf-8")
    return pta.load_exports(folder, timezone="Europe/London")


class TestRaw:
    @pytest.fixture
    def loaded(self, folder):
        return load(folder, RAW)

    def test_people_have_their_codes_as_values_and_their_group_as_site(self, loaded):
        patients = loaded.tables["patients"].set_index("patient_id")
        assert patients["sex"].to_dict() == {"1": "female", "2": "unknown"}
        assert patients["site"].to_dict() == {"1": "north", "2": "south"}

    def test_each_filled_form_of_an_event_is_a_response_of_its_own(self, loaded):
        responses = loaded.tables["responses"]
        assert len(responses) == 20
        assert sorted(set(responses["response_id"])) == ["1|baseline_arm_1", "1|week_12_arm_1"]
        assert set(responses["instrument_id"]) == {"odi"}

    def test_an_item_left_blank_is_missing(self, loaded):
        late = loaded.tables["responses"].query("response_id == '1|week_12_arm_1'").set_index("item_id")["answer"]
        assert late.isna().sum() == 1
        assert late.isna()["odi_10"]

    def test_rows_of_a_repeating_form_are_ratings(self, loaded):
        assert loaded.tables["pain_scores"]["pain_nprs"].tolist() == [4, 5]
        entry = next(entry for entry in loaded.receipt.files if entry.table == "pain_scores")
        assert entry.ignored_kinds == {"rows of other forms": 3}

    def test_what_the_dictionary_marks_as_identifying_is_refused(self, loaded):
        assert all("nickname" in entry.columns_refused for entry in loaded.receipt.files)

    def test_the_answers_can_be_scored(self, loaded):
        scores = pta.score_questionnaires(responses=loaded.tables["responses"])
        assert scores[scores["instrument_id"] == "odi"]["score"].tolist() == [18.0, 0.0]


class TestLabels:
    @pytest.fixture
    def loaded(self, folder):
        sections = ",".join(f"Section {n}" for n in range(1, 11))
        some = ",".join(f"Some {n}" for n in range(1, 11))
        text = (
            "Record ID,Event Name,Repeat Instrument,Repeat Instance,Data Access Group,Sex at birth,Date enrolled,"
            f"What shall we call you?,Complete?,Day of the form,{sections},Complete?,Day of rating,Pain now,Complete?\n"
            f"1,Baseline,,,North clinic,Female,2026-01-05,Kim,Complete,2026-01-05,{some},Complete,,,\n"
            f"1,Baseline,Pain Diary,1,North clinic,,,,,,{BLANK},,2026-01-06 08:00,4,Complete\n"
        )
        return load(folder, text)

    def test_labels_are_read_like_codes(self, loaded):
        assert loaded.tables["patients"][["patient_id", "sex", "site"]].values.tolist() == [["1", "female", "North clinic"]]
        assert loaded.tables["responses"]["answer"].tolist() == [1] * 10
        assert loaded.tables["pain_scores"]["pain_nprs"].tolist() == [4]

    def test_the_identifying_field_is_found_by_its_label(self, loaded):
        assert all("What shall we call you?" in entry.columns_refused for entry in loaded.receipt.files)


class TestWithoutDictionary:
    def test_forms_end_with_their_status_column(self, tmp_path):
        loaded = load(tmp_path, "record_id,sex,intake_complete,when_date,pain_nprs,diary_complete\n1,f,2,2026-01-05,3,2\n")
        assert loaded.tables["patients"]["sex"].tolist() == ["female"]
        assert loaded.tables["pain_scores"]["pain_nprs"].tolist() == [3]

    def test_an_ordinary_file_is_not_taken_for_redcap(self, tmp_path):
        loaded = load(tmp_path, "Patient,Date,Pain\n1,2026-01-05,3\n")
        assert loaded.receipt.files[0].layout_id == "automatic"


class TestDictionary:
    def test_choices_and_identifiers(self, folder):
        fields = {field.name: field for field in read_dictionary(folder / "dictionary.csv").fields}
        assert fields["sex"].choices == {"1": "Female", "2": "Male", "9": "Not stated"}
        assert fields["nickname"].is_identifier
        assert fields["odi_3"].form == "odi"

    def test_the_names_of_the_api_are_known(self, tmp_path):
        path = tmp_path / "meta.csv"
        path.write_text("field_name,form_name,field_type,field_label\na,f,text,A\n", encoding="utf-8")
        assert is_dictionary_file(path)

    def test_data_are_no_dictionary(self, tmp_path):
        path = tmp_path / "data.csv"
        path.write_text("record_id,sex\n1,2\n", encoding="utf-8")
        assert read_dictionary(path) is None
