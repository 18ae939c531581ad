"""Raster, definitions and dose: what is drawn is what the tables say, and text from files stays text."""

import json
from datetime import date, timedelta

import polars as pl
import pytest

from ptanalytics.charts import plot_adherence_definitions, plot_adherence_raster, plot_dose_by_exercise, text_summary
from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.definition_results import DefinitionsCompared
from ptanalytics.schemas.dose_results import ExerciseAdherence
from ptanalytics.schemas.model import columns_of

HOSTILE = "<img src=x onerror=alert(1)> & <b>%{x}</b> $a$"


def table(model, rows):
    infos = columns_of(model)
    filled = [{name: row.get(name) for name in infos} for row in rows]
    return pl.DataFrame(filled, schema={name: info.dtype for name, info in infos.items()})


def definition(place, **changes):
    row = {
        "place": place,
        "definition": f"d{place}",
        "group": "cap",
        "rule": f"rule {place}",
        "is_headline": place == 1,
        "n": 20,
        "n_without": 0,
        "median_pct": 70.0,
        "lower_quartile_pct": 60.0,
        "upper_quartile_pct": 80.0,
        "n_adherent": 5,
        "n_partial": 10,
        "n_low": 5,
        "adherent_pct": 25.0,
        "n_other_class": 0 if place == 1 else 4,
    }
    return row | changes


def exercise(name="glute_bridge", patient="P1", capped=50.0, dose=50.0, **changes):
    row = {
        "patient_id": patient,
        "exercise_id": name,
        "category": "strengthening",
        "unit": "reps",
        "prescribed_sessions": 2.0,
        "prescribed_volume": 72.0,
        "done_volume": 36.0,
        "entries": 1,
        "skipped": 0,
        "assumed": 0,
        "dose_pct": dose,
        "capped_pct": capped,
        "overdose_weeks": 0,
    }
    return row | changes


def words_of(figure):
    return json.dumps(figure.to_plotly_json(), default=str, ensure_ascii=False)


def test_raster_has_a_class_and_a_sign_for_every_week(make):
    rows = pl.concat([make.weekly([(4, 4), (4, 2), (4, 1), (4, 0), (0, 0)], patient_id="P1"), make.weekly([(4, 4)], "P2")])

    figure = plot_adherence_raster(rows)

    heatmap = next(trace for trace in figure.data if trace.type == "heatmap")
    codes = sorted(code for line in heatmap.z for code in line if code is not None)
    assert codes == [0, 0, 1, 2, 3, 4]
    signs = {trace.text[0] for trace in figure.data if trace.type == "scatter" and trace.mode == "text"}
    assert len(signs) == 5
    assert "1 week nothing prescribed" in text_summary(figure)


def test_raster_of_more_patients_than_fit_says_so(make):
    rows = pl.concat([make.weekly([(4, 4)], patient_id=f"P{i:04}") for i in range(405)])
    figure = plot_adherence_raster(rows)
    assert "5 patients further down the order not drawn" in figure.layout.meta["notes"]


def test_raster_without_weeks_says_so(make):
    assert "no plan has started" in text_summary(plot_adherence_raster(make.weekly([(4, 4)]).clear()))


def test_definitions_draw_medians_and_say_who_changes_class():
    figure = plot_adherence_definitions(table(DefinitionsCompared, [definition(1), definition(2, median_pct=40.0)]))

    medians = {trace.name: list(trace.x) for trace in figure.data if trace.type == "scatter"}
    assert medians == {"median": [40.0], "median, headline": [70.0]}
    assert "4 of 20 change class" in [a.text for a in figure.layout.annotations]
    assert "from 40 to 70 %" in text_summary(figure)


def test_definitions_for_outside_hide_small_counts():
    rows = [definition(1), definition(2), definition(3, n=5)]
    figure = plot_adherence_definitions(table(DefinitionsCompared, rows), min_patients=11)
    said = [a.text for a in figure.layout.annotations]
    assert "under 11 change class" in said
    assert "4 of 20" not in words_of(figure)
    assert "1 definition without enough patients not shown." in figure.layout.meta["notes"]


def test_definitions_without_values_say_so():
    rows = [definition(1, n=0, median_pct=None, lower_quartile_pct=None, upper_quartile_pct=None)]
    assert "no definition to compare" in text_summary(plot_adherence_definitions(table(DefinitionsCompared, rows)))


def test_dose_of_one_patient_shows_share_volumes_and_what_was_done_beyond():
    rows = [exercise(), exercise("walk", capped=100.0, dose=150.0, category="aerobic", unit="min")]
    figure = plot_dose_by_exercise(table(ExerciseAdherence, rows))

    traces = {trace.name: trace for trace in figure.data}
    assert list(traces["done, each week at most as prescribed"].x) == [50.0, 100.0]
    assert list(traces["all that was done"].x) == [150.0]
    assert "36 of 72 reps" in [a.text for a in figure.layout.annotations]
    assert "Bridge 50 %" in text_summary(figure)


def test_dose_with_nothing_prescribed_is_said():
    rows = [exercise(), exercise("walk", capped=None, dose=None, reason="zero_prescribed")]
    figure = plot_dose_by_exercise(table(ExerciseAdherence, rows))
    assert "nothing prescribed" in [a.text for a in figure.layout.annotations]


def test_dose_of_many_patients_is_their_median_with_n():
    rows = [exercise(patient=f"P{i}", capped=float(value)) for i, value in enumerate((0, 40, 50))]
    figure = plot_dose_by_exercise(table(ExerciseAdherence, rows))
    median = next(trace for trace in figure.data if trace.name == "median")
    assert list(median.x) == [40.0]
    assert "n = 3" in [a.text for a in figure.layout.annotations]
    assert "no exercise with enough patients" in text_summary(
        plot_dose_by_exercise(table(ExerciseAdherence, rows), min_patients=11)
    ).replace("There is ", "")


def test_dose_of_single_weeks_is_refused():
    rows = table(ExerciseAdherence, [exercise(week=1, week_start_date=date(2026, 3, 2) + timedelta(days=7))])
    with pytest.raises(InvalidTableError, match="whole window"):
        plot_dose_by_exercise(rows)


def test_text_from_files_stays_text(make):
    figures = [
        plot_dose_by_exercise(table(ExerciseAdherence, [exercise(HOSTILE)])),
        plot_adherence_definitions(table(DefinitionsCompared, [definition(1, rule=HOSTILE)])),
        plot_adherence_raster(make.weekly([(4, 4)], patient_id=HOSTILE)),
    ]
    for figure in figures:
        shown = figure.to_plotly_json()
        del shown["layout"]["meta"]  # plain text by contract, escaped where it is shown
        assert "<img" not in json.dumps(shown, default=str)
