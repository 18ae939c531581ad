"""Vectors Q1-Q8, Q23, Q25, Q33 and Q34 of the clinical methods (section 7.1)."""

from datetime import datetime

import polars as pl
import pytest

from ptanalytics.instruments import band_expression, format_number
from ptanalytics.outcomes import score_questionnaires

RMDQ_Q7 = [1] * 10 + [0] * 10 + [None] * 4
RMDQ_Q8 = [1] * 10 + [0] * 9 + [None] * 5


def score(instrument, answers, **scoring):
    form = pl.DataFrame(
        {
            "patient_id": "P1",
            "response_id": "R1",
            "completed_at": datetime(2026, 3, 2, 9),
            "instrument_id": instrument,
            "item_id": [f"{instrument}_{number}" for number in range(1, len(answers) + 1)],
            "answer": pl.Series(answers, dtype=pl.Float64),
        }
    )
    return score_questionnaires(responses=form, settings={"scoring": scoring}).row(0, named=True)


@pytest.mark.parametrize(
    ("answers", "expected", "band"),
    [
        pytest.param([3, 2, 4, 1, 2, 3, 1, 0, 2, 3], 42.0, "severe", id="Q1 all ten"),
        pytest.param([2, 2, 2, 1, 2, 2, 1, None, 2, 2], 320 / 9, "moderate", id="Q2 nine answered"),
        pytest.param([2, 2, 2, None, 2, 2, 1, None, 2, 2], 37.5, "moderate", id="Q3 eight answered"),
    ],
)
def test_odi(answers, expected, band):
    scored = score("odi", answers)

    assert scored["score"] == pytest.approx(expected, abs=1e-6)
    assert (scored["band"], scored["reason"]) == (band, None)


def test_q2_shows_as_one_decimal():
    assert format_number(score("odi", [2, 2, 2, 1, 2, 2, 1, None, 2, 2])["score"]) == "35.6"


def test_q3_is_no_score_where_nine_are_needed():
    scored = score("odi", [2, 2, 2, None, 2, 2, 1, None, 2, 2], odi_min_answered=9)

    assert (scored["score"], scored["reason"]) == (None, "too_many_missing")


def test_q4_seven_sections_are_too_few():
    scored = score("odi", [2, 2, 2, None, 2, 2, 1, None, 2, None])

    assert (scored["score"], scored["reason"], scored["n_answered"]) == (None, "too_many_missing", 7)


def test_q5_odi_bands_hold_their_upper_edge():
    scores = pl.DataFrame({"score": [20.0, 22.0, 40.0, 60.0, 80.0, 82.0]})

    bands = scores.select(band=band_expression("odi", pl.col("score")))["band"].to_list()

    assert bands == ["minimal", "moderate", "moderate", "severe", "very_severe", "extreme"]


def test_q6_rmdq_counts_ticked_boxes():
    assert score("rmdq24", [1] * 11 + [None] * 13)["score"] == 11


def test_q7_rmdq_by_mode():
    prorated = score("rmdq24", RMDQ_Q7, rmdq_mode="yesno")

    assert (prorated["score"], prorated["is_prorated"]) == (pytest.approx(12.0), True)
    assert score("rmdq24", RMDQ_Q7)["score"] == 10


def test_q8_rmdq_five_missing():
    scored = score("rmdq24", RMDQ_Q8, rmdq_mode="yesno")

    assert (scored["score"], scored["reason"]) == (None, "too_many_missing")


def test_q23_tsk11_all_twos():
    assert score("tsk11", [2] * 11)["score"] == 22


def test_q25_pcs_total():
    assert score("pcs", [2, 1, 3, 2, 4, 0, 1, 3, 3, 4, 2, 1, 2])["score"] == 28


@pytest.mark.parametrize(
    ("value", "decimals", "shown"), [(35.5555, 1, "35.6"), (2.5, 0, "3"), (0.125, 2, "0.13"), (-2.5, 0, "-3")]
)
def test_q33_display_rounds_half_away_from_zero(value, decimals, shown):
    assert format_number(value, decimals) == shown


@pytest.mark.parametrize("wrong", [6, 2.5, -1])
def test_q34_an_answer_outside_the_item_is_no_score(wrong):
    scored = score("odi", [wrong, 2, 4, 1, 2, 3, 1, 0, 2, 3])

    assert (scored["score"], scored["reason"]) == (None, "out_of_range")
