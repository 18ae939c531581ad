"""Multiple imputation of missing follow-ups, pooled by Rubin's rules, and how wrong it would have to be (tipping point)."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from ptanalytics.errors import InvalidTableError
from ptanalytics.instruments import measure as measure_of
from ptanalytics.instruments import measure_ids, mic_for
from ptanalytics.outcomes.change import TOLERANCE
from ptanalytics.schemas.frames import as_caller_kind, conform
from ptanalytics.schemas.model import columns_of, sort_of
from ptanalytics.schemas.statistics_results import ImputedChanges, PooledEstimates
from ptanalytics.settings import Settings, default_settings
from ptanalytics.statistics.fitting import (
    complete_changes,
    is_full_rank,
    number,
    result_table,
    with_covariates,
    with_groups,
)
from ptanalytics.statistics.rubin import pool_rubin

SEED = 20260302


def impute_followups(
    changes: Any,
    *,
    groups: Any = None,
    covariates: Any = None,
    measure: str | None = None,
    target_week: int | None = None,
    m: int = 20,
    seed: int = SEED,
    settings: Settings | None = None,
) -> Any:
    """Complete the missing follow-ups m times, with the uncertainty of the model and of each patient.

    Bayesian linear regression of the follow-up on baseline, group and covariates (mice calls it ``norm``): each data set
    draws its own coefficients and residual deviation, then a value for each patient. Sound if values are missing at random
    given these. Values are not clipped to the scale: rounding or clipping before pooling would bias the means. Whoever has
    a follow-up keeps it. Responders are derived after imputing, by the headline rule. Not imputed: a follow-up that is not
    due yet, and patients without baseline (there is no change).

    Args:
        changes: Result of `changes`.
        groups: Optional frame ``patient_id, group``.
        covariates: Optional frame ``patient_id`` and columns known before the follow-up (adherence, age).
        measure: Which measure, where there are several.
        target_week: Which week, where there are several.
        m: Data sets; at least 20, and at least the percentage of follow-ups missing, is advised.
        seed: Seed of the draws.
        settings: Responder rule and MIC.

    Returns:
        Columns of `ImputedChanges`. Where nothing can be imputed the follow-up stays missing with a reason:
        ``no_predictors`` (a covariate or group is missing), ``too_few_complete``, ``singular_predictors``.

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: m below 2, a patient in two groups, or several measures or weeks and none chosen.

    Example:
        >>> change = pl.DataFrame({
        ...     "patient_id": list("abcdef"), "measure": "odi", "target_week": 12, "n_followup": [1, 1, 1, 1, 1, 0],
        ...     "baseline": [40.0, 30, 50, 42, 32, 49], "followup": [30.0, 22, 41, 38, 30, None],
        ...     "improvement": [10.0, 8, 9, 4, 2, None], "reason": [None] * 5 + ["no_followup"]})
        >>> completed = impute_followups(change, m=3)
        >>> completed.group_by("is_imputed").len().sort("is_imputed").rows()
        [(False, 15), (True, 3)]

    References:
        Rubin 1987; van Buuren & Groothuis-Oudshoorn 2011, doi:10.18637/jss.v045.i03.
    """
    if m < 2:
        raise InvalidTableError("impute_followups needs at least 2 data sets (m); 20 or more are advised.")
    settings = settings or default_settings()
    chosen = complete_changes(changes, measure, target_week)
    is_due = pl.col("followup").is_not_null() | ~pl.col("reason").is_in(["not_due", "no_start"]).fill_null(value=False)
    rows = with_groups(chosen.filter(pl.col("baseline").is_not_null() & is_due), groups)
    rows, added = with_covariates(rows.sort("patient_id"), covariates)
    followups, reason = _draws(rows, added, m, seed, has_groups=groups is not None)
    name = str(rows["measure"].item(0)) if rows.height else ""
    sign = 1.0 if not name or measure_of(name).is_lower_better else -1.0
    mic = (
        rows["mic"].drop_nulls().item(0)
        if rows["mic"].drop_nulls().len()
        else mic_for(name, settings).value
        if name
        else None
    )
    base = rows.select("patient_id", "measure", "target_week", "group", "baseline", is_imputed=pl.col("followup").is_null())
    base = base.with_columns(pl.lit(mic, dtype=pl.Float64).alias("mic"), reason=reason)
    completed = [
        base.with_columns(pl.Series("followup", followups[i]).fill_nan(None), imputation=pl.lit(i + 1, dtype=pl.Int32))
        for i in range(m)
    ]
    table = pl.concat(completed).with_columns(
        improvement=sign * (pl.col("baseline") - pl.col("followup")),
        is_imputed=pl.col("is_imputed") & pl.col("followup").is_not_null(),
    )
    table = table.with_columns(is_responder=_responder(settings))
    return as_caller_kind(table.select(list(columns_of(ImputedChanges))).sort(sort_of(ImputedChanges)), changes)


def _draws(rows: pl.DataFrame, added: list[str], m: int, seed: int, *, has_groups: bool) -> tuple[Any, pl.Series]:
    """Return m columns of follow-ups and each row's reason for staying missing."""
    names = rows["group"].drop_nulls().unique().sort().to_list()
    member = [(rows["group"] == name).cast(pl.Float64).to_numpy() for name in names[1:]]
    others = [rows[name].to_numpy() for name in added]
    design = np.column_stack([np.ones(rows.height), rows["baseline"].to_numpy(), *member, *others])
    observed = rows["followup"].is_not_null().to_numpy()
    predicted = np.isfinite(design).all(axis=1) & (rows["group"].is_not_null().to_numpy() | (not has_groups))
    learn, fill = observed & predicted, ~observed & predicted
    values = np.tile(rows["followup"].fill_null(float("nan")).to_numpy(), (m, 1))
    reason = np.where(~observed & ~predicted, "no_predictors", "").astype(object)
    df = int(learn.sum()) - design.shape[1]
    if fill.any() and df < 1:
        reason[fill] = "too_few_complete"
    elif fill.any() and not is_full_rank(design[learn]):
        reason[fill] = "singular_predictors"
    elif fill.any():
        x, y = design[learn], values[0][learn]
        inverse = np.linalg.inv(x.T @ x)
        coefficients = inverse @ x.T @ y
        residual = y - x @ coefficients
        root = np.linalg.cholesky(inverse)
        rng = np.random.default_rng(seed)
        for i in range(m):
            sigma = (float(residual @ residual) / rng.chisquare(df)) ** 0.5
            drawn = coefficients + sigma * root @ rng.standard_normal(len(coefficients))
            values[i, fill] = design[fill] @ drawn + sigma * rng.standard_normal(int(fill.sum()))
    return values, pl.Series([text or None for text in reason], dtype=pl.String)


def _responder(settings: Settings) -> pl.Expr:
    """Say who responded by the headline rule; missing where the rule cannot be reached from the baseline."""
    outcomes = settings.outcomes
    facts = pl.col("measure").replace_strict(
        {name: measure_of(name).allows_percent for name in measure_ids()}, default=False, return_dtype=pl.Boolean
    )
    room = pl.col("measure").replace_strict(_best(), default=None, return_dtype=pl.Float64) - pl.col("baseline")
    absolute = pl.when(room.abs() >= pl.col("mic") - TOLERANCE).then(pl.col("improvement") >= pl.col("mic") - TOLERANCE)
    gain = pl.col("improvement") / pl.col("baseline")
    percent = pl.when(pl.col("baseline") > 0).then(gain >= outcomes.responder_pct / 100 - TOLERANCE)
    chosen = {"absolute": absolute, "percent": percent}.get(outcomes.responder_rule)
    if chosen is None:
        chosen = pl.when(absolute.is_not_null() & percent.is_not_null()).then(absolute & percent)
    return pl.when(facts).then(chosen).otherwise(absolute)


def _best() -> dict[str, float]:
    found = [measure_of(name) for name in measure_ids()]
    return {one.id: one.minimum if one.is_lower_better else one.maximum for one in found}


def pooled_changes(imputed: Any, *, settings: Settings | None = None) -> Any:
    """Pool mean improvement and responder share over completed data sets by Rubin's rules, and differences of groups.

    Limits by Barnard and Rubin's degrees of freedom. The responder share leaves out patients from whose baseline the rule
    cannot be reached. A difference is second minus first group; positive is better for the second.

    Args:
        imputed: Result of `impute_followups`.
        settings: Responder rule.

    Returns:
        Columns of `PooledEstimates`. Missing with a reason: ``too_few_patients`` (below 3 in a group), ``not_imputed`` (a
        follow-up is still missing in the data sets).

    Raises:
        MissingColumnsError: A column is absent.

    Example:
        >>> change = pl.DataFrame({
        ...     "patient_id": list("abcdef"), "measure": "odi", "target_week": 12, "n_followup": 1,
        ...     "baseline": [40.0, 30, 50, 42, 32, 49], "followup": [30.0, 22, 41, 38, 30, 45]})
        >>> pooled_changes(impute_followups(change)).select("quantity", pl.col("estimate").round(3)).rows()
        [('mean_improvement', 6.167), ('responder_pct', 0.0)]

    References:
        Barnard & Rubin 1999, doi:10.1093/biomet/86.4.948.
    """
    return tipping_point(imputed, deltas_mic=(0.0,), settings=settings)


def tipping_point(
    imputed: Any, *, deltas_mic: Sequence[float] = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0), settings: Settings | None = None
) -> Any:
    """Make the imputed follow-ups worse by 0, 0.5, 1, ... MIC and see where the conclusion changes.

    A sensitivity analysis for values that are missing because of how the patient fares. Observed values stay. The tipping
    point is the first ``delta_mic`` at which ``is_different_from_zero`` is no longer what it is at 0.

    Args:
        imputed: Result of `impute_followups`.
        deltas_mic: How many MIC worse; 0 is as imputed.
        settings: Responder rule.

    Returns:
        Columns of `PooledEstimates`, for every delta; see `pooled_changes`.

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: A delta is negative, or the measure has no MIC and a delta is not 0.

    Example:
        >>> change = pl.DataFrame({
        ...     "patient_id": list("abcdef"), "measure": "odi", "target_week": 12, "n_followup": [1, 1, 1, 1, 1, 0],
        ...     "baseline": [40.0, 30, 50, 42, 32, 49], "followup": [30.0, 22, 41, 38, 30, None],
        ...     "improvement": [10.0, 8, 9, 4, 2, None]})
        >>> found = tipping_point(impute_followups(change), deltas_mic=[0, 3]).filter(quantity="mean_improvement")
        >>> first, last = found["estimate"]
        >>> round(first - last, 6)  # three MIC of 10 points, for one of six patients
        5.0

    References:
        Cro 2020, doi:10.1002/sim.8569 (controlled imputation).
    """
    rows = conform(imputed, ImputedChanges, source="The table of completed data sets").collect()
    if any(delta < 0 for delta in deltas_mic):
        raise InvalidTableError("tipping_point makes imputed values worse: give deltas of 0 or more.")
    if any(deltas_mic) and rows["mic"].null_count():
        raise InvalidTableError("The measure has no MIC, so imputed values cannot be made worse by multiples of it.")
    settings = settings or default_settings()
    found = []
    for delta in sorted(set(deltas_mic)):
        worse = pl.col("is_imputed").cast(pl.Float64) * delta * pl.col("mic").fill_null(0)
        shifted = rows.with_columns(improvement=pl.col("improvement") - worse)
        shifted = shifted.with_columns(is_responder=_responder(settings))
        found += [row | {"delta_mic": float(delta)} for row in _pooled(shifted)]
    return result_table(found, PooledEstimates, imputed)


def _pooled(rows: pl.DataFrame) -> list[dict[str, Any]]:
    groups = rows["group"].unique().sort(nulls_last=True).to_list()
    found, by_group = [], {}
    for quantity, value in (("mean_improvement", pl.col("improvement")), ("responder_pct", _hundred("is_responder"))):
        for group in groups:
            part = rows.filter(pl.col("group").eq_missing(pl.lit(group, dtype=pl.String)))
            if quantity == "responder_pct":
                part = part.filter(pl.col("is_responder").is_not_null() | pl.col("improvement").is_null())
            sets = _each_set(part, value, is_share=quantity == "responder_pct")
            by_group[quantity, group] = sets
            found.append({"group": group, "quantity": quantity} | _estimate([sets], is_share=quantity == "responder_pct"))
        known = [group for group in groups if group is not None]
        for first, second in combinations(known, 2):
            pair = [by_group[quantity, second], by_group[quantity, first]]
            label = f"{quantity} difference: {second} - {first}"
            found.append({"group": None, "quantity": label} | _estimate(pair, is_share=False))
    return found


def _hundred(column: str) -> pl.Expr:
    return 100 * pl.col(column).cast(pl.Float64)


def _each_set(part: pl.DataFrame, value: pl.Expr, *, is_share: bool) -> dict[str, Any]:
    """Return estimate and squared error of every data set of one group."""
    sets = part.group_by("imputation").agg(
        n=pl.len(), q=value.mean(), v=value.var(), missing=value.null_count(), n_imputed=pl.col("is_imputed").sum()
    ).sort("imputation")  # fmt: skip
    q, n = sets["q"], sets["n"]
    variance = q * (100 - q) / n if is_share else sets["v"] / n
    return {
        "q": q,
        "u": variance,
        "n": int(n.max() or 0),  # type: ignore[arg-type]
        "n_imputed": int(sets["n_imputed"].max() or 0),  # type: ignore[arg-type]
        "missing": int(sets["missing"].sum()),
        "m": sets.height,
    }


def _estimate(parts: list[dict[str, Any]], *, is_share: bool) -> dict[str, Any]:
    counts = {
        "n": sum(part["n"] for part in parts),
        "n_imputed": sum(part["n_imputed"] for part in parts),
        "m": min(part["m"] for part in parts),
    }
    if any(part["missing"] for part in parts):
        return counts | {"reason": "not_imputed"}
    if any(part["n"] < 3 for part in parts) or len({part["m"] for part in parts}) > 1:
        return counts | {"reason": "too_few_patients"}
    q = parts[0]["q"] - parts[1]["q"] if len(parts) > 1 else parts[0]["q"]
    u = parts[0]["u"] + parts[1]["u"] if len(parts) > 1 else parts[0]["u"]
    pooled = pool_rubin(q.to_list(), u.to_list(), complete_df=counts["n"] - len(parts))
    row: dict[str, Any] = {"estimate": pooled.estimate, "missing_information": pooled.missing_information, "df": pooled.df}
    if pooled.se > 0:
        row |= {"se": pooled.se, "lower": pooled.lower, "upper": pooled.upper}
        if not is_share and pooled.df is not None:
            row["p_value"] = number(2 * stats.t.sf(abs(pooled.estimate) / pooled.se, pooled.df))
            row["is_different_from_zero"] = not pooled.lower <= 0 <= pooled.upper
    return counts | row
