"""Vectors Q1-Q34 of the clinical methods (section 7.1) but Q30, which is a change (test_outcome_vectors)."""

from datetime import datetime

import polars as pl
import pytest

from ptanalytics.instruments import band_expression, number_text
from ptanalytics.outcomes import score_questionnaires

RMDQ_Q7 = [1] * 10 + [0] * 10 + [None] * 4
RMDQ_Q8 = [1] * 10 + [0] * 9 + [None] * 5


def scores(instrument, answers, **scoring):
    """Return every scale of one form by its id."""
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
    rows = score_questionnaires(responses=form, settings={"scoring": scoring}).rows(named=True)
    return {row["instrument_id"]: row for row in rows}


def score(instrument, answers, **scoring):
    return scores(instrument, answers, **scoring)[instrument]


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
    assert number_text(score("odi", [2, 2, 2, 1, 2, 2, 1, None, 2, 2])["score"]) == "35.6"


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


@pytest.mark.parametrize(
    ("n_missing", "expected", "reason"),
    [pytest.param(2, 40.0, None, id="two missing"), pytest.param(3, None, "too_many_missing", id="three missing")],
)
def test_q9_qbpds(n_missing, expected, reason):
    scored = score("qbpds", [2] * (20 - n_missing) + [None] * n_missing)

    assert (scored["score"], scored["reason"]) == (expected, reason)


@pytest.mark.parametrize(
    ("answers", "total", "distress", "risk"),
    [
        pytest.param([1, 1, 1, 0, 0, 0, 0, 0, 4], 4, 1, "medium", id="Q10"),
        pytest.param([1, 0, 0, 0, 1, 1, 1, 0, 3], 5, 4, "high", id="Q11"),
        pytest.param([0, 0, 0, 0, 1, 1, 1, 1, 2], 4, 4, "high", id="Q12"),
        pytest.param([1, 1, 1, 0, 0, 0, 0, 0, 2], 3, 0, "low", id="Q13"),
        pytest.param([1, 1, 1, 1, 1, 1, 1, 0, 2], 7, 3, "medium", id="Q14"),
        pytest.param([1, 0, 0, 0, 0, 0, 0, None, 2], None, None, "low", id="Q15 both completions are low"),
        pytest.param([1, 1, 1, 0, 0, 0, 0, None, 2], None, None, None, id="Q16 low or medium"),
    ],
)
def test_startback(answers, total, distress, risk):
    scored = scores("startback", answers)

    assert (scored["startback"]["score"], scored["startback_distress"]["score"]) == (total, distress)
    assert scored["startback"]["band"] == risk


PI_4A = {4: (41.6, 6.1), 5: (49.6, 2.5), 6: (52.0, 2.0), 7: (53.9, 1.9), 8: (55.6, 1.9), 9: (57.1, 1.9), 10: (58.5, 1.8),
         11: (59.9, 1.8), 12: (61.2, 1.8), 13: (62.5, 1.8), 14: (63.8, 1.8), 15: (65.2, 1.8), 16: (66.6, 1.8),
         17: (68.0, 1.8), 18: (69.7, 1.9), 19: (71.6, 2.1), 20: (75.6, 3.7)}  # fmt: skip
PF_4A = {4: (22.5, 4.0), 5: (26.6, 2.8), 6: (28.9, 2.5), 7: (30.5, 2.4), 8: (31.9, 2.3), 9: (33.2, 2.3), 10: (34.4, 2.3),
         11: (35.6, 2.3), 12: (36.7, 2.3), 13: (37.9, 2.3), 14: (39.2, 2.4), 15: (40.5, 2.4), 16: (41.9, 2.5),
         17: (43.5, 2.6), 18: (45.5, 2.8), 19: (48.3, 3.3), 20: (57.0, 6.6)}  # fmt: skip
TABLES = {"promis_pi4a": PI_4A, "promis_pf4a": PF_4A}


@pytest.mark.parametrize(
    ("scale", "answers", "raw", "t", "error"),
    [
        pytest.param("promis_pi4a", [3, 4, 3, 2], 12, 61.2, 1.8, id="Q17"),
        pytest.param("promis_pf4a", [4, 3, 3, 2], 12, 36.7, 2.3, id="Q18"),
        pytest.param("promis_pi4a", [3, 4, None, 2], None, None, None, id="Q19"),
        pytest.param("promis_pi4a", [1, 1, 1, 1], 4, 41.6, 6.1, id="Q20 interference, lowest"),
        pytest.param("promis_pi4a", [5, 5, 5, 5], 20, 75.6, 3.7, id="Q20 interference, highest"),
        pytest.param("promis_pf4a", [1, 1, 1, 1], 4, 22.5, 4.0, id="Q20 function, lowest"),
        pytest.param("promis_pf4a", [5, 5, 5, 5], 20, 57.0, 6.6, id="Q20 function, highest"),
    ],
)
def test_promis_with_the_clinics_own_table(scale, answers, raw, t, error):
    scored = score(scale, answers, score_tables=TABLES)

    assert (scored["raw_score"], scored["score"], scored["standard_error"]) == (raw, t, error)


def test_promis_without_a_table_has_no_score_but_says_why():
    scored = score("promis_pi4a", [3, 4, 3, 2])

    assert (scored["score"], scored["reason"], scored["raw_score"]) == (None, "no_score_table", 12)


FABQ = [3, 4, 2, 5, 3, 6, 1, 6, 2, 3, 4, 5, 2, 6, 1, 6]


@pytest.mark.parametrize(
    ("missing", "activity", "work"),
    [
        pytest.param((), 14, 22, id="Q21"),
        pytest.param((7,), 14, None, id="Q22 item 7"),
        pytest.param((1, 8), 14, 22, id="Q22 items that no scale uses"),
    ],
)
def test_fabq(missing, activity, work):
    scored = scores("fabq", [None if item in missing else a for item, a in enumerate(FABQ, start=1)])

    assert (scored["fabq_pa"]["score"], scored["fabq_w"]["score"]) == (activity, work)


@pytest.mark.parametrize(
    ("answers", "total", "short", "band"),
    [
        pytest.param([2] * 17, 38, 22, "high", id="Q23"),
        pytest.param([1, 2, 3, 4] * 4 + [1], 29, 22, "below_cut", id="Q24"),
    ],
)
def test_tsk17_and_the_tsk11_in_it(answers, total, short, band):
    scored = scores("tsk17", answers)

    assert (scored["tsk17"]["score"], scored["tsk17"]["band"], scored["tsk11"]["score"]) == (total, band, short)
    assert "derived" in scored["tsk11"]["flags"]


def test_q23_tsk11_all_twos():
    assert score("tsk11", [2] * 11)["score"] == 22


def test_q25_pcs():
    scored = scores("pcs", [2, 1, 3, 2, 4, 0, 1, 3, 3, 4, 2, 1, 2])

    found = [scored[name]["score"] for name in ("pcs", "pcs_rumination", "pcs_magnification", "pcs_helplessness")]
    assert found == [28, 12, 3, 13]


def test_q26_ompsq_sf():
    scored = score("ompsq_sf", [7, 6, 4, 3, 5, 4, 7, 2, 8, 6])

    assert (scored["score"], scored["band"]) == (64, "elevated")


@pytest.mark.parametrize(
    ("answers", "total", "band", "flags"),
    [
        pytest.param([0, 4, 4, 0, 4, 0], 24, "acceptable", "at_best_score", id="Q27 best"),
        pytest.param([1, 3, 2, 1, 3, 1], 17, "acceptable", None, id="Q27 at the cut"),
        pytest.param([0, 0, 0, 0, 0, 0], 12, "below_cut", "straight_line", id="Q27 all the same"),
    ],
)
def test_ears(answers, total, band, flags):
    scored = score("ears", answers)

    assert (scored["score"], scored["band"], scored["flags"]) == (total, band, flags)


def test_q28_phq9_with_item_9():
    scored = score("phq9", [1, 1, 2, 0, 1, 0, 1, 0, 1])

    assert (scored["score"], scored["band"], scored["flags"]) == (7, "mild", "alert_phq9_9")


def test_q29_phq9_prorated():
    scored = score("phq9", [1, 1, 2, None, 1, 0, None, 0, 0])

    assert scored["score"] == pytest.approx(6.428571, abs=1e-6)
    assert (scored["is_prorated"], scored["flags"]) == (True, "prorated")


def test_q31_nih_impact():
    assert score("nih_impact", [6, 3, 3, 3, 3, 3, 3, 3, 3])["score"] == 30


def test_q32_eq5d_profile_without_value_set():
    scored = scores("eq5d5l", [2, 1, 2, 3, 2])["eq5d5l"]

    assert (scored["profile"], scored["score"], scored["reason"]) == ("21232", None, "profile_only")


@pytest.mark.parametrize(
    ("scale", "answer", "band"),
    [("groc15", 3, "improved"), ("groc15", 2, "unchanged"), ("pgic7", 2, "improved"), ("pgic7", 3, "unchanged")],
)
def test_c22_global_change(scale, answer, band):
    assert score(scale, [answer])["band"] == band


@pytest.mark.parametrize(
    ("value", "decimals", "shown"), [(35.5555, 1, "35.6"), (2.5, 0, "3"), (0.125, 2, "0.13"), (-2.5, 0, "-3")]
)
def test_q33_display_rounds_half_away_from_zero(value, decimals, shown):
    # The sign is the typographic minus, so that no spreadsheet takes the text for a formula.
    assert number_text(value, decimals) == shown.replace("-", "−")


@pytest.mark.parametrize("wrong", [6, 2.5, -1])
def test_q34_an_answer_outside_the_item_is_no_score(wrong):
    scored = score("odi", [wrong, 2, 4, 1, 2, 3, 1, 0, 2, 3])

    assert (scored["score"], scored["reason"]) == (None, "out_of_range")
