"""Flares: days the person marked, and the numeric proxy FLARE-1 on daily pain."""

from datetime import date

import numpy as np
import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.dates import day_number, days_from, local_day
from ptanalytics.outcomes.baseline import baselines_of
from ptanalytics.outcomes.daily import daily_pain
from ptanalytics.outcomes.elevation import elevated_days
from ptanalytics.outcomes.observed import DAILY, observe
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.results import Flares, FlareStatus
from ptanalytics.settings import FlareSettings, Settings, default_settings

RECENT_DAYS = 14


@analysis(returns=Flares, optional=("plans", "patients", "sessions"))
def flares(
    pain_scores: pl.LazyFrame,
    plans: pl.LazyFrame,
    patients: pl.LazyFrame,
    sessions: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Find flares in daily pain by the rule FLARE-1.

    A day is elevated when its value is at least 2 above the usual level and at least 4. The usual level is the median of
    the values of the 14 days before that were not elevated (at least 3 of them), else the last such median, else the
    baseline, else the day cannot be judged. A run is elevated days with at most one unrecorded day between neighbours and
    no recorded day in between that is not elevated. A run of 2 days or more is a flare; a run with a day the person marked
    is a flare of any length, and a marked day belongs to a run whatever its value, because what the person calls a flare is
    the flare. Runs of more than 28 days are ``sustained_worsening``. Days are never interpolated.

    Args:
        pain_scores: Ratings.
        plans: Plans, for the baseline; see `baselines`.
        patients: Enrolment days, for the baseline.
        sessions: Sessions, for the baseline.
        settings: Numbers of FLARE-1.
        cutoff_date: Leave out later ratings.

    Returns:
        Columns of `Flares`, one row per flare. ``kind``: ``flare`` (marked by the person), ``flare_proxy`` (numbers only),
        ``sustained_worsening``. ``reference_nprs`` is missing for a marked flare without usual level.

    Example:
        >>> from datetime import datetime
        >>> values = [3.0, 3, 4, 3, 3, 3, 4, 3, 6, 6, 5, 3, 3]
        >>> ratings = pl.DataFrame({"patient_id": "P1", "pain_nprs": values,
        ...                         "recorded_at": [datetime(2026, 4, 1 + i) for i in range(13)]})
        >>> flares(ratings).select("start_date", "end_date", "n_days", "peak_nprs", "kind").rows()
        [(datetime.date(2026, 4, 9), datetime.date(2026, 4, 11), 3, 6.0, 'flare_proxy')]

    References:
        Costa 2019, J Pain 20:1267-1275 (a flare-up has no numeric threshold; the numbers are a proxy); Suri
        2011, doi:10.1186/1471-2474-12-220 (size of change in flare periods).
    """
    settings = settings or default_settings()
    judged = all_judged(pain_scores, plans, patients, sessions, settings, cutoff_date)
    return flares_among(judged, settings.outcomes.flare)


@analysis(returns=FlareStatus, optional=("plans", "patients", "sessions"))
def flare_status(
    pain_scores: pl.LazyFrame,
    plans: pl.LazyFrame,
    patients: pl.LazyFrame,
    sessions: pl.LazyFrame,
    *,
    on_date: date | None = None,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Say whether a flare is running on a day, and whether there was one in the 14 days up to it.

    Active: the last recorded day is elevated, its run is a flare (or sustained worsening), and it is at most 2 days before.
    Ratings after the day are not looked at, so the answer is what was known then.

    Args:
        pain_scores: Ratings.
        plans: Plans, for the baseline; see `baselines`.
        patients: Enrolment days, for the baseline.
        sessions: Sessions, for the baseline.
        on_date: The day; default ``cutoff_date``, else each patient's last recorded day.
        settings: Numbers of FLARE-1.
        cutoff_date: The study's last day.

    Returns:
        Columns of `FlareStatus`, one row per patient with a rating up to that day.

    Example:
        >>> from datetime import datetime
        >>> ratings = pl.DataFrame({"patient_id": "P1", "pain_nprs": [3.0, 3, 3, 6, 6],
        ...                         "recorded_at": [datetime(2026, 4, 1 + i) for i in range(5)]})
        >>> flare_status(ratings, on_date=date(2026, 4, 7)).select("is_active", "start_date").rows()
        [(True, datetime.date(2026, 4, 4))]
    """
    settings = settings or default_settings()
    rules, asked = settings.outcomes.flare, on_date or cutoff_date
    judged = all_judged(pain_scores, plans, patients, sessions, settings, asked).collect().lazy()
    found = flares_among(judged, rules)
    last = found.sort("start_date").group_by("patient_id").agg(pl.col("start_date", "end_date", "kind").last())
    day = pl.lit(asked, dtype=pl.Date) if asked is not None else pl.col("last_entry_date")
    since = days_from(pl.col("end_date"), pl.col("on_date"))
    is_active = (pl.col("end_date") == pl.col("last_entry_date")) & (since <= rules.active_days)
    return (
        judged.group_by("patient_id")
        .agg(last_entry_date=pl.col("date").max())
        .join(last, on="patient_id", how="left")
        .with_columns(on_date=day)
        .with_columns(
            is_active=is_active.fill_null(value=False), is_within_14_days=(since < RECENT_DAYS).fill_null(value=False)
        )
        .select(list(columns_of(FlareStatus)))
    )


def until(pain_scores: pl.LazyFrame, last: date, settings: Settings) -> pl.LazyFrame:
    """Leave out ratings after a day."""
    return pain_scores.filter(local_day(pl.col("recorded_at"), settings.time.day_start_hour) <= last)


def all_judged(  # noqa: PLR0917 - the tables it reads are its parameters
    pain_scores: pl.LazyFrame,
    plans: pl.LazyFrame,
    patients: pl.LazyFrame,
    sessions: pl.LazyFrame,
    settings: Settings,
    last_date: date | None,
) -> pl.LazyFrame:
    """Return daily pain up to a day, judged by `judged_days`."""
    if last_date is not None:
        pain_scores = until(pain_scores, last_date, settings)
    daily = daily_pain.compute(pain_scores, settings=settings)
    usual = usual_level(pain_scores, plans, patients, sessions, settings)
    return judged_days(daily, usual, settings.outcomes.flare)


def usual_level(
    pain_scores: pl.LazyFrame, plans: pl.LazyFrame, patients: pl.LazyFrame, sessions: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Return each patient's daily-log baseline, which stands in until there is a reference."""
    observed = observe(pain_scores, plans, patients, sessions, settings=settings)
    return baselines_of(observed, [DAILY], settings).select("patient_id", "baseline")


def judged_days(daily: pl.LazyFrame, usual: pl.LazyFrame, rules: FlareSettings) -> pl.LazyFrame:
    """Add to daily pain what each day is compared with (``reference_nprs``) and whether it ``is_elevated``.

    A day without a reference cannot be judged.
    """
    rows = daily.join(usual, on="patient_id", how="left", maintain_order="left")
    schema = rows.collect_schema() | {"is_elevated": pl.Boolean, "reference_nprs": pl.Float64}
    return rows.map_batches(lambda frame: _with_elevation(frame, rules), schema=schema)


def flares_among(judged: pl.LazyFrame, rules: FlareSettings) -> pl.LazyFrame:
    """Return the runs of elevated days that are flares; see `flares`."""
    is_joined = (
        (pl.col("patient_id") == pl.col("patient_id").shift())
        & pl.col("is_elevated").shift()
        & (days_from(pl.col("date").shift(), pl.col("date")) <= rules.max_gap_days + 1)
    )  # fmt: skip
    duration = (days_from(pl.col("start_date"), pl.col("end_date")) + 1).cast(pl.Int32)
    return (
        judged.with_columns(is_first=pl.col("is_elevated") & ~is_joined.fill_null(value=False))
        .with_columns(run=pl.col("is_first").cum_sum())
        .filter("is_elevated")
        .group_by("patient_id", "run")
        .agg(
            start_date=pl.col("date").min(),
            end_date=pl.col("date").max(),
            n_days=pl.len().cast(pl.Int32),
            peak_nprs=pl.col("pain_nprs").max(),
            reference_nprs=pl.col("reference_nprs").sort_by("date").first(),
            is_marked=pl.col("is_flare").any(),
        )
        .filter((pl.col("n_days") >= rules.min_days) | pl.col("is_marked"))
        .with_columns(duration_days=duration)
        .with_columns(kind=_kind(rules))
        .select(list(columns_of(Flares)))
    )


def _kind(rules: FlareSettings) -> pl.Expr:
    return (
        pl.when(pl.col("duration_days") > rules.max_days).then(pl.lit("sustained_worsening"))
        .when("is_marked").then(pl.lit("flare"))
        .otherwise(pl.lit("flare_proxy"))
    )  # fmt: skip


def _with_elevation(rows: pl.DataFrame, rules: FlareSettings) -> pl.DataFrame:
    same = pl.col("patient_id") == pl.col("patient_id").shift()
    is_after = (pl.col("patient_id") > pl.col("patient_id").shift()) | (same & (pl.col("date") > pl.col("date").shift()))
    if not rows.select(is_after.fill_null(value=True).all()).item():
        rows = rows.sort("patient_id", "date")
    person = rows["patient_id"].rle_id().to_numpy().astype(np.int64)
    first = rows["patient_id"].is_first_distinct()
    elevated, reference = elevated_days(
        person,
        rows.select(day_number(pl.col("date"))).to_series().to_numpy().astype(np.int64),
        rows["pain_nprs"].to_numpy(),
        is_marked=rows["is_flare"].to_numpy().astype(bool),
        fallback=rows.filter(first)["baseline"].fill_null(float("nan")).to_numpy(),
        rules=rules,
    )
    return rows.with_columns(
        is_elevated=pl.Series(elevated, dtype=pl.Boolean),
        reference_nprs=pl.Series(reference, dtype=pl.Float64).fill_nan(None),
    )
