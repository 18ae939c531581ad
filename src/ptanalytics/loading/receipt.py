"""What became of every row of every file, as one record that can be kept, printed and read back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ptanalytics.schemas.frames import to_pandas

if TYPE_CHECKING:
    import pandas as pd

_COUNTS = ("rows_read", "rows_used", "rows_set_aside", "rows_duplicate", "rows_ignored")
_STUDY_COUNTS = ("rows_new", "rows_changed", "rows_unchanged", "rows_removed")


class FileReceipt(BaseModel):
    """What became of the rows of one file for one table.

    ``rows_read == rows_used + rows_set_aside + rows_duplicate + rows_ignored``. Ignored are headings, comments, blank
    lines and entries of a kind that is not read (``ignored_kinds``). A line that only continues a quoted cell of the
    line above belongs to that row (``lines_continued``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    table: str
    #: Which part of a file that feeds one table several times, e.g. the instrument; empty elsewhere.
    part: str = ""
    layout_id: str = ""
    fingerprint: str = ""
    rows_read: int = Field(ge=0)
    rows_used: int = Field(ge=0)
    rows_set_aside: int = Field(ge=0)
    rows_duplicate: int = Field(ge=0)
    rows_ignored: int = Field(ge=0)
    ignored_headings: int = 0
    ignored_comments: int = 0
    ignored_blank: int = 0
    #: Entries of a kind that no table of ours holds, by kind, e.g. the resources of a FHIR export that are not read.
    ignored_kinds: dict[str, int] = Field(default_factory=dict)
    lines_continued: int = 0
    #: Of the rows used, in a study: rows whose key is new, and rows that replaced one. Missing outside a study.
    rows_new: int | None = None
    rows_changed: int | None = None
    #: Of the duplicates, in a study: rows that the study had already.
    rows_unchanged: int | None = None
    #: In a study: rows of an earlier version of this export, within the days this one covers, that it no longer has. They
    #: stay in the study. Where several files are one export, the last of them carries the number.
    rows_removed: int | None = None
    columns_renamed: dict[str, str] = Field(default_factory=dict)
    columns_dropped: tuple[str, ...] = ()
    #: Headings that identify a person, with the HIPAA category. Their cells were never read.
    columns_refused: dict[str, str] = Field(default_factory=dict)
    date_order: dict[str, str] = Field(default_factory=dict)
    decimal_mark: dict[str, str] = Field(default_factory=dict)
    #: The workbook counts days from 1904, so bare serial numbers are other days.
    is_1904: bool = False
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _adds_up(self) -> "FileReceipt":
        if self.rows_read != self.rows_used + self.rows_set_aside + self.rows_duplicate + self.rows_ignored:
            message = f"the rows of {self.file} for {self.table} do not add up"
            raise ValueError(message)
        return self


class SkippedFile(BaseModel):
    """A file or sheet that was there and was not read, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    reason: str


class Receipt(BaseModel):
    """All files of one import. Totals have the names of the entries' counts and are their sums."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: tuple[FileReceipt, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()
    #: What the receipt is of: exports, rows that the software made, or an import that was undone.
    kind: Literal["import", "append", "undo"] = "import"
    #: Number of the receipt in its study; missing outside a study.
    number: int | None = None
    #: Of an undo: number of the import undone, the rows it had brought and are gone again, and the rows it had replaced
    #: and are back.
    undoes: int | None = None
    rows_taken_back: int = 0
    rows_restored: int = 0

    @classmethod
    def of(
        cls,
        files: Sequence[FileReceipt],
        skipped: Sequence[SkippedFile] = (),
        *,
        kind: Literal["import", "append"] = "import",
        number: int | None = None,
    ) -> "Receipt":
        """Make a receipt of its entries."""
        return cls(files=tuple(files), skipped=tuple(skipped), kind=kind, number=number)

    @property
    def rows_read(self) -> int:
        """Rows and lines read."""
        return sum(entry.rows_read for entry in self.files)

    @property
    def rows_used(self) -> int:
        """Rows that went into a table."""
        return sum(entry.rows_used for entry in self.files)

    @property
    def rows_set_aside(self) -> int:
        """Rows in the quarantine."""
        return sum(entry.rows_set_aside for entry in self.files)

    @property
    def rows_duplicate(self) -> int:
        """Rows that say again what another row says."""
        return sum(entry.rows_duplicate for entry in self.files)

    @property
    def rows_ignored(self) -> int:
        """Headings, comments and blank lines."""
        return sum(entry.rows_ignored for entry in self.files)

    @property
    def rows_new(self) -> int:
        """In a study: used rows whose key is new."""
        return sum(entry.rows_new or 0 for entry in self.files)

    @property
    def rows_changed(self) -> int:
        """In a study: used rows that replaced one with the same key."""
        return sum(entry.rows_changed or 0 for entry in self.files)

    @property
    def rows_unchanged(self) -> int:
        """In a study: duplicates of rows the study had already."""
        return sum(entry.rows_unchanged or 0 for entry in self.files)

    @property
    def rows_removed(self) -> int:
        """In a study: rows of earlier versions of these exports that they no longer have; they stay."""
        return sum(entry.rows_removed or 0 for entry in self.files)

    def to_frame(self) -> "pd.DataFrame":
        """Return one line per file and table as a pandas table."""
        facts = ("file", "table", "part", "layout_id", *_COUNTS, *_STUDY_COUNTS)
        lists = {
            "columns_renamed": [
                ", ".join(f"{a} = {b}" for a, b in e.columns_renamed.items() if a != b) for e in self.files
            ],
            "columns_dropped": [", ".join(e.columns_dropped) for e in self.files],
            "columns_refused": [", ".join(e.columns_refused) for e in self.files],
            "date_order": [", ".join(f"{a}: {b}" for a, b in e.date_order.items()) for e in self.files],
            "decimal_mark": [", ".join(f"{a}: {b}" for a, b in e.decimal_mark.items()) for e in self.files],
            "notes": [" ".join(e.notes) for e in self.files],
        }
        counts = dict.fromkeys((*_COUNTS, *_STUDY_COUNTS), pl.Int64)
        schema = {name: counts.get(name, pl.String) for name in facts}
        frame = pl.DataFrame({name: [getattr(e, name) for e in self.files] for name in facts}, schema=schema)
        return to_pandas(frame.with_columns(pl.Series(name, texts, dtype=pl.String) for name, texts in lists.items()))

    def to_json(self) -> str:
        """Return the receipt as JSON text."""
        return self.model_dump_json(indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Receipt":
        """Read a receipt back from JSON text."""
        return cls.model_validate_json(text)
