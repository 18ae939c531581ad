"""Bring new rows of one bucket together with those already there: what is new, changed, repeated or contradictory."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from ptanalytics.schemas.model import TableModel, columns_of, key_of, sort_of
from ptanalytics.study.sorting import places_in_order

#: Columns that say where an incoming row came from: the number of its source, and its row there.
SOURCE = "source_number"
ROW = "row"

#: What became of a row. Only new and changed rows are used.
Outcome = Literal["new", "changed", "unchanged", "repeated", "conflict"]

_OUTCOMES = {SOURCE: pl.UInt32, ROW: pl.UInt32, "outcome": pl.String}


@dataclass(frozen=True)
class BucketMerge:
    """One table of one bucket after an import."""

    #: All rows now, sorted; None where nothing changed.
    rows: pl.DataFrame | None
    #: ``source_number, outcome, n``: how many incoming rows met which outcome.
    counts: pl.DataFrame
    #: ``source_number, row, outcome`` of the rows whose key was met before, in this import or in the study.
    doubtful: pl.DataFrame


def merge_bucket(existing: pl.DataFrame, incoming: pl.DataFrame, model: type[TableModel]) -> BucketMerge:
    """Merge incoming rows into the rows of a bucket.

    Rows with the same key in one import, in the order of sources and rows: the first counts; a later one is ``repeated``
    if all its columns are the same and a ``conflict`` if not. A row whose key the study has is ``unchanged`` if all
    columns are the same; otherwise it is ``changed`` and takes the old one's place.

    Args:
        existing: The table's columns, one row per key.
        incoming: Columns of the table with ``source_number`` and ``row``; one outside the key that no
            source has may be absent.
        model: The table's model.
    """
    key = list(key_of(model))
    new, old = _key_hash(incoming, key), _key_hash(existing, key)
    # Equal keys have equal hashes, so where no hash comes twice no key does. Only the others are compared exactly.
    if pl.concat([old, new]).n_unique() == len(old) + len(new):
        rows = pl.concat([existing, incoming.drop(SOURCE, ROW)], how="diagonal") if existing.height else incoming
        counts = incoming.group_by(SOURCE).agg(outcome=pl.lit("new"), n=pl.len())
        return BucketMerge(_sorted(rows, model), counts, _no_outcomes())
    incoming = _completed(incoming, model).select(*existing.columns, SOURCE, ROW)
    return _merge_with_care(
        existing, incoming, new.is_unique() & ~new.is_in(old.implode()), old.is_in(new.implode()), model
    )


def _merge_with_care(
    existing: pl.DataFrame, incoming: pl.DataFrame, is_alone: pl.Series, is_hit: pl.Series, model: type[TableModel]
) -> BucketMerge:
    """Merge where some incoming rows (not ``is_alone``) may have the key of another or of an existing row (``is_hit``)."""
    columns, key = existing.columns, list(key_of(model))
    doubtful = incoming.filter(~is_alone).sort(SOURCE, ROW)
    outcomes = _outcomes(existing.filter(is_hit), doubtful, columns, key)
    used = doubtful.join(outcomes.filter(pl.col("outcome").is_in(["new", "changed"])), on=[SOURCE, ROW], how="semi")
    rows = None
    if used.height or is_alone.any():
        replaced = doubtful.join(outcomes.filter(pl.col("outcome") == "changed"), on=[SOURCE, ROW], how="semi")
        kept = existing.join(replaced, on=key, how="anti", nulls_equal=True) if replaced.height else existing
        rows = _sorted(pl.concat([kept, incoming.filter(is_alone).select(columns), used.select(columns)]), model)
    alone = incoming.filter(is_alone).select(SOURCE, ROW, outcome=pl.lit("new"))
    counts = pl.concat([alone, outcomes]).group_by(SOURCE, "outcome").agg(n=pl.len())
    return BucketMerge(rows, counts, outcomes)


def _key_hash(frame: pl.DataFrame, key: list[str]) -> pl.Series:
    # Adding 0.0 makes the two zeros of floating point one.
    parts = [pl.col(name) + 0.0 if frame.schema[name].is_float() else pl.col(name) for name in key]
    return frame.select(hash=pl.struct(parts).hash()).to_series()


def _outcomes(existing: pl.DataFrame, doubtful: pl.DataFrame, columns: list[str], key: list[str]) -> pl.DataFrame:
    first = doubtful.unique(key, keep="first", maintain_order=True)
    later = doubtful.join(first, on=[SOURCE, ROW], how="anti")
    return pl.concat(
        [
            _compared(first, existing, columns, key, same="unchanged", other="changed"),
            _compared(later, first, columns, key, same="repeated", other="conflict"),
        ]
    )


def _compared(
    rows: pl.DataFrame, others: pl.DataFrame, columns: list[str], key: list[str], *, same: Outcome, other: Outcome
) -> pl.DataFrame:
    """Compare each row with the one of ``others`` that has its key; without one it is new."""
    content = [name for name in columns if name not in key]
    found = rows.join(
        others.select(*key, *(pl.col(name).alias(f"other_{name}") for name in content), is_found=pl.lit(value=True)),
        on=key,
        how="left",
        nulls_equal=True,
    )
    is_same = pl.all_horizontal(pl.lit(value=True), *(pl.col(name).eq_missing(pl.col(f"other_{name}")) for name in content))
    outcome = (
        pl.when(pl.col("is_found").is_null()).then(pl.lit("new")).when(is_same).then(pl.lit(same)).otherwise(pl.lit(other))
    )
    return found.select(SOURCE, ROW, outcome=outcome)


def _sorted(rows: pl.DataFrame, model: type[TableModel]) -> pl.DataFrame:
    """Sort by the model's order and then by the rest of the key, so that the same rows always give the same file."""
    order = [*sort_of(model), *(name for name in key_of(model) if name not in sort_of(model))]
    places = places_in_order(rows.select(order))
    return _completed(rows.drop(SOURCE, ROW, strict=False).rechunk()[places], model)


def _completed(rows: pl.DataFrame, model: type[TableModel]) -> pl.DataFrame:
    """Return the table's columns, those that no source has as missing, and where rows came from if they say."""
    infos = columns_of(model)
    absent = [pl.lit(None, dtype=info.dtype).alias(name) for name, info in infos.items() if name not in rows.columns]
    return rows.with_columns(absent).select(*infos, *(name for name in (SOURCE, ROW) if name in rows.columns))


def _no_outcomes() -> pl.DataFrame:
    return pl.DataFrame(schema=_OUTCOMES)
