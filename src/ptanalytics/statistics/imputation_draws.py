"""Draws of missing follow-ups: Bayesian linear regression, and predictive mean matching."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ptanalytics.statistics.fitting import is_full_rank

METHODS = ("normal", "pmm")
N_DONORS = 5


class Drawn(NamedTuple):
    """Completed follow-ups (data set by patient), which earlier weeks predicted, and why a patient's stays missing."""

    values: Any
    predicting: list[str]
    reasons: list[str | None]


def draw_followups(
    fixed: Any, is_known: Any, earlier: Mapping[str, Any], followup: Any, *, method: str, m: int, seed: int
) -> Drawn:
    """Complete each earlier week and then the follow-up, m times.

    Args:
        fixed: Design of what predicts every week, with a constant.
        is_known: Whose row of the design is complete.
        earlier: Follow-ups of earlier weeks in their order; NaN: missing.
        followup: The follow-up asked for; NaN: missing.
        method: ``normal`` or ``pmm``.
        m: Data sets.
        seed: Seed of the draws.
    """
    rng = np.random.default_rng(seed)
    completed = np.tile(followup, (m, 1))
    predicting: list[str] = []
    reason = None
    for values in completed:
        design, predicting = fixed, []
        for name, week in earlier.items():
            filled = week.copy()
            if _fill(filled, design, is_known, method, rng) is None and _adds(design, filled, is_known):
                design = np.column_stack([design, filled])
                predicting.append(name)
        reason = reason or _fill(values, design, is_known, method, rng)
    if reason:  # a data set without values is none, so none is completed
        completed[:] = followup
    why = np.where(is_known, reason or "", "no_predictors")
    reasons = [str(text) or None if is_missing else None for text, is_missing in zip(why, np.isnan(followup), strict=True)]
    return Drawn(completed, predicting, reasons)


def _adds(design: Any, filled: Any, is_known: Any) -> bool:
    """Say whether a week tells more than what is there already (constant follow-ups do not)."""
    return is_full_rank(np.column_stack([design, filled])[is_known])


def _fill(values: Any, design: Any, is_known: Any, method: str, rng: np.random.Generator) -> str | None:
    """Fill in what is missing of those with predictors, in place; return why it cannot be done."""
    is_missing = np.isnan(values)
    learn, fill = ~is_missing & is_known, is_missing & is_known
    if not fill.any():
        return None
    df = int(learn.sum()) - design.shape[1]
    if df < 1:
        return "too_few_complete"
    x, y = design[learn], values[learn]
    if not is_full_rank(x):
        return "singular_predictors"
    inverse = np.linalg.inv(x.T @ x)
    coefficients = inverse @ x.T @ y
    residual = y - x @ coefficients
    sigma = (float(residual @ residual) / rng.chisquare(df)) ** 0.5
    drawn = coefficients + sigma * np.linalg.cholesky(inverse) @ rng.standard_normal(len(coefficients))
    predicted = design[fill] @ drawn
    if method == "pmm":
        # Donors by their fitted value, patients by the drawn one: else all data sets would match alike.
        values[fill] = y[nearest_donors(x @ coefficients, predicted, rng)]
    else:
        values[fill] = predicted + sigma * rng.standard_normal(int(fill.sum()))
    return None


def nearest_donors(fitted: Any, predicted: Any, rng: np.random.Generator, *, n_donors: int = N_DONORS) -> Any:
    """Return for each prediction one of the donors with the nearest fitted values, by their place; ties in random order."""
    n, k = len(fitted), min(n_donors, len(fitted))
    shuffled = rng.permutation(n)
    order = shuffled[np.argsort(fitted[shuffled], kind="stable")]
    width = min(2 * k, n)  # the k nearest are among the k on either side
    first = np.clip(np.searchsorted(fitted[order], predicted) - k, 0, n - width)
    near = order[first[:, None] + np.arange(width)]
    distance = np.abs(fitted[near] - predicted[:, None])
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :k]
    place = nearest[np.arange(len(predicted)), rng.integers(k, size=len(predicted))]
    return near[np.arange(len(predicted)), place]
