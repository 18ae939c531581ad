"""Which exports are versions of one another, and which rows a newer version no longer has."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from ptanalytics.loading.sources import Source
from ptanalytics.schemas.model import columns_of, key_of, sort_of
from ptanalytics.schemas.tables import TABLES

#: What people and programs put into the names of newer versions: days, times, and the number of a copy.
_VERSION = re.compile(
    r"\d{4}[-_.]?\d{2}[-_.]?\d{2}|\d{2}[-_.]\d{2}[-_.]\d{4}|\d{6,}|\(\d+\)|[T _-]\d{2}[-_:.h]\d{2}([-_:.m]\d{2})?"
)


@dataclass(frozen=True)
class Window:
    """The days that an import's version of one export covers; without times it covers all."""

    first: date | None = None
    last: date | None = None


def family_of(source: Source) -> str:
    """Return what all versions of one export share: table, layout, part and name, apart from days, times and copies.

    ``sessions_2026-03-01.csv`` and ``sessions_2026-04-01 (2).csv`` are versions of one export; ``site_1.csv`` and
    ``site_2.csv`` are two exports.
    """
    name = _VERSION.sub("", source.file.lower().partition(".")[0])
    sheet = source.file.removeprefix(source.path.name)
    parts = [source.table, source.layout_id, source.part, re.sub(r"[\W_]+", " ", name).strip(), sheet]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def time_column(table: str) -> str | None:
    """Return the column that says when a row of a table was; None where a table has no such column."""
    columns = columns_of(TABLES[table])
    return next((name for name in sort_of(TABLES[table]) if columns[name].dtype.is_temporal()), None)


def rows_removed(
    table: str, existing: pl.DataFrame, is_gone: pl.Series, families: pl.Series, windows: Mapping[str, Window]
) -> dict[str, int]:
    """Count the rows of a bucket that a newer version of their own export no longer has, by the export's family.

    Args:
        table: The table.
        existing: The rows that were there.
        is_gone: Whether the import holds no row with its key.
        families: Whose export each row is of.
        windows: The days that each export of this import covers; rows outside them were not asked for.
    """
    found = {}
    at = time_column(table)
    for family, window in windows.items():
        counts = is_gone & (families == family)
        if at is not None and window.first is not None:
            counts &= existing[at].cast(pl.Date).is_between(window.first, window.last)
        found[family] = int(counts.sum())
    return found


def mentioned_keys(rejected: pl.DataFrame, existing: pl.DataFrame, table: str) -> pl.Series:
    """Say which rows that were there a row set aside names: it cannot be used, but it is not gone either."""
    key = list(key_of(TABLES[table]))
    places = existing.select(key).with_row_index("_at")
    met = places.join(rejected.select(key).unique(), on=key, how="semi", nulls_equal=True)["_at"]
    return pl.select(pl.repeat(False, existing.height)).to_series().scatter(met, True)
