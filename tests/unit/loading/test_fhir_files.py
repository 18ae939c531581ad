"""FHIR R4: every resource ends as used, set aside with a reason, a duplicate, or ignored and counted by kind."""

import json

import pytest

import ptanalytics as pta
from ptanalytics.errors import UnreadableFileError
from ptanalytics.loading.readers import frame_spill, json_text, row_store
from ptanalytics.loading.readers.fhir_codes import code_table
from reader_corpus import PATIENT, bundle, care_plan, lines, odi_form, pain, procedure, resources


@pytest.fixture
def load(tmp_path):
    def loaded(*records, name="bulk.ndjson", content=None):
        path = tmp_path / name
        path.write_bytes(lines(records) if content is None else content)
        return pta.load_exports(path, timezone="Europe/Berlin")

    return loaded


def reasons(loaded):
    return loaded.quarantine.reasons["rule"].tolist()


def as_bundle(content):
    return json.dumps(content).encode()


class TestWhole:
    def test_a_bundle_and_bulk_lines_say_the_same(self, load):
        of_lines = load(*resources())
        of_bundle = load(name="bundle.json", content=as_bundle(bundle()))
        of_list = load(name="list.json", content=as_bundle(resources()))
        assert set(of_lines.tables) == {"patients", "pain_scores", "responses", "plans", "sessions"}
        for table, frame in of_lines.tables.items():
            assert frame.equals(of_bundle.tables[table])
            assert frame.equals(of_list.tables[table])

    def test_kinds_that_are_not_read_are_counted_once(self, load):
        entries = load(*resources(), {"resourceType": "Claim"}, {"resourceType": "Device"}).receipt.files
        assert entries[0].ignored_kinds == {
            "Claim": 2,
            "Device": 1,
            "QuestionnaireResponse answer that is no number or choice": 1,
        }
        assert all(not entry.ignored_kinds for entry in entries[1:])

    def test_what_a_file_calls_its_kinds_stays_short_and_is_no_text_of_its_own(self, load, monkeypatch):
        monkeypatch.setattr("ptanalytics.loading.readers.kinds.MOST_KINDS", 3)
        kinds = ["Claim", "Jane Doe", "<b>Claim</b>", "Device", "Account", "Group", "Claim"]
        loaded = load(PATIENT, *({"id": "x", "resourceType": kind} for kind in kinds))
        assert loaded.receipt.files[0].ignored_kinds == {"Claim": 2, "other kinds": 4, "Device": 1}

    def test_a_bulk_file_of_kinds_that_are_not_read_is_named_with_its_counts(self, tmp_path):
        (tmp_path / "Claim.ndjson").write_bytes(lines([{"resourceType": "Claim"}] * 3))
        (tmp_path / "Patient.ndjson").write_bytes(lines([PATIENT]))
        [skipped] = pta.load_exports(tmp_path, timezone="Europe/Berlin").receipt.skipped
        assert (skipped.file, skipped.reason) == ("Claim.ndjson", "it holds only kinds that are not read: 3 Claim")

    def test_lines_of_bundles_and_bundles_in_bundles_are_opened(self, load):
        inner = {"resourceType": "Bundle", "entry": [{"resource": pain(1, 3)}, {"resource": pain(2, 4)}]}
        loaded = load({"resourceType": "Bundle", "entry": [{"resource": inner}, {"resource": pain(3, 5)}]}, PATIENT)
        assert loaded.tables["pain_scores"]["pain_nprs"].tolist() == [3, 4, 5]

    def test_the_entry_stands_beside_a_row_set_aside(self, load):
        loaded = load(PATIENT, pain(1, 3), pain(2, 30))
        assert loaded.quarantine.rows["FHIR entry"].tolist() == ["3"]
        assert reasons(loaded) == ["pain_nprs_maximum"]

    def test_a_line_that_is_no_json_is_set_aside(self, load):
        loaded = load(content=lines([PATIENT]) + b'{"resourceType": "Observation", "id"\n' + lines([pain(1, 3)]))
        assert reasons(loaded) == ["not_json"]
        assert loaded.receipt.rows_read == 3

    def test_a_file_without_one_resource_is_refused(self, load):
        with pytest.raises(UnreadableFileError, match="none of its entries"):
            load(name="b.json", content=as_bundle({"resourceType": "Bundle", "entry": [{"resource": 3}, {"fullUrl": "x"}]}))

    def test_references_by_full_url_become_the_patient_s_own_id(self, load):
        rating = pain(1, 3, subject={"reference": "urn:uuid:0af1"})
        entries = [{"resource": rating}, {"fullUrl": "urn:uuid:0af1", "resource": PATIENT}]
        loaded = load(name="b.json", content=as_bundle({"resourceType": "Bundle", "entry": entries}))
        assert loaded.tables["pain_scores"]["patient_id"].tolist() == ["p1"]

    def test_large_bundles_are_streamed_to_the_same_tables(self, load, monkeypatch):
        at_once = load(name="bundle.json", content=as_bundle(bundle()))
        monkeypatch.setattr(json_text, "_AT_ONCE_BYTES", 100)
        monkeypatch.setattr(row_store, "_BATCH_ROWS", 3)
        monkeypatch.setattr(frame_spill, "_SPILL_BYTES", 100)
        streamed = load(name="bundle.json", content=as_bundle(bundle()))
        for table, frame in at_once.tables.items():
            assert frame.equals(streamed.tables[table])
        assert streamed.receipt.files[0].ignored_kinds == at_once.receipt.files[0].ignored_kinds

    def test_the_same_export_twice_is_all_duplicates(self, load):
        loaded = load(*resources(), *resources())
        assert [entry.rows_duplicate for entry in loaded.receipt.files] == [
            entry.rows_used for entry in loaded.receipt.files
        ]

    def test_each_code_of_the_table_has_a_source_and_one_table(self):
        for meaning in code_table().values():
            assert meaning.table in {"pain_scores", "scores", "responses", "exercise"}
            assert bool(meaning.exercise_id) == (meaning.table == "exercise")
            assert bool(meaning.recall) == (meaning.table == "pain_scores")


class TestPatient:
    def test_only_id_year_and_gender_are_read(self, load):
        loaded = load(PATIENT)
        person = loaded.tables["patients"].dropna(axis=1).iloc[0].to_dict()
        assert person == {"patient_id": "p1", "birth_year": 1970, "sex": "female"}
        assert "never names" in " ".join(loaded.receipt.files[0].notes)

    def test_nothing_that_identifies_reaches_the_quarantine(self, load):
        loaded = load(PATIENT, {**PATIENT, "id": None})
        assert reasons(loaded) == ["no_patient"]
        assert "Never" not in loaded.quarantine.rows.to_string()


class TestObservation:
    def test_times_are_the_clinic_s_local_times(self, load):
        loaded = load(pain(1, 3, effectiveDateTime="2026-07-01T22:30:00Z"))
        assert str(loaded.tables["pain_scores"]["recorded_at"].item()) == "2026-07-02 00:30:00"

    @pytest.mark.parametrize(
        "when",
        [
            {"effectiveDateTime": None, "effectivePeriod": {"start": "2026-01-01T10:00:00+01:00"}},
            {"effectiveDateTime": None, "effectiveInstant": "2026-01-01T10:00:00+01:00"},
            {"effectiveDateTime": None, "issued": "2026-01-01T10:00:00+01:00"},
        ],
    )
    def test_the_time_stands_in_one_of_several_places(self, load, when):
        assert str(load(pain(1, 3, **when)).tables["pain_scores"]["recorded_at"].item()) == "2026-01-01 10:00:00"

    @pytest.mark.parametrize(
        ("more", "rule"),
        [
            ({"status": "entered-in-error"}, "entered_in_error"),
            ({"status": "cancelled"}, "cancelled"),
            ({"status": "registered"}, "not_final"),
            ({"subject": None}, "no_patient"),
            ({"subject": {"reference": "Group/1"}}, "no_patient"),
            ({"valueQuantity": {"value": 40, "unit": "mm", "code": "mm"}}, "other_unit"),
            ({"valueQuantity": None, "valueCodeableConcept": {"coding": [{"display": "severe"}]}}, "no_numeric_value"),
            ({"valueQuantity": {}, "dataAbsentReason": {"text": "asleep"}}, "pain_nprs_required"),
            ({"valueQuantity": {"value": 11}}, "pain_nprs_maximum"),
            ({"effectiveDateTime": None}, "recorded_at_required"),
            ({"effectiveDateTime": "2026"}, "not_a_time"),
        ],
    )
    def test_what_cannot_be_used_is_set_aside_with_its_reason(self, load, more, rule):
        loaded = load(pain(2, 3), pain(1, 3, **more))
        assert reasons(loaded) == [rule]
        assert loaded.receipt.rows_used == 1

    @pytest.mark.parametrize(
        "value",
        [
            {"valueInteger": 3},
            {"valueString": "3"},
            {"valueCodeableConcept": {"coding": [{"code": "LA6114-8", "display": "3"}]}},
            {"valueQuantity": {"value": 3, "unit": "1"}},
        ],
    )
    def test_the_number_stands_in_one_of_several_places(self, load, value):
        assert load(pain(1, 0, **{"valueQuantity": None} | value)).tables["pain_scores"]["pain_nprs"].tolist() == [3]

    def test_other_observations_are_ignored(self, load):
        loaded = load(pain(1, 3), pain(2, 3, code={"coding": [{"system": "http://loinc.org", "code": "8302-2"}]}))
        assert loaded.receipt.files[0].ignored_kinds == {"Observation that is no pain rating or score": 1}

    def test_a_code_of_another_system_is_another_code(self, load):
        loaded = load(pain(1, 3), pain(2, 3, code={"coding": [{"system": "urn:local", "code": "72514-3"}]}))
        assert loaded.receipt.rows_used == 1

    def test_components_are_items_and_the_item_alone_is_a_rating(self, load):
        worst = {"coding": [{"system": "http://loinc.org", "code": "75893-8"}]}
        peg = {"coding": [{"system": "http://loinc.org", "code": "91147-9"}]}
        total = pain(1, 5, code=peg, component=[{"code": worst, "valueQuantity": {"value": 7}}])
        loaded = load(total, pain(2, 6, code=worst))
        assert loaded.tables["responses"]["item_id"].tolist() == ["peg_1"]
        assert loaded.tables["pain_scores"][["pain_nprs", "recall"]].values.tolist() == [[6, "avg_7d"]]
        assert loaded.tables["scores"][["instrument_id", "score"]].values.tolist() == [["peg", 5]]


class TestQuestionnaireResponse:
    def test_ordinal_values_are_answers(self, load):
        answers = load(odi_form()).tables["responses"].sort_values("item_id")
        assert answers["instrument_id"].unique().tolist() == ["odi"]
        assert dict(zip(answers["item_id"], answers["answer"], strict=True)) == {f"odi_{n}": n % 6 for n in range(1, 11)}
        assert str(answers["completed_at"].iloc[0]) == "2026-01-15 11:30:00"

    def test_scored_it_is_the_instrument_of_that_name(self, load):
        responses = load(odi_form()).tables["responses"]
        # Items 1 to 5 and 7 to 10 say n mod 6, item 6 says 0: 15 + 0 + 1 + 2 + 3 + 4 = 25 of 50 points.
        scored = pta.score_questionnaires(responses=responses)
        assert scored["score"].tolist() == [50.0]

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            ({"valueInteger": 4}, 4),
            ({"valueDecimal": 4.5}, 4.5),
            ({"valueBoolean": True}, 1),
            ({"valueCoding": {"display": "4 - severe"}}, 4),
        ],
    )
    def test_numbers_and_yes_or_no_are_answers(self, load, answer, expected):
        form = odi_form(item=[{"linkId": "q.1", "answer": [answer]}], questionnaire="Questionnaire/our-own")
        [row] = load(form).tables["responses"][["instrument_id", "item_id", "answer"]].values.tolist()
        assert row == ["our_own", "q_1", expected]

    @pytest.mark.parametrize(
        ("more", "rule"),
        [
            ({"status": "in-progress"}, "not_final"),
            ({"status": "entered-in-error"}, "entered_in_error"),
            ({"item": [{"linkId": "a", "answer": [{"valueInteger": 1}, {"valueInteger": 2}]}]}, "several_answers"),
            ({"item": [{"linkId": "a", "answer": [{"valueCoding": {"display": "often"}}]}]}, "no_numeric_value"),
            ({"authored": None}, "completed_at_required"),
        ],
    )
    def test_what_cannot_be_used_is_set_aside(self, load, more, rule):
        assert set(reasons(load(PATIENT, odi_form(**more)))) == {rule}

    def test_free_text_is_never_kept(self, load):
        loaded = load(odi_form(status="in-progress"), PATIENT)
        assert "free text" not in loaded.quarantine.rows.to_string() + loaded.receipt.to_json()

    def test_known_pain_items_are_ratings(self, load):
        item = {"linkId": "current_back_pain_level", "answer": [{"valueCoding": {"display": "6"}}]}
        ratings = load(odi_form(item=[item])).tables["pain_scores"]
        assert ratings[["pain_nprs", "recall"]].values.tolist() == [[6, "current"]]


class TestPlans:
    def test_an_exercise_of_a_care_plan_is_a_plan(self, load):
        [plan] = load(care_plan()).tables["plans"].dropna(axis=1).to_dict("records")
        assert plan["exercise_id"] == "stretching_exercises"
        assert (plan["sessions_per_week"], plan["duration_min"], plan["plan_version"]) == (3, 20, 1)
        assert (str(plan["valid_from_date"])[:10], str(plan["valid_to_date"])[:10]) == ("2026-01-01", "2026-03-01")

    def test_versions_are_numbered_by_their_first_day(self, load):
        later = care_plan(period={"start": "2026-04-01"}, id="c2")
        assert sorted(load(later, care_plan()).tables["plans"]["plan_version"]) == [1, 2]

    @pytest.mark.parametrize(
        ("repeat", "columns"),
        [
            ({"frequency": 2, "period": 1, "periodUnit": "d"}, {"sessions_per_week": 14}),
            ({"frequency": 1, "period": 2, "periodUnit": "d"}, {"sessions_per_week": 3.5}),
            ({"dayOfWeek": ["mon", "fri"], "frequency": 1, "period": 1, "periodUnit": "d"}, {"weekdays": "mon,fri"}),
            ({"frequency": 1, "period": 1, "periodUnit": "wk", "duration": 1, "durationUnit": "h"}, {"duration_min": 60}),
        ],
    )
    def test_how_often_is_said_in_our_terms(self, load, repeat, columns):
        request = {
            **{key: care_plan()[key] for key in ("subject",)},
            "resourceType": "ServiceRequest",
            "id": "r1",
            "status": "active",
            "intent": "order",
            "code": {"text": "Bird-dog (hold 5–8 s)"},
            "authoredOn": "2026-01-02",
            "occurrenceTiming": {"repeat": repeat},
        }
        [plan] = load(request).tables["plans"].to_dict("records")
        assert plan["exercise_id"] == "bird_dog"
        assert {name: plan[name] for name in columns} == columns

    @pytest.mark.parametrize(
        ("more", "rule"),
        [({"status": "draft"}, "not_final"), ({"status": "revoked"}, "cancelled"), ({"subject": None}, "no_patient")],
    )
    def test_a_plan_that_is_not_in_force_is_set_aside(self, load, more, rule):
        assert reasons(load(PATIENT, care_plan(**more))) == [rule]

    def test_advice_to_avoid_exercise_is_no_plan(self, load):
        avoid = {
            "coding": [
                {"system": "http://snomed.info/sct", "code": "304510005", "display": "Recommendation to avoid exercise"}
            ]
        }
        loaded = load(PATIENT, care_plan(activity=[{"detail": {"code": avoid}}]))
        assert loaded.receipt.files[0].ignored_kinds == {"CarePlan that names no exercise": 1}


class TestProcedure:
    def test_an_exercise_is_a_session(self, load):
        [session] = load(procedure()).tables["sessions"].dropna(axis=1).to_dict("records")
        assert (session["exercise_id"], session["duration_min"], session["session_id"]) == ("exercise_therapy", 30, "s1")

    def test_what_was_not_done_is_a_skipped_session(self, load):
        assert load(procedure(status="not-done")).tables["sessions"]["skip_reason"].tolist() == ["not done"]
