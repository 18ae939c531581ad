"""Proposed layouts: what is recognised and why, what is asked instead of guessed, and saved ones at work."""

import pytest

import ptanalytics as pta
from ptanalytics.errors import LayoutError
from ptanalytics.loading import suggest_layouts
from ptanalytics.loading.layouts import read_layout, shape_of
from ptanalytics.loading.suggest_columns import split_unit
from ptanalytics.loading.suggest_wide import day_columns

LOG = "Client no;When;Which exercise;Sets;Weight (lbs);Time spent;Pain before (0-100);Pain after;Phone\n" + "".join(
    f"C{n};{1 + n % 9:02d}/{1 + n % 8:02d}/2026 18:00;Bird dog;3;10;{n + 1}min;{10 * n};{(3, 4, -99)[n % 3]};555\n"
    for n in range(9)
)


def write(tmp_path, text, name="log.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def table(suggestion, name):
    return next(table for table in suggestion.layout.tables if table.table == name)


class TestALog:
    @pytest.fixture
    def suggestion(self, tmp_path):
        return pta.suggest_layout(write(tmp_path, LOG))

    def test_each_column_has_a_confidence_and_a_reason(self, suggestion):
        frame = suggestion.to_frame()
        assert frame["heading"].tolist() == LOG.split("\n")[0].split(";")
        assert frame["confidence"].between(0, 1).all()
        assert frame["reason"].str.len().gt(10).all()

    def test_columns_are_recognised(self, suggestion):
        found = suggestion.to_frame().set_index("heading")["column"]
        assert found["Client no"] == "patient_id"
        assert found["Which exercise"] == "exercise_id"
        assert found["When"] == "started_at"
        assert found["Time spent"] == "duration_min"

    def test_a_name_that_is_only_near_is_less_sure_than_our_own(self, suggestion):
        sure = suggestion.to_frame().set_index("heading")["confidence"]
        assert sure["Which exercise"] < 0.8 < sure["Sets"]

    def test_what_identifies_is_never_read(self, suggestion):
        phone = next(column for column in suggestion.columns if column.heading == "Phone")
        assert (phone.is_refused, phone.table) == (True, "")

    def test_units_that_headings_and_cells_say_are_converted(self, suggestion):
        assert table(suggestion, "sessions").units == {
            "load_kg": "lb",
            "pain_before_nprs": "0-100",
            "duration_min": "clock",
        }

    def test_dates_that_fit_both_orders_are_a_question_and_not_decided(self, suggestion):
        asked = {question.id: question for question in suggestion.questions}
        assert asked["date_order"].options == ("day_first", "month_first")
        assert asked["date_order"].is_needed
        assert not suggestion.is_ready
        assert table(suggestion, "sessions").date_order is None

    def test_a_usual_code_for_missing_is_a_question_and_not_decided(self, suggestion):
        assert "missing.pain_after_nprs.-99" in {question.id for question in suggestion.questions}
        assert table(suggestion, "sessions").codings == {}

    def test_answers_decide(self, tmp_path):
        answers = {"date_order": "day_first", "missing.pain_after_nprs.-99": "yes"}
        path = write(tmp_path, LOG)
        suggestion = pta.suggest_layout(path, answers=answers)
        assert suggestion.is_ready
        loaded = pta.load_exports(path, timezone="Europe/London", layout=suggestion.layout)
        rows = loaded.tables["sessions"].set_index("patient_id")
        assert loaded.receipt.rows_set_aside == 0
        assert str(rows.loc["C1", "started_at"]) == "2026-02-02 18:00:00"
        assert rows.loc["C4", "load_kg"] == pytest.approx(4.5359237)
        assert rows.loc["C4", "duration_min"] == 5
        assert rows.loc["C4", "pain_before_nprs"] == 4
        assert rows["pain_after_nprs"].isna().sum() == 3

    def test_no_cell_of_the_file_is_in_the_words(self, suggestion):
        words = "\n".join(suggestion.in_words())
        assert not any(cell in words for cell in ("C1", "Bird dog", "555", "18:00"))


class TestQuestions:
    def test_an_answer_that_is_no_option(self, tmp_path):
        with pytest.raises(LayoutError, match="day_first, month_first"):
            pta.suggest_layout(write(tmp_path, LOG), answers={"date_order": "left"})

    def test_an_answer_to_nothing(self, tmp_path):
        with pytest.raises(LayoutError, match="no question"):
            pta.suggest_layout(write(tmp_path, LOG), answers={"colour": "red"})

    def test_dates_that_say_their_order_need_no_question(self, tmp_path):
        suggestion = pta.suggest_layout(write(tmp_path, "Patient,Date,Pain\nA,13/04/2026,3\nB,01/05/2026,4\n"))
        assert table(suggestion, "pain_scores").date_order == "day_first"
        assert "date_order" not in {question.id for question in suggestion.questions}

    def test_a_scale_beyond_ten_is_asked(self, tmp_path):
        path = write(tmp_path, "Patient,Date,Pain\n" + "".join(f"A,2026-01-{n:02d},{n * 7}\n" for n in range(1, 11)))
        asked = {question.id: question.options for question in pta.suggest_layout(path).questions}
        assert "0-100" in asked["unit.pain_nprs"]
        answered = pta.suggest_layout(path, answers={"unit.pain_nprs": "mm"})
        assert table(answered, "pain_scores").units == {"pain_nprs": "mm"}

    def test_a_weight_without_a_unit_is_asked(self, tmp_path):
        path = write(tmp_path, "Patient,Date,Exercise,Weight\nA,2026-01-05,squat,20\n")
        asked = {question.id: question.options for question in pta.suggest_layout(path).questions}
        assert asked["unit.load_kg"] == ("kg", "lb")
        answered = pta.suggest_layout(path, answers={"unit.load_kg": "lb"})
        assert table(answered, "sessions").units == {"load_kg": "lb"}

    def test_a_word_in_place_of_a_number_is_asked(self, tmp_path):
        path = write(tmp_path, "Patient,Date,Pain\nA,2026-01-05,3\nA,2026-01-06,High\nA,2026-01-07,4\n")
        assert "missing.pain_nprs.high" in {question.id for question in pta.suggest_layout(path).questions}

    def test_codes_of_a_closed_list_are_asked_and_not_read_before(self, tmp_path):
        path = write(tmp_path, "Patient,Sex,Birth year\nA,1,1960\nB,2,1961\nC,9,1962\n")
        suggestion = pta.suggest_layout(path)
        assert {"code.sex.1", "code.sex.2", "code.sex.9"} <= {question.id for question in suggestion.questions}
        assert "sex" not in table(suggestion, "patients").columns
        answers = {"code.sex.1": "male", "code.sex.2": "female", "code.sex.9": "missing"}
        answered = pta.suggest_layout(path, answers=answers)
        loaded = pta.load_exports(path, timezone="Europe/London", layout=answered.layout)
        assert loaded.tables["patients"]["sex"].fillna("none").tolist() == ["male", "female", "none"]

    def test_ids_that_a_spreadsheet_turned_into_numbers_are_asked(self, tmp_path):
        path = write(tmp_path, "Patient,Date,Pain\n123.00,2026-01-05,3\n124.00,2026-01-05,4\n")
        assert "ids.patient_id" in {question.id for question in pta.suggest_layout(path).questions}
        answered = pta.suggest_layout(path, answers={"ids.patient_id": "yes"})
        loaded = pta.load_exports(path, timezone="Europe/London", layout=answered.layout)
        assert loaded.tables["pain_scores"]["patient_id"].tolist() == ["123", "124"]

    def test_two_columns_of_dates_are_asked(self, tmp_path):
        path = write(tmp_path, "Patient,First,Second,Pain\nA,2026-01-05,2026-02-05,3\n")
        asked = {question.id: question for question in pta.suggest_layout(path).questions}
        assert asked["column.recorded_at"].options == ("First", "Second")
        answered = pta.suggest_layout(path, answers={"column.recorded_at": "Second"})
        assert table(answered, "pain_scores").columns["recorded_at"] == "Second"

    def test_the_log_of_one_person_is_named_by_its_file(self, tmp_path):
        text = "Date,Phase,Exercise,Left Reps,Sets,Pain Level,Notes\n2026-01-05,1,Bridge,10,3,2,fine\n"
        path = write(tmp_path, text, "P0007.csv")
        asked = {question.id: question for question in pta.suggest_layout(path).questions}
        assert "file name" in asked["column.patient_id"].options
        answered = pta.suggest_layout(path, answers={"column.patient_id": "file name"})
        loaded = pta.load_exports(path, timezone="Europe/London", layout=answered.layout)
        assert {name: rows["patient_id"].tolist() for name, rows in loaded.tables.items()} == {"sessions": ["P0007"]}

    def test_a_file_that_says_nothing_gets_no_layout(self, tmp_path):
        suggestion = pta.suggest_layout(write(tmp_path, "a,b,c\n1,2,3\n2,3,4\n"))
        assert suggestion.layout is None
        with pytest.raises(LayoutError, match="No layout"):
            suggestion.save(tmp_path / "x.toml")


class TestWide:
    SURVEY = (
        "participant,visit date,"
        + ",".join(f"ODI_{n}" for n in range(1, 11))
        + ",PCS total,sex\n"
        + "".join(f"P{n},2026-0{n}-13,{','.join(str((n + k) % 6) for k in range(10))},30,f\n" for n in range(1, 6))
    )

    def test_items_scores_and_people_come_from_one_file(self, tmp_path):
        path = write(tmp_path, self.SURVEY)
        suggestion = pta.suggest_layout(path)
        assert [table.table for table in suggestion.layout.tables] == ["responses", "scores", "patients"]
        loaded = pta.load_exports(path, timezone="Europe/London", layout=suggestion.layout)
        assert len(loaded.tables["responses"]) == 50
        assert set(loaded.tables["scores"]["instrument_id"]) == {"pcs"}
        assert set(loaded.tables["patients"]["sex"]) == {"female"}

    def test_items_of_a_questionnaire_nobody_knows_are_unsure_and_asked(self, tmp_path):
        path = write(tmp_path, self.SURVEY.replace("ODI_", "zz"))
        suggestion = pta.suggest_layout(path)
        assert "instrument.zz" in {question.id for question in suggestion.questions}
        answered = pta.suggest_layout(path, answers={"instrument.zz": "myform"})
        assert next(iter(table(answered, "responses").spread.columns)) == "myform_1"

    def test_days_in_the_headings_follow_the_start(self, tmp_path):
        path = write(tmp_path, "subject,start date,pain_d1,pain_d2,pain_d3\nA,2026-03-01,3,,5\n")
        loaded = pta.load_exports(path, timezone="Europe/London", layout=pta.suggest_layout(path).layout)
        rows = loaded.tables["pain_scores"]
        assert [str(at)[:10] for at in rows["recorded_at"]] == ["2026-03-01", "2026-03-03"]

    def test_dates_in_the_headings_are_asked_for_what_they_hold(self, tmp_path):
        path = write(tmp_path, "subject,2026-03-01,2026-03-02,2026-03-03\nA,1,2,\n")
        assert "value.days" in {question.id for question in pta.suggest_layout(path).questions}
        answered = pta.suggest_layout(path, answers={"value.days": "pain_nprs"})
        loaded = pta.load_exports(path, timezone="Europe/London", layout=answered.layout)
        assert [str(at)[:10] for at in loaded.tables["pain_scores"]["recorded_at"]] == ["2026-03-01", "2026-03-02"]

    @pytest.mark.parametrize(
        ("headings", "found"),
        [
            (["pain w0", "pain w4", "pain w8"], {"0": "pain w0", "28": "pain w4", "56": "pain w8"}),
            (["Day 1 pain", "Day 2 pain", "Day 3 pain"], {"0": "Day 1 pain", "1": "Day 2 pain", "2": "Day 3 pain"}),
            (["01/02/2026", "02/02/2026", "03/02/2026"], None),
            (["pain w0", "pain w4"], None),
        ],
        ids=["weeks", "day in front", "open order", "too few"],
    )
    def test_day_columns(self, headings, found):
        groups = day_columns(headings)
        assert (groups[0].columns if groups else None) == found


class TestSaving:
    def test_what_is_saved_reads_back_the_same(self, tmp_path):
        suggestion = pta.suggest_layout(write(tmp_path, LOG), answers={"date_order": "month_first"})
        file = suggestion.save(tmp_path)
        assert (file.name, read_layout(file)) == ("log.toml", suggestion.layout)

    def test_open_questions_stand_in_the_file(self, tmp_path):
        file = pta.suggest_layout(write(tmp_path, LOG)).save(tmp_path / "mine.toml")
        assert "# QUESTION date_order" in file.read_text(encoding="utf-8")

    def test_a_heading_cannot_break_out_of_its_text(self, tmp_path):
        path = write(tmp_path, 'Patient,Date,"Pain ""x""\n[tables]"\nA,2026-01-05,3\n')
        suggestion = pta.suggest_layout(path)
        assert read_layout(suggestion.save(tmp_path / "mine.toml")) == suggestion.layout

    def test_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(LayoutError, match="cannot be written"):
            pta.suggest_layout(write(tmp_path, LOG)).save(tmp_path / "no" / "mine.toml")

    def test_saved_in_a_study_it_reads_the_next_export_of_that_shape_without_asking(self, tmp_path):
        study = pta.create_study(tmp_path / "s.study", timezone="Europe/London")
        folder = study.path / "layouts"
        folder.mkdir()
        path = write(tmp_path, LOG)
        pta.suggest_layout(path, answers={"date_order": "day_first", "missing.pain_after_nprs.-99": "yes"}).save(folder)
        assert study.import_exports(path).rows_new == 9
        # The next month's export, with its columns in another order.
        lines = [line.split(";") for line in LOG.replace("/2026 18", "/2027 18").strip().split("\n")]
        later = write(tmp_path, "\n".join(";".join(reversed(line)) for line in lines) + "\n", "next.csv")
        receipt = study.import_exports(later)
        assert (receipt.rows_new, receipt.files[0].layout_id) == (9, "log")

    def test_another_shape_is_not_read_by_it(self, tmp_path):
        study = pta.create_study(tmp_path / "s.study", timezone="Europe/London")
        (study.path / "layouts").mkdir()
        pta.suggest_layout(write(tmp_path, LOG), answers={"date_order": "day_first"}).save(study.path / "layouts")
        other = write(tmp_path, "Patient,Date,Pain\nA,2026-01-05,3\n", "pain.csv")
        assert study.import_exports(other).files[0].layout_id == "automatic"

    def test_the_shape_is_the_set_of_headings(self):
        assert shape_of(["Patient ID", "Pain"]) == shape_of(["pain", "PATIENT_ID"])
        assert shape_of(["Patient ID", "Pain"]) != shape_of(["Patient ID"])


class TestFiles:
    def test_each_sheet_of_a_workbook_has_its_own(self, tmp_path):
        import openpyxl

        book = openpyxl.Workbook()
        book.active.title = "Pain"
        for row in (["Client", "Day", "Pain now"], ["A", "2026-01-05", 3]):
            book.active.append(row)
        people = book.create_sheet("People")
        for row in (["Client", "Gender"], ["A", "f"]):
            people.append(row)
        book.save(tmp_path / "book.xlsx")
        found = suggest_layouts(tmp_path / "book.xlsx")
        assert [[table.table for table in one.layout.tables] for one in found] == [["pain_scores"], ["patients"]]
        for one in found:
            one.save(tmp_path)
        assert sorted(file.name for file in tmp_path.glob("*.toml")) == ["book_pain.toml", "book_people.toml"]

    def test_a_shipped_layout_is_named(self, tmp_path):
        path = write(tmp_path, "PATIENT_ID,DATE,PERDAY,CATEGORY,DURATION\n1,04/26/2033,4,medA,50\n")
        assert any("medication_events" in note for note in pta.suggest_layout(path).notes)

    def test_only_the_ends_of_a_large_file_are_looked_at(self, tmp_path):
        # Unreadable dates stand in the middle, where nobody looks.
        lines = ["A,2026-01-05,3\n"] * 40_000
        lines[20_000] = "A,13/13/2026,3\n"
        suggestion = pta.suggest_layout(write(tmp_path, "Patient,Date,Pain\n" + "".join(lines)))
        assert any("first and last" in note for note in suggestion.notes)

    @pytest.mark.parametrize(
        ("heading", "found"),
        [
            ("Weight (lbs)", ("Weight", "lb")),
            ("hold_sec", ("hold", "s")),
            ("Pain [0-100]", ("Pain", "0-100")),
            ("VAS mm", ("VAS", "mm")),
            ("Total sets", ("Total sets", None)),
            ("Site", ("Site", None)),
        ],
        ids=str,
    )
    def test_the_unit_in_a_heading(self, heading, found):
        assert split_unit(heading) == found
