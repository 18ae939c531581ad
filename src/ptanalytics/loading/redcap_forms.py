"""What a REDCap export is made of: forms with their columns, choices and status, found by headings and dictionary."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from ptanalytics.loading.layouts import same_heading
from ptanalytics.loading.names import identifying_category
from ptanalytics.loading.readers import TextTable
from ptanalytics.loading.readers.redcap_dictionary import DictionaryField, RedcapDictionary, find_dictionary

_STRUCTURE = {
    "event": ("redcap_event_name", "event name"),
    "repeat": ("redcap_repeat_instrument", "repeat instrument"),
    "instance": ("redcap_repeat_instance", "repeat instance"),
    "group": ("redcap_data_access_group", "data access group"),
    "survey": ("redcap_survey_identifier", "survey identifier"),
}
_CHOICE = re.compile(r"^(?P<field>.+?) \(choice=(?P<label>.*)\)(?: \(\d+\))?$", re.DOTALL)
_RECORD_IDS = frozenset({"recordid", "studyid", "participantid", "patientid", "subjectid"})
_MARKED = "marked as identifier in the data dictionary"


@dataclass(frozen=True)
class RedcapColumn:
    """A column of the export and the field it comes from."""

    heading: str
    about: DictionaryField | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What the column is called: its heading, its field and the field's label."""
        return (self.heading, self.about.name, self.about.label) if self.about else (self.heading,)

    def identifies(self) -> str | None:
        """Return why the column identifies a person, or None."""
        if self.about and self.about.is_identifier:
            return _MARKED
        return next((category for name in self.names if (category := identifying_category(name))), None)


@dataclass(frozen=True)
class Choice:
    """The choice that a checkbox column stands for."""

    field: str
    code: str
    #: Empty where neither dictionary nor heading says it.
    label: str


def choice_of(column: RedcapColumn) -> Choice | None:
    """Return which choice of which field a column is; None: it is no checkbox.

    Example:
        >>> choice_of(RedcapColumn("days___1")), choice_of(RedcapColumn("Days (choice=Monday)"))
        (Choice(field='days', code='1', label=''), Choice(field='Days', code='Monday', label='Monday'))
    """
    about = column.about
    stem, is_raw, code = column.heading.partition("___")
    if is_raw and code:
        codes = {_as_exported(known): label for known, label in (about.choices if about else {}).items()}
        return Choice(about.name if about else stem, code, codes.get(code.lower(), ""))
    found = _CHOICE.match(column.heading)
    if found is None:
        return None
    label = found["label"].strip()
    code = next((known for known, text in (about.choices if about else {}).items() if text == label), label)
    return Choice(about.name if about else found["field"].strip(), _as_exported(code) if about else code, label)


def _as_exported(code: str) -> str:
    return re.sub(r"[^a-z0-9]", "_", code.lower())


@dataclass
class RedcapForm:
    """One form (instrument) of the project: its columns, and the time its survey was completed."""

    name: str
    columns: list[RedcapColumn] = field(default_factory=list)
    timestamp: str | None = None
    #: The column that says whether the form is incomplete, unverified or complete.
    status: str | None = None
    is_repeating: bool = False


@dataclass(frozen=True)
class RedcapExport:
    """What a REDCap export is made of."""

    id_heading: str
    #: ``event``, ``repeat``, ``instance``, ``group`` → heading, where the export has them.
    structure: Mapping[str, str]
    forms: tuple[RedcapForm, ...]
    dictionary: str = ""
    #: What a person should decide, as sentences.
    open_points: tuple[str, ...] = ()


def redcap_export(table: TextTable) -> RedcapExport | None:
    """Recognise a REDCap export by its own columns or by the data dictionary beside it; None: it is another file."""
    headings = table.headings
    structure = _structure(headings)
    dictionary = find_dictionary(table.path, headings) if table.path.suffix.lower() in (".csv", ".tsv") else None
    id_heading = _id_heading(headings, dictionary)
    is_redcap = dictionary is not None or "event" in structure or "repeat" in structure or _ends_with_status(headings)
    if id_heading is None or not is_redcap:
        return None
    rest = [heading for heading in headings if heading != id_heading and heading not in structure.values()]
    forms = _forms_of(rest, dictionary) if dictionary else _forms_by_status(rest)
    if repeating := _repeating(table, structure):
        for form in forms:
            form.is_repeating = same_heading(form.name) in repeating
    return RedcapExport(id_heading, structure, tuple(forms), dictionary.file if dictionary else "")


def _structure(headings: Sequence[str]) -> dict[str, str]:
    return {role: heading for role, names in _STRUCTURE.items() for heading in headings if heading.strip().lower() in names}


def _id_heading(headings: Sequence[str], dictionary: RedcapDictionary | None) -> str | None:
    if dictionary:
        first = dictionary.fields[0]
        wanted = {same_heading(first.name), same_heading(first.label)}
        return next((heading for heading in headings if same_heading(heading) in wanted), None)
    # An index column that a program wrote before it has no heading.
    named = [heading for heading in headings if not re.fullmatch(r"column \d+", heading)]
    return named[0] if named and same_heading(named[0]) in _RECORD_IDS else None


def _ends_with_status(headings: Sequence[str]) -> bool:
    return headings[-1].lower().endswith("_complete")


def _status_form(heading: str) -> str | None:
    return heading[: -len("_complete")] if heading.lower().endswith("_complete") else None


def _forms_by_status(headings: Iterable[str]) -> list[RedcapForm]:
    """Cut the columns into forms where each form's status column ends it."""
    forms: list[RedcapForm] = []
    current = RedcapForm("")
    for heading in headings:
        is_label = re.fullmatch(r"(?i)complete\?(?: \(\d+\))?", heading)
        if name := _status_form(heading) or (f"form {len(forms) + 1}" if is_label else None):
            current.name, current.status = name, heading
            forms.append(current)
            current = RedcapForm("")
        elif heading.lower().endswith("_timestamp") or heading.lower().startswith("survey timestamp"):
            current.timestamp = heading
        else:
            current.columns.append(RedcapColumn(heading))
    return [*forms, current] if current.columns else forms


def _forms_of(headings: Iterable[str], dictionary: RedcapDictionary) -> list[RedcapForm]:
    forms = {entry.form: RedcapForm(entry.form) for entry in dictionary.fields}
    by_name = {entry.name.lower(): entry for entry in dictionary.fields}
    by_label: dict[str, list[DictionaryField]] = {}
    for entry in dictionary.fields:
        by_label.setdefault(same_heading(entry.label), []).append(entry)
    pending: str | None = None
    last: RedcapForm | None = None
    for heading in headings:
        stem = re.sub(r" \(\d+\)$", "", heading)
        if stem.lower() == "survey timestamp":
            pending = heading
            continue
        if heading.lower().endswith("_timestamp") and heading[: -len("_timestamp")] in forms:
            forms[heading[: -len("_timestamp")]].timestamp = heading
            continue
        if (named := _status_form(heading)) in forms or stem.lower() == "complete?":
            ended = forms[named] if named else last
            if ended is not None:
                ended.status = heading
            continue
        about = by_name.get(heading.split("___")[0].lower())
        if about is None:
            same = by_label.get(same_heading(stem.split(" (choice=")[0]), [])
            # Several fields may have one label; the columns stand in the order of the fields.
            if "(choice=" in heading:
                about = next((entry for entry in same if entry.kind == "checkbox"), None)
            else:
                about = (same.pop(0) if len(same) > 1 else same[0]) if same else None
        form = forms[about.form] if about else forms.setdefault("", RedcapForm(""))
        form.columns.append(RedcapColumn(heading, about))
        last = form
        if pending and about:
            form.timestamp, pending = pending, None
    return [form for form in forms.values() if form.columns]


def _repeating(table: TextTable, structure: Mapping[str, str]) -> set[str]:
    """Return the forms that repeat, as the rows name them."""
    if "repeat" not in structure:
        return set()
    names = table.frame.select(pl.col(structure["repeat"]).unique()).collect(engine="streaming").to_series()
    return {same_heading(name) for name in names.drop_nulls().to_list() if name.strip()}
