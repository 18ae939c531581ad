"""Analysis of covariance: follow-up by group, adjusted for baseline."""

from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from ptanalytics.schemas.statistics_results import ModelTerms
from ptanalytics.statistics.fitting import (
    complete_changes,
    indicators,
    is_full_rank,
    number,
    result_table,
    with_covariates,
    with_groups,
)

MODEL = "ancova"


def ancova(
    changes: Any,
    groups: Any,
    *,
    measure: str | None = None,
    target_week: int | None = None,
    covariates: Any = None,
    level: float = 0.95,
) -> Any:
    """Compare groups at follow-up with baseline held equal.

    ``followup = b0 + b1 baseline + groups [+ covariates] + error`` by ordinary least squares, patients with baseline and
    follow-up. ``mean`` rows: the group's follow-up at the mean baseline (and covariates). ``difference`` rows: second minus
    first group named, in points of the score; what is better depends on the scale. Groups that were not drawn by lot differ
    in more than their treatment, and the MIC is a yardstick for persons, not for these differences.

    Args:
        changes: Result of `changes`.
        groups: Frame ``patient_id, group``.
        measure: Which measure, where there are several.
        target_week: Which week, where there are several.
        covariates: Optional frame ``patient_id`` and baseline covariates.
        level: Confidence level.

    Returns:
        Columns of `ModelTerms`, with ``df`` of the t distribution. Missing with a reason: ``one_group``,
        ``too_few_patients`` (fewer than 2 in a group, or no degrees of freedom), ``no_variation``, ``singular_predictors``.

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: A patient in two groups, or several measures or weeks and none chosen.

    Example:
        >>> change = pl.DataFrame({
        ...     "patient_id": list("abcdef"), "measure": "odi", "target_week": 12, "n_followup": 1,
        ...     "baseline": [40.0, 30, 50, 42, 32, 49], "followup": [30.0, 22, 41, 38, 30, 45]})
        >>> arms = pl.DataFrame({"patient_id": list("abcdef"), "group": ["a", "a", "a", "b", "b", "b"]})
        >>> ancova(change, arms).filter(kind="difference").select("term", pl.col("estimate").round(2)).row(0)
        ('b - a', 5.75)

    References:
        Vickers & Altman 2001, doi:10.1136/bmj.323.7321.1123.
    """
    chosen = with_groups(complete_changes(changes, measure, target_week), groups)
    rows = chosen.drop_nulls(["baseline", "followup", "group"])
    rows, added = with_covariates(rows, covariates)
    n_before = rows.height
    rows = rows.drop_nulls(added) if added else rows
    names = rows["group"].unique().sort().to_list()
    member = indicators(rows["group"], names)
    others = rows.select("baseline", *added).to_numpy()
    centred = others - others.mean(axis=0) if rows.height else others
    design = np.column_stack([member, centred])  # a group's coefficient is its mean at the mean of the others
    reason = _cannot_fit(rows, names, design)
    facts = {
        "model": MODEL,
        "n_patients": rows.height,
        "n_rows": rows.height,
        "is_converged": None if reason else True,
        "notes": f"{n_before - rows.height} patients left out: a covariate is missing" if n_before > rows.height else None,
        "reason": reason,
    }
    kinds = _contrasts(names, ["baseline", *added])
    if reason:
        return result_table([facts | {"kind": k, "term": t} for k, t, _ in kinds], ModelTerms, changes, is_sorted=False)
    fitted = least_squares(rows["followup"].to_numpy(), design)
    terms = [facts | {"kind": k, "term": t} | contrast_row(fitted, weights, level, k != "mean") for k, t, weights in kinds]
    return result_table(terms, ModelTerms, changes, is_sorted=False)


def _cannot_fit(rows: pl.DataFrame, names: list[str], design: Any) -> str | None:
    if len(names) < 2:
        return "one_group"
    if rows.group_by("group").len()["len"].min() < 2 or rows.height <= design.shape[1]:  # type: ignore[operator]
        return "too_few_patients"
    if rows["followup"].n_unique() < 2:
        return "no_variation"
    return None if is_full_rank(design) else "singular_predictors"


def _contrasts(names: list[str], others: list[str]) -> list[tuple[str, str, Any]]:
    k, width = len(names), len(names) + len(others)
    unit = np.eye(width)
    rows: list[tuple[str, str, Any]] = [("mean", name, unit[i]) for i, name in enumerate(names)]
    rows += [("difference", f"{names[j]} - {names[i]}", unit[j] - unit[i]) for i in range(k) for j in range(i + 1, k)]
    rows += [("fixed", name, unit[k + i]) for i, name in enumerate(others)]
    return rows or [("mean", "groups", np.zeros(width))]


def least_squares(outcome: Any, design: Any) -> tuple[Any, Any, int]:
    """Fit by ordinary least squares: coefficients, covariance, residual degrees of freedom."""
    coefficients, *_ = np.linalg.lstsq(design, outcome, rcond=None)
    df = len(outcome) - design.shape[1]
    residual = outcome - design @ coefficients
    covariance = float(residual @ residual) / df * np.linalg.inv(design.T @ design)
    return coefficients, covariance, df


def contrast_row(fitted: tuple[Any, Any, int], weights: Any, level: float, is_tested: bool) -> dict[str, Any]:
    """Return estimate, error and t interval of a weighted sum of coefficients; a p value where it is a comparison."""
    coefficients, covariance, df = fitted
    estimate, se = float(weights @ coefficients), float(weights @ covariance @ weights) ** 0.5
    reach = float(stats.t.ppf((1 + level) / 2, df)) * se
    p_value = number(2 * stats.t.sf(abs(estimate) / se, df)) if is_tested and se > 0 else None
    return {"estimate": estimate, "se": se, "lower": estimate - reach, "upper": estimate + reach, "df": float(df),
            "p_value": p_value}  # fmt: skip
