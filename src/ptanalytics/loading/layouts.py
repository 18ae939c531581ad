"""Layout files: how one kind of export becomes our tables, said in TOML and never in code."""

import codecs
import hashlib
import re
import tomllib
from collections.abc import Iterable
from datetime import date
from fnmatch import fnmatch
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ptanalytics.errors import LayoutError
from ptanalytics.loading.units import is_convertible
from ptanalytics.reference import reference_file
from ptanalytics.schemas import TABLES, columns_of

DateOrder = Literal["day_first", "month_first"]
DecimalMark = Literal[".", ","]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Match(_Frozen):
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


class TextForm(_Frozen):
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


class DateParts(_Frozen):
    """A day written in three columns."""

    year: str
    month: str
    day: str


class NominalDates(_Frozen):
    """A visit number turned into a nominal day: ``start`` plus so many days. The real day is not in the file."""

    event: str
    start: date
    days: dict[str, int] = Field(min_length=1)


class JoinedText(_Frozen):
    """An id made of several columns."""

    columns: tuple[str, ...] = Field(min_length=2)
    separator: str = "-"
    #: Leave blank parts out; otherwise one blank part leaves no id.
    skip_blank: bool = False


class Words(_Frozen):
    """Words turned into a name such as ``low_back``: lower case, underscores, a trailing word dropped."""

    drop_suffix: str = ""


class SetAside(_Frozen):
    """Rows that are well written but are not what the table holds."""

    column: str
    equals: tuple[str, ...] = ()
    is_missing: bool = False
    rule: str
    reason: str

    @model_validator(mode="after")
    def _says_when(self) -> "SetAside":
        if bool(self.equals) == self.is_missing:
            message = "give either equals or is_missing"
            raise ValueError(message)
        return self


class Aggregate(_Frozen):
    """Several rows of a file that are one row of the table (the sets of one exercise)."""

    by: tuple[str, ...] = Field(min_length=1)
    values: dict[str, Literal["count", "mean", "max", "sum"]] = Field(min_length=1)


class IgnoreRows(_Frozen):
    """Rows of the file that say nothing about this table (another form, another event), counted but not set aside."""

    #: What they are, in words for the receipt, e.g. "rows of other events".
    kind: str
    column: str | None = None
    equals: tuple[str, ...] = ()
    not_equals: tuple[str, ...] = ()
    is_missing: bool = False
    is_given: bool = False
    #: All these columns are blank.
    all_missing: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_when(self) -> "IgnoreRows":
        ways = [bool(self.equals), bool(self.not_equals), self.is_missing, self.is_given]
        if sum((*ways, bool(self.all_missing))) != 1 or any(ways) == (self.column is None):
            message = "give all_missing, or column with one of equals, not_equals, is_missing, is_given"
            raise ValueError(message)
        return self

    def read_columns(self) -> tuple[str, ...]:
        """Return the file's columns it looks at."""
        return (*self.all_missing, *((self.column,) if self.column else ()))


class Spread(_Frozen):
    """Columns of a wide file that are rows of the table: each line gives one row for each of these columns.

    ``columns`` has on the left what the row gets in ``name`` (an item id, an instrument, a day) and on the right the
    file's column whose cell is the ``value``. With ``days_after`` the left side is a number of days that is added to the
    day in that column of ours. Where ``value`` is required a blank cell is no row; where it is optional (an answer) it is
    a row without a value as long as any of the columns is filled.
    """

    name: str
    value: str
    columns: dict[str, str] = Field(min_length=1)
    days_after: bool = False

    @model_validator(mode="after")
    def _counts_days(self) -> "Spread":
        if self.days_after and any(not re.fullmatch(r"-?\d{1,5}", key) for key in self.columns):
            message = "with days_after the left side of spread.columns must be whole numbers of days"
            raise ValueError(message)
        return self


class TableLayout(_Frozen):
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
            *self.carry_forward,
            *(rule.column for rule in self.set_aside),
            *self.shown,
            *(self.spread.columns.values() if self.spread else ()),
            *(name for rule in self.ignore for name in rule.read_columns()),
        ]
        return tuple(dict.fromkeys(names))


class Layout(_Frozen):
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
