"""Adherence of a cohort by each definition, with numerators and denominators."""

from typing import Any

import polars as pl

from ptanalytics.errors import MissingColumnsError
from ptanalytics.schemas.frames import as_caller_kind, as_lazy
from ptanalytics.schemas.results import ADHERENCE_DEFINITIONS

_SUMS = ("counted", "counted_capped", "prescribed", "weeks", "weeks_adherent", "weeks_classified")
_NEEDED = ("definition", *_SUMS, *(f"{name}_pct" for name in ADHERENCE_DEFINITIONS))


def cohort_adherence(summary: Any) -> Any:
    """Describe a cohort's adherence by every definition: who has a value, its spread, and the sums behind it.

    Over patients with a percentage: their number, median and quartiles (linear interpolation). ``numerator`` and
    ``denominator`` are the formula's sums over those patients, and ``pooled_pct = 100 x numerator / denominator`` weighs
    each patient by what was prescribed (by weeks for the last two definitions), so it differs from the median:

    =================  ==================================  ==============================
    definition         numerator                           denominator
    =================  ==================================  ==============================
    uncapped           sessions that count                 sessions prescribed
    weekly_capped      sum of min(S, P) over weeks         sessions prescribed
    window_capped      min(sum S, sum P) of each patient   sessions prescribed
    mean_of_weeks      sum over weeks of min(1, S / P)     weeks with something prescribed
    weeks_adherent     weeks at or above the cut           weeks that are not partial
    =================  ==================================  ==============================

    Patients without a percentage are counted in ``n_without`` and are in no sum: nothing was prescribed to them, which is
    not the same as having done nothing.

    Args:
        summary: The result of `adherence_summary`, pandas or Polars; filter it first to describe a subgroup.

    Returns:
        One row per definition, in the caller's kind of frame. Columns: `CohortAdherence`. Without any patient with a
        percentage the values are missing (``no_patients``).

    Raises:
        MissingColumnsError: The frame is not an adherence summary.

    Example:
        >>> summary = pl.DataFrame({
        ...     "definition": ["weekly_capped"] * 2, "counted": [10, 3], "counted_capped": [8.0, 3.0],
        ...     "prescribed": [9.0, 6.0], "weeks": [3, 2], "weeks_adherent": [2, 1], "weeks_classified": [3, 2],
        ...     "uncapped_pct": [111.1, 50.0], "weekly_capped_pct": [88.9, 50.0], "window_capped_pct": [100.0, 50.0],
        ...     "mean_of_weeks_pct": [88.9, 50.0], "weeks_adherent_pct": [66.7, 50.0]})
        >>> cohort_adherence(summary).filter("is_headline").select("n", "numerator", "denominator", "pooled_pct").row(0)
        (2, 11.0, 15.0, 73.33333333333333)
    """
    lazy = as_lazy(summary)
    have = lazy.collect_schema().names()
    missing = [name for name in _NEEDED if name not in have]
    if missing:
        raise MissingColumnsError(missing, found=have, source="The adherence summary")
    rows = lazy.select(_NEEDED).collect()
    headline = rows["definition"].first()
    table = pl.concat([_described(rows, name, is_headline=name == headline) for name in ADHERENCE_DEFINITIONS])
    return as_caller_kind(table, summary)


def _described(rows: pl.DataFrame, definition: str, *, is_headline: bool) -> pl.DataFrame:
    pct = pl.col(f"{definition}_pct")
    has_value = pct.is_not_null()
    numerator, denominator, unit = _sums()[definition]
    return rows.select(
        definition=pl.lit(definition),
        is_headline=pl.lit(is_headline),
        n=has_value.sum().cast(pl.Int32),
        n_without=(~has_value).sum().cast(pl.Int32),
        median_pct=pct.median(),
        lower_quartile_pct=pct.quantile(0.25, interpolation="linear"),
        upper_quartile_pct=pct.quantile(0.75, interpolation="linear"),
        numerator=numerator.filter(has_value).sum().cast(pl.Float64),
        denominator=denominator.filter(has_value).sum().cast(pl.Float64),
        unit=pl.lit(unit),
    ).with_columns(
        pooled_pct=pl.when(pl.col("denominator") > 0).then(100 * pl.col("numerator") / pl.col("denominator")),
        reason=pl.when(pl.col("n") == 0).then(pl.lit("no_patients")),
    )


def _sums() -> dict[str, tuple[pl.Expr, pl.Expr, str]]:
    """Numerator, denominator and their unit of each definition."""
    counted, prescribed, weeks = pl.col("counted"), pl.col("prescribed"), pl.col("weeks")
    return {
        "uncapped": (counted, prescribed, "sessions"),
        "weekly_capped": (pl.col("counted_capped"), prescribed, "sessions"),
        "window_capped": (pl.min_horizontal(counted, prescribed), prescribed, "sessions"),
        "mean_of_weeks": (pl.col("mean_of_weeks_pct") / 100 * weeks, weeks, "weeks"),
        "weeks_adherent": (pl.col("weeks_adherent"), pl.col("weeks_classified"), "weeks"),
    }
