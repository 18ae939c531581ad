"""From counts by site and month to the result tables."""

from collections.abc import Collection, Mapping

import polars as pl

from ptanalytics.quality.rules import MIN_ROWS, shipped_rules
from ptanalytics.quality.schema_rules import SOURCE
from ptanalytics.schemas import RESULTS, TABLES, columns_of, sort_of

_NOT_EXPORTED = "no import had this column"


def results_of_rules(
    counts: pl.DataFrame, of_cells: pl.DataFrame, limits: Mapping[str, float], present: Collection[str]
) -> pl.DataFrame:
    """Return table ``check_results``.

    Args:
        counts: What `count_problems` returns, of all buckets.
        of_cells: Rules of cells: ``rule_id, table, column, sentence, n_checked, n_found``.
        limits: Thresholds in force.
        present: Tables with any row.
    """
    totals = {
        name: (checked, found)
        for name, checked, found in counts.filter(pl.col("kind") == "rule")
        .group_by("name")
        .agg(pl.col("n_checked").sum(), pl.col("n_found").sum())
        .rows()
    }
    own = []
    for rule in shipped_rules().values():
        n_checked, n_found = totals.get(rule.id, (0, 0))
        unless = rule.unless if rule.table in present else f"there are no rows of {rule.table}"
        own.append(
            {
                "rule_id": rule.id,
                "sentence": rule.in_words(limits),
                "severity": rule.severity,
                "category": rule.category,
                "table": rule.table,
                "column": None,
                "counts": rule.counts,
                "n_checked": n_checked,
                "n_found": n_found,
                "threshold": limits.get(rule.id),
                "unit": rule.unit or None,
                "min_rows": int(limits[rule.id + MIN_ROWS]) if rule.min_rows else None,
                "reason": None if n_checked else unless,
                "source": rule.source,
            }
        )
    schema = {name: info.dtype for name, info in columns_of(RESULTS["check_results"]).items()}
    rules = pl.DataFrame(own, schema={n: t for n, t in schema.items() if n not in ("share_pct", "status")})
    is_required = pl.col("rule_id").str.ends_with("_required")
    cells = of_cells.select(
        "rule_id",
        "sentence",
        severity=pl.lit("error"),
        category=pl.when(is_required).then(pl.lit("completeness")).otherwise(pl.lit("conformance")),
        table="table",
        column=pl.when(pl.col("column") != "").then("column"),
        counts=pl.lit("rows"),
        n_checked=pl.col("n_checked").cast(pl.Int64),
        n_found=pl.col("n_found").cast(pl.Int64),
        threshold=pl.lit(None, dtype=pl.Float64),
        unit=pl.lit(None, dtype=pl.String),
        min_rows=pl.lit(None, dtype=pl.Int64),
        reason=pl.when(pl.col("n_checked") == 0).then(pl.lit(_NOT_EXPORTED)),
        source=pl.lit(SOURCE),
    )
    status = (
        pl.when(pl.col("n_checked") == 0).then(pl.lit("not_applicable"))
        .when(pl.col("n_found") > 0).then(pl.lit("found"))
        .otherwise(pl.lit("passed"))
    )  # fmt: skip
    both = pl.concat([rules, cells.select(rules.columns)]).with_columns(_share("n_found", "n_checked"), status=status)
    return _ordered(both.select(list(schema)), "check_results")


def by_site(counts: pl.DataFrame, severities: pl.DataFrame) -> pl.DataFrame:
    """Return table ``check_results_by_site``."""
    return _split(counts, severities, "site", "check_results_by_site")


def by_month(counts: pl.DataFrame, severities: pl.DataFrame) -> pl.DataFrame:
    """Return table ``check_results_by_month``."""
    return _split(counts, severities, "month_date", "check_results_by_month")


def _split(counts: pl.DataFrame, severities: pl.DataFrame, by: str, name: str) -> pl.DataFrame:
    found = (
        counts.filter(pl.col("kind") == "rule")
        .group_by(pl.col("name").alias("rule_id"), "table", by)
        .agg(pl.col("n_checked").sum(), pl.col("n_found").sum())
        .filter(pl.col("n_checked") > 0)
        .join(severities, on="rule_id", how="inner")
        .with_columns(_share("n_found", "n_checked"))
    )
    return _ordered(found.select(list(columns_of(RESULTS[name]))), name)


def missingness(counts: pl.DataFrame, by: str | None = None) -> pl.DataFrame:
    """Return table ``missingness``, or the same by ``site`` or ``month_date``."""
    keys = [pl.col("table"), pl.col("name").alias("column"), *([pl.col(by)] if by else [])]
    found = (
        counts.filter(pl.col("kind") == "column")
        .group_by(keys)
        .agg(n_rows=pl.col("n_checked").sum(), n_missing=pl.col("n_found").sum())
        .with_columns(_share("n_missing", "n_rows", "missing_pct"), is_recorded=pl.col("n_missing") < pl.col("n_rows"))
    )
    name = {None: "missingness", "site": "missingness_by_site", "month_date": "missingness_by_month"}[by]
    if by is None:
        found = found.join(_meanings(), on=["table", "column"], how="left")
    return _ordered(found.select(list(columns_of(RESULTS[name]))), name)


def _meanings() -> pl.DataFrame:
    """Return what a missing value says, for the columns whose description says it."""
    told = [
        (table, name, info.description.partition("missing: ")[2].rstrip("."))
        for table, model in TABLES.items()
        for name, info in columns_of(model).items()
        if "missing: " in info.description
    ]
    return pl.DataFrame(told, schema=dict.fromkeys(("table", "column", "missing_means"), pl.String), orient="row")


def _share(part: str, whole: str, name: str = "share_pct") -> pl.Expr:
    return pl.when(pl.col(whole) > 0).then(100.0 * pl.col(part) / pl.col(whole)).alias(name)


def _ordered(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.sort(sort_of(RESULTS[name]), nulls_last=True)
