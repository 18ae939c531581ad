"""Recovery bands, and how long a person has been without pain."""

from datetime import date

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.dates import days_from
from ptanalytics.outcomes.daily import daily_pain
from ptanalytics.outcomes.recent import recent_of
from ptanalytics.outcomes.scoring import score_questionnaires
from ptanalytics.schemas.course_results import RecoveryStatus
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import Settings, default_settings

PAIN_FREE_DAYS = 30
RMDQ_MAX = 2.0
NRS_MAX = 1.0
RMDQ_AGE_DAYS = 28


@analysis(returns=RecoveryStatus, optional=("responses", "scores", "patients"))
def recovery_status(
    pain_scores: pl.LazyFrame,
    responses: pl.LazyFrame,
    scores: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Say in which recovery band each patient is, and since when the log holds no pain.

    ``no_pain``: present pain (mean of the last 3 daily values, see `recent_pain`) is 0. ``recovered_like``: it is at most 1
    and the latest RMDQ-24 of the last 28 days is at most 2. Else ``not_recovered``. Recovery of an episode needs at least
    30 days without pain (``is_pain_free_month``); days without an entry lie in between and prove nothing, so
    ``n_pain_free`` counts the recorded ones.

    Args:
        pain_scores: Ratings.
        responses: Item answers, for the RMDQ-24.
        scores: Totals, for the RMDQ-24.
        patients: Days of discharge; see `recent_pain`.
        settings: ``outcomes.last_k`` and ``outcomes.last_k_max_age_days``.
        cutoff_date: The day; default each patient's last day with a rating.

    Returns:
        Columns of `RecoveryStatus`, one row per patient with a rating. Reason: ``too_few_recent_days``.

    Example:
        >>> from datetime import datetime
        >>> ratings = pl.DataFrame({"patient_id": "P1", "pain_nprs": [3.0, 0.0, 0.0, 0.0],
        ...                         "recorded_at": [datetime(2026, 4, day) for day in (1, 5, 6, 7)]})
        >>> recovery_status(ratings).select("band", "pain_free_days", "is_pain_free_month").row(0)
        ('no_pain', 3, False)

    References:
        Kamper 2010, Eur Spine J 19:1495-1501 (NRS 0 and RMDQ <= 2; the edge of 1: project default); Stanton 2009 and de Vet
        2002 (a month without pain).
    """
    settings = settings or default_settings()
    daily = daily_pain.compute(pain_scores, settings=settings).collect().lazy()
    present = recent_of(daily, patients, cutoff_date, settings).collect().lazy()
    forms = score_questionnaires.compute(responses, scores, settings=settings).filter(
        (pl.col("instrument_id") == "rmdq24") & pl.col("score").is_not_null()
    )
    age = days_from(pl.col("completed_date"), pl.col("on_date"))
    rmdq = (
        forms.join(present.select("patient_id", "on_date"), on="patient_id")
        .filter(age.is_between(0, RMDQ_AGE_DAYS - 1))
        .sort("completed_date")
        .group_by("patient_id")
        .agg(rmdq24=pl.col("score").last(), rmdq24_date=pl.col("completed_date").last())
    )
    pain = pl.col("pain_nprs")
    band = (
        pl.when(pain.is_null()).then(None)
        .when(pain <= 0).then(pl.lit("no_pain"))
        .when((pain <= NRS_MAX) & (pl.col("rmdq24") <= RMDQ_MAX)).then(pl.lit("recovered_like"))
        .otherwise(pl.lit("not_recovered"))
    )  # fmt: skip
    return (
        present.join(rmdq, on="patient_id", how="left")
        .join(_pain_free(daily, present), on="patient_id", how="left")
        .with_columns(pl.col("pain_free_days", "n_pain_free").fill_null(0), band=band)
        .with_columns(is_pain_free_month=pl.col("pain_free_days") >= PAIN_FREE_DAYS)
        .select(list(columns_of(RecoveryStatus)))
    )


def _pain_free(daily: pl.LazyFrame, present: pl.LazyFrame) -> pl.LazyFrame:
    """Return the recorded days without pain after the last day with pain."""
    dated = daily.join(present.select("patient_id", "on_date"), on="patient_id")
    known = dated.filter(pl.col("date") <= pl.col("on_date"))
    last_pain = known.filter(pl.col("pain_nprs") > 0).group_by("patient_id").agg(last_pain=pl.col("date").max())
    free = known.join(last_pain, on="patient_id", how="left").filter(
        pl.col("last_pain").is_null() | (pl.col("date") > pl.col("last_pain"))
    )
    first, last = pl.col("date").min(), pl.col("date").max()
    return free.group_by("patient_id").agg(
        pain_free_since=first,
        pain_free_days=(days_from(first, last) + 1).cast(pl.Int32),
        n_pain_free=pl.len().cast(pl.Int32),
    )
