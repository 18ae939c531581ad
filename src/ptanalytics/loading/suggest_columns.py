"""Which column of a file may be which of ours: by its heading, its unit and the cells of a sample."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

import polars as pl

from ptanalytics.loading import cells, moments
from ptanalytics.loading.layouts import DateOrder, same_heading
from ptanalytics.loading.names import identifying_category, known_names
from ptanalytics.loading.suggest_ratings import verbal_ratings
from ptanalytics.loading.units import UNIT_WORDS
from ptanalytics.schemas import TABLES, ColumnInfo, columns_of

#: A column is taken for one of ours only if at least this share of its sampled cells can be read so.
MIN_READABLE = 0.5
#: How sure a heading alone makes, by how it is known: our name, a table's synonym, a general one.
_BY_RANK = (0.99, 0.96, 0.92)
_ALIKE, _MIN_ALIKE = 0.7, 0.87
_MIN_WORD = 4
_NEARLY_ALL = 0.9
_SHORT_CODES = frozenset({*"0123456789", "99"})
_UNIT_IN_BRACKETS = re.compile(r"^(?P<base>.*\S)\s*[(\[{](?P<unit>[^()\[\]{}]*)[)\]}]\s*$")
_UNIT_AT_END = re.compile(r"^(?P<base>.*[^\W_])[\s_.\-]+(?P<unit>[A-Za-z]{1,8}|0[-_ ]?100?)$")
#: What a column without a heading is called.
_NO_HEADING = re.compile(r"column \d+")
_SCALES = {
    "010": "0-10",
    "0to10": "0-10",
    "10": "0-10",
    "0100": "0-100",
    "0to100": "0-100",
    "100": "0-100",
    "mm": "mm",
    "cm": "cm",
}


@dataclass(frozen=True)
class Candidate:
    """A column of the file that may be a column of ours."""

    column: str
    heading: str
    confidence: float
    reason: str


def split_unit(heading: str) -> tuple[str, str | None]:
    """Return a heading without the unit it carries, and the unit in our spelling.

    Example:
        >>> split_unit("Weight (lbs)"), split_unit("hold_sec"), split_unit("Pain [0-100]"), split_unit("Site")
        (('Weight', 'lb'), ('hold', 's'), ('Pain', '0-100'), ('Site', None))
    """
    for pattern in (_UNIT_IN_BRACKETS, _UNIT_AT_END):
        if (fit := pattern.match(heading.strip())) and (unit := _unit_named(fit["unit"])):
            return fit["base"], unit
    return heading, None


def _unit_named(text: str) -> str | None:
    word = text.strip().lower()
    if scale := _SCALES.get(re.sub(r"[\s_\-–/.]", "", word)):
        return scale
    return next((unit for unit, words in UNIT_WORDS.items() if word in words and unit not in ("sets", "reps")), None)


def candidates(
    table: str,
    sample: Mapping[str, pl.Series],
    own: Mapping[str, str],
    labels: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Candidate]:
    """Return the columns of a sample that may be columns of one of our tables, most certain first.

    Args:
        table: Our table.
        sample: Heading → sampled cells.
        own: Our column → heading, as a person has said; these are certain.
        labels: What the file itself says its codes mean: heading → code → label.
    """
    infos = columns_of(TABLES[table])
    found = []
    for heading, texts in sample.items():
        said = [column for column, theirs in own.items() if theirs == heading and column in infos]
        if said:
            found += [Candidate(column, heading, 1.0, "you said so") for column in said]
            continue
        is_count = heading.strip().lower().endswith("s") and given_are_numbers(texts)
        for column, (sure, why) in _by_name(table, heading).items():
            if is_count and column in ("session_id", "exercise_id"):
                continue  # "Sessions" with a number in it counts them
            coding = (labels or {}).get(heading, {})
            is_coded = bool(coding) and not infos[column].dtype.is_numeric()
            share = readable_share(texts.replace(dict(coding)) if is_coded else texts, infos[column])
            if share is None:
                found.append(Candidate(column, heading, sure * 0.8, f"{why}; its cells in the sample are blank"))
            elif share >= MIN_READABLE:
                read = f"{share:.0%} of the cells looked at can be read as {_kind(infos[column])}"
                found.append(Candidate(column, heading, sure * (0.6 + 0.4 * share), f"{why}; {read}"))
            elif column == "pain_nprs" and verbal_ratings(texts):
                found.append(Candidate(column, heading, sure * 0.8, f"{why}; its cells rate pain in words"))
            elif infos[column].allowed and not coding and short_codes(texts):
                found.append(Candidate(column, heading, sure * 0.8, f"{why}; its cells are codes"))
    return sorted(found, key=lambda candidate: -candidate.confidence)


def _by_name(table: str, heading: str) -> dict[str, tuple[float, str]]:
    """Return our columns that a heading may mean, with how sure and why."""
    if _NO_HEADING.fullmatch(heading):
        return {}
    names = known_names(table)
    base, unit = split_unit(heading)
    found: dict[str, tuple[float, str]] = {}
    for text, penalty in ((heading, 0.0), (base, 0.02)):
        known = names.get(same_heading(text))
        if known and (known.rank == 0 or not identifying_category(heading)):
            why = "the heading is our own name" if known.rank == 0 and not penalty else "the heading is a known name for it"
            carried = f" with the unit {unit}" if penalty and unit else ""
            found.setdefault(known.column, (_BY_RANK[known.rank] - penalty, why + carried))
    if found or identifying_category(heading):
        return found
    wanted, words = same_heading(base), _words(base)
    for name, known in names.items():
        alike = _alike(wanted, name) if min(len(wanted), len(name)) >= _MIN_WORD else 0.0
        is_part = len(name) >= _MIN_WORD and name in words
        if alike >= _MIN_ALIKE or is_part:
            why = (
                "the heading is nearly a known name for it"
                if alike >= _MIN_ALIKE
                else "the heading holds a known name for it"
            )
            sure = _ALIKE * (alike if alike >= _MIN_ALIKE else 0.9)
            if sure > found.get(known.column, (0.0, ""))[0]:
                found[known.column] = (sure, why)
    return found


def _alike(one: str, other: str) -> float:
    """Return how alike two names are, from 0 to 1; 0 where even a quick look says that it is not enough."""
    if 2 * min(len(one), len(other)) < _MIN_ALIKE * (len(one) + len(other)):
        return 0.0
    matcher = SequenceMatcher(None, one, other)
    return matcher.ratio() if matcher.quick_ratio() >= _MIN_ALIKE else 0.0


def _words(heading: str) -> set[str]:
    """Return the words of a heading and every run of two of them, without signs."""
    words = [word.casefold() for word in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", heading) if word]
    return {*words, *("".join(pair) for pair in pairwise(words))}


def readable_share(texts: pl.Series, info: ColumnInfo) -> float | None:
    """Return which share of the given cells can be read as a column's kind; None where none is given."""
    given = _given(texts)
    if given.is_empty():
        return None
    n_readable = [int(reader.read(given)["is_readable"].sum()) for reader in _readers(info)]
    return max(n_readable, default=given.len()) / given.len()


def short_codes(texts: pl.Series) -> tuple[str, ...]:
    """Return the codes of a column that holds nothing but a few one-digit codes (and 99); none for any other column."""
    found = _given(texts).str.replace(r"\.0+$", "").unique().sort().to_list()
    return tuple(found) if found and set(found) <= _SHORT_CODES else ()


def given_are_numbers(texts: pl.Series) -> bool:
    """Say whether every given cell of a sample is a whole number."""
    given = _given(texts)
    return given.len() > 0 and bool(given.str.contains(r"^\d+$").all())


def _given(texts: pl.Series) -> pl.Series:
    trimmed = cells.trim(texts)
    return trimmed.filter(~cells.is_missing(trimmed))


def _readers(info: ColumnInfo) -> list[cells.CellReader]:
    if info.dtype.is_temporal():
        clock = moments.Clock("UTC")
        orders: tuple[DateOrder, ...] = ("day_first", "month_first")
        return [moments.moment_reader(order=order, clock=clock) for order in orders]
    if info.dtype.is_numeric():
        clocked = info.unit == "min"
        scale = info.maximum if info.unit == "0-10" else None
        plain = [cells.number_reader(decimal_mark=mark, unit=info.unit, scale_maximum=scale) for mark in (".", ",")]
        return [*plain, cells.number_reader(decimal_mark=".", unit="min", file_unit="clock")] if clocked else plain
    if info.dtype == pl.Boolean:
        return [cells.boolean_reader()]
    if info.allowed:
        return [cells.category_reader(info.name)]
    return [cells.weekdays_reader()] if info.name == "weekdays" else []


def _kind(info: ColumnInfo) -> str:
    if info.dtype.is_temporal():
        return "a date" if info.dtype == pl.Date else "a date or time"
    if info.dtype.is_numeric():
        return "a number"
    if info.dtype == pl.Boolean:
        return "yes or no"
    return "one of the allowed values" if info.allowed else "text"


def date_like(sample: Mapping[str, pl.Series], left_out: Collection[str] = ()) -> list[str]:
    """Return the columns whose cells are nearly all dates, in the file's order, identifying ones left out."""
    clock = moments.Clock("UTC")
    orders: tuple[DateOrder, ...] = ("day_first", "month_first")
    found = []
    for heading, texts in sample.items():
        given = _given(texts)
        if heading in left_out or identifying_category(heading) or given.len() == 0:
            continue
        if not given.str.contains(r"\d\D+\d|\pL{3}").all():
            continue  # bare numbers may be anything
        readable = [moments.moment_reader(order=order, clock=clock).read(given)["is_readable"].sum() for order in orders]
        if max(readable) >= _NEARLY_ALL * given.len():
            found.append(heading)
    return found


def numbers_of(texts: pl.Series) -> pl.Series:
    """Return the numbers among the sampled cells, whichever decimal mark they use."""
    given = _given(texts)
    point, comma = (
        cells.number_reader(decimal_mark=mark, unit="").read(given)["value"].drop_nulls() for mark in (".", ",")
    )
    return point if point.len() >= comma.len() else comma


def chosen(found: Sequence[Candidate]) -> dict[str, Candidate]:
    """Give each column of ours its most certain heading; a heading is used once."""
    taken: dict[str, Candidate] = {}
    used: set[str] = set()
    for candidate in found:
        if candidate.column not in taken and candidate.heading not in used:
            taken[candidate.column] = candidate
            used.add(candidate.heading)
    return taken
