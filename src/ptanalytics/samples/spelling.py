"""How other programs spell our values: day-first dates, decimal commas, serial dates, UTC times, words."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ptanalytics.samples.clinic import TIMEZONE
from ptanalytics.samples.text_files import cell_text

Spell = Callable[[Any], Any]
_EXCEL_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel's serial numbers count local days
_ZONE = ZoneInfo(TIMEZONE)

plain = cell_text


def dated(pattern: str) -> Spell:
    """Return a spelling of dates or times by a pattern."""
    return lambda value: "" if value is None else value.strftime(pattern)


def decimal_comma(value: Any) -> str:
    """Spell a number with a comma."""
    return cell_text(value).replace(".", ",")


def utc_time(value: datetime | None) -> str:
    """Spell a local time of the clinic as UTC with a Z."""
    if value is None:
        return ""
    return value.replace(tzinfo=_ZONE).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def serial_date(value: date | datetime | None) -> float | int | None:
    """Return the number by which Excel stores a day or a local time."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return round((value - _EXCEL_DAY_ZERO).total_seconds() / 86400, 9)
    return (value - _EXCEL_DAY_ZERO.date()).days


def worded(words: dict[Any, str], missing: str = "") -> Spell:
    """Return a spelling by words; a value without a word is spelled plainly."""
    return lambda value: missing if value is None else words.get(value, cell_text(value))


def numeric(value: Any) -> Any:
    """Keep a number a number, as a sheet does, and anything else text or empty."""
    if value is None or isinstance(value, int | float | str):
        return value
    return cell_text(value)
