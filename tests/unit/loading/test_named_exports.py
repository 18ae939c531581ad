"""Made-up exports of apps, registries and services that clinics use: each loads with at most what only a person can say."""

import openpyxl
import pytest

import ptanalytics as pta
from ptanalytics.errors import LayoutError, NothingUsableError
from ptanalytics.loading.suggest_ratings import recall_in


def write(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def load(path, **answers):
    """Load as headings and shipped layouts say; with answers by the layout that is suggested then."""
    layout = pta.suggest_layout(path, answers=answers).layout if answers else None
    return pta.load_exports(path, timezone="Europe/London", layout=layout)


def open_questions(path, **answers):
    return {question.id for question in pta.suggest_layout(path, answers=answers).questions}


class TestHomeExerciseApp:
    def test_exercises_and_pain_of_a_day(self, tmp_path):
        text = "Date,Phase,Exercise,Left Reps,Right Reps,Sets,Pain Level,Notes\n"
        text += '2026-01-05,1,Bird dog,10,10,3,4,"said "ow" once"\n'
        loaded = load(write(tmp_path, "anna.csv", text + "2026-01-06,1,Bridge,12,12,2,,\n"))
        sessions = loaded.tables["sessions"]
        assert sessions[["patient_id", "exercise_id", "sets", "reps"]].values.tolist() == [
            ["anna", "bird_dog", 3, 10],
            ["anna", "bridge", 2, 12],
        ]
        assert loaded.tables["pain_scores"]["pain_nprs"].tolist() == [4]

    def test_the_pain_of_each_body_site_is_a_rating_of_its_own(self, tmp_path):
        text = "Week,Date,Stand Left,Stand Right,Knee Pain,Back Pain,Foot Pain,Notes\n1,2026-01-05,20,22,1,4,0,ok\n"
        pain = load(write(tmp_path, "anna.csv", text)).tables["pain_scores"].set_index("site")["pain_nprs"]
        assert pain.to_dict() == {"knee": 1, "low_back": 4, "foot": 0}


def test_an_effort_of_zero_in_a_workout_app_is_a_blank(tmp_path):
    head = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE\n"
    path = write(tmp_path, "anna.csv", head + "2020-12-30 18:51:52,Day,45m,Squat,1,60,5,0,0,,,0\n")
    assert load(path).tables["sessions"]["rpe"].isna().tolist() == [True]


def test_an_nhs_pack_names_nobody_and_knows_no_days(tmp_path):
    head = "Provider Code,Procedure,Age Band,Gender,Pre-Op Q EQ5D Index Profile,Pre-Op Q EQ VAS,Post-Op Q EQ VAS\n"
    loaded = load(write(tmp_path, "packs.csv", head + "RAB,Hip,60 to 69,1,11221,70,80\nRAB,Hip,70 to 79,9,22222,999,50\n"))
    assert loaded.tables["patients"]["sex"].tolist() == ["male", "unknown"]
    scores = loaded.tables["scores"].sort_values(["patient_id", "completed_date"])["score"]
    assert scores.fillna(-1).tolist() == [70, 80, -1, 50]
    assert any("nominal" in note for entry in loaded.receipt.files for note in entry.notes)


class TestAssessmentCenter:
    TEXT = (
        "PIN,Assmnt,Instr,RawScore,Theta,TScore,SE,ItmCnt,Consent\n"
        "101,Baseline,Pain Catastrophizing Scale,18,0.5,55.1,2.1,6,1\n101,Week 12,PROMIS X,17,0.4,50.0,2.1,6,1\n"
        "102,Baseline,PROMIS X,20,0.9,59.0,2.0,6,3\n103,Baseline,PROMIS X,20,0.9,59.0,2.0,6,2\n"
    )

    def test_the_days_of_its_visits_are_asked(self, tmp_path):
        path = write(tmp_path, "export.csv", self.TEXT)
        assert open_questions(path) == {"visit_days"}

    def test_tests_and_refusals_are_set_aside_and_instruments_get_our_names(self, tmp_path):
        loaded = load(write(tmp_path, "export.csv", self.TEXT), visit_days="Baseline=0, Week 12=84")
        scores = loaded.tables["scores"].sort_values("score")
        assert scores["score"].tolist() == [50.0, 55.1]
        assert scores["instrument_id"].tolist() == ["PROMIS X", "pcs"]
        assert scores["completed_date"].astype(str).tolist() == ["2000-03-25", "2000-01-01"]
        assert sorted(loaded.quarantine.reasons["rule"]) == ["no_consent", "test_response"]

    def test_an_answer_that_names_no_days_is_refused(self, tmp_path):
        with pytest.raises(LayoutError, match="must name each visit with its days"):
            pta.suggest_layout(write(tmp_path, "export.csv", self.TEXT), answers={"visit_days": "soon"})


class TestQualtrics:
    TEXT = (
        "StartDate,EndDate,Status,ResponseId,RecordedDate,PatientID,Q1\n"
        'Start Date,End Date,Response Type,Response ID,Recorded Date,Patient ID,"Pain, 0-10"\n'
        + ",".join(f'"{{""ImportId"":""{name}""}}"' for name in ("a", "b", "c", "d", "e", "f", "g"))
        + "\n2026-01-05 10:00:00,2026-01-05 10:02:00,IP Address,R_1,2026-01-05 10:02:01,P1,4\n"
        "2026-01-06 10:00:00,2026-01-06 10:02:00,Survey Preview,R_2,2026-01-06 10:02:01,P2,5\n"
    )

    def test_when_a_response_began_is_no_day_of_enrolment(self, tmp_path):
        with pytest.raises(NothingUsableError):
            load(write(tmp_path, "survey.csv", self.TEXT))

    def test_only_the_question_and_its_recall_are_asked(self, tmp_path):
        assert open_questions(write(tmp_path, "survey.csv", self.TEXT)) == {"column.pain_nprs", "recall"}

    def test_previews_are_set_aside(self, tmp_path):
        loaded = load(write(tmp_path, "survey.csv", self.TEXT), **{"column.pain_nprs": "Q1"})
        assert loaded.tables["pain_scores"]["patient_id"].tolist() == ["P1"]
        assert loaded.quarantine.reasons["rule"].tolist() == ["test_response"]
        assert loaded.receipt.files[0].ignored_headings == 3


def test_a_trial_workbook_with_visits_and_codes(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["ID", "Group(Videos/Zoom)", "Tx(WL/PE)", "Time(1=baseline)", "Pain", "Sex", "Age", "PCS"])
    for row in ([1, "Videos", "PE", 1, 5, 1, 44, 20], [1, "Videos", "PE", 2, 3, 1, 44, 15]):
        book.active.append(row)
    path = tmp_path / "trial.xlsx"
    book.save(path)
    assert {"visit_days", "code.sex.1"} <= open_questions(path)
    loaded = load(path, **{"visit_days": "1=0, 2=56", "code.sex.1": "male"})
    assert loaded.tables["pain_scores"]["pain_nprs"].tolist() == [5, 3]
    assert loaded.tables["scores"]["completed_date"].astype(str).tolist() == ["2000-01-01", "2000-02-26"]
    assert loaded.tables["patients"]["sex"].tolist() == ["male"]


def test_a_heading_that_says_its_recall_is_not_asked(tmp_path):
    text = (
        "userid,date,average_pain_last_week,worst_pain_last_week,height_cm\nu1,2026-01-05,4,7,170\nu1,2026-01-12,3,6,170\n"
    )
    path = write(tmp_path, "data_export.csv", text)
    assert open_questions(path) == set()
    loaded = pta.load_exports(path, timezone="UTC", layout=pta.suggest_layout(path).layout)
    assert loaded.tables["pain_scores"][["pain_nprs", "recall"]].values.tolist() == [[4, "avg_7d"], [3, "avg_7d"]]


@pytest.mark.parametrize(
    ("heading", "recall"),
    [
        ("Worst pain 24h", "worst_24h"),
        ("mean pain past week", "avg_7d"),
        ("worst pain last week", None),
        ("Weekly steps", None),
    ],
)
def test_recalls_that_headings_say(heading, recall):
    assert recall_in(heading) == recall


class TestRatingsInWords:
    TEXT = (
        "Start,End,Intensity,Location\n2026-01-05 08:00,2026-01-05 10:00,Mild,Low back\n2026-01-06 08:00,,Severe,Low back\n"
    )

    def test_the_number_of_each_word_is_asked(self, tmp_path):
        found = open_questions(write(tmp_path, "anna.csv", self.TEXT))
        assert {"rating.mild", "rating.severe", "column.patient_id"} <= found

    def test_the_answers_are_the_ratings(self, tmp_path):
        answers = {"column.patient_id": "file name", "rating.mild": "2", "rating.severe": "8"}
        assert load(write(tmp_path, "anna.csv", self.TEXT), **answers).tables["pain_scores"]["pain_nprs"].tolist() == [2, 8]

    def test_a_number_beyond_the_scale_is_refused(self, tmp_path):
        with pytest.raises(LayoutError, match="from 0 to 10"):
            pta.suggest_layout(write(tmp_path, "anna.csv", self.TEXT), answers={"rating.mild": "12"})


class TestEq5d:
    def test_five_columns_of_which_one_answer_needs_five_levels(self, tmp_path):
        path = write(tmp_path, "eq.csv", "id,date,MO,SC,UA,PD,AD\n1,2026-01-05,1,1,2,4,1\n")
        loaded = pta.load_exports(path, timezone="UTC", layout=pta.suggest_layout(path).layout)
        assert loaded.tables["responses"].sort_values("item_id")["answer"].tolist() == [1, 1, 2, 4, 1]
        assert set(loaded.tables["responses"]["instrument_id"]) == {"eq5d5l"}

    def test_a_profile_is_its_five_digits_and_anything_else_is_set_aside(self, tmp_path):
        path = write(tmp_path, "eq.csv", "\ufeffid,date,State\n1,2026-01-05,11221\n2,2026-01-05,12345\n3,2026-01-05,33222\n"
                     "4,2026-01-05,21111\n5,2026-01-05,112\n6,2026-01-05,\n")  # fmt: skip
        loaded = pta.load_exports(path, timezone="UTC", layout=pta.suggest_layout(path).layout)
        second = loaded.tables["responses"].query("patient_id == '2'").sort_values("item_id")["answer"]
        assert second.tolist() == [1, 2, 3, 4, 5]
        assert set(loaded.quarantine.reasons["row"]) == {6}
        assert "6" not in set(loaded.tables["responses"]["patient_id"])

    def test_which_form_it_is_is_asked_where_no_answer_tells(self, tmp_path):
        path = write(tmp_path, "eq.csv", "id,date,State\n1,2026-01-05,11221\n")
        assert open_questions(path) == {"instrument.eq5d"}
        loaded = load(path, **{"instrument.eq5d": "eq5d3l"})
        assert set(loaded.tables["responses"]["item_id"]) == {f"eq5d3l_{n}" for n in range(1, 6)}


def test_a_glucose_meter_is_asked_nothing(tmp_path):
    text = "Glucose Data,Generated on,01-05-2026\nDevice,Serial Number,Device Timestamp,Record Type,Glucose mmol/L\n"
    text += "F,1,01-05-2026 10:00,0,5.6\n"
    found = pta.suggest_layout(write(tmp_path, "libre.csv", text))
    assert (found.layout, found.questions) == (None, ())


def test_counts_of_sessions_are_no_session_ids(tmp_path):
    text = "Patient ID,Practice,Month,Enrolled,Sessions,Minutes,Exercises,Activity Days\nP1,North,2026-01,Y,20,300,5,17\n"
    found = pta.suggest_layout(write(tmp_path, "monthly.csv", text))
    assert {(column.table, column.column) for column in found.columns if column.table} == {
        ("patients", "patient_id"),
        ("patients", "site"),
    }


def test_a_column_that_says_whether_somebody_is_a_patient_is_no_id(tmp_path):
    path = write(tmp_path, "long.csv", "id,time,group,is_patient\n1001,1,1,1\n1002,1,2,1\n")
    assert pta.suggest_layout(path).layout.tables[0].columns["patient_id"] == "id"


@pytest.mark.parametrize(
    ("cells", "ratings"),
    [
        (["7/10", "3/10"], [7, 3]),
        (["3,5", "4"], [3.5, 4]),
    ],
)
def test_ratings_with_their_scale_and_decimal_commas(tmp_path, cells, ratings):
    rows = "".join(f"A;{day}.01.2026;{cell}\n" for day, cell in enumerate(cells, start=14))
    assert (
        load(write(tmp_path, "pain.csv", "Patient;Datum;NRS\n" + rows)).tables["pain_scores"]["pain_nprs"].tolist()
        == ratings
    )


def test_days_of_a_spreadsheet_are_those_days(tmp_path):
    loaded = load(write(tmp_path, "pain.csv", "Patient,Date,Pain\nA,35917,7\n"))
    # Excel shows 35917 as 2 May 1998 (molgenis issue 5845).
    assert loaded.tables["pain_scores"]["recorded_at"].astype(str).tolist() == ["1998-05-02"]


def test_a_layout_that_names_no_day_is_refused_with_a_sentence(tmp_path):
    layout = write(tmp_path, "own.toml", 'id="own"\ndescription="x"\n[[tables]]\ntable="pain_scores"\n'
                   'columns={patient_id="who", pain_nprs="pain"}\n')  # fmt: skip
    with pytest.raises(LayoutError, match="does not say where recorded_at of the table pain_scores comes from"):
        pta.load_exports(write(tmp_path, "a.csv", "who,pain\nA,3\n"), timezone="UTC", layout=layout)
