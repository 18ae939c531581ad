"""Is enough recorded to show a measure of adherence, and if not, what is missing?"""

from datetime import date

import polars as pl

from ptanalytics.adherence.entries import entries_of, read_entry_inputs
from ptanalytics.adherence.intensity import intensity_of
from ptanalytics.adherence.observed import Observed
from ptanalytics.adherence.rolling import rolling_of
from ptanalytics.adherence.weekly import weeks_of
from ptanalytics.analysis import analysis
from ptanalytics.dates import DAYS_PER_WEEK
from ptanalytics.schemas.coverage_results import GATED_MEASURES, AdherenceSufficiency
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import Settings, default_settings


@analysis(returns=AdherenceSufficiency, optional=("pauses", "patients"))
def adherence_sufficiency(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Say for each patient and measure of adherence whether enough is recorded to show it.

    ===========  =====================================================================================
    measure      what must be recorded
    ===========  =====================================================================================
    adherence    1 eligible day with something prescribed
    band         ``settings.adherence.enough.band_weeks`` weeks that are not partial
    rolling      ``settings.adherence.min_eligible_days_week`` eligible days in the rolling window
    streak       1 week with 7 eligible days
    bounds       1 day whose entries say that nothing was done
    dose         ``enough.dose_entries`` entries of prescribed exercises that give an amount
    intensity    ``enough.rated_sessions`` sessions with an effort rating, under a prescribed range
    log_pattern  ``settings.adherence.trust.min_sessions`` sessions
    ===========  =====================================================================================

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Who else belongs to the cohort; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.

    Returns:
        One row per patient named in any of the four tables and measure, with what is missing in words. Columns:
        `AdherenceSufficiency`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [3.0]})
        >>> sessions = pl.DataFrame({"patient_id": ["P1"], "session_id": ["a"], "exercise_id": ["bridge"],
        ...                          "started_at": ["2026-03-02"]})
        >>> enough = adherence_sufficiency(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 8))
        >>> enough.filter(measure="band").select("is_shown", "missing").row(0)
        (False, '1 more week with at least 4 eligible days')
    """
    settings = settings or default_settings()
    inputs = read_entry_inputs(
        sessions, plans, pauses, patients,
        settings=settings, cutoff_date=cutoff_date, substitutes=None, also=("rpe",),
    )  # fmt: skip
    observed = inputs.observed(settings)
    entries = entries_of(inputs, also=("rpe",))
    has_amount = pl.col("is_eligible") & (pl.col("item") >= 0) & ~pl.col("is_assumed")
    dosed = entries.rows.lazy().filter(has_amount).group_by("person").agg(dose=pl.len())
    rated = intensity_of(entries).lazy().filter(pl.col("exercise_id").is_null()).select("person", intensity="rated")
    have = (
        observed.people.lazy()
        .join(_of_weeks(observed, settings), on="person", how="left")
        .join(_rolling(observed, settings), on="person", how="left")
        .join(_of_days(observed), on="person", how="left")
        .join(dosed, on="person", how="left")
        .join(rated, on="person", how="left")
        .select("patient_id", pl.col(GATED_MEASURES).fill_null(0).cast(pl.Int32))
        .unpivot(list(GATED_MEASURES), index="patient_id", variable_name="measure", value_name="have")
    )
    needs = _needs(settings)
    return (
        have.join(needs.lazy(), on="measure")
        .with_columns(is_shown=pl.col("have") >= pl.col("need"), more=pl.col("need") - pl.col("have"))
        .with_columns(missing=pl.when(~pl.col("is_shown")).then(_in_words()))
        .select(columns_of(AdherenceSufficiency).keys())
    )


def _of_weeks(observed: Observed, settings: Settings) -> pl.LazyFrame:
    has_some = pl.col("prescribed") > 0
    return (
        weeks_of(observed, settings)
        .lazy()
        .group_by("person")
        .agg(
            adherence=pl.col("eligible_days").filter(has_some).sum(),
            band=(has_some & ~pl.col("is_partial")).sum(),
            streak=(has_some & (pl.col("eligible_days") == DAYS_PER_WEEK)).sum(),
        )
    )


def _rolling(observed: Observed, settings: Settings) -> pl.LazyFrame:
    rows = rolling_of(observed, observed.cutoff_day, settings.tuning.rolling_days)
    return rows.lazy().filter(pl.col("prescribed") > 0).select("person", rolling="eligible_days")


def _of_days(observed: Observed) -> pl.LazyFrame:
    not_done = pl.col("is_eligible") & ~pl.col("any_done")
    return observed.days.lazy().group_by("person").agg(log_pattern=pl.col("logged").sum(), bounds=not_done.sum())


def _needs(settings: Settings) -> pl.DataFrame:
    """What each measure needs: number, and its unit for one and for several."""
    rules, enough = settings.adherence, settings.adherence.enough
    days, last = rules.min_eligible_days_week, settings.tuning.rolling_days
    whole = f"with at least {days} eligible days"
    rows = [
        ("adherence", 1, "eligible day with something prescribed", "eligible days with something prescribed"),
        ("band", enough.band_weeks, f"week {whole}", f"weeks {whole}"),
        ("rolling", days, f"eligible day in the last {last} days", f"eligible days in the last {last} days"),
        ("streak", 1, "week with 7 eligible days", "weeks with 7 eligible days"),
        ("bounds", 1, "day whose entries say that nothing was done", "days whose entries say that nothing was done"),
        ("dose", enough.dose_entries, "entry that gives an amount", "entries that give an amount"),
        ("intensity", enough.rated_sessions, "session with an effort rating", "sessions with an effort rating"),
        ("log_pattern", rules.trust.min_sessions, "session", "sessions"),
    ]
    schema = {"measure": pl.String, "need": pl.Int32, "one": pl.String, "unit": pl.String}
    return pl.DataFrame(rows, orient="row", schema=schema)


def _in_words() -> pl.Expr:
    return pl.format("{} more {}", "more", pl.when(pl.col("more") == 1).then("one").otherwise("unit"))
