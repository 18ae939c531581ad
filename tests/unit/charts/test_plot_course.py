"""Individuals chart, spaghetti, waterfall and small multiples: what they show, say and leave out."""

import polars as pl
import pytest

from outcome_frames import at, form, people, ratings, totals
from ptanalytics.charts import plot_change_waterfall, plot_pain_spaghetti, plot_questionnaires, plot_xmr, text_summary
from ptanalytics.errors import InvalidTableError
from ptanalytics.outcomes import changes, pain_quantiles, score_questionnaires, weekly_pain, xmr_limits

LIMITS = {"outcomes": {"xmr": {"baseline_points": 10}}}
VALUES = dict(enumerate([5, 4, 5, 6, 5, 4, 5, 6, 5, 5, 9, 5]))


def names(figure):
    return [trace.name for trace in figure.data if trace.name]


def notes(figure):
    return figure.layout.meta["notes"]


def test_the_individuals_chart_marks_signals_with_a_symbol_and_words():
    figure = plot_xmr(xmr_limits(ratings(VALUES), settings=LIMITS))

    assert "above the usual range: 1" in names(figure)
    assert "n = 12 days with a value" in notes(figure)
    assert "usual range 2.6 to 7.4" in notes(figure)
    assert "1 day above the usual range" in text_summary(figure)


def test_the_individuals_chart_says_why_it_has_no_limits():
    figure = plot_xmr(xmr_limits(ratings({0: 5, 1: 6})))

    assert "No limits: too few days with a value" in notes(figure)


def test_the_individuals_chart_is_of_one_patient():
    with pytest.raises(InvalidTableError, match="one patient"):
        plot_xmr(xmr_limits(pl.concat([ratings({0: 5}), ratings({0: 5}, "P2")])))


def test_nothing_recorded_is_said_in_words():
    empty = xmr_limits(ratings({0: 5}).clear())

    assert "no pain value to show" in text_summary(plot_xmr(empty))


def weekly(n):
    ids = [f"P{i}" for i in range(n)]
    frames = [ratings(dict.fromkeys(range(21), 2 + i % 6), name) for i, name in enumerate(ids)]
    return weekly_pain(pl.concat(frames), patients=people(*ids))


def test_the_spaghetti_has_lines_median_and_two_ranges():
    rows = weekly(8)

    figure = plot_pain_spaghetti(rows, pain_quantiles(rows))

    assert names(figure) == ["middle 80 % of patients", "middle half of patients", "patients (n = 8)", "median"]
    assert "n = 8 patients" in notes(figure)
    assert "P3" not in figure.to_json()


def test_of_many_patients_some_lines_are_drawn_and_it_says_so():
    rows = weekly(12)

    figure = plot_pain_spaghetti(rows, pain_quantiles(rows), most_lines=5)

    assert "5 of 12 lines are drawn." in notes(figure)
    assert "patients (n = 5)" in names(figure)


def test_the_group_alone_has_no_single_lines():
    rows = weekly(8)

    figure = plot_pain_spaghetti(rows, pain_quantiles(rows), is_band_only=True)

    assert not [name for name in names(figure) if name.startswith("patients")]


def test_the_waterfall_counts_and_carries_its_caveat():
    after = {"P1": 10, "P2": 35, "P3": 60}
    scores = [totals("odi", {0: 40, 84: value}, patient) for patient, value in after.items()]
    frames = [*scores, totals("odi", {0: 40}, "P4")]
    rows = changes(scores=pl.concat(frames), patients=people("P1", "P2", "P3", "P4"), target_weeks=[12], measures=["odi"])

    figure = plot_change_waterfall(rows)

    bars = {trace.name: list(trace.y) for trace in figure.data if trace.type == "bar"}
    assert bars == {
        "improved by the MIC or more: 1": [30.0],
        "changed by less than the MIC: 1": [5.0],
        "worse by the MIC or more: 1": [-20.0],
    }
    assert "regression to the mean" in notes(figure)
    assert "n = 3 of 4 patients with a change" in notes(figure)
    assert '"P1"' not in figure.to_json()


def test_a_waterfall_without_a_change_says_who_is_left_out():
    rows = changes(scores=totals("odi", {0: 40}), patients=people(), target_weeks=[12], measures=["odi"])

    assert "No patient has both values" in text_summary(plot_change_waterfall(rows))


def test_many_questionnaires_stand_in_rows_of_three_and_an_alert_is_said():
    forms = pl.concat(
        [
            form("phq9", [1, 1, 2, 0, 1, 0, 1, 0, 1]),
            form("odi", [1] * 10),
            form("pseq", [3] * 10),
            form("tsk17", [2] * 17),
            form("startback", [0] * 9, completed_at=at(0, 10)),
        ]
    )

    figure = plot_questionnaires(score_questionnaires(responses=forms))

    assert figure.layout.yaxis5.title.text is not None
    assert figure.layout.yaxis4.domain[1] < figure.layout.yaxis.domain[0]
    assert "For clinician review: PHQ-9 item 9 above 0 on 2 Mar 2026." in notes(figure)
    assert "For clinician review" in text_summary(figure)


def test_a_screener_is_drawn_where_it_is_asked_for():
    scores = score_questionnaires(responses=form("startback", [1] * 8 + [4]))

    assert "no form of a known instrument" in text_summary(plot_questionnaires(scores))
    assert "STarT Back" in plot_questionnaires(scores, measures=["startback"]).layout.yaxis.title.text
