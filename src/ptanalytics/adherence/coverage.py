"""Logging coverage: how much of the plan's time has an entry, where entries come from, and how the log was kept."""

from datetime import date

import polars as pl

from ptanalytics.adherence.log_patterns import log_patterns
from ptanalytics.adherence.observed import Observed, read_inputs
from ptanalytics.adherence.person_spans import EligibleDays
from ptanalytics.adherence.weekly import weeks_of
from ptanalytics.analysis import analysis
from ptanalytics.dates import DAYS_PER_WEEK, day_from_number
from ptanalytics.schemas.coverage_results import LoggingCoverage
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.tables import SESSION_SOURCES
from ptanalytics.settings import Settings, TrustSettings, default_settings

_RATINGS = ("pain_before_nprs", "pain_during_nprs", "pain_after_nprs", "rpe")
_COUNTS = ("eligible_days", "days_with_entry", "weeks", "weeks_with_entry", "sessions", "not_done_days", "n_sources")


@analysis(returns=LoggingCoverage, optional=("pauses", "patients"))
def logging_coverage(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Measure how much of the plan's time has any session entry, and name patterns that ask how the log was kept.

    ``coverage_pct = 100 x eligible days with an entry / eligible days``. A plan of 3 sessions a week leaves 4 days without
    anything to log, so ``weeks_with_entry`` of ``weeks`` stands beside it. The longest silence is counted in eligible days:
    holds do not prolong it. ``main_source`` is where most entries come from; self-report overestimates.

    ``signs`` names patterns (thresholds in ``settings.adherence.trust``; fewer sessions than ``min_sessions`` show none):

    - ``no_clock``: many sessions start at midnight sharp, so only the day was recorded, perhaps afterwards;
    - ``same_clock``: nearly all sessions start at one and the same minute of the day;
    - ``same_ratings``: nearly all rated entries have one and the same pain and effort;
    - ``too_perfect``: every whole week has exactly what was prescribed, no session less or more.

    A sign is a reason to ask how entries are made, not a finding about the patient: reminders and default values leave
    the same traces. Exports say when a session took place, not when it was entered, so filling in afterwards cannot be
    seen directly.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days and who else belongs to the cohort; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.

    Returns:
        One row per patient named in any of the four tables. Columns: `LoggingCoverage`. Without an eligible day there is no
        coverage: ``no_plan``, ``not_started`` or ``zero_prescribed``.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_day": [1]})
        >>> days = ["2026-03-02", "2026-03-03", "2026-03-06"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": days, "exercise_id": "bridge", "started_at": days})
        >>> coverage = logging_coverage(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 11))
        >>> coverage.select("coverage_pct", "days_since_last_entry", "longest_silence_days").row(0)
        (30.0, 5, 5)

    References:
        Bailey 2020, doi:10.1136/bjsports-2019-100982 [self-report logs are the most common source].
    """
    settings = settings or default_settings()
    clock = (pl.col("started_at").dt.hour().cast(pl.Int16) * 60 + pl.col("started_at").dt.minute()).alias("clock_min")
    is_midnight = (pl.col("started_at").dt.time() == pl.time(0, 0)).alias("is_midnight")
    source = pl.col("source").cast(pl.Enum(SESSION_SOURCES), strict=False)
    inputs = read_inputs(
        sessions.with_columns(clock, is_midnight, source), plans, pauses, patients,
        settings=settings, cutoff_date=cutoff_date, also=("clock_min", "is_midnight", "source", *_RATINGS),
    )  # fmt: skip
    observed = inputs.observed(settings)
    weeks = weeks_of(observed, settings)
    rows = (
        observed.people.lazy()
        .join(inputs.plans.lazy().select("person", has_plan=True).unique(), on="person", how="left")
        .join(_of_weeks(weeks).lazy(), on="person", how="left")
        .join(_of_days(observed).lazy(), on="person", how="left")
        .join(_silence(observed).lazy(), on="person", how="left")
        .join(log_patterns(inputs, ratings=_RATINGS), on="person", how="left")
        .with_columns(pl.col(_COUNTS).fill_null(0))
        .with_columns(coverage_pct=_percent("days_with_entry", "eligible_days"), reason=_reason())
        .with_columns(signs=_signs(settings.adherence.trust))
        .sort("person")
        .collect()
    )
    return rows.lazy().select(columns_of(LoggingCoverage).keys())


def _of_weeks(weeks: pl.DataFrame) -> pl.DataFrame:
    has_some = pl.col("prescribed") > 0
    is_whole = has_some & (pl.col("eligible_days") == DAYS_PER_WEEK)
    is_exact = (pl.col("counted") == pl.col("prescribed")) & (pl.col("logged") == pl.col("counted"))
    return (
        weeks.group_by("person")
        .agg(
            pl.col("eligible_days", "days_with_entry").sum(),
            weeks=has_some.sum().cast(pl.Int32),
            weeks_with_entry=(has_some & (pl.col("days_with_entry") > 0)).sum().cast(pl.Int32),
            whole_weeks=is_whole.sum().cast(pl.Int32),
            exact_weeks=(is_whole & is_exact).sum().cast(pl.Int32),
        )
        .with_columns(exact_weeks_pct=_percent("exact_weeks", "whole_weeks"))
    )


def _of_days(observed: Observed) -> pl.DataFrame:
    last_day = 0 if observed.cutoff_day is None else observed.cutoff_day
    return observed.days.group_by("person").agg(
        sessions=pl.col("logged").sum().cast(pl.Int32),
        not_done_days=(~pl.col("any_done")).sum().cast(pl.Int32),
        first_entry_date=day_from_number(pl.col("day").min()),
        last_entry_date=day_from_number(pl.col("day").max()),
        days_since_last_entry=(last_day - pl.col("day").max()).cast(pl.Int32),
    )


def _silence(observed: Observed) -> pl.DataFrame:
    """The longest run of eligible days without an entry: between entries, before the first and after the last."""
    spans = observed.versions.filter(pl.col("weekly_total") > 0).sort("person", "from_day")
    if spans.is_empty():
        return pl.DataFrame(schema={"person": observed.people.schema["person"], "longest_silence_days": pl.Int32})
    ends = spans.group_by("person").agg(pl.col("from_day").min(), pl.col("to_day").max())
    # Entries outside the plan's time end no silence; a border before the first day and one after the last close it.
    entries = observed.days.filter("is_eligible").select("person", "day")
    borders = pl.concat(
        [
            entries,
            ends.select("person", day=pl.col("from_day") - 1),
            ends.select("person", day=pl.col("to_day") + 1),
        ],
        how="vertical_relaxed",
    ).unique()
    next_day = pl.col("day").shift(-1).over("person")
    rows = borders.sort("person", "day").with_columns(next_day=next_day).drop_nulls("next_day")
    person, first, last = (rows[name].to_numpy() for name in ("person", "day", "next_day"))
    silent = pl.Series("silent", EligibleDays(observed).between(person, first + 1, last - 1), dtype=pl.Int32)
    return rows.with_columns(silent).group_by("person").agg(longest_silence_days=pl.col("silent").max())


def _percent(numerator: str, denominator: str) -> pl.Expr:
    return pl.when(pl.col(denominator) > 0).then(100 * pl.col(numerator) / pl.col(denominator))


def _reason() -> pl.Expr:
    return (
        pl.when(pl.col("has_plan").is_null())
        .then(pl.lit("no_plan"))
        .when(pl.col("whole_weeks").is_null())
        .then(pl.lit("not_started"))
        .when(pl.col("eligible_days") == 0)
        .then(pl.lit("zero_prescribed"))
    )


def _signs(trust: TrustSettings) -> pl.Expr:
    """Names of the patterns found, joined; missing without any."""
    is_enough = pl.col("sessions") >= trust.min_sessions
    found = {
        "no_clock": is_enough & (pl.col("clockless_pct") >= 100 * trust.clockless_share),
        "same_clock": is_enough
        & (pl.col("same_clock_pct") >= 100 * trust.same_clock_share)
        & (pl.col("clockless_pct") < 100 * trust.clockless_share),
        "same_ratings": (pl.col("rated_entries") >= trust.min_sessions)
        & (pl.col("same_rating_pct") >= 100 * trust.same_rating_share),
        "too_perfect": (pl.col("exact_weeks") >= trust.perfect_weeks) & (pl.col("exact_weeks") == pl.col("whole_weeks")),
    }
    names = [pl.when(is_found).then(pl.lit(name)) for name, is_found in found.items()]
    words = pl.concat_str(names, separator=", ", ignore_nulls=True)
    return pl.when(words != "").then(words)
