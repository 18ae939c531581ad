"""Adherence before, improvement after: an association by fourths, with its fixed caveat."""

from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from ptanalytics.errors import InvalidTableError, MissingColumnsError
from ptanalytics.schemas.frames import as_lazy
from ptanalytics.schemas.statistics_results import AdherenceOutcome
from ptanalytics.statistics.ancova import contrast_row, least_squares
from ptanalytics.statistics.fitting import complete_changes, is_full_rank, number, result_table, with_covariates

ASSOCIATION_CAVEAT = (
    "This describes an association in self-selected logs; it does not show that doing more exercises caused the change."
)
_MIN_PATIENTS = 20


def adherence_outcome_association(
    changes: Any,
    weekly: Any,
    *,
    measure: str | None = None,
    target_week: int | None = None,
    weeks: tuple[int, int] = (1, 6),
    covariates: Any = None,
    level: float = 0.95,
) -> Any:
    """Show the improvement of patients in fourths of their earlier adherence, adjusted for baseline.

    Adherence is ``100 x counted / prescribed`` (a week at most 100 %) over the weeks given, which must end before the
    outcome, so that the outcome cannot have shaped it. Adjusted means are those of an analysis of covariance at the mean
    baseline and covariates; the rank correlation (Spearman) has Bonett and Wright's interval. There is no coefficient per
    10 %: it would be read as a promise. Reverse causes (improved patients stop), healthy adherers and time-varying
    confounding remain.

    Args:
        changes: Result of `changes`.
        weekly: Result of `weekly_adherence`.
        measure: Which measure, where there are several.
        target_week: Which week, where there are several.
        weeks: First and last week of adherence.
        covariates: Optional frame ``patient_id`` and baseline covariates.
        level: Confidence level.

    Returns:
        Columns of `AdherenceOutcome`, a row per fourth. Missing with a reason: ``too_few_patients`` (below 20, or a fourth
        below 3), ``singular`` (the adjustment variables repeat each other).

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: The weeks of adherence do not end before the outcome, or see `ancova`.

    Example:
        >>> n = 24
        >>> ids = [f"P{i:02}" for i in range(n)]
        >>> change = pl.DataFrame({"patient_id": ids, "measure": "odi", "target_week": 12, "n_followup": 1,
        ...     "baseline": [30.0 + i % 5 for i in range(n)], "followup": [25.0 + i % 5 - i / 4 for i in range(n)],
        ...     "improvement": [5 + i / 4 for i in range(n)]})
        >>> weekly = pl.DataFrame({"patient_id": ids, "week": 1, "prescribed": 24.0, "counted": list(range(n))})
        >>> found = adherence_outcome_association(change, weekly, weeks=(1, 1))
        >>> found["n"].to_list(), round(found["spearman"][0], 3), found["caveat"][0][:31]
        ([6, 6, 6, 6], 1.0, 'This describes an association i')

    References:
        Bonett & Wright 2000, doi:10.1007/BF02294183.
    """
    rows = complete_changes(changes, measure, target_week)
    last = rows["target_week"].max()
    if weeks[0] < 1 or weeks[1] < weeks[0] or (last is not None and weeks[1] >= last):  # type: ignore[operator]
        raise InvalidTableError(
            "The weeks of adherence must be 1 or later, in order, and end before the week of the outcome; otherwise the "
            "outcome may have shaped the adherence. Give earlier weeks=, or a later target_week=."
        )
    rows = rows.drop_nulls(["baseline", "improvement"]).join(_adherence(weekly, weeks), on="patient_id")
    rows, added = with_covariates(rows.sort("patient_id"), covariates)
    rows = rows.drop_nulls(added) if added else rows
    n = rows.height
    shared: dict[str, Any] = {
        "n_total": n,
        "adjusted_for": ", ".join(["baseline", *(covariate.partition(":")[0] for covariate in added)]),
        "caveat": ASSOCIATION_CAVEAT,
    }
    if n < _MIN_PATIENTS:
        few = [shared | {"quartile": i, "n": 0, "reason": "too_few_patients"} for i in (1, 2, 3, 4)]
        return result_table(few, AdherenceOutcome, changes)
    fourth = _fourths(rows["adherence_pct"].to_numpy())
    shared |= _rank_correlation(rows["adherence_pct"].to_numpy(), rows["improvement"].to_numpy(), level)
    fitted = _adjusted(rows, added, fourth)
    found = []
    for i in (1, 2, 3, 4):
        part = rows.filter(pl.Series(fourth == i))
        row = shared | {"quartile": i, "n": part.height}
        if part.height:
            row |= {
                "adherence_from_pct": part["adherence_pct"].min(),
                "adherence_to_pct": part["adherence_pct"].max(),
                "mean_improvement": part["improvement"].mean(),
            }
        if part.height < 3:
            row["reason"] = "too_few_patients"
        elif fitted is None:
            row["reason"] = "singular"
        else:
            places = sorted(set(fourth.tolist()))
            weights = np.zeros(len(fitted[0]))
            weights[places.index(i)] = 1
            contrast = contrast_row(fitted, weights, level, is_tested=False)
            row |= {"adjusted_improvement": contrast["estimate"], "lower": contrast["lower"], "upper": contrast["upper"]}
        found.append(row)
    return result_table(found, AdherenceOutcome, changes)


def _adherence(weekly: Any, weeks: tuple[int, int]) -> pl.DataFrame:
    lazy = as_lazy(weekly)
    have = lazy.collect_schema().names()
    missing = [name for name in ("patient_id", "week", "prescribed", "counted") if name not in have]
    if missing:
        raise MissingColumnsError(missing, found=have, source="The table 'weekly_adherence'")
    rows = lazy.select(
        pl.col("patient_id").cast(pl.String), "week", pl.col("prescribed", "counted").cast(pl.Float64).fill_nan(None)
    )
    inside = rows.filter(pl.col("week").is_between(*weeks) & (pl.col("prescribed") > 0))
    done = pl.min_horizontal("counted", "prescribed")
    share = 100 * done.sum() / pl.col("prescribed").sum()
    return inside.group_by("patient_id").agg(adherence_pct=share).collect()


def _fourths(values: Any) -> Any:
    """Number the fourths from 1; equal values are in the same one."""
    limits = np.quantile(values, [0.25, 0.5, 0.75])
    return 1 + np.searchsorted(limits, values, side="left")


def _rank_correlation(x: Any, y: Any, level: float) -> dict[str, Any]:
    if x.min() == x.max() or y.min() == y.max():
        return {}
    rho = float(stats.spearmanr(x, y).statistic)
    if abs(rho) >= 1 - 1e-12:  # the transformation has no limits there
        return {"spearman": rho}
    reach = float(stats.norm.ppf((1 + level) / 2)) * ((1 + rho**2 / 2) / (len(x) - 3)) ** 0.5
    centre = np.arctanh(rho)
    return {
        "spearman": rho,
        "spearman_lower": number(np.tanh(centre - reach)),
        "spearman_upper": number(np.tanh(centre + reach)),
    }


def _adjusted(rows: pl.DataFrame, added: list[str], fourth: Any) -> Any:
    member = np.column_stack([(fourth == i).astype(float) for i in sorted(set(fourth.tolist()))])
    others = np.column_stack([rows[name].to_numpy() for name in ("baseline", *added)])
    others = others[:, np.ptp(others, axis=0) > 0]  # what is the same in everybody needs no adjustment
    design = np.column_stack([member, others - others.mean(axis=0)])
    if rows.height <= design.shape[1] or not is_full_rank(design):
        return None
    return least_squares(rows["improvement"].to_numpy(), design)
