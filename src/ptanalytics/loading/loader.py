"""Load exports into memory: tables, the rows set aside, and the receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from ptanalytics.loading.convert import ROWS, conflict_reasons, convert, explain_rows
from ptanalytics.loading.duplicates import split_duplicates
from ptanalytics.loading.layouts import DateOrder, Layout
from ptanalytics.loading.quarantine import Quarantine, as_quarantine, assure_valid
from ptanalytics.loading.readers import ROW
from ptanalytics.loading.readers.engine_faults import told_plainly
from ptanalytics.loading.receipt import FileReceipt, Receipt
from ptanalytics.loading.sources import Source, find_sources
from ptanalytics.schemas import TABLES, columns_of, key_of, sort_of
from ptanalytics.schemas.frames import to_pandas

if TYPE_CHECKING:
    import pandas as pd

_SOURCE = "source_number"


@dataclass(frozen=True)
class Loaded:
    """What `load_exports` found."""

    #: Table name → pandas table, in the table's own order.
    tables: "dict[str, pd.DataFrame]"
    quarantine: Quarantine
    receipt: Receipt


def load_exports(
    paths: Path | str | Sequence[Path | str],
    *,
    timezone: str,
    layout: Path | str | Layout | None = None,
    columns: Mapping[str, str] | None = None,
    date_order: DateOrder | None = None,
) -> Loaded:
    r"""Load exports into memory.

    Rows that cannot be read or break a rule do not stop the load: they are set aside with the reason. Of rows with the
    same key the first counts; later ones are duplicates, or set aside where they say something else.

    Args:
        paths: A file, a folder, or several of them.
        timezone: IANA name of the clinic's time zone.
        layout: A layout (such as `suggest_layout` gives), a layout file or the id of a shipped layout; without it the
            headings decide.
        columns: Extra names, ``{"their name": "our name"}``; they win.
        date_order: ``day_first`` or ``month_first`` for columns that do not say themselves.

    Returns:
        ``.tables`` (pandas), ``.quarantine`` (``.rows``, ``.reasons``) and ``.receipt``.

    Raises:
        PtAnalyticsError: As `find_sources`; nothing is loaded then.

    Example:
        >>> import tempfile, pathlib
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder, "pain.csv")
        ...     _ = file.write_text("Patient;Date;NRS\nA;2026-01-05;3,5\nA;2026-01-06;bad\n", encoding="utf-8")
        ...     loaded = load_exports(file, timezone="Europe/London")
        >>> loaded.tables["pain_scores"]["pain_nprs"].tolist()
        [3.5]
        >>> loaded.quarantine.reasons[["row", "column", "rule"]].values.tolist()
        [[3, 'pain_nprs', 'not_a_number']]
        >>> loaded.receipt.rows_read, loaded.receipt.rows_used, loaded.receipt.rows_set_aside, loaded.receipt.rows_ignored
        (3, 1, 1, 1)
    """
    sources = find_sources(paths, timezone=timezone, layout=layout, columns=columns, date_order=date_order)
    tables: dict[str, pd.DataFrame] = {}
    entries: dict[int, FileReceipt] = {}
    rows, reasons = [], []
    for table in dict.fromkeys(source.table for source in sources):
        numbered = {number: source for number, source in enumerate(sources) if source.table == table}
        result = _load_table(table, numbered)
        tables[table] = to_pandas(result.valid)
        entries.update(result.entries)
        rows += result.rows
        reasons += result.reasons
    receipt = Receipt.of([entries[number] for number in sorted(entries)], sources.skipped)
    return Loaded(tables, as_quarantine(rows, reasons), receipt)


@dataclass
class _TableResult:
    valid: pl.DataFrame
    entries: dict[int, FileReceipt]
    rows: list[pl.DataFrame]
    reasons: list[pl.DataFrame]


def _load_table(table: str, sources: Mapping[int, Source]) -> _TableResult:
    model = TABLES[table]
    merges = any(source.layout.aggregate for source in sources.values())
    frames = {number: _converted(source, number, merges=merges) for number, source in sources.items()}
    valid = pl.concat([frame.filter("is_valid").sort(ROW) for frame in frames.values()])
    kept, duplicates, conflicts = split_duplicates(valid, model)
    order = [*sort_of(model), *(name for name in key_of(model) if name not in sort_of(model))]
    rows = kept.select(list(columns_of(model))).sort(order, nulls_last=True)
    result = _TableResult(assure_valid(rows, model), {}, [], [])
    for number, source in sources.items():
        rejected = _file_rows(frames[number].filter(~pl.col("is_valid")), number)
        contradictory = _file_rows(conflicts, number)
        if rejected or contradictory:
            text, why = explain_rows(source, sorted({*rejected, *contradictory}))
            result.rows.append(text)
            result.reasons += [why, conflict_reasons(source, contradictory)]
        result.entries[number] = source.entry(
            rows_set_aside=len(rejected) + len(contradictory), rows_duplicate=len(_file_rows(duplicates, number))
        )
    return result


def _converted(source: Source, number: int, *, merges: bool) -> pl.DataFrame:
    with told_plainly(source.path):
        frame = convert(source).collect(engine="streaming")
    if merges and ROWS not in frame.columns:
        frame = frame.with_columns(pl.concat_list(ROW).alias(ROWS))
    return frame.with_columns(pl.lit(number, dtype=pl.UInt32).alias(_SOURCE))


def _file_rows(frame: pl.DataFrame, number: int) -> list[int]:
    """Return the file's rows behind the rows of one source, those that were merged included."""
    chosen = frame.filter(pl.col(_SOURCE) == number)
    return chosen[ROWS].explode().to_list() if ROWS in frame.columns else chosen[ROW].to_list()
