"""Ledger, worklist, patterns and trajectories as figures: what they draw, say, escape and refuse."""

from datetime import date, datetime, time

import polars as pl
import pytest

from daily_log import day, log
from ptanalytics import day_ledger, ledger_evidence, session_patterns, worklist
from ptanalytics.charts import plot_day_ledger, plot_session_patterns, plot_trajectories, plot_worklist, text_summary
from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.frames import empty_frame
from ptanalytics.schemas.results import RESULTS
from worklist_clinic import plan

HOSTILE = "<img src=x onerror=alert(1)> %{x}"


def notes(figure):
    return figure.layout.meta["notes"]


def ledger_of(*numbers, on=40, **options):
    tables = {"sessions": log(*numbers), "on_date": day(on), **options}
    evidence = {name: value for name, value in tables.items() if name != "needed_days"}
    return day_ledger(**tables), ledger_evidence(**evidence)


def test_the_ledger_draws_each_day_of_each_window_once():
    figure = plot_day_ledger(*ledger_of(0, 1, 5, 31))

    drawn = {trace.name: len(trace.x) for trace in figure.data}
    assert sum(drawn.values()) == 60
    assert drawn["counts: 4"] == 4
    assert len({trace.marker.symbol for trace in figure.data}) == len(figure.data)


def test_the_ledger_says_what_is_needed_by_when_and_that_it_is_no_billing_advice():
    figure = plot_day_ledger(*ledger_of(0, 1, 31, 32, needed_days=5))

    texts = " ".join(annotation.text for annotation in figure.layout.annotations)
    assert "2 of 5 days" in texts
    assert "3 more by 30 Apr 2026" in texts
    assert "Not billing advice" in notes(figure)
    assert "3 more by 30 Apr 2026" in text_summary(figure)


def test_an_entry_that_does_not_count_looks_different():
    sessions = log(0, 1).with_columns(skip_reason=pl.Series([None, "pain"]))
    figure = plot_day_ledger(day_ledger(sessions=sessions), ledger_evidence(sessions=sessions))

    assert "entry that does not count: 1" in {trace.name for trace in figure.data}


def test_only_the_latest_windows_are_drawn_and_the_others_counted():
    figure = plot_day_ledger(*ledger_of(0, 300, on=310))

    assert "earlier windows not drawn" in notes(figure)


def test_a_ledger_of_somebody_else_is_refused():
    ledger, _ = ledger_of(0)
    with pytest.raises(InvalidTableError, match="one patient and one rule"):
        plot_day_ledger(ledger, ledger_evidence(sessions=log(0, patient="P2")))


def test_an_empty_ledger_says_so():
    empty = (empty_frame(RESULTS["day_ledger"]), empty_frame(RESULTS["ledger_evidence"]))

    assert "no day to show" in text_summary(plot_day_ledger(*empty))


def listed(patient="P1", n=1):
    sessions = pl.concat([log(0, patient=f"{patient}{i}") for i in range(n)])
    plans = pl.concat([plan(patient=f"{patient}{i}") for i in range(n)])
    return worklist(sessions=sessions, plans=plans, today=day(9))


def test_the_worklist_is_a_table_in_the_given_order():
    figure = plot_worklist(listed(n=3))

    priority, patients, label, why = figure.data[0].cells["values"]
    assert list(patients) == ["P10", "P11", "P12"]
    assert (set(priority), set(label)) == ({"2"}, {"Silent"})
    assert why[0].startswith("Nothing recorded for 9 days")
    assert "not a score" in notes(figure)


def test_text_from_files_is_shown_as_text():
    assert "<img" not in plot_worklist(listed(patient=HOSTILE)).to_json()


def test_rows_not_drawn_are_counted():
    assert "5 further rows not drawn" in notes(plot_worklist(listed(n=30)))


def test_an_empty_worklist_does_not_say_that_all_is_well():
    figure = plot_worklist(empty_frame(RESULTS["worklist"]))

    assert "does not mean that nobody needs contact" in text_summary(figure)


def test_the_heatmap_shows_the_numbers_and_keeps_sessions_without_a_time_apart():
    times = [datetime.combine(date(2026, 3, 2), time(hour)) for hour in (8, 8, 10, 0)]
    sessions = pl.DataFrame({"patient_id": "P1", "session_id": list("abcd"), "exercise_id": "bridge", "started_at": times})
    figure = plot_session_patterns(session_patterns(sessions=sessions))

    heat = figure.data[0]
    assert list(heat.z[0]) == [2, 0, 1, 1]
    assert list(heat.text[0]) == ["2", "", "1", "1"]
    assert "no time" in list(figure.layout.xaxis.ticktext)
    assert "1/4 without a time of day" in notes(figure)
    assert "n = 4 sessions of 1 patient, 2 Mar 2026 to 2 Mar 2026." in notes(figure)
    assert "most on Mon 8:00 to 8:59: 2" in text_summary(figure)


def test_patterns_of_nobody_say_so():
    assert "no session" in text_summary(plot_session_patterns(empty_frame(RESULTS["session_patterns"])))


@pytest.fixture
def groups():
    classes = pl.DataFrame(
        {
            "class_number": [1, 1, 2, 2],
            "week": [1, 2, 1, 2],
            "n": [30, 30, 10, 10],
            "share_pct": [75.0, 75.0, 25.0, 25.0],
            "mean_pct": [90.0, 88.0, 70.0, 20.0],
            "lower_quartile_pct": [80.0, 80.0, 60.0, 10.0],
            "upper_quartile_pct": [100.0, 100.0, 80.0, 30.0],
        }
    )
    fits = pl.DataFrame(
        {
            "n_classes": [1, 2],
            "bic": [100.0, 50.0],
            "entropy": [None, 0.9],
            "smallest_class": [40, 10],
            "stability": [None, 0.93],
            "stability_lowest": [None, 0.71],
            "n_bootstrap": [0, 50],
            "has_converged": [True, True],
            "is_chosen": [False, True],
        }
    )
    return classes, fits


def test_groups_differ_by_more_than_colour_and_carry_their_n(groups):
    figure = plot_trajectories(*groups)

    means = [trace for trace in figure.data if trace.name]
    assert [trace.name for trace in means] == ["group 1: n = 30 (75 %)", "group 2: n = 10 (25 %)"]
    assert len({(trace.line.dash, trace.marker.symbol) for trace in means}) == 2


def test_stability_stands_under_the_groups(groups):
    words = notes(plot_trajectories(*groups))

    assert "mean 0.93, 5th percentile 0.71" in words
    assert "lowest BIC of 1 to 2: 2" in words
    assert "no causes" in words


def test_no_groups_say_so(groups):
    assert "no group" in text_summary(plot_trajectories(groups[0].clear(), groups[1]))


def test_a_pandas_ledger_is_drawn_as_well():
    ledger, evidence = ledger_of(0, 1, on=5)

    assert plot_day_ledger(ledger.to_pandas(), evidence.to_pandas()).data
