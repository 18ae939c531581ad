"""A report as data: headings, sentences, tables and figures in reading order. How it looks is decided elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ptanalytics.charts.save import write_whole
from ptanalytics.errors import OutputError


@dataclass(frozen=True)
class Heading:
    """A heading; level 2 starts a section, 3 a part of it."""

    text: str
    level: Literal[2, 3] = 2


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of plain text. ``caveat`` is a fixed warning about reading the numbers, ``alert`` needs attention."""

    text: str
    kind: Literal["text", "note", "caveat", "alert", "lead"] = "text"


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class KeyNumbers:
    """A row of numbers to see first: what, the number, and what it is based on."""

    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Table:
    """A table of ready-made cells. The first column names the row; ``note`` says what a reader must know."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    #: Columns of words, by place; the others hold numbers and are set to the right.
    text_columns: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Figure:
    """A plotly figure with its caption. Its text summary travels with it."""

    figure: Any
    caption: str = ""


Block = Heading | Paragraph | Bullets | KeyNumbers | Table | Figure


@dataclass(frozen=True)
class Report:
    """A finished report. ``save`` writes it; the suffix of the path says as what.

    Attributes:
        title: First line.
        subtitle: Whose data, which window.
        blocks: Content in reading order.
        provenance: What the numbers come from, as name and value.
        is_synthetic: True marks every page as generated data.
        is_one_page: True fits the content on one A4 page.
        suffixes: What it can be saved as.
    """

    title: str
    subtitle: str
    blocks: tuple[Block, ...]
    provenance: tuple[tuple[str, str], ...]
    is_synthetic: bool = False
    is_one_page: bool = False
    suffixes: tuple[str, ...] = (".html", ".docx", ".pdf")
    language: str = field(default="en")

    def tables(self) -> list[Table]:
        """Return all tables in reading order."""
        return [block for block in self.blocks if isinstance(block, Table)]

    def figures(self) -> list[Figure]:
        """Return all figures in reading order."""
        return [block for block in self.blocks if isinstance(block, Figure)]

    def save(self, path: Path | str) -> Path:
        """Write the report; an existing file is replaced whole, and nothing half-written stays.

        Args:
            path: ``.html`` (one file, works offline), ``.docx`` (outcome report) or ``.pdf`` (needs a browser).

        Returns:
            The path written.

        Raises:
            OutputError: The suffix is another one, or the place cannot be written.
            BrowserMissingError: A PDF was asked for and no browser was found, or it did not answer in time.
        """
        target = Path(path)
        self._check(target)
        write_whole(target, _writers()[target.suffix.lower()](self))
        return target

    def _check(self, target: Path) -> None:
        known = f"Use {' or '.join(self.suffixes)}."
        if target.suffix.lower() not in self.suffixes:
            found = f"this report cannot be saved as '{target.suffix}'" if target.suffix else "the name has no suffix"
            raise OutputError(target, found, known)
        if target.is_dir():
            raise OutputError(target, "it is a folder", "Give a file name.")
        if not target.parent.is_dir():
            raise OutputError(target, f"there is no folder '{target.parent.name}'", "Make the folder first.")


def _writers() -> dict[str, Callable[[Report], bytes]]:
    # Each writer brings a library of its own; only the one that is asked for is loaded.
    from ptanalytics.reports.docx import docx_bytes  # noqa: PLC0415
    from ptanalytics.reports.html import html_bytes  # noqa: PLC0415
    from ptanalytics.reports.pdf import pdf_bytes  # noqa: PLC0415

    return {".html": html_bytes, ".docx": docx_bytes, ".pdf": pdf_bytes}
