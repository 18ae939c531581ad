"""Rows that newer versions of exports no longer have, counted bucket by bucket."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from ptanalytics.study.exports import Window, mentioned_keys, rows_removed


@dataclass(frozen=True)
class TableMerge:
    """What is the same for all buckets of a merge."""

    table: str
    in_detail: list[int]
    families: Mapping[int, str]
    windows: Mapping[str, Window]
    rejected: pl.DataFrame


@dataclass(frozen=True)
class Gone:
    """Rows of one bucket that newer exports no longer have, and the families that share patients with theirs."""

    counts: Mapping[str, int] = field(default_factory=dict)
    shared: Collection[str] = ()


def gone_of(
    merger: TableMerge,
    existing: pl.DataFrame,
    families: pl.Series,
    is_met: pl.Series | None,
    patients: pl.Series | None,
) -> Gone:
    """Count the rows of each export's earlier versions that this version does not name, and say whether it is one."""
    if not merger.windows or not existing.height:
        return Gone()
    met = is_met if is_met is not None else pl.select(pl.repeat(False, existing.height)).to_series()
    if merger.rejected.height:
        met |= mentioned_keys(merger.rejected, existing, merger.table)
    shared: set[str] = set()
    if patients is not None:
        is_shared = met | existing["patient_id"].is_in(patients.drop_nulls().implode())
        shared = set(families.filter(is_shared).unique())
    return Gone(rows_removed(merger.table, existing, ~met, families, merger.windows), shared)


def n_removed(windows: Mapping[str, Window], gone: Iterable[Gone]) -> dict[str, int]:
    """Add up; an export that has no patient of the earlier one is no newer version of it, whatever its name."""
    gone = list(gone)
    versions = {family for one in gone for family in one.shared}
    return {family: sum(one.counts.get(family, 0) for one in gone) for family in windows if family in versions}
