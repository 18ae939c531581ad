"""What every reader returns: one table of text with the row numbers of its file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from ptanalytics.loading.layouts import same_heading
from ptanalytics.loading.readers.line_pieces import RegularLines
from ptanalytics.loading.readers.scratch import ScratchFolder

#: Columns that are ours in every text table; a file's own column of that name gets a suffix.
ROW = "row"
FAULT = "_fault"
#: A whole question can be a heading; a heading longer than this is a file cut in the wrong place.
_LONGEST_HEADING = 2_000
_RESERVED = {ROW, FAULT, "file", "is_valid", "n_rows"}

#: What is wrong with a line as a whole, by rule.
LINE_FAULTS = {
    "too_few_fields": "the line has fewer fields than the heading",
    "too_many_fields": "the line has more fields than the heading",
    "other_encoding": "the line holds letters in another encoding than the rest of the file; export it in one, best UTF-8",
    "not_json": "the line is not one complete JSON record in UTF-8",
    "not_a_record": "the entry is not a record with named values",
    "record_too_long": "the line is longer than a record can be",
    "nested_too_deep": "the record has lists within lists beyond any export's depth",
    "no_patient": "the resource names no patient",
    "entered_in_error": "the resource is marked as entered in error",
    "cancelled": "the resource is marked as cancelled or revoked, so it never took place or no longer holds",
    "not_final": "the resource is a draft, still in progress or stopped early, so what it says is not final",
    "do_not_perform": "the request says that this must not be done",
    "no_numeric_value": "the answer or value is a choice without a number or an ordinal value",
    "other_unit": "the number is in a unit that is not the scale's",
    "several_answers": "the item has several answers, so it has no one value",
}


@dataclass(frozen=True)
class TextTable:
    """A table as it stands in a file: text cells, headings as written, and every line of the file accounted for."""

    path: Path
    #: Sheet of a workbook; empty elsewhere.
    sheet: str
    headings: tuple[str, ...]
    #: All headings as String, ``row`` (UInt32) and, where ``has_faults``, ``_fault`` (rule of a broken line or missing).
    frame: pl.LazyFrame
    n_rows: int
    n_headings: int
    n_comments: int
    n_blank: int
    #: Lines that only continue a quoted cell of the line above; they are part of that row.
    n_continued: int = 0
    has_faults: bool = False
    #: False where no cell can hold a comma, so that no decimal comma need be looked for.
    may_hold_commas: bool = True
    delimiter: str = ""
    #: The lines of a file in pieces, where all are regular.
    lines: RegularLines | None = None
    #: Counts of day-first and month-first dates of columns that were looked through while reading.
    order_counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    is_1904: bool = False
    #: Entries of a kind that no table holds, counted by kind: resources, elements, concepts. They are not among the rows.
    ignored_kinds: Mapping[str, int] = field(default_factory=dict)
    #: What a person should know of how the file was read.
    notes: tuple[str, ...] = ()
    #: Folders of unpacked or spilled files that must live as long as the frame is read.
    folders: tuple[ScratchFolder, ...] = ()
    #: Digest of the site's own codes that were in use while it was read; empty where there were none.
    own_codes: str = ""
    #: Encodings between which the file's letters do not decide, and the headings of the cells that they read differently.
    open_encodings: tuple[str, ...] = ()
    open_headings: tuple[str, ...] = ()
    #: What the file itself says its codes mean: heading → code → label.
    value_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def unique_headings(raw: Sequence[str | None]) -> tuple[str, ...]:
    """Return headings that are never empty, never ours, never twice the same, and never longer than a name can be."""
    headings: dict[str, None] = {}
    for number, text in enumerate(raw, start=1):
        # Arrow, and so pandas, gives up on a name with a NUL in it.
        name = (text or "").replace("\x00", " ").strip().lstrip("\ufeff") or f"column {number}"
        name = f"{name[:_LONGEST_HEADING]}..." if len(name) > _LONGEST_HEADING else name
        name = f"{name} (file)" if name in _RESERVED else name
        while name in headings:
            name = f"{name} ({number})"
        headings[name] = None
    return tuple(headings)


@dataclass(frozen=True)
class HeadingBlock:
    """Where the headings stand among the first records of a file, and what they are."""

    #: Index of the first record of the block.
    first: int
    #: Records that together are the headings, and records right below that hold labels.
    n_rows: int
    n_labels: int
    names: tuple[str, ...]

    @property
    def end(self) -> int:
        """Index of the first record below the block."""
        return self.first + self.n_rows + self.n_labels


def heading_block(
    records: Sequence[Sequence[str | None]], known: frozenset[str], *, heading_rows: int = 1, label_rows: int = 0
) -> HeadingBlock:
    """Find the headings among the first records of a file.

    Args:
        records: The first records, blank ones and comments left out.
        known: Headings worth recognising.
        heading_rows: More than 1 where a layout says so: then the headings begin at the first record. Otherwise two rows
            are taken together where the second only fills what a merged cell of the first leaves open.
        label_rows: Rows of labels below the headings; Qualtrics's own are recognised.
    """
    if heading_rows > 1:
        first, n_rows = 0, min(heading_rows, len(records))
    else:
        first = find_heading(records, known)
        below = records[first + 1] if first + 1 < len(records) else ()
        n_rows = 2 if _completes(records[first], below) else 1
    raw = _joined_headings(records[first : first + n_rows])
    n_labels = label_rows or _rows_to_import_ids(records[first + n_rows : first + n_rows + 2])
    width = max((len(record) for record in records[first + n_rows :]), default=1)
    while raw and not raw[-1] and len(raw) > width:
        raw = raw[:-1]
    return HeadingBlock(first, n_rows, n_labels, unique_headings(raw))


def _completes(heading: Sequence[str | None], below: Sequence[str | None]) -> bool:
    """Say whether a row only names the columns under merged cells: words where the heading is blank, no numbers."""
    upper = [(cell or "").strip() for cell in heading]
    lower = [(cell or "").strip() for cell in below][: len(upper)]
    lower += [""] * (len(upper) - len(lower))
    last = max((at for at, cell in enumerate(lower) if cell), default=-1)
    gaps = [at for at in range(1, last + 1) if not upper[at]]
    if not gaps or any(any(sign.isdigit() for sign in cell) for cell in lower):
        return False
    under_merged = {at for gap in gaps for at in (gap, gap - 1)}
    return (
        all(lower[at] for at in gaps)
        and any(not lower[at] for at in range(len(upper)) if upper[at] and at not in gaps)
        and (all(at in under_merged for at, cell in enumerate(lower) if cell))
    )


def _joined_headings(rows: Sequence[Sequence[str | None]]) -> list[str]:
    """Join the rows of a heading; a merged cell stands over the blank cells to its right."""
    width = max((len(row) for row in rows), default=0)
    columns: list[list[str]] = [[] for _ in range(width)]
    for number, row in enumerate(rows):
        held = ""
        for at in range(width):
            cell = (row[at] or "").strip() if at < len(row) else ""
            if number < len(rows) - 1:
                below = (rows[number + 1][at] or "").strip() if at < len(rows[number + 1]) else ""
                # A merged cell reaches only as far as there is something under it.
                held = cell or (held if below else "")
                cell = held
            if cell and cell not in columns[at]:
                columns[at].append(cell)
    return [" ".join(words) for words in columns]


def _rows_to_import_ids(below: Sequence[Sequence[str | None]]) -> int:
    """Return how many rows end with Qualtrics's row of import ids: its wording and its ids stand under the headings."""
    for number, record in enumerate(below, start=1):
        if any((cell or "").lstrip().startswith('{"ImportId"') for cell in record):
            return number
    return 0


def find_heading(records: Sequence[Sequence[str | None]], known: frozenset[str]) -> int:
    """Return which of the first records holds the headings.

    It is the first record with most known names; where none is known, the first with the usual number of fields.
    """
    counts = [sum(same_heading(cell or "") in known for cell in record) for record in records]
    best = max(counts, default=0)
    if best:
        return counts.index(best)
    widths = [sum(bool((cell or "").strip()) for cell in record) for record in records]
    usual = max(set(widths), key=lambda width: (widths.count(width), width), default=0)
    # A program that writes row numbers leaves the first heading blank.
    indexed = [bool(record) and not (record[0] or "").strip() for record in records]
    return next((number for number, width in enumerate(widths) if width + indexed[number] >= max(usual, 2)), 0)


def looks_like_data(headings: Sequence[str], known: frozenset[str]) -> bool:
    """Say whether a line taken for headings rather holds values: no known name, and a number or date among them."""
    if any(same_heading(heading) in known for heading in headings):
        return False
    return any(sum(sign.isdigit() for sign in heading) * 2 > len(heading) for heading in headings if heading)
