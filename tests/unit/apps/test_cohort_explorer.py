"""The Cohort explorer without a browser: filters, counts, charts, list, code, and what it leaves behind."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import polars as pl
import pytest
from ipywidgets.widgets.widget import _instances

from ptanalytics.apps import CohortExplorer
from ptanalytics.apps.cohort_explorer import CohortModel, CohortView
from ptanalytics.cohorts import CohortFilter, cohort_table
from ptanalytics.study import Study


@pytest.fixture
def app(study: Study) -> Any:
    made = CohortExplorer(study)
    yield made
    made.close_all()


def n_of(study: Study, column: str, value: str) -> int:
    patients = study.table("patients")
    return int((patients[column] == value).sum())


def test_a_site_filter_reaches_counts_charts_and_list(app: CohortExplorer, study: Study) -> None:
    app.choices["sites"].value = ["north"]

    n = n_of(study, "site", "north")
    ids = set(study.table("patients").query("site == 'north'")["patient_id"])
    assert app.status.message.startswith(f"{n} of 60 patients.")
    assert set(app.table._rows["Patient"]) == ids
    assert sum(app.charts["adherence"].figure.data[0].y) == n
    assert f"n = {n} patients" in str(app.charts["adherence"].figure.layout.meta["notes"])
    assert [item["text"] for item in app.chips.items] == ["site: north"]


def test_the_change_chart_draws_exactly_those_who_have_a_change(app: CohortExplorer) -> None:
    app.choices["sites"].value = ["south"]

    points = sum(len(trace.x) for trace in app.charts["change"].figure.data if trace.mode == "markers")
    people = app.model.kept
    assert points == people["improvement"].count()
    assert f"{people.height - points} not in the change chart" in app.status.message


def test_undo_gives_back_filter_and_charts(app: CohortExplorer) -> None:
    before = app.charts["weekly"].figure_json
    app.choices["sites"].value = ["north"]
    assert app.charts["weekly"].figure_json != before

    app.undo_button.click()

    assert app.charts["weekly"].figure_json == before
    assert app.choices["sites"].value == []
    assert app.undo_button.disabled
    assert app.status.message.startswith("Undone: site filter.")


def test_chips_and_clear_all_take_filters_away(app: CohortExplorer) -> None:
    app.choices["sites"].value = ["north"]
    app.age.show(30.0, None)
    app.chips._hear(None, {"remove": "sites=north"}, [])
    assert [item["key"] for item in app.chips.items] == ["age"]

    app.clear_button.click()

    assert app.model.state == CohortView(CohortFilter(), app.model.measure)
    assert app.age.low is None


def test_nobody_left_is_said_with_the_way_out(app: CohortExplorer) -> None:
    app.age.show(29.4, 29.6)

    assert "No patient meets all filters" in app.status.message
    assert "Clear all" in app.status.message
    assert app.alert.message == ""


def test_a_small_group_is_not_to_be_passed_on(app: CohortExplorer) -> None:
    assert app.note.value == ""
    first = app.model.people["age_years"].drop_nulls().sort().to_list()[4]

    app.age.show(None, first)

    assert 0 < app.model.kept.height < 11
    assert "do not pass these" in app.note.value


def test_another_measure_is_followed_by_chart_and_counts(app: CohortExplorer) -> None:
    assert "odi" in app.model.measures

    app.measure.value = "odi"

    assert (
        "Oswestry" in app.charts["change"].figure.layout.title.text
        or "ODI" in app.charts["change"].figure.layout.title.text
    )


def test_the_code_gives_the_same_patients(app: CohortExplorer) -> None:
    app.choices["sites"].value = ["north"]
    app.choices["responses"].value = ["responder", "no change to judge"]
    app.age.show(30.0, 60.0)
    app.adherence.show(20.0, None)
    app.measure.value = "odi"
    code = "\n".join(line for line in app.model.code().splitlines() if ".show()" not in line)

    space: dict[str, Any] = {}
    exec(code, space)

    assert sorted(space["chosen"]) == app.model.patient_ids
    assert app.model.patient_ids


def test_a_chosen_row_opens_the_review_and_the_next_one_reuses_it(app: CohortExplorer) -> None:
    ids = app.table._rows["Patient"].tolist()
    app.table.selected_rows = [2]
    review = app.review
    assert review is not None
    assert review.model.patient_id == ids[2]
    widgets = len(_instances)

    app.table.selected_rows = [5]

    assert app.review is review
    assert review.model.patient_id == ids[5]
    assert len(_instances) == widgets


def test_the_numbers_of_the_list_are_explained_in_the_review_it_opens(app: CohortExplorer) -> None:
    rows = app.model.table().query("Patient == 'P0007'").iloc[0]
    app._open_review("P0007")
    pain, *_, adherence = app.review.cards.children

    pain.children[1].click()
    html = app.review.panel.explanation.value
    assert all(f"{side}: {value}" in html for side, value in (("Baseline", "7.14"), ("Follow-up", "5.25")))
    assert (rows["Baseline"], rows["Follow-up"], rows["Improvement"]) == ("7.1", "5.3", "1.9")
    adherence.children[1].click()
    assert f"{rows['Adherence %']} %" in adherence.children[0].value
    assert "weekly capped" in app.review.panel.explanation.value


def test_the_review_goes_through_the_patients_kept(app: CohortExplorer) -> None:
    app.choices["sites"].value = ["north"]
    app.table.selected_rows = [0]

    assert app.review is not None
    assert list(app.review.model.order) == app.model.patient_ids


def test_closing_leaves_no_widget(study: Study) -> None:
    before = set(_instances)
    app = CohortExplorer(study)
    app.table.selected_rows = [0]

    app.close_all()

    left = [type(one).__name__ for key, one in _instances.items() if key not in before]
    assert left in ([], ["PlotlyRuntime", "Layout"], ["Layout", "PlotlyRuntime"])


def test_filtering_makes_no_widget_and_no_listener(app: CohortExplorer) -> None:
    def counts() -> tuple[int, int]:
        return len(_instances), len(app.model._trait_notifiers["state"]["change"])

    before = counts()
    for sites in (["north"], ["south"], [], ["north", "south"]):
        app.choices["sites"].value = sites

    assert counts() == before


def test_markup_in_the_data_stays_text(hostile_study: Study) -> None:
    app = CohortExplorer(hostile_study)
    app.choices["sites"].value = [app.model.options("sites")[0]["value"]]
    app.code_button.click()
    app.table.selected_rows = [0]
    assert app.review is not None

    html = [one.value for one in _instances.values() if type(one).__name__ == "HTML"]
    figures = "".join(chart.figure_json for chart in (*app.charts.values(), *app.review.charts.values()))

    assert not [value for value in html if "<img" in value]
    assert "<img" not in json.loads(json.dumps(figures)).replace("\\u003c", "<")
    assert "<img" not in json.dumps(app.table._dt_args)
    app.close_all()


def test_a_study_without_patients_says_what_to_do(make_study: Callable[..., Study]) -> None:
    app = CohortExplorer(make_study())

    assert "holds no patient yet" in app.status.message
    assert app.alert.message == ""
    app.close_all()


def test_a_study_without_sessions_shows_what_it_has(make_study: Callable[..., Study]) -> None:
    patients = pl.DataFrame({"patient_id": ["P1"], "site": ["north"], "enrolled_date": [date(2026, 3, 2)]})
    app = CohortExplorer(make_study(patients=patients))

    assert app.status.message.startswith("1 of 1 patient.")
    assert "sessions" in app.header.value
    assert app.alert.message == ""
    app.close_all()


def test_age_is_year_of_enrolment_minus_year_of_birth(make_study: Callable[..., Study]) -> None:
    patients = pl.DataFrame(
        {"patient_id": ["P1", "P2"], "birth_year": [1980, None], "enrolled_date": [date(2026, 3, 2)] * 2},
        schema_overrides={"birth_year": pl.Int32},
    )

    people = CohortModel(make_study(patients=patients)).people

    assert people["age_years"].to_list() == [46, None]


def test_what_the_explorer_filters_by_is_what_the_cohort_table_says(study: Study) -> None:
    shared = ["patient_id", "site", "clinician", "sex", "condition", "age_years", "adherence_pct", "response"]
    model = CohortModel(study)

    people = model.people.select(shared).to_pandas()
    table = cohort_table(study, week=model.week, measure=model.measure)[shared]

    pd.testing.assert_frame_equal(people, table, check_dtype=False)


def test_not_recorded_is_a_choice_like_any_other(make_study: Callable[..., Study]) -> None:
    patients = pl.DataFrame({"patient_id": ["P1", "P2"], "site": ["north", None], "enrolled_date": [date(2026, 3, 2)] * 2})
    app = CohortExplorer(make_study(patients=patients))
    assert [one["label"] for one in app.choices["sites"].options] == ["north", "not recorded"]

    app.choices["sites"].value = [""]

    assert app.model.patient_ids == ["P2"]
    assert [item["text"] for item in app.chips.items] == ["site: not recorded"]
    assert app.choices["sites"].value == [""]
    assert "CohortFilter(sites=(None,))" in app.model.code()
    app.close_all()


def test_a_range_says_whom_it_leaves_out_for_want_of_a_value(make_study: Callable[..., Study]) -> None:
    patients = pl.DataFrame(
        {"patient_id": ["P1", "P2"], "birth_year": [1980, None], "enrolled_date": [date(2026, 3, 2)] * 2},
        schema_overrides={"birth_year": pl.Int32},
    )
    model = CohortModel(make_study(patients=patients))

    model.restrict("age", (30, None))

    assert model.patient_ids == ["P1"]
    assert "The age filter leaves out 1 without a recorded age." in model.counts()
