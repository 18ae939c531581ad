"""Scores from item answers: one generic scorer, told by the instrument's own file what to do."""

import polars as pl

from ptanalytics.instruments.bands import band_expression
from ptanalytics.instruments.catalogue import Instrument, ScoringRule
from ptanalytics.settings import ScoringSettings

TOLERANCE = 1e-9

_FORM = ("patient_id", "response_id", "completed_at")


def score_forms(answers: pl.LazyFrame, instrument: Instrument, settings: ScoringSettings) -> pl.LazyFrame:
    """Score every completed form of one instrument.

    An answer out of range or off the scale's steps is an error of that form (no score), never clipped. Items left
    blank follow the instrument's missing rule; a blank is never counted as 0 except on a form of boxes to tick.

    Args:
        answers: Rows of `responses` of this instrument.
        instrument: Its catalogue entry.
        settings: Limits and modes the clinic may choose.

    Returns:
        One row per form: ``patient_id, response_id, completed_at, instrument_id, score, n_answered, is_prorated, band,
        reason``. Reasons: ``unknown_item``, ``out_of_range``, ``several_answers``, ``blank``, ``too_many_missing``.
    """
    rule = instrument.scoring
    if rule is None:
        return _unscorable(answers, instrument.id)
    form = (
        _one_answer_per_item(answers, instrument, rule)
        .group_by(_FORM)
        .agg(
            total=pl.col("answer").sum(),
            n_answered=pl.col("answer").count().cast(pl.Int32),
            is_unknown=(~pl.col("is_known")).any(),
            is_outside=pl.col("is_outside").any(),
            is_several=pl.col("is_several").any(),
        )
    )
    n_items, is_checkbox = len(instrument.items), rule.is_checkbox(settings)
    needed = 1 if is_checkbox else rule.needed(n_items, settings)
    reason = (
        pl.when("is_unknown").then(pl.lit("unknown_item"))
        .when("is_outside").then(pl.lit("out_of_range"))
        .when("is_several").then(pl.lit("several_answers"))
        .when(pl.col("n_answered") == 0).then(pl.lit("blank"))
        .when(pl.col("n_answered") < needed).then(pl.lit("too_many_missing"))
    )  # fmt: skip
    scored = form.with_columns(reason=reason).with_columns(
        score=pl.when(pl.col("reason").is_null()).then(_total(rule, n_items, is_checkbox=is_checkbox))
    )
    is_complete = pl.col("n_answered") == n_items
    return scored.select(
        *_FORM,
        instrument_id=pl.lit(instrument.id),
        score="score",
        # Boxes left unticked cannot be told from boxes not looked at.
        n_answered=pl.when(is_complete | (not is_checkbox)).then("n_answered"),
        is_prorated=pl.when(pl.col("score").is_not_null()).then((not is_checkbox) & ~is_complete),
        band=band_expression(instrument.id, pl.col("score")),
        reason="reason",
    )


def _one_answer_per_item(answers: pl.LazyFrame, instrument: Instrument, rule: ScoringRule) -> pl.LazyFrame:
    value = pl.col("answer")
    steps = (value - rule.item_minimum) / rule.item_step
    is_outside = ~value.is_between(rule.item_minimum, rule.item_maximum) | ((steps - steps.round()).abs() > TOLERANCE)
    several = pl.lit(False) if rule.several_answers == "highest" else value.drop_nulls().n_unique() > 1
    return (
        answers.with_columns(
            is_known=pl.col("item_id").is_in(list(instrument.items)), is_outside=is_outside.fill_null(value=False)
        )
        .group_by(*_FORM, "item_id")
        .agg(value.max(), pl.col("is_known").first(), pl.col("is_outside").any(), is_several=several)
    )


def _total(rule: ScoringRule, n_items: int, *, is_checkbox: bool) -> pl.Expr:
    total, answered = pl.col("total"), pl.col("n_answered")
    if rule.rule == "percent_of_maximum":
        return 100 * total / (rule.item_maximum * answered)
    # With every item answered the factor is exactly 1, so whole scores stay whole.
    return total if is_checkbox else total * n_items / answered


def _unscorable(answers: pl.LazyFrame, instrument_id: str) -> pl.LazyFrame:
    return answers.select(*_FORM).unique().with_columns(
        instrument_id=pl.lit(instrument_id),
        score=pl.lit(None, dtype=pl.Float64),
        n_answered=pl.lit(None, dtype=pl.Int32),
        is_prorated=pl.lit(None, dtype=pl.Boolean),
        band=pl.lit(None, dtype=pl.String),
        reason=pl.lit("no_item_scoring"),
    )  # fmt: skip
