"""Bring new rows of one bucket together with those already there: what is new, changed, repeated or contradictory."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Literal

import numpy as np
import polars as pl

from ptanalytics.schemas.model import TableModel, columns_of, key_of, sort_of
from ptanalytics.study.sorting import places_in_order
from ptanalytics.study.text_codes import TextCodes

#: Columns that say where an incoming row came from: the number of its source, and its row there.
SOURCE = "source_number"
ROW = "row"
#: Columns of merged rows: what the import did to a row (`KEPT`, `NEW` or `CHANGED`), and whose export it is of.
MARK = "_mark"
FAMILY = "_family"
KEPT, NEW, CHANGED = 0, 1, 2
_CARRIED = (MARK, FAMILY)

#: What became of a row. Only new and changed rows are used.
Outcome = Literal["new", "changed", "unchanged", "repeated", "conflict"]

_OUTCOME = pl.Enum(["new", "changed", "unchanged", "repeated", "conflict"])
#: Columns put in order at once.
_COLUMNS_AT_ONCE = 2
_AT, _HASH, _OTHER = "_at", "_hash", "_other_at"


@dataclass(frozen=True)
class BucketMerge:
    """One table of one bucket after an import."""

    #: All rows now, sorted, with `MARK` where rows were there before; None where nothing changed.
    rows: pl.DataFrame | None
    #: ``source_number, outcome, n``: how many incoming rows met which outcome.
    counts: pl.DataFrame
    #: ``source_number, row, outcome`` of the rows whose key was met before, in this import or in the study.
    doubtful: pl.DataFrame
    #: The rows as they were that changed ones took the place of.
    replaced: pl.DataFrame
    #: For each row that was there, whether the import holds its key.
    is_met: pl.Series


def merge_bucket(
    existing: pl.DataFrame,
    incoming: pl.DataFrame,
    model: type[TableModel],
    *,
    codes: Mapping[str, TextCodes] | None = None,
) -> BucketMerge:
    """Merge incoming rows into the rows of a bucket.

    Rows with the same key in one import, in the order of sources and rows: the first counts; a later one is ``repeated``
    if all its columns are the same and a ``conflict`` if not. A row whose key the study has is ``unchanged`` if all
    columns are the same; otherwise it is ``changed`` and takes the old one's place.

    Args:
        existing: The table's columns, one row per key; `FAMILY` if it is to be carried.
        incoming: Columns of the table with ``source_number`` and ``row``, and `FAMILY` likewise; a column outside the
            key that no source has may be absent. It is used up.
        model: The table's model.
        codes: The texts behind those incoming columns that hold numbers in their place.
    """
    key, codes = list(key_of(model)), codes or {}
    if not existing.height:
        with ThreadPoolExecutor(1) as beside:
            # Equal keys have equal hashes, so where no hash comes twice no key does. Only the others are compared exactly.
            repeating = beside.submit(lambda: _has_repeats(_key_hash(incoming, key)))
            places = places_in_order(_ranks(incoming, model, codes))
        if not repeating.result():
            counts = incoming.group_by(SOURCE).agg(outcome=pl.lit("new", dtype=_OUTCOME), n=pl.len())
            rows = _in_order(incoming, places, model, codes)
            return BucketMerge(rows, counts, _no_outcomes(), existing, pl.Series([], dtype=pl.Boolean))
    incoming = _completed(_decoded(incoming, codes), model)
    return _merge_with_care(existing, incoming, model, codes)


def _merge_with_care(
    existing: pl.DataFrame, incoming: pl.DataFrame, model: type[TableModel], codes: Mapping[str, TextCodes]
) -> BucketMerge:
    """Compare rows that share a key with another: those that share it with one old row at once, the others singly."""
    key = list(key_of(model))
    columns = list(columns_of(model))
    new = pl.DataFrame({_HASH: _key_hash(incoming, key)}).with_row_index(_AT)
    old = pl.DataFrame({_HASH: _key_hash(existing, key)}).with_row_index(_OTHER)
    many = pl.concat([_twice(new[_HASH]), _twice(old[_HASH])]).unique()
    is_single = _none_of(new[_HASH], many)
    # In the order of the old rows, most of which a newer export has again: they are compared where they are.
    pairs = new.filter(is_single).join(old, on=_HASH, how="inner", maintain_order="right").select(_AT, _OTHER)
    has_key = _same(incoming, existing, pairs, key)
    is_same = has_key & _same(incoming, existing, pairs, [name for name in columns if name not in key])
    # Where two keys share a hash they are told apart one by one, like keys that come twice.
    settled = pairs.with_columns(
        outcome=pl.when(is_same).then(pl.lit("unchanged", dtype=_OUTCOME)).otherwise(pl.lit("changed", dtype=_OUTCOME))
    ).filter(has_key)
    hashes = pl.concat([many, new[_HASH][pairs.filter(~has_key)[_AT]]]).unique()
    doubtful = _told_singly((existing, old), (incoming, new), hashes, key)
    is_alone = ~_mask(new.height, settled[_AT]) & _none_of(new[_HASH], hashes)
    alone = new.filter(is_alone).select(
        _AT, pl.lit(None, dtype=settled.schema[_OTHER]).alias(_OTHER), outcome=pl.lit("new", dtype=_OUTCOME)
    )
    return _put_together(existing, incoming, pl.concat([alone, settled, doubtful]), model, codes)


def _put_together(
    existing: pl.DataFrame,
    incoming: pl.DataFrame,
    told: pl.DataFrame,
    model: type[TableModel],
    codes: Mapping[str, TextCodes],
) -> BucketMerge:
    met = told.filter(pl.col(_OTHER).is_not_null() | (pl.col("outcome") != "new"))
    origins = incoming.select(SOURCE, ROW)
    doubtful = pl.concat([origins[met[_AT]], met.select("outcome")], how="horizontal")
    counts = pl.concat([origins.select(SOURCE)[told[_AT]], told.select("outcome")], how="horizontal")
    counts = counts.group_by(SOURCE, "outcome").agg(n=pl.len())
    used = told.filter(pl.col("outcome").is_in(["new", "changed"])).sort(_AT)
    places = used.filter(pl.col("outcome") == "changed")[_OTHER]
    rows = None
    if used.height:
        marks = used.select((pl.col("outcome") == "changed").cast(pl.UInt8).alias(MARK) + pl.lit(NEW, dtype=pl.UInt8))
        came = pl.concat([incoming[used[_AT]].drop(SOURCE, ROW), marks], how="horizontal")
        kept = existing.filter(~_mask(existing.height, places)) if len(places) else existing
        kept = kept.with_columns(pl.lit(KEPT, dtype=pl.UInt8).alias(MARK))
        rows = pl.concat([kept, came], how="diagonal") if existing.height else came
        rows = _sorted(rows.with_columns(codes[name].of(rows[name]) for name in codes), model, codes)
    is_met = _mask(existing.height, met[_OTHER].drop_nulls())
    return BucketMerge(rows, counts, doubtful, existing[places], is_met)


def _twice(hashes: pl.Series) -> pl.Series:
    """Return the hashes that come more than once."""
    return hashes.filter(hashes.is_duplicated()).unique() if _has_repeats(hashes) else hashes.clear()


def _has_repeats(hashes: pl.Series) -> bool:
    # Sorted whole numbers show it several times faster than counting distinct ones.
    in_order = np.sort(hashes.to_numpy())
    return bool((in_order[1:] == in_order[:-1]).any())


def _none_of(hashes: pl.Series, chosen: pl.Series) -> pl.Series:
    return ~hashes.is_in(chosen.implode()) if len(chosen) else pl.select(pl.repeat(True, len(hashes))).to_series()


def _mask(n: int, places: pl.Series) -> pl.Series:
    return pl.select(pl.repeat(False, n)).to_series().scatter(places, True)


def _key_hash(frame: pl.DataFrame, key: list[str]) -> pl.Series:
    # Adding 0.0 makes the two zeros of floating point one.
    parts = [pl.col(name) + 0.0 if frame.schema[name].is_float() else pl.col(name) for name in key]
    return frame.select(hash=pl.struct(parts).hash()).to_series()


def _same(incoming: pl.DataFrame, existing: pl.DataFrame, pairs: pl.DataFrame, columns: list[str]) -> pl.Series:
    """Say for each pair of an incoming and an existing row whether columns are the same; missing equals missing.

    Args:
        incoming: New rows.
        existing: Rows that were there.
        pairs: Their places; each old row at most once, in order.
        columns: What is compared.
    """
    is_all = pairs.height == existing.height

    def same(name: str) -> pl.Series | None:
        ours, theirs = incoming[name], existing[name]
        if ours.null_count() == incoming.height and theirs.null_count() == existing.height:
            return None
        ours, theirs = ours[pairs[_AT]], theirs if is_all else theirs[pairs[_OTHER]]
        return ours.eq_missing(theirs) if ours.null_count() or theirs.null_count() else ours == theirs

    with ThreadPoolExecutor(_COLUMNS_AT_ONCE) as pool:
        found = [one for one in pool.map(same, columns) if one is not None]
    return reduce(and_, found) if found else pl.select(pl.repeat(True, pairs.height)).to_series()


def _told_singly(
    there: tuple[pl.DataFrame, pl.DataFrame], arriving: tuple[pl.DataFrame, pl.DataFrame], hashes: pl.Series, key: list[str]
) -> pl.DataFrame:
    """Return place, place of the old row and outcome of the incoming rows whose key hash is one of ``hashes``."""
    (existing, old), (incoming, new) = there, arriving
    is_asked, is_candidate = ~_none_of(new[_HASH], hashes), ~_none_of(old[_HASH], hashes)
    rows = pl.concat([incoming.filter(is_asked), new.select(_AT).filter(is_asked)], how="horizontal").sort(SOURCE, ROW)
    others = pl.concat([existing.filter(is_candidate), old.select(_OTHER).filter(is_candidate)], how="horizontal")
    first = rows.unique(key, keep="first", maintain_order=True)
    later = rows.join(first, on=_AT, how="anti")
    return pl.concat(
        [
            _compared(first, others, key, same="unchanged", other="changed"),
            _compared(later, first.rename({_AT: _OTHER}), key, same="repeated", other="conflict").with_columns(
                pl.lit(None, dtype=old.schema[_OTHER]).alias(_OTHER)
            ),
        ]
    )


def _compared(rows: pl.DataFrame, others: pl.DataFrame, key: list[str], *, same: Outcome, other: Outcome) -> pl.DataFrame:
    """Compare each row with the one of ``others`` that has its key; without one it is new."""
    ours = {*key, SOURCE, ROW, _AT, *_CARRIED}
    content = [name for name in rows.columns if name not in ours]
    found = rows.join(
        others.select(*key, _OTHER, *(pl.col(name).alias(f"other_{name}") for name in content)),
        on=key,
        how="left",
        nulls_equal=True,
    )
    is_same = pl.all_horizontal(pl.lit(value=True), *(pl.col(name).eq_missing(pl.col(f"other_{name}")) for name in content))
    outcome = (
        pl.when(pl.col(_OTHER).is_null()).then(pl.lit("new")).when(is_same).then(pl.lit(same)).otherwise(pl.lit(other))
    )
    return found.select(_AT, _OTHER, outcome=outcome.cast(_OUTCOME))


def sort_rows(rows: pl.DataFrame, model: type[TableModel]) -> pl.DataFrame:
    """Sort by the model's order and then by the rest of the key, so that the same rows always give the same file."""
    return _sorted(rows.clone(), model, {})


def _sorted(rows: pl.DataFrame, model: type[TableModel], codes: Mapping[str, TextCodes]) -> pl.DataFrame:
    """Return rows in order; ``rows`` itself is used up."""
    return _in_order(rows, places_in_order(_ranks(rows, model, codes)), model, codes)


def _ranks(rows: pl.DataFrame, model: type[TableModel], codes: Mapping[str, TextCodes]) -> pl.DataFrame:
    """Return the columns that rows are sorted by; numbers that stand for texts as the ranks of those."""
    order = [*sort_of(model), *(name for name in key_of(model) if name not in sort_of(model))]
    coded = [name for name in order if _is_coded(rows, name, codes)]
    return rows.select(order).with_columns(codes[name].ranks_of(rows[name]) for name in coded)


def _in_order(
    rows: pl.DataFrame, places: pl.Series, model: type[TableModel], codes: Mapping[str, TextCodes]
) -> pl.DataFrame:
    """Return the rows at some places; ``rows`` itself is used up."""
    names = [name for name in rows.columns if name not in (SOURCE, ROW)]
    coded = [codes[name] if _is_coded(rows, name, codes) else None for name in names]
    columns = [rows.drop_in_place(name) for name in names]

    def take(at: int) -> pl.Series:
        # Few columns at a time, and each given up at once, so that a bucket is never in memory twice.
        column, columns[at] = columns[at][places], pl.Series()
        of_column = coded[at]
        return column if of_column is None else of_column.texts_of(column)

    with ThreadPoolExecutor(_COLUMNS_AT_ONCE) as pool:
        return _completed(pl.DataFrame(list(pool.map(take, range(len(names))))), model)


def _is_coded(rows: pl.DataFrame, name: str, codes: Mapping[str, TextCodes]) -> bool:
    return name in codes and rows.schema.get(name) == pl.UInt32


def _decoded(rows: pl.DataFrame, codes: Mapping[str, TextCodes]) -> pl.DataFrame:
    return rows.with_columns(codes[name].texts_of(rows[name]) for name in codes if _is_coded(rows, name, codes))


def _completed(rows: pl.DataFrame, model: type[TableModel]) -> pl.DataFrame:
    """Return the table's columns, those that no source has as missing, and what is carried beside them."""
    infos = columns_of(model)
    absent = [pl.lit(None, dtype=info.dtype).alias(name) for name, info in infos.items() if name not in rows.columns]
    return rows.with_columns(absent).select(*infos, *(name for name in (SOURCE, ROW, *_CARRIED) if name in rows.columns))


def _no_outcomes() -> pl.DataFrame:
    return pl.DataFrame(schema={SOURCE: pl.UInt32, ROW: pl.UInt32, "outcome": _OUTCOME})
