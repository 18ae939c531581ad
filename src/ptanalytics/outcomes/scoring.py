"""Questionnaire scores: from item answers, and totals that an export already holds."""

import functools

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.dates import local_day
from ptanalytics.instruments import band_expression, instrument, instrument_ids, score_forms
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.tables import Scores
from ptanalytics.settings import Settings, default_settings

_DAY = ("patient_id", "completed_date", "instrument_id")


@analysis(returns=Scores, optional=("responses", "scores"))
def score_questionnaires(
    responses: pl.LazyFrame, scores: pl.LazyFrame, *, settings: Settings | None = None
) -> pl.LazyFrame:
    """Score completed questionnaires by each instrument's own rule, and add the totals an export already holds.

    ODI: ``100 x sum / (5 x sections answered)``, needing ``scoring.odi_min_answered`` sections. RMDQ-24: boxes ticked, or
    with ``rmdq_mode = "yesno"`` ``24 x yes / answered`` with at most ``rmdq_max_missing`` blank. Others: the sum of all
    items. Scores are unrounded.

    One row per patient, day and instrument. Of several forms on one day (``n_forms``) the latest that can be scored is
    used, and if none can, the latest. A day with item answers takes no imported total. A score that cannot be computed
    is missing with a reason: ``blank``, ``too_many_missing``, ``out_of_range`` (an answer or total outside the scale is
    never clipped), ``several_answers``, ``unknown_item``, ``unknown_instrument``, ``no_item_scoring``, ``not_recorded``.

    Args:
        responses: Item answers.
        scores: Totals from the export; those of instruments without a catalogue entry are passed on unchecked.
        settings: Scoring limits and modes.

    Returns:
        Columns of `Scores`.

    Example:
        >>> from datetime import datetime
        >>> form = pl.DataFrame({
        ...     "patient_id": "P1", "response_id": "R1", "completed_at": datetime(2026, 3, 2, 9), "instrument_id": "odi",
        ...     "item_id": [f"odi_{i}" for i in range(1, 11)], "answer": [3, 2, 4, 1, 2, 3, 1, 0, 2, 3]})
        >>> score_questionnaires(responses=form).select("score", "band").rows()
        [(42.0, 'severe')]

    References:
        Fairbank and Pynsent 2000, doi:10.1097/00007632-200011150-00017 (ODI); Roland and Fairbank 2000,
        doi:10.1097/00007632-200012150-00006 (RMDQ-24).
    """
    settings = settings or default_settings()
    days = _one_form_a_day(_scored_forms(responses, settings), settings.time.day_start_hour)
    totals = _checked_totals(scores).join(days.select(_DAY), on=_DAY, how="anti")
    columns = list(columns_of(Scores))
    return pl.concat([days.select(columns), totals.select(columns)])


def _scored_forms(responses: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    known = [
        score_forms(responses.filter(pl.col("instrument_id") == name), instrument(name), settings.scoring)
        for name in instrument_ids()
    ]
    unknown = (
        responses.filter(~pl.col("instrument_id").is_in(instrument_ids()))
        .select("patient_id", "response_id", "completed_at", "instrument_id")
        .unique()
        .with_columns(reason=pl.lit("unknown_instrument"))
    )
    return pl.concat([*known, unknown], how="diagonal")


def _one_form_a_day(forms: pl.LazyFrame, day_start_hour: int) -> pl.LazyFrame:
    return (
        forms.with_columns(
            completed_date=local_day(pl.col("completed_at"), day_start_hour), has_score=pl.col("score").is_not_null()
        )
        .sort("has_score", "completed_at", "response_id")
        .group_by(_DAY)
        .agg(pl.all().last(), n_forms=pl.len().cast(pl.Int32))
    )


def _checked_totals(scores: pl.LazyFrame) -> pl.LazyFrame:
    """Check imported totals against the scale; add the band where the export gives none."""
    name, score = pl.col("instrument_id"), pl.col("score")
    known = [instrument(entry) for entry in instrument_ids()]
    fits = functools.reduce(
        lambda otherwise, i: pl.when(name == i.id).then(score.is_between(i.minimum, i.maximum)).otherwise(otherwise),
        known,
        pl.lit(value=True),
    )
    band = functools.reduce(
        lambda otherwise, i: pl.when(name == i.id).then(band_expression(i.id, score)).otherwise(otherwise),
        known,
        pl.lit(None, dtype=pl.String),
    )
    reason = (
        pl.when(score.is_null()).then(pl.coalesce("reason", pl.lit("not_recorded")))
        .when(~fits).then(pl.lit("out_of_range"))
    )  # fmt: skip
    return (
        scores.with_columns(reason=reason)
        .with_columns(score=pl.when(pl.col("reason").is_null()).then(score))
        .with_columns(band=pl.when(pl.col("score").is_not_null()).then(pl.coalesce("band", band)))
    )
