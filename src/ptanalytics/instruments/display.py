"""Numbers as people read them."""

import math
from decimal import ROUND_HALF_UP, Decimal


def format_number(value: float | None, decimals: int = 1, *, missing: str = "–") -> str:
    """Round half away from zero, for display only; comparisons always use the unrounded number.

    Args:
        value: A number; ``None`` and not-a-number are missing.
        decimals: Digits behind the point.
        missing: What to show for a missing number.

    Example:
        >>> format_number(35.5555), format_number(2.5, 0), format_number(0.125, 2), format_number(-2.5, 0)
        ('35.6', '3', '0.13', '-3')
    """
    if value is None or not math.isfinite(value):
        return missing
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return f"{abs(rounded) if rounded == 0 else rounded:f}"


def count_text(n: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun.

    Example:
        >>> count_text(1, "day"), count_text(3, "day"), count_text(2, "diary", "diaries")
        ('1 day', '3 days', '2 diaries')
    """
    return f"{n} {one if n == 1 else many or one + 's'}"
