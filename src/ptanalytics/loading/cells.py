"""Text cells to typed cells, a column at a time. A cell that cannot be read stays missing and gets a rule, never a guess.

Each reader tries the plain spelling on a whole column first; only the few cells it leaves are looked at closely.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import polars as pl

from ptanalytics.loading.layouts import DecimalMark, same_heading
from ptanalytics.loading.names import boolean_words, missing_codes, value_words, weekday_words
from ptanalytics.loading.units import CLOCK, UNIT_WORDS, unit_factor

#: Signs that stand for a space in numbers, and for a minus.
_SPACES = "[\u00a0\u202f\u2009]"
_MINUS = "[\u2212\u2013]"

#: Why a cell cannot be read, by rule. ``{column}`` is our column; the cell itself is never shown.
SENTENCES: Mapping[str, str] = {
    "not_a_number": "{column} must be a number",
    "fraction": "{column} is written as a share of something else than its scale",
    "decimal_mark": "{column} uses another decimal mark than the rest of its column",
    "unit": "{column} carries a unit that is not the column's; say which in a layout file",
    "not_whole": "{column} must be a whole number",
    "not_yes_or_no": "{column} must be yes or no",
    "not_allowed": "{column} holds a word that stands for none of the allowed values",
    "not_weekdays": "{column} must list days of the week",
    "not_a_date": "{column} must be a date",
    "not_a_time": "{column} must be a date or a date with a time",
    "impossible_date": "{column} is written like a date but that day does not exist in the column's date order",
    "ambiguous_date": "{column} mixes day-first and month-first dates, and this one could be either; say which in a layout",
    "impossible_time": "{column} names a time of day that does not exist",
    "skipped_time": "{column} names a local time that the change to summer time skips",
}


@dataclass(frozen=True)
class CellReader:
    """How the cells of one column are read."""

    dtype: pl.DataType
    #: The plain spelling, on the column as it is; missing where it does not fit.
    plain: Callable[[pl.Series], pl.Series]
    #: Every spelling that is understood, on trimmed texts that are given.
    close: Callable[[pl.Series], pl.Series]
    #: The rule that an unreadable text breaks.
    fault: Callable[[pl.Series], pl.Series]
    missing: tuple[str, ...] = ()
    #: The value of cells that a parser read as decimal numbers, moments or days; missing where they are not plain after
    #: all. None where a cell must be seen as text.
    of_plain: Callable[[pl.Series], pl.Series] | None = None
    #: Lengths of a cell at which that parser understands the same as ``plain``; empty for any length.
    plain_lengths: frozenset[int] = frozenset()

    def read(self, texts: pl.Series) -> pl.DataFrame:
        """Return ``value`` and ``is_readable`` for each cell; a missing cell is readable and has no value."""
        value, is_readable = self.value_and_readable(texts)
        return pl.DataFrame({"value": value, "is_readable": all_true(len(texts)) if is_readable is None else is_readable})

    def value_and_readable(self, texts: pl.Series) -> tuple[pl.Series, pl.Series | None]:
        """Return the two columns of `read`; nothing in place of the second where every cell is readable, as is the rule."""
        if self.missing:
            # A layout's own codes may look like values (-99), so they go first.
            own = trim(texts).str.to_lowercase().is_in([code.lower() for code in self.missing])
            texts = texts.set(own.fill_null(value=False), None)
        value = self.plain(texts)
        # A missing text has no value, so equal counts mean that every given text was read; counting costs nothing.
        if value.null_count() == texts.null_count():
            return value, None
        left = value.is_null() & texts.is_not_null()
        trimmed = trim(texts.filter(left))
        is_given = ~is_missing(trimmed)
        found = pl.select(pl.repeat(None, len(trimmed), dtype=self.dtype)).to_series()
        if is_given.any():
            found = found.scatter(is_given.arg_true(), self.close(trimmed.filter(is_given)))
        places = left.arg_true()
        is_readable = all_true(len(texts)).scatter(places, found.is_not_null() | ~is_given)
        return value.scatter(places, found), is_readable


def all_true(n: int) -> pl.Series:
    """Return so many times yes."""
    return pl.Series([True]).new_from_index(0, n)


def trim(texts: pl.Series) -> pl.Series:
    """Return texts without white space around them, hard spaces included."""
    return texts.str.replace_all(_SPACES, " ").str.strip_chars()


def is_missing(trimmed: pl.Series) -> pl.Series:
    """Say which trimmed texts stand for "missing" in any file."""
    return trimmed.is_null() | trimmed.str.to_lowercase().is_in(missing_codes())


def read_text(texts: pl.Series, more: tuple[str, ...] = (), *, has_spaces: bool = True) -> pl.Series:
    """Return texts trimmed, with the codes for "missing", and ``more`` of them, as missing."""
    cells = texts.str.strip_chars() if has_spaces else texts
    is_code = cells.is_in(_spellings(more))
    return cells.set(is_code.fill_null(value=False), None) if is_code.any() else cells


@cache
def _spellings(more: tuple[str, ...]) -> pl.Series:
    """Return the codes in their usual spellings: looking texts up is much cheaper than folding the case of every cell."""
    codes = [*missing_codes(), *more]
    return pl.Series(
        sorted({spelling for code in codes for spelling in (code, code.lower(), code.upper(), code.title(), "NaN")})
    ).implode()


def number_reader(
    *,
    decimal_mark: DecimalMark,
    unit: str,
    file_unit: str | None = None,
    scale_maximum: float | None = None,
    missing: tuple[str, ...] = (),
) -> CellReader:
    """Return the reader of a column of decimal numbers.

    Args:
        decimal_mark: What stands before the decimals in this column.
        unit: Our unit; a cell may carry it.
        file_unit: The file's unit, where it is another; ``clock`` for spellings such as ``1h 20m`` or ``1:20:00``.
        scale_maximum: For ratings such as 0 to 10: a cell may say ``7/10``.
        missing: Further codes for "missing".
    """
    is_clock = file_unit == CLOCK
    written_in = unit if file_unit is None or is_clock else file_unit
    factor = unit_factor(written_in, unit)
    words = UNIT_WORDS.get(written_in, ())

    def close(texts: pl.Series) -> pl.Series:
        numbers = _numbers(_without_scale(_without_unit(texts, words), scale_maximum), decimal_mark)
        return numbers.fill_null(_clock_minutes(texts)) if is_clock else numbers * factor

    def plain(texts: pl.Series) -> pl.Series:
        numbers = _plain_numbers(texts, decimal_mark)
        return numbers if factor == 1 else numbers * factor

    def of_plain(numbers: pl.Series) -> pl.Series:
        return _finite(numbers) if factor == 1 else _finite(numbers) * factor

    is_open = decimal_mark == "." and not missing
    return CellReader(pl.Float64(), plain, close, _number_fault, missing, of_plain if is_open else None)


def whole_number_reader(
    *, decimal_mark: DecimalMark, unit: str, dtype: pl.DataType, missing: tuple[str, ...] = ()
) -> CellReader:
    """Return the reader of a column of whole numbers; ``3.0`` is 3, and 3.5 is not read."""
    of_numbers = number_reader(decimal_mark=decimal_mark, unit=unit)

    def whole(numbers: pl.Series) -> pl.Series:
        is_whole = (numbers == numbers.floor()) & (numbers.abs() < 2**31)
        return numbers.set(~is_whole.fill_null(value=False), None).cast(dtype)

    def fault(texts: pl.Series) -> pl.Series:
        is_number = of_numbers.close(texts).is_not_null()
        return _number_fault(texts).set(is_number, "not_whole")

    return CellReader(
        dtype,
        lambda texts: whole(of_numbers.plain(texts)),
        lambda texts: whole(of_numbers.close(texts)),
        fault,
        missing,
        whole if decimal_mark == "." and not missing else None,
    )


def _plain_numbers(texts: pl.Series, decimal_mark: DecimalMark) -> pl.Series:
    if decimal_mark == ",":
        texts = texts.set(texts.str.contains(".", literal=True).fill_null(value=False), None)
        texts = texts.str.replace(",", ".", literal=True)
    return _finite(texts.cast(pl.Float64, strict=False))


def _finite(numbers: pl.Series) -> pl.Series:
    # A sum shows whether there is any other, and costs a tenth of looking at each.
    if math.isfinite(numbers.sum()):
        return numbers
    return numbers.set(~numbers.is_finite().fill_null(value=True), None)


def _without_unit(texts: pl.Series, words: tuple[str, ...]) -> pl.Series:
    if not words:
        return texts
    longest_first = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return texts.str.replace(rf"(?i)([0-9.,])\s*(?:{longest_first})$", "$1")


def _without_scale(texts: pl.Series, scale_maximum: float | None) -> pl.Series:
    if scale_maximum is None:
        return texts
    return texts.str.replace(rf"(?i)^(.*[0-9])\s*(?:/|out of)\s*{scale_maximum:g}(?:[.,]0+)?$", "$1")


def _numbers(texts: pl.Series, decimal_mark: DecimalMark) -> pl.Series:
    """Read numbers with a sign, thousands groups and an exponent; anything else is missing."""
    mark, group = (r"\.", r"[,' ]") if decimal_mark == "." else (",", r"[.' ]")
    plain = rf"^[+-]?(?:\d+(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?$"
    grouped = rf"^[+-]?\d{{1,3}}(?:{group}\d{{3}})+(?:{mark}\d+)?$"
    signed = texts.str.replace_all(_MINUS, "-")
    is_number = signed.str.contains(plain) | signed.str.contains(grouped)
    digits = signed.str.replace_all(group, "").str.replace(",", ".", literal=True).set(~is_number, None)
    numbers = digits.cast(pl.Float64, strict=False)
    return numbers.set(~numbers.is_finite().fill_null(value=True), None)


def _clock_minutes(texts: pl.Series) -> pl.Series:
    """Read ``2h 10m``, ``38min``, ``45s`` and ``1:20:00`` (hours, minutes, seconds) as minutes."""
    worded = r"(?i)^(?:(\d+)\s*h(?:ours?|rs?)?)?\s*(?:(\d+)\s*m(?:in(?:ute)?s?)?)?\s*(?:(\d+)\s*s(?:ec(?:ond)?s?)?)?$"
    coloned = r"^(\d{1,2}):(\d{2}):(\d{2})$"
    minutes = []
    for pattern in (worded, coloned):
        hours, mins, secs = (texts.str.extract(pattern, part).cast(pl.Float64) for part in (1, 2, 3))
        is_given = hours.is_not_null() | mins.is_not_null() | secs.is_not_null()
        total = hours.fill_null(0.0) * 60 + mins.fill_null(0.0) + secs.fill_null(0.0) / 60
        minutes.append(total.set(~is_given, None))
    return minutes[0].fill_null(minutes[1])


def _number_fault(texts: pl.Series) -> pl.Series:
    frame = texts.to_frame("text")
    text = pl.col("text")
    number = r"[+-]?\d[\d.,' ]*"
    return frame.select(
        pl.when(text.str.contains(rf"^{number}\s*(?:/|out of)\s*\d"))
        .then(pl.lit("fraction"))
        .when(text.str.contains(rf"^{number}$"))
        .then(pl.lit("decimal_mark"))
        .when(text.str.contains(rf"^{number}\s*[\pL%°]"))
        .then(pl.lit("unit"))
        .otherwise(pl.lit("not_a_number"))
    ).to_series()


def boolean_reader(missing: tuple[str, ...] = ()) -> CellReader:
    """Return the reader of a yes/no column."""
    words = boolean_words()

    def close(texts: pl.Series) -> pl.Series:
        lowered = texts.str.to_lowercase()
        return lowered.replace_strict(list(words), list(words.values()), default=None, return_dtype=pl.Boolean)

    return CellReader(pl.Boolean(), close, close, _always("not_yes_or_no"), missing)


def category_reader(column: str, missing: tuple[str, ...] = ()) -> CellReader:
    """Return the reader of a column with a closed list of values and their synonyms."""
    words = value_words(column)

    def close(texts: pl.Series) -> pl.Series:
        return _by_spelling(texts, lambda text: words.get(same_heading(text)))

    return CellReader(pl.String(), close, close, _always("not_allowed"), missing)


def weekdays_reader(missing: tuple[str, ...] = ()) -> CellReader:
    """Return the reader of lists of weekdays; they come out as ``mon,wed,fri`` in the order of the week."""

    def close(texts: pl.Series) -> pl.Series:
        return _by_spelling(texts, _weekdays)

    return CellReader(pl.String(), close, close, _always("not_weekdays"), missing)


def _weekdays(text: str) -> str | None:
    words = weekday_words()
    if text.strip().lower() in ("daily", "every day", "all", "täglich"):
        return ",".join(dict.fromkeys(words.values()))
    days = [words.get(part) for part in re.split(r"[\s,;/&+|]+", text.lower().replace(".", "")) if part]
    if not days or None in days:
        return None
    return ",".join(day for day in dict.fromkeys(words.values()) if day in days)


def _by_spelling(texts: pl.Series, meaning: Callable[[str], str | None]) -> pl.Series:
    """Look up each distinct text once."""
    distinct = texts.drop_nulls().unique().to_list()
    return texts.replace_strict(distinct, [meaning(text) for text in distinct], default=None, return_dtype=pl.String)


def _always(rule: str) -> Callable[[pl.Series], pl.Series]:
    return lambda texts: pl.select(pl.repeat(rule, len(texts), dtype=pl.String)).to_series()
