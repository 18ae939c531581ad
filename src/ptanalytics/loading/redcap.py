"""REDCap exports, flat, raw or with labels: forms, events, repeats and choices become a layout of our tables."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ptanalytics.loading.columns import ColumnMatch
from ptanalytics.loading.item_groups import ItemGroup, item_groups
from ptanalytics.loading.layout_parts import IgnoreRows, JoinedText, Spread
from ptanalytics.loading.layouts import Layout, Match, TableLayout, same_heading, shape_of
from ptanalytics.loading.names import known_names
from ptanalytics.loading.readers import TextTable
from ptanalytics.loading.redcap_checkboxes import (
    TICKED,
    TickedItems,
    boxes_for,
    checkbox_fields,
    not_begun,
    ticked_items,
    unread_boxes,
    yes_or_no_box,
)
from ptanalytics.loading.redcap_forms import RedcapColumn, RedcapExport, RedcapForm, choice_of, redcap_export
from ptanalytics.loading.value_labels import coding_of
from ptanalytics.schemas import TABLES, columns_of

#: Layout id of a REDCap export that was read by its own headings and dictionary.
REDCAP = "redcap"
_NOT_COMPLETED = "[not completed]"
_FORM_TABLES = ("pain_scores", "sessions", "plans", "pauses", "flags", "scores")


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
        tables += _ticked_answers(form, export, questions)
    boxes = [one for form in export.forms for one in checkbox_fields(form)]
    told = unread_boxes(table, boxes, [name for one in tables for name in one.read_columns()])
    tables[0] = tables[0].model_copy(update={"notes": (*tables[0].notes, *questions, *told)})
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


def _patients(export: RedcapExport) -> TableLayout:
    found: dict[str, RedcapColumn] = {}
    for form in export.forms:
        if not form.is_repeating:
            for ours, column in _columns_for("patients", form.columns).items():
                found.setdefault(ours, column)
    columns = {ours: column.heading for ours, column in found.items()}
    if "group" in export.structure:
        columns["site"] = export.structure["group"]
    fields = [one for form in export.forms if not form.is_repeating for one in checkbox_fields(form)]
    boxes = boxes_for("patients", fields, tuple(columns))
    ignore = []
    if "repeat" in export.structure:
        ignore.append(IgnoreRows(kind="rows of repeating forms", column=export.structure["repeat"], is_given=True))
    filled = (*columns.values(), *(name for box in boxes.values() for name in box.read_columns()))
    if "event" in export.structure and filled:
        # Boxes of an event that has others of these columns are 0 there too, so only the others say which events these are.
        told = tuple(columns.values()) or filled
        ignore.append(IgnoreRows(kind="rows of events without these columns", all_missing=told))
    return TableLayout(
        table="patients",
        columns={"patient_id": export.id_heading, **columns},
        checkboxes=boxes,
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
        if choice_of(column) or column.identifies():
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
        fields = checkbox_fields(form)
        boxes = boxes_for(table, fields, tuple(columns))
        yes_or_no = yes_or_no_box(table, fields, tuple(columns))
        given = {"patient_id", *columns, *joined, *boxes}
        needed = {name for name, info in infos.items() if info.is_required}
        if not found or needed - given or set(columns) == {at}:
            continue
        layout = TableLayout(
            table=table,
            part=form.name,
            columns={"patient_id": export.id_heading, **columns, **yes_or_no},
            checkboxes=boxes,
            codings={**_codings(table, found), **dict.fromkeys(yes_or_no, TICKED)},
            joined=joined,
            missing_codes=(_NOT_COMPLETED,),
            ignore=_rows_of(form, export, tuple(column.heading for column in found.values())),
        )
        n_found = len(found) + len(boxes) + len(yes_or_no)
        if best is None or n_found > best[0]:
            best = (n_found, layout)
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
    return bool(re.search(r"(?i)(^|[_ ])(date|datetime)([_ ]|$)", heading))


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
    names = [name for name, column in by_name.items() if _holds_numbers(column) and not choice_of(column)]
    found = []
    groups = item_groups(names)
    for group in groups:
        if not group.is_known and not any(by_name[name].about for name in group.columns.values()):
            continue  # without a dictionary nothing says that numbered columns are one questionnaire
        day = _day_of(form)
        if day is None:
            questions.append(_no_day(form, list(group.columns.values())))
            continue
        found.append(_answers_layout(form, export, _named(group, form, is_alone=len(groups) == 1), by_name, day))
    return found


def _no_day(form: RedcapForm, items: Sequence[str]) -> str:
    return (
        f"The form '{form.name}' has the items {', '.join(items)} and no date. To store its answers, say in the layout "
        "which column holds their day (columns.completed_at), or give events a nominal day (nominal_dates.completed_at)."
    )


def _ticked_answers(form: RedcapForm, export: RedcapExport, questions: list[str]) -> list[TableLayout]:
    """Return the questionnaires of a form whose items are boxes: ticked is 1, not ticked is 0."""
    found = []
    for items in ticked_items(checkbox_fields(form)):
        if day := _day_of(form):
            found.append(_ticked_layout(form, export, items, day))
        else:
            questions.append(_no_day(form, list(items.columns.values())))
    return found


def _ticked_layout(form: RedcapForm, export: RedcapExport, items: TickedItems, day: str) -> TableLayout:
    return TableLayout(
        table="responses",
        part=f"{form.name} {items.instrument_id}".strip(),
        columns={"patient_id": export.id_heading, "completed_at": day},
        constants={"instrument_id": items.instrument_id},
        joined=_row_id(export, ("response_id",)),
        codings={"answer": TICKED},
        missing_codes=(_NOT_COMPLETED,),
        spread=Spread(name="item_id", value="answer", columns=dict(items.columns)),
        ignore=(*_rows_of(form, export, tuple(items.columns.values())), *not_begun(form, items)),
        notes=(f"Boxes of the form '{form.name}' are the items of {items.instrument_id}: ticked is 1, not ticked is 0.",),
    )


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
