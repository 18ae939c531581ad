"""Counts in words: what became of the rows of an import, and why rows were set aside. Never a cell of a file."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from ptanalytics.loading import Receipt

_SHOWN_REASONS = 20


def receipt_in_words(receipt: "Receipt") -> Iterator[str]:
    """Say what became of every row: one line per file and table, then the totals."""
    for entry in receipt.files:
        part = f" [{printable(entry.part)}]" if entry.part else ""
        yield f"{printable(entry.file)}{part} -> {entry.table}: {_rows(entry)}"
    for skipped in receipt.skipped:
        yield f"{printable(skipped.file)}: not read, {printable(skipped.reason)}"
    yield f"Total: {_rows(receipt)}"


def reasons_in_words(reasons: "pd.DataFrame") -> Iterator[str]:
    """Say how many rows were set aside for each file, column and rule, most frequent first."""
    kinds = Counter(zip(reasons["file"], reasons["column"], reasons["rule"], strict=True))
    for (file, column, rule), n_rows in kinds.most_common(_SHOWN_REASONS):
        yield f"  {n_rows:,} x {printable(str(rule))} in column {printable(str(column))} of {printable(str(file))}"
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
