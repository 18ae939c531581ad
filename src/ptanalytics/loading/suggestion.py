"""What `suggest_layout` gives back: a layout, how sure each column is and why, and what a person has to decide."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from ptanalytics.errors import LayoutError
from ptanalytics.loading.layout_text import layout_text
from ptanalytics.loading.layouts import Layout
from ptanalytics.schemas.frames import to_pandas

if TYPE_CHECKING:
    import pandas as pd

#: Column suggestions below this are marked as unsure in words.
SURE = 0.8


@dataclass(frozen=True)
class ColumnSuggestion:
    """What one column of the file is taken for."""

    heading: str
    #: Our table and column; empty where the column is not read.
    table: str
    column: str
    #: 0 to 1.
    confidence: float
    reason: str
    #: It identifies a person and is never read.
    is_refused: bool = False


@dataclass(frozen=True)
class Question:
    """Something the file does not say. Nothing is decided until it is answered."""

    #: Name to answer it by, e.g. ``date_order``.
    id: str
    sentence: str
    #: Answers that are understood; empty where any text may be one.
    options: tuple[str, ...] = ()
    #: What happens as long as nobody answers.
    otherwise: str = ""
    #: The file cannot be loaded without an answer.
    is_needed: bool = False


@dataclass(frozen=True)
class LayoutSuggestion:
    """A proposed layout for one table of a file."""

    file: str
    layout: Layout | None
    columns: tuple[ColumnSuggestion, ...]
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()
    #: Answers that were given and fit no question of this table.
    unused_answers: frozenset[str] = frozenset()

    @property
    def is_ready(self) -> bool:
        """True where the layout can be used as it is: there is one, and no needed question is open."""
        return self.layout is not None and not any(question.is_needed for question in self.questions)

    def to_frame(self) -> "pd.DataFrame":
        """Return one line per column of the file: heading, table, column, confidence, reason."""
        names = ("heading", "table", "column", "confidence", "reason")
        schema = dict.fromkeys(names, pl.String) | {"confidence": pl.Float64}
        rows = [[getattr(column, name) for name in names] for column in self.columns]
        return to_pandas(pl.DataFrame(rows, schema=schema, orient="row"))

    def save(self, path: Path | str) -> Path:
        """Write the layout as TOML, with the open questions as comments.

        Args:
            path: A file, or a folder (such as ``layouts`` inside a study) in which the file gets the layout's id as name.

        Returns:
            The file.

        Raises:
            LayoutError: There is no layout to save, or the folder does not exist or cannot be written.
        """
        if self.layout is None:
            message = f"No layout can be suggested for {self.file}: {'; '.join(self.notes) or 'no column is recognised'}."
            raise LayoutError(message)
        target = Path(path)
        file = target / f"{self.layout.id}.toml" if target.is_dir() else target
        reasons = {(column.table, column.column): column for column in self.columns if column.table}
        try:
            file.write_text(layout_text(self.layout, self._comments(), reasons), encoding="utf-8")
        except OSError:
            message = (
                f"The layout cannot be written to {file.name}: the folder does not exist or refuses it. Choose another."
            )
            raise LayoutError(message) from None
        return file

    def _comments(self) -> Iterator[str]:
        yield f"Suggested for {self.file}. Look it through: what a layout says is done without asking again."
        for question in self.questions:
            options = f" Answers: {', '.join(question.options)}." if question.options else ""
            yield f"QUESTION {question.id}: {question.sentence}{options} {question.otherwise}".rstrip()

    def in_words(self) -> Iterator[str]:
        """Say in plain lines what is read as what, what is left out, and what is open. Holds no cell of the file."""
        yield f"{self.file}:"
        tables = dict.fromkeys(table.table for table in self.layout.tables) if self.layout else {}
        yield f"  Read as {', '.join(tables)}." if tables else "  No table of ours is recognised."
        for (table, ours, why, sure), columns in groupby(self.columns, key=_taken_for):
            if table:
                unsure = "" if sure >= SURE else " UNSURE:"
                yield f"  {_span([column.heading for column in columns])} -> {table}.{ours} ({sure:.0%}){unsure} {why}"
        refused = [column.heading for column in self.columns if column.is_refused]
        dropped = [column.heading for column in self.columns if not column.table and not column.is_refused]
        if refused:
            yield f"  Never read, because they identify a person: {', '.join(refused)}"
        if dropped:
            yield f"  Not read: {_some(dropped)}"
        for note in self.notes:
            yield f"  {note}"
        for question in self.questions:
            options = f" [{' | '.join(question.options)}]" if question.options else ""
            must = "must be answered" if question.is_needed else question.otherwise or "may stay open"
            yield f"  ? {question.id}: {question.sentence}{options} ({must})"


def _taken_for(column: ColumnSuggestion) -> tuple[str, str, str, float]:
    return column.table, column.column, column.reason, column.confidence


def _span(headings: list[str]) -> str:
    return headings[0] if len(headings) == 1 else f"{headings[0]} ... {headings[-1]} ({len(headings)} columns)"


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:15])
    return f"{shown} and {len(names) - 15} more" if len(names) > 15 else shown
