"""Units that cells and layouts may carry, and what they are worth in ours."""

from collections.abc import Mapping

#: A layout's word for durations spelled ``1h 20m``, ``38min`` or ``1:20:00``.
CLOCK = "clock"

#: Spellings of a unit in a cell.
UNIT_WORDS: Mapping[str, tuple[str, ...]] = {
    "min": ("min", "mins", "min.", "minute", "minutes", "minuten"),
    "s": ("s", "sec", "secs", "sec.", "second", "seconds", "sek", "sekunden"),
    "kg": ("kg", "kgs", "kilo", "kilos", "kilogram", "kilograms"),
    "sets": ("set", "sets", "x"),
    "reps": ("rep", "reps", "repetitions", "x"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "ms": ("ms",),
    "lb": ("lb", "lbs", "pound", "pounds"),
    "g": ("g", "gram", "grams"),
    "%": ("%", "percent"),
    "mm": ("mm",),
    "cm": ("cm",),
}
#: Factor that turns a file's unit into ours.
_FACTORS: Mapping[tuple[str, str], float] = {
    ("s", "min"): 1 / 60,
    ("h", "min"): 60.0,
    ("min", "s"): 60.0,
    ("ms", "s"): 0.001,
    ("lb", "kg"): 0.45359237,  # exact by definition, international yard and pound agreement of 1959
    ("g", "kg"): 0.001,
    ("%", ""): 0.01,
    ("0-100", "0-10"): 0.1,
    # A visual analogue scale is a line of 100 mm; a rating of 0 to 10 is read off it in centimetres.
    ("mm", "0-10"): 0.1,
    ("cm", "0-10"): 1.0,
    # Scores and answers carry the unit of their instrument, so both sides of the conversion are named.
    ("cm to mm", ""): 10.0,
    ("0-10 to 0-100", ""): 10.0,
    ("0-100 to 0-10", ""): 0.1,
    ("share to %", ""): 100.0,
}


def unit_factor(file_unit: str, our_unit: str) -> float:
    """Return what one of the file's unit is in ours.

    Raises:
        KeyError: The one cannot be turned into the other.
    """
    return 1.0 if file_unit == our_unit else _FACTORS[(file_unit, our_unit)]


def is_convertible(file_unit: str, our_unit: str) -> bool:
    """Say whether a layout may name this unit for a column of ours."""
    return file_unit == our_unit or (file_unit, our_unit) in _FACTORS or (file_unit == CLOCK and our_unit == "min")
