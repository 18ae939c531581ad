from datetime import date

import polars as pl
import pytest

from plan_rows import BRIDGE
from ptanalytics.errors import UnknownPatientError
from ptanalytics.plans import current_plan, plan_history


def add(study, *rows):
    study.append_rows("plans", pl.DataFrame([BRIDGE | row for row in rows], infer_schema_length=None), origin="test")


def versions_on(study, *days):
    return [current_plan(study, "P1", on_date=day)["plan_version"].unique().tolist() for day in days]


def test_a_version_applies_until_the_day_before_the_next(study):
    add(study, {"plan_version": 2, "valid_from_date": date(2026, 3, 16)})

    assert versions_on(study, date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 15), date(2026, 3, 16)) == [
        [],
        [1],
        [1],
        [2],
    ]


def test_a_version_may_end_before_the_next_begins(study):
    add(
        study,
        {"plan_version": 2, "valid_from_date": date(2026, 3, 16), "valid_to_date": date(2026, 3, 20)},
        {"plan_version": 3, "valid_from_date": date(2026, 3, 25)},
    )

    assert versions_on(study, date(2026, 3, 20), date(2026, 3, 21), date(2026, 3, 25)) == [[2], [], [3]]


def test_of_two_versions_on_one_day_the_higher_applies(study):
    add(study, {"plan_version": 2}, {"plan_version": 2, "exercise_id": "walk"})

    assert versions_on(study, date(2026, 3, 2)) == [[2]]
    assert current_plan(study, "P1")["exercise_id"].tolist() == ["glute_bridge", "walk"]


def test_without_a_day_the_newest_version_even_in_the_future(study):
    add(study, {"plan_version": 2, "valid_from_date": date(2030, 1, 1)})

    assert current_plan(study, "P1")["plan_version"].tolist() == [2]


def test_history_is_newest_first_and_says_when_it_applied(study):
    add(study, {"plan_version": 2, "valid_from_date": date(2026, 3, 16)})

    history = plan_history(study, "P1")

    assert history["plan_version"].tolist() == [2, 1]
    assert history["n_exercises"].tolist() == [1, 1]
    assert history["valid_to_date"].dt.date.tolist()[1] == date(2026, 3, 15)
    assert history["valid_to_date"].isna().tolist() == [True, False]


@pytest.mark.parametrize("ask", [current_plan, plan_history])
def test_an_unknown_patient_is_an_error_without_the_id(study, ask):
    with pytest.raises(UnknownPatientError) as caught:
        ask(study, "NOBODY-7")

    assert "NOBODY-7" not in str(caught.value)
