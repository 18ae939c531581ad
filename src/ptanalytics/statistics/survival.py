"""Time to event: Kaplan-Meier with Greenwood and log-log limits, medians, numbers at risk and the log-rank test.

Every function takes a frame with ``duration_days``, ``is_event`` and, if wanted, ``group``, such as
`time_to_discontinuation` and `time_to_mic` return. Rows without a duration are not at risk: they are left out and counted.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from ptanalytics.errors import InvalidTableError, MissingColumnsError
from ptanalytics.schemas.frames import as_lazy
from ptanalytics.schemas.statistics_results import LogRankTest, NumbersAtRisk, SurvivalCurve, SurvivalSummary
from ptanalytics.statistics.fitting import number, result_table

_AT_HALF = 0.5 + 1e-12  # 0.5 in products of fractions is a hair off


def survival_curve(times: Any, *, level: float = 0.95) -> Any:
    """Estimate the share without the event over time, per group.

    Kaplan-Meier ``S(t) = product of (1 - d/n)``; at equal times events come before censorings. Variance by Greenwood,
    limits on the log(-log) scale, so that they stay between 0 and 1. Before the first event and where S is 0 there are no
    limits: nothing varies yet, or any more.

    Args:
        times: Frame with ``duration_days``, ``is_event`` and, if wanted, ``group`` and ``patient_id``, which comes once
            in a group.
        level: Confidence level.

    Returns:
        Columns of `SurvivalCurve`, a row at day 0 and at every time with an event or a censoring.

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: A duration is negative, a row with a duration does not say whether it is an event, or a patient
            comes twice.

    Example:
        >>> times = pl.DataFrame({"duration_days": [14, 21, 21, 28, 35, 42, 42, 56],
        ...                       "is_event": [True, True, False, True, False, True, True, False]})
        >>> survival_curve(times).filter(pl.col("n_events") > 0).select("time_days", pl.col("survival").round(3)).rows()
        [(14.0, 0.875), (21.0, 0.75), (28.0, 0.6), (42.0, 0.2)]

    References:
        Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452; Kalbfleisch & Prentice 2002 (log-log limits).
    """
    rows = at_risk(times)
    return result_table([row for g, part in _groups(rows) for row in _curve(part, g, level)], SurvivalCurve, times)


def survival_summary(times: Any, *, level: float = 0.95) -> Any:
    """Say how many were at risk, had the event or were left out, and the median time, per group.

    The median is the smallest time with ``S(t) <= 0.5``; where S is exactly 0.5 over a stretch, R takes its middle. Its
    limits are the times at which the log-log limits of S cross 0.5 (Brookmeyer & Crowley).

    Args:
        times: Frame with ``duration_days``, ``is_event`` and, if wanted, ``group``.
        level: Confidence level.

    Returns:
        Columns of `SurvivalSummary`. Median and limits that are not reached are missing, with the reason ``not_reached``
        for the median.

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: See `survival_curve`.

    Example:
        >>> times = pl.DataFrame({"duration_days": [14, 28, 35, None], "is_event": [True, False, False, None]})
        >>> survival_summary(times).select("n", "n_excluded", "median_days", "reason").row(0)
        (3, 1, None, 'not_reached')

    References:
        Brookmeyer & Crowley 1982, doi:10.2307/2530286.
    """
    everybody = _checked(times)
    rows = []
    for group, part in _groups(everybody):
        known = part.filter(pl.col("duration_days").is_not_null())
        curve = _curve(known, group, level)
        median = _first_at_half(curve, "survival")
        n_events = int(known["is_event"].sum() or 0)
        rows.append(
            {
                "group": group,
                "n": known.height,
                "n_excluded": part.height - known.height,
                "n_events": n_events,
                "n_censored": known.height - n_events,
                "median_days": median,
                "lower_days": _first_at_half(curve, "lower"),
                "upper_days": _first_at_half(curve, "upper"),
                "reason": "no_patients" if known.is_empty() else "not_reached" if median is None else None,
            }
        )
    return result_table(rows, SurvivalSummary, times)


def numbers_at_risk(times: Any, *, at_days: Sequence[float] | None = None) -> Any:
    """Count who is at risk at chosen times, for the table under a Kaplan-Meier plot.

    At risk at ``t`` is whoever has a duration of at least ``t``; events count up to and with ``t``, censorings before.

    Args:
        times: Frame with ``duration_days``, ``is_event`` and, if wanted, ``group``.
        at_days: Times; default: 0 and about five even steps of whole weeks up to the longest duration.

    Returns:
        Columns of `NumbersAtRisk`.

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: See `survival_curve`; or a chosen time is negative.

    Example:
        >>> times = pl.DataFrame({"duration_days": [14, 28, 35], "is_event": [True, False, False]})
        >>> numbers_at_risk(times, at_days=[0, 14, 28]).select("time_days", "n_at_risk", "n_events").rows()
        [(0.0, 3, 0), (14.0, 3, 1), (28.0, 2, 1)]
    """
    rows = at_risk(times)
    chosen = sorted(set(map(float, _even_weeks(rows) if at_days is None else at_days)))
    if chosen and chosen[0] < 0:
        raise InvalidTableError("numbers_at_risk needs times of 0 days or more.")
    found = []
    for group, part in _groups(rows):
        duration, event = part["duration_days"].to_numpy(), part["is_event"].to_numpy().astype(bool)
        found += [
            {
                "group": group,
                "time_days": day,
                "n_at_risk": int((duration >= day).sum()),
                "n_events": int((event & (duration <= day)).sum()),
                "n_censored": int((~event & (duration < day)).sum()),
            }
            for day in chosen
        ]
    return result_table(found, NumbersAtRisk, times)


def log_rank_test(times: Any) -> Any:
    """Test whether groups share one curve of time to event.

    Log-rank (Mantel-Haenszel): events observed minus expected per group, with hypergeometric variance at tied times.
    It compares self-selected groups: a difference is not the effect of belonging to one.

    Args:
        times: Frame with ``duration_days``, ``is_event`` and ``group``; rows without a group are left out.

    Returns:
        Columns of `LogRankTest`. No test with a reason: ``one_group``, ``no_events``, ``too_few_at_risk``.

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: See `survival_curve`.

    Example:
        >>> times = pl.DataFrame({"duration_days": [5, 8, 12, 4, 6, 7], "is_event": [True] * 6, "group": list("aaabbb")})
        >>> log_rank_test(times).select("observed", pl.col("expected").round(4), pl.col("p_value").round(4)).rows()
        [(3, 4.2667, 0.1966), (3, 1.7333, 0.1966)]

    References:
        Mantel 1966; Peto & Peto 1972, doi:10.2307/2344317.
    """
    rows = at_risk(times, needs_group=True).drop_nulls("group")
    names = rows["group"].unique().sort().to_list()
    duration, event = rows["duration_days"].to_numpy(), rows["is_event"].to_numpy().astype(bool)
    member = np.array([(rows["group"] == name).to_list() for name in names], dtype=float).reshape(len(names), rows.height)
    observed, expected, variance = _observed_expected(duration, event, member)
    chi2, reason = None, None
    if len(names) < 2:
        reason = "one_group"
    elif not event.any():
        reason = "no_events"
    elif np.linalg.matrix_rank(variance) < len(names) - 1:
        reason = "too_few_at_risk"
    else:
        gap = (observed - expected)[:-1]
        chi2 = float(gap @ np.linalg.solve(variance[:-1, :-1], gap))
    p_value = None if chi2 is None else number(stats.chi2.sf(chi2, len(names) - 1))
    found = [
        {
            "group": name,
            "n": int(member[i].sum()),
            "observed": int(observed[i]),
            "expected": float(expected[i]),
            "chi2": chi2,
            "df": len(names) - 1,
            "p_value": p_value,
            "reason": reason,
        }
        for i, name in enumerate(names)
    ]
    return result_table(found, LogRankTest, times)


def at_risk(times: Any, *, needs_group: bool = False) -> pl.DataFrame:
    """Return the rows with a duration, checked and typed."""
    return _checked(times, needs_group=needs_group).filter(pl.col("duration_days").is_not_null())


def _checked(times: Any, *, needs_group: bool = False) -> pl.DataFrame:
    lazy = as_lazy(times)
    have = lazy.collect_schema().names()
    wanted = ["duration_days", "is_event", *(["group"] if needs_group else [])]
    missing = [name for name in wanted if name not in have]
    if missing:
        raise MissingColumnsError(missing, found=have, source="The table of times to an event")
    group = pl.col("group").cast(pl.String) if "group" in have else pl.lit(None, dtype=pl.String).alias("group")
    who = pl.col("patient_id") if "patient_id" in have else pl.lit(None).alias("patient_id")
    rows = lazy.select(
        pl.col("duration_days").cast(pl.Float64).fill_nan(None), pl.col("is_event").cast(pl.Boolean), group, who
    ).collect()
    _refuse_repeated(rows, within=[] if needs_group else ["group"])
    known = rows.filter(pl.col("duration_days").is_not_null())
    faults = {
        "a duration below 0": known.filter(pl.col("duration_days") < 0).height,
        "a duration that is not finite": known.filter(pl.col("duration_days").is_infinite()).height,
        "a duration but no is_event": known["is_event"].null_count(),
    }
    broken = [f"{what} ({count} rows)" for what, count in faults.items() if count]
    if broken:
        raise InvalidTableError(f"The table of times to an event holds {'; '.join(broken)}. Correct these rows first.")
    return rows.drop("patient_id")


def _refuse_repeated(rows: pl.DataFrame, *, within: list[str]) -> None:
    """Refuse times of one person twice: the estimates take rows for independent, and counts would be of rows.

    Raises:
        InvalidTableError: A patient comes more than once; groups that are compared share no patient either.
    """
    times_each = rows.filter(pl.col("patient_id").is_not_null()).group_by("patient_id", *within).len()
    n_repeated = times_each.filter(pl.col("len") > 1).height
    if n_repeated:
        place = "in one group" if within else "in the groups that are compared"
        message = (
            f"In the table of times to an event {n_repeated} patients come more than once {place}, so they would count "
            "more than once. Keep one row for each, for instance of one measure: times[times['measure'] == 'nprs']."
        )
        raise InvalidTableError(message)


def _groups(rows: pl.DataFrame) -> list[tuple[str | None, pl.DataFrame]]:
    names = rows["group"].unique().sort(nulls_last=True).to_list() or [None]
    return [(name, rows.filter(pl.col("group").eq_missing(pl.lit(name, dtype=pl.String)))) for name in names]


def _curve(rows: pl.DataFrame, group: str | None, level: float) -> list[dict[str, Any]]:
    """Return the steps of one group; the row at day 0 stands for the start."""
    z = float(stats.norm.ppf((1 + level) / 2))
    duration, event = rows["duration_days"].to_numpy(), rows["is_event"].to_numpy().astype(bool)
    days, at = np.unique(np.concatenate([[0.0], duration]), return_inverse=True)
    events = np.bincount(at[1:], weights=event, minlength=len(days)).astype(float)
    censored = np.bincount(at[1:], weights=~event, minlength=len(days)).astype(float)
    leaving = events + censored
    n_at_risk = len(duration) - np.concatenate([[0.0], np.cumsum(leaving)[:-1]])
    survival = np.cumprod(1 - np.divide(events, n_at_risk, out=np.zeros_like(events), where=n_at_risk > 0))
    room = n_at_risk * (n_at_risk - events)
    greenwood = np.cumsum(np.divide(events, room, out=np.zeros_like(events), where=room > 0))
    steps = []
    for i, day in enumerate(days):
        s = float(survival[i])
        step: dict[str, Any] = {
            "group": group,
            "time_days": float(day),
            "n_at_risk": int(n_at_risk[i]),
            "n_events": int(events[i]),
            "n_censored": int(censored[i]),
            "survival": s,
            "event_pct": 100 * (1 - s),
        }
        if 0 < s < 1:
            spread = z * float(greenwood[i]) ** 0.5 / abs(float(np.log(s)))
            step |= {
                "se": s * float(greenwood[i]) ** 0.5,
                "lower": s ** float(np.exp(spread)),
                "upper": s ** float(np.exp(-spread)),
            }
        steps.append(step)
    return steps


def _first_at_half(curve: list[dict[str, Any]], column: str) -> float | None:
    reached = (row["time_days"] for row in curve if row.get(column) is not None and row[column] <= _AT_HALF)
    return next(reached, None)


def _even_weeks(rows: pl.DataFrame) -> list[float]:
    longest = float(rows["duration_days"].max() or 0)  # type: ignore[arg-type]
    step = max(7.0, 7 * float(np.ceil(longest / 5 / 7)))
    return [float(day) for day in np.arange(0, longest + 1e-9, step)]


def _observed_expected(duration: Any, event: Any, member: Any) -> tuple[Any, Any, Any]:
    """Return events observed and expected per group with their covariance, summed over the times with an event."""
    k = len(member)
    observed, expected, variance = np.zeros(k), np.zeros(k), np.zeros((k, k))
    for day in np.unique(duration[event]):
        is_at_risk, is_now = duration >= day, event & (duration == day)
        n, d = float(is_at_risk.sum()), float(is_now.sum())
        share = member[:, is_at_risk].sum(axis=1) / n
        observed += member[:, is_now].sum(axis=1)
        expected += d * share
        if n > 1:
            variance += d * (n - d) / (n - 1) * (np.diag(share) - np.outer(share, share))
    return observed, expected, variance
