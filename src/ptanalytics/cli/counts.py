"""Counts in words: what became of the rows of an import, and why rows were set aside. Never a cell of a file."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from ptanalytics.loading import FileReceipt, Receipt

_SHOWN_REASONS = 20
_SHOWN_NAMES = 30
#: Parts of one table in one file that get a line each; more are added up.
_SHOWN_PARTS = 6


def receipt_in_words(receipt: "Receipt") -> Iterator[str]:
    """Say what became of every row: one line per file and table, then the totals."""
    for entries in _by_file(receipt):
        file, table = entries[0].file, entries[0].table
        parts = [entry.part for entry in entries if entry.part]
        part = f" [{printable(parts[0])}]" if len(parts) == 1 else f" [{len(parts)} parts]" if parts else ""
        yield f"{printable(file)}{part} -> {table}: {_rows(type(receipt).of(entries))}"
    for skipped in receipt.skipped:
        yield f"{printable(skipped.file)}: not read, {printable(skipped.reason)}"
    yield f"Total: {_rows(receipt)}"


def reading_in_words(receipt: "Receipt") -> Iterator[str]:
    """Say for each file how its columns were read, what was left out and why, and what the reader saw."""
    files: dict[str, list[FileReceipt]] = {}
    for entry in receipt.files:
        files.setdefault(entry.file, []).append(entry)
    for file, entries in files.items():
        yield f"{printable(file)}, read as {', '.join(dict.fromkeys(entry.table for entry in entries))}:"
        read = {theirs: ours for entry in entries for theirs, ours in entry.columns_renamed.items()}
        yield f"  Columns read: {_listed([a if a == b else f'{a} = {b}' for a, b in read.items()])}"
        refused = dict.fromkeys(name for entry in entries for name in entry.columns_refused)
        dropped = dict.fromkeys(name for entry in entries for name in entry.columns_dropped)
        if refused:
            yield f"  Never read, because they identify a person: {_listed(list(refused))}"
        if dropped:
            yield f"  Columns not read: {_listed(list(dropped))}"
        kinds = Counter({kind: 0 for entry in entries for kind in entry.ignored_kinds})
        for entry in entries:
            kinds.update(entry.ignored_kinds)
        if kinds:
            yield f"  Left out: {', '.join(f'{n:,} {printable(kind)}' for kind, n in kinds.items())}"
        decided = {name: order for entry in entries for name, order in entry.date_order.items()}
        if decided:
            yield f"  Order of day and month: {', '.join(f'{name} {order}' for name, order in decided.items())}"
        for note in dict.fromkeys(note for entry in entries for note in entry.notes):
            yield f"  {printable(note)}"


def _by_file(receipt: "Receipt") -> "list[list[FileReceipt]]":
    """Return the entries of each file and table; where a file feeds a table in few parts, each part for itself."""
    together: dict[tuple[str, str], list[FileReceipt]] = {}
    for entry in receipt.files:
        together.setdefault((entry.file, entry.table), []).append(entry)
    groups = []
    for entries in together.values():
        groups += [entries] if len(entries) > _SHOWN_PARTS else [[entry] for entry in entries]
    return groups


def _listed(names: list[str]) -> str:
    shown = ", ".join(printable(name) for name in names[:_SHOWN_NAMES])
    return f"{shown} and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else shown


def reasons_in_words(reasons: "pd.DataFrame") -> Iterator[str]:
    """Say how many rows were set aside for each file, column and rule, most frequent first."""
    kinds = Counter(zip(reasons["file"], reasons["column"], reasons["rule"], reasons["reason"], strict=True))
    for (file, column, rule, reason), n_rows in kinds.most_common(_SHOWN_REASONS):
        # A line that is broken as a whole is wrong in no column.
        where = f"in column {printable(str(column))} of {printable(str(file))}" if column else f"in {printable(str(file))}"
        yield f"  {n_rows:,} x {printable(str(rule))} {where}: {printable(str(reason))}"
    if len(kinds) > _SHOWN_REASONS:
        yield f"  and {len(kinds) - _SHOWN_REASONS} more kinds"


def printable(text: str) -> str:
    """Replace what a terminal would obey: file names and headings come from outside."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _rows(counted: object) -> str:
    read, used, aside, twice, ignored = (
        f"{getattr(counted, name):,}"
        for name in ("rows_read", "rows_used", "rows_set_aside", "rows_duplicate", "rows_ignored")
    )
    return f"{read} read = {used} used + {aside} set aside + {twice} duplicate + {ignored} ignored"
