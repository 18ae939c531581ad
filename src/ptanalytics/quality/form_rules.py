"""Rules about questionnaires: answers, whole forms, and scores."""

import polars as pl

from ptanalytics.instruments.catalogue import Instrument, instrument, instrument_ids
from ptanalytics.quality.subjects import Context, Judgement, Subject, judge_keys, judge_person, with_person
from ptanalytics.settings import ScoringSettings

_FORM = ("patient_id", "response_id", "instrument_id")


def _scored() -> list[Instrument]:
    return [known for known in map(instrument, instrument_ids()) if known.scoring is not None]


def _facts(scoring: ScoringSettings) -> pl.LazyFrame:
    """Return one row per questionnaire that is scored from items: its range, number of items and how many it needs."""
    rows = [
        {
            "instrument_id": known.id,
            "item_minimum": known.scoring.item_minimum,
            "item_maximum": known.scoring.item_maximum,
            "n_items": len(known.items),
            # On a form of boxes to tick a blank means no: nothing can be missing.
            "n_needed": None if known.scoring.is_checkbox(scoring) else known.scoring.needed(len(known.items), scoring),
        }
        for known in _scored()
        if known.scoring is not None
    ]
    schema = {
        "instrument_id": pl.String,
        "item_minimum": pl.Float64,
        "item_maximum": pl.Float64,
        "n_items": pl.Int64,
        "n_needed": pl.Int64,
    }
    return pl.LazyFrame(rows, schema=schema)


def _items() -> pl.LazyFrame:
    pairs = [(known.id, item) for known in _scored() for item in known.items]
    return pl.LazyFrame(
        {"instrument_id": [i for i, _ in pairs], "item_id": [item for _, item in pairs], "is_item": [True] * len(pairs)},
        schema={"instrument_id": pl.String, "item_id": pl.String, "is_item": pl.Boolean},
    )


def answer_rows(context: Context) -> tuple[pl.LazyFrame, dict[str, Judgement]]:
    """Return answers, and the rules about single answers."""
    rows = (
        context.frames["responses"]
        .join(_facts(context.scoring), on="instrument_id", how="left", maintain_order="left")
        .join(_items(), on=["instrument_id", "item_id"], how="left", maintain_order="left")
    )
    rows = with_person(rows, context, pl.col("completed_at").dt.date())
    is_scored = pl.col("n_items").is_not_null()
    answer = pl.col("answer")
    judgements = {
        **judge_keys("responses"),
        **judge_person("responses", context),
        "responses_unknown_instrument": Judgement(pl.lit(value=True), ~pl.col("instrument_id").is_in(instrument_ids())),
        "responses_unknown_item": Judgement(is_scored, pl.col("is_item").is_null()),
        "responses_out_of_range": Judgement(
            is_scored & answer.is_not_null(), ~answer.is_between(pl.col("item_minimum"), pl.col("item_maximum"))
        ),
    }
    return rows, judgements


def forms(context: Context) -> tuple[pl.LazyFrame, dict[str, Judgement]]:
    """Return one row per completed form, and the rules about whole forms."""
    answer, limits = pl.col("answer"), context.limits
    found = (
        context.frames["responses"]
        .group_by(_FORM)
        .agg(
            completed_at=pl.col("completed_at").max(),
            n_answered=pl.col("item_id").filter(answer.is_not_null()).n_unique(),
            n_values=answer.drop_nulls().n_unique(),
            one_answer=answer.drop_nulls().first(),
        )
        .join(_facts(context.scoring), on="instrument_id", how="left")
        .sort("patient_id", "instrument_id", "completed_at", "response_id")
        .with_columns(date=pl.col("completed_at").dt.date())
    )
    rows = with_person(found, context, pl.col("date")).with_columns(
        is_repeated=~pl.struct("patient_id", "instrument_id", "date").is_first_distinct()
    )
    is_middle = (pl.col("one_answer") > pl.col("item_minimum")) & (pl.col("one_answer") < pl.col("item_maximum"))
    judgements = {
        "forms_too_many_missing": Judgement(pl.col("n_needed").is_not_null(), pl.col("n_answered") < pl.col("n_needed")),
        "forms_repeated": Judgement(pl.lit(value=True), pl.col("is_repeated")),
        "forms_same_answer": Judgement(
            (pl.col("n_answered") >= limits["forms_same_answer"]) & pl.col("item_minimum").is_not_null(),
            (pl.col("n_values") == 1) & is_middle,
        ),
    }
    return rows, judgements


def score_rows(context: Context) -> tuple[pl.LazyFrame, dict[str, Judgement]]:
    """Return scores that were imported, and the rules about them."""
    known = [instrument(name) for name in instrument_ids()]
    ranges = pl.LazyFrame(
        {
            "instrument_id": [i.id for i in known],
            "lowest": [i.minimum for i in known],
            "highest": [i.maximum for i in known],
        },
        schema={"instrument_id": pl.String, "lowest": pl.Float64, "highest": pl.Float64},
    )
    rows = context.frames["scores"].join(ranges, on="instrument_id", how="left", maintain_order="left")
    rows = with_person(rows, context, pl.col("completed_date"))
    judgements = {
        **judge_keys("scores"),
        **judge_person("scores", context),
        "scores_out_of_range": Judgement(
            pl.col("score").is_not_null() & pl.col("lowest").is_not_null(),
            ~pl.col("score").is_between(pl.col("lowest"), pl.col("highest")),
        ),
    }
    return rows, judgements


SUBJECTS = (
    Subject("responses", ("patient_id", "response_id", "instrument_id", "item_id", "completed_at"), answer_rows),
    Subject("responses", ("patient_id", "response_id", "instrument_id", "date"), forms),
    Subject("scores", ("patient_id", "completed_date", "instrument_id"), score_rows),
)
