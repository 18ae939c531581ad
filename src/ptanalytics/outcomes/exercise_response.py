"""Pain response per exercise: before, during, after and the next day."""

from datetime import date

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.dates import local_day
from ptanalytics.outcomes.daily import daily_pain
from ptanalytics.schemas.course_results import ExercisePainResponse
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import Settings, default_settings

_TOLERANCE = 1e-9


@analysis(returns=ExercisePainResponse, optional=("pain_scores",))
def exercise_pain_response(
    sessions: pl.LazyFrame,
    pain_scores: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Average pain (0-10) before, during and the day after each exercise a patient did.

    ``rise_during``, ``rise_after``, ``rise_next_day``: mean of the value minus pain before, over entries that have both. An
    entry without next-day pain takes the daily value of the next day from the pain log, where there is one
    (``n_next_day_from_log``). ``n_over_limit``: pain during above ``tuning.amber_max``; ``n_not_settled``: next-day pain at
    least ``tuning.not_settled_min_rise`` above that before. Several exercises of one session share its pain, so a rise
    cannot be given to one of them alone.

    Args:
        sessions: Logged exercises; those with a skip reason are left out.
        pain_scores: Ratings, for the next day.
        settings: Limits, daily rule.
        cutoff_date: Leave out later entries.

    Returns:
        Columns of `ExercisePainResponse`, one row per patient and exercise done. Without any pain value: reason
        ``no_pain_recorded``.

    Example:
        >>> from datetime import datetime
        >>> log = pl.DataFrame({"patient_id": "P1", "session_id": ["S1", "S2"], "exercise_id": "bridge",
        ...                     "started_at": [datetime(2026, 3, 2, 9), datetime(2026, 3, 4, 9)],
        ...                     "pain_before_nprs": [3.0, 4.0], "pain_during_nprs": [5.0, 6.0],
        ...                     "pain_next_day_nprs": [3.0, None]})
        >>> exercise_pain_response(log).select("n_done", "rise_during", "rise_next_day", "n_next_day").row(0)
        (2, 2.0, 0.0, 1)

    References:
        Silbernagel 2007, doi:10.1177/0363546506298279 (pain-monitoring model).
    """
    settings = settings or default_settings()
    daily = daily_pain.compute(pain_scores, settings=settings).select("patient_id", "date", logged="pain_nprs")
    done = sessions.filter(pl.col("skip_reason").is_null()).with_columns(
        date=local_day(pl.col("started_at"), settings.time.day_start_hour)
    )
    if cutoff_date is not None:
        done = done.filter(pl.col("date") <= cutoff_date)
        daily = daily.filter(pl.col("date") <= cutoff_date)
    before, during, after = pl.col("pain_before_nprs"), pl.col("pain_during_nprs"), pl.col("pain_after_nprs")
    rows = (
        done.with_columns(tomorrow=pl.col("date").dt.offset_by("1d"))
        .join(daily, left_on=["patient_id", "tomorrow"], right_on=["patient_id", "date"], how="left")
        .with_columns(
            next_day=pl.coalesce("pain_next_day_nprs", "logged"),
            is_from_log=pl.col("pain_next_day_nprs").is_null() & pl.col("logged").is_not_null(),
        )
    )
    next_day, tuning = pl.col("next_day"), settings.tuning
    is_over = during > tuning.amber_max + _TOLERANCE
    is_unsettled = next_day - before >= tuning.not_settled_min_rise - _TOLERANCE
    has_none = pl.sum_horizontal("n_before", "n_during", "n_after", "n_next_day") == 0
    return (
        rows.group_by("patient_id", "exercise_id")
        .agg(
            n_done=pl.len().cast(pl.Int32),
            from_date=pl.col("date").min(),
            to_date=pl.col("date").max(),
            n_before=before.count().cast(pl.Int32),
            n_during=during.count().cast(pl.Int32),
            n_after=after.count().cast(pl.Int32),
            n_next_day=next_day.count().cast(pl.Int32),
            n_next_day_from_log=pl.col("is_from_log").sum().cast(pl.Int32),
            mean_before=before.mean(),
            mean_during=during.mean(),
            mean_next_day=next_day.mean(),
            rise_during=(during - before).mean(),
            rise_after=(after - before).mean(),
            rise_next_day=(next_day - before).mean(),
            n_over_limit=is_over.sum().cast(pl.Int32),
            n_not_settled=is_unsettled.sum().cast(pl.Int32),
        )
        .with_columns(reason=pl.when(has_none).then(pl.lit("no_pain_recorded")))
        .select(list(columns_of(ExercisePainResponse)))
    )
