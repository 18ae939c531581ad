"""Mixed model of repeated measures: random intercept and slope, with a fallback that is said aloud."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.statistics_results import ModelTerms
from ptanalytics.statistics.fitting import (
    FIT_ERRORS,
    MIN_PATIENTS_FOR_P,
    captured_warnings,
    is_full_rank,
    number,
    result_table,
    with_covariates,
)
from ptanalytics.statistics.repeated import one_measure

SLOPE, INTERCEPT = "random_intercept_slope", "random_intercept"
#: A random effect whose deviation is below this share of the residual's is at the boundary (lme4 calls it singular).
BOUNDARY = 1e-3
#: Tried in turn. At statsmodels' usual tolerance the variances agree with lme4 to three digits only: the first is strict.
_OPTIMISERS: tuple[tuple[str, dict[str, float]], ...] = (
    ("bfgs", {"gtol": 1e-8}),
    ("bfgs", {}),
    ("lbfgs", {}),
    ("powell", {}),
    ("nm", {}),
)


@dataclass
class _Design:
    """The model in numbers. Time is scaled to at most 1, so that the fit does not depend on its unit."""

    value: Any
    fixed: Any
    names: list[str]
    patients: Any
    time: Any
    time_scale: float
    scales: Any = field(default=None)


def mixed_model(
    values: Any,
    *,
    measure: str | None = None,
    covariates: Any = None,
    knot_weeks: Sequence[float] = (),
    with_random_slope: bool = True,
    level: float = 0.95,
) -> Any:
    """Fit the course over time with a random intercept and slope per patient.

    ``value = b0 + b1 week + [b2 max(0, week - knot) ...] + covariates + u0 + u1 week + error``, by restricted maximum
    likelihood (statsmodels MixedLM). All available values are used: sound where values are missing at random. If the random
    slope is at its boundary or the fit does not converge, a random intercept alone is fitted and ``model`` and ``notes``
    say so. Intervals are normal approximations without a small-sample correction, so below 30 patients there is no p value.
    It estimates the course of all who started, whether or not they kept exercising (treatment policy).

    Args:
        values: Table `RepeatedMeasures`, as `repeated_measures` makes it.
        measure: Which measure, where the table holds several.
        covariates: Optional frame ``patient_id`` and baseline covariates; text becomes 0/1 against its first level.
        knot_weeks: Weeks at which the line may bend, e.g. ``[6]``.
        with_random_slope: False fits a random intercept only.
        level: Confidence level.

    Returns:
        Columns of `ModelTerms`: fixed effects (``intercept``, ``week``, ``week after 6``, covariates) and variances
        (``intercept``, ``week``, ``intercept x week`` as covariance, ``residual``). If nothing can be fitted every term is
        missing with a reason: ``too_few_patients`` (below 3), ``no_repeats`` (nobody twice), ``no_variation``,
        ``singular_predictors``, ``not_converged``.

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: Several measures, a patient twice at one week, a negative week, a knot outside the weeks.

    Example:
        >>> courses = {"P1": [7, 6, 4], "P2": [5, 5, 3], "P3": [8, 6, 6], "P4": [6, 3, 2], "P5": [9, 8, 6]}
        >>> values = pl.DataFrame([{"patient_id": p, "measure": "nprs", "week": 6.0 * i, "value": float(v)}
        ...                        for p, course in courses.items() for i, v in enumerate(course)])
        >>> terms = mixed_model(values, with_random_slope=False)
        >>> terms.filter(kind="fixed").select("term", pl.col("estimate").round(3)).rows()
        [('intercept', 7.0), ('week', -0.233)]

    References:
        Laird & Ware 1982; Bates 2015, doi:10.18637/jss.v067.i01 (the boundary).
    """
    rows, added = with_covariates(one_measure(values, measure), covariates)
    n_before = rows.height
    rows = rows.drop_nulls(added) if added else rows
    design = _design(rows, added, knot_weeks)
    notes = [] if rows.height == n_before else [f"{n_before - rows.height} values left out: a covariate is missing"]
    facts = {"n_patients": rows["patient_id"].n_unique(), "n_rows": rows.height}
    reason = _cannot_fit(rows, design)
    wanted = SLOPE if with_random_slope and _allows_slope(rows) else INTERCEPT
    if with_random_slope and wanted == INTERCEPT and reason is None:
        notes.append("too few values per patient for a random slope: random intercept only")
    fit = None if reason else _fit(design, wanted, notes)
    if fit is not None and wanted == SLOPE and not _is_better(fit, _fit(design, INTERCEPT, [])):
        notes.append("random slope at its boundary (no better than a random intercept alone)")
        fit = None
    if reason is None and fit is None and wanted == SLOPE:
        wanted = INTERCEPT
        notes.append("random intercept only")
        fit = _fit(design, INTERCEPT, notes)
    if reason is None and fit is None:
        reason = "not_converged"
    shared = facts | {
        "model": wanted,
        "is_converged": None if reason and reason != "not_converged" else fit is not None,
        "notes": "; ".join(dict.fromkeys(notes)) or None,
        "reason": reason,
    }
    terms = (
        [{"kind": "fixed", "term": name} for name in design.names] if fit is None else _terms(design, fit, wanted, level)
    )
    if facts["n_patients"] < MIN_PATIENTS_FOR_P:
        terms = [term | {"p_value": None} for term in terms]
    return result_table([shared | term for term in terms], ModelTerms, values, is_sorted=False)


def _design(rows: pl.DataFrame, added: list[str], knots: Sequence[float]) -> _Design:
    week = rows["week"].to_numpy()
    longest = float(week.max()) if len(week) else 0.0
    outside = [knot for knot in knots if not 0 < knot < longest]
    if outside:
        raise InvalidTableError("mixed_model needs knots between 0 and the last week with values.")
    scale = longest or 1.0
    columns = [np.ones(len(week)), week / scale, *(np.maximum(0, week - knot) / scale for knot in knots)]
    names = ["intercept", "week", *(f"week after {knot:g}" for knot in knots), *added]
    columns += [rows[name].to_numpy() for name in added]
    scales = np.array([1.0] + [scale] * (1 + len(knots)) + [1.0] * len(added))
    fixed = np.column_stack(columns)
    return _Design(rows["value"].to_numpy(), fixed, names, rows["patient_id"].to_numpy(), week / scale, scale, scales)


def _cannot_fit(rows: pl.DataFrame, design: _Design) -> str | None:
    if rows["patient_id"].n_unique() < 3:
        return "too_few_patients"
    if rows["patient_id"].n_unique() == rows.height:
        return "no_repeats"
    if rows["value"].n_unique() < 2:
        return "no_variation"
    return None if is_full_rank(design.fixed) else "singular_predictors"


def _allows_slope(rows: pl.DataFrame) -> bool:
    """A random slope and the residual can be told apart only if some patients have three weeks."""
    return bool((rows.group_by("patient_id").len()["len"] >= 3).sum() >= 2)


def _fit(design: _Design, model: str, notes: list[str]) -> Any:
    """Fit, trying other optimisers where one does not converge; None with a note where none does or a boundary is met."""
    from statsmodels.regression.mixed_linear_model import MixedLM  # noqa: PLC0415 - half a second to load

    random = np.column_stack([np.ones_like(design.time), design.time]) if model == SLOPE else None
    for optimiser, tolerance in _OPTIMISERS:
        with captured_warnings() as said:
            try:
                frame = MixedLM(design.value, design.fixed, groups=design.patients, exog_re=random)
                fit = frame.fit(reml=True, method=[optimiser], maxiter=2000, **tolerance)
                usable = bool(fit.converged) and _is_finite(fit)
            except FIT_ERRORS:
                usable = False
        if not usable:
            continue
        smallest = float(np.linalg.eigvalsh(np.asarray(fit.cov_re))[0])
        is_at_boundary = smallest < BOUNDARY**2 * float(fit.scale)
        if is_at_boundary and model == SLOPE:
            notes.append("random slope at its boundary (variance 0 or correlation 1)")
            return None
        if is_at_boundary:
            notes.append("patients do not differ beyond the residual (intercept variance at 0)")
        elif said:
            notes.append("while fitting: " + "; ".join(said))
        return fit
    notes.append(f"random {'slope' if model == SLOPE else 'intercept'} did not converge")
    return None


def _is_better(slope: Any, intercept: Any) -> bool:
    """Say whether the slope adds likelihood. Near the boundary optimisers creep and stop before they reach it."""
    return intercept is None or float(slope.llf) > float(intercept.llf) + 1e-4


def _is_finite(fit: Any) -> bool:
    return bool(np.isfinite(fit.fe_params).all() and np.isfinite(np.asarray(fit.cov_re)).all() and fit.scale > 0)


def _terms(design: _Design, fit: Any, model: str, level: float) -> list[dict[str, Any]]:
    z = float(stats.norm.ppf((1 + level) / 2))
    estimates = np.asarray(fit.fe_params) / design.scales
    errors = _fixed_errors(design, fit, model) / design.scales
    terms = [
        {
            "kind": "fixed",
            "term": name,
            "estimate": float(b),
            "se": float(se),
            "lower": float(b - z * se),
            "upper": float(b + z * se),
            "p_value": number(2 * stats.norm.sf(abs(b / se))),
        }
        for name, b, se in zip(design.names, estimates, errors, strict=True)
    ]
    spread = np.asarray(fit.cov_re)
    variances = {"intercept": spread[0, 0]}
    if model == SLOPE:
        variances["week"] = spread[1, 1] / design.time_scale**2
        variances["intercept x week"] = spread[0, 1] / design.time_scale
    variances["residual"] = fit.scale
    return terms + [{"kind": "variance", "term": name, "estimate": float(v)} for name, v in variances.items()]


def _fixed_errors(design: _Design, fit: Any, model: str) -> Any:
    """Standard errors of the fixed effects from the estimated variances: (sum of X' V^-1 X)^-1.

    statsmodels takes them from a numeric Hessian over variances too, which fails at a boundary; lme4 and nlme give this.
    """
    spread, residual = np.asarray(fit.cov_re), float(fit.scale)
    random = np.column_stack([np.ones_like(design.time), design.time]) if model == SLOPE else np.ones((len(design.time), 1))
    order = np.argsort(design.patients, kind="stable")
    starts = np.flatnonzero(np.r_[True, design.patients[order][1:] != design.patients[order][:-1]])
    information = np.zeros((design.fixed.shape[1],) * 2)
    for index in np.split(order, starts[1:]):
        x, z = design.fixed[index], random[index]
        information += x.T @ np.linalg.solve(z @ spread @ z.T + residual * np.eye(len(index)), x)
    return np.sqrt(np.diag(np.linalg.inv(information)))
