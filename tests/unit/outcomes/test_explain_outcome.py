"""The readings, the arithmetic and the sentence behind an outcome number."""

import polars as pl
import pytest

from outcome_frames import people, ratings, totals
from ptanalytics.errors import InvalidTableError
from ptanalytics.outcomes import changes, explain_outcome, flares, pain_plateau, pain_trend, reliable_change, time_to_mic

DAILY = ratings({**dict.fromkeys(range(-7, 0), 7), **dict.fromkeys(range(28, 43), 4)})
TABLES = {"pain_scores": DAILY, "patients": people()}


def test_a_change_is_followed_back_to_its_readings():
    found = changes(**TABLES, measures=["nprs"])

    told = explain_outcome(found, "P1", target_week=6, **TABLES)

    parts = told.readings.group_by("part").len().sort("part", nulls_last=True).rows()
    assert parts == [("baseline", 7), ("follow-up", 7), (None, 8)]
    assert told.sentence == "Pain, daily log, week 6: improved by 3 points; response by the rule of the settings."
    assert "Improvement: 7 - 4 = 3, 42.9 % of baseline." in told.steps


def test_without_tables_the_arithmetic_starts_from_the_row():
    told = explain_outcome(changes(**TABLES, measures=["nprs"]), "P1", target_week=6)

    assert told.readings.height == 0
    assert "Absolute rule: 3 >= 2 (minimal important change): yes." in told.steps


def test_a_missing_change_says_why_in_words():
    told = explain_outcome(changes(**TABLES, measures=["nprs"], cutoff_date=None), "P1", target_week=12, **TABLES)

    assert told.sentence.endswith(
        ("because the follow-up is not due yet.", "because there is no value in the follow-up window.")
    )


@pytest.mark.parametrize(
    ("analysis", "options", "words"),
    [
        pytest.param(pain_trend, {}, "Daily pain changes by 0 points a week: no clear trend", id="trend"),
        pytest.param(pain_plateau, {}, "Level or not cannot be said", id="plateau"),
        pytest.param(time_to_mic, {"measures": ["nprs"]}, "began after 28 days", id="time to change"),
        pytest.param(
            reliable_change, {"measures": ["nprs"], "target_weeks": [6]}, "week 6: improved.", id="reliable change"
        ),
    ],
)
def test_every_number_is_recognised_by_its_table(analysis, options, words):
    tables = {name: frame for name, frame in TABLES.items() if name in analysis.tables}

    told = explain_outcome(analysis(**tables, **options), "P1", target_week=6, **TABLES)

    assert words in str(told)
    assert told.number == analysis.name


def test_another_table_is_refused():
    with pytest.raises(InvalidTableError, match="explain_outcome takes"):
        explain_outcome(flares(DAILY), "P1")


def test_a_patient_without_row_is_refused_without_repeating_the_id():
    with pytest.raises(InvalidTableError) as refused:
        explain_outcome(pain_trend(DAILY), "SECRET-1")

    assert "SECRET-1" not in str(refused.value)


def test_a_questionnaire_change_names_its_two_forms():
    tables = {"scores": totals("odi", {0: 42, 84: 30}), "patients": people()}

    told = explain_outcome(changes(**tables, measures=["odi"]), "P1", measure="odi", **tables)

    assert told.readings.select("value", "part").rows() == [(42.0, "baseline"), (30.0, "follow-up")]


def test_the_readings_come_in_the_kind_of_frame_given():
    tables = {name: frame.to_pandas() for name, frame in TABLES.items()}

    told = explain_outcome(changes(**tables, measures=["nprs"]), "P1", target_week=6, **tables)

    assert list(told.readings.columns) == ["date", "value", "part"]
    assert not isinstance(told.readings, pl.DataFrame)
