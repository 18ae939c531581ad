"""Words of a measure on axes and in sentences: name, range, unit and which way is better."""

from ptanalytics.charts.wording import short_number
from ptanalytics.instruments import measure


def better_words(measure_id: str) -> str:
    """Say which way on the axis is better.

    Example:
        >>> better_words("odi")
        'down is better'
    """
    return "down is better" if measure(measure_id).direction == "lower_better" else "up is better"


def axis_words(measure_id: str, what: str = "") -> str:
    r"""Return the axis title of a measure: name, range, direction of better on a second line.

    Example:
        >>> axis_words("odi")
        'ODI, 0–100 %\n(down is better)'
        >>> axis_words("nprs", "Weekly mean")
        'Weekly mean: Pain, daily log, 0–10\n(down is better)'
    """
    known = measure(measure_id)
    limits = f"{short_number(known.minimum)}–{short_number(known.maximum)}"
    unit = f" {known.unit}" if known.unit == "%" else ""
    return f"{what + ': ' if what else ''}{known.short_label}, {limits}{unit}\n({better_words(measure_id)})"


def value_words(measure_id: str, value: float | None) -> str:
    """Return a value with its unit.

    Example:
        >>> value_words("odi", 12.0), value_words("nprs", 2.0), value_words("nprs", 1.0)
        ('12 %', '2 points', '1 point')
    """
    unit = measure(measure_id).unit
    if unit == "points" and value == 1:
        unit = "point"
    return short_number(value) if value is None else f"{short_number(value)} {unit}"
