"""Floor and ceiling: how much of a group stands where a scale cannot show change."""

from typing import Any

import polars as pl

from ptanalytics.instruments import measure, measure_ids, mic_for
from ptanalytics.outcomes.change import TOLERANCE
from ptanalytics.schemas.course_results import FloorCeiling
from ptanalytics.schemas.frames import as_caller_kind, conform
from ptanalytics.schemas.model import columns_of, sort_of
from ptanalytics.schemas.results import Baselines
from ptanalytics.settings import Settings, default_settings

LIMIT_PCT = 15.0


def floor_ceiling(baselines: Any, *, settings: Settings | None = None) -> Any:
    """Count baselines at the ends of each scale, and those without room to improve by the minimal important change.

    ``has_floor`` and ``has_ceiling``: more than 15 % of the group at the lowest or highest possible score.

    Args:
        baselines: Result of `baselines`.
        settings: Source of the minimal important change.

    Returns:
        Columns of `FloorCeiling`, one row per measure in the table, in the kind of frame given. A measure without any
        baseline has no shares (``no_patients``).

    Raises:
        MissingColumnsError: A column of `baselines` is absent.

    Example:
        >>> before = pl.DataFrame({"patient_id": ["P1", "P2"], "measure": "odi", "baseline": [0.0, 40.0], "n": 1})
        >>> floor_ceiling(before).select("n", "n_at_minimum", "at_minimum_pct", "n_no_room", "has_floor").row(0)
        (2, 1, 50.0, 1, True)

    References:
        Terwee 2007, doi:10.1016/j.jclinepi.2006.03.012 (15 %).
    """
    settings = settings or default_settings()
    known = [(measure(name), mic_for(name, settings).value) for name in measure_ids()]
    facts = pl.LazyFrame(
        {
            "measure": [m.id for m, _ in known],
            "minimum": [m.minimum for m, _ in known],
            "maximum": [m.maximum for m, _ in known],
            "is_lower_better": [m.is_lower_better for m, _ in known],
            "mic": [mic for _, mic in known],
        },
        schema_overrides={"mic": pl.Float64},
    )
    value, low, high = pl.col("baseline"), pl.col("minimum"), pl.col("maximum")
    room = pl.when("is_lower_better").then(value - low).otherwise(high - value)
    rows = conform(baselines, Baselines, source="The table 'baselines'").join(facts, on="measure", how="left")
    counts = rows.group_by("measure").agg(
        n=value.count().cast(pl.Int32),
        n_at_minimum=_count(value <= low + TOLERANCE),
        n_at_maximum=_count(value >= high - TOLERANCE),
        n_no_room=_count(room < pl.col("mic") - TOLERANCE),
    )
    shares = counts.with_columns(
        at_minimum_pct=_share("n_at_minimum"),
        at_maximum_pct=_share("n_at_maximum"),
        reason=pl.when(pl.col("n") == 0).then(pl.lit("no_patients")),
    ).with_columns(
        has_floor=pl.col("at_minimum_pct") > LIMIT_PCT, has_ceiling=pl.col("at_maximum_pct") > LIMIT_PCT
    )  # fmt: skip
    result = shares.select(list(columns_of(FloorCeiling))).collect().sort(sort_of(FloorCeiling))
    return as_caller_kind(result, baselines)


def _count(holds: pl.Expr) -> pl.Expr:
    return holds.fill_null(value=False).sum().cast(pl.Int32)


def _share(name: str) -> pl.Expr:
    return pl.when(pl.col("n") > 0).then(100 * pl.col(name) / pl.col("n"))
