"""Each rule about pain, plans, breaks, patients, questionnaires and flags."""

from datetime import date, datetime, timedelta

import pytest

from quality_frames import START, patient, plan, rating, session


class TestPain:
    def test_a_rating_minutes_later_is_a_near_duplicate(self, found):
        rows = [rating(), rating(minutes=3, pain_nprs=5.0), rating(minutes=90), rating(minutes=91, recall="current")]

        assert found("pain_near_duplicate", pain_scores=rows) == (4, 1, "found")

    def test_two_ratings_of_one_clock_time_contradict(self, found):
        rows = [rating(), rating(pain_nprs=5.0), rating(days=1), rating(days=1, site="neck", pain_nprs=5.0)]

        assert found("pain_two_at_once", pain_scores=rows) == (4, 1, "found")

    def test_two_ratings_of_a_day_without_a_clock_are_two_facts(self, found):
        midnight = datetime(2026, 3, 2)
        rows = [rating(recorded_at=midnight), rating(recorded_at=midnight, pain_nprs=5.0)]

        assert found("pain_two_at_once", pain_scores=rows) == (0, 0, "not_applicable")

    def test_eight_points_from_one_day_to_the_next_are_a_jump(self, found):
        rows = [rating(pain_nprs=1.0), rating(days=1, pain_nprs=9.0), rating(days=5, pain_nprs=1.0)]

        assert found("pain_jump", pain_scores=rows) == (1, 1, "found")

    def test_three_ratings_of_a_day_within_minutes_were_entered_in_one_sitting(self, found):
        rows = [rating(minutes=n) for n in range(3)] + [rating(days=1, minutes=90 * n) for n in range(3)]

        assert found("pain_one_sitting", pain_scores=rows) == (2, 1, "found")

    def test_the_same_second_on_days_in_a_row_was_entered_later(self, found):
        rows = [rating(days=n) for n in range(5)] + [rating(days=n, recall="current", minutes=n) for n in range(5)]

        assert found("pain_same_clock", pain_scores=rows) == (10, 5, "found")

    def test_one_number_only_and_round_numbers_only_are_noted(self, found):
        flat = [rating(days=n) for n in range(14)]
        round_ = [rating(days=n, patient_id="B", pain_nprs=5.0 * (n % 3)) for n in range(14)]
        usual = [rating(days=n, patient_id="C", pain_nprs=float(n % 6)) for n in range(14)]
        few = [rating(days=n, patient_id="D") for n in range(13)]
        rows = [*flat, *round_, *usual, *few]

        assert found("pain_single_value", pain_scores=rows) == (3, 1, "found")
        assert found("pain_round_numbers", pain_scores=rows) == (3, 1, "found")
        assert found("pain_round_numbers", pain_scores=few) == (0, 0, "not_applicable")

    def test_the_share_of_round_numbers_can_be_changed(self, found):
        rows = [rating(days=n, pain_nprs=5.0 if n else 4.0) for n in range(14)]

        assert found("pain_round_numbers", pain_scores=rows)[1] == 0
        assert found("pain_round_numbers", pain_scores=rows, thresholds={"pain_round_numbers": 90})[1] == 1

    def test_the_number_of_ratings_needed_can_be_changed(self, found):
        rows = [rating(days=n) for n in range(7)]

        assert found("pain_single_value", pain_scores=rows, thresholds={"pain_single_value.min_rows": 7})[1] == 1

    @pytest.mark.parametrize(
        ("rule", "person", "expected"),
        [
            pytest.param("pain_unknown_patient", {"patient_id": "Z"}, (1, 1, "found"), id="not in the list"),
            pytest.param("pain_before_birth", {"birth_year": 2030}, (1, 1, "found"), id="before birth"),
            pytest.param(
                "pain_before_enrolment", {"enrolled_date": date(2026, 3, 30)}, (1, 0, "passed"), id="4 weeks before"
            ),
            pytest.param(
                "pain_before_enrolment", {"enrolled_date": date(2026, 3, 31)}, (1, 1, "found"), id="longer before"
            ),
            pytest.param("pain_after_discharge", {"discharged_date": date(2026, 3, 1)}, (1, 1, "found"), id="discharged"),
        ],
    )
    def test_ratings_outside_the_time_of_a_person(self, found, rule, person, expected):
        assert found(rule, pain_scores=[rating()], patients=[patient(**person)]) == expected

    def test_a_rating_in_the_future(self, found):
        assert found("pain_in_future", pain_scores=[rating(), rating(days=300)]) == (2, 1, "found")


class TestPlans:
    def test_a_version_that_ends_on_the_first_day_of_the_next_overlaps(self, found):
        end = (START + timedelta(days=7)).date()
        rows = [plan(1, valid_to_date=end), plan(2, days=7)]

        assert found("plans_overlap", plans=rows) == (1, 1, "found")
        assert found("plans_overlap", plans=[rows[0], plan(2, days=8)]) == (1, 0, "passed")
        assert found("plans_overlap", plans=[plan(1), plan(2, days=8)]) == (0, 0, "not_applicable")

    def test_a_later_version_that_starts_earlier_is_out_of_order(self, found):
        assert found("plans_out_of_order", plans=[plan(1, days=7), plan(2), plan(3, days=9)]) == (2, 1, "found")

    def test_a_plan_without_a_frequency_prescribes_nothing(self, found):
        rows = [plan(1), plan(2, days=7, sessions_per_week=None), plan(3, days=9, sessions_per_week=None, weekdays="mon")]

        assert found("plans_no_frequency", plans=rows) == (3, 1, "found")

    def test_weekdays_and_sessions_per_week_must_agree(self, found):
        rows = [plan(1, weekdays="mon,wed,fri"), plan(2, days=7, weekdays="mon,fri")]

        assert found("plans_days_disagree", plans=rows) == (2, 1, "found")

    def test_a_plan_after_discharge_and_of_an_unknown_patient(self, found):
        people = [patient(discharged_date=date(2026, 3, 5))]
        rows = [plan(1), plan(2, days=7), plan(patient_id="B")]

        assert found("plans_after_discharge", plans=rows, patients=people) == (2, 1, "found")
        assert found("plans_unknown_patient", plans=rows, patients=people) == (3, 1, "found")

    def test_an_exercise_outside_the_catalogue_is_a_note(self, found):
        assert found("plans_unknown_exercise", plans=[plan(), plan(exercise_id="our_own")]) == (2, 1, "found")


class TestPausesPatientsFlags:
    def test_a_break_inside_an_open_one_overlaps(self, found):
        one = {"patient_id": "A", "from_date": date(2026, 3, 4), "kind": "illness"}
        rows = [one, {**one, "from_date": date(2026, 5, 4)}, {**one, "patient_id": "B", "from_date": date(2026, 6, 1)}]

        assert found("pauses_overlap", pauses=rows) == (1, 1, "found")
        rows[0]["to_date"] = date(2026, 5, 3)
        assert found("pauses_overlap", pauses=rows) == (1, 0, "passed")

    def test_patients_without_plan_or_entries(self, found):
        people = [patient(), patient("B"), patient("C")]
        tables = {"patients": people, "plans": [plan()], "sessions": [session(patient_id="B")]}

        assert found("patients_without_plan", **tables) == (3, 2, "found")
        assert found("patients_without_entries", **tables) == (3, 2, "found")
        assert found("patients_without_plan", patients=people) == (0, 0, "not_applicable")

    @pytest.mark.parametrize(
        ("rule", "values", "expected"),
        [
            pytest.param("patients_young", {"birth_year": 2011}, (1, 1, "found"), id="15"),
            pytest.param("patients_young", {"birth_year": 2010}, (1, 0, "passed"), id="16"),
            pytest.param("patients_old", {"birth_year": 1925}, (1, 1, "found"), id="101"),
            pytest.param("patients_old", {"birth_year": None}, (0, 0, "not_applicable"), id="age not known"),
            pytest.param("patients_onset_late", {"onset_date": date(2026, 3, 2)}, (1, 1, "found"), id="onset later"),
            pytest.param("patients_in_future", {"enrolled_date": date(2026, 7, 1)}, (1, 1, "found"), id="enrols tomorrow"),
        ],
    )
    def test_dates_and_age_of_a_person(self, found, rule, values, expected):
        assert found(rule, patients=[patient(**values)]) == expected

    def test_flags(self, found):
        flag = {"patient_id": "A", "recorded_at": START, "flag_id": "saddle_numbness"}
        rows = [flag, {**flag, "flag_id": "something_else"}, {**flag, "recorded_at": datetime(2027, 1, 1, 8)}]

        assert found("flags_unknown_flag", flags=rows) == (3, 1, "found")
        assert found("flags_in_future", flags=rows) == (3, 1, "found")
        assert found("flags_unknown_patient", flags=rows, patients=[patient()]) == (3, 0, "passed")


def form(number=1, *, answers, instrument="odi", at=START, patient_id="A"):
    """One form with answers to its first items."""
    row = {"patient_id": patient_id, "response_id": str(number), "completed_at": at, "instrument_id": instrument}
    return [{**row, "item_id": f"{instrument}_{n}", "answer": answer} for n, answer in enumerate(answers, start=1)]


class TestQuestionnaires:
    def test_answers_before_birth_and_after_the_last_real_day(self, found):
        rows = [*form(1, answers=[1.0]), *form(2, answers=[1.0], at=datetime(1979, 5, 1, 8)), *form(3, answers=[1.0],
                at=datetime(2026, 7, 2, 8))]  # fmt: skip

        assert found("responses_before_birth", responses=rows, patients=[patient()]) == (3, 1, "found")
        assert found("responses_before_birth", responses=rows) == (0, 0, "not_applicable")
        assert found("responses_in_future", responses=rows) == (3, 1, "found")

    @pytest.mark.parametrize(
        ("table_name", "row"),
        [
            ("responses", form(1, answers=[1.0])[0]),
            ("scores", {"patient_id": "A", "completed_date": date(2026, 3, 2), "instrument_id": "odi", "score": 20.0}),
            ("pauses", {"patient_id": "A", "from_date": date(2026, 3, 2), "kind": "holiday"}),
        ],
    )
    def test_somebody_who_is_not_in_the_list_of_patients(self, found, table_name, row):
        rows = {table_name: [row, {**row, "patient_id": "Z"}]}

        assert found(f"{table_name}_unknown_patient", **rows, patients=[patient()]) == (2, 1, "found")
        assert found(f"{table_name}_unknown_patient", **rows)[2] == "not_applicable"

    def test_more_blanks_than_the_scoring_rule_allows(self, found):
        # ODI: at least 8 of 10 items (reference/clinical-methods, Fairbank 2000).
        rows = [
            *form(1, answers=[2.0] * 8 + [None] * 2),
            *form(2, answers=[2.0] * 7 + [None] * 3, at=START + timedelta(days=7)),
            *form(3, answers=[2.0] * 7, at=START + timedelta(days=14)),
        ]

        assert found("forms_too_many_missing", responses=rows) == (3, 2, "found")

    def test_boxes_to_tick_cannot_miss_an_answer(self, found):
        rows = form(1, answers=[1.0, None], instrument="rmdq24")

        assert found("forms_too_many_missing", responses=rows) == (0, 0, "not_applicable")

    def test_the_same_questionnaire_twice_on_a_day(self, found):
        rows = [*form(1, answers=[1.0]), *form(2, answers=[1.0], at=START + timedelta(hours=2)), *form(3, answers=[0.0],
                instrument="rmdq24")]  # fmt: skip

        assert found("forms_repeated", responses=rows) == (3, 1, "found")

    def test_one_answer_to_everything_is_noted_unless_it_is_an_end_of_the_scale(self, found):
        rows = [
            *form(1, answers=[3.0] * 10),
            *form(2, answers=[0.0] * 10, at=START + timedelta(days=7)),
            *form(3, answers=[3.0] * 9 + [2.0], at=START + timedelta(days=14)),
        ]

        assert found("forms_same_answer", responses=rows) == (3, 1, "found")

    def test_answers_that_the_questionnaire_does_not_have(self, found):
        rows = [*form(1, answers=[6.0, -1.0, 5.0]), *form(2, answers=[1.0], instrument="own_form")]
        rows[2]["item_id"] = "odi_99"

        assert found("responses_out_of_range", responses=rows) == (3, 2, "found")
        assert found("responses_unknown_item", responses=rows) == (3, 1, "found")
        assert found("responses_unknown_instrument", responses=rows) == (4, 1, "found")

    def test_scores_outside_their_range(self, found):
        score = {"patient_id": "A", "completed_date": date(2026, 3, 2), "instrument_id": "odi", "score": 100.0}
        rows = [score, {**score, "completed_date": date(2026, 3, 9), "score": 101.0}]

        assert found("scores_out_of_range", scores=rows) == (2, 1, "found")
        assert found("scores_in_future", scores=rows) == (2, 0, "passed")
