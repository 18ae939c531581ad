"""Rules of single cells: on import they set rows aside, so what they found is counted in the quarantine."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ptanalytics.quality.counting import SCHEMA_RULE
from ptanalytics.schemas import TABLES, row_rules

#: Where the rules of cells come from.
SOURCE = "The table's schema, see data_dictionary()"
_ROW = ("import_number", "file", "row")


def rules_of_schema(tables: Sequence[str]) -> pl.DataFrame:
    """Return the rules of cells of some tables: ``rule_id, table, column, sentence``."""
    rules = [
        {
            "rule_id": SCHEMA_RULE.format(table=table, rule=rule.rule_id),
            "table": table,
            "column": rule.column,
            "sentence": rule.sentence,
        }
        for table in tables
        for rule in row_rules(TABLES[table])
    ]
    return pl.DataFrame(rules, schema=dict.fromkeys(("rule_id", "table", "column", "sentence"), pl.String))


def rule_id_of(table: str, column: str, rule: str) -> str:
    """Return how a reason in the quarantine is called among the rules.

    Example:
        >>> rule_id_of("sessions", "duration_min", "duration_min_maximum"), rule_id_of("sessions", "sets", "not_a_number")
        ('sessions.duration_min_maximum', 'sessions.sets.not_a_number')
    """
    own = {known.rule_id for known in row_rules(TABLES[table])}
    is_of_row = rule in own or not column or "," in column  # several columns: the row as a whole
    return SCHEMA_RULE.format(table=table, rule=rule if is_of_row else f"{_one_word(column)}.{rule}")


def _one_word(column: str) -> str:
    return re.sub(r"\W+", "_", column)


def set_aside_by_rule(reasons: pl.DataFrame) -> pl.DataFrame:
    """Count rows set aside by rule.

    Args:
        reasons: Reasons of a study's quarantine, without those of rows that were repaired.

    Returns:
        ``rule_id, table, column, sentence, n_found``.
    """
    counted = reasons.group_by("table", "column", "rule", maintain_order=True).agg(
        n_found=pl.struct(_ROW).n_unique().cast(pl.Int64), sentence=pl.col("reason").first()
    )
    ids = [rule_id_of(table, column, rule) for table, column, rule in counted.select("table", "column", "rule").rows()]
    return counted.with_columns(rule_id=pl.Series(ids, dtype=pl.String)).select(
        "rule_id", "table", "column", "sentence", "n_found"
    )


def schema_results(reasons: pl.DataFrame, rows_read: Mapping[str, int], missing: pl.DataFrame) -> pl.DataFrame:
    """Return one line per rule of cells of a study: how many rows of its exports were set aside by it.

    A rule about a column that no import had cannot be judged, unless rows were set aside because it is missing.

    Args:
        reasons: See `set_aside_by_rule`.
        rows_read: Rows of data read for each table, over all imports.
        missing: Table ``missingness``: which columns any row has.

    Returns:
        ``rule_id, table, column, sentence, n_checked, n_found``.
    """
    tables = [table for table, n in rows_read.items() if n and table in TABLES]
    found = set_aside_by_rule(reasons.filter(pl.col("table").is_in(tables)))
    known = rules_of_schema(tables).join(found.select("rule_id", "n_found"), on="rule_id", how="left")
    more = found.join(known, on="rule_id", how="anti").select("rule_id", "table", "column", "sentence", "n_found")
    absent = missing.filter(~pl.col("is_recorded")).select("table", "column", is_absent=pl.lit(value=True))
    read = pl.DataFrame(
        {"table": tables, "n_read": [rows_read[t] for t in tables]}, schema={"table": pl.String, "n_read": pl.Int64}
    )
    return (
        pl.concat([known.select(more.columns), more])
        .join(absent, on=["table", "column"], how="left", maintain_order="left")
        .join(read, on="table", how="left", maintain_order="left")
        .with_columns(n_found=pl.col("n_found").fill_null(0))
        .with_columns(
            n_checked=pl.when(pl.col("is_absent").is_null() | (pl.col("n_found") > 0)).then("n_read").otherwise(0)
        )
        .select("rule_id", "table", "column", "sentence", "n_checked", "n_found")
    )


def rows_read_of(receipts: Sequence[Any]) -> dict[str, int]:
    """Return how many rows of data were read for each table, over all imports that stand."""
    read: dict[str, int] = {}
    undone = {receipt.undoes for receipt in receipts}
    standing = [one for number, one in enumerate(receipts, start=1) if one.kind == "import" and number not in undone]
    for receipt in standing:
        for entry in receipt.files:
            read[entry.table] = read.get(entry.table, 0) + entry.rows_read - entry.rows_ignored
    return read
