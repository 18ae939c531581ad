"""REDCap data dictionaries: forms, fields, choices and which fields identify a person. Nothing here knows our tables."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ptanalytics.loading.layouts import same_heading

_MAX_BYTES = 32 << 20
_MAX_LINE = 1 << 16
#: Why a data dictionary is not read as an export.
DICTIONARY = "a REDCap data dictionary: its forms and codings are used, and it holds no rows of data"
#: Headings of a dictionary, as downloaded from the project and as the API gives it.
_NAME = ("Variable / Field Name", "field_name")
_FORM = ("Form Name", "form_name")
_TYPE = ("Field Type", "field_type")
_LABEL = ("Field Label", "field_label")
_CHOICES = ("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations")
_VALIDATION = ("Text Validation Type OR Show Slider Number", "text_validation_type_or_show_slider_number")
_IDENTIFIER = ("Identifier?", "identifier")
_CODED = frozenset({"radio", "dropdown", "checkbox"})
_YES_NO = {"yesno": {"1": "Yes", "0": "No"}, "truefalse": {"1": "True", "0": "False"}}


@dataclass(frozen=True)
class DictionaryField:
    """One field of a REDCap project."""

    name: str
    form: str
    kind: str
    label: str
    #: Code → label of a field with choices.
    choices: dict[str, str]
    validation: str
    is_identifier: bool


#: Folder → data dictionaries in it; None where nothing is kept.
_kept: ContextVar[dict[Path, list[Path]] | None] = ContextVar("dictionaries", default=None)


@dataclass(frozen=True)
class RedcapDictionary:
    """The fields of a REDCap project in their order; the first is the record id."""

    file: str
    fields: tuple[DictionaryField, ...]

    def share_of(self, headings: Sequence[str]) -> float:
        """Return which share of the fields that can be exported a file's headings name, raw or by label."""
        names = {same_heading(heading.split("___")[0].split(" (choice=")[0]) for heading in headings}
        fields = [field for field in self.fields if field.kind not in ("descriptive", "file")]
        known = sum(same_heading(field.name) in names or same_heading(field.label) in names for field in fields)
        return known / len(fields) if fields else 0.0


def is_dictionary(headings: Iterable[str]) -> bool:
    """Say whether a file with these headings is a REDCap data dictionary and no data."""
    names = {same_heading(heading) for heading in headings}
    return all(same_heading(ways[0]) in names or same_heading(ways[1]) in names for ways in (_NAME, _FORM, _TYPE))


def is_dictionary_file(path: Path) -> bool:
    """Say whether a CSV file is a REDCap data dictionary; only its first line is looked at."""
    if path.suffix.lower() != ".csv":
        return False
    try:
        said = path.stat()
    except OSError:
        return False
    return _begins_as_dictionary(path, said.st_size, said.st_mtime_ns)


@lru_cache(maxsize=10_000)
def _begins_as_dictionary(path: Path, _bytes: int, _written_ns: int) -> bool:
    """Look at the first line of a file once while it stays as it is: each file of a folder asks about all others."""
    try:
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
            return is_dictionary(_first_record(file.readline(_MAX_LINE)))
    except OSError:
        return False


def _first_record(line: str) -> list[str]:
    return next(csv.reader([line], delimiter=max(",;\t", key=line.count)), [])


def find_dictionary(data: Path, headings: Sequence[str]) -> RedcapDictionary | None:
    """Return the data dictionary that lies beside a data file and fits it best; None where there is none.

    A dictionary fits where most of its fields are among the file's headings.
    """
    found = [
        dictionary
        for path in _dictionaries_in(data.parent)
        if path != data and (dictionary := read_dictionary(path)) is not None
    ]
    best = max(found, key=lambda dictionary: dictionary.share_of(headings), default=None)
    return best if best is not None and best.share_of(headings) > 0.5 else None


@contextmanager
def dictionaries_kept() -> Iterator[None]:
    """Look through a folder once for all its files, as long as this lasts: each file asks about all others."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def _dictionaries_in(folder: Path) -> list[Path]:
    kept = _kept.get()
    found = None if kept is None else kept.get(folder)
    if found is None:
        found = sorted(path for path in folder.glob("*.csv") if is_dictionary_file(path))
        if kept is not None:
            kept[folder] = found
    return found


def read_dictionary(path: Path) -> RedcapDictionary | None:
    """Read a data dictionary; None where the file is not one."""
    if not is_dictionary_file(path):
        return None
    try:
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
            delimiter = max(",;\t", key=file.readline(_MAX_LINE).count)
            if path.stat().st_size > _MAX_BYTES:
                return None
            file.seek(0)
            rows = list(csv.DictReader(file, delimiter=delimiter))
    except (OSError, csv.Error):
        return None
    return RedcapDictionary(path.name, tuple(field for row in rows if (field := _field(row)).name))


def _field(row: dict[str, str | None]) -> DictionaryField:
    by_name = {same_heading(name): text for name, text in row.items() if isinstance(name, str)}

    def cell(ways: tuple[str, str]) -> str:
        return next((text.strip() for way in ways if (text := by_name.get(same_heading(way)))), "")

    kind = cell(_TYPE).lower()
    choices = _choices(cell(_CHOICES)) if kind in _CODED else _YES_NO.get(kind, {})
    return DictionaryField(
        name=cell(_NAME),
        form=cell(_FORM),
        kind=kind,
        label=re.sub(r"<[^>]*>", "", cell(_LABEL)).strip(),
        choices=choices,
        validation=cell(_VALIDATION).lower(),
        is_identifier=cell(_IDENTIFIER).lower() in ("y", "yes", "1", "true"),
    )


def _choices(text: str) -> dict[str, str]:
    """Read ``1, one | 2, two`` as code and label."""
    pairs = [part.partition(",") for part in text.split("|")]
    return {code.strip(): label.strip() for code, comma, label in pairs if comma and code.strip()}
