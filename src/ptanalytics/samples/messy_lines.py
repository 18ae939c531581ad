"""A messy export as a list of lines, each of which knows what was planted in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

Cell = str | int | float | None
#: How many rows, the heading, the cell put under it, and what is wrong with it.
Fault = tuple[int, str, Cell, str]
SET_ASIDE, DUPLICATE, USED, IGNORED, DROPPED, REFUSED = "set_aside", "duplicate", "used", "ignored", "dropped", "refused"


@dataclass(frozen=True)
class Planted:
    """One planted defect: in which column (as the file calls it), what kind, and how it must end."""

    column: str
    kind: str
    expected: str


@dataclass(frozen=True)
class Line:
    """One line of a file: cells, or a text that is no row."""

    cells: tuple[Cell, ...] = ()
    text: str | None = None
    planted: tuple[Planted, ...] = ()


@dataclass(frozen=True)
class Defect:
    """One planted defect, and where a reader finds it. Columns have no row of their own: their row is empty.

    ``file`` is what a receipt calls it: the file's name, for a workbook with the sheet, e.g. ``south_clinic.xlsx [Log]``.
    """

    file: str
    row: int | None
    column: str
    kind: str
    expected: str


@dataclass(frozen=True)
class Column:
    """One column of a messy file: its heading, our column, and how a value is spelled there."""

    heading: str
    name: str
    spell: Callable[[Any], Cell]


@dataclass
class MessyTable:
    """One table as a real export writes it. Lines are planted one by one, then numbered once."""

    file: str
    columns: tuple[Column, ...]
    rows: list[Line]
    #: Lines above the headings.
    preamble: list[Line] = field(default_factory=list)
    #: Headings that no table has, with what must become of them.
    extra_columns: list[Planted] = field(default_factory=list)

    @classmethod
    def of(cls, file: str, columns: Sequence[Column], facts: Sequence[dict[str, Any]]) -> "MessyTable":
        """Spell every fact in the file's own way."""
        rows = [Line(cells=tuple(column.spell(fact[column.name]) for column in columns)) for fact in facts]
        return cls(file, tuple(columns), rows)

    @property
    def headings(self) -> tuple[str, ...]:
        """Headings in order."""
        return (*(column.heading for column in self.columns), *(planted.column for planted in self.extra_columns))

    def add_column(self, heading: str, expected: str, kind: str, cell: Callable[[Line], Cell]) -> None:
        """Append a column that the tables do not have, or must not have."""
        self.extra_columns.append(Planted(heading, kind, expected))
        self.rows = [replace(line, cells=(*line.cells, cell(line))) for line in self.rows]

    def cell(self, line: Line, heading: str) -> Cell:
        """Return the cell of a line under a heading."""
        return line.cells[self.headings.index(heading)]

    def places(self, rng: np.random.Generator, number: int, wanted: Callable[[Line], bool]) -> list[int]:
        """Return places of untouched rows that fit, spread at random, last first, so that inserting keeps them valid."""
        fitting = [at for at, line in enumerate(self.rows) if line.text is None and not line.planted and wanted(line)]
        order = rng.permutation(len(fitting))[:number]
        return sorted((fitting[int(at)] for at in order), reverse=True)

    def has(self, heading: str) -> Callable[[Line], bool]:
        """Return a test for rows with something under a heading."""
        at = self.headings.index(heading)
        return lambda line: line.cells[at] not in ("", None)

    def spell_otherwise(self, at: int, heading: str, cell: Cell, kind: str) -> None:
        """Write one cell of a true row in an odd but readable way."""
        self.rows[at] = self._changed(self.rows[at], {heading: cell}, Planted(heading, kind, USED))

    def insert_spoiled(self, at: int, changes: dict[str, Cell], kind: str, expected: str = SET_ASIDE) -> None:
        """Insert a spoiled copy of a row after it; the true row stays."""
        column = next(iter(changes), "")
        self.rows.insert(at + 1, self._changed(self.rows[at], changes, Planted(column, kind, expected)))

    def insert_faults(self, rng: np.random.Generator, wanted: Callable[[Line], bool], faults: Sequence[Fault]) -> None:
        """Insert spoiled copies of rows that fit; each fault is how often, the heading, its cell and the kind."""
        for number, heading, cell, kind in faults:
            for at in self.places(rng, number, wanted):
                self.insert_spoiled(at, {heading: cell}, kind)

    def insert_line(self, at: int, line: Line) -> None:
        """Insert a line before a place."""
        self.rows.insert(at, line)

    def _changed(self, line: Line, changes: dict[str, Cell], planted: Planted) -> Line:
        cells = list(line.cells)
        for heading, cell in changes.items():
            cells[self.headings.index(heading)] = cell
        return Line(cells=tuple(cells), planted=(*line.planted, planted))

    def lines(self) -> list[Line]:
        """Return the whole file in order, headings included."""
        return [*self.preamble, Line(cells=self.headings), *self.rows]

    def defects(self) -> list[Defect]:
        """Return what was planted, with the physical line (in a sheet: row) of each."""
        in_columns = [
            Defect(self.file, None, planted.column, planted.kind, planted.expected) for planted in self.extra_columns
        ]
        in_rows = [
            Defect(self.file, row, planted.column, planted.kind, planted.expected)
            for row, line in enumerate(self.lines(), start=1)
            for planted in line.planted
        ]
        return in_columns + in_rows


def not_a_row(text: str, kind: str) -> Line:
    """Return a line that must be ignored: a comment, a blank line or a line above the headings."""
    return Line(text=text, planted=(Planted("", kind, IGNORED),))
