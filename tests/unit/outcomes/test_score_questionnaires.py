import polars as pl
import pytest

from outcome_frames import at, form, on, totals
from ptanalytics.outcomes import score_questionnaires

FULL = [3, 2, 4, 1, 2, 3, 1, 0, 2, 3]  # ODI 42, vector Q1


def only(frame):
    """The only row, or of a form with subscales the row of its total."""
    rows = frame.filter(~pl.col("instrument_id").str.starts_with("pcs_"))
    assert rows.height == 1
    return rows.row(0, named=True)


def test_all_items_blank_is_not_zero():
    for name, n_items in (("odi", 10), ("rmdq24", 24), ("pcs", 13)):
        row = only(score_questionnaires(responses=form(name, [None] * n_items)))

        assert (row["score"], row["reason"], row["band"]) == (None, "blank", None)


def test_explicit_noes_are_answers_not_a_blank_form():
    row = only(score_questionnaires(responses=form("rmdq24", [0] * 24)))

    assert (row["score"], row["n_answered"], row["reason"]) == (0, 24, None)


def test_boxes_left_unticked_do_not_tell_how_many_were_looked_at():
    row = only(score_questionnaires(responses=form("rmdq24", {"rmdq24_3": 1, "rmdq24_9": 1})))

    assert (row["score"], row["n_answered"], row["is_prorated"]) == (2, None, False)


def test_of_two_ticks_in_an_odi_section_the_higher_counts():
    twice = pl.concat([form("odi", FULL), form("odi", {"odi_1": 5})])

    assert only(score_questionnaires(responses=twice))["score"] == 46.0


def test_two_different_answers_to_one_item_elsewhere_are_no_score():
    twice = pl.concat([form("pcs", [1] * 13), form("pcs", {"pcs_1": 4})])

    row = only(score_questionnaires(responses=twice))

    assert (row["score"], row["reason"]) == (None, "several_answers")


def test_the_same_answer_twice_is_one_answer():
    twice = pl.concat([form("pcs", [1] * 13), form("pcs", {"pcs_1": 1})])

    assert only(score_questionnaires(responses=twice))["score"] == 13


@pytest.mark.parametrize(
    ("responses", "reason"),
    [
        pytest.param(form("odi", [*FULL, 1]), "unknown_item", id="an eleventh section"),
        pytest.param(form("odi_modified", [1, 2]), "unknown_instrument", id="a version that is not in the catalogue"),
        pytest.param(form("nprs", {"nprs_1": 4}), "no_item_scoring", id="the daily log as a form"),
        pytest.param(form("nprs_7d", {"nprs_7d_1": 3.3}), "out_of_range", id="between the steps of the scale"),
        pytest.param(form("pcs", [1] * 12 + [None]), "too_many_missing", id="one of all items missing"),
    ],
)
def test_no_score_has_a_reason(responses, reason):
    row = only(score_questionnaires(responses=responses))

    assert (row["score"], row["reason"]) == (None, reason)


def test_a_rating_with_a_half_counts():
    assert only(score_questionnaires(responses=form("nprs_7d", {"nprs_7d_1": 3.5})))["score"] == 3.5


def test_of_several_forms_on_a_day_the_latest_with_a_score_is_used():
    early = form("odi", FULL, response="R1", completed_at=at(0, 8))
    late = form("odi", [1] * 10, response="R2", completed_at=at(0, 18))
    abandoned = form("odi", [1] + [None] * 9, response="R3", completed_at=at(0, 22))

    row = only(score_questionnaires(responses=pl.concat([late, abandoned, early])))

    assert (row["score"], row["n_forms"], row["reason"]) == (20.0, 3, None)


def test_two_unusable_forms_give_the_reason_of_the_latest():
    blank = form("odi", [None] * 10, completed_at=at(0, 8))
    wrong = form("odi", [9] * 10, response="R2", completed_at=at(0, 9))

    row = only(score_questionnaires(responses=pl.concat([wrong, blank])))

    assert (row["score"], row["reason"], row["n_forms"]) == (None, "out_of_range", 2)


def test_a_form_after_midnight_belongs_to_the_day_that_has_not_ended():
    late = form("odi", FULL, completed_at=at(1, 1))

    assert only(score_questionnaires(responses=late))["completed_date"] == on(1)
    shifted = score_questionnaires(responses=late, settings={"time": {"day_start_hour": 3}})
    assert only(shifted)["completed_date"] == on(0)


def test_totals_of_the_export_get_their_band_and_are_checked_against_the_scale():
    scored = score_questionnaires(scores=totals("odi", {0: 42, 7: 140, 14: None}))

    assert scored.select("score", "band", "reason").rows() == [
        (42.0, "severe", None),
        (None, None, "out_of_range"),
        (None, None, "not_recorded"),
    ]


def test_totals_of_unknown_instruments_are_passed_on():
    assert only(score_questionnaires(scores=totals("promis_pi", {0: 61.2})))["score"] == 61.2


def test_item_answers_win_over_a_total_of_the_same_day():
    scored = score_questionnaires(responses=form("odi", FULL), scores=totals("odi", {0: 40, 7: 30}))

    assert scored["score"].to_list() == [42.0, 30.0]


def test_a_total_does_not_stand_in_for_answers_that_give_no_score():
    row = only(score_questionnaires(responses=form("odi", [1] * 5 + [None] * 5), scores=totals("odi", {0: 40})))

    assert (row["score"], row["reason"]) == (None, "too_many_missing")


def test_pandas_in_pandas_out():
    scored = score_questionnaires(responses=form("odi", FULL).to_pandas())

    assert type(scored).__module__.startswith("pandas")
    assert scored["score"].tolist() == [42.0]


def test_nothing_in_nothing_out():
    assert len(score_questionnaires()) == 0
