"""Multiple imputation of missing follow-ups: each week from what came before it."""

from collections.abc import Sequence
from math import ceil
from typing import Any, Literal

import numpy as np
import polars as pl

from ptanalytics.errors import InvalidTableError
from ptanalytics.instruments import measure as measure_of
from ptanalytics.instruments import measure_ids, mic_for
from ptanalytics.outcomes.change import TOLERANCE
from ptanalytics.schemas.frames import as_caller_kind, conform
from ptanalytics.schemas.model import columns_of, sort_of
from ptanalytics.schemas.results import Changes
from ptanalytics.schemas.statistics_results import ImputedChanges
from ptanalytics.settings import Settings, default_settings
from ptanalytics.statistics.fitting import complete_changes, with_covariates, with_groups
from ptanalytics.statistics.imputation_draws import METHODS, Drawn, draw_followups

SEED = 20260302
M_LEAST = 20


def impute_followups(
    changes: Any,
    *,
    groups: Any = None,
    covariates: Any = None,
    measure: str | None = None,
    target_week: int | None = None,
    method: Literal["normal", "pmm"] = "normal",
    m: int | None = None,
    seed: int = SEED,
    settings: Settings | None = None,
) -> Any:
    """Complete the missing follow-ups m times, with the uncertainty of the model and of each patient.

    Linear regression of the follow-up on baseline, group, covariates and, where ``changes`` holds them, the earlier
    follow-ups of the measure, which are completed first (week 6, then week 12). Each data set draws its own coefficients
    and residual deviation. ``normal`` (mice: ``norm``) draws a value from the model; such a value may lie outside the scale
    and is neither clipped nor rounded, which would bias the means, but marked ``is_outside_scale``. ``pmm`` (predictive
    mean matching) takes the value of one of the 5 patients whose prediction is nearest, so only values that were observed
    occur: for short, skewed or bounded scales. Sound if values are missing at random given the predictors. Whoever has a
    follow-up keeps it. Responders are derived after imputing, by the headline rule. Not imputed: a follow-up that is not
    due yet, and patients without baseline (there is no change).

    Args:
        changes: Result of `changes`, with the earlier weeks where they shall predict.
        groups: Optional frame ``patient_id, group``.
        covariates: Optional frame ``patient_id`` and columns known before the follow-up (adherence, age).
        measure: Which measure, where there are several.
        target_week: Which week, where there are several.
        method: ``normal`` or ``pmm``.
        m: Data sets; default 20, or the percentage of follow-ups missing where that is more.
        seed: Seed of the draws.
        settings: Responder rule and MIC.

    Returns:
        Columns of `ImputedChanges`. Where nothing can be imputed the follow-up stays missing with a reason:
        ``no_predictors`` (a covariate or group is missing), ``too_few_complete``, ``singular_predictors``. An earlier week
        that cannot be completed does not predict; ``predictors`` names what does.

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: m below 2, an unknown method, a patient in two groups, or several measures or weeks and none
            chosen.

    Example:
        >>> change = pl.DataFrame({
        ...     "patient_id": list("abcdef"), "measure": "odi", "target_week": 12, "n_followup": [1, 1, 1, 1, 1, 0],
        ...     "baseline": [40.0, 30, 50, 42, 32, 49], "followup": [30.0, 22, 41, 38, 30, None],
        ...     "improvement": [10.0, 8, 9, 4, 2, None], "reason": [None] * 5 + ["no_followup"]})
        >>> completed = impute_followups(change, method="pmm", m=3)
        >>> completed.group_by("is_imputed").len().sort("is_imputed").rows()
        [(False, 15), (True, 3)]

    References:
        Rubin 1987; van Buuren & Groothuis-Oudshoorn 2011, doi:10.18637/jss.v045.i03; White 2011, doi:10.1002/sim.4067 (as
        many data sets as the percentage missing).
    """
    if m is not None and m < 2:
        raise InvalidTableError("impute_followups needs at least 2 data sets (m); 20 or more are advised.")
    if method not in METHODS:
        raise InvalidTableError(f"There is no imputation method '{method}'. Take one of: {', '.join(METHODS)}.")
    settings = settings or default_settings()
    chosen = complete_changes(changes, measure, target_week)
    is_due = pl.col("followup").is_not_null() | ~pl.col("reason").is_in(["not_due", "no_start"]).fill_null(value=False)
    rows = with_groups(chosen.filter(pl.col("baseline").is_not_null() & is_due), groups)
    rows, added = with_covariates(rows.sort("patient_id"), covariates)
    n_sets = m or max(M_LEAST, ceil(100 * rows["followup"].null_count() / max(rows.height, 1)))
    names, fixed, is_known = _fixed_predictors(rows, added, has_groups=groups is not None)
    weeks = {f"week {week}": values for week, values in _earlier_followups(changes, rows).items()}
    followup = rows["followup"].fill_null(float("nan")).to_numpy()
    drawn = draw_followups(fixed, is_known, weeks, followup, method=method, m=n_sets, seed=seed)
    table = _table(rows, drawn, settings).with_columns(
        method=pl.lit(method), predictors=pl.lit("; ".join([*names, *drawn.predicting]))
    )
    table = table.with_columns(is_responder=responder_of_imputed(settings))
    return as_caller_kind(table.select(list(columns_of(ImputedChanges))).sort(sort_of(ImputedChanges)), changes)


def _fixed_predictors(rows: pl.DataFrame, added: Sequence[str], *, has_groups: bool) -> tuple[list[str], Any, Any]:
    """Return the names of what predicts every week, its design with a constant, and who has all of it."""
    groups = rows["group"].drop_nulls().unique().sort().to_list()
    member = [(rows["group"] == name).cast(pl.Float64).to_numpy() for name in groups[1:]]
    others = [rows[name].to_numpy() for name in added]
    design = np.column_stack([np.ones(rows.height), rows["baseline"].to_numpy(), *member, *others])
    is_known = np.isfinite(design).all(axis=1) & (rows["group"].is_not_null().to_numpy() | (not has_groups))
    return ["baseline", *(["group"] if member else []), *added], design, is_known


def _earlier_followups(changes: Any, rows: pl.DataFrame) -> dict[int, Any]:
    """Return the follow-ups of the same measure at earlier weeks, by week, in the order of the rows; NaN: missing."""
    if rows.is_empty():
        return {}
    name, target = rows["measure"].item(0), rows["target_week"].item(0)
    everything = conform(changes, Changes).filter((pl.col("measure") == name) & (pl.col("target_week") < target)).collect()
    weeks = {}
    for week in everything["target_week"].unique().sort():
        values = everything.filter(target_week=week).select("patient_id", value="followup")
        found = rows.select("patient_id").join(values, on="patient_id", how="left", maintain_order="left")["value"]
        weeks[int(week)] = found.fill_null(float("nan")).to_numpy()
    return weeks


def _table(rows: pl.DataFrame, drawn: Drawn, settings: Settings) -> pl.DataFrame:
    """Return one row per patient and data set."""
    name = str(rows["measure"].item(0)) if rows.height else ""
    scale = measure_of(name) if name else None
    sign = 1.0 if scale is None or scale.is_lower_better else -1.0
    own = rows["mic"].drop_nulls()
    mic = own.item(0) if own.len() else mic_for(name, settings).value if name else None
    base = rows.select("patient_id", "measure", "target_week", "group", "baseline", is_imputed=pl.col("followup").is_null())
    base = base.with_columns(
        pl.lit(mic, dtype=pl.Float64).alias("mic"), reason=pl.Series(drawn.reasons, dtype=pl.String)
    )  # fmt: skip
    completed = [
        base.with_columns(pl.Series("followup", values).fill_nan(None), imputation=pl.lit(i, dtype=pl.Int32))
        for i, values in enumerate(drawn.values, start=1)
    ]
    on_scale = pl.lit(True) if scale is None else pl.col("followup").is_between(scale.minimum, scale.maximum)
    table = pl.concat(completed).with_columns(is_imputed=pl.col("is_imputed") & pl.col("followup").is_not_null())
    return table.with_columns(
        improvement=sign * (pl.col("baseline") - pl.col("followup")),
        is_outside_scale=(pl.col("is_imputed") & ~on_scale).fill_null(value=False),
    )


def responder_of_imputed(settings: Settings) -> pl.Expr:
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
