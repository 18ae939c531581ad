"""Scores from item answers: one generic scorer, told by the instruments' own files what to do."""

import polars as pl

from ptanalytics.errors import SettingsError
from ptanalytics.instruments.bands import all_bands
from ptanalytics.instruments.catalogue import form_ids, instrument, instrument_ids
from ptanalytics.instruments.items import scale_facts, scale_type
from ptanalytics.instruments.risk_class import startback_class
from ptanalytics.instruments.tally import (
    FORM,
    alerts,
    numbered,
    own_items,
    tally,
)
from ptanalytics.settings import ScoringSettings

PolarsType = type[pl.DataType] | pl.DataType

#: What `score_forms` returns.
FORM_SCORES: dict[str, PolarsType] = {
    "patient_id": pl.String,
    "response_id": pl.String,
    "completed_at": pl.Datetime("us"),
    "form_id": pl.String,
    "instrument_id": pl.String,
    "score": pl.Float64,
    "standard_error": pl.Float64,
    "raw_score": pl.Float64,
    "n_answered": pl.Int32,
    "is_prorated": pl.Boolean,
    "band": pl.String,
    "profile": pl.String,
    "flags": pl.String,
    "reason": pl.String,
}

_EMPTY_PROFILE = 99_999
_FEW_ITEMS = "few_items"


def score_forms(responses: pl.DataFrame, settings: ScoringSettings) -> pl.DataFrame:
    """Score every completed form of every instrument; a form may give several scales (FABQ: physical activity and work).

    An answer out of range or off the scale's steps is an error of that scale (no score), never clipped. Items left blank
    follow the instrument's missing rule; a blank is never counted as 0 except on a form of boxes to tick.

    Args:
        responses: Rows of `responses`, any instruments, in any order.
        settings: Limits, modes and conversion tables the clinic may choose.

    Returns:
        One row per form and scale, columns `FORM_SCORES`. Reasons, the first that holds: ``unknown_instrument``,
        ``no_item_scoring``, ``unknown_item``, ``mixed_instruments`` (an item of another instrument on the form),
        ``out_of_range``, ``several_answers``, ``blank``, ``too_many_missing``, ``no_score_table`` (PROMIS),
        ``profile_only`` (EQ-5D-5L). Flags: ``prorated``, ``straight_line`` (one answer throughout, items reversed or not),
        ``few_items``, ``derived`` (from a longer form), ``at_best_score``, ``at_worst_score``, ``alert_<item>``.

    Raises:
        SettingsError: A limit of missing items or a conversion table is given for no scale.
    """
    _check(settings)
    facts = scale_facts(settings)
    is_open = pl.col("instrument_id").is_in(facts.filter("is_open")["form_id"].to_list())
    open_rows = responses.filter(is_open)
    forms, counted = _counted(responses if open_rows.is_empty() else responses.filter(~is_open), facts)
    scored = [_finished(_judged(counted), settings), _open_forms(open_rows, facts), _unknown(forms)]
    return pl.concat([part.select(list(FORM_SCORES)) for part in scored])


def _counted(responses: pl.DataFrame, facts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the forms, and one row per form and scale with what was counted; the arrays of single answers end here."""
    answers = numbered(responses)
    own, faults = own_items(answers)
    counts = [pl.Series(name, values) for name, values in tally(own)._asdict().items()]
    counted = (
        answers.forms.join(facts, left_on="instrument_id", right_on="form_id", maintain_order="left_right")
        .with_columns(counts)
        .with_columns(pl.col("n_answered").cast(pl.Int32))
        .join(faults, on="form", how="left")
        .join(alerts(answers), on="form", how="left")
    )
    return answers.forms, counted


def _check(settings: ScoringSettings) -> None:
    known = instrument_ids()
    wrong = [name for name in (*settings.max_missing, *settings.score_tables) if name not in known]
    wrong += [n for n, limit in settings.max_missing.items() if n in known and not 0 <= limit < len(instrument(n).items)]
    if wrong:
        message = (
            f"scoring.max_missing or scoring.score_tables is wrong for: {', '.join(wrong)}. Each is named after a scale, "
            "and a limit is at least 0 and below its number of items."
        )
        raise SettingsError(message)


def _judged(rows: pl.DataFrame) -> pl.DataFrame:
    """Add reason, score and what the score was made from."""
    n, answered, total = pl.col("n_items"), pl.col("n_answered"), pl.col("total")
    reason = (
        pl.when(~pl.col("is_scored")).then(pl.lit("no_item_scoring"))
        .when(pl.col("is_unknown").fill_null(value=False)).then(pl.lit("unknown_item"))
        .when(pl.col("is_mixed").fill_null(value=False)).then(pl.lit("mixed_instruments"))
        .when("is_outside").then(pl.lit("out_of_range"))
        .when(pl.col("is_several") & ~pl.col("is_highest_taken")).then(pl.lit("several_answers"))
        .when(answered == 0).then(pl.lit("blank"))
        .when(answered < pl.col("needed")).then(pl.lit("too_many_missing"))
    )  # fmt: skip
    # With every item answered the factor is exactly 1, so whole scores stay whole.
    prorated = pl.when("is_checkbox").then(total).otherwise(total * n / answered)
    percent = 100 * total / (pl.col("item_maximum") * answered)
    value = pl.when(pl.col("rule") == "percent_of_maximum").then(percent).otherwise(prorated)
    is_table = pl.col("rule") == "t_score"
    return (
        rows.with_columns(fault=reason, value=value)
        .with_columns(
            raw_score=pl.when(is_table & pl.col("fault").is_null()).then((pl.col("value") + 0.5).floor()),
            is_complete=answered == n,
            profile=pl.when((pl.col("rule") == "profile") & pl.col("fault").is_null()).then(
                (_EMPTY_PROFILE + total).cast(pl.Int64).cast(pl.String)
            ),
        )
        .with_columns(
            reason=pl.coalesce(
                "fault",
                pl.when(~pl.col("has_table")).then(pl.lit("no_score_table")),
                pl.when(pl.col("rule") == "profile").then(pl.lit("profile_only")),
            )
        )
    )


def _finished(rows: pl.DataFrame, settings: ScoringSettings) -> pl.DataFrame:
    """Convert raw sums to T scores, add bands and flags, and name the columns."""
    table = _score_table(settings)
    is_usable = pl.col("reason").is_null()
    score = pl.when(is_usable).then(pl.when(pl.col("rule") == "t_score").then("t").otherwise("value"))
    is_prorated = (~pl.col("is_checkbox") & ~pl.col("is_complete")).fill_null(value=False)
    scored = (
        rows.join(table, on=["scale", "raw_score"], how="left")
        .with_columns(score=score, standard_error=pl.when(is_usable).then("se"))
        .with_columns(
            is_prorated=pl.when(pl.col("score").is_not_null()).then(is_prorated),
            # Boxes left unticked cannot be told from boxes not looked at.
            n_answered=pl.when(pl.col("is_complete") | ~pl.col("is_checkbox")).then("n_answered"),
            is_straight=pl.col("is_straight") & pl.col("has_reversed") & pl.col("is_complete"),
            n_unanswered=pl.col("n_items") - pl.col("n_answered"),
        )
    )
    classes = _startback(scored)
    return scored.join(classes, on=["form", "scale"], how="left").select(
        "patient_id",
        "response_id",
        "completed_at",
        "score",
        "standard_error",
        "raw_score",
        "n_answered",
        "is_prorated",
        "profile",
        "reason",
        form_id="instrument_id",
        instrument_id=pl.col("scale").cast(pl.String),
        band=pl.coalesce("class", band_of(pl.col("scale"), pl.col("score"))),
        flags=_flags(),
    )


def _flags() -> pl.Expr:
    has_score = pl.col("score").is_not_null()
    marks = {
        "alert": pl.when(~pl.col("is_derived")).then("alert"),
        "at_best_score": (pl.col("score") == pl.col("best")) & pl.col("is_outcome"),
        "at_worst_score": (pl.col("score") == pl.col("worst")) & pl.col("is_outcome"),
        "derived": pl.col("is_derived") & has_score,
        "prorated": pl.col("is_prorated"),
        "straight_line": pl.col("is_straight"),
    }
    words = [mark if name == "alert" else pl.when(mark).then(pl.lit(name)) for name, mark in marks.items()]
    joined = pl.concat_str(words, separator=",", ignore_nulls=True)
    return pl.when(joined != "").then(joined)


def _score_table(settings: ScoringSettings) -> pl.DataFrame:
    rows = [
        (scale, float(raw), t, error) for scale, table in settings.score_tables.items() for raw, (t, error) in table.items()
    ]
    schema: dict[str, PolarsType] = {"scale": scale_type(), "raw_score": pl.Float64, "t": pl.Float64, "se": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _startback(scored: pl.DataFrame) -> pl.DataFrame:
    """Return the STarT Back class per form, also where items are missing and every completion gives the same class."""
    is_fit = pl.col("reason").is_null() | (pl.col("reason") == "too_many_missing")
    usable = scored.filter(pl.col("scale").is_in(["startback", "startback_distress"]) & is_fit)
    total = usable.filter(pl.col("scale") == "startback").select("form", "scale", "total", "n_unanswered")
    distress = usable.filter(pl.col("scale") == "startback_distress").select(
        "form", distress="total", distress_unanswered="n_unanswered"
    )
    # With all distress items blank there is no distress row that is fit; then nothing bounds it.
    unbounded = pl.col("distress_unanswered").fill_null(5)
    risk = startback_class(pl.col("total"), pl.col("n_unanswered"), pl.col("distress").fill_null(0), unbounded)
    return total.join(distress, on="form", how="left").select("form", "scale", risk.alias("class"))


def band_of(scale: pl.Expr, score: pl.Expr) -> pl.Expr:
    """Return the band of an unrounded score of any scale as an expression; missing without score or bands."""
    chosen = pl.lit(None, dtype=pl.String)
    for band in reversed(all_bands()):
        below = score <= band.upper if band.includes_upper else score < band.upper
        chosen = pl.when((scale == band.instrument) & below).then(pl.lit(band.band)).otherwise(chosen)
    return chosen


def _open_forms(rows: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """Score forms whose items the patient named: the mean of all that are answered."""
    known = facts.filter("is_open").select(
        pl.col("scale").cast(pl.String).alias("instrument_id"), "few_items", "best", "worst"
    )
    scales = [instrument(name) for name in known["instrument_id"]]
    limits = pl.DataFrame(
        [(s.id, s.scoring.item_minimum, s.scoring.item_maximum, s.scoring.item_step) for s in scales if s.scoring],
        schema={"instrument_id": pl.String, "low": pl.Float64, "high": pl.Float64, "step": pl.Float64},
        orient="row",
    )
    answer = pl.col("answer")
    steps = (answer - pl.col("low")) / pl.col("step")
    is_outside = ~answer.is_between(pl.col("low"), pl.col("high")) | ((steps - steps.round()).abs() > 1e-9)
    per_item = rows.join(limits, on="instrument_id", how="left").group_by(*FORM, "item_id").agg(
        answer.max(), is_outside=is_outside.fill_null(value=False).any(), is_several=answer.drop_nulls().n_unique() > 1
    )  # fmt: skip
    forms = per_item.group_by(FORM).agg(
        answer.mean().alias("value"), n_answered=answer.count().cast(pl.Int32), is_outside=pl.col("is_outside").any(),
        is_several=pl.col("is_several").any(),
    )  # fmt: skip
    reason = (
        pl.when("is_outside").then(pl.lit("out_of_range"))
        .when("is_several").then(pl.lit("several_answers"))
        .when(pl.col("n_answered") == 0).then(pl.lit("blank"))
    )  # fmt: skip
    is_few = (pl.col("n_answered") < pl.col("few_items")) & pl.col("reason").is_null()
    marks = [
        pl.when(pl.col("score") == pl.col("best")).then(pl.lit("at_best_score")),
        pl.when(pl.col("score") == pl.col("worst")).then(pl.lit("at_worst_score")),
        pl.when(is_few).then(pl.lit(_FEW_ITEMS)),
    ]
    joined = pl.concat_str(marks, separator=",", ignore_nulls=True)
    return (
        forms.join(known, on="instrument_id", how="left")
        .with_columns(reason=reason)
        .with_columns(score=pl.when(pl.col("reason").is_null()).then("value"))
        .with_columns(flags=pl.when(joined != "").then(joined))
        .select(
            *FORM[:3], "score", "n_answered", "flags", "reason", form_id="instrument_id", instrument_id="instrument_id",
            is_prorated=pl.when(pl.col("score").is_not_null()).then(pl.lit(value=False)),
            **{name: pl.lit(None, dtype=FORM_SCORES[name]) for name in ("standard_error", "raw_score", "band", "profile")},
        )
    )  # fmt: skip


def _unknown(forms: pl.DataFrame) -> pl.DataFrame:
    rows = forms.filter(~pl.col("instrument_id").is_in(list(form_ids())))
    filled = {"form_id", "instrument_id", "patient_id", "response_id", "completed_at", "reason"}
    return rows.select(
        *FORM,
        form_id="instrument_id",
        reason=pl.lit("unknown_instrument"),
        **{name: pl.lit(None, dtype=dtype) for name, dtype in FORM_SCORES.items() if name not in filled},
    )
