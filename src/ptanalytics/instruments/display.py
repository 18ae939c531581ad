"""Numbers as people read them."""

import math
from decimal import ROUND_HALF_UP, Decimal

#: What stands for a number that is missing.
MISSING = "–"


def number_text(value: float | None, digits: int = 1, *, sign: bool = False) -> str:
    """Round half away from zero, for display only; comparisons always use the unrounded number.

    Args:
        value: A number; ``None`` and not-a-number are missing and become a dash.
        digits: Digits behind the point.
        sign: Write the plus of a number above zero.

    Example:
        >>> number_text(35.5555), number_text(2.5, 0), number_text(0.125, 2), number_text(-2.5, 0), number_text(None)
        ('35.6', '3', '0.13', '−3', '–')
        >>> number_text(1.25, sign=True), number_text(-0.01, sign=True)
        ('+1.3', '0.0')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    mark = "−" if rounded < 0 else "+" if sign and rounded > 0 else ""
    return f"{mark}{abs(rounded):f}"


def short_number(value: float | None, digits: int = 1) -> str:
    """Like `number_text`, without trailing zeros: ``3`` and not ``3.0``.

    Example:
        >>> short_number(3.0), short_number(2.25)
        ('3', '2.3')
    """
    text = number_text(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def share_text(numerator: int | None, denominator: int | None) -> str:
    """Write a share with its counts: no % under 10, none behind the point under 100, one from 100 on.

    Example:
        >>> share_text(12, 41), share_text(3, 7), share_text(55, 110), share_text(0, 0)
        ('12/41 (29 %)', '3/7', '55/110 (50.0 %)', '0/0')
    """
    if numerator is None or denominator is None:
        return MISSING
    counts = f"{numerator}/{denominator}"
    if denominator < 10:
        return counts
    return f"{counts} ({number_text(100 * numerator / denominator, 0 if denominator < 100 else 1)} %)"


def count_text(n: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun.

    Example:
        >>> count_text(1, "day"), count_text(3, "day"), count_text(2, "diary", "diaries")
        ('1 day', '3 days', '2 diaries')
    """
    return f"{n} {one if n == 1 else many or one + 's'}"
