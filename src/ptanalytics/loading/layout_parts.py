"""The parts of a layout: columns made of several, rows that are left out or set aside, rows merged and spread."""

import re
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Frozen(BaseModel):
    """What cannot be changed once it is read, and has no keys but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DateParts(Frozen):
    """A day written in three columns."""

    year: str
    month: str
    day: str


class NominalDates(Frozen):
    """A visit number turned into a nominal day: ``start`` plus so many days. The real day is not in the file."""

    event: str
    start: date
    days: dict[str, int] = Field(min_length=1)


class JoinedText(Frozen):
    """An id made of several columns."""

    columns: tuple[str, ...] = Field(min_length=2)
    separator: str = "-"
    #: Leave blank parts out; otherwise one blank part leaves no id.
    skip_blank: bool = False


class Checkboxes(Frozen):
    """Columns that are ticked or not, one for each choice, as one text: the choices that are ticked.

    ``columns`` has on the left what a ticked box says in our words and on the right the file's column. Nothing ticked is
    missing, and so is a row with a box of ``missing`` ticked ("not asked"). A cell that says neither is set aside.
    """

    columns: dict[str, str] = Field(min_length=1)
    separator: str = "; "
    missing: tuple[str, ...] = ()

    def read_columns(self) -> tuple[str, ...]:
        """Return the file's columns it looks at."""
        return (*self.columns.values(), *self.missing)


class Words(Frozen):
    """Words turned into a name such as ``low_back``: lower case, underscores, a trailing word dropped."""

    drop_suffix: str = ""


class SetAside(Frozen):
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


class Aggregate(Frozen):
    """Several rows of a file that are one row of the table (the sets of one exercise)."""

    by: tuple[str, ...] = Field(min_length=1)
    values: dict[str, Literal["count", "mean", "max", "sum"]] = Field(min_length=1)


class IgnoreRows(Frozen):
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
    #: None of these boxes is ticked; together with ``column`` both must hold (nothing ticked in a form not begun).
    none_checked: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_when(self) -> "IgnoreRows":
        ways = [bool(self.equals), bool(self.not_equals), self.is_missing, self.is_given]
        alone = [bool(self.all_missing), bool(self.none_checked)]
        is_one = sum(ways) + sum(alone) == 1 or (sum(ways) == 1 and alone == [False, True])
        if not is_one or any(ways) == (self.column is None):
            message = (
                "give all_missing, or column with one of equals, not_equals, is_missing, is_given, or none_checked "
                "(alone or with such a column)"
            )
            raise ValueError(message)
        return self

    def read_columns(self) -> tuple[str, ...]:
        """Return the file's columns it looks at."""
        return (*self.all_missing, *self.none_checked, *((self.column,) if self.column else ()))


class Spread(Frozen):
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
    #: The cell is a profile such as 11221, and each row takes the digit at its place; then all columns are the same one.
    digits: bool = False

    @model_validator(mode="after")
    def _counts_days(self) -> "Spread":
        if self.days_after and any(not re.fullmatch(r"-?\d{1,5}", key) for key in self.columns):
            message = "with days_after the left side of spread.columns must be whole numbers of days"
            raise ValueError(message)
        return self
