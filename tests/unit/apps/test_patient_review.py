"""The Patient review without a browser: order, sentences, flags, notes, saving, and reuse of the figures."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from ipywidgets.widgets.widget import _instances

from ptanalytics.apps import PatientReview
from ptanalytics.apps.patient_review.sentences import key_numbers
from ptanalytics.errors import UnknownPatientError
from ptanalytics.plans import PlanRecords
from ptanalytics.study import Study


@pytest.fixture
def app(study: Study) -> Iterator[PatientReview]:
    made = PatientReview(study)
    yield made
    made.close_all()


def test_the_page_has_its_fixed_order(app: PatientReview) -> None:
    assert list(app.charts) == ["pain", "calendar", "weekly", "questionnaires", "timeline"]
    assert list(app.model.figures()) == list(app.charts)
    assert all(chart.figure_json for chart in app.charts.values())


def test_next_and_previous_reuse_every_widget(app: PatientReview) -> None:
    ids = app.model.results.patient_ids
    widgets, first = len(_instances), app.charts["pain"].figure_json

    app.picker.next.click()
    assert app.model.patient_id == ids[1]
    assert app.charts["pain"].figure_json != first

    app.picker.previous.click()
    assert app.charts["pain"].figure_json == first
    assert len(_instances) == widgets


def test_there_is_nobody_before_the_first_and_after_the_last(study: Study) -> None:
    ids = study.patient_ids()
    app = PatientReview(study, ids[0])
    assert (app.picker.previous.disabled, app.picker.next.disabled) == (True, False)

    app.model.open(ids[-1])

    assert (app.picker.previous.disabled, app.picker.next.disabled) == (False, True)
    app.close_all()


def test_find_opens_and_an_unknown_id_is_a_sentence_without_the_id(app: PatientReview) -> None:
    app.picker.find.value = "P0007"
    assert app.model.patient_id == "P0007"
    assert app.picker.find.value == ""

    app.picker.find.value = "nobody-77"

    assert app.model.patient_id == "P0007"
    assert "no patient with that id" in app.alert.message
    assert "nobody-77" not in app.alert.message


def test_back_returns_to_the_patient_before(app: PatientReview) -> None:
    app.picker.find.value = "P0007"
    app.undo_button.click()

    assert app.model.patient_id == app.model.results.patient_ids[0]


def test_an_unknown_patient_is_refused_on_opening(study: Study) -> None:
    with pytest.raises(UnknownPatientError):
        PatientReview(study, "nobody")


def test_sufficiency_counts_the_days_of_the_summary(app: PatientReview) -> None:
    summary = app.model.tables["summary"].row(0, named=True)

    assert f"{summary['days_with_entry']}/{summary['eligible_days']}" in app.facts.value
    assert f"pain rated on {app.model.tables['daily'].height} days" in app.facts.value


@pytest.mark.parametrize(
    ("improvement", "followup", "words"),
    [
        pytest.param(14.0, 24.0, "Week 12: better by 14, at or over the important change of 10.", id="better"),
        pytest.param(10.0, 28.0, "Week 12: better by 10, at or over the important change of 10.", id="exactly"),
        pytest.param(3.0, 35.0, "Week 12: better by 3, under the important change of 10.", id="under"),
        pytest.param(-12.0, 50.0, "Week 12: worse by 12, at or over the important change of 10.", id="worse"),
        pytest.param(0.0, 38.0, "Week 12: unchanged, under the important change of 10.", id="unchanged"),
    ],
)
def test_key_numbers_say_direction_and_importance(
    app: PatientReview, improvement: float, followup: float, words: str
) -> None:
    changes = (
        app.model.tables["changes"]
        .filter(pl.col("measure") == "odi")
        .tail(1)
        .with_columns(
            target_week=pl.lit(12, dtype=pl.Int32),
            baseline=pl.lit(38.0),
            followup=pl.lit(followup),
            improvement=pl.lit(improvement),
            mic=pl.lit(10.0),
        )
    )

    number = key_numbers(app.model.tables | {"changes": changes})[0]

    assert (number.value, number.meaning) == (f"38 → {followup:g}", words)


def test_without_followup_the_reason_stands_there(app: PatientReview) -> None:
    changes = app.model.tables["changes"].with_columns(
        baseline=pl.lit(38.0),
        followup=pl.lit(None, dtype=pl.Float64),
        improvement=pl.lit(None, dtype=pl.Float64),
        reason=pl.lit("no_followup"),
    )

    number = key_numbers(app.model.tables | {"changes": changes})[0]

    assert (number.value, number.meaning) == ("38 → –", "No change: no follow-up.")


def flagged_patient(study: Study) -> str:
    flags = study.table("flags")
    return str(flags.loc[flags["resolved_at"].isna(), "patient_id"].iloc[0])


def test_a_recorded_flag_stays_on_top_until_a_clinician_resolves_it(own_study: Study) -> None:
    app = PatientReview(own_study, flagged_patient(own_study))
    assert app.banner.layout.display != "none"
    assert "unresolved" in app.banner.words.value

    app.banner.button.click()
    assert "Say in a note" in app.alert.message

    app.banner.who.value, app.banner.role.value, app.banner.note.value = (
        "AN",
        "physical therapist",
        "examined, nothing found",
    )
    app.banner.button.click()

    assert app.banner.layout.display == "none"
    assert "resolved by AN" in app.status.message
    assert PlanRecords(own_study).unresolved_flags(str(app.model.patient_id)).empty
    app.close_all()


def test_without_a_flag_nothing_claims_there_is_none(app: PatientReview) -> None:
    free = next(one for one in app.model.order if one not in set(app.model.study.table("flags")["patient_id"]))
    app.model.open(free)

    assert app.banner.layout.display == "none"
    assert "flag" not in (app.facts.value + app.status.message).lower()


def test_notes_belong_to_their_patient(app: PatientReview) -> None:
    app.note.value = "ask about work"
    app.picker.next.click()
    assert app.note.value == ""

    app.picker.previous.click()

    assert app.note.value == "ask about work"


def test_saving_writes_one_file_with_the_note_and_says_where(own_study: Study) -> None:
    app = PatientReview(own_study)
    app.note.value = "ask about <b>work</b>"
    app.save_html.click()

    path = own_study.path.parent / "reviews"
    (saved,) = path.glob("review_P0001_*.html")
    page = saved.read_text(encoding="utf-8")
    assert app.status.message == f"Saved: {saved}"
    assert "ask about &lt;b&gt;work&lt;/b&gt;" in page
    assert app.alert.message == ""
    app.close_all()


def test_a_place_that_cannot_be_written_is_a_sentence(own_study: Study) -> None:
    app = PatientReview(own_study)
    (own_study.path.parent / "file").write_text("no folder")
    app.path.value = str(own_study.path.parent / "file" / "review.html")
    app.save_html.click()

    assert "cannot be written" in app.alert.message
    app.close_all()


def test_a_patient_with_a_plan_only_has_a_page(make_study: Callable[..., Study]) -> None:
    plans = pl.DataFrame(
        {
            "patient_id": ["P1"],
            "plan_version": [1],
            "exercise_id": ["glute_bridge"],
            "valid_from_date": [date(2026, 3, 2)],
            "sessions_per_week": [3.0],
        },
        schema_overrides={"plan_version": pl.Int32},
    )
    pain = pl.DataFrame({"patient_id": ["P2"], "recorded_at": [datetime(2026, 3, 20, 8)], "pain_nprs": [4.0]})
    app = PatientReview(make_study(plans=plans, pain_scores=pain), "P1")

    assert app.alert.message == ""
    assert "no pain rating" in app.facts.value
    app.picker.next.click()
    assert app.alert.message == ""
    app.close_all()


def test_a_study_without_patients_says_what_to_do(make_study: Callable[..., Study]) -> None:
    app = PatientReview(make_study())

    assert "holds no patient yet" in app.status.message
    app.close_all()


def test_closing_leaves_no_widget(study: Study) -> None:
    before = set(_instances)
    PatientReview(study).close_all()

    left: list[Any] = [type(one).__name__ for key, one in _instances.items() if key not in before]
    assert sorted(left) in ([], ["Layout", "PlotlyRuntime"])


def test_a_week_of_adherence_is_explained_and_the_next_patient_starts_without(app: PatientReview) -> None:
    panel = app.panel
    panel.number.value = "adherence"
    (words, all_weeks), (_, first), *_ = panel.which.options
    assert (words, all_weeks) == ("all weeks", ())
    assert "weekly capped" in panel.explanation.value

    panel.which.value = first
    assert "Adherence: 100 x min(" in panel.explanation.value

    app.picker.next.click()
    assert (panel.number.value, panel.which.options, panel.explanation.value) == ("", (), "")


def test_a_card_asks_where_its_number_comes_from(app: PatientReview) -> None:
    numbers = app.model.key_numbers()
    place = next(place for place, one in enumerate(numbers) if one.name.startswith("ODI"))
    _, button = app.cards.children[place].children

    button.click()

    week = dict(numbers[place].asked[1])["target_week"]
    assert app.panel.number.value == "changes"
    assert dict(app.panel.which.value) == {"measure": "odi", "target_week": week}
    assert f"Oswestry Disability Index, week {week}" in app.panel.explanation.value
    assert "Minimal important change (MIC): 10" in app.panel.explanation.value


def test_every_kind_of_number_has_an_explanation_or_says_that_there_is_none(app: PatientReview) -> None:
    for _, number in app.panel.number.options[1:]:
        app.panel.number.value = number
        assert app.alert.message == "", number
        expected = {"adherence": "weekly capped", "flares": "There is no such number"}.get(number, "rules 2026")
        assert expected in app.panel.explanation.value, number
        is_one_of_many = len(app.panel.which.options) > 1
        assert (app.panel.which.layout.display == "none") is not is_one_of_many


def test_a_number_the_patient_does_not_have_says_so(make_study: Callable[..., Study], sample_tables: Any) -> None:
    ids = sample_tables["patients"]["patient_id"].to_list()[:2]
    pain = sample_tables["pain_scores"].filter(pl.col("patient_id") == ids[1])
    app = PatientReview(make_study(patients=sample_tables["patients"].head(2), pain_scores=pain), ids[0])

    app.panel.number.value = "pain_trend"

    assert "There is no such number for this patient" in app.panel.explanation.value
    assert "adherence" not in [number for _, number in app.panel.number.options]
    app.close_all()


def test_the_newest_day_and_the_latest_week_are_offered_first(app: PatientReview) -> None:
    app.panel.number.value = "daily_pain"
    days = [dict(key)["day"] for _, key in app.panel.which.options]
    app.panel.number.value = "changes"
    weeks = [dict(key)["target_week"] for _, key in app.panel.which.options if dict(key)["measure"] == "nprs"]

    assert days == sorted(days, reverse=True)
    assert weeks == sorted(weeks, reverse=True)


def test_text_of_files_is_escaped_in_explanations(hostile_study: Study) -> None:
    app = PatientReview(hostile_study)

    for number in ("daily_pain", "exercise_pain_response", "score_questionnaires"):
        app.panel.number.value = number
        assert app.panel.explanation.value
        assert "<img" not in app.panel.explanation.value
    app.close_all()
