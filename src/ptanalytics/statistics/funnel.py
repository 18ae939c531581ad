"""Sites against each other: a funnel of responder shares, with risk adjustment and overdispersion."""

from typing import Any, Literal

import numpy as np
import polars as pl
from scipy import stats

from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.statistics_results import SiteFunnel
from ptanalytics.statistics.fitting import (
    FIT_ERRORS,
    captured_warnings,
    complete_changes,
    is_full_rank,
    number,
    result_table,
    with_covariates,
    with_groups,
)

_LIMITS = {"95": 0.95, "998": 0.998}
_WINSORISED = 0.10
_MIN_PER_TERM = 10


def site_funnel(
    changes: Any,
    sites: Any,
    *,
    measure: str | None = None,
    target_week: int | None = None,
    population: Literal["all_starters", "completers"] = "all_starters",
    covariates: Any = None,
    is_risk_adjusted: bool = True,
) -> Any:
    """Compare each site's share of responders with what chance and its patients' baselines lead one to expect.

    Expected responders: a logistic regression on baseline (and covariates) over all sites, summed over a site's patients.
    ``share_pct`` = 100 x observed / expected x target (indirect standardisation), target the share over all sites; it can
    exceed 100. Limits: exact binomial at the target, interpolated, at 95 and 99.8 %. Where the sites vary more than chance
    allows (mean squared z, after drawing in the outer 10 %, above 1 + 2 sqrt(2/sites)), z scores are divided by the root of
    that overdispersion and the limits widened by it. Outside the limits is a reason to look, not a verdict: differences in
    who is referred remain.

    Args:
        changes: Result of `changes`.
        sites: Frame ``patient_id, site``; patients without a site are left out.
        measure: Which measure, where there are several.
        target_week: Which week, where there are several.
        population: ``all_starters`` (a follow-up that was due and is missing counts as no response, so that losing
            patients does not flatter a site) or ``completers``.
        covariates: Optional frame ``patient_id`` and baseline covariates for the risk adjustment.
        is_risk_adjusted: False compares the shares as they are.

    Returns:
        Columns of `SiteFunnel`; ``notes`` say where the risk adjustment could not be fitted and was left out. Missing
        with a reason: ``too_few_patients`` (nobody judged), ``no_variation`` (everybody or nobody responded).

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: A patient at two sites, an unknown population, or several measures or weeks and none chosen.

    Example:
        >>> n = 60
        >>> change = pl.DataFrame({"patient_id": [f"P{i:02}" for i in range(n)], "measure": "odi", "target_week": 12,
        ...     "n_followup": 1, "baseline": 40.0, "followup": 30.0, "is_responder": [i % 2 == 0 for i in range(n)]})
        >>> where = pl.DataFrame({"patient_id": [f"P{i:02}" for i in range(n)], "site": ["North"] * 20 + ["South"] * 40})
        >>> site_funnel(change, where, is_risk_adjusted=False).select("site", "responders", "n", "position").rows()
        [('North', 10, 20, 'inside'), ('South', 20, 40, 'inside')]

    References:
        Spiegelhalter 2005, doi:10.1002/sim.1970.
    """
    if population not in {"all_starters", "completers"}:
        raise InvalidTableError("site_funnel needs the population 'all_starters' or 'completers'.")
    rows = _judged(complete_changes(changes, measure, target_week), population)
    rows = with_groups(rows, sites, column="site").drop_nulls("site").sort("site", "patient_id")
    rows, added = with_covariates(rows, covariates)
    chance, notes = _expected(rows, added, is_risk_adjusted=is_risk_adjusted)
    table = rows.with_columns(chance=chance).group_by("site").agg(
        n=pl.len(), responders=pl.col("is_response").sum(), expected=pl.col("chance").sum(),
        variance=(pl.col("chance") * (1 - pl.col("chance"))).sum(),
    ).sort("site")  # fmt: skip
    if table.is_empty():
        return result_table([], SiteFunnel, changes)
    target = float(rows["is_response"].mean() or 0)  # type: ignore[arg-type]
    facts = table.to_dicts()
    if not 0 < target < 1:
        facts = [row | {"expected": None, "reason": "no_variation"} for row in facts]
        observed = [row | {"observed_pct": 100 * row["responders"] / row["n"], "target_pct": 100 * target} for row in facts]
        return result_table(observed, SiteFunnel, changes)
    z = ((table["responders"] - table["expected"]) / table["variance"].sqrt()).to_numpy()
    dispersion = _overdispersion(z)
    found = [
        row | {"notes": "; ".join(notes) or None, "z_score": number(z[i]), "overdispersion": dispersion}
        | _against_limits(row, target, dispersion)
        for i, row in enumerate(facts)
    ]  # fmt: skip
    return result_table(found, SiteFunnel, changes)


def _judged(rows: pl.DataFrame, population: str) -> pl.DataFrame:
    """Keep the patients of the denominator; see `responder_shares`."""
    reason = pl.col("reason")
    is_complete = pl.col("followup").is_not_null() & pl.col("is_responder").is_not_null()
    is_lost = reason.eq_missing("no_followup") & pl.col("baseline").is_not_null() & (pl.col("baseline") > 0)
    is_lost &= pl.col("has_room").fill_null(value=True)
    kept = is_complete | is_lost if population == "all_starters" else is_complete
    return rows.filter(kept).with_columns(is_response=pl.col("is_responder").fill_null(value=False))


def _expected(rows: pl.DataFrame, added: list[str], *, is_risk_adjusted: bool) -> tuple[pl.Series, list[str]]:
    """Return each patient's chance to respond, and what had to be left out."""
    plain = pl.Series([rows["is_response"].mean()] * rows.height, dtype=pl.Float64)
    if not is_risk_adjusted:
        return plain, []
    predictors = [name for name in ("baseline", *added) if rows[name].drop_nulls().n_unique() > 1]
    if not predictors:
        return plain, ["no risk adjustment: baselines do not vary"]
    if sum(rows[name].null_count() for name in predictors):
        return plain, ["no risk adjustment: a covariate is missing for some patients"]
    events = int(rows["is_response"].sum())
    if min(events, rows.height - events) < _MIN_PER_TERM * len(predictors):
        return plain, ["no risk adjustment: fewer than 10 responders or others per predictor"]
    values = np.column_stack([rows[name].to_numpy() for name in predictors])
    design = np.column_stack([np.ones(rows.height), (values - values.mean(axis=0)) / values.std(axis=0)])
    chance, said = _logistic(rows["is_response"].cast(pl.Float64).to_numpy(), design)
    if chance is None:
        return plain, ["no risk adjustment: its regression did not converge", *said]
    return pl.Series(chance), said


def _logistic(response: Any, design: Any) -> tuple[Any, list[str]]:
    from statsmodels.discrete.discrete_model import Logit  # noqa: PLC0415 - half a second to load

    if not is_full_rank(design):
        return None, ["predictors repeat each other"]
    with captured_warnings() as said:
        try:
            fit = Logit(response, design).fit(disp=0, maxiter=200)
            chance = np.asarray(fit.predict(design))
            is_sound = bool(fit.mle_retvals["converged"]) and chance.min() > 1e-8 and chance.max() < 1 - 1e-8
        except FIT_ERRORS:
            is_sound = False
    return (chance if is_sound else None), [f"while fitting: {text}" for text in said]


def _overdispersion(z: Any) -> float:
    """Return the mean squared z of sites, drawn in at both ends, where it is more than chance; else 1."""
    low, high = np.quantile(z, [_WINSORISED, 1 - _WINSORISED])
    found = float((np.clip(z, low, high) ** 2).mean())
    return found if len(z) > 1 and found > 1 + 2 * (2 / len(z)) ** 0.5 else 1.0


def _against_limits(row: dict[str, Any], target: float, dispersion: float) -> dict[str, Any]:
    n = row["n"]
    share = row["responders"] / row["expected"] * target
    limits = {}
    for name, level in _LIMITS.items():
        lower, upper = (_binomial_limit(tail, n, target) for tail in ((1 - level) / 2, (1 + level) / 2))
        limits[f"lower{name}_pct"] = 100 * max(0.0, target - (target - lower) * dispersion**0.5)
        limits[f"upper{name}_pct"] = 100 * min(1.0, target + (upper - target) * dispersion**0.5)
    position = "inside"
    for name in _LIMITS:
        if not limits[f"lower{name}_pct"] - 1e-9 <= 100 * share <= limits[f"upper{name}_pct"] + 1e-9:
            position = f"outside_{name}"
    return limits | {
        "share_pct": 100 * share,
        "observed_pct": 100 * row["responders"] / n,
        "target_pct": 100 * target,
        "position": position,
    }


def _binomial_limit(tail: float, n: int, target: float) -> float:
    """Return the share at a tail of the binomial distribution, interpolated between counts (Spiegelhalter 2005, A.1.1)."""
    count = float(stats.binom.ppf(tail, n, target))
    at, below = float(stats.binom.cdf(count, n, target)), float(stats.binom.cdf(count - 1, n, target))
    return min(1.0, max(0.0, (count - (at - tail) / (at - below)) / n))
