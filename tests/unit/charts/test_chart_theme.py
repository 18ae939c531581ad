"""What every figure has in common: contrast, no way out to a server, a text summary, escaped text, words when empty."""

import datetime as dt
import json

import plotly.io as pio
import pytest

from ptanalytics.charts import (
    CHART_CONFIG,
    mark_synthetic,
    plot_adherence_calendar,
    plot_change_waterfall,
    plot_cohort_change,
    plot_pain_trend,
    plot_patient_flow,
    plot_plan_timeline,
    plot_questionnaires,
    plot_responder_curve,
    plot_weekly_adherence,
    plot_weekly_volume,
    text_summary,
)
from ptanalytics.charts.adherence_calendar import LOOKS
from ptanalytics.charts.theme import COLOURS, theme
from ptanalytics.charts.wording import plain
from ptanalytics.plans import Prescription, compare_volume
from ptanalytics.schemas.results import DAY_STATUSES


def _luminance(colour):
    """WCAG 2 relative luminance of #rrggbb."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_contrast_formula_is_wcags():
    assert _contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert _contrast("#0072B2", "#FFFFFF") == pytest.approx(5.19, abs=0.01)


@pytest.mark.parametrize("name", COLOURS)
def test_every_line_and_marker_colour_stands_out_on_white(name):
    assert _contrast(COLOURS[name], "#FFFFFF") >= 3


@pytest.mark.parametrize("status", DAY_STATUSES)
def test_a_day_status_is_told_by_outline_and_sign_too(status):
    look = LOOKS[status]

    assert _contrast(look.outline, "#FFFFFF") >= 3
    sign_colour = "#FFFFFF" if look.text == "white" else look.text
    assert _contrast(sign_colour, "#FFFFFF" if look.fill == "white" else look.fill) >= 3
    assert [other.sign for other in LOOKS.values()].count(look.sign) == 1


def test_the_theme_is_registered_once_and_has_no_upload_button():
    assert theme() is theme()
    assert "ptanalytics" in list(pio.templates)
    assert "sendChartToCloud" in theme().layout.modebar.remove
    assert theme().layout.paper_bgcolor == "white"


def test_the_config_leaves_no_way_to_a_server():
    assert CHART_CONFIG["showSendToCloud"] is False
    assert CHART_CONFIG["plotlyServerURL"] == ""
    assert CHART_CONFIG["displaylogo"] is False


def _volume():
    now = [Prescription("walk", sessions_per_week=3, duration_min=20)]
    return compare_volume(now, now)


FIGURES = {
    "weekly": lambda make: plot_weekly_adherence(make.weekly([(3, 2), (3, 4, "overdose"), (0, 0), (1.5, 1, "partial")])),
    "weekly_cohort": lambda make: plot_weekly_adherence(
        make.weekly([(3, 2), (3, 3)]).vstack(make.weekly([(3, 1), (3, 0)], patient_id="P2"))
    ),
    "calendar": lambda make: plot_adherence_calendar(make.days(DAY_STATUSES)),
    "pain": lambda make: plot_pain_trend(make.daily(dict.fromkeys(range(20), 5)), baseline=6.0),
    "change": lambda make: plot_cohort_change(make.changes(("P1", 40.0, 20.0), ("P2", 40.0, 45.0))),
    "waterfall": lambda make: plot_change_waterfall(make.changes(("P1", 40.0, 20.0))),
    "curve": lambda make: plot_responder_curve(make.curve([3, 2], [3, 2], 4, 6)),
    "questionnaires": lambda make: plot_questionnaires(make.scores("odi", [40.0, 30.0])),
    "timeline": lambda make: plot_plan_timeline(make.plans((1, "walk", 0, {"sessions_per_week": 3.0}))),
    "volume": lambda _make: plot_weekly_volume(_volume()),
    "flow": lambda make: plot_patient_flow(make.flow(("In the export", 5, 0, None))),
}
EMPTY = {
    "weekly": lambda make: plot_weekly_adherence(make.weekly([])),
    "weekly_nothing_prescribed": lambda make: plot_weekly_adherence(make.weekly([(0, 0), (0, 0)])),
    "calendar": lambda make: plot_adherence_calendar(make.days([])),
    "pain": lambda make: plot_pain_trend(make.daily({})),
    "change": lambda make: plot_cohort_change(make.changes()),
    "change_without_followup": lambda make: plot_cohort_change(make.changes(("P1", 40.0, None))),
    "curve": lambda make: plot_responder_curve(make.curve([], [], 0, 0)),
    "curve_nobody": lambda make: plot_responder_curve(make.curve([0, 0], [0, 0], 0, 0)),
    "questionnaires": lambda make: plot_questionnaires(make.scores("odi", [])),
    "questionnaires_unknown": lambda make: plot_questionnaires(make.scores("unheard_of", [1.0])),
    "timeline": lambda make: plot_plan_timeline(make.plans()),
    "volume": lambda _make: plot_weekly_volume(compare_volume([], [])),
    "flow": lambda make: plot_patient_flow(make.flow()),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_a_sentence_and_its_n(name, make):
    figure = FIGURES[name](make)

    assert text_summary(figure).strip().endswith((".", ")"))
    assert figure.layout.title.text
    shown = json.dumps([a.text for a in figure.layout.annotations]) + json.dumps([t.name for t in figure.data])
    assert "n = " in shown or name == "flow"


@pytest.mark.parametrize("name", FIGURES)
def test_no_figure_calls_anything_on_the_network(name, make):
    assert "http" not in FIGURES[name](make).to_json()


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_to_draw_is_said_in_words(name, make):
    figure = EMPTY[name](make)

    said = [a.text for a in figure.layout.annotations if a.name == "missing"]
    assert len(figure.data) == 0
    assert len(said) == 1
    assert text_summary(figure)


@pytest.mark.parametrize("name", ["change", "waterfall", "questionnaires", "pain", "weekly"])
def test_the_axis_says_which_way_is_better(name, make):
    assert "better" in FIGURES[name](make).layout.yaxis.title.text


def test_a_synthetic_figure_says_so_to_eye_and_ear(make):
    figure = mark_synthetic(FIGURES["flow"](make))

    assert any("SYNTHETIC" in (a.text or "") for a in figure.layout.annotations)
    assert text_summary(figure).startswith("Synthetic data.")


def _all_text(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _all_text(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _all_text(inner)


HOSTILE_FIGURES = {
    "patient ids": lambda make: plot_cohort_change(make.changes((make.hostile, 40.0, 20.0))),
    "reasons": lambda make: plot_cohort_change(
        make.changes(("P1", 40.0, 20.0), ("P2", 40.0, None, "odi", 12, 10.0, make.hostile))
    ),
    "exercises": lambda make: plot_plan_timeline(make.plans((1, make.hostile, 0, {"sessions_per_week": 3.0}))),
    "flow steps": lambda make: plot_patient_flow(make.flow((make.hostile, 5, 1, make.hostile))),
    "plan labels": lambda make: plot_pain_trend(make.daily({0: 5}), plan_changes=[(dt.date(2026, 3, 2), make.hostile)]),
}


@pytest.mark.parametrize("name", HOSTILE_FIGURES)
def test_text_from_files_is_never_read_as_markup(name, make):
    figure = HOSTILE_FIGURES[name](make)
    shown = figure.to_dict()
    shown["layout"].pop("template")
    shown["layout"].pop("meta")  # never drawn by plotly; pages escape it for HTML

    texts = list(_all_text(json.loads(json.dumps(shown, default=str))))
    assert any("&lt;img" in text for text in texts)
    for text in texts:
        assert "<img" not in text
        assert "<b>%{x}" not in text
        assert "$a$" not in text


def test_escaping_keeps_every_character_visible():
    assert plain("a<b> & \n c") == "a&lt;b&gt; &amp; c"
