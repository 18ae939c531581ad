"""What an import did to each bucket, so that it can be undone."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from ptanalytics.errors import StudyDamagedError
from ptanalytics.study.manifest import BucketFile
from ptanalytics.study.store import UNDO


class BucketChange(BaseModel):
    """One table of one bucket before and after an import."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str
    bucket: int
    #: None: no row is left.
    after: BucketFile | None
    #: None: there was no row.
    before: BucketFile | None = None
    #: File beside the list of changes: of each row after, whether it was kept, is new or took another's place.
    marks: str | None = None
    #: File beside the list of changes: the rows whose place was taken.
    replaced: str | None = None
    #: Families of exports that the replaced rows' numbers stand for.
    families: tuple[str, ...] = ()


_CHANGES = TypeAdapter(tuple[BucketChange, ...])


def changes_json(changes: Sequence[BucketChange]) -> str:
    """Return changes as JSON text."""
    return _CHANGES.dump_json(tuple(changes), indent=1).decode()


def read_changes(study_path: Path, number: int) -> tuple[BucketChange, ...]:
    """Return what an import did.

    Raises:
        StudyDamagedError: The list is missing or cannot be read.
    """
    file = study_path / UNDO / str(number) / "changes.json"
    try:
        return _CHANGES.validate_json(file.read_bytes())
    except (OSError, ValueError):
        raise StudyDamagedError(study_path, f"{UNDO}/{number}/changes.json is missing or cannot be read") from None
