"""Explanations checked against vectors C, T, F, K and Q of the clinical methods (section 7), worked out by hand there."""

from datetime import date, datetime

import polars as pl
import pytest

from outcome_frames import at, form, people, plans, ratings, totals
from ptanalytics.outcomes import explain_outcome

ANY_LENGTH = {"outcomes": {"slope": {"window_days": 365, "min_points": 3}}}
NORMS = {
    "sd_pre": 15, "reliability": 0.90, "clinical_mean": 45, "clinical_sd": 15, "norm_mean": 12, "norm_sd": 10,
    "source": "illustrative values of the methods text",
}  # fmt: skip


def explained(number, **options):
    return explain_outcome(patient_id="P1", number=number, **options)


def change(before, after, measure="nprs_7d"):
    return explained("changes", measure=measure, scores=totals(measure, {0: before, 84: after}), patients=people())


@pytest.mark.parametrize(
    ("measure", "before", "after", "improvement", "absolute", "percent", "both"),
    [
        pytest.param("nprs_7d", 7, 5, 2, True, False, False, id="C1"),
        pytest.param("nprs_7d", 7, 4.9, 2.1, True, True, True, id="C2 exactly 30 %"),
        pytest.param("nprs_7d", 4, 2.5, 1.5, False, True, False, id="C3"),
        pytest.param("nprs_7d", 0, 0, 0, None, None, None, id="C4 no room"),
        pytest.param("nprs_7d", 3, 1, 2, True, True, True, id="C5"),
        pytest.param("nprs_7d", 8, 6, 2, True, False, False, id="C6"),
        pytest.param("odi", 42, 30, 12, True, False, False, id="C7"),
        pytest.param("psfs", 3.5, 6.5, 3, True, None, None, id="C8 higher is better"),
    ],
)
def test_change_and_rules_are_worked_out_from_the_readings(
    measure, before, after, improvement, absolute, percent, both
):  # fmt: skip
    told = change(before, after, measure)

    assert told.worked_out["improvement"] == pytest.approx(improvement)
    found = tuple(told.worked_out[f"is_responder_{rule}"] for rule in ("absolute", "percent", "both"))
    assert found == (absolute, percent, both)
    assert [(one["value"], one["part"]) for one in told.readings.rows(named=True)] == [
        (before, "baseline"),
        (after, "follow-up"),
    ]


def test_c1_shows_the_persons_numbers_in_the_formulas():
    steps = change(7, 5).steps

    assert "Improvement (lower is better): 7 - 5 = 2." in steps
    assert "In percent of baseline: 100 x 2 / 7 = 28.6 %." in steps
    assert "Absolute rule: 2 >= 2: yes." in steps
    assert "Percent rule: 28.6 % >= 30 %: no." in steps


def test_c4_says_why_there_is_no_judgement():
    assert "leaves no room to improve" in change(0, 0).sentence


def test_c9_the_measurement_error_is_shown():
    assert "Beyond measurement error (MDC95): 2 >= 2.83: no." in change(7, 5).steps


def test_c11_baseline_window():
    pain = pl.concat([ratings({day: value}) for day, value in ((-7, 6), (-5, 7), (-3, 8), (1, 5))])

    told = explained("baselines", pain_scores=pain, plans=plans())

    assert (told.value, told.n, told.worked_out["baseline"]) == (7.0, 3, 7.0)
    assert "The 7 days before time zero: 3 days with a value, 3 needed: taken." in told.steps
    assert "Mean: (6 + 7 + 8) / 3 = 7." in told.steps


@pytest.mark.parametrize(
    ("before", "after", "rc", "change_class"),
    [
        pytest.param(50, 20, 4.472136, "recovered", id="C13"),
        pytest.param(50, 34, 2.385139, "improved", id="C14"),
        pytest.param(50, 40, 1.490712, "unchanged", id="C15"),
        pytest.param(30, 50, -2.981424, "deteriorated", id="C16"),
        pytest.param(24, 4, 2.981424, "improved", id="C17"),
    ],
)
def test_reliable_change(before, after, rc, change_class):
    told = explained(
        "reliable_change", measure="odi", scores=totals("odi", {0: before, 84: after}), patients=people(),
        settings={"outcomes": {"norms": {"odi": NORMS}}},
    )  # fmt: skip

    assert told.worked_out["rc"] == pytest.approx(rc, abs=1e-6)
    assert told.worked_out["change_class"] == change_class
    assert told.worked_out["reliable_points"] == pytest.approx(13.148080, abs=1e-6)  # C18
    cutoff = "(10 x 45 + 15 x 12) / (15 + 10) = 25.2."  # C12
    assert any(step.endswith(cutoff) for step in told.steps)


def test_c19_scores_with_their_own_standard_errors():
    told = explained(
        "reliable_change", measure="promis_pi4a", scores=totals("promis_pi4a", {0: 65.2, 84: 57.1}), patients=people(),
        settings={"scoring": {"score_tables": {"promis_pi4a": {15: (65.2, 1.8), 9: (57.1, 1.9)}}}},
    )  # fmt: skip

    assert told.worked_out["rc"] == pytest.approx(3.094851, abs=1e-6)
    assert any("sqrt(se1^2 + se2^2) of the two T scores = 2.617" in step for step in told.steps)


@pytest.mark.parametrize(
    ("values", "slope", "limits", "intercept", "least_squares"),
    [
        pytest.param([7, 6, 6, 5, 4, 4], -0.666667, (-1.0, 0.0), 7.166667, -0.628571, id="T1"),
        pytest.param([7, 6, 6, 5, 10, 4], -0.5, (-1.0, 2.0), 7.25, -0.114286, id="T2"),
    ],
)
def test_trend(values, slope, limits, intercept, least_squares):
    pain = ratings({7 * week: value for week, value in enumerate(values)})

    told = explained("pain_trend", pain_scores=pain, settings=ANY_LENGTH)

    found = told.worked_out
    assert found["slope_per_week"] == pytest.approx(slope, abs=1e-6)
    assert (found["lower"], found["upper"]) == pytest.approx(limits)
    assert found["intercept"] == pytest.approx(intercept, abs=1e-6)
    assert found["ols_slope_per_week"] == pytest.approx(least_squares, abs=1e-6)
    assert any("the median over 15 pairs of days" in step for step in told.steps)


def test_t4_two_ratings_of_a_day_are_one_value():
    pain = ratings({(0, 8): 6, (0, 20): 9, 7: 5, 14: 3})

    told = explained("daily_pain", pain_scores=pain, day=at(0).date())

    assert told.worked_out == {"pain_nprs": 7.5, "n_readings": 2}
    assert "Mean: (6 + 9) / 2 = 7.5." in told.steps


def test_t6_present_pain():
    told = explained("recent_pain", pain_scores=ratings({0: 9, 10: 3, 11: 4, 12: 2}))

    assert told.worked_out == {"pain_nprs": 3.0, "n_days": 3}
    assert told.unused() == [("not among the last values", 1)]


@pytest.mark.parametrize(
    ("values", "slope", "difference", "label"),
    [
        pytest.param([5, 5, 4, 5, 5, 5, 4, 5, 5, 5], 0.0, 0.0, "plateau_residual", id="T7"),
        pytest.param([7, 7, 6, 6, 6, 5, 5, 4, 4, 4], -0.875, -2.0, "no_plateau", id="T8"),
    ],
)
def test_plateau(values, slope, difference, label):
    told = explained("pain_plateau", pain_scores=ratings({3 * n: value for n, value in enumerate(values)}))

    found = told.worked_out
    assert (found["slope_per_week"], found["difference"]) == pytest.approx((slope, difference))
    assert found["label"] == told.value == label


def from_april(values):
    """Ratings day by day from 1 April 2026, as vectors F give them; None is a day without a rating."""
    days = [(datetime(2026, 4, 1 + day, 20), value) for day, value in enumerate(values) if value is not None]
    return pl.DataFrame(
        {
            "patient_id": "P1",
            "recorded_at": [at for at, _ in days],
            "pain_nprs": pl.Series([v for _, v in days], dtype=pl.Float64),
        }
    )


@pytest.mark.parametrize(
    ("values", "start", "end", "n_days", "peak", "reference"),
    [
        pytest.param([3, 3, 4, 3, 3, 3, 4, 3, 6, 6, 5, 3, 3], 9, 11, 3, 6, 3, id="F1"),
        pytest.param([3, 3, 3, 3, 6, None, 6, 3], 5, 7, 2, 6, 3, id="F4 one day without a rating"),
        pytest.param([3] * 4 + [6] * 16, 5, 20, 16, 6, 3, id="F6 the level is carried forward"),
    ],
)
def test_flare(values, start, end, n_days, peak, reference):
    told = explained("flares", pain_scores=from_april(values))

    assert (told.from_date, told.to_date) == (date(2026, 4, start), date(2026, 4, end))
    found = told.worked_out
    assert (found["n_days"], found["peak_nprs"], found["reference_nprs"]) == (n_days, peak, reference)
    assert told.readings.filter(part="flare").height == n_days


def test_f1_names_the_days_of_the_usual_level():
    told = explained("flares", pain_scores=from_april([3, 3, 4, 3, 3, 3, 4, 3, 6, 6, 5, 3, 3]))

    assert told.readings.filter(part="usual level")["value"].to_list() == [3, 3, 4, 3, 3, 3, 4, 3]
    assert "Elevated: at least 3 + 2 and at least 4, so from 5 on, or marked by the person." in told.steps


@pytest.mark.parametrize(
    ("readings", "days", "status"),
    [
        pytest.param({7: 6, 14: 4, 21: 4.5, 28: 4}, 14, "event", id="K1"),
        pytest.param({7: 4, 14: 6, 21: 4, 28: 4, 35: 3}, 21, "event", id="K2"),
        pytest.param({7: 6, 14: 6, 21: 6, 28: 4}, 28, "unconfirmed", id="K3"),
    ],
)
def test_time_to_a_lasting_change(readings, days, status):
    told = explained("time_to_mic", measure="nprs_7d", scores=totals("nprs_7d", {0: 7, **readings}), patients=people())

    assert (told.worked_out["duration_days"], told.worked_out["status"]) == (days, status)
    assert "Rule (both): a reading of 4.9 or less meets it." in told.steps


def score(instrument, answers, measure=None, **scoring):
    return explained(
        "score_questionnaires", measure=measure or instrument, responses=form(instrument, answers),
        settings={"scoring": scoring},
    )  # fmt: skip


def test_q2_pro_rating_of_the_odi():
    told = score("odi", [2, 2, 2, 1, 2, 2, 1, None, 2, 2])

    assert told.worked_out["score"] == pytest.approx(320 / 9)
    assert "Items answered: 9 of 10; at least 8 are needed (rule default)." in told.steps
    assert "Percent of what was possible: 100 x 16 / (5 x 9) = 35.56." in told.steps
    assert told.readings.filter(what="odi_8").select("value", "part", "why").row(0) == (None, None, "left blank")


def test_q4_too_few_sections():
    told = score("odi", [1, 1, 1, 1, 1, 1, 1, None, None, None])

    assert (told.value, told.reason) == (None, "too_many_missing")
    assert told.sentence.endswith("no score, because too many items were left blank.")


def test_q6_and_q7_blank_boxes_count_as_not_ticked_in_one_mode():
    answers = [1] * 10 + [0] * 10 + [None] * 4

    ticked, asked = score("rmdq24", answers), score("rmdq24", answers, rmdq_mode="yesno")

    assert (ticked.worked_out["score"], asked.worked_out["score"]) == (10.0, 12.0)
    assert "Boxes ticked: 10 of 24; a box left blank counts as not ticked." in ticked.steps
    assert "Pro-rated for the 4 left blank: 10 x 24 / 20 = 12." in asked.steps


def test_q17_t_scores_come_from_the_clinics_own_table():
    told = score("promis_pi4a", [3, 4, 3, 2], score_tables={"promis_pi4a": {12: (61.2, 1.8)}})

    assert told.worked_out["raw_score"] == 12
    assert told.worked_out["score"] == 61.2
    assert "Raw sum, rounded: 12. By the clinic's own table: T 61.2, standard error 1.8." in told.steps


def test_q24_items_counted_the_other_way_round_and_the_short_scale_within():
    answers = [1, 2, 3, 4] * 4 + [1]

    long, short = score("tsk17", answers), score("tsk17", answers, measure="tsk11")

    assert (long.worked_out["score"], short.worked_out["score"]) == (29.0, 22.0)
    turned = long.readings.filter(what="tsk17_4").select("value", "counts_as", "why").row(0)
    assert turned == (4.0, 1.0, "the other way round: 1 + 4 - 4")
    assert short.readings.filter(pl.col("part").is_not_null()).height == 11


def test_q28_an_alert_is_for_clinician_review():
    assert "For clinician review: phq9_9 was answered above its lowest answer." in score(
        "phq9", [1, 1, 2, 0, 1, 0, 1, 0, 1]
    ).steps  # fmt: skip


def test_q30_activities_rated_both_times():
    before = form("psfs", {"walk": 3, "sit": 4, "lift": 2}, completed_at=at(0, 9))
    after = form("psfs", {"walk": 6, "sit": 7, "lift": None}, response="R2", completed_at=at(84, 9))

    told = explained("changes", measure="psfs", responses=pl.concat([before, after]), patients=people())

    assert (told.worked_out["baseline"], told.worked_out["followup"]) == (3.5, 6.5)
    assert told.readings.filter(what="lift").select("part", "why").row(0) == (None, "rated only once")


def test_q32_a_profile_has_no_score():
    told = score("eq5d5l", [2, 1, 2, 3, 2])

    assert told.worked_out["profile"] == "21232"
    assert told.value is None
    assert "an index needs a country's value set" in told.sentence


def test_q34_an_answer_out_of_range_is_named_and_not_clipped():
    told = score("odi", [6, 2, 2, 1, 2, 2, 1, 1, 2, 2])

    assert told.reason == "out_of_range"
    assert told.readings.filter(what="odi_1").select("counts_as", "why").row(0) == (None, "outside 0 to 5 or its steps")
