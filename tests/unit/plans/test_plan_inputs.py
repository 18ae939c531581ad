"""Inputs gathered from a whole study, and the suggestion that follows."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest

from plan_rows import BRIDGE
from ptanalytics.errors import UnknownPatientError
from ptanalytics.plans import PlanRecords, suggest, tuning_inputs
from ptanalytics.settings import default_settings
from ptanalytics.study import create_study

ON = default_settings().with_changes({"tuning": {"enabled": True}})
START = date(2026, 3, 2)
LAST = date(2026, 3, 29)
NG = {"who": "A. Ng", "role": "physical therapist"}


def at(day, hour=18):
    return datetime(day.year, day.month, day.day, hour)


def add_sessions(study, days, **logged):
    rows = [
        {
            "patient_id": "P1",
            "session_id": f"S{day}",
            "exercise_id": "glute_bridge",
            "started_at": at(day),
            "completed_fraction": 1.0,
            "pain_before_nprs": 2.0,
            "pain_during_nprs": 2.0,
            "pain_next_day_nprs": 2.0,
            "rpe": 4.0,
        }
        | logged
        for day in days
    ]
    study.append_rows("sessions", pl.DataFrame(rows), origin="test")


def add_pain(study, values, first=START):
    rows = [
        {"patient_id": "P1", "recorded_at": at(first + timedelta(days=n), 8), "pain_nprs": float(value)}
        for n, value in enumerate(values)
        if value is not None
    ]
    study.append_rows("pain_scores", pl.DataFrame(rows), origin="test")


@pytest.fixture
def ready(study):
    """Four weeks, three sessions a week, low and falling pain."""
    add_sessions(study, [START + timedelta(days=7 * week + day) for week in range(4) for day in (0, 2, 4)])
    add_pain(study, [4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2])
    return study


def of_bridge(study, **options):
    return tuning_inputs(study, "P1", **options)["glute_bridge"]


def test_a_steady_course_leads_to_one_step(ready):
    inputs = of_bridge(ready)

    assert inputs.on_date == LAST
    assert (inputs.adherence14.value, inputs.done_14d, inputs.prescribed_14d) == (1.0, 6.0, 6.0)
    assert (inputs.sessions_14d.value, inputs.days_since_change.value) == (6, 27)
    assert (inputs.flare_active.value, inputs.flare_14d.value, inputs.red_flag.value) == (False, False, False)
    assert inputs.slope.value < 0
    assert (inputs.slope.n, inputs.slope.from_date, inputs.slope.to_date) == (28, START, LAST)
    assert suggest(inputs, ON).rule_id == "R11"


def test_only_what_was_known_on_the_day_is_looked_at(ready):
    inputs = of_bridge(ready, on_date=date(2026, 3, 8))

    assert (inputs.sessions_14d.value, inputs.days_since_change.value) == (3, 6)
    assert (inputs.slope.value, inputs.slope.reason) == (None, "too_short_span")
    assert suggest(inputs, ON).rule_id == "R8"


def test_before_the_plan_there_is_nothing_to_tune(ready):
    assert tuning_inputs(ready, "P1", on_date=date(2026, 3, 1)) == {}


def test_a_flare_says_since_when(study):
    add_sessions(study, [START, START + timedelta(days=2)])
    add_pain(study, [3, 3, 4, 3, 3, 3, 4, 3, 6, 6, 6])

    inputs = of_bridge(study)

    assert (inputs.flare_active.value, inputs.flare_start) == (True, START + timedelta(days=8))
    assert suggest(inputs, ON).sentence.startswith(
        "Pain has been ≥ 2 points above the person's usual level since 2026-03-10."
    )


def test_a_flare_that_ended_still_stops_a_progression(study):
    add_sessions(study, [START + timedelta(days=n) for n in (0, 2, 4, 7, 9, 11, 14, 16, 18)])
    add_pain(study, [3, 3, 3, 3, 3, 3, 6, 6, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3])

    inputs = of_bridge(study)

    assert (inputs.flare_active.value, inputs.flare_14d.value) == (False, True)
    assert suggest(inputs, ON).rule_id == "R12"


def test_pain_ratings_older_than_two_weeks_say_nothing_about_today(study):
    add_sessions(study, [LAST - timedelta(days=n) for n in (0, 2, 4)])
    add_pain(study, [6] * 14)  # the last rating is on 15 March, the day looked at is the 29th

    inputs = of_bridge(study)

    for name in ("flare_active", "flare_14d", "slope"):
        assert (inputs.measured()[name].value, inputs.measured()[name].reason) == (None, "no_recent_ratings")


def test_a_recorded_flag_is_named_until_it_is_resolved(ready):
    records = PlanRecords(ready)
    row = {"patient_id": "P1", "recorded_at": at(date(2026, 3, 10)), "flag_id": "cancer_history"}
    ready.append_rows("flags", pl.DataFrame([row]), origin="test")

    flagged = of_bridge(ready, records=records)
    assert (flagged.red_flag.value, flagged.flag_label, flagged.flag_date) == (True, "History of cancer", date(2026, 3, 10))
    assert suggest(flagged, ON).outcome == "REVIEW_FLAG"

    records.resolve_flag("P1", "cancer_history", at(date(2026, 3, 10)), **NG, note="known, in remission")
    assert suggest(of_bridge(ready, records=records), ON).rule_id == "R11"


def test_a_flag_counts_on_the_days_it_was_open(ready):
    row = {
        "patient_id": "P1",
        "recorded_at": at(date(2026, 3, 10)),
        "flag_id": "cancer_history",
        "resolved_at": at(date(2026, 3, 12)),
    }
    ready.append_rows("flags", pl.DataFrame([row]), origin="test")

    days = [date(2026, 3, day) for day in (9, 10, 11, 12)]

    assert [of_bridge(ready, on_date=day).red_flag.value for day in days] == [False, True, True, False]


def test_without_any_log_there_is_no_day_to_look_at(study):
    assert tuning_inputs(study, "P1") == {}
    assert suggest(of_bridge(study, on_date=LAST), ON).rule_id == "R6"


def test_an_excused_break_leaves_too_few_days(ready):
    hold = {"patient_id": "P1", "from_date": date(2026, 3, 17), "to_date": None, "kind": "clinician_hold"}
    ready.append_rows("pauses", pl.DataFrame([hold], schema_overrides={"to_date": pl.Date}), origin="test")

    inputs = of_bridge(ready)

    assert (inputs.adherence14.value, inputs.adherence14.reason) == (None, "too_few_eligible_days")


def test_an_unknown_patient_is_an_error(study):
    with pytest.raises(UnknownPatientError):
        tuning_inputs(study, "NOBODY-7")


def test_every_exercise_of_the_plan_has_its_own_inputs(tmp_path):
    study = create_study(tmp_path / "two.study", timezone="Europe/London")
    walk = BRIDGE | {"exercise_id": "walk", "sets": None, "reps": None, "duration_min": 20.0}
    study.append_rows(
        "plans", pl.DataFrame([BRIDGE | {"duration_min": None}, walk], infer_schema_length=None), origin="test"
    )
    add_sessions(study, [START], pain_during_nprs=7.0)

    found = tuning_inputs(study, "P1")

    assert list(found) == ["glute_bridge", "walk"]
    assert (found["glute_bridge"].pain_during.value, found["walk"].pain_during.value) == (7.0, None)
