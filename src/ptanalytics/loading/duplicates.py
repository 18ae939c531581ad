"""Rows that say the same twice, and rows that contradict an earlier one."""

import polars as pl

from ptanalytics.schemas import TableModel, columns_of, key_of


def split_duplicates(rows: pl.DataFrame, model: type[TableModel]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Split rows in the order they were read: those that count, repetitions, and contradictions.

    Rows with the same key: the first counts; a later one is a repetition if all its other columns are the same (missing
    equals missing) and a contradiction if not.

    Args:
        rows: The table's columns and any others (they are carried along).
        model: The table.

    Returns:
        ``(kept, duplicates, conflicts)``; their heights sum to that of ``rows``.
    """
    key = list(key_of(model))
    content = [name for name in columns_of(model) if name not in key]
    is_first = rows.select(pl.struct(key).is_first_distinct()).to_series()
    kept, later = rows.filter(is_first), rows.filter(~is_first)
    if not later.height:
        return kept, later, later
    others = kept.select(*key, *(pl.col(name).alias(f"first_{name}") for name in content))
    is_same = pl.all_horizontal(pl.lit(value=True), *(pl.col(name).eq_missing(pl.col(f"first_{name}")) for name in content))
    compared = later.join(others, on=key, how="left", nulls_equal=True, maintain_order="left").with_columns(
        is_same.alias("is_same")
    )
    duplicates = compared.filter("is_same").select(rows.columns)
    return kept, duplicates, compared.filter(~pl.col("is_same")).select(rows.columns)
