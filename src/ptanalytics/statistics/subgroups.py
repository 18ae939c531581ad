"""Subgroups: every level with its estimate, and a test of whether the levels differ (interaction)."""

from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from ptanalytics.errors import InvalidTableError, MissingColumnsError
from ptanalytics.schemas.frames import as_lazy
from ptanalytics.schemas.statistics_results import SubgroupEffects
from ptanalytics.statistics.ancova import contrast_row, least_squares
from ptanalytics.statistics.fitting import complete_changes, is_full_rank, number, result_table, with_groups

MIN_PER_LEVEL = 20
MAX_SUBGROUPS = 5


def subgroup_effects(
    changes: Any,
    subgroups: Any,
    *,
    groups: Any = None,
    measure: str | None = None,
    target_week: int | None = None,
    is_prespecified: bool = False,
    level: float = 0.95,
) -> Any:
    """Compare the improvement of subgroups, or of two arms within subgroups, at equal baseline.

    Without ``groups``: the mean improvement per level, adjusted for baseline; with two arms: their difference (second minus
    first) per level. ``p_interaction`` is the F test that all levels are the same; tests within a level are not given,
    because one level "significant" and another not says nothing. All levels are shown. A level below 20 patients has no
    estimate and is not in the test.

    Args:
        changes: Result of `changes`.
        subgroups: Frame ``patient_id`` and one column per subgroup, e.g. ``sex, age_band``.
        groups: Optional frame ``patient_id, group`` with two arms.
        measure: Which measure, where there are several.
        target_week: Which week, where there are several.
        is_prespecified: The subgroups were chosen before the data were seen.
        level: Confidence level.

    Returns:
        Columns of `SubgroupEffects`. Missing with a reason: ``too_few_patients`` (below 20, or below 2 in an arm),
        ``singular``.

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: More or fewer than two arms, a patient twice, or see `ancova`.

    Example:
        >>> n = 40
        >>> ids = [f"P{i:02}" for i in range(n)]
        >>> change = pl.DataFrame({"patient_id": ids, "measure": "odi", "target_week": 12, "n_followup": 1,
        ...     "baseline": [30.0 + i % 7 for i in range(n)], "followup": [25.0] * n,
        ...     "improvement": [5.0 + i % 7 + 3 * (i % 2) for i in range(n)]})
        >>> who = pl.DataFrame({"patient_id": ids, "sex": ["F", "M"] * 20})
        >>> subgroup_effects(change, who).select("level", "n", pl.col("estimate").round(1)).rows()
        [('F', 20, 7.9), ('M', 20, 10.9)]

    References:
        Schandelmaier 2020, doi:10.1503/cmaj.200077 (ICEMAN).
    """
    rows = complete_changes(changes, measure, target_week).drop_nulls(["baseline", "improvement"])
    table = as_lazy(subgroups).collect()
    if "patient_id" not in table.columns:
        raise MissingColumnsError(["patient_id"], found=table.columns, source="The table of subgroups")
    names = [name for name in table.columns if name != "patient_id"]
    rows = with_groups(rows, groups)
    arms = rows["group"].drop_nulls().unique().sort().to_list()
    if groups is not None and len(arms) != 2:
        raise InvalidTableError(f"subgroup_effects compares two arms; the table of groups leads to {len(arms)}.")
    rows = rows if groups is None else rows.drop_nulls("group")
    found = []
    for name in names:
        levels = table.select(pl.col("patient_id").cast(pl.String), pl.col(name).cast(pl.String).alias("level"))
        found += _one_subgroup(rows, levels, name, arms, level)
    is_open = not is_prespecified or len(names) > MAX_SUBGROUPS
    for name in names:
        part = [row for row in found if row["subgroup"] == name]
        for row in part:
            row["is_exploratory"] = is_open or any(other["n"] < MIN_PER_LEVEL for other in part)
    return result_table(found, SubgroupEffects, changes)


def _one_subgroup(
    rows: pl.DataFrame, levels: pl.DataFrame, name: str, arms: list[str], level: float
) -> list[dict[str, Any]]:
    members = with_groups(rows, levels, column="level").drop_nulls("level")
    quantity = f"difference: {arms[1]} - {arms[0]}" if arms else "mean_improvement"
    sizes = {str(key): n for key, n in members.group_by("level").len().sort("level").iter_rows()}
    judged = [key for key, n in sizes.items() if n >= MIN_PER_LEVEL and _has_both(members, key, arms)]
    used = members.filter(pl.col("level").is_in(judged))
    design = _design(used, judged, arms)
    is_fit = bool(judged) and used.height > design.shape[1] and is_full_rank(design)
    fitted = least_squares(used["improvement"].to_numpy(), design) if is_fit else None
    p_value = None if fitted is None else _interaction(fitted, len(judged), offset=len(judged) if arms else 0)
    found = []
    for key, n in sizes.items():
        row: dict[str, Any] = {"subgroup": name, "level": key, "quantity": quantity, "n": n, "p_interaction": p_value}
        if key not in judged:
            row["reason"] = "too_few_patients"
        elif fitted is None:
            row["reason"] = "singular"
        else:
            weights = np.zeros(len(fitted[0]))
            weights[judged.index(key) + (len(judged) if arms else 0)] = 1
            row |= contrast_row(fitted, weights, level, is_tested=False)
        found.append(row)
    return found


def _has_both(members: pl.DataFrame, key: str, arms: list[str]) -> bool:
    counts = members.filter(pl.col("level") == key)["group"].value_counts()
    return not arms or (counts.height == 2 and bool((counts["count"] >= 2).all()))


def _design(used: pl.DataFrame, judged: list[str], arms: list[str]) -> Any:
    """One column per level, with arms one more per level for the second arm, and the centred baseline."""
    columns = [(used["level"] == key).cast(pl.Float64).to_numpy() for key in judged]
    if arms:
        second = (used["group"] == arms[1]).cast(pl.Float64).to_numpy()
        columns += [column * second for column in columns]
    baseline = used["baseline"].to_numpy()
    if used.height and np.ptp(baseline) > 0:
        columns.append(baseline - baseline.mean())
    return np.column_stack(columns) if columns else np.zeros((0, 0))


def _interaction(fitted: tuple[Any, Any, int], n_levels: int, offset: int) -> float | None:
    """Return the p value of the F test that the coefficients from ``offset`` on are equal."""
    if n_levels < 2:
        return None
    coefficients, covariance, df = fitted
    contrast = np.zeros((n_levels - 1, len(coefficients)))
    for i in range(n_levels - 1):
        contrast[i, offset], contrast[i, offset + i + 1] = -1, 1
    gap = contrast @ coefficients
    spread = contrast @ covariance @ contrast.T
    if np.linalg.matrix_rank(spread) < n_levels - 1:
        return None
    f = float(gap @ np.linalg.solve(spread, gap)) / (n_levels - 1)
    return number(stats.f.sf(f, n_levels - 1, df))
