"""Pain, change, responders and questionnaires: what is drawn is what the tables say."""

import polars as pl
import pytest

from ptanalytics.charts import plot_cohort_change, plot_pain_trend, plot_questionnaires, plot_responder_curve, text_summary
from ptanalytics.errors import InvalidTableError


def _notes(figure):
    return " ".join(a.text for a in figure.layout.annotations if a.name == "note").replace("<br>", " ")


def _trace(figure, start):
    return next(t for t in figure.data if (t.name or "").startswith(start))


def test_the_line_is_the_median_of_seven_days_and_stops_in_a_gap(make):
    values = {0: 1, 1: 9, 2: 2, 3: 3, 20: 5, 21: 5, 22: 7}

    line = _trace(plot_pain_trend(make.daily(values)), "median")

    by_day = dict(zip((day.isoformat()[:10] for day in line.x), line.y, strict=True))
    assert by_day["2026-03-03"] is None  # two values
    assert by_day["2026-03-04"] == 2  # median of 1, 9, 2
    assert by_day["2026-03-05"] == 2.5  # median of 1, 9, 2, 3
    assert by_day["2026-03-15"] is None  # nothing for over a week
    assert by_day["2026-03-24"] == 5
    assert line.connectgaps is False


def test_the_trend_line_ends_where_slope_and_intercept_say(make):
    trend = make.trend(
        from_date=make.day(0),
        to_date=make.day(14),
        slope_per_week=-0.5,
        lower=-0.8,
        upper=-0.2,
        intercept=6.0,
        label="improving",
    )

    figure = plot_pain_trend(make.daily(dict.fromkeys(range(15), 5)), trend=trend)

    assert list(_trace(figure, "trend").y) == [6.0, 5.0]
    assert "−0.50 points per week (95 % interval −0.80 to −0.20" in _notes(figure)


def test_without_a_slope_the_reason_is_given(make):
    figure = plot_pain_trend(make.daily({0: 4, 1: 5}), trend=make.trend(n_days=2, reason="too_few_days"))

    assert "No trend: too few days" in _notes(figure)
    assert not [t for t in figure.data if t.name == "trend"]
    assert "never 3 values" in _trace(figure, "no 7-day").name


def test_the_band_around_the_baseline_is_the_mic(make):
    figure = plot_pain_trend(make.daily({0: 4}), baseline=make.baselines(nprs=6.5, odi=40.0))

    band = next(s for s in figure.layout.shapes if s.type == "rect")
    assert (band.y0, band.y1) == (4.5, 8.5)
    assert "baseline<br>6.5" in [a.text for a in figure.layout.annotations]


def test_the_band_follows_the_clinics_own_mic(make):
    from ptanalytics.settings import default_settings

    own = default_settings().with_changes({"outcomes": {"mic": {"nprs": 1.5}}})

    figure = plot_pain_trend(make.daily({0: 4}), baseline=6.0, settings=own)

    band = next(s for s in figure.layout.shapes if s.type == "rect")
    assert (band.y0, band.y1) == (4.5, 7.5)


def test_flares_are_shaded_and_a_proxy_is_named_as_one(make):
    figure = plot_pain_trend(make.daily(dict.fromkeys(range(20), 5)), flares=make.flares("flare", "flare_proxy"))

    assert len([s for s in figure.layout.shapes if s.type == "rect"]) == 2
    marked, proxy = _trace(figure, "flare, marked"), _trace(figure, "flare proxy")
    assert marked.marker.symbol != proxy.marker.symbol


def test_plan_changes_come_from_the_plans_table(make):
    plans = make.plans((1, "walk", 0, {}), (2, "walk", 10, {}), (2, "bird_dog", 10, {}), (3, "walk", 99, {}))

    figure = plot_pain_trend(make.daily(dict.fromkeys(range(20), 5)), plan_changes=plans)

    assert [a.text for a in figure.layout.annotations if a.text.startswith("plan v")] == ["plan v1", "plan v2"]


def test_the_pain_chart_takes_one_patient(make):
    with pytest.raises(InvalidTableError, match="one patient"):
        plot_pain_trend(pl.concat([make.daily({0: 4}), make.daily({0: 4}, patient_id="P2")]))


CHANGES = (
    ("P1", 40.0, 20.0),
    ("P2", 40.0, 30.0),
    ("P3", 40.0, 31.0),
    ("P4", 40.0, 55.0),
    ("P5", 40.0, None, "odi", 12, 10.0, "no_followup"),
    ("P6", None, 30.0, "odi", 12, 10.0, "no_baseline"),
)


def test_each_patient_is_drawn_once_by_what_the_table_says(make):
    figure = plot_cohort_change(make.changes(*CHANGES))

    drawn = {t.name: [row[0] for row in t.customdata] for t in figure.data if t.customdata is not None}
    assert drawn == {
        "improved by the MIC or more: 2": ["P1", "P2"],
        "changed by less than the MIC: 1": ["P3"],
        "worse by the MIC or more: 1": ["P4"],
    }
    assert "n = 4 patients" in _notes(figure)
    assert "1 with no baseline" in _notes(figure)
    assert "1 with no follow-up" in _notes(figure)


def test_the_mic_line_is_below_the_diagonal_where_lower_is_better(make):
    line = _trace(plot_cohort_change(make.changes(*CHANGES)), "better by MIC")

    assert [b - f for b, f in zip(line.x, line.y, strict=True)] == [10, 10]


def test_the_primary_week_is_drawn_unless_another_is_asked(make):
    changes = make.changes(("P1", 40.0, 20.0, "odi", 6), ("P1", 40.0, 25.0, "odi", 12), ("P1", 40.0, 28.0, "odi", 26))

    assert "week 12" in plot_cohort_change(changes).layout.title.text
    assert "week 26" in plot_cohort_change(changes, target_week=26).layout.title.text


def test_the_curves_are_the_tables_shares_with_their_n(make):
    figure = plot_responder_curve(make.curve([18, 15, 12, 10], [18, 15, 12, 10], 20, 25))

    assert list(_trace(figure, "patients with a follow-up (n = 20)").y) == [90, 75, 60, 50]
    assert list(_trace(figure, "all starters with a baseline (n = 25)").y) == [72, 60, 48, 40]
    assert "10/20 (50 %) improved by 30 %" in text_summary(figure)


def test_the_wilson_interval_of_the_percent_rule_is_on_the_curve(make):
    # Vector E5: 12 of 20 gives 38.66 to 78.12 %.
    shares = make.shares(("percent", "completers", 12, 20, 38.66, 78.12), ("both", "completers", 9, 20, 25.8, 65.8))

    figure = plot_responder_curve(make.curve([18, 15, 13, 12], [], 20, 0), shares=shares)

    points = [t for t in figure.data if t.error_y.array is not None]
    assert len(points) == 1
    assert points[0].y[0] + points[0].error_y.array[0] == pytest.approx(78.12)
    assert points[0].y[0] - points[0].error_y.arrayminus[0] == pytest.approx(38.66)
    assert "12/20 (60 %), 95 % Wilson interval 39 to 78 %" in _notes(figure)


def test_starters_in_no_denominator_are_counted_under_the_responder_curve(make):
    shares = make.shares(("percent", "all_starters", 12, 20, 38.66, 78.12)).with_columns(
        n_starters=pl.lit(26, dtype=pl.Int32), n_no_baseline=pl.lit(2, dtype=pl.Int32), n_not_due=pl.lit(4, dtype=pl.Int32)
    )

    figure = plot_responder_curve(make.curve([], [18, 15, 13, 12], 0, 20), shares=shares)

    assert "Of 26 starters not counted: 2 without a baseline and 4 not due yet." in _notes(figure)


def test_a_form_without_a_score_interrupts_the_line_and_gives_its_reason(make):
    figure = plot_questionnaires(make.scores("odi", [40.0, None, 30.0]))

    line, cross = figure.data
    assert list(line.y) == [40, None, 30]
    assert not line.connectgaps
    assert "too many items missing" in cross.customdata[0][0]


def test_each_instrument_has_its_panel_on_its_full_scale(make):
    scores = pl.concat([make.scores("odi", [40.0]), make.scores("rmdq24", [12.0])])

    figure = plot_questionnaires(scores)

    assert figure.layout.yaxis.title.text == "ODI, 0–100 %<br>(down is better)"
    assert figure.layout.yaxis2.title.text == "RMDQ-24, 0–24<br>(down is better)"
    assert figure.layout.yaxis.range[1] > 100
    assert "moderate" in [a.text for a in figure.layout.annotations]


def test_the_mic_line_stands_where_the_change_reaches_it(make):
    figure = plot_questionnaires(make.scores("odi", [40.0, 25.0]), baselines=make.baselines(odi=40.0))

    assert [s.y0 for s in figure.layout.shapes if s.type == "line"] == [30]


def test_a_mic_that_would_leave_the_scale_has_no_line(make):
    figure = plot_questionnaires(make.scores("odi", [6.0, 4.0]), baselines=make.baselines(odi=6.0))

    assert not [s for s in figure.layout.shapes if s.type == "line"]
