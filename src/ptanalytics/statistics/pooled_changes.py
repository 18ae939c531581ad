"""Estimates of completed data sets pooled by Rubin's rules, and how wrong the imputed values would have to be."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import polars as pl
from scipy import stats

from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.frames import conform
from ptanalytics.schemas.statistics_results import ImputedChanges, PooledEstimates
from ptanalytics.settings import Settings, default_settings
from ptanalytics.statistics.fitting import number, result_table
from ptanalytics.statistics.imputation import responder_of_imputed
from ptanalytics.statistics.rubin import pool_rubin


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
        >>> from ptanalytics.statistics import impute_followups
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
        >>> from ptanalytics.statistics import impute_followups
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
        shifted = shifted.with_columns(is_responder=responder_of_imputed(settings))
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
