"""REDCap exports, flat, raw or with labels: forms, events, repeats and choices become a layout of our tables."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from ptanalytics.loading.columns import ColumnMatch
from ptanalytics.loading.item_groups import ItemGroup, item_groups
from ptanalytics.loading.layouts import IgnoreRows, JoinedText, Layout, Match, Spread, TableLayout, same_heading, shape_of
from ptanalytics.loading.names import identifying_category, known_names
from ptanalytics.loading.readers import TextTable
from ptanalytics.loading.readers.redcap_dictionary import DictionaryField, RedcapDictionary, find_dictionary
from ptanalytics.loading.value_labels import coding_of
from ptanalytics.schemas import TABLES, columns_of

#: Layout id of a REDCap export that was read by its own headings and dictionary.
REDCAP = "redcap"
_STRUCTURE = {
    "event": ("redcap_event_name", "event name"),
    "repeat": ("redcap_repeat_instrument", "repeat instrument"),
    "instance": ("redcap_repeat_instance", "repeat instance"),
    "group": ("redcap_data_access_group", "data access group"),
    "survey": ("redcap_survey_identifier", "survey identifier"),
}
_RECORD_IDS = frozenset({"recordid", "studyid", "participantid", "patientid", "subjectid"})
_NOT_COMPLETED = "[not completed]"
_FORM_TABLES = ("pain_scores", "sessions", "plans", "pauses", "flags", "scores")
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


@dataclass
class RedcapForm:
    """One form (instrument) of the project: its columns, and the time its survey was completed."""

    name: str
    columns: list[RedcapColumn] = field(default_factory=list)
    timestamp: str | None = None
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


def redcap_layout(table: TextTable) -> tuple[Layout, RedcapExport] | None:
    """Return the layout by which a REDCap export is read, and what the export is made of; None: it is another file."""
    export = redcap_export(table)
    if export is None:
        return None
    questions: list[str] = []
    tables = [_patients(export)]
    for form in export.forms:
        tables += _form_tables(form, export)
        tables += _answers(form, export, questions)
    layout = Layout(
        id=REDCAP,
        description="A REDCap export, read by its headings" + (f" and {export.dictionary}." if export.dictionary else "."),
        match=Match(columns=(export.id_heading,), shape=shape_of(table.headings)),
        tables=tuple(tables),
    )
    return layout, replace(export, open_points=tuple(questions))


def with_identifiers(match: ColumnMatch, export: RedcapExport) -> ColumnMatch:
    """Name the columns that the dictionary marks as identifying among those refused, with the others."""
    by_heading = {column.heading: column for form in export.forms for column in form.columns}
    marked = {name: why for name in match.dropped if name in by_heading and (why := by_heading[name].identifies())}
    dropped = tuple(name for name in match.dropped if name not in marked)
    return replace(match, refused={**match.refused, **marked}, dropped=dropped)


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
    forms, current = [], RedcapForm("")
    for heading in headings:
        if name := _status_form(heading):
            current.name = name
            forms.append(current)
            current = RedcapForm("")
        elif heading.lower().endswith("_timestamp"):
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
    for heading in headings:
        stem = re.sub(r" \(\d+\)$", "", heading)
        if stem.lower() == "survey timestamp":
            pending = heading
            continue
        if heading.lower().endswith("_timestamp") and heading[: -len("_timestamp")] in forms:
            forms[heading[: -len("_timestamp")]].timestamp = heading
            continue
        if _status_form(heading) in forms or stem.lower() == "complete?":
            continue
        about = by_name.get(heading.split("___")[0].lower())
        if about is None:
            same = by_label.get(same_heading(stem.split(" (choice=")[0]), [])
            # Several fields may have one label; the columns stand in the order of the fields.
            about = (same.pop(0) if len(same) > 1 and "(choice=" not in heading else same[0]) if same else None
        form = forms[about.form] if about else forms.setdefault("", RedcapForm(""))
        form.columns.append(RedcapColumn(heading, about))
        if pending and about:
            form.timestamp, pending = pending, None
    return [form for form in forms.values() if form.columns]


def _repeating(table: TextTable, structure: Mapping[str, str]) -> set[str]:
    """Return the forms that repeat, as the rows name them."""
    if "repeat" not in structure:
        return set()
    names = table.frame.select(pl.col(structure["repeat"]).unique()).collect(engine="streaming").to_series()
    return {same_heading(name) for name in names.drop_nulls().to_list() if name.strip()}


def _patients(export: RedcapExport) -> TableLayout:
    found: dict[str, RedcapColumn] = {}
    for form in export.forms:
        if not form.is_repeating:
            for ours, column in _columns_for("patients", form.columns).items():
                found.setdefault(ours, column)
    columns = {ours: column.heading for ours, column in found.items()}
    if "group" in export.structure:
        columns["site"] = export.structure["group"]
    ignore = []
    if "repeat" in export.structure:
        ignore.append(IgnoreRows(kind="rows of repeating forms", column=export.structure["repeat"], is_given=True))
    if "event" in export.structure and columns:
        ignore.append(IgnoreRows(kind="rows of events without these columns", all_missing=tuple(columns.values())))
    return TableLayout(
        table="patients",
        columns={"patient_id": export.id_heading, **columns},
        codings=_codings("patients", found),
        ignore=tuple(ignore),
        notes=_notes(export),
    )


def _notes(export: RedcapExport) -> tuple[str, ...]:
    by = f"its headings and {export.dictionary}" if export.dictionary else "its headings; no data dictionary lies beside it"
    names = [form.name for form in export.forms if form.name]
    repeats = [form.name for form in export.forms if form.is_repeating]
    notes = [f"Read as a REDCap export by {by}. Forms: {', '.join(names) or 'not named'}."]
    if repeats:
        notes.append(f"Repeating forms: {', '.join(repeats)}.")
    return tuple(notes)


def _columns_for(table: str, columns: Sequence[RedcapColumn]) -> dict[str, RedcapColumn]:
    """Return which column of a form is which of ours, best name first; identifying columns are never taken."""
    names = known_names(table)
    found: dict[str, tuple[int, RedcapColumn]] = {}
    for column in columns:
        is_box = "___" in column.heading or " (choice=" in column.heading
        if is_box or column.identifies():
            continue
        fits = [names[key] for name in column.names if (key := same_heading(name)) in names]
        for fit in fits[:1]:
            if fit.column != "patient_id" and fit.rank < found.get(fit.column, (99, column))[0]:
                found[fit.column] = (fit.rank, column)
    return {ours: column for ours, (_, column) in found.items()}


def _codings(table: str, columns: Mapping[str, RedcapColumn]) -> dict[str, dict[str, str]]:
    infos = columns_of(TABLES[table])
    return {
        ours: coding
        for ours, column in columns.items()
        if column.about and column.about.choices and (coding := coding_of(infos[ours], column.about.choices))
    }


def _form_tables(form: RedcapForm, export: RedcapExport) -> list[TableLayout]:
    """Return the table that a form's columns are, where all that the table needs is there."""
    best: tuple[int, TableLayout] | None = None
    for table in _FORM_TABLES:
        infos = columns_of(TABLES[table])
        found = _columns_for(table, form.columns)
        columns = {ours: column.heading for ours, column in found.items()}
        if (at := _time_column(table)) not in columns and (day := _day_of(form)):
            columns[at] = day
        joined = _row_id(export, ("session_id",) if table == "sessions" and "session_id" not in columns else ())
        given = {"patient_id", *columns, *joined}
        needed = {name for name, info in infos.items() if info.is_required}
        if not found or needed - given or set(columns) == {at}:
            continue
        layout = TableLayout(
            table=table,
            part=form.name,
            columns={"patient_id": export.id_heading, **columns},
            codings=_codings(table, found),
            joined=joined,
            missing_codes=(_NOT_COMPLETED,),
            ignore=_rows_of(form, export, tuple(column.heading for column in found.values())),
        )
        if best is None or len(found) > best[0]:
            best = (len(found), layout)
    return [best[1]] if best else []


def _time_column(table: str) -> str:
    infos = columns_of(TABLES[table])
    return next(name for name, info in infos.items() if info.dtype.is_temporal())


def _day_of(form: RedcapForm) -> str | None:
    """Return the column with the form's day: its only date that is not about the person, else the survey's time."""
    dates = [
        column.heading
        for column in form.columns
        if not column.identifies()
        and ((column.about and column.about.validation.startswith("date")) or _is_named_date(column.heading))
    ]
    return dates[0] if len(dates) == 1 else form.timestamp


def _is_named_date(heading: str) -> bool:
    return bool(re.search(r"(?i)(^|_)(date|datetime)(_|$)", heading))


def _row_id(export: RedcapExport, names: Sequence[str]) -> dict[str, JoinedText]:
    parts = [export.id_heading, *(export.structure[role] for role in ("event", "instance") if role in export.structure)]
    parts = parts if len(parts) > 1 else [parts[0], parts[0]]
    return {name: JoinedText(columns=tuple(parts), separator="|", skip_blank=True) for name in names}


def _rows_of(form: RedcapForm, export: RedcapExport, filled: tuple[str, ...]) -> tuple[IgnoreRows, ...]:
    """Return which rows are not the form's: those of other repeating forms, and those where the form is blank."""
    repeat = export.structure.get("repeat")
    rules = []
    if repeat and form.is_repeating:
        names = (form.name, form.name.replace("_", " "))
        rules.append(IgnoreRows(kind="rows of other forms", column=repeat, not_equals=names))
    elif repeat:
        rules.append(IgnoreRows(kind="rows of repeating forms", column=repeat, is_given=True))
    return (*rules, IgnoreRows(kind="rows where the form is blank", all_missing=filled))


def _answers(form: RedcapForm, export: RedcapExport, questions: list[str]) -> list[TableLayout]:
    """Return the questionnaires of a form: its numbered fields with numeric choices or numbers."""
    by_name = {(column.about.name if column.about else column.heading): column for column in form.columns}
    names = [name for name, column in by_name.items() if _holds_numbers(column) and "___" not in name]
    found = []
    groups = item_groups(names)
    for group in groups:
        if not group.is_known and not any(by_name[name].about for name in group.columns.values()):
            continue  # without a dictionary nothing says that numbered columns are one questionnaire
        day = _day_of(form)
        if day is None:
            questions.append(
                f"The form '{form.name}' has the items {', '.join(group.columns.values())} and no date. To store its "
                "answers, say in the layout which column holds their day (columns.completed_at), or give each event a "
                "nominal day (nominal_dates.completed_at)."
            )
            continue
        found.append(_answers_layout(form, export, _named(group, form, is_alone=len(groups) == 1), by_name, day))
    return found


def _named(group: ItemGroup, form: RedcapForm, *, is_alone: bool) -> ItemGroup:
    """Name an unknown questionnaire after its form, which says more than the prefix of its fields."""
    if group.is_known or not form.name:
        return group
    return replace(group, instrument_id=form.name if is_alone else f"{form.name}_{group.prefix}")


def _answers_layout(
    form: RedcapForm, export: RedcapExport, group: ItemGroup, by_name: Mapping[str, RedcapColumn], day: str
) -> TableLayout:
    columns = {item: by_name[name].heading for item, name in group.columns.items()}
    coding = _labels_to_codes([by_name[name] for name in group.columns.values()])
    return TableLayout(
        table="responses",
        part=f"{form.name} {group.prefix}".strip(),
        columns={"patient_id": export.id_heading, "completed_at": day},
        constants={"instrument_id": group.instrument_id},
        joined=_row_id(export, ("response_id",)),
        codings={"answer": coding} if coding else {},
        missing_codes=(_NOT_COMPLETED,),
        spread=Spread(name="item_id", value="answer", columns=columns),
        ignore=_rows_of(form, export, tuple(columns.values())),
    )


def _labels_to_codes(columns: Sequence[RedcapColumn]) -> dict[str, str]:
    """Return label → code for exports with labels; a label that stands for several codes is left out."""
    meanings: dict[str, set[str]] = {}
    codes = {code for column in columns if column.about for code in column.about.choices}
    for column in columns:
        for code, label in (column.about.choices if column.about else {}).items():
            meanings.setdefault(label.lower(), set()).add(code)
    return {label: min(found) for label, found in meanings.items() if len(found) == 1 and label not in codes}


def _holds_numbers(column: RedcapColumn) -> bool:
    about = column.about
    if about is None:
        return True
    if about.choices:
        return about.kind != "checkbox" and all(re.fullmatch(r"-?\d+(\.\d+)?", code) for code in about.choices)
    return about.kind in ("slider", "calc") or about.validation in ("number", "integer") or "number" in about.validation
