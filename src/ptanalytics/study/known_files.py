"""Files that the study holds already, seen by their bytes alone, so that nothing of them is read a second time."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from ptanalytics import __version__
from ptanalytics.errors import UnreadableFileError
from ptanalytics.loading.readers import is_readable
from ptanalytics.loading.readers.fhir_codes import SITE_CODES
from ptanalytics.loading.readers.fingerprint import fingerprint_of
from ptanalytics.loading.receipt import FileReceipt, Receipt
from ptanalytics.loading.sources import Source
from ptanalytics.study.manifest import KnownFile, Manifest

Paths = Path | str | Sequence[Path | str]


@dataclass(frozen=True)
class Stamp:
    """What the system says of a file; while a file stays the same so does this."""

    bytes: int
    changed_ns: int
    written_ns: int
    inode: int


def stamp_of(path: Path) -> Stamp:
    """Return a file's stamp.

    Raises:
        OSError: The file is not there.
    """
    said = path.stat()
    return Stamp(said.st_size, said.st_ctime_ns, said.st_mtime_ns, said.st_ino)


def stamps(paths: Paths) -> dict[Path, Stamp]:
    """Return the stamps of all files at the paths, as they are before anything is read."""
    found: dict[Path, Stamp] = {}
    for path in _paths(paths):
        inside = path.iterdir() if path.is_dir() else [path]
        found |= {file: stamp_of(file) for file in inside if file.is_file()}
    return found


def refuse_changed(path: Path, before: Mapping[Path, Stamp]) -> None:
    """Refuse a file that is not what it was before it was read.

    Raises:
        UnreadableFileError: It changed or vanished.
    """
    if path not in before:  # unpacked from an archive, so nobody else has it
        return
    try:
        is_same = before[path] == stamp_of(path)
    except OSError:
        found, way_out = "it vanished while it was read", "Copy it to a place of its own and import it from there."
        raise UnreadableFileError(path, found, way_out) from None
    if not is_same:
        raise UnreadableFileError(path, "it changed while it was read", "Import it when the export has finished.")


def reading_digest(timezone: str, saved_layouts: Path, reading: Mapping[str, Any]) -> str:
    """Return a digest of how files are read: everything but the file that has a say in it."""
    layout = reading.get("layout")
    given = Path(layout) if layout is not None else None
    own = sorted([*saved_layouts.glob("*.toml"), *saved_layouts.glob(SITE_CODES)]) if saved_layouts.is_dir() else []
    shipped = sorted(files("ptanalytics.reference").joinpath("layouts").iterdir(), key=lambda file: file.name)
    parts = [
        __version__,
        timezone,
        str(layout),
        given.read_text(encoding="utf-8", errors="replace") if given is not None and given.is_file() else "",
        dict(reading.get("columns") or {}),
        reading.get("date_order"),
        [(file.name, file.read_text(encoding="utf-8", errors="replace")) for file in own],
        [file.read_text(encoding="utf-8") for file in shipped if file.name.endswith(".toml")],
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class Fingerprints:
    """The fingerprints of files, each computed once."""

    def __init__(self, before: Mapping[Path, Stamp]) -> None:
        self._before = before
        self._known: dict[Path, str] = {}

    def bytes_of(self, path: Path) -> int:
        """Return the length of a file; -1 for one that was not there."""
        return self._before[path].bytes if path in self._before else -1

    def of(self, path: Path) -> str:
        """Return the fingerprint of a file."""
        if path not in self._known:
            self._known[path] = fingerprint_of(path)
        return self._known[path]


def all_known(
    paths: Paths, study_path: Path, manifest: Manifest, reading: str, prints: Fingerprints
) -> list[FileReceipt] | None:
    """Return the receipt's entries of files that were all imported before, as they are; None where any was not.

    Only files of a known name and length are hashed, and nothing else of them is read.
    """
    entries: list[FileReceipt] = []
    receipts: dict[int, Receipt] = {}
    for path in _files(paths):
        known = _known(path, manifest.known_files, reading, prints)
        # Codes that lie beside a file have a say in how it is read, and may be others now.
        if known is None or (path.parent / SITE_CODES).is_file():
            return None
        if known.receipt not in receipts:
            text = (study_path / "receipts" / f"{known.receipt}.json").read_text(encoding="utf-8")
            receipts[known.receipt] = Receipt.from_json(text)
        entries += [_again(e) for e in receipts[known.receipt].files if e.fingerprint == known.fingerprint]
    return entries or None


def _known(path: Path, known: Sequence[KnownFile], reading: str, prints: Fingerprints) -> KnownFile | None:
    wanted = (path.name, prints.bytes_of(path), reading)
    likely = [one for one in known if (one.name, one.bytes, one.reading) == wanted]
    return next((one for one in likely if one.fingerprint == prints.of(path)), None)


def known_files(
    sources: Sequence[Source], passed_over: Sequence[str], reading: str, before: Mapping[Path, Stamp], receipt: int
) -> Iterator[KnownFile]:
    """Give the files of an import that need not be read again: those of which every table was read.

    Args:
        sources: What was found.
        passed_over: Files, or sheets of them, that were not read.
        reading: How they were read.
        before: What the system said of the files.
        receipt: Number of the receipt.
    """
    partly = {name.partition(" [")[0] for name in passed_over}
    for path, fingerprint in {source.path: source.fingerprint for source in sources}.items():
        if path in before and path.name not in partly:
            yield KnownFile(
                name=path.name, bytes=before[path].bytes, fingerprint=fingerprint, reading=reading, receipt=receipt
            )


def _again(entry: FileReceipt) -> FileReceipt:
    """Return the entry of a file whose rows are all there; what was set aside of it is in the quarantine."""
    n_rows = entry.rows_read - entry.rows_ignored
    counts = {"rows_used": 0, "rows_set_aside": 0, "rows_duplicate": n_rows}
    of_study = {"rows_new": 0, "rows_changed": 0, "rows_unchanged": n_rows, "rows_removed": 0}
    return entry.model_copy(update={**counts, **of_study})


def _files(paths: Paths) -> Iterator[Path]:
    for path in _paths(paths):
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith((".", "~$")))
            # A file that cannot be loaded is told of by the ordinary way.
            yield from inside if all(map(is_readable, inside)) else [path]
        else:
            yield path


def _paths(paths: Paths) -> list[Path]:
    return [Path(paths)] if isinstance(paths, Path | str) else [Path(path) for path in paths]
