"""Tiny analyses in a module of their own, so that other processes can import them."""

import os
from datetime import date

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.schemas import RESULTS
from ptanalytics.settings import Settings


@analysis(returns=RESULTS["daily_pain"], optional=("pauses",))
def highest_pain_before(
    sessions: pl.LazyFrame,
    pauses: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Highest pain before exercise of each patient without a pause, on the cut-off day."""
    assert settings is not None
    return (
        sessions.join(pauses.select("patient_id").unique(), on="patient_id", how="anti")
        .group_by("patient_id")
        .agg(pain_nprs=pl.col("pain_before_nprs").max(), n_readings=pl.len().cast(pl.Int32))
        .select(
            "patient_id",
            date=pl.lit(cutoff_date, dtype=pl.Date),
            pain_nprs="pain_nprs",
            n_readings="n_readings",
            recall=pl.lit(settings.outcomes.recall),
            is_flare=pl.lit(value=False),
        )
    )


def process_of_bucket(sessions: pl.LazyFrame) -> pl.LazyFrame:
    """The process that ran a bucket, and how many patients the bucket has."""
    return sessions.select(process=pl.lit(os.getpid()), n_patients=pl.col("patient_id").n_unique())


def failing(sessions: pl.LazyFrame) -> pl.LazyFrame:
    """An analysis with a mistake."""
    return sessions.select("no_such_column")
