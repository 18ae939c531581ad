"""Persistence: do people start, do they keep going, and when do they stop."""

from datetime import date

import polars as pl

from ptanalytics.adherence.episodes import episodes_of, last_days
from ptanalytics.adherence.observed import Observed, observe
from ptanalytics.adherence.person_spans import EligibleDays, counted_between, prescribed_between
from ptanalytics.analysis import analysis
from ptanalytics.dates import plan_starts
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.persistence_results import Persistence, TimeToDiscontinuation
from ptanalytics.settings import Settings, default_settings


@analysis(returns=Persistence, optional=("pauses", "patients"))
def persistence(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Describe each patient in the three ABC terms: initiation, implementation while persisting, discontinuation.

    - Initiation: the first counted session; ``time_to_initiation_days`` = that day - first day of the plan. Without one,
      ``not_initiated`` once ``settings.adherence.not_initiated_after_days`` eligible days have passed, else ``pending``.
    - Discontinuation: the first gap (see `adherence_episodes`). ``persistence_days`` = last session before it - first
      session, ``is_event`` true. Without a gap the time is censored on the last day observed with a plan in force; reaching
      the plan's end is completion (``plan_ended``), not discontinuation. Later episodes are counted, not analysed.
    - Implementation: ``100 x min(counted, prescribed) / prescribed`` from the first session to ``end_date``.

    Non-initiators have no time origin, so no persistence: state them beside it, and count them in the initiation rate.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: The gap and the days after which a start is missing.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.

    Returns:
        One row per patient named in any of the four tables. Columns: `Persistence`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [3.0]})
        >>> days = ["2026-03-04", "2026-03-06", "2026-03-11"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": days, "exercise_id": "bridge", "started_at": days})
        >>> stopped = persistence(sessions=sessions, plans=plans, cutoff_date=date(2026, 4, 12))
        >>> stopped.select("status", "time_to_initiation_days", "persistence_days", "is_event").row(0)
        ('discontinued', 2, 7, True)

    References:
        Vrijens 2012, doi:10.1111/j.1365-2125.2012.04167.x, written for medication; for exercise it is an analogy.
    """
    settings = settings or default_settings()
    observed = observe(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date)
    return (
        observed.people.lazy()
        .join(plan_starts(plans), on="patient_id", how="left")
        .join(persistence_of(observed, settings).lazy(), on="person", how="left")
        .with_columns(pl.col("idle_days", "n_episodes", "counted").fill_null(0), pl.col("prescribed").fill_null(0.0))
        .with_columns(reason=_reason(observed.cutoff_day))
        .with_columns(status=pl.coalesce("status", pl.col("reason").replace(dict.fromkeys(_UNKNOWN))))
        .with_columns(is_initiated=pl.when(pl.col("status").is_not_null()).then(pl.col("first_session_date").is_not_null()))
        .select(columns_of(Persistence).keys())
    )


#: Reasons that leave the status open; the other two are a status themselves.
_UNKNOWN = ("no_plan", "no_cutoff", "not_started", "zero_prescribed")


def _reason(cutoff_day: int | None) -> pl.Expr:
    is_missing = pl.col("persistence_days").is_null()
    return (
        pl.when(~is_missing)
        .then(None)
        .when(pl.col("start_date").is_null())
        .then(pl.lit("no_plan"))
        .when(pl.lit(cutoff_day is None))
        .then(pl.lit("no_cutoff"))
        .when(pl.col("is_overdue").is_null())
        .then(pl.lit("not_started"))
        .when(pl.col("eligible_days") == 0)
        .then(pl.lit("zero_prescribed"))
        .when("is_overdue")
        .then(pl.lit("not_initiated"))
        .otherwise(pl.lit("pending"))
    )


def persistence_of(observed: Observed, settings: Settings) -> pl.DataFrame:
    """Return one row per person with a plan in force; what `persistence` adds are the people without one."""
    episodes = episodes_of(observed, settings)
    first = episodes.filter(pl.col("episode") == 1).with_row_index("span")
    span = first.select("span", "person", from_day="first", to_day="end")
    implemented = first.with_columns(counted_between(observed, span)).join(
        prescribed_between(observed, span).select("span", "prescribed"), on="span", how="left"
    )
    latest = episodes.group_by("person").agg(
        n_episodes=pl.len().cast(pl.Int32),
        idle_days=pl.col("gap_days").last(),
        gap_limit_days=pl.col("gap_limit_days").last(),
    )
    known = (
        _people_with_plan(observed, settings)
        .join(implemented.drop("gap_limit_days", "gap_days"), on="person", how="left")
        .join(latest, on="person", how="left")
    )
    prescribed = pl.col("prescribed")
    share = pl.min_horizontal(pl.col("counted") / prescribed, 1.0)
    return known.select(
        "person",
        "eligible_days",
        "is_overdue",
        "is_event",
        "gap_limit_days",
        "n_episodes",
        "counted",
        "prescribed",
        "end_date",
        status=_status(observed.cutoff_day),
        first_session_date=pl.col("from_date"),
        time_to_initiation_days=pl.col("first") - pl.col("start_day"),
        persistence_days=pl.col("duration_days"),
        idle_days=pl.coalesce("idle_days", "eligible_days"),
        implementation_pct=pl.when(prescribed > 0).then(100 * share),
    )


def _people_with_plan(observed: Observed, settings: Settings) -> pl.DataFrame:
    """Return ``person, start_day, last_day, eligible_days, is_overdue`` of everybody with a version in force."""
    people = observed.versions.group_by("person", maintain_order=True).agg(
        pl.col("start_day").first(), last_day=pl.col("to_day").max()
    )
    person, start = people["person"].to_numpy(), people["start_day"].to_numpy()
    eligible = EligibleDays(observed).between(person, start, last_days(observed, person))
    return people.with_columns(pl.Series("eligible_days", eligible, dtype=pl.Int32)).with_columns(
        is_overdue=pl.col("eligible_days") >= settings.adherence.not_initiated_after_days
    )


def _status(cutoff_day: int | None) -> pl.Expr:
    has_ended = (pl.col("last_day") < pl.lit(cutoff_day, pl.Int32)).fill_null(value=False)
    return (
        pl.when(pl.col("is_event").is_null())
        .then(None)
        .when("is_event")
        .then(pl.lit("discontinued"))
        .when(has_ended)
        .then(pl.lit("plan_ended"))
        .otherwise(pl.lit("persisting"))
    )


@analysis(returns=TimeToDiscontinuation, optional=("pauses", "patients"))
def time_to_discontinuation(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Measure the days from the first counted session to discontinuation or censoring, ready for Kaplan-Meier.

    The numbers are those of `persistence`. Rows without a duration have no time origin (``not_initiated``, ``pending``) or
    no plan: leave them out of the estimate and state their number beside it. A patient whose first session was followed
    by a gap has an event at 0 days.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.

    Returns:
        One row per patient named in any of the four tables. Columns: `TimeToDiscontinuation`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [3.0]})
        >>> sessions = pl.DataFrame({"patient_id": ["P1"], "session_id": ["a"], "exercise_id": ["bridge"],
        ...                          "started_at": ["2026-03-04"]})
        >>> times = time_to_discontinuation(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 12))
        >>> times.select("duration_days", "is_event", "reason").row(0)
        (8, False, 'end_of_data')
    """
    found = persistence.compute(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date)
    has_time = pl.col("persistence_days").is_not_null()
    ending = pl.when(pl.col("status") == "persisting").then(pl.lit("end_of_data")).otherwise("status")
    return found.select(
        "patient_id",
        "is_event",
        from_date="first_session_date",
        end_date=pl.when(has_time).then("end_date"),
        duration_days="persistence_days",
        reason=pl.when(has_time).then(ending).otherwise("reason"),
    ).select(columns_of(TimeToDiscontinuation).keys())
