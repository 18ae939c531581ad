"""The readings, the arithmetic and the sentence behind an outcome number, and the list of a patient's numbers."""

import polars as pl
import pytest

from memory_study import MemoryStudy
from outcome_frames import at, form, on, people, plans, ratings, sessions, totals
from ptanalytics.errors import InvalidTableError, MissingTableError
from ptanalytics.outcomes import (
    changes,
    explain_outcome,
    explain_outcomes,
    flare_rates,
    flares,
    outcome_numbers,
    pain_plateau,
    pain_trend,
    plan_phase_response,
    recent_pain,
    reliable_change,
    responder_shares,
    score_questionnaires,
    time_to_mic,
    weekly_pain,
    xmr_limits,
)
from ptanalytics.schemas import columns_of
from ptanalytics.schemas.explain_results import ExplainedReadings, OutcomeNumbers

DAILY = ratings({**dict.fromkeys(range(-7, 0), 7), **dict.fromkeys(range(28, 43), 4)})
TABLES = {"pain_scores": DAILY, "patients": people()}


def test_a_change_is_followed_back_to_its_readings():
    found = changes(**TABLES, measures=["nprs"])

    told = explain_outcome(found, "P1", target_week=6, **TABLES)

    parts = told.readings.group_by("part", "why").len().sort("part", nulls_last=True).rows()
    unused = "neither baseline nor in the follow-up window"
    assert parts == [("baseline", None, 7), ("follow-up", None, 7), (None, unused, 8)]
    assert told.sentence == "Pain, daily log, week 6: improved by 3 points; response by the rule of the settings."
    assert "Improvement (lower is better): 7 - 4 = 3." in told.steps
    assert (told.value, told.unit, told.n, told.keys) == (3.0, "points", 14, {"measure": "nprs", "target_week": 6})
    assert (told.from_date, told.to_date) == (on(-7), on(42))
    assert told.unused() == [(unused, 8)]


def test_the_text_names_window_count_unit_rules_and_sources():
    text = str(explain_outcome(patient_id="P1", number="changes", target_week=6, **TABLES))

    assert "Days: 23 Feb 2026 to 13 Apr 2026; n = 14; unit: points; rules 2026.1." in text
    assert "doi:10.1097/BRS.0b013e31815e3a10" in text


def test_the_change_in_one_line():
    told = explain_outcome(patient_id="P1", number="changes", target_week=6, **TABLES)

    assert told.brief == (
        "Pain, daily log, week 6: 7 (mean of 7 days, 23 Feb 2026 to 1 Mar 2026) - 4 (mean of 7 days, 7 Apr 2026 to "
        "13 Apr 2026) = 3 points; minimal important change 2."
    )


def test_without_tables_the_arithmetic_starts_from_the_row():
    told = explain_outcome(changes(**TABLES, measures=["nprs"]), "P1", target_week=6)

    assert (told.readings.height, told.worked_out) == (0, {})
    assert "Absolute rule: 3 >= 2: yes." in told.steps


def test_a_table_of_other_data_is_noticed():
    found = changes(**TABLES, measures=["nprs"])
    later = TABLES | {"pain_scores": pl.concat([DAILY, ratings({37: 8}, recall="current")], how="diagonal")}

    assert not [step for step in explain_outcome(found, "P1", target_week=6, **later).steps if "another result" in step]
    later["pain_scores"] = pl.concat([DAILY, ratings({37: 10})])
    (said,) = [step for step in explain_outcome(found, "P1", target_week=6, **later).steps if "another result" in step]
    assert "followup, improvement" in said


def test_a_missing_change_says_why_in_words():
    told = explain_outcome(patient_id="P1", number="changes", target_week=12, **TABLES)

    assert (told.value, told.reason) == (None, "not_due")
    assert told.sentence.endswith("no change can be given, because the follow-up is not due yet.")


def test_a_follow_up_with_too_few_days_names_them():
    sparse = ratings({**dict.fromkeys(range(-7, 0), 7), 40: 3, 41: 3, 60: 3})

    told = explain_outcome(patient_id="P1", number="changes", target_week=6, pain_scores=sparse, patients=people())

    assert told.reason == "no_followup"
    assert ("in the follow-up window, but too few days are", 2) in told.unused()
    assert any(step.endswith("at least 3 of them need a value, 2 have one.") for step in told.steps)


@pytest.mark.parametrize(
    ("analysis", "options", "words"),
    [
        pytest.param(pain_trend, {}, "Daily pain changes by 0 points a week: no clear trend", id="trend"),
        pytest.param(pain_plateau, {}, "Level or not cannot be said", id="plateau"),
        pytest.param(time_to_mic, {"measures": ["nprs"]}, "began after 28 days", id="time to change"),
        pytest.param(
            reliable_change, {"measures": ["nprs"], "target_weeks": [6]}, "week 6: improved.", id="reliable change"
        ),
        pytest.param(recent_pain, {}, "Present pain on 13 Apr 2026: 4.", id="present pain"),
        pytest.param(weekly_pain, {}, "Week 6 from time zero: mean pain 4.", id="weekly pain"),
        pytest.param(flare_rates, {}, "0 flares (0 marked by the person) in 22 days with a value", id="flare rate"),
        pytest.param(xmr_limits, {}, "13 Apr 2026: 4, below the lower limit (usual range 4.63", id="control limits"),
    ],
)
def test_every_number_is_recognised_by_its_table(analysis, options, words):
    tables = {name: frame for name, frame in TABLES.items() if name in analysis.tables}

    told = explain_outcome(analysis(**tables, **options), "P1", target_week=6, **TABLES)

    assert words in str(told)
    assert told.number == analysis.name


def test_a_table_that_is_not_of_one_patient_is_refused():
    with pytest.raises(InvalidTableError, match="explain_outcome takes"):
        explain_outcome(responder_shares(changes(**TABLES)), "P1")


def test_a_number_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(InvalidTableError, match="one of recent_pain, changes"):
        explain_outcome(patient_id="P1", number="happiness", **TABLES)


def test_a_patient_without_row_is_refused_without_repeating_the_id():
    with pytest.raises(InvalidTableError) as refused:
        explain_outcome(pain_trend(DAILY), "SECRET-1")

    assert "SECRET-1" not in str(refused.value)


def test_a_table_that_the_number_needs_is_asked_for():
    with pytest.raises(MissingTableError, match="pain_scores"):
        explain_outcome(patient_id="P1", number="pain_trend", patients=people())


def test_a_column_that_cannot_be_read_is_named_without_its_value():
    wrong = pl.DataFrame({"patient_id": ["P1"], "recorded_at": [at(0)], "pain_nprs": ["SECRET"]})

    with pytest.raises(InvalidTableError) as refused:
        explain_outcome(patient_id="P1", number="daily_pain", pain_scores=wrong)

    assert "SECRET" not in str(refused.value)


def test_several_exercises_need_to_be_named():
    log = pl.concat(
        [sessions(0, pain_during_nprs=4.0), sessions(1).with_columns(exercise_id=pl.lit("plank"))], how="diagonal"
    )

    with pytest.raises(InvalidTableError, match="exercise_id="):
        explain_outcome(patient_id="P1", number="exercise_pain_response", sessions=log)


def test_the_latest_day_and_version_are_meant_where_none_is_named():
    day = explain_outcome(patient_id="P1", number="daily_pain", pain_scores=DAILY)
    versions = pl.concat([plans(), plans(start=on(35)).with_columns(plan_version=pl.lit(2))])
    phase = explain_outcome(plan_phase_response(DAILY, versions), "P1", pain_scores=DAILY, plans=versions)

    assert day.keys == {"day": on(42)}
    assert phase.keys == {"plan_version": 2}


def test_readings_that_are_not_in_the_series_are_counted_or_named():
    mixed = pl.concat([ratings({0: 5, 1: 5}, recall="avg_24h"), ratings({(0, 9): 9}, recall="current")])

    told = explain_outcome(patient_id="P1", number="daily_pain", day=on(0), pain_scores=mixed)

    assert told.readings.select("what", "part", "why").rows() == [
        ("rating at 09:00", None, "another recall"),
        ("rating at 20:00", "rating", None),
    ]
    recent = explain_outcome(patient_id="P1", number="recent_pain", pain_scores=mixed)
    assert "Left out: 1 rating of another recall or body site; series are never mixed." in recent.steps


def test_a_recall_asked_for_is_the_one_explained():
    morning = dict.fromkeys(range(0, 28, 4), 8)
    both = pl.concat([ratings(dict.fromkeys(range(28), 3), recall="avg_24h"), ratings(morning, recall="worst_24h")])

    told = explain_outcome(patient_id="P1", number="pain_trend", recall="worst_24h", pain_scores=both)

    assert told.readings.filter(part="window")["value"].to_list() == [8.0] * 7
    assert told.worked_out["n_days"] == 7
    assert "Left out: 28 ratings of another recall or body site; series are never mixed." in told.steps


def test_a_baseline_says_which_windows_had_too_few_days_and_which_was_taken():
    told = explain_outcome(
        patient_id="P1", number="baselines", pain_scores=ratings({-10: 6, (0, 8): 5, (0, 21): 9}), patients=people(),
        sessions=sessions((0, 18)),
    )  # fmt: skip

    assert told.sentence == "Pain, daily log: baseline 5 (day 0 before the first session, with the days before)."
    assert told.steps[1:4] == (
        "The 7 days before time zero: 0 days with a value, 3 needed: too few.",
        "The 14 days before: 1 day with a value, 3 needed: too few.",
        "The 7 days before with day 0 before the first session: 1 day with a value, 1 needed: taken.",
    )
    assert told.readings.filter(part="baseline").select("value", "why").row(0) == (5.0, "ratings before the first session")


def test_a_late_baseline_and_an_early_follow_up_may_share_days():
    values = {0: 8, 1: 8, 2: 6, 3: 5, 7: 4}

    told = explain_outcome(
        patient_id="P1", number="changes", target_week=1, pain_scores=ratings(values), patients=people(),
        sessions=sessions((0, 6)),
    )  # fmt: skip

    assert told.readings.filter(part="baseline and follow-up").height == 2
    assert told.worked_out["followup"] == pytest.approx((8 + 6 + 5 + 4) / 4)
    assert not [step for step in told.steps if "another result" in step]


def test_a_questionnaire_change_names_its_two_forms_and_the_other():
    tables = {"scores": totals("odi", {-20: 50, 0: 42, 84: 30}), "patients": people()}

    told = explain_outcome(changes(**tables, measures=["odi"]), "P1", measure="odi", **tables)

    assert told.readings.select("value", "part").rows() == [(50.0, None), (42.0, "baseline"), (30.0, "follow-up")]


def test_room_to_improve_of_one_patient():
    low = {"scores": totals("odi", {0: 6.0}), "patients": people()}

    told = explain_outcome(patient_id="P1", number="floor_ceiling", measure="odi", **low)

    assert told.sentence == "Oswestry Disability Index: a baseline of 6 leaves no room to improve."
    assert "Minimal important change: 10; 6 >= 10: no." in told.steps
    assert told.value == 6.0


def test_the_clinics_own_mic_is_named_with_its_source():
    own = {"outcomes": {"mic": {"nprs": 3.5}, "mic_source": {"nprs": "our pilot"}}}

    told = explain_outcome(patient_id="P1", number="changes", target_week=6, settings=own, **TABLES)

    assert "Minimal important change (MIC): 3.5, from: own value of this clinic: our pilot." in told.steps
    assert "Absolute rule: 3 >= 3.5: no." in told.steps


def test_phases_show_the_pairs_and_the_dual_criterion():
    values = dict(enumerate([6, 5, 6, 5, 6, 3, 3, 2, 3, 6]))
    versions = plans(start=on(5))

    told = explain_outcome(patient_id="P1", number="plan_phase_response", pain_scores=ratings(values), plans=versions)

    # 25 pairs: every day before against 3, 3, 2, 3 is less; against the 6, three are the same and two are more.
    assert "Pairs of a day before and a day after: 25; less pain after in 20, more in 2, the same in 3." in told.steps
    assert "NAP: (20 + 3 / 2) / 25 = 0.86 (0.5: no difference)." in told.steps
    assert any(step.startswith("Days after below both: 4; needed: 5 (") for step in told.steps)


def test_special_causes_name_their_rule_and_days():
    values = [5, 4, 5, 6, 5, 4, 5, 6, 5, 5, 9]
    ten = {"outcomes": {"xmr": {"baseline_points": 10}}}

    told = explain_outcome(patient_id="P1", number="xmr_limits", settings=ten, pain_scores=ratings(dict(enumerate(values))))

    assert told.value == "above_limit"
    assert "Mean moving range: (1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 0) / 9 = 0.89." in told.steps
    assert "Days above the upper limit: 12 Mar 2026." in told.steps


def test_pain_of_an_exercise_lists_each_entry():
    log = sessions(0, 1, pain_before_nprs=3.0, pain_during_nprs=5.0)
    skipped = sessions(2, skip_reason="no time").with_columns(session_id=pl.lit("S9"))
    told = explain_outcome(
        patient_id="P1", number="exercise_pain_response", sessions=pl.concat([log, skipped], how="diagonal"),
        pain_scores=ratings({1: 6}),
    )  # fmt: skip

    assert "Rise during: (2 + 2) / 2 = 2." in told.steps
    assert told.readings.filter(part="next day").select("value", "counts_as", "why").rows() == [
        (6.0, 3.0, "from the daily log")
    ]
    assert ("skipped", 1) in told.unused()


def test_of_two_forms_on_a_day_the_one_used_is_shown():
    twice = pl.concat(
        [form("odi", [1] * 10, completed_at=at(0, 9)), form("odi", [2] * 10, response="R2", completed_at=at(0, 12))]
    )

    told = explain_outcome(score_questionnaires(responses=twice), "P1", measure="odi", responses=twice)

    assert "2 forms on this day; the latest that can be scored is used." in told.steps
    assert told.readings["value"].to_list() == [2.0] * 10


def test_the_readings_come_in_the_kind_of_frame_given():
    tables = {name: frame.to_pandas() for name, frame in TABLES.items()}

    told = explain_outcome(changes(**tables, measures=["nprs"]), "P1", target_week=6, **tables)

    assert list(told.readings.columns) == list(columns_of(ExplainedReadings))
    assert not isinstance(told.readings, pl.DataFrame)


def test_html_shows_what_was_used_counts_the_rest_and_escapes_text():
    hostile = sessions(0, pain_before_nprs=1.0, pain_during_nprs=2.0).with_columns(exercise_id=pl.lit("<b>x</b>"))

    html = explain_outcome(patient_id="P1", number="exercise_pain_response", sessions=hostile).to_html()
    change = explain_outcome(patient_id="P1", number="changes", target_week=6, **TABLES).to_html()

    assert "<b>x</b>" not in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert '<th scope="col">rise over pain before</th>' in html
    assert change.count("<td>baseline</td>") == 7
    assert "Not used: neither baseline nor in the follow-up window: 8." in change


def test_the_numbers_of_a_patient_are_listed_with_what_names_them():
    found = outcome_numbers(patient_id="P1", number="changes", **TABLES)

    assert list(found.columns) == list(columns_of(OutcomeNumbers))
    pain = found.filter(measure="nprs").select("target_week", "value", "reason").rows()
    assert pain == [(6, "3", None), (12, None, "not_due")]


def test_numbers_without_their_tables_are_not_listed():
    listed = set(outcome_numbers(patient_id="P1", scores=totals("odi", {0: 42}), patients=people())["number"])

    assert {"changes", "baselines", "score_questionnaires", "time_to_mic"} <= listed
    assert not {"pain_trend", "daily_pain", "exercise_pain_response"} & listed


def test_explaining_all_takes_of_daily_numbers_the_latest():
    told = explain_outcomes(patient_id="P1", **TABLES)

    days = [one.keys["day"] for one in told if one.number in {"daily_pain", "xmr_limits"}]
    assert days == [on(42), on(42)]
    assert len([one for one in told if one.number == "weekly_pain"]) == 4


def test_only_the_numbers_asked_for_are_explained():
    told = explain_outcomes(patient_id="P1", numbers=["recent_pain", "changes"], target_weeks=[6], **TABLES)

    assert {one.number for one in told} == {"recent_pain", "changes"}
    assert {one.keys["target_week"] for one in told if one.number == "changes"} == {6}


def test_a_study_gives_the_same_explanation_as_its_tables():
    study = MemoryStudy(TABLES, buckets=1)

    of_study = explain_outcome(study, "P1", number="changes", target_week=6)

    assert of_study.steps == explain_outcome(patient_id="P1", number="changes", target_week=6, **TABLES).steps


def test_the_last_day_of_everybody_decides_what_is_due():
    other = ratings({90: 3}, patient="P2")
    tables = {"pain_scores": pl.concat([DAILY, other]), "patients": people("P1", "P2")}

    assert explain_outcome(patient_id="P1", number="changes", target_week=12, **tables).reason == "no_followup"


def test_flares_of_a_patient_without_any_are_no_number():
    with pytest.raises(InvalidTableError, match="0 rows"):
        explain_outcome(flares(DAILY), "P1", pain_scores=DAILY)
