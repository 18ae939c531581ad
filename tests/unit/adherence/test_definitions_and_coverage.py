"""Definitions side by side, bounds, coverage, what is missing to show a measure, and the explanation of a number."""

from datetime import date, datetime, time, timedelta

import pandas as pd
import polars as pl
import pytest

from ptanalytics.adherence import (
    adherence_bounds,
    adherence_by_definition,
    adherence_sufficiency,
    adherence_summary,
    compare_adherence_definitions,
    explain_adherence,
    explained_days,
    logging_coverage,
    weekly_adherence,
)
from ptanalytics.errors import InvalidTableError, MissingTableError
from ptanalytics.schemas.coverage_results import GATED_MEASURES

START = date(2026, 3, 2)  # a Monday


def day(number):
    return START + timedelta(days=number)


def plan(patient="P1", start=START, end=None, per_week=3.0, weekdays=None, version=1):
    row = {
        "patient_id": patient,
        "plan_version": version,
        "exercise_id": "bridge",
        "valid_from_date": start,
        "valid_to_date": end,
        "sessions_per_week": per_week,
        "weekdays": weekdays,
    }
    types = {"valid_to_date": pl.Date, "sessions_per_week": pl.Float64, "weekdays": pl.String, "plan_version": pl.Int32}
    return pl.DataFrame([row], schema_overrides=types)


def log(*numbers, patient="P1", at=time(9), skip=(), **columns):
    days = [day(number) if isinstance(number, int) else number for number in numbers]
    return pl.DataFrame(
        {
            "patient_id": [patient] * len(days),
            "session_id": [f"s{i}" for i in range(len(days))],
            "exercise_id": ["bridge"] * len(days),
            "started_at": [datetime.combine(one, at) for one in days],
            "skip_reason": ["no time" if number in skip else None for number in numbers],
            **{name: [value] * len(days) for name, value in columns.items()},
        },
        schema_overrides={"started_at": pl.Datetime("us"), "skip_reason": pl.String, "patient_id": pl.String}
        | {"session_id": pl.String, "exercise_id": pl.String},
    )


# Definitions


def test_every_definition_of_one_log():
    found = adherence_by_definition(
        sessions=log(0, 1, 5), plans=plan(per_week=None, weekdays="mon,wed,fri"), cutoff_date=day(6)
    )
    values = dict(found.select("definition", "adherence_pct").rows())

    assert values["weekly_capped"] == pytest.approx(100)
    assert values["makeup_exact"] == pytest.approx(100 / 3)
    assert values["makeup_window"] == pytest.approx(100)  # Tue for Wed, Sat for Fri
    assert found["is_headline"].sum() == 1


def test_a_variant_that_is_the_rule_already_is_not_repeated():
    options = {"sessions": log(0), "plans": plan(), "cutoff_date": day(6)}
    names = set(adherence_by_definition(**options)["definition"])
    of_iso = set(adherence_by_definition(**options, settings={"time": {"week_anchor": "iso"}})["definition"])

    assert not {"plan_weeks", "prorate_fractional", "makeup_week"} & names
    assert {"iso_weeks"} == names - of_iso
    assert {"plan_weeks"} == of_iso - names


def test_any_part_counts_a_little_but_not_nothing():
    sessions = pl.concat(
        [log(0, completed_fraction=0.1), log(1, completed_fraction=0.0).with_columns(session_id=pl.lit("t"))]
    )
    found = adherence_by_definition(sessions=sessions, plans=plan(), cutoff_date=day(6))
    values = dict(found.select("definition", "adherence_pct").rows())
    assert (values["weekly_capped"], values["any_part"]) == (0, pytest.approx(100 / 3))


def test_any_number_a_day_lets_every_session_count():
    found = adherence_by_definition(sessions=log(0, 0, 2), plans=plan(), cutoff_date=day(6))
    values = dict(found.select("definition", "adherence_pct").rows())
    assert (values["weekly_capped"], values["any_number_a_day"]) == (pytest.approx(200 / 3), pytest.approx(100))


def test_a_cap_of_sessions_a_day_can_be_set_for_everybody():
    options = {"sessions": log(0, 0, 0), "plans": plan(), "cutoff_date": day(6)}
    counted = {
        cap: weekly_adherence(**options, settings={"adherence": {"max_sessions_per_day": cap}})["counted"].item()
        for cap in ("plan", 2, 3)
    }
    assert counted == {"plan": 1, 2: 2, 3: 3}


def test_pauses_excused_otherwise_change_what_is_prescribed():
    pauses = pl.DataFrame({"patient_id": ["P1"], "from_date": [day(0)], "to_date": [day(6)], "kind": ["holiday"]})
    found = adherence_by_definition(sessions=log(7, 8, 9), plans=plan(), pauses=pauses, cutoff_date=day(13))
    values = dict(found.select("definition", "adherence_pct").rows())
    assert (values["weekly_capped"], values["holidays_excused"]) == (pytest.approx(50), pytest.approx(100))


def test_the_comparison_names_those_whose_class_depends_on_the_definition():
    sessions = pl.concat([log(0, 1, 2, 3, 4, 8), log(0, 2, 4, 7, 9, 11, patient="P2")])
    plans = pl.concat([plan(), plan("P2")])

    found = compare_adherence_definitions(sessions=sessions, plans=plans, cutoff_date=day(13))

    assert found.undecided["patient_id"].to_list() == ["P1"]
    row = found.patients.row(0, named=True)
    assert (row["headline_band"], row["highest_pct"]) == ("partial", pytest.approx(100))
    headline = found.cohort.filter("is_headline").row(0, named=True)
    assert (headline["definition"], headline["n"], headline["n_adherent"], headline["n_other_class"]) == (
        "weekly_capped",
        2,
        1,
        0,
    )
    assert found.cohort.filter(definition="uncapped")["n_other_class"].item() == 1


def test_pandas_in_pandas_out():
    found = compare_adherence_definitions(sessions=log(0, 2).to_pandas(), plans=plan().to_pandas(), cutoff_date=day(6))
    assert all(isinstance(frame, pd.DataFrame) for frame in (found.cohort, found.patients, found.values, found.undecided))


def test_nobody_with_a_value_is_said():
    found = compare_adherence_definitions(sessions=log(0), plans=plan(per_week=0.0), cutoff_date=day(6))
    assert set(found.cohort["reason"]) == {"no_patients"}
    assert found.patients.row(0, named=True)["classes"] is None


def test_a_comparison_without_plans_is_refused():
    with pytest.raises(MissingTableError):
        compare_adherence_definitions(sessions=log(0))


# Bounds


def bounds(sessions, plans=None, **options):
    plans = plan() if plans is None else plans
    return adherence_bounds(sessions=sessions, plans=plans, cutoff_date=day(6), **options).row(0, named=True)


def test_the_upper_bound_needs_a_log_that_can_say_not_done():
    silent, telling = bounds(log(0)), bounds(log(0, 1, skip=(1,)))

    assert (silent["upper_pct"], silent["reason"]) == (None, "not_told_apart")
    assert telling["lower_pct"] == pytest.approx(100 / 3)
    assert telling["upper_pct"] == pytest.approx(100)
    assert (telling["not_done_days"], telling["reason"]) == (1, None)


def test_an_export_known_to_tell_needs_no_such_day():
    assert bounds(log(0), tells_not_done=True)["upper_pct"] == pytest.approx(100)


def test_the_upper_bound_is_never_below_the_lower():
    # A full week of three sessions weighs 9/7 of what is known, a week of seven entries that say no weighs 3.
    sessions = log(0, 1, 2, *range(7, 14), skip=tuple(range(7, 14)))
    row = adherence_bounds(sessions=sessions, plans=plan(), cutoff_date=day(13)).row(0, named=True)
    assert row["lower_pct"] == row["upper_pct"] == pytest.approx(50)


def test_bounds_without_prescription_are_missing():
    row = bounds(log(0), plan(per_week=0.0))
    assert (row["lower_pct"], row["upper_pct"], row["reason"]) == (None, None, "zero_prescribed")


# Coverage and trust


def coverage(sessions, plans=None, cutoff=None, **options):
    plans = plan() if plans is None else plans
    return logging_coverage(sessions=sessions, plans=plans, cutoff_date=cutoff or day(69), **options).row(0, named=True)


def test_coverage_counts_eligible_days_and_weeks_with_an_entry():
    row = coverage(log(0, 2, 9), cutoff=day(20))
    assert (row["days_with_entry"], row["eligible_days"]) == (3, 21)
    assert (row["weeks_with_entry"], row["weeks"]) == (2, 3)
    assert (row["last_entry_date"], row["days_since_last_entry"], row["longest_silence_days"]) == (day(9), 11, 11)


def test_a_hold_does_not_prolong_a_silence():
    pauses = pl.DataFrame({"patient_id": ["P1"], "from_date": [day(2)], "to_date": [day(8)], "kind": ["hospital"]})
    assert coverage(log(0, 11), cutoff=day(11), pauses=pauses)["longest_silence_days"] == 3


def test_the_main_source_is_named_with_its_share():
    sessions = pl.concat(
        [log(0, 1, 2, source="app_log"), log(4, source="paper_diary").with_columns(session_id=pl.lit("x"))]
    )
    row = coverage(sessions)
    assert (row["main_source"], row["main_source_pct"], row["n_sources"]) == ("app_log", 75, 2)


@pytest.mark.parametrize(
    ("sessions", "sign"),
    [
        (log(*range(0, 40, 3), at=time(0)), "no_clock"),
        (log(*range(0, 40, 3), at=time(21, 15)), "same_clock"),
        (log(*range(0, 40, 3), at=time(21, 15), rpe=4.0, pain_during_nprs=2.0), "same_clock, same_ratings"),
        (log(0, 3), None),
    ],
    ids=["no clock", "same clock", "same ratings", "too few sessions"],
)
def test_signs_of_how_the_log_was_kept(sessions, sign):
    assert coverage(sessions)["signs"] == sign


def test_exactly_what_was_prescribed_week_after_week_is_a_sign():
    days = [7 * week + offset for week in range(8) for offset in (0, 2, 4)]
    clock = [datetime.combine(day(number), time(8, number)) for number in days]
    sessions = log(*days).with_columns(pl.Series("started_at", clock))
    assert coverage(sessions, cutoff=day(55))["signs"] == "too_perfect"
    assert coverage(sessions.head(-1), cutoff=day(55))["signs"] is None


@pytest.mark.parametrize(
    ("plans", "reason"),
    [
        (plan("P2"), "no_plan"),
        (plan(start=day(80)), "not_started"),
        (plan(end=day(5), per_week=0.0), None),
    ],
    ids=["no plan", "not started", "zero prescribed still has days"],
)
def test_a_missing_coverage_says_why(plans, reason):
    assert coverage(log(0), plans)["reason"] == reason


def test_every_measure_says_what_it_still_needs():
    found = adherence_sufficiency(sessions=log(0, rpe=3.0), plans=plan(), cutoff_date=day(6))
    missing = dict(found.select("measure", "missing").rows())

    assert set(missing) == set(GATED_MEASURES)
    assert missing["adherence"] is None
    assert missing["band"] == "1 more week with at least 4 eligible days"
    assert missing["log_pattern"] == "9 more sessions"
    assert missing["bounds"] == "1 more day whose entries say that nothing was done"
    assert missing["dose"] == "3 more entries that give an amount"


# Explanation


def explained(sessions, plans=None, week=1, cutoff=None, **options):
    plans = plan() if plans is None else plans
    options = {"sessions": sessions, "plans": plans, "cutoff_date": cutoff or day(6)} | options
    return explain_adherence(patient_id="P1", week=week, **options)


def test_the_explanation_of_a_plan_change_in_the_week_a23():
    plans = pl.concat([plan(), plan(per_week=5.0, start=day(3), version=2)])
    found = explained(log(0, 2, 3, 5), plans)
    assert found.adherence_pct == pytest.approx(100 * 28 / 29)
    assert found.steps[0] == "Prescribed: 4 eligible days x 0.7143 + 3 eligible days x 0.4286 = 4.14 sessions."


def test_the_explanation_names_excused_days_and_sessions_that_do_not_count():
    pauses = pl.DataFrame({"patient_id": ["P1"], "from_date": [day(2)], "to_date": [day(4)], "kind": ["clinician_hold"]})
    found = explained(log(0, 3, 6), pauses=pauses)
    assert "3 excused days left out" in found.steps[0]
    assert "Not counted: 1 session on days that were not eligible." in found.steps
    assert found.days.filter(date=day(3))["why"].item() == "an entry that does not count; excused"


def test_the_explanation_of_a_week_with_nothing_prescribed_has_no_number():
    found = explained(log(0), plan(per_week=0.0))
    assert found.adherence_pct is None
    assert "nothing was prescribed" in found.sentence


def test_the_explanation_over_all_weeks_is_the_summary():
    options = {"sessions": log(0, 1, 2, 3, 8), "plans": plan(), "cutoff_date": day(13)}
    found = explain_adherence(patient_id="P1", **options)
    assert found.adherence_pct == pytest.approx(adherence_summary(**options)["weekly_capped_pct"].item())
    assert found.days.height == 14


def test_the_explanation_names_the_rules_that_are_not_the_default():
    settings = {"adherence": {"prorate": "none", "makeup": "exact"}}
    found = explained(log(0, 1), plan(per_week=None, weekdays="mon,wed"), settings=settings)
    assert "Not prorated" in found.steps[0]
    assert "only sessions on a scheduled day count: 1" in found.steps[1]


def test_a_week_that_is_not_there_is_refused():
    with pytest.raises(InvalidTableError, match="no such week"):
        explained(log(0), week=9)


def test_a_calendar_week_that_occurs_twice_needs_its_first_day():
    options = {"cutoff": day(400), "settings": {"time": {"week_anchor": "iso"}}}
    with pytest.raises(InvalidTableError, match="occurs 2 times"):
        explained(log(0), week=11, **options)
    found = explained(log(0), week=None, week_start_date=date(2027, 3, 15), **options)
    assert found.week == 11


def test_text_of_the_file_is_escaped_in_the_explanation():
    found = explain_adherence(
        patient_id="<b>", week=1, sessions=log(0, patient="<b>"), plans=plan("<b>"), cutoff_date=day(6)
    )
    assert "<b>&lt;" not in found.to_html()
    assert found.to_html().count("<script") == 0


def test_the_days_say_what_is_too_incomplete_and_too_many():
    sessions = pl.concat([log(0, 0), log(1, completed_fraction=0.1).with_columns(session_id=pl.lit("t"))], how="diagonal")
    why = explained_days(sessions=sessions, plans=plan(), cutoff_date=day(1))["why"].to_list()
    assert why == [
        "1 session may count; 1 more than may count on a day",
        "an entry that does not count; 1 too incomplete to count",
    ]
