"""The primary outcome by site and by condition or trial arm, as a two-way table without small counts."""

from typing import Any

import polars as pl

from ptanalytics.instruments import measure as measure_of
from ptanalytics.privacy import SuppressedTable, suppress_table
from ptanalytics.reports.content import Block, Heading, Paragraph, Table
from ptanalytics.reports.facts import GROUPS, OutcomeFacts

_CELLS = ("Responders", "Followed up, others", "No follow-up")


def group_section(facts: OutcomeFacts) -> list[Block]:
    """Return a table per grouping that has at least two groups; nothing where there is none."""
    if not facts.measures:
        return []
    present = [column for column in GROUPS if facts.patients[column].drop_nulls().n_unique() > 1]
    tables = [_group_table(facts, column) for column in present]
    if not tables:
        return []
    about = (
        "Groups are as recorded and listed by name; they are not compared by a test and not ranked. Who was "
        "treated where may "
        "explain a difference. The MIC is a yardstick for persons, not for differences between groups."
    )
    return [Heading("By group"), *tables, Paragraph(about, "caveat")]


def _group_table(facts: OutcomeFacts, column: str) -> Table:
    name = facts.measures[0]
    rule = facts.headline_rule(name)
    shares = facts.group_shares(column).filter((pl.col("measure") == name) & (pl.col("rule") == rule))
    groups = sorted(set(shares["group"]))
    by_group = [
        {row["population"]: row for row in shares.filter(pl.col("group") == group).iter_rows(named=True)}
        for group in groups
    ]
    counts = [_counts(rows) for rows in by_group]
    shown = suppress_table(counts, facts.disclosure.threshold)
    rows = [_row(facts, i, groups[i], by_group[i], shown) for i in range(len(groups))]
    return Table(
        f"{measure_of(name).label}, week {facts.week}, by {GROUPS[column]}; responder rule: {rule}",
        (GROUPS[column].capitalize(), "All starters", *_CELLS, "Share of completers", "Share of all starters"),
        tuple(rows),
        note="Shares with 95 % Wilson intervals. Without a value for the group: 'not recorded'.",
    )


def _counts(shares: dict[str, dict[str, Any]]) -> list[int]:
    completers, starters = shares["completers"], shares["all_starters"]
    return [completers["responders"], completers["n"] - completers["responders"], starters["n"] - completers["n"]]


def _row(
    facts: OutcomeFacts, i: int, group: str, shares: dict[str, dict[str, Any]], shown: SuppressedTable
) -> tuple[str, ...]:
    counts = _counts(shares)
    responders, others, _ = shown.cells[i]
    total = shown.row_totals[i]
    n_completers = None if responders is None or others is None else responders + others
    return (
        group,
        facts.disclosure.words(sum(counts), total),
        *(facts.disclosure.words(n, visible) for n, visible in zip(counts, shown.cells[i], strict=True)),
        facts.disclosure.share(responders if n_completers else None, n_completers, _limits(shares["completers"])),
        facts.disclosure.share(responders if total else None, total, _limits(shares["all_starters"])),
    )


def _limits(share: dict[str, Any]) -> tuple[float | None, float | None]:
    return share["lower_pct"], share["upper_pct"]
