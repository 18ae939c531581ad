"""Weekly adherence and the calendar: what is drawn is what the tables say."""

import json

import polars as pl
import pytest

from ptanalytics.charts import plot_adherence_calendar, plot_weekly_adherence, text_summary
from ptanalytics.errors import InvalidTableError, MissingColumnsError
from ptanalytics.schemas.results import DAY_STATUSES


def _traces(figure):
    return {trace.name: trace for trace in figure.data}


def test_counted_and_prescribed_are_the_tables_numbers(make):
    traces = _traces(plot_weekly_adherence(make.weekly([(3, 3), (3, 1), (5, 4)])))

    assert list(traces["counted"].y) == [3, 1, 4]
    assert list(traces["prescribed"].y) == [3, 3, 5]


def test_overdose_and_partial_weeks_have_their_own_words_and_pattern(make):
    traces = _traces(plot_weekly_adherence(make.weekly([(3, 3), (3, 5, "overdose"), (1.5, 1, "partial")])))

    over = next(t for name, t in traces.items() if "over 120 %" in name)
    partial = next(t for name, t in traces.items() if "partial" in name)
    assert list(over.y) == [5]
    assert list(partial.y) == [1]
    assert over.marker.pattern.shape != partial.marker.pattern.shape


def test_a_week_without_prescription_is_said_and_not_drawn_as_zero(make):
    figure = plot_weekly_adherence(make.weekly([(3, 3), (0, 0), (3, 0)]))

    said = [a.x for a in figure.layout.annotations if a.text == "nothing prescribed"]
    assert said == [1]
    assert list(_traces(figure)["counted"].x) == [0, 2]
    assert "1 week with nothing prescribed" in text_summary(figure)


def test_a_bar_above_its_outline_is_not_labelled_100_percent(make):
    figure = plot_weekly_adherence(make.weekly([(3, 5, "overdose")]))

    assert "167 %" in [a.text for a in figure.layout.annotations]


def test_a_partial_week_has_no_percentage(make):
    figure = plot_weekly_adherence(make.weekly([(4, 2), (0.43, 1, "partial")]))

    assert [a.text for a in figure.layout.annotations if a.text.endswith(" %")] == ["50 %"]
    hovers = [row[0] for trace in figure.data if trace.customdata is not None for row in trace.customdata]
    assert [("(" in hover.split("<br>")[1]) for hover in hovers] == [True, False]


def test_sessions_have_no_tick_at_a_half(make):
    axis = plot_weekly_adherence(make.weekly([(3, 1)])).layout.yaxis

    assert (axis.tick0, axis.dtick) == (0, 1)


def test_the_window_of_a_cohort_stands_under_it(make):
    weekly = pl.concat([make.weekly([(4, 2), (4, 2)], patient_id=name) for name in ("P1", "P2")])

    assert "n = 2 patients, weeks starting 2 Mar 2026 to 9 Mar 2026" in plot_weekly_adherence(weekly).layout.meta["notes"]


def _cohort(make, shares):
    """One patient per number, one week each: counted of 4."""
    return pl.concat([make.weekly([(4, n)], patient_id=f"P{i}") for i, n in enumerate(shares)])


def test_cohort_shows_median_quartiles_and_n(make):
    figure = plot_weekly_adherence(_cohort(make, [0, 1, 2, 3, 4]))

    median = _traces(figure)["median"]
    assert list(median.y) == [50]
    assert [tuple(row) for row in median.customdata] == [(25, 75, "5")]
    assert any(t.text == ("5",) for t in figure.data)


def test_partial_weeks_do_not_move_the_median(make):
    weekly = pl.concat([_cohort(make, [2, 2]), make.weekly([(0.57, 0, "partial")], patient_id="P9")])

    figure = plot_weekly_adherence(weekly)

    assert list(_traces(figure)["median"].y) == [50]
    assert "1 partial week left out" in figure.layout.meta["notes"]


def test_weeks_with_too_few_patients_are_not_drawn(make):
    weekly = pl.concat([_cohort(make, [2] * 11), make.weekly([(4, 4), (4, 4)], patient_id="P99")])

    figure = plot_weekly_adherence(weekly, min_patients=11)

    assert list(_traces(figure)["median"].x) == [1]
    assert "12" not in json.dumps([list(t.text or ()) for t in figure.data])
    assert "n = at least 11" in text_summary(figure)
    assert any("fewer than 11 patients" in a.text for a in figure.layout.annotations)


def test_pandas_and_polars_draw_the_same(make):
    weekly = make.weekly([(3, 2), (3, 3)])

    assert plot_weekly_adherence(weekly.to_pandas()).to_json() == plot_weekly_adherence(weekly).to_json()


def test_a_wrong_table_is_refused_by_name(make):
    with pytest.raises(MissingColumnsError, match="weekly_adherence"):
        plot_weekly_adherence(make.daily({0: 4}))


def test_every_day_is_one_cell_of_its_status(make):
    statuses = [*DAY_STATUSES, "done", "done"]

    figure = plot_adherence_calendar(make.days(statuses))

    drawn = {trace.name.split(": ")[0]: len(trace.x) for trace in figure.data}
    assert sum(drawn.values()) == len(statuses)
    assert drawn["✓ done"] == 3
    assert drawn["? due, nothing recorded"] == 1


def test_a_day_stands_in_its_week_and_weekday(make):
    # Day 8 after Monday 2 March 2026 is Tuesday 10 March.
    figure = plot_adherence_calendar(make.days(["rest"] * 8 + ["missed"]))

    missed = next(t for t in figure.data if "not done" in t.name)
    assert [str(day)[:10] for day in missed.x] == ["2026-03-09"]
    rows = dict(zip(figure.layout.yaxis.ticktext, figure.layout.yaxis.tickvals, strict=True))
    assert missed.base[0] < rows["Tue"] < missed.base[0] + 0.9


def test_not_recorded_and_not_done_never_look_alike(make):
    figure = plot_adherence_calendar(make.days(["missed", "not_recorded"]))

    missed, unknown = figure.data
    assert missed.marker.color != unknown.marker.color
    assert missed.marker.pattern.shape != unknown.marker.pattern.shape
    assert missed.text != unknown.text


def test_the_calendar_takes_one_patient(make):
    days = make.days(["done"])
    two = pl.concat([days, days.with_columns(patient_id=pl.lit("P2"))])

    with pytest.raises(InvalidTableError, match="holds 2"):
        plot_adherence_calendar(two)
