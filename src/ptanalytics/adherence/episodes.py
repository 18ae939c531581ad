"""Stretches of exercising that gaps separate, and the time until the first gap."""

from datetime import date

import numpy as np
import polars as pl

from ptanalytics.adherence.observed import Observed, observe
from ptanalytics.adherence.person_spans import EligibleDays
from ptanalytics.analysis import analysis
from ptanalytics.dates import day_from_number
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.persistence_results import AdherenceEpisodes
from ptanalytics.settings import AdherenceSettings, Settings, default_settings

_TOLERANCE = 1e-9


@analysis(returns=AdherenceEpisodes, optional=("pauses", "patients"))
def adherence_episodes(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Find the stretches in which a patient kept exercising: an episode ends where a gap follows.

    A gap is ``G`` or more eligible days without a counted session, ``G = max(14, ceil(21 / f))`` with ``f`` the sessions a
    week of the plan version in force at the last session. Excused days and days on which nothing is prescribed are not
    part of a gap. An episode runs from its first counted session to the last one before the gap (``is_event``), or is
    censored on the last day observed with a plan in force. The first session after a gap starts the next episode. Any
    eligible day with a session that counts keeps an episode going, whatever ``settings.adherence.makeup`` says.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: ``adherence.discontinuation_gap_min_days`` (14) and ``discontinuation_gap_sessions`` (21).
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.

    Returns:
        One row per patient and episode; none for a patient without a counted session. Columns: `AdherenceEpisodes`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [3.0]})
        >>> days = ["2026-03-02", "2026-03-04", "2026-03-20"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": days, "exercise_id": "bridge", "started_at": days})
        >>> episodes = adherence_episodes(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 22))
        >>> episodes.select("episode", "duration_days", "is_event", "gap_days").rows()
        [(1, 2, True, 15), (2, 2, False, 2)]

    References:
        Vrijens 2012, doi:10.1111/j.1365-2125.2012.04167.x (persistence); the gap is a project default.
    """
    settings = settings or default_settings()
    observed = observe(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date)
    return observed.named(episodes_of(observed, settings)).lazy().select(columns_of(AdherenceEpisodes).keys())


def episodes_of(observed: Observed, settings: Settings) -> pl.DataFrame:
    """Return the episodes of what was observed, with ``person`` for the patient, in order."""
    days = observed.days.filter(pl.col("countable") > 0)
    person, day, version = (days[name].to_numpy() for name in ("person", "day", "version"))
    is_last = np.append(person[1:] != person[:-1], True)[: len(person)]
    until = np.where(is_last, last_days(observed, person), np.append(day[1:], 0)[: len(day)] - 1)
    gap = EligibleDays(observed).between(person, day + 1, until)
    limit = gap_limit_days(observed.versions, settings.adherence)[version]
    is_gap = gap >= limit
    starts = np.append(True, is_last[:-1] | is_gap[:-1])[: len(person)]
    rows = pl.DataFrame(
        {
            "person": person,
            "number": np.cumsum(starts),
            "day": day,
            "until": until.astype(np.int32),
            "countable": days["countable"],
            "gap_days": gap,
            "gap_limit_days": limit.astype(np.int32),
            "is_gap": is_gap,
        }
    )
    return (
        rows.lazy()
        .group_by("person", "number", maintain_order=True)
        .agg(
            first=pl.col("day").first(),
            last=pl.col("day").last(),
            until=pl.col("until").last(),
            gap_days=pl.col("gap_days").last(),
            gap_limit_days=pl.col("gap_limit_days").last(),
            is_event=pl.col("is_gap").last(),
            active_days=pl.len().cast(pl.Int32),
            counted=pl.col("countable").sum().cast(pl.Int32),
        )
        .with_columns(end=pl.when("is_event").then("last").otherwise("until"))
        .with_columns(
            episode=(pl.col("number") - pl.col("number").min().over("person") + 1).cast(pl.Int32),
            duration_days=pl.col("end") - pl.col("first"),
            from_date=day_from_number(pl.col("first")),
            last_session_date=day_from_number(pl.col("last")),
            end_date=day_from_number(pl.col("end")),
        )
        .drop("number", "until")
        .collect()
    )


def gap_limit_days(versions: pl.DataFrame, rules: AdherenceSettings) -> np.ndarray:
    """Return for each plan version the days without a session that are a gap; 0 if it prescribes nothing."""
    per_week = versions["weekly_total"].to_numpy()
    with np.errstate(divide="ignore"):
        needed = np.ceil(rules.discontinuation_gap_sessions / per_week - _TOLERANCE)
    limits = np.where(per_week > _TOLERANCE, np.maximum(rules.discontinuation_gap_min_days, needed), 0)
    return limits.astype(np.int32)


def last_days(observed: Observed, person: np.ndarray) -> np.ndarray:
    """Return for each person number the last day with a plan in force; -1 where none ever was."""
    found = np.full(observed.people.height + 1, -1, np.int32)
    ends = observed.versions.group_by("person").agg(pl.col("to_day").max())
    found[ends["person"].to_numpy()] = ends["to_day"].to_numpy()
    days: np.ndarray = found[person]
    return days
