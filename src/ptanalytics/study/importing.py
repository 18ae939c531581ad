"""Import exports into a study: every row ends as used, duplicate, ignored or set aside with a reason."""

import hashlib
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from ptanalytics.errors import UnreadableFileError
from ptanalytics.loading.convert import ROWS, conflict_reasons, convert, explain_rows
from ptanalytics.loading.piece_rows import piece_batches, reads_pieces
from ptanalytics.loading.receipt import FileReceipt, Receipt
from ptanalytics.loading.sources import Source, Sources, find_sources
from ptanalytics.study.description import StudyDescription, read_description
from ptanalytics.study.exports import family_of
from ptanalytics.study.known_files import (
    Fingerprints,
    Paths,
    Stamp,
    all_known,
    known_files,
    reading_digest,
    refuse_changed,
    stamps,
)
from ptanalytics.study.locking import write_lock
from ptanalytics.study.manifest import HistoryEntry, ImportedSource, Manifest, read_manifest
from ptanalytics.study.merging import ROW
from ptanalytics.study.tally import entry_of_known, entry_of_merging, entry_of_source
from ptanalytics.study.text_codes import CODED
from ptanalytics.study.transaction import Transaction, disk_refusal, transaction
from ptanalytics.study.undo import now
from ptanalytics.study.watch import Cancel, Progress, Watch

_ROWS_EXPLAINED_AT_ONCE = 200_000
#: Small sources are read together up to so many rows, so that they are not written to many small files.
_ROWS_READ_TOGETHER = 200_000


def import_exports(
    study_path: Path,
    paths: Paths,
    *,
    reading: Mapping[str, Any],
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Receipt:
    """Import all sources found at ``paths`` in one transaction; see `Study.import_exports`.

    Args:
        study_path: The study's folder.
        paths: Files and folders.
        reading: How to read them: ``layout``, ``columns``, ``date_order``.
        progress: Told of each step.
        cancel: Asked meanwhile whether to end.
    """
    watch = Watch(progress, cancel)
    description = read_description(study_path)
    saved = study_path / "layouts"
    before = stamps(paths)
    digest = reading_digest(description.timezone, saved, reading)
    manifest = read_manifest(study_path)
    prints = Fingerprints(before)
    if watch.run(partial(all_known, paths, study_path, manifest, digest, prints)) is None:
        finding = partial(find_sources, paths, timezone=description.timezone, saved_layouts=saved, **reading)
        sources = watch.run(finding)
    else:
        sources = Sources()
    with write_lock(study_path):
        manifest = read_manifest(study_path)
        if not sources:
            entries = all_known(paths, study_path, manifest, digest, prints)
            if entries is not None:
                return _note_known(study_path, manifest, description, entries, sources)
            # Somebody undid their import in this moment.
            sources = find_sources(paths, timezone=description.timezone, saved_layouts=saved, **reading)
        return _import_sources((study_path, description), manifest, sources, (digest, before), watch)


def _import_sources(
    place: tuple[Path, StudyDescription],
    manifest: Manifest,
    sources: Sources,
    seen: tuple[str, Mapping[Path, Stamp]],
    watch: Watch,
) -> Receipt:
    """Bring in what the study does not know yet; the caller holds the write lock."""
    path, description = place
    identities = [_identity(source) for source in sources]
    known = {entry.identity for entry in manifest.imported}
    entries = {n: entry_of_known(source) for n, source in enumerate(sources) if identities[n] in known}
    fresh = {n: source for n, source in enumerate(sources) if n not in entries}
    if not fresh:
        return _note_known(path, manifest, description, list(entries.values()), sources)
    digest, before = seen
    with transaction(path, manifest, description.buckets, watch) as current:
        number = current.receipt_number
        entries |= _bring_in(current, fresh, before, watch)
        receipt = Receipt.of([entries[n] for n in range(len(sources))], sources.skipped, number=number)
        imported = [
            ImportedSource(identity=identities[n], table=s.table, file=s.file, receipt=number) for n, s in fresh.items()
        ]
        passed_over = [skipped.file for skipped in sources.skipped]
        files = known_files(list(fresh.values()), passed_over, digest, before, number)
        tables = tuple(dict.fromkeys(source.table for source in fresh.values()))
        current.commit(
            receipt.to_json(),
            HistoryEntry(receipt=number, kind="import", at=now(), tables=tables),
            imported=(*manifest.imported, *imported),
            known_files=(*manifest.known_files, *files),
        )
    return receipt


def _note_known(
    path: Path, manifest: Manifest, description: StudyDescription, entries: list[FileReceipt], sources: Sources
) -> Receipt:
    """Write a receipt that says that every row was known; nothing else changes."""
    with transaction(path, manifest, description.buckets) as current:
        receipt = Receipt.of(entries, sources.skipped, number=current.receipt_number)
        current.commit(receipt.to_json(), HistoryEntry(receipt=current.receipt_number, kind="import", at=now()))
    return receipt


def _bring_in(
    current: Transaction, sources: Mapping[int, Source], before: Mapping[Path, Stamp], watch: Watch
) -> dict[int, FileReceipt]:
    """Stage every source, then merge and explain table by table."""
    tables = list(dict.fromkeys(source.table for source in sources.values()))
    n_rows = sum(source.n_rows for source in sources.values())
    watch.expect(2 * n_rows)
    done = 0
    for group in _read_together(sources):
        first = sources[group[0]].file
        watch.step(f"Reading {first}" + (f" and {len(group) - 1} more" if len(group) > 1 else ""), done)
        _stage(current, {number: sources[number] for number in group}, before)
        done += sum(sources[number].n_rows for number in group)
    entries: dict[int, FileReceipt] = {}
    for table in tables:
        watch.step(f"Sorting {table}", done)
        of_table = {number: source for number, source in sources.items() if source.table == table}
        entries |= _settle(current, table, of_table)
        done += sum(source.n_rows for source in of_table.values())
    for path in {source.path for source in sources.values()}:
        refuse_changed(path, before)
    watch.step("Finishing", done)
    return entries


def _read_together(sources: Mapping[int, Source]) -> list[list[int]]:
    """Put sources that follow each other and give the same columns into groups of a bounded number of rows."""
    groups: list[list[int]] = []
    n_rows, last = 0, None
    for number, source in sources.items():
        n_rows += source.n_rows
        # Pieces of regular files are written one by one, so any number of files goes together.
        in_pieces = reads_pieces(source)
        kind = (source.table, _given_columns(source), in_pieces)
        if kind != last or (n_rows > _ROWS_READ_TOGETHER and not in_pieces):
            groups.append([])
            n_rows, last = source.n_rows, kind
        groups[-1].append(number)
    return groups


def _stage(current: Transaction, sources: Mapping[int, Source], before: Mapping[Path, Stamp]) -> None:
    """Stage sources of one table that give the same columns."""
    first = next(iter(sources.values()))
    try:
        if reads_pieces(first):
            current.stage_pieces(first.table, piece_batches(sources, CODED), _given_columns(first))
        else:
            current.stage(first.table, {n: convert(source) for n, source in sources.items()}, _given_columns(first))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        if isinstance(error, Exception) and disk_refusal(error) is not None:
            raise
        for source in sources.values():
            refuse_changed(source.path, before)
        # Of files read together, which one it is shows only when each is read alone.
        broken = next((source for source in sources.values() if not _can_be_read(source)), first)
        # The engine's own message shows the cell it stumbled over, so it goes no further.
        found = "its lines cannot be cut into cells, or it changed while it was read"
        raise UnreadableFileError(broken.path, found) from None
    except OSError:
        for source in sources.values():
            refuse_changed(source.path, before)
        raise


def _can_be_read(source: Source) -> bool:
    try:
        convert(source).select(pl.len()).collect(engine="streaming")
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return False
    return True


def _lines_of(source: Source) -> dict[int, list[int]]:
    """Return the rows of the file behind each row that a merging layout makes of it."""
    made = convert(source).filter("is_valid").select(ROW, ROWS).collect(engine="streaming")
    return dict(made.iter_rows())


def _settle(current: Transaction, table: str, sources: Mapping[int, Source]) -> dict[int, FileReceipt]:
    """Merge one table, count what became of each source's rows, and keep those set aside."""
    not_valid = current.rejected_rows(table)
    rejected = {number: not_valid.get(number, []) for number in sources}
    lines = {number: _lines_of(source) for number, source in sources.items() if source.layout.aggregate}
    families = {number: family_of(source) for number, source in sources.items()}
    last = {family: number for number, family in families.items()}
    outcomes = current.merge(table, in_detail=lines, families=families)
    entries, parts = {}, []
    for number, source in sources.items():
        n_rejected, conflicts = len(rejected[number]), outcomes.rows_of(number, "conflict")
        if number in lines:
            entry = entry_of_merging(source, outcomes, number, n_rejected=n_rejected, lines=lines[number])
            conflicts = [line for row in conflicts for line in lines[number][row]]
        else:
            entry = entry_of_source(source, outcomes, number, n_rejected=n_rejected)
        n_removed = outcomes.removed.get(families[number], 0) if last[families[number]] == number else 0
        entries[number] = entry.model_copy(update={"rows_removed": n_removed})
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
        *([source.own_codes] if source.own_codes else []),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
