"""The manifest: which files are the study now. Replacing this one file makes an import current."""

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ptanalytics.errors import StudyDamagedError
from ptanalytics.study.durable import replace_file

FILE_NAME = "manifest.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BucketFile(_Frozen):
    """One Parquet file: the rows of one table in one bucket."""

    #: Path inside the study, with forward slashes.
    file: str
    rows: int = Field(ge=1)
    bytes: int = Field(ge=1)
    sha256: str
    #: Latest session or pain entry, local time; other tables have none.
    last_at: datetime | None = None
    #: Which exports its rows came from: digests of their kind and name (see `exports.family_of`).
    families: tuple[str, ...] = ()
    #: Where there are several: a Parquet file that says of each row which of them it came from.
    families_file: str | None = None


class ImportedSource(_Frozen):
    """One table of one export that is in the study, so that the same export is recognised."""

    #: Digest of the file's content and of how it was read.
    identity: str
    table: str
    file: str
    #: Number of the receipt that says what became of its rows.
    receipt: int


class KnownFile(_Frozen):
    """A file that was imported whole, so that the same bytes under the same name need no second reading."""

    name: str
    bytes: int
    fingerprint: str
    #: Digest of how it was read: layout, names, date order, time zone and version.
    reading: str
    #: Number of the receipt that says what became of its rows.
    receipt: int


class QuarantineEntry(_Frozen):
    """Rows of one table that one import set aside."""

    table: str
    receipt: int
    rows: int


class HistoryEntry(_Frozen):
    """One change of the study, as its receipt of the same number tells it."""

    receipt: int
    kind: Literal["import", "append", "undo"]
    #: UTC, to the second.
    at: str
    #: Tables whose rows it read or changed; none where every file was known.
    tables: tuple[str, ...] = ()
    #: Number of the import it undid.
    undoes: int | None = None
    #: Signed plan versions, which are not undone: the records of the study keep them.
    is_signed: bool = False


class Manifest(_Frozen):
    """What the study holds at one generation. Format 1, of version 0.1, had no history: its imports cannot be undone."""

    format: Literal[1, 2] = 2
    generation: int = Field(ge=0)
    tables: dict[str, dict[int, BucketFile]] = {}
    imported: tuple[ImportedSource, ...] = ()
    known_files: tuple[KnownFile, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    n_receipts: int = 0
    quarantine: tuple[QuarantineEntry, ...] = ()
    #: Files the last import replaced; they stay for readers that opened the study before it.
    superseded: tuple[str, ...] = ()

    def files(self) -> set[str]:
        """Return the table files that are current."""
        entries = [entry for buckets in self.tables.values() for entry in buckets.values()]
        return {name for entry in entries for name in (entry.file, entry.families_file) if name is not None}

    def undone(self) -> set[int]:
        """Return the numbers of the imports that were undone."""
        return {entry.undoes for entry in self.history if entry.undoes is not None}

    def can_be_undone(self) -> set[int]:
        """Return the numbers of the imports and repairs that stand; what they replaced is kept."""
        return {entry.receipt for entry in self.history if entry.kind != "undo"} - self.undone()

    def n_rows(self, table: str) -> int:
        """Return how many rows a table has."""
        return sum(entry.rows for entry in self.tables.get(table, {}).values())

    def last_at(self) -> datetime | None:
        """Return the latest session or pain entry of the whole study."""
        times = (entry.last_at for buckets in self.tables.values() for entry in buckets.values())
        return max((time for time in times if time is not None), default=None)

    def data_fingerprint(self) -> str:
        """Return a digest of the tables' content; it changes when, and only when, a row does."""
        content = {
            table: {str(bucket): [entry.rows, entry.sha256] for bucket, entry in sorted(buckets.items())}
            for table, buckets in sorted(self.tables.items())
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def write(self, study_path: Path) -> None:
        """Make this manifest the current one, in one step."""
        replace_file(study_path / FILE_NAME, self.model_dump_json(indent=1) + "\n")


def read_manifest(study_path: Path) -> Manifest:
    """Read the current manifest.

    Raises:
        StudyDamagedError: It is missing or cannot be read.
    """
    try:
        return Manifest.model_validate_json((study_path / FILE_NAME).read_bytes())
    except FileNotFoundError:
        raise StudyDamagedError(study_path, f"{FILE_NAME} is missing") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()[:3])
        raise StudyDamagedError(study_path, f"{FILE_NAME} cannot be read ({faults})") from None


def check_files(study_path: Path, manifest: Manifest) -> None:
    """Check that every file the manifest names is there in its full length.

    Raises:
        StudyDamagedError: A file is missing or has another size.
    """
    for buckets in manifest.tables.values():
        for entry in buckets.values():
            path = study_path / entry.file
            if not path.is_file():
                raise StudyDamagedError(study_path, f"{entry.file} is missing")
            if path.stat().st_size != entry.bytes:
                raise StudyDamagedError(study_path, f"{entry.file} is {path.stat().st_size} bytes, not {entry.bytes}")
