"""Kaplan-Meier, forest and funnel: what is drawn, what is said, and that text from files is escaped."""

import polars as pl
import pytest

from ptanalytics.charts import plot_site_funnel, plot_subgroup_forest, plot_survival, text_summary
from ptanalytics.errors import InvalidTableError
from ptanalytics.statistics import (
    log_rank_test,
    numbers_at_risk,
    site_funnel,
    subgroup_effects,
    survival_curve,
    survival_summary,
)

TIMES = pl.DataFrame(
    {"duration_days": [5, 8, 12, 4, 6, 70], "is_event": [True] * 5 + [False], "group": ["<b>"] * 3 + ["b"] * 3}
)
CHANGE = pl.DataFrame({
    "patient_id": [f"P{i}" for i in range(60)], "measure": "odi", "target_week": 12, "n_followup": 1,
    "baseline": [30.0 + i % 9 for i in range(60)], "followup": 25.0, "improvement": [5.0 + i % 9 for i in range(60)],
    "is_responder": [i % 3 == 0 for i in range(60)],
})  # fmt: skip
WHO = CHANGE.select("patient_id", sex=pl.Series(["<i>x</i>", "b"] * 30), site=pl.Series((["<i>x</i>"] * 2 + ["b"]) * 20))


def texts(figure):
    return " ".join(str(note.text) for note in figure.layout.annotations) + " ".join(str(t.name) for t in figure.data)


def test_survival_has_its_risk_table_direction_and_medians():
    figure = plot_survival(
        survival_curve(TIMES), numbers_at_risk(TIMES), summary=survival_summary(TIMES), log_rank=log_rank_test(TIMES)
    )
    assert "At risk" in texts(figure)
    assert "up is better" in figure.layout.yaxis.title.text
    assert "median 8 days" in text_summary(figure)
    assert "drawn by lot" in texts(figure)


def test_survival_escapes_group_names():
    figure = plot_survival(survival_curve(TIMES), numbers_at_risk(TIMES))
    assert not any(trace.name and trace.name.startswith("<b>") for trace in figure.data)


def test_a_good_event_is_drawn_rising():
    figure = plot_survival(survival_curve(TIMES), numbers_at_risk(TIMES), is_event_good=True)
    line = next(trace for trace in figure.data if trace.name and trace.name.startswith("b "))
    assert list(line.y) == sorted(line.y)
    assert line.y[0] == 0


@pytest.mark.parametrize(("is_good", "words"), [(True, "who improved"), (False, "who have not improved")])
def test_the_axis_of_a_survival_curve_names_the_event(is_good, words):
    figure = plot_survival(survival_curve(TIMES), numbers_at_risk(TIMES), event="improved", is_event_good=is_good)
    assert words in figure.layout.yaxis.title.text.replace("<br>", " ")


def test_six_groups_are_too_many():
    many = pl.DataFrame({"duration_days": range(6), "is_event": True, "group": list("abcdef")})
    with pytest.raises(InvalidTableError, match="five groups"):
        plot_survival(survival_curve(many), numbers_at_risk(many))


def test_nobody_at_risk_is_said():
    nobody = TIMES.clear()
    assert "nobody has a time" in text_summary(plot_survival(survival_curve(nobody), numbers_at_risk(nobody)))


def test_the_forest_shows_all_levels_with_n_and_the_interaction():
    figure = plot_subgroup_forest(subgroup_effects(CHANGE, WHO))
    said = texts(figure)
    assert "interaction p" in said
    assert "(n = 30)" in said
    assert "Exploratory" in said
    assert "<i>x" not in said
    assert "right is better" in figure.layout.xaxis.title.text


def test_a_forest_without_estimates_is_said():
    assert "enough patients" in text_summary(plot_subgroup_forest(subgroup_effects(CHANGE.head(10), WHO)))


def test_the_funnel_names_limits_and_is_no_verdict():
    figure = plot_site_funnel(site_funnel(CHANGE, WHO.select("patient_id", "site")))
    assert "not a verdict" in texts(figure)
    assert {"95 % limits", "99.8 % limits"} <= {trace.name for trace in figure.data}
    assert not any("<i>x" in str(trace.text) for trace in figure.data)


def test_a_funnel_where_all_responded_is_said():
    alike = CHANGE.with_columns(is_responder=True)
    figure = plot_site_funnel(site_funnel(alike, WHO.select("patient_id", "site")))
    assert "No funnel" in text_summary(figure)
