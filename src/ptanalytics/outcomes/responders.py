"""Responders: shares by rule with intervals, and the cumulative responder curve."""

from typing import Any

import polars as pl

from ptanalytics.instruments import measure, measure_ids
from ptanalytics.outcomes.change import TOLERANCE
from ptanalytics.outcomes.proportions import wilson_limits
from ptanalytics.schemas.frames import as_caller_kind, as_lazy, conform
from ptanalytics.schemas.model import TableModel, columns_of, sort_of
from ptanalytics.schemas.results import Changes, ResponderCurve, ResponderShares

RULES = ("absolute", "percent", "both")
POPULATIONS = ("completers", "all_starters")
THRESHOLDS_PCT = tuple(float(pct) for pct in range(0, 101, 10))

_STATUSES = ("no_baseline", "no_room", "not_due", "no_followup", "complete")
_BY = ("measure", "target_week")


def responder_shares(changes: Any, *, groups: Any = None) -> Any:
    """Count the patients who responded, by measure, follow-up week, rule and population.

    ``share_pct = 100 x responders / n`` with a Wilson 95 % interval. Denominators: ``completers`` have a baseline from
    which the rule can be reached, and a follow-up; ``all_starters`` have such a baseline, and whoever has no follow-up
    although it was due counts as no response. A rule cannot be reached from a baseline nearer to the best score than the
    MIC (``absolute``, ``both``) or of 0 (``percent``). In no denominator, and counted beside it: starters without baseline
    (there is no change to judge), from whose baseline the rule cannot be reached, or whose follow-up is not due yet. For
    ``all_starters``: ``n_starters = n + n_no_baseline + n_no_room + n_not_due``.

    Args:
        changes: Result of `changes`.
        groups: Optional frame ``patient_id, group`` (arm, site, clinician): one set of rows per group. Patients without
            a group form the group that is missing.

    Returns:
        Columns of `ResponderShares` (and ``group``), in the kind of frame given. A measure nobody has any value of is
        left out; ``percent`` and ``both`` only exist for scales that allow a percent rule.

    Raises:
        MissingColumnsError: A column of `changes` or of the groups is absent.

    Example:
        >>> change = pl.DataFrame({
        ...     "patient_id": ["P1", "P2", "P3"], "measure": "odi", "target_week": 12, "n_followup": [1, 1, 0],
        ...     "baseline": [42.0, 40.0, 30.0], "followup": [20.0, 38.0, None], "improvement_pct": [52.4, 5.0, None],
        ...     "is_responder_absolute": [True, False, None], "is_responder_percent": [True, False, None],
        ...     "is_responder_both": [True, False, None], "reason": [None, None, "no_followup"]})
        >>> responder_shares(change).filter(rule="both").select("population", "responders", "n").rows()
        [('all_starters', 1, 3), ('completers', 1, 2)]

    References:
        Wilson 1927, doi:10.1080/01621459.1927.10502953; Dworkin 2008, doi:10.1016/j.jpain.2007.09.005.
    """
    rows, by = _prepared(changes, groups)
    per_rule = []
    for rule in RULES:
        responded = _count(pl.col(f"is_responder_{rule}"))
        totals = _populations(_with_status(rows, rule).group_by(by).agg(responders=responded, **_counts()))
        per_rule.append(totals.with_columns(rule=pl.lit(rule)))
    shares = (
        pl.concat(per_rule)
        .filter((pl.col("rule") == "absolute") | pl.col("measure").is_in(_with_percent()))
        .with_columns(**_limits(), reason=pl.when(pl.col("n") == 0).then(pl.lit("no_patients")))
    )
    return _returned(shares, ResponderShares, by, changes)


def responder_curve(changes: Any, *, groups: Any = None) -> Any:
    """Count the patients who improved by at least x % of their baseline, for x = 0, 10, ..., 100.

    Populations and denominators are those of the rule ``percent`` in `responder_shares`.
    Only scales with a percent rule have a curve; an improvement of 0 % (no change) reaches the threshold 0.

    Args:
        changes: Result of `changes`.
        groups: Optional frame ``patient_id, group``; see `responder_shares`.

    Returns:
        Columns of `ResponderCurve` (and ``group``), in the kind of frame given.

    Raises:
        MissingColumnsError: A column of `changes` or of the groups is absent.

    Example:
        >>> change = pl.DataFrame({
        ...     "patient_id": ["P1", "P2"], "measure": "odi", "target_week": 12, "n_followup": 1, "baseline": [40.0, 40.0],
        ...     "followup": [20.0, 38.0], "improvement_pct": [50.0, 5.0]})
        >>> curve = responder_curve(change).filter(population="completers")
        >>> curve["share_pct"].to_list()[:7]
        [100.0, 50.0, 50.0, 50.0, 50.0, 50.0, 0.0]

    References:
        Dworkin 2008, doi:10.1016/j.jpain.2007.09.005.
    """
    rows, by = _prepared(changes, groups)
    gain = pl.col("improvement_pct")
    reached = {f"{pct:g}": _count(gain >= pct - 100 * TOLERANCE) for pct in THRESHOLDS_PCT}
    judged = _with_status(rows.filter(pl.col("measure").is_in(_with_percent())), "percent")
    totals = _populations(judged.group_by(by).agg(**_counts(), **reached))
    curve = totals.unpivot(
        on=list(reached), index=[*by, "population", "n"], variable_name="threshold_pct", value_name="responders"
    ).with_columns(
        pl.col("threshold_pct").cast(pl.Float64),
        share_pct=pl.when(pl.col("n") > 0).then(100 * pl.col("responders") / pl.col("n")),
    )
    return _returned(curve, ResponderCurve, by, changes)


def _with_status(rows: pl.LazyFrame, rule: str) -> pl.LazyFrame:
    """Add where each row stands for a rule: the first that holds, so that every starter is counted once."""
    reason = pl.col("reason")
    is_reachable = pl.col("baseline") > 0 if rule == "percent" else pl.col("has_room").fill_null(value=True)
    status = (
        pl.when(reason.eq_missing("no_start")).then(pl.lit("no_start"))
        .when(pl.col("baseline").is_null()).then(pl.lit("no_baseline"))
        .when(~is_reachable).then(pl.lit("no_room"))
        .when(pl.col("followup").is_not_null()).then(pl.lit("complete"))
        .when(reason.eq_missing("not_due")).then(pl.lit("not_due"))
        .otherwise(pl.lit("no_followup"))
    )  # fmt: skip
    return rows.with_columns(status=status)


def _counts() -> dict[str, pl.Expr]:
    status = pl.col("status")
    counts = {f"n_{name}": _count(status == name) for name in _STATUSES}
    return counts | {"n_starters": _count(status != "no_start")}


def _prepared(changes: Any, groups: Any) -> tuple[pl.LazyFrame, tuple[str, ...]]:
    rows = conform(changes, Changes, source="The table 'changes'")
    has_value = pl.col("baseline").is_not_null() | pl.col("followup").is_not_null()
    rows = rows.filter(has_value.any().over("measure"))
    if groups is None:
        return rows, _BY
    members = as_lazy(groups).select(pl.col("patient_id").cast(pl.String), pl.col("group").cast(pl.String))
    return rows.join(members.unique("patient_id", keep="first", maintain_order=True), on="patient_id", how="left"), (
        *_BY,
        "group",
    )


def _populations(totals: pl.LazyFrame) -> pl.LazyFrame:
    complete = pl.col("n_complete")
    sizes = {"completers": complete, "all_starters": complete + pl.col("n_no_followup")}
    return pl.concat([totals.with_columns(population=pl.lit(name), n=size) for name, size in sizes.items()])


def _limits() -> dict[str, pl.Expr]:
    responders, n = pl.col("responders").cast(pl.Float64), pl.col("n").cast(pl.Float64)
    lower, upper = wilson_limits(responders, n)
    shares = {"share_pct": responders / n, "lower_pct": lower.clip(0, 1), "upper_pct": upper.clip(0, 1)}
    return {name: pl.when(pl.col("n") > 0).then(100 * share) for name, share in shares.items()}


def _count(holds: pl.Expr) -> pl.Expr:
    return holds.fill_null(value=False).sum().cast(pl.Int32)


def _with_percent() -> list[str]:
    return [name for name in measure_ids() if measure(name).allows_percent]


def _returned(rows: pl.LazyFrame, model: type[TableModel], by: tuple[str, ...], kind: Any) -> Any:
    extra = [name for name in by if name == "group"]
    result = rows.select([*extra, *columns_of(model)]).collect().sort([*extra, *sort_of(model)])
    return as_caller_kind(result, kind)
