"""Import exports into a study: every row ends as used, duplicate, ignored or set aside with a reason."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ptanalytics.errors import UnreadableFileError
from ptanalytics.loading.convert import ROWS, conflict_reasons, convert, explain_rows
from ptanalytics.loading.receipt import FileReceipt, Receipt
from ptanalytics.loading.sources import Source, find_sources
from ptanalytics.study.description import read_description
from ptanalytics.study.locking import write_lock
from ptanalytics.study.manifest import ImportedSource, read_manifest
from ptanalytics.study.merging import ROW
from ptanalytics.study.tally import entry_of_known, entry_of_merging, entry_of_source
from ptanalytics.study.transaction import Transaction, disk_refusal, transaction

Paths = Path | str | Sequence[Path | str]
#: Called with what happens now, how many steps are done, and how many there are. It never gets a patient's value.
Progress = Callable[[str, int, int], None]

_ROWS_EXPLAINED_AT_ONCE = 200_000


def import_exports(
    study_path: Path, paths: Paths, *, reading: Mapping[str, Any], progress: Progress | None = None
) -> Receipt:
    """Import all sources found at ``paths`` in one transaction; see `Study.import_exports`.

    Args:
        study_path: The study's folder.
        paths: Files and folders.
        reading: How to read them: ``layout``, ``columns``, ``date_order``.
        progress: Told of each step.
    """
    description = read_description(study_path)
    sources = find_sources(paths, timezone=description.timezone, saved_layouts=study_path / "layouts", **reading)
    identities = [_identity(source) for source in sources]
    with write_lock(study_path):
        manifest = read_manifest(study_path)
        known = {entry.identity for entry in manifest.imported}
        entries = {n: entry_of_known(source) for n, source in enumerate(sources) if identities[n] in known}
        fresh = {n: source for n, source in enumerate(sources) if n not in entries}
        if not fresh:
            return Receipt.of(list(entries.values()), sources.skipped)
        with transaction(study_path, manifest, description.buckets) as current:
            entries |= _bring_in(current, fresh, progress or _silent)
            receipt = Receipt.of([entries[n] for n in range(len(sources))], sources.skipped)
            imported = [
                ImportedSource(identity=identities[n], table=s.table, file=s.file, receipt=current.receipt_number)
                for n, s in fresh.items()
            ]
            current.commit(receipt.to_json(), imported)
    return receipt


def _bring_in(current: Transaction, sources: Mapping[int, Source], progress: Progress) -> dict[int, FileReceipt]:
    """Stage every source, then merge and explain table by table."""
    tables = list(dict.fromkeys(source.table for source in sources.values()))
    n_steps = len(sources) + len(tables) + 1
    rejected: dict[int, list[int]] = {}
    for done, (number, source) in enumerate(sources.items()):
        progress(f"Reading {source.file}", done, n_steps)
        rejected[number] = _stage(current, number, source)
    entries: dict[int, FileReceipt] = {}
    for done, table in enumerate(tables, start=len(sources)):
        progress(f"Sorting {table}", done, n_steps)
        of_table = {number: source for number, source in sources.items() if source.table == table}
        entries |= _settle(current, table, of_table, rejected)
    progress("Finishing", n_steps - 1, n_steps)
    return entries


def _stage(current: Transaction, number: int, source: Source) -> list[int]:
    """Stage one source and return the rows that are not valid."""
    try:
        return current.stage(source.table, number, convert(source), _given_columns(source))
    except pl.exceptions.PolarsError as error:
        if disk_refusal(error) is not None:
            raise
        # The engine's own message shows the cell it stumbled over, so it goes no further.
        found = "its lines cannot be cut into cells, or it changed while it was read"
        raise UnreadableFileError(source.path, found) from None


def _lines_of(source: Source) -> dict[int, list[int]]:
    """Return the rows of the file behind each row that a merging layout makes of it."""
    made = convert(source).filter("is_valid").select(ROW, ROWS).collect(engine="streaming")
    return dict(made.iter_rows())


def _settle(
    current: Transaction, table: str, sources: Mapping[int, Source], rejected: Mapping[int, list[int]]
) -> dict[int, FileReceipt]:
    """Merge one table, count what became of each source's rows, and keep those set aside."""
    lines = {number: _lines_of(source) for number, source in sources.items() if source.layout.aggregate}
    outcomes = current.merge(table, in_detail=lines)
    entries, parts = {}, []
    for number, source in sources.items():
        n_rejected, conflicts = len(rejected[number]), outcomes.rows_of(number, "conflict")
        if number in lines:
            entry = entry_of_merging(source, outcomes, number, n_rejected=n_rejected, lines=lines[number])
            conflicts = [line for row in conflicts for line in lines[number][row]]
        else:
            entry = entry_of_source(source, outcomes, number, n_rejected=n_rejected)
        entries[number] = entry
        parts += _set_aside(source, rejected[number], conflicts)
    if parts:
        rows, reasons = zip(*parts, strict=True)
        current.add_quarantine(table, pl.concat(rows, how="diagonal"), pl.concat(reasons))
    return entries


def _set_aside(source: Source, rejected: list[int], conflicts: list[int]) -> list[tuple[pl.DataFrame, pl.DataFrame]]:
    """Return the text of the rows set aside, and why, some at a time."""
    rows = sorted({*rejected, *conflicts})
    parts = []
    for start in range(0, len(rows), _ROWS_EXPLAINED_AT_ONCE):
        part = rows[start : start + _ROWS_EXPLAINED_AT_ONCE]
        text, reasons = explain_rows(source, part)
        contradictory = sorted(set(part).intersection(conflicts))
        parts.append((text, pl.concat([reasons, conflict_reasons(source, contradictory)]).sort("row", maintain_order=True)))
    return parts


def _given_columns(source: Source) -> set[str]:
    given = set(source.layout.given_columns())
    # A blank score gets its reason while it is converted.
    return given | {"reason"} if source.table == "scores" else given


def _identity(source: Source) -> str:
    """Return a digest of a source's content and of how it is read: the same export read otherwise is another import."""
    layout = source.layout
    parts = [
        source.fingerprint,
        source.file.removeprefix(source.path.name),  # the sheet of a workbook
        source.path.name if layout.from_file_name else "",
        source.table,
        layout.model_dump(mode="json"),
        source.timezone,
        dict(source.decisions.date_order),
        dict(source.decisions.decimal_mark),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _silent(_what: str, _done: int, _of: int) -> None:
    """Say nothing."""
