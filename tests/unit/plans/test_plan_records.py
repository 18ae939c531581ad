import stat
from datetime import date, datetime

import pandas as pd
import polars as pl
import pytest

from plan_rows import BRIDGE
from ptanalytics.errors import RecordsUnavailableError, SignOffError, UnknownPatientError
from ptanalytics.plans import INTENDED_USE, PlanDraft, PlanRecords, current_plan
from ptanalytics.plans.database import Database
from ptanalytics.study import open_study

NG = {"who": "A. Ng", "role": "physical therapist"}


def draft_of(study, reps=14):
    return PlanDraft.start(study, "P1").change("glute_bridge", "reps", reps)


def test_a_signed_draft_is_the_plan(study, records):
    signed = records.sign(draft_of(study), **NG, reason="two easy weeks")

    assert (signed.plan_version, signed.valid_from_date, signed.is_in_study) == (2, date(2026, 3, 20), True)
    assert current_plan(study, "P1")[["plan_version", "reps"]].to_numpy().tolist() == [[2, 14.0]]
    assert current_plan(study, "P1", on_date=date(2026, 3, 19))["reps"].tolist() == [12.0]


def test_history_says_who_when_and_why(study, records):
    records.sign(draft_of(study), **NG, reason="two easy weeks")

    row = records.history("P1").iloc[0]

    assert (row["who"], row["role"], row["reason"]) == ("A. Ng", "physical therapist", "two easy weeks")
    assert (row["plan_version"], row["base_version"], row["n_exercises"]) == (2, 1, 1)
    assert row["changes"] == "Bridge: repetitions 12 to 14"
    assert row["signed_at"] == pd.Timestamp(2026, 3, 20, 12)


def test_times_are_local_to_the_study(study):
    summer = PlanRecords(study, clock=lambda: datetime.fromisoformat("2026-06-30T23:30:00+00:00"))

    signed = summer.sign(draft_of(study), **NG, reason="x")

    assert signed.valid_from_date == date(2026, 7, 1)
    assert summer.history("P1")["signed_at"].iloc[0] == pd.Timestamp(2026, 7, 1, 0, 30)


def test_a_draft_of_an_older_version_is_refused_and_nothing_is_stored(study, records):
    early, late = draft_of(study, 14), draft_of(study, 13)
    records.sign(early, **NG, reason="x")

    with pytest.raises(SignOffError, match="somebody else changed the plan"):
        records.sign(late, who="B. Lee", role="physical therapist", reason="y")

    assert records.history("P1")["who"].tolist() == ["A. Ng"]
    assert records.verify().n_entries == 1


def test_a_version_imported_again_with_other_content_is_noticed(study, records):
    draft = draft_of(study)
    study.append_rows("plans", pl.DataFrame([BRIDGE | {"reps": 8.0}]), origin="a newer export")

    with pytest.raises(SignOffError, match="imported again with other content"):
        records.sign(draft, **NG, reason="x")


def test_blockers_stop_a_sign_off(study, records):
    with pytest.raises(SignOffError, match="Say who signs"):
        records.sign(draft_of(study), who="", role="x", reason="x")
    with pytest.raises(SignOffError, match="Nothing was changed yet"):
        records.sign(PlanDraft.start(study, "P1"), **NG, reason="x")

    assert records.audit_trail().empty
    assert not (study.path / "records.sqlite").exists()


def test_a_later_plan_is_not_signed_into_the_past(study, records):
    study.append_rows(
        "plans", pl.DataFrame([BRIDGE | {"plan_version": 2, "valid_from_date": date(2026, 5, 1)}]), origin="test"
    )

    assert records.sign(draft_of(study), **NG, reason="x").valid_from_date == date(2026, 5, 1)


def test_the_database_file_is_private(study, records):
    records.sign(draft_of(study), **NG, reason="x")

    assert stat.S_IMODE((study.path / "records.sqlite").stat().st_mode) == 0o600


def test_looking_creates_nothing(study, records):
    assert records.history("P1").empty
    assert records.flags("P1").empty
    assert records.goal("P1") == {}
    assert records.suggestions_switch() is None
    assert records.verify().is_intact
    assert not (study.path / "records.sqlite").exists()


def test_goals_are_the_newest_agreed(records):
    for volume in (90, 150):
        records.set_goal("P1", category="aerobic", unit="min/week", volume_per_week=volume, **NG)
    records.set_goal("P1", category="stretching", unit="s/week", volume_per_week=600, **NG)
    records.set_goal("P1", category="stretching", unit="s/week", volume_per_week=None, **NG)

    assert records.goal("P1") == {("aerobic", "min/week"): 150.0}
    assert records.audit_trail()["kind"].tolist() == ["goal"] * 4


@pytest.mark.parametrize("volume", [-1, float("nan"), float("inf")], ids=["negative", "not a number", "infinite"])
def test_a_goal_is_a_number(records, volume):
    with pytest.raises(SignOffError):
        records.set_goal("P1", category="aerobic", unit="min/week", volume_per_week=volume, **NG)


def test_an_exported_flag_blocks_until_a_clinician_resolves_it(study, records):
    at = datetime(2026, 3, 10, 9)
    study.append_rows(
        "flags", pl.DataFrame([{"patient_id": "P1", "recorded_at": at, "flag_id": "weight_loss"}]), origin="t"
    )
    assert records.unresolved_flags("P1")[["label", "display_class"]].to_numpy().tolist() == [
        ["Unexplained weight loss", "URGENT"]
    ]
    with pytest.raises(SignOffError, match="flag is unresolved"):
        records.sign(draft_of(study), **NG, reason="x")

    records.resolve_flag("P1", "weight_loss", at, **NG, note="seen by the physician, no finding")

    assert records.unresolved_flags("P1").empty
    assert records.flags("P1")["resolved_by"].tolist() == ["A. Ng"]
    assert records.sign(draft_of(study), **NG, reason="x").plan_version == 2


def test_a_flag_recorded_here_is_one_too(study, records):
    records.record_flag("P1", "new_weakness", **NG, note="left foot")

    flag = records.unresolved_flags("P1").iloc[0]

    assert (flag["group"], flag["recorder"], flag["note"]) == ("progressive neurological deficit", "A. Ng", "left foot")
    assert flag["recorded_at"] == pd.Timestamp(2026, 3, 20, 12)


def test_a_flag_outside_the_list_from_an_export_is_shown_for_review(study, records):
    row = {"patient_id": "P1", "recorded_at": datetime(2026, 3, 10), "flag_id": "local_17"}
    study.append_rows("flags", pl.DataFrame([row]), origin="test")

    assert records.unresolved_flags("P1")[["label", "display_class"]].to_numpy().tolist() == [["local_17", "REVIEW"]]


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        pytest.param(lambda r: r.record_flag("P1", "sniffles", **NG), "no flag of the list", id="unknown flag"),
        pytest.param(
            lambda r: r.resolve_flag("P1", "weight_loss", datetime(2026, 1, 1), **NG, note="x"),
            "no unresolved flag",
            id="nothing to resolve",
        ),
        pytest.param(lambda r: r.record_flag("P1", "weight_loss", who="", role="x"), "Say who", id="nobody"),
        pytest.param(lambda r: r.enable_suggestions(who="A", role=" "), "Say who", id="no role"),
        pytest.param(lambda r: r.enable_suggestions(**NG, statement=" "), "statement of intended use", id="no statement"),
    ],
)
def test_records_need_who_and_what(study, records, act, sentence):
    with pytest.raises(SignOffError, match=sentence):
        act(records)

    assert records.audit_trail().empty
    assert not study.settings.tuning.enabled


def test_resolving_needs_a_note(records):
    records.record_flag("P1", "weight_loss", **NG)

    with pytest.raises(SignOffError, match="in a note"):
        records.resolve_flag("P1", "weight_loss", datetime(2026, 3, 20, 12), **NG, note=" ")


def test_the_switch_is_recorded_and_kept(study, records):
    records.enable_suggestions(**NG)

    switch = records.suggestions_switch()

    assert open_study(study.path).settings.tuning.enabled
    assert (switch["is_on"], switch["who"], switch["statement"]) == (True, "A. Ng", INTENDED_USE)
    assert switch["set_at"] == datetime(2026, 3, 20, 12)

    records.disable_suggestions(**NG, reason="new device policy")

    assert not open_study(study.path).settings.tuning.enabled
    assert records.suggestions_switch()["is_on"] is False
    assert records.audit_trail()["kind"].tolist() == ["setting", "setting"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda r: r.history("NOBODY-7"),
        lambda r: r.flags("NOBODY-7"),
        lambda r: r.record_flag("NOBODY-7", "weight_loss", **NG),
        lambda r: r.set_goal("NOBODY-7", category="aerobic", unit="min/week", volume_per_week=1, **NG),
        lambda r: r.sign(PlanDraft("NOBODY-7", 0, None, (), ()).add("walk"), **NG, reason="x"),
    ],
    ids=["history", "flags", "record_flag", "set_goal", "sign"],
)
def test_an_unknown_patient_is_an_error_without_the_id(records, ask):
    with pytest.raises(UnknownPatientError) as caught:
        ask(records)

    assert "NOBODY-7" not in str(caught.value)


def test_another_writer_is_waited_for_and_then_named(study, records, monkeypatch):
    records.set_goal("P1", category="aerobic", unit="min/week", volume_per_week=1, **NG)
    monkeypatch.setattr("ptanalytics.plans.database.BUSY_WAIT_S", 0.1)
    with Database(study.records_url).writing(), pytest.raises(RecordsUnavailableError, match="another program"):
        PlanRecords(study).set_goal("P1", category="aerobic", unit="min/week", volume_per_week=2, **NG)

    assert records.goal("P1") == {("aerobic", "min/week"): 1.0}


@pytest.mark.parametrize(
    "url", ["not an address", "nosuchbase://user:hunter2@host/x"], ids=["no address", "unknown database"]
)
def test_a_bad_address_is_one_sentence_without_the_password(url):
    with pytest.raises(RecordsUnavailableError) as caught:
        Database(url)

    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database_is_one_sentence(study):
    (study.path / "records.sqlite").write_text("this is not a database, whatever its name says", encoding="utf-8")

    with pytest.raises(RecordsUnavailableError):
        PlanRecords(study)
