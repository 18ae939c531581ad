"""Dates and times out of text. The order of day and month is decided once per column, never per cell."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from ptanalytics.loading.cells import CellReader
from ptanalytics.loading.layouts import DateOrder

_NUMERIC = r"^(\d{1,2})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{4}|\d{2})$"
_YEAR_FIRST = r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$"
_COMPACT = r"^(\d{4})(\d{2})(\d{2})$"
_DAY_WORD = r"(?i)^(?:\pL+,?\s+)?(\d{1,2})(?:st|nd|rd|th|\.)?[-\s]+(\pL{3,})\.?,?[-\s]+(\d{4}|\d{2})$"
_WORD_DAY = r"(?i)^(?:\pL{2,}day,?\s+)?(\pL{3,})\.?[-\s]+(\d{1,2})(?:st|nd|rd|th)?,?[-\s]+(\d{4})$"
_SERIAL = r"^(\d{5})(?:[.,](\d+))?$"
_CLOCK = (
    r"(?i)[T\s,]\s*(\d{1,2})[:.h](\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([ap])?\.?(?:m\.?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
)
#: Numeric dates as most files write them, alone or with a clock.
_USUAL_TO_THE_END = r"^\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})(?: \d{1,2}:\d{2}(?::\d{2})?(?: [AaPp][Mm])?)?$"
#: The days from 1980 to 2100 in Excel's count; other numbers are no dates.
_SERIAL_RANGE = (29221, 73415)
_MONTHS = {
    **dict.fromkeys(("jan", "jän"), 1),
    **dict.fromkeys(("feb", "fév", "fev"), 2),
    **dict.fromkeys(("mar", "mär", "mrz"), 3),
    **dict.fromkeys(("apr", "avr"), 4),
    **dict.fromkeys(("may", "mai"), 5),
    "jun": 6,
    "jul": 7,
    **dict.fromkeys(("aug", "aoû", "aou"), 8),
    "sep": 9,
    **dict.fromkeys(("oct", "okt"), 10),
    "nov": 11,
    **dict.fromkeys(("dec", "dez", "déc"), 12),
}
#: Formats tried on a whole column; the one that fits its first cell is used.
_PLAIN_TIMES = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
)
_PLAIN_UTC = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%.fZ")
#: How long ISO spellings are that a parser of ISO times reads as this module does: the day, minutes, seconds.
_PLAIN_DAY = frozenset({10})
_PLAIN_MOMENT = frozenset({10, 16, 19})
_MONTHS_A_YEAR = 12
#: Clocks behind numeric dates, by their format; nothing behind a date is its midnight.
_CLOCKS = {
    " %H:%M": r" \d{1,2}:[0-5]\d",
    " %H:%M:%S": r" \d{1,2}:[0-5]\d:[0-5]\d",
    " %I:%M %p": r" \d{1,2}:[0-5]\d [AaPp][Mm]",
    " %I:%M:%S %p": r" \d{1,2}:[0-5]\d:[0-5]\d [AaPp][Mm]",
    "": "",
}
#: One date in so many in the other order is taken for a slip; more often the column mixes two orders.
_SLIPS_IN = 20
_MICROSECONDS_PER_DAY = 86_400_000_000


@dataclass(frozen=True)
class Clock:
    """Whose local time a column without offsets is in, and whose local time is wanted."""

    study_timezone: str
    #: ``local`` where the file's times are the study's own.
    file_timezone: str = "local"

    @property
    def is_local(self) -> bool:
        """True where a time without an offset is taken as it stands."""
        return self.file_timezone in ("local", self.study_timezone)


@dataclass(frozen=True)
class _Order:
    """The order of a column's dates, and whether a date that fits the other order too is left unread."""

    of_parts: DateOrder | None
    only_telling: bool = False


@dataclass(frozen=True)
class OrderEvidence:
    """How many dates of a column can only be day-first, only be month-first, or be both."""

    n_day_first: int
    n_month_first: int
    n_either: int

    def decide(self) -> DateOrder | None:
        """Return the order, or None where the column does not say."""
        if self.n_day_first == self.n_month_first:
            return None
        return "day_first" if self.n_day_first > self.n_month_first else "month_first"

    @property
    def is_mixed(self) -> bool:
        """True where both orders occur so often that the rarer one is no slip of the pen: more than 1 in 20 [ours]."""
        telling = self.n_day_first + self.n_month_first
        return min(self.n_day_first, self.n_month_first) * _SLIPS_IN > telling

    @property
    def is_needed(self) -> bool:
        """True where some date means different days in the two orders, or the two are mixed."""
        return self.n_either > 0 or (self.n_day_first > 0 and self.n_month_first > 0)


def order_evidence(column: str) -> pl.Expr:
    """Return a struct of the three counts of `OrderEvidence` for a text column."""
    cell = pl.col(column)
    # Dates that begin with the year say nothing about the order; most columns hold nothing else.
    is_other = cell.str.contains(r"^\s*\d{1,2}\D")
    is_usual = cell.str.contains(_USUAL_TO_THE_END)
    # The first two numbers of usual dates take few different forms, and each is looked at once. In order, because the
    # engine may work out texts and their counts separately.
    begins = cell.filter(is_usual).str.head(len("31.12.")).alias("begins").value_counts(name="times").sort()
    usual = [begins.struct.field("begins").str.extract(r"^(\d{1,2})[-/.](\d{1,2})", part) for part in (1, 2)]
    text = _date_part(cell.filter(is_other & ~is_usual))
    rest = [text.str.extract(_NUMERIC, part) for part in (1, 2)]
    of_usual, of_rest = (
        _order_counts(usual[0], usual[1], begins.struct.field("times")),
        _order_counts(rest[0], rest[1], pl.lit(1)),
    )
    return pl.struct((of_usual[name] + of_rest[name]).alias(name) for name in of_rest).alias(column)


def _order_counts(first: pl.Expr, second: pl.Expr, times: pl.Expr) -> dict[str, pl.Expr]:
    first, second = first.cast(pl.Int32), second.cast(pl.Int32)
    found = {
        "n_day_first": (first > _MONTHS_A_YEAR) & (second <= _MONTHS_A_YEAR),
        "n_month_first": (second > _MONTHS_A_YEAR) & (first <= _MONTHS_A_YEAR),
        "n_either": (first <= _MONTHS_A_YEAR) & (second <= _MONTHS_A_YEAR) & (first != second),
    }
    return {name: (is_one.cast(pl.Int64) * times).sum() for name, is_one in found.items()}


def date_reader(
    *,
    order: DateOrder | None,
    is_1904: bool = False,
    clock: Clock,
    missing: tuple[str, ...] = (),
    only_telling: bool = False,
) -> CellReader:
    """Return the reader of a column of days. A cell with a clock time and an offset becomes the study's local day.

    With ``only_telling`` a date that is another day in the other order is not read: the column mixes both.
    """
    day_order = _Order(order, only_telling)

    def plain(texts: pl.Series) -> pl.Series:
        if (form := _ordered_form(texts, day_order, clocks=("",))) is not None:
            return form.read(texts).cast(pl.Date)
        # The length keeps "2026-3-4 x" out, which a lenient parser might take.
        iso = texts.set((texts.str.len_bytes() != 10).fill_null(value=False), None)
        return iso.str.to_date("%Y-%m-%d", strict=False)

    def close(texts: pl.Series) -> pl.Series:
        has_clock = texts.str.contains(_CLOCK)
        days = _days(texts, day_order, is_1904=is_1904)
        if not has_clock.any():
            return days
        local = _moments(texts, day_order, is_1904=is_1904, clock=clock).cast(pl.Date)
        return days.zip_with(~has_clock, local)

    return CellReader(
        pl.Date(),
        plain,
        close,
        lambda texts: _fault(texts, "not_a_date", day_order),
        missing,
        None if missing else _as_parsed,
        _PLAIN_DAY,
    )


def moment_reader(
    *,
    order: DateOrder | None,
    is_1904: bool = False,
    clock: Clock,
    missing: tuple[str, ...] = (),
    only_telling: bool = False,
) -> CellReader:
    """Return the reader of a column of local times; a day without a clock is its midnight; see `date_reader`."""
    day_order = _Order(order, only_telling)

    def plain(texts: pl.Series) -> pl.Series:
        if (form := _ordered_form(texts, day_order, clocks=tuple(_CLOCKS))) is not None:
            return _from_file(form.read(texts), clock)
        return _plain_moments(texts, clock)

    def close(texts: pl.Series) -> pl.Series:
        return _moments(texts, day_order, is_1904=is_1904, clock=clock)

    return CellReader(
        pl.Datetime("us"),
        plain,
        close,
        lambda texts: _fault(texts, "not_a_time", day_order),
        missing,
        _as_parsed if clock.is_local and not missing else None,
        _PLAIN_MOMENT,
    )


def _as_parsed(found: pl.Series) -> pl.Series:
    return found


@dataclass(frozen=True)
class _Form:
    """How all cells of a column may be written whose dates begin with day or month."""

    #: Narrower than what the engine takes for the format, which is lenient.
    pattern: str
    format: str

    def read(self, texts: pl.Series) -> pl.Series:
        is_of_form = texts.str.contains(self.pattern)
        usual = texts if is_of_form.all() else texts.set(~is_of_form.fill_null(value=True), None)
        return usual.str.to_datetime(self.format, strict=False, time_unit="us")


def _ordered_form(texts: pl.Series, order: _Order, *, clocks: tuple[str, ...]) -> _Form | None:
    """Return the form of a column's first cell; None where it begins with the year, or the order is open."""
    first = texts.first(ignore_nulls=True)
    if not isinstance(first, str) or order.of_parts is None or order.only_telling:
        return None
    found = re.match(r"\d{1,2}([-/.])\d{1,2}[-/.]", first)
    if found is None:
        return None
    mark = found.group(1)
    date_format = mark.join(("%d", "%m", "%Y") if order.of_parts == "day_first" else ("%m", "%d", "%Y"))
    for clock in clocks:
        pattern = rf"^\d{{1,2}}\{mark}\d{{1,2}}\{mark}\d{{4}}{_CLOCKS[clock]}$"
        if re.match(pattern, first):
            return _Form(pattern, date_format + clock)
    return None


def _plain_moments(texts: pl.Series, clock: Clock) -> pl.Series:
    at = texts.first(ignore_nulls=True)
    for form in (*_PLAIN_TIMES, *_PLAIN_UTC):
        if at is not None and pl.Series([at]).str.to_datetime(form, strict=False, time_unit="us").is_not_null().item():
            # The engine takes a second 60 for the next minute; no clock shows one.
            has_no_such_second = texts.str.contains(":60", literal=True)
            read = texts.str.to_datetime(form, strict=False, time_unit="us")
            if has_no_such_second.any():
                read = read.set(has_no_such_second.fill_null(value=False), None)
            return _to_study(read, "UTC", clock) if form.endswith("Z") else _from_file(read, clock)
    return pl.select(pl.repeat(None, len(texts), dtype=pl.Datetime("us"))).to_series()


def _from_file(naive: pl.Series, clock: Clock) -> pl.Series:
    return naive if clock.is_local else _to_study(naive, clock.file_timezone, clock)


def _to_study(naive: pl.Series, timezone: str, clock: Clock) -> pl.Series:
    """Turn wall-clock times of one zone into those of the study. A time that occurs twice is its first occurrence."""
    placed = naive.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    return placed.dt.convert_time_zone(clock.study_timezone).dt.replace_time_zone(None)


def _days(texts: pl.Series, order: _Order, *, is_1904: bool) -> pl.Series:
    text = _date_part(pl.col("text"))
    year_first = [text.str.extract(_YEAR_FIRST, part) for part in (1, 2, 3)]
    compact = [text.str.extract(_COMPACT, part) for part in (1, 2, 3)]
    first, second, year = (text.str.extract(_NUMERIC, part) for part in (1, 2, 3))
    if order.only_telling:
        year = pl.when(~_is_either(text)).then(year)
    numeric = [year, first, second] if order.of_parts == "month_first" else [year, second, first]
    day_word = [text.str.extract(_DAY_WORD, 3), _month(text.str.extract(_DAY_WORD, 2)), text.str.extract(_DAY_WORD, 1)]
    word_day = [text.str.extract(_WORD_DAY, 3), _month(text.str.extract(_WORD_DAY, 1)), text.str.extract(_WORD_DAY, 2)]
    written = pl.coalesce(_iso(parts) for parts in (year_first, compact, numeric, day_word, word_day))
    serial = text.str.extract(_SERIAL, 1).cast(pl.Int32)
    day_zero = date(1904, 1, 1) if is_1904 else date(1899, 12, 30)
    counted = pl.when(serial.is_between(*_SERIAL_RANGE)).then(pl.lit(day_zero) + pl.duration(days=serial))
    found = texts.to_frame("text").select(pl.coalesce(written.str.to_date("%Y-%m-%d", strict=False), counted))
    return found.to_series().cast(pl.Date)


def _is_either(date_part: pl.Expr) -> pl.Expr:
    """Say whether a numeric date is one day read day-first and another read month-first."""
    first, second = (date_part.str.extract(_NUMERIC, part).cast(pl.Int32) for part in (1, 2))
    return ((first <= _MONTHS_A_YEAR) & (second <= _MONTHS_A_YEAR) & (first != second)).fill_null(value=False)


def _date_part(text: pl.Expr) -> pl.Expr:
    """Return what stands before the time of day. The patterns of dates then allow nothing else beside them."""
    return text.str.replace(_CLOCK, "").str.strip_chars()


def _iso(parts: Sequence[pl.Expr]) -> pl.Expr:
    year, month, day = parts
    # Two-digit years up to 68 are of this century, as in POSIX.
    century = (
        pl.when(year.str.len_bytes() == 4).then(pl.lit("")).when(year <= "68").then(pl.lit("20")).otherwise(pl.lit("19"))
    )
    return pl.concat_str(century + year, month.str.zfill(2), day.str.zfill(2), separator="-")


def _month(word: pl.Expr) -> pl.Expr:
    start = word.str.to_lowercase().str.slice(0, 3)
    number = start.replace_strict(list(_MONTHS), list(_MONTHS.values()), default=None, return_dtype=pl.Int32)
    return number.cast(pl.String)


def _moments(texts: pl.Series, order: _Order, *, is_1904: bool, clock: Clock) -> pl.Series:
    days = _days(texts, order, is_1904=is_1904)
    frame = texts.to_frame("text").with_columns(days.alias("day"))
    text = pl.col("text")
    part = [text.str.extract(_CLOCK, number) for number in range(1, 7)]
    frame = frame.with_columns(
        has_clock=text.str.contains(_CLOCK),
        since_midnight=_microseconds(part),
        offset_min=_offset_minutes(part[5]),
        serial_part=_serial_microseconds(text),
    )
    naive = pl.col("day").cast(pl.Datetime("us"))
    at = (
        pl.when("has_clock")
        .then(naive + pl.duration(microseconds="since_midnight"))
        .otherwise(naive + pl.duration(microseconds="serial_part"))
    )
    frame = frame.with_columns(at=at)
    in_file_time = _from_file(frame["at"], clock)
    utc = frame.select(pl.col("at") - pl.duration(minutes="offset_min")).to_series()
    return in_file_time.zip_with(frame["offset_min"].is_null(), _to_study(utc, "UTC", clock))


def _microseconds(part: Sequence[pl.Expr]) -> pl.Expr:
    """Return the microseconds since midnight; missing where the clock does not exist (25:00, 13 pm)."""
    hour, minute, second = (p.cast(pl.Int64) for p in (part[0], part[1], part[2].fill_null("0")))
    fraction = part[3].fill_null("0").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64)
    half = part[4].str.to_lowercase()
    hour_of_day = pl.when(half == "p").then(hour % 12 + 12).when(half == "a").then(hour % 12).otherwise(hour)
    exists = (hour_of_day < 24) & (minute < 60) & (second < 60) & (half.is_null() | hour.is_between(1, 12))
    return pl.when(exists).then(((hour_of_day * 60 + minute) * 60 + second) * 1_000_000 + fraction)


def _offset_minutes(offset: pl.Expr) -> pl.Expr:
    upper = offset.str.to_uppercase()
    sign = pl.when(upper.str.starts_with("-")).then(-1).otherwise(1)
    digits = upper.str.extract_all(r"\d{2}")
    shift = sign * (
        digits.list.get(0, null_on_oob=True).cast(pl.Int64) * 60
        + digits.list.get(1, null_on_oob=True).cast(pl.Int64).fill_null(0)
    )
    return pl.when(upper.is_in(["Z", "UTC", "GMT"])).then(pl.lit(0, dtype=pl.Int64)).otherwise(shift)


def _serial_microseconds(text: pl.Expr) -> pl.Expr:
    """Return the time of day of an Excel serial number, to the second; 0 for a text that is none."""
    share = ("0." + text.str.extract(_SERIAL, 2)).cast(pl.Float64).fill_null(0.0)
    return (share * 86_400).round().cast(pl.Int64) * 1_000_000


def _fault(texts: pl.Series, otherwise: str, order: _Order) -> pl.Series:
    date_part = _date_part(pl.col("text"))
    is_like_date = pl.any_horizontal(
        date_part.str.contains(p) for p in (_NUMERIC, _YEAR_FIRST, _COMPACT, _DAY_WORD, _WORD_DAY)
    )
    anywhere = Clock("UTC")
    return (
        texts.to_frame("text")
        .with_columns(
            day=_days(texts, order, is_1904=False),
            moment=_moments(texts, order, is_1904=False, clock=anywhere),
        )
        .select(
            # Readable as a local time: then only the file's own time zone can have no such hour.
            pl.when(pl.col("moment").is_not_null())
            .then(pl.lit("skipped_time"))
            .when(pl.col("day").is_not_null())
            .then(pl.lit("impossible_time"))
            .when(_is_either(date_part) & pl.lit(order.only_telling))
            .then(pl.lit("ambiguous_date"))
            .when(is_like_date)
            .then(pl.lit("impossible_date"))
            .otherwise(pl.lit(otherwise))
        )
        .to_series()
    )
