"""Plan timeline, weekly volume and patient flow."""

import datetime as dt

import pytest

from ptanalytics.charts import plot_patient_flow, plot_plan_timeline, plot_weekly_volume, text_summary
from ptanalytics.charts.plan import dose_text
from ptanalytics.plans import Prescription, compare_volume, weekly_volume


def _bars(figure):
    """(lane, first day, days, dose) of every bar."""
    lanes = dict(zip(figure.layout.yaxis.tickvals, figure.layout.yaxis.ticktext, strict=True))
    return sorted(
        (lanes[y], base[:10], int(x) // 86_400_000, text)
        for t in figure.data
        for y, base, x, text in zip(t.y, t.base, t.x, t.text, strict=True)
    )


def test_a_version_ends_the_day_before_the_next_starts(make):
    plans = make.plans(
        (1, "glute_bridge", 0, {"sets": 3.0, "reps": 10.0, "sessions_per_week": 3.0}),
        (2, "glute_bridge", 14, {"sets": 3.0, "reps": 12.0, "sessions_per_week": 3.0}),
    )

    figure = plot_plan_timeline(plans, to_date=dt.date(2026, 3, 22))

    assert _bars(figure) == [("Bridge", "2026-03-02", 14, "3×10, 3/wk"), ("Bridge", "2026-03-16", 7, "3×12, 3/wk")]
    assert any("without an end are drawn to 22 Mar 2026" in a.text.replace("<br>", " ") for a in figure.layout.annotations)


def test_long_names_leave_the_footnote_at_the_left_edge(make):
    figure = plot_plan_timeline(make.plans((1, "hamstring_supine", 0, {})))

    (note,) = figure.select_annotations({"name": "note"})
    assert figure.layout.margin.l + note.xshift == 14
    assert figure.layout.margin.l > 150


def test_an_exercise_that_left_the_plan_has_no_bar_after_it(make):
    plans = make.plans((1, "walk", 0, {}), (1, "bird_dog", 0, {}), (2, "walk", 7, {}))

    lanes = [bar[0] for bar in _bars(plot_plan_timeline(plans))]

    assert len(lanes) == 3
    assert lanes.count(next(lane for lane in lanes if "Bird" in lane)) == 1


@pytest.mark.parametrize(
    ("dose", "words"),
    [
        ({"sets": 2.0, "hold_s": 20.0, "sessions_per_day": 1}, "2×20 s, 7/wk"),
        ({"sets": 3.0, "reps": 10.0, "load_kg": 2.5, "weekdays": "mon,thu"}, "3×10, 2.5 kg, 2/wk"),
        ({}, "dose not given"),
    ],
    ids=["held daily", "loaded on weekdays", "nothing given"],
)
def test_doses_are_said_briefly(dose, words):
    assert dose_text(Prescription("own", **dose)) == words


NOW = [
    Prescription("walk", sessions_per_week=3, duration_min=20),
    Prescription("glute_bridge", sessions_per_week=3, sets=3, reps=10),
]
EDITED = [
    Prescription("walk", sessions_per_week=3, duration_min=25),
    Prescription("glute_bridge", sessions_per_week=3, sets=3, reps=12),
]


def test_volumes_before_after_and_goal_are_drawn_per_unit():
    figure = plot_weekly_volume(compare_volume(NOW, EDITED, {("aerobic", "min/week"): 150.0}))

    drawn = {(t.name, x): y for t in figure.data for x, y in zip(t.x, t.y, strict=True)}
    assert drawn[("plan now", "aerobic")] == 60
    assert drawn[("plan as edited", "aerobic")] == 75
    assert drawn[("goal", "aerobic")] == 150
    assert drawn[("plan as edited", "strengthening")] == 108
    assert {figure.layout.yaxis.title.text, figure.layout.yaxis2.title.text} == {"reps/week", "min/week"}
    assert [t.name for t in figure.data if t.showlegend] == ["plan now", "plan as edited", "goal"]


def test_a_single_plan_has_one_bar_per_group():
    figure = plot_weekly_volume(weekly_volume(NOW))

    assert {t.name for t in figure.data} == {"plan"}
    assert "aerobic 60 min/week" in text_summary(figure)


def test_the_flow_says_every_number_and_reason(make):
    figure = plot_patient_flow(make.flow(("In the export", 60, 0, None), ("With a plan", 57, 3, "no_plan")))

    assert list(figure.data[0].x) == [60, 57]
    texts = [a.text for a in figure.layout.annotations]
    assert "<b>In the export: 60</b>" in texts
    assert any("3 fell out: no plan" in text for text in texts)


def test_a_suppressed_count_is_neither_drawn_nor_derivable(make):
    figure = plot_patient_flow(
        make.flow(("In the export", 60, 0, None), ("With a plan", None, None, "x")), hidden_words="<11"
    )

    assert list(figure.data[0].x) == [60, None]
    assert "With a plan: <11" in text_summary(figure)
