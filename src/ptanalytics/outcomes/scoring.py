"""Questionnaire scores: from item answers, and totals that an export already holds."""

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.dates import local_day
from ptanalytics.instruments import band_of, instrument, instrument_ids, score_forms
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.questionnaire_results import QuestionnaireScores
from ptanalytics.settings import Settings, default_settings

_DAY = ("patient_id", "completed_date", "instrument_id")
_ONE = pl.lit(1, dtype=pl.Int32)


@analysis(returns=QuestionnaireScores, optional=("responses", "scores"))
def score_questionnaires(
    responses: pl.LazyFrame, scores: pl.LazyFrame, *, settings: Settings | None = None
) -> pl.LazyFrame:
    """Score completed questionnaires by each instrument's own rule, and add the totals an export already holds.

    ODI: ``100 x sum / (5 x sections answered)``, needing ``scoring.odi_min_answered`` sections. RMDQ-24: boxes ticked, or
    with ``rmdq_mode = "yesno"`` ``24 x yes / answered`` with at most ``rmdq_max_missing`` blank. PSFS: the mean of the
    activities answered. PROMIS: the T score of the raw sum by the clinic's own table (`read_score_table`). Others: the sum
    of all items, reversed ones turned, pro-rated where the instrument allows items to be missing. The limits are those of
    ``reference/instruments``; ``scoring.missing_rule = "strict"`` takes the stricter one of each, ``scoring.max_missing``
    the clinic's own. Scores are unrounded. A form may give several scales, and TSK-17 also gives TSK-11, PHQ-9 also PHQ-2.

    One row per patient, day and scale. Of several forms on one day (``n_forms``) the latest that can be scored is
    used, and if none can, the latest; an alert (PHQ-9 item 9 above 0) stays whichever form is used. A day with item answers
    takes no imported total. A score that cannot be computed is missing with a reason: ``blank``, ``too_many_missing``,
    ``out_of_range`` (an answer or total outside the scale is never clipped), ``several_answers``, ``unknown_item``,
    ``mixed_instruments``, ``unknown_instrument``, ``no_item_scoring``, ``no_score_table``, ``profile_only``,
    ``not_recorded``.

    Args:
        responses: Item answers.
        scores: Totals from the export; those of instruments without a catalogue entry are passed on unchecked.
        settings: Scoring limits, modes and conversion tables.

    Returns:
        Columns of `QuestionnaireScores`.

    Raises:
        SettingsError: A limit of missing items or a conversion table is given for no scale.

    Example:
        >>> from datetime import datetime
        >>> form = pl.DataFrame({
        ...     "patient_id": "P1", "response_id": "R1", "completed_at": datetime(2026, 3, 2, 9), "instrument_id": "odi",
        ...     "item_id": [f"odi_{i}" for i in range(1, 11)], "answer": [3, 2, 4, 1, 2, 3, 1, 0, 2, 3]})
        >>> score_questionnaires(responses=form).select("score", "band").rows()
        [(42.0, 'severe')]

    References:
        Fairbank and Pynsent 2000, doi:10.1097/00007632-200011150-00017 (ODI); Roland and Fairbank 2000,
        doi:10.1097/00007632-200012150-00006 (RMDQ-24); others in ``reference/instruments``.
    """
    settings = settings or default_settings()
    answers = responses.select("patient_id", "response_id", "completed_at", "instrument_id", "item_id", "answer").collect()
    days = _one_form_a_day(score_forms(answers, settings.scoring), settings.time.day_start_hour)
    totals = _checked_totals(scores).join(days.select(_DAY), on=_DAY, how="anti")
    rows = pl.concat([days, totals], how="diagonal")
    return rows.with_columns(**_facts()).select(list(columns_of(QuestionnaireScores)))


def _one_form_a_day(forms: pl.DataFrame, day_start_hour: int) -> pl.LazyFrame:
    columns = [*_DAY, "form_id", "score", "standard_error", "raw_score", "n_answered", "is_prorated"]
    columns += ["n_forms", "band", "profile", "flags", "reason"]
    dated = forms.with_columns(completed_date=local_day(pl.col("completed_at"), day_start_hour), n_forms=_ONE)
    # Different hashes are different days; counting them is a quarter of the work of grouping by patient and day.
    if dated.select(_DAY).hash_rows().n_unique() == dated.height:
        return dated.lazy().select(columns)
    several = dated.group_by(_DAY).agg(n_forms=pl.len().cast(pl.Int32)).filter(pl.col("n_forms") > 1)
    single = dated.join(several, on=_DAY, how="anti")
    alerts = pl.col("flags").str.extract_all(r"alert_[a-z0-9_]+").explode().unique().sort().str.join(",")
    chosen = (
        dated.drop("n_forms")
        .join(several, on=_DAY)
        .with_columns(has_score=pl.col("score").is_not_null())
        .sort("has_score", "completed_at", "response_id")
        .group_by(_DAY)
        .agg(pl.exclude("flags").last(), pl.col("flags").last(), alerts=alerts)
        # An alert must not vanish because the person filled the form in again on the same day.
        .with_columns(
            flags=pl.when((pl.col("alerts") != "") & ~pl.col("flags").fill_null("").str.contains("alert_"))
            .then(pl.concat_str("alerts", "flags", separator=",", ignore_nulls=True))
            .otherwise("flags")
        )
    )
    return pl.concat([single.select(columns), chosen.select(columns)]).lazy()


def _facts() -> dict[str, pl.Expr]:
    """Return what is known of each row's instrument. Looked up, not joined: a join would copy every column."""
    known = [instrument(name) for name in instrument_ids()]
    types = {"version": pl.String, "recall": pl.String, "minimum": pl.Float64, "maximum": pl.Float64}
    return {
        name: pl.col("instrument_id").replace_strict(
            {i.id: getattr(i, name) for i in known}, default=None, return_dtype=dtype
        )
        for name, dtype in types.items()
    }


def _checked_totals(scores: pl.LazyFrame) -> pl.LazyFrame:
    """Check imported totals against the scale; add the band where the export gives none."""
    name, score, facts = pl.col("instrument_id"), pl.col("score"), _facts()
    fits = score.is_between(facts["minimum"], facts["maximum"]).fill_null(value=True)
    reason = (
        pl.when(score.is_null()).then(pl.coalesce("reason", pl.lit("not_recorded")))
        .when(~fits).then(pl.lit("out_of_range"))
    )  # fmt: skip
    return (
        scores.with_columns(reason=reason)
        .with_columns(score=pl.when(pl.col("reason").is_null()).then(score))
        .with_columns(band=pl.when(pl.col("score").is_not_null()).then(pl.coalesce("band", band_of(name, score))))
    )
