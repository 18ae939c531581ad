"""Minimal important change from an anchor: ROC, predictive and adjusted, with a bootstrap over patients."""

from typing import Any

import numpy as np
import polars as pl

from ptanalytics.errors import InvalidTableError, MissingColumnsError
from ptanalytics.schemas.frames import as_lazy
from ptanalytics.schemas.statistics_results import MicEstimates
from ptanalytics.statistics.fitting import FIT_ERRORS, captured_warnings, number, result_table

SEED = 20260302
_LOW_AUC, _LOW_CORRELATION, _LOW_SHARE, _HIGH_SHARE = 0.70, 0.3, 0.3, 0.7


def estimate_mic(
    answers: Any, *, n_resamples: int = 1000, seed: int = SEED, anchor_reliability: float | None = None
) -> Any:
    """Estimate the change that patients who call themselves improved have on average reached.

    ``roc``: the improvement with the largest sensitivity + specificity - 1 (ties: the smaller). ``predictive``:
    ``(ln(p/(1-p)) - C)/B`` of the logistic regression ``logit P(improved) = C + B x improvement``, p the share improved.
    ``adjusted``: predictive - (0.090 + 0.103 cor) SD ln(p/(1-p)), cor the point-biserial correlation and SD that of the
    improvements. ``improved_adjusted``, with a known reliability of the anchor: predictive - (0.8/rel - 0.5) SD cor
    ln(p/(1-p)). Limits: 2.5th and 97.5th percentile of a bootstrap. Never split patients by baseline for it.

    Args:
        answers: Frame ``improvement`` (points, better is positive) and ``is_improved`` (by the anchor); rows with either
            missing are left out.
        n_resamples: Bootstrap resamples; 0 for none.
        seed: Seed of the bootstrap.
        anchor_reliability: Reliability of the transition rating, if known.

    Returns:
        Columns of `MicEstimates`. Missing with a reason: ``one_anchor_class``, ``no_variation``, ``perfect_separation``,
        ``not_related`` (the slope is not positive), ``fit_failed``. ``notes`` say what speaks against trusting it.

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: The reliability is not above 0 and at most 1, or the number of resamples is negative.

    Example:
        >>> answers = pl.DataFrame({
        ...     "improvement": [0.0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5],
        ...     "is_improved": [0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1]})
        >>> estimate_mic(answers, n_resamples=0).select("method", pl.col("mic").round(6)).rows()
        [('adjusted', 1.96675), ('predictive', 2.015492), ('roc', 2.0)]

    References:
        Terluin 2015, doi:10.1016/j.jclinepi.2015.03.015; Terluin 2017, doi:10.1016/j.jclinepi.2016.12.015.
    """
    if n_resamples < 0 or (anchor_reliability is not None and not 0 < anchor_reliability <= 1):
        raise InvalidTableError("estimate_mic needs 0 or more resamples and a reliability above 0 and at most 1.")
    change, anchor = _columns(answers)
    methods = ["roc", "predictive", "adjusted", *(["improved_adjusted"] if anchor_reliability else [])]
    facts: dict[str, Any] = {"n": len(change), "n_improved": int(anchor.sum()), "n_resamples": 0}
    reason = _cannot_estimate(change, anchor)
    if reason:
        return result_table([facts | {"method": name, "reason": reason} for name in methods], MicEstimates, answers)
    once = np.ones((1, len(change)))
    with captured_warnings():
        cut, sensitivity, specificity = (float(found[0]) for found in _roc(change, anchor, once))
        correlation = float(_correlation(change, anchor, once)[0])
        constant, slope, failed = _logistic(change, anchor)
    facts |= {"auc": _auc(change, anchor), "correlation": correlation}
    facts |= {"sensitivity": sensitivity, "specificity": specificity}
    facts |= _trust(facts)
    estimates = {"roc": cut}
    if failed is None:
        found = _by_regression(change, anchor, once, constant, slope, anchor_reliability)
        estimates |= {name: float(values[0]) for name, values in found.items()}
    limits = _bootstrap(change, anchor, n_resamples, seed, anchor_reliability) if n_resamples else {}
    rows = [
        facts | {"method": name, "mic": number(estimates.get(name)), "reason": None if name in estimates else failed}
        | (limits.get(name, {}) if name in estimates else {})
        for name in methods
    ]  # fmt: skip
    return result_table(rows, MicEstimates, answers)


def _columns(answers: Any) -> tuple[Any, Any]:
    lazy = as_lazy(answers)
    have = lazy.collect_schema().names()
    missing = [name for name in ("improvement", "is_improved") if name not in have]
    if missing:
        raise MissingColumnsError(missing, found=have, source="The table of improvements and anchors")
    rows = lazy.select(
        pl.col("improvement").cast(pl.Float64).fill_nan(None), pl.col("is_improved").cast(pl.Boolean)
    ).drop_nulls().collect()  # fmt: skip
    return rows["improvement"].to_numpy(), rows["is_improved"].cast(pl.Float64).to_numpy()


def _cannot_estimate(change: Any, anchor: Any) -> str | None:
    if len(change) == 0 or anchor.min() == anchor.max():
        return "one_anchor_class"
    return "no_variation" if change.min() == change.max() else None


def _roc(change: Any, anchor: Any, weights: Any) -> tuple[Any, Any, Any]:
    """Return the Youden cut, sensitivity and specificity of each weighting (weightings x patients)."""
    cuts = np.unique(change)
    is_above = (change[:, None] >= cuts).astype(float)
    sensitivity = (weights * anchor) @ is_above / (weights * anchor).sum(axis=1, keepdims=True)
    specificity = (weights * (1 - anchor)) @ (1 - is_above) / (weights * (1 - anchor)).sum(axis=1, keepdims=True)
    youden = sensitivity + specificity - 1
    best = (youden >= youden.max(axis=1, keepdims=True) - 1e-12).argmax(axis=1)  # ties: the smaller cut comes first
    rows = np.arange(len(best))
    return cuts[best], sensitivity[rows, best], specificity[rows, best]


def _auc(change: Any, anchor: Any) -> float:
    yes, no = change[anchor == 1], np.sort(change[anchor == 0])
    below, upto = np.searchsorted(no, yes, "left"), np.searchsorted(no, yes, "right")
    return float((below + upto).sum() / 2 / (len(yes) * len(no)))


def _logistic(change: Any, anchor: Any) -> tuple[float, float, str | None]:
    """Return constant and slope, or why there are none."""
    from statsmodels.discrete.discrete_model import Logit  # noqa: PLC0415 - half a second to load

    yes, no = change[anchor == 1], change[anchor == 0]
    if yes.min() >= no.max() or no.min() >= yes.max():
        return 0.0, 0.0, "perfect_separation"
    try:
        fit = Logit(anchor, np.column_stack([np.ones_like(change), change])).fit(disp=0, maxiter=200, tol=1e-12)
        constant, slope = (float(b) for b in fit.params)
    except FIT_ERRORS:
        return 0.0, 0.0, "fit_failed"
    if not fit.mle_retvals["converged"] or not np.isfinite([constant, slope]).all():
        return 0.0, 0.0, "fit_failed"
    return constant, slope, None if slope > 0 else "not_related"


def _correlation(change: Any, anchor: Any, weights: Any) -> Any:
    total = weights.sum(axis=1, keepdims=True)
    a, b = change - weights @ change[:, None] / total, anchor - weights @ anchor[:, None] / total
    both = (weights * a * b).sum(axis=1)
    return both / np.sqrt((weights * a**2).sum(axis=1) * (weights * b**2).sum(axis=1))


def _by_regression(  # noqa: PLR0917 - the parts of one formula
    change: Any, anchor: Any, weights: Any, constant: Any, slope: Any, reliability: float | None
) -> dict[str, Any]:
    total = weights.sum(axis=1)
    share = weights @ anchor / total
    log_odds = np.log(share / (1 - share))
    centred = change - (weights @ change / total)[:, None]
    sd = np.sqrt((weights * centred**2).sum(axis=1) / (total - 1))
    correlation = _correlation(change, anchor, weights)
    predictive = (log_odds - constant) / slope
    found = {"predictive": predictive, "adjusted": predictive - (0.090 + 0.103 * correlation) * sd * log_odds}
    if reliability:
        found["improved_adjusted"] = predictive - (0.8 / reliability - 0.5) * sd * correlation * log_odds
    return found


def _bootstrap(change: Any, anchor: Any, n_resamples: int, seed: int, reliability: float | None) -> dict[str, Any]:
    """Resample patients as weights, so that all resamples are one matrix; those without both classes are left out."""
    n = len(change)
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[Any]] = {}
    step = max(1, 1_000_000 // n)
    for start in range(0, n_resamples, step):
        weights = rng.multinomial(n, np.full(n, 1 / n), size=min(step, n_resamples - start)).astype(float)
        improved = weights @ anchor
        weights = weights[(improved > 0) & (improved < n)]
        with captured_warnings():
            drawn.setdefault("roc", []).append(_roc(change, anchor, weights)[0])
            constant, slope, fits = _newton(change, anchor, weights)
            found = _by_regression(change, anchor, weights[fits], constant[fits], slope[fits], reliability)
        for name, values in found.items():
            drawn.setdefault(name, []).append(values)
    limits: dict[str, dict[str, float]] = {}
    for name, parts in drawn.items():
        values = np.concatenate(parts)
        values = values[np.isfinite(values)]
        limits[name] = {"n_resamples": len(values)}
        if len(values) >= 0.9 * n_resamples:  # else the limits would describe the lucky resamples only
            lower, upper = np.percentile(values, [2.5, 97.5])
            limits[name] |= {"lower": float(lower), "upper": float(upper)}
    return limits


def _newton(change: Any, anchor: Any, weights: Any) -> tuple[Any, Any, Any]:
    """Fit a logistic regression per weighting, all at once; the third array says which converged with a positive slope."""
    centre, scale = change.mean(), change.std()
    x = (change - centre) / scale
    b0, b1 = np.zeros(len(weights)), np.zeros(len(weights))
    step = np.full(len(weights), np.inf)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(b0[:, None] + b1[:, None] * x, -30, 30)))
        gap, spread = weights * (anchor - p), weights * p * (1 - p)
        g0, g1 = gap.sum(axis=1), gap @ x
        h00, h01, h11 = spread.sum(axis=1), spread @ x, spread @ x**2
        determinant = h00 * h11 - h01**2
        d0, d1 = (h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant
        b0, b1 = b0 + d0, b1 + d1
        step = np.abs(d0) + np.abs(d1)
        if not (step > 1e-9).any():
            break
    slope = b1 / scale
    return b0 - slope * centre, slope, (step < 1e-6) & (slope > 0) & (np.abs(b1) < 25)


def _trust(facts: dict[str, Any]) -> dict[str, Any]:
    share = facts["n_improved"] / facts["n"]
    notes = []
    if facts["auc"] < _LOW_AUC:
        notes.append("AUC below 0.70")
    if facts["correlation"] < _LOW_CORRELATION:
        notes.append("correlation of change and anchor below 0.3")
    if not _LOW_SHARE <= share <= _HIGH_SHARE:
        notes.append("share improved outside 30 to 70 %: the adjusted estimates are not reliable")
    return {"is_trustworthy": not notes, "notes": "; ".join(notes) or None}
