"""The Patient-Specific Functional Scale compares only activities rated at both times."""

import polars as pl

from ptanalytics.dates import local_day
from ptanalytics.settings import Settings

PSFS = "psfs"

_ROW = ("patient_id", "measure", "target_week")


def on_common_activities(rows: pl.LazyFrame, responses: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Replace baseline and follow-up of the PSFS by the means of the activities rated on both days.

    An activity is known by its item id, not its place. A day of which only a total is known keeps that total. Without a
    common activity there is no follow-up value.

    Args:
        rows: Rows with ``patient_id, measure, target_week, baseline, baseline_date, followup, followup_date``.
        responses: Item answers.
        settings: Start of the day.

    Returns:
        The rows with ``is_without_common``.

    References:
        Abbott and Schmitt 2014, doi:10.2519/jospt.2014.5248.
    """
    day = local_day(pl.col("completed_at"), settings.time.day_start_hour)
    rated = (
        responses.filter((pl.col("instrument_id") == PSFS) & pl.col("answer").is_not_null())
        .with_columns(date=day)
        # Of several forms on a day the latest is used, as for scores.
        .filter(pl.struct("completed_at", "response_id").rank("dense").over("patient_id", "date")
                == pl.struct("completed_at", "response_id").rank("dense").max().over("patient_id", "date"))
        .select("patient_id", "date", "item_id", "answer")
    )  # fmt: skip
    asked = rows.filter((pl.col("measure") == PSFS) & pl.col("followup").is_not_null()).select(
        *_ROW, "baseline_date", "followup_date"
    )
    before = asked.join(rated, left_on=["patient_id", "baseline_date"], right_on=["patient_id", "date"])
    after = asked.join(rated, left_on=["patient_id", "followup_date"], right_on=["patient_id", "date"])
    both = (
        before.select(*_ROW, "item_id", first="answer")
        .join(after.select(*_ROW, "item_id", second="answer"), on=[*_ROW, "item_id"], how="full", coalesce=True)
        .group_by(_ROW)
        .agg(
            has_items=pl.col("first").is_not_null().any() & pl.col("second").is_not_null().any(),
            common_before=pl.col("first").filter(pl.col("second").is_not_null()).mean(),
            common_after=pl.col("second").filter(pl.col("first").is_not_null()).mean(),
        )
        .filter("has_items")
    )
    is_known = pl.col("has_items").fill_null(value=False)
    is_without = is_known & pl.col("common_after").is_null()
    return (
        rows.join(both, on=_ROW, how="left")
        .with_columns(
            baseline=pl.when(is_known & ~is_without).then("common_before").otherwise("baseline"),
            followup=pl.when(is_known).then("common_after").otherwise("followup"),
            is_without_common=is_without,
        )
        .drop("has_items", "common_before", "common_after")
    )
