"""Layout files: how one kind of export becomes our tables, said in TOML and never in code."""

import codecs
import hashlib
import re
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatch
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from ptanalytics.errors import LayoutError
from ptanalytics.loading.layout_parts import (
    Aggregate,
    Checkboxes,
    DateParts,
    Frozen,
    IgnoreRows,
    JoinedText,
    NominalDates,
    SetAside,
    Spread,
    Words,
)
from ptanalytics.loading.units import is_convertible
from ptanalytics.reference import reference_file
from ptanalytics.schemas import TABLES, columns_of

DateOrder = Literal["day_first", "month_first"]
DecimalMark = Literal[".", ","]


class Match(Frozen):
    """When a layout applies: all these columns are there, the file name fits, and the shape where one is given."""

    columns: tuple[str, ...] = Field(min_length=1)
    file_name: str = "*"
    #: Fingerprint of the whole set of headings (`shape_of`): only exports of exactly this shape are meant.
    shape: str | None = None

    def fits(self, file_name: str, headings: tuple[str, ...]) -> bool:
        """Say whether a file with these headings is meant."""
        if self.shape is not None and self.shape != shape_of(headings):
            return False
        known = {same_heading(heading) for heading in headings}
        return fnmatch(file_name.lower(), self.file_name.lower()) and all(same_heading(c) in known for c in self.columns)


class TextForm(Frozen):
    """How the text file itself is written, where that cannot be seen from it."""

    delimiter: Literal[",", ";", "\t", "|"] | None = None
    encoding: str | None = None
    comment_prefix: str | None = None
    skip_lines: int = Field(default=0, ge=0)
    #: Rows that together are the headings (a merged cell above stands over all columns below it), joined by a space.
    heading_rows: int = Field(default=1, ge=1, le=5)
    #: Rows right below the headings that hold their labels, not data.
    label_rows: int = Field(default=0, ge=0, le=5)

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, value: str | None) -> str | None:
        try:
            codecs.lookup(value or "utf-8")
        except LookupError:
            message = "no such encoding; use a name such as utf-8, utf-16 or cp1252"
            raise ValueError(message) from None
        return value


class TableLayout(Frozen):
    """How one table is read from one kind of file. Keys on the left are our columns, texts on the right the file's."""

    table: str
    part: str = ""
    columns: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    from_file_name: dict[str, str] = Field(default_factory=dict)
    from_row_number: tuple[str, ...] = ()
    date_parts: dict[str, DateParts] = Field(default_factory=dict)
    nominal_dates: dict[str, NominalDates] = Field(default_factory=dict)
    joined: dict[str, JoinedText] = Field(default_factory=dict)
    checkboxes: dict[str, Checkboxes] = Field(default_factory=dict)
    codings: dict[str, dict[str, str]] = Field(default_factory=dict)
    words: dict[str, Words] = Field(default_factory=dict)
    #: Ids of ours that a spreadsheet turned into numbers: "123.00" is "123".
    without_decimals: tuple[str, ...] = ()
    units: dict[str, str] = Field(default_factory=dict)
    missing_codes: tuple[str, ...] = ()
    carry_forward: tuple[str, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    #: Columns of the file shown beside a row that is set aside, and used for nothing else.
    shown: tuple[str, ...] = ()
    ignore: tuple[IgnoreRows, ...] = ()
    spread: Spread | None = None
    #: Our column → which digit of a profile it takes, and of how many: (1, 5) is the first of five.
    digit_of: dict[str, tuple[int, int]] = Field(default_factory=dict)
    #: Days added to a date or time of ours after it was read.
    shift_days: dict[str, int] = Field(default_factory=dict)
    date_order: DateOrder | None = None
    decimal_mark: DecimalMark | None = None
    timezone: str = "local"
    aggregate: Aggregate | None = None
    notes: tuple[str, ...] = ()

    @field_validator("table")
    @classmethod
    def _is_a_table(cls, value: str) -> str:
        if value not in TABLES:
            message = f"must be one of {', '.join(TABLES)}"
            raise ValueError(message)
        return value

    @field_validator("from_file_name")
    @classmethod
    def _have_one_group(cls, value: dict[str, str]) -> dict[str, str]:
        for pattern in value.values():
            try:
                n_groups = re.compile(pattern).groups
            except re.error:
                n_groups = 0
            if n_groups != 1:
                message = f"'{pattern}' must be a regular expression with exactly one group"
                raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _names_our_columns(self) -> "TableLayout":
        ours = columns_of(TABLES[self.table])
        given = self.given_columns()
        merged = (*self.aggregate.by, *self.aggregate.values) if self.aggregate else ()
        if unknown := sorted({*given, *self.units, *merged, *self.shift_days} - set(ours)):
            message = f"the table {self.table} has no column {', '.join(unknown)}"
            raise ValueError(message)
        if twice := sorted({name for name in given if given.count(name) > 1}):
            message = f"given in more than one way: {', '.join(twice)}"
            raise ValueError(message)
        if unread := sorted({*self.codings, *self.words, *self.units, *self.without_decimals} - set(given)):
            message = f"codings, words, units or without_decimals for {', '.join(unread)}, which the layout does not read"
            raise ValueError(message)
        if self.spread and self.spread.days_after and not ours[self.spread.name].dtype.is_temporal():
            message = f"spread.days_after needs a date or time, and {self.spread.name} is none"
            raise ValueError(message)
        for name, unit in self.units.items():
            if not is_convertible(unit, ours[name].unit):
                message = f"units.{name}: '{unit}' cannot be turned into '{ours[name].unit or 'a share'}'"
                raise ValueError(message)
        return self

    def given_columns(self) -> tuple[str, ...]:
        """Return our columns that this layout supplies, in the order it names them."""
        return (
            *self.columns,
            *self.constants,
            *self.from_file_name,
            *self.from_row_number,
            *self.date_parts,
            *self.nominal_dates,
            *self.joined,
            *self.checkboxes,
            *((self.spread.value,) if self.spread else ()),
            # Days after a start are added to a column that is read like any other.
            *((self.spread.name,) if self.spread and not self.spread.days_after else ()),
        )

    def read_columns(self) -> tuple[str, ...]:
        """Return the file's columns that are read, each once."""
        names = [
            *self.columns.values(),
            *(name for parts in self.date_parts.values() for name in (parts.year, parts.month, parts.day)),
            *(nominal.event for nominal in self.nominal_dates.values()),
            *(name for joined in self.joined.values() for name in joined.columns),
            *(name for boxes in self.checkboxes.values() for name in boxes.read_columns()),
            *self.carry_forward,
            *(rule.column for rule in self.set_aside),
            *self.shown,
            *(self.spread.columns.values() if self.spread else ()),
            *(name for rule in self.ignore for name in rule.read_columns()),
        ]
        return tuple(dict.fromkeys(names))


class Layout(Frozen):
    """One kind of export."""

    id: str
    description: str
    source: str = ""
    match: Match | None = None
    text: TextForm = TextForm()
    tables: tuple[TableLayout, ...] = Field(min_length=1)


@lru_cache(maxsize=4096)
def same_heading(heading: str) -> str:
    """Return a heading without case, spaces, underscores and signs, so that 'Patient ID' equals 'patient_id'."""
    return "".join(sign for sign in heading.casefold() if sign.isalnum())


def shape_of(headings: Iterable[str]) -> str:
    """Return the fingerprint of a set of headings: the same for the next export of the same kind, in any order.

    Example:
        >>> shape_of(["Patient ID", "NRS"]) == shape_of(["nrs", "patient_id"])
        True
    """
    names = sorted({same_heading(heading) for heading in headings})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def read_layout(path: Path | str) -> Layout:
    """Read a layout file, or a shipped layout by its id.

    Raises:
        LayoutError: There is no such file, or it breaks the rules; the message names the file and the key.
    """
    by_id = {layout.id: layout for layout in shipped_layouts()}
    if str(path) in by_id:
        return by_id[str(path)]
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        message = f"{file.name} is no layout file and no shipped layout. Shipped are: {', '.join(sorted(by_id))}."
        raise LayoutError(message) from None
    return parse_layout(text, file.name)


def parse_layout(text: str, file: str) -> Layout:
    """Turn the text of a layout file into a layout.

    Raises:
        LayoutError: The text is not TOML or breaks the rules of a layout.
    """
    try:
        return Layout.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        message = f"The layout {file} is not valid TOML: {error}. Correct that line."
        raise LayoutError(message) from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'layout'}: {e['msg']}" for e in error.errors()[:3])
        message = f"The layout {file} is wrong at {faults}. See CONTRIBUTING for the keys of a layout."
        raise LayoutError(message) from None


@cache
def shipped_layouts() -> tuple[Layout, ...]:
    """Return the layouts of ``reference/layouts`` (all but the synonyms)."""
    folder = reference_file("layouts")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(parse_layout(f.read_text(encoding="utf-8"), f.name) for f in files if f.name != "synonyms.toml")


def layouts_in(folder: Path) -> tuple[Layout, ...]:
    """Return the layouts saved in a folder, such as ``layouts`` inside a study; none where there is no such folder.

    Raises:
        LayoutError: A file there is not a layout.
    """
    files = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    return tuple(parse_layout(file.read_text(encoding="utf-8", errors="replace"), file.name) for file in files)


def matching_layout(file_name: str, headings: tuple[str, ...], own: tuple[Layout, ...] = ()) -> Layout | None:
    """Return the layout whose columns are all in the file: one of ``own`` first, then a shipped one.

    Of several the one that names most columns.
    """
    fitting = [lay for lay in own if lay.match and lay.match.fits(file_name, headings)]
    fitting = fitting or [lay for lay in shipped_layouts() if lay.match and lay.match.fits(file_name, headings)]
    return max(fitting, key=lambda lay: len(lay.match.columns if lay.match else ()), default=None)
