"""The history of a study as a table."""

from collections.abc import Sequence

import polars as pl

from ptanalytics.loading.receipt import Receipt
from ptanalytics.study.manifest import Manifest

_SCHEMA = {
    "number": pl.Int64,
    "kind": pl.String,
    "at": pl.String,
    "files": pl.String,
    "tables": pl.String,
    "rows_new": pl.Int64,
    "rows_changed": pl.Int64,
    "rows_unchanged": pl.Int64,
    "rows_removed": pl.Int64,
    "rows_set_aside": pl.Int64,
    "undoes": pl.Int64,
    "stands": pl.Boolean,
}


def history(manifest: Manifest, receipts: Sequence[Receipt]) -> pl.DataFrame:
    """Return one line per receipt; ``stands`` is false for an import that was undone and missing for an undo."""
    entries = {entry.receipt: entry for entry in manifest.history}
    undone = manifest.undone()
    lines = []
    for number, receipt in enumerate(receipts, start=1):
        entry = entries.get(number)
        lines.append(
            {
                "number": number,
                "kind": receipt.kind,
                "at": entry.at if entry else None,
                "files": ", ".join(dict.fromkeys(file.file for file in receipt.files)),
                "tables": ", ".join(entry.tables if entry else dict.fromkeys(file.table for file in receipt.files)),
                **{name: getattr(receipt, name) for name in _SCHEMA if name.startswith("rows_")},
                "undoes": receipt.undoes,
                "stands": None if receipt.kind == "undo" else number not in undone,
            }
        )
    return pl.DataFrame(lines, schema=_SCHEMA)
