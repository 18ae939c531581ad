"""Marginal model of repeated measures: visits as categories, by generalised estimating equations."""

from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from ptanalytics.schemas.statistics_results import ModelTerms
from ptanalytics.statistics.fitting import (
    FIT_ERRORS,
    MIN_PATIENTS_FOR_P,
    captured_warnings,
    indicators,
    is_full_rank,
    number,
    result_table,
)
from ptanalytics.statistics.repeated import one_measure

MODEL = "gee_exchangeable_robust"


def gee_model(values: Any, *, measure: str | None = None, level: float = 0.95) -> Any:
    """Estimate the mean at every visit, adjusted for baseline, without assuming a straight course.

    Visits after baseline are categories, each with its own slope on the centred baseline; working correlation
    exchangeable, standard errors robust (sandwich). It is a GEE, not a mixed model of repeated measures (MMRM): values must
    be missing completely at random. ``mean`` rows are the visit's mean at the mean baseline; the robust error is too small
    below some 40 patients, and no p value is given below 30.

    Args:
        values: Table `RepeatedMeasures` with ``baseline``; rows of week 0 only give the baseline.
        measure: Which measure, where the table holds several.
        level: Confidence level.

    Returns:
        Columns of `ModelTerms`: ``mean`` rows per visit (``week 6``) and ``fixed`` rows for the slopes on baseline
        (``baseline at week 6``). Missing with a reason: ``too_few_patients`` (below 3), ``no_followups``, ``no_variation``,
        ``singular_predictors``, ``not_converged``.

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: See `mixed_model`.

    Example:
        >>> courses = {"P1": [7, 6, 4], "P2": [5, 5, 3], "P3": [8, 6, 6], "P4": [6, 3, 2], "P5": [9, 8, 6]}
        >>> values = pl.DataFrame([{"patient_id": p, "measure": "nprs", "week": 6.0 * i, "value": float(v),
        ...                         "baseline": float(c[0])} for p, c in courses.items() for i, v in enumerate(c)])
        >>> gee_model(values).filter(kind="mean").select("term", pl.col("estimate").round(3)).rows()
        [('week 6', 5.6), ('week 12', 4.2)]

    References:
        Liang & Zeger 1986, doi:10.1093/biomet/73.1.13.
    """
    everything = one_measure(values, measure)
    rows = everything.filter(pl.col("week") > 0).drop_nulls("baseline").sort("patient_id", "week")
    weeks = rows["week"].unique().sort().to_list()
    names = [("mean", f"week {week:g}") for week in weeks] + [("fixed", f"baseline at week {week:g}") for week in weeks]
    is_visit = indicators(rows["week"], weeks)
    baseline = rows["baseline"].to_numpy()
    first = rows.unique("patient_id", keep="first", maintain_order=True)["baseline"]
    centred = baseline - (first.mean() or 0.0)  # every patient counts once in the mean baseline
    design = np.column_stack([is_visit, is_visit * centred[:, None]])
    n_patients = rows["patient_id"].n_unique()
    reason = _cannot_fit(rows, weeks, n_patients, design)
    fit, said = (None, []) if reason else _fit(rows, design)
    if reason is None and fit is None:
        reason = "not_converged"
    left_out = everything.filter(pl.col("week") > 0).height - rows.height
    notes = [*([f"{left_out} values left out: no baseline"] if left_out else []), *said]
    shared = {
        "model": MODEL,
        "n_patients": n_patients,
        "n_rows": rows.height,
        "is_converged": fit is not None if reason in {None, "not_converged"} else None,
        "notes": "; ".join(notes) or None,
        "reason": reason,
    }
    terms = [shared | {"kind": kind, "term": term} for kind, term in names] or [shared | {"kind": "mean", "term": "visit"}]
    if fit is not None:
        z = float(stats.norm.ppf((1 + level) / 2))
        has_p = n_patients >= MIN_PATIENTS_FOR_P
        estimates, errors = np.asarray(fit.params), np.sqrt(np.diag(np.asarray(fit.cov_robust)))
        for term, b, se in zip(terms, estimates, errors, strict=True):
            limits = {"lower": number(b - z * se), "upper": number(b + z * se)}
            is_tested = has_p and term["kind"] == "fixed" and se > 0
            p_value = number(2 * stats.norm.sf(abs(b / se))) if is_tested else None
            term |= {"estimate": number(b), "se": number(se), "p_value": p_value} | limits  # noqa: PLW2901
    return result_table(terms, ModelTerms, values, is_sorted=False)


def _cannot_fit(rows: pl.DataFrame, weeks: list[float], n_patients: int, design: Any) -> str | None:
    if not weeks:
        return "no_followups"
    if n_patients < 3:
        return "too_few_patients"
    if rows["value"].n_unique() < 2:
        return "no_variation"
    return None if is_full_rank(design) else "singular_predictors"


def _fit(rows: pl.DataFrame, design: Any) -> tuple[Any, list[str]]:
    from statsmodels.genmod.cov_struct import Exchangeable, Independence  # noqa: PLC0415 - half a second to load
    from statsmodels.genmod.generalized_estimating_equations import GEE  # noqa: PLC0415

    is_repeated = rows["patient_id"].n_unique() < rows.height  # one visit each has no correlation to estimate
    with captured_warnings() as said:
        try:
            structure = Exchangeable() if is_repeated else Independence()
            model = GEE(rows["value"].to_numpy(), design, groups=rows["patient_id"].to_numpy(), cov_struct=structure)
            fit = model.fit(maxiter=500, ctol=1e-10)
            usable = bool(fit.converged) and bool(np.isfinite(np.asarray(fit.params)).all())
        except FIT_ERRORS:
            usable = False
    return (fit if usable else None), [f"while fitting: {text}" for text in said]
