"""Share of eligible days with a session: the plain analogue of the proportion of days covered (PDC)."""

from datetime import date

import polars as pl

from ptanalytics.adherence.episodes import last_days
from ptanalytics.adherence.observed import observe
from ptanalytics.adherence.person_spans import EligibleDays
from ptanalytics.adherence.prescribed import SLOTS
from ptanalytics.analysis import analysis
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.persistence_results import SessionDayCoverage
from ptanalytics.settings import Settings, default_settings


@analysis(returns=SessionDayCoverage, optional=("pauses", "patients"))
def session_day_coverage(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Measure on what share of the eligible days a patient did a session that counts (PDC without carry-over).

    ``covered_pct = 100 x eligible days with a counted session / eligible days``. A sensitivity output: only under a plan
    with a session every day (``is_daily_plan``) can it reach 100. For other plans the analogue with a resolution of a
    week is the weekly capped adherence. Two sessions on one day cover one day.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.

    Returns:
        One row per patient with a plan in force. Missing (``zero_prescribed``) without an eligible day.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_day": [1]})
        >>> days = ["2026-03-02", "2026-03-04"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": days, "exercise_id": "bridge", "started_at": days})
        >>> coverage = session_day_coverage(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 5))
        >>> coverage.select("covered_days", "eligible_days", "covered_pct", "is_daily_plan").row(0)
        (2, 4, 50.0, True)
    """
    settings = settings or default_settings()
    observed = observe(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date)
    people = observed.versions.group_by("person", maintain_order=True).agg(
        pl.col("start_day").first(), is_daily_plan=pl.min_horizontal(pl.col(name).min() for name in SLOTS) >= 1
    )
    person = people["person"].to_numpy()
    eligible = EligibleDays(observed).between(person, people["start_day"].to_numpy(), last_days(observed, person))
    covered = observed.days.group_by("person").agg(covered_days=(pl.col("countable") > 0).sum().cast(pl.Int32))
    days = pl.col("eligible_days")
    shares = (
        people.with_columns(pl.Series("eligible_days", eligible, dtype=pl.Int32))
        .join(covered, on="person", how="left")
        .with_columns(pl.col("covered_days").fill_null(0))
        .with_columns(
            covered_pct=pl.when(days > 0).then(100 * pl.col("covered_days") / days),
            reason=pl.when(days == 0).then(pl.lit("zero_prescribed")),
        )
    )
    return observed.named(shares).lazy().select(columns_of(SessionDayCoverage).keys())
