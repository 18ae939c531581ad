"""Checkbox fields of a REDCap export: one column per choice, gathered to fields, and what of ours they are."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from ptanalytics.instruments import instrument
from ptanalytics.loading.item_groups import instrument_named, item_groups
from ptanalytics.loading.layout_parts import Checkboxes, IgnoreRows
from ptanalytics.loading.layouts import same_heading
from ptanalytics.loading.names import known_names, value_words, weekday_words
from ptanalytics.loading.readers import TextTable
from ptanalytics.loading.redcap_forms import RedcapColumn, RedcapForm, choice_of
from ptanalytics.loading.staging import is_checked
from ptanalytics.schemas import TABLES, columns_of

#: What an answer column of ticked and unticked boxes becomes, in exports of labels and of codes.
TICKED = {"checked": "1", "unchecked": "0", "1": "1", "0": "0"}
NOT_BEGUN = "forms not begun: nothing ticked, not marked as complete"
#: Values of a form's status that say that somebody went through it.
_GONE_THROUGH = ("1", "2", "unverified", "complete")
#: Missing-data codes that REDCap proposes and that mean that there is no answer (Project Setup, missing data codes).
_MISSING_CODES = frozenset({"ni", "inv", "unk", "nask", "asku", "nav", "msk", "na", "navu", "np"})
_MISSING_LABELS = frozenset(
    same_heading(label)
    for label in (
        *("unknown", "not known", "don't know", "refused", "prefer not to answer", "prefer not to say", "not asked"),
        *("not applicable", "missing", "no answer", "not available", "not stated", "no information"),
    )
)
_NONE_LABELS = ("none", "noneofthese", "noneoftheabove", "noneapply", "nothing", "noneofthem")
_OURS_NEVER = frozenset({"patient_id", "session_id", "exercise_id", "response_id", "instrument_id", "item_id", "flag_id"})
_MIN_ITEMS = 3
#: Codes that many projects give a choice that is no answer; where a choice has a label, that decides.
_NO_ANSWER = frozenset({"77", "88", "98", "99", "888", "999"})
_SHOWN = 12


@dataclass
class CheckboxField:
    """One checkbox field: its choices with the column of each, and those that mean "missing" or "none of these"."""

    name: str
    label: str
    #: The dictionary, or the heading itself, says what the choices are called.
    has_labels: bool = False
    #: Code of a choice → heading; in an export of labels without a dictionary its label is its code.
    choices: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    none: list[str] = field(default_factory=list)

    @property
    def headings(self) -> tuple[str, ...]:
        """All its columns."""
        return (*self.choices.values(), *self.none, *self.missing)

    def add(self, column: RedcapColumn, code: str, label: str) -> None:
        """Add the column of one choice."""
        told = same_heading(label)
        # REDCap writes the minus of a code as one more underscore: field____99 is the choice -99.
        if re.fullmatch(r"[-_]\d+", code) or code.lower() in _MISSING_CODES or told in _MISSING_LABELS:
            self.missing.append(column.heading)
        elif told in _NONE_LABELS:
            self.none.append(column.heading)
        else:
            self.choices[code] = column.heading
            self.labels[code] = label or code


@dataclass(frozen=True)
class TickedItems:
    """Boxes that are the items of a questionnaire."""

    instrument_id: str
    #: Item id → heading.
    columns: Mapping[str, str]
    fields: tuple[CheckboxField, ...]

    @property
    def boxes(self) -> tuple[str, ...]:
        """Every box that says that somebody went through the form."""
        return tuple(heading for one in self.fields for heading in (*one.choices.values(), *one.none))

    @property
    def missing(self) -> tuple[str, ...]:
        """Boxes that say that there is no answer."""
        return tuple(heading for one in self.fields for heading in one.missing)


def checkbox_fields(form: RedcapForm) -> list[CheckboxField]:
    """Gather the checkbox columns of a form to fields; identifying ones are left out."""
    found: dict[str, CheckboxField] = {}
    for column in form.columns:
        choice = choice_of(column)
        if choice is None or column.identifies():
            continue
        about = column.about
        one = found.setdefault(choice.field, CheckboxField(choice.field, about.label if about else ""))
        one.has_labels = one.has_labels or bool(choice.label)
        one.add(column, choice.code, choice.label)
    return list(found.values())


def ticked_items(fields: Sequence[CheckboxField]) -> list[TickedItems]:
    """Return the questionnaires that are one field with a choice per item, or one field with one box per item."""
    found = [items for one in fields if (items := _one_field(one))]
    single = {one.name: one for one in fields if len(one.choices) == 1}
    for group in item_groups(list(single)):
        if group.is_known:
            columns = {item: next(iter(single[name].choices.values())) for item, name in group.columns.items()}
            of_group = tuple(single[name] for name in group.columns.values())
            found.append(TickedItems(group.instrument_id, columns, of_group))
    return found


def _one_field(one: CheckboxField) -> TickedItems | None:
    one = _without_odd_codes(one)
    n_choices = len(one.choices)
    names = (one.name, one.label.split("(")[0])
    known = next((id_ for name in names if (id_ := instrument_named(name, n_items=n_choices))), None)
    if known is None or n_choices < _MIN_ITEMS or n_choices > len(instrument(known).items):
        return None
    items = instrument(known).items
    if sorted(one.choices, key=lambda code: (len(code), code)) == [str(number) for number in range(1, n_choices + 1)]:
        columns = {items[number]: one.choices[str(number + 1)] for number in range(n_choices)}
    elif n_choices == len(items):
        # Codes from 0, letters or only labels: the choices stand in the order of the items.
        columns = dict(zip(items, one.choices.values(), strict=True))
    else:
        return None
    return TickedItems(known, columns, (one,))


def _without_odd_codes(one: CheckboxField) -> CheckboxField:
    """Leave out codes beside 1 to n that nothing explains: 0 may be "none of these", 88 and 99 stand for no answer."""
    numbers = sorted(int(code) for code in one.choices if re.fullmatch(r"\d{1,3}", code))
    run = [number for at, number in enumerate((n for n in numbers if n), start=1) if number == at]
    odd = [str(number) for number in numbers if number not in run]
    if len(run) < _MIN_ITEMS or len(run) + len(odd) != len(one.choices) or not set(odd) <= {"0", *_NO_ANSWER}:
        return one
    missing = [*one.missing, *(one.choices[code] for code in odd if code in _NO_ANSWER)]
    return replace(one, choices={str(n): one.choices[str(n)] for n in run}, missing=missing)


def not_begun(form: RedcapForm, items: TickedItems) -> tuple[IgnoreRows, ...]:
    """Return which rows have no answers though every box is unticked: forms not begun, and those marked as missing.

    REDCap exports an unticked box of a form that nobody opened as 0, so zeros count only where something is ticked, or the
    form's status (else the time its survey was completed) says that somebody went through it.
    """
    told = [
        IgnoreRows(kind=f"forms marked as missing by {heading}", column=heading, equals=("1", "checked"))
        for heading in items.missing
    ]
    if form.status:
        blank = IgnoreRows(kind=NOT_BEGUN, none_checked=items.boxes, column=form.status, not_equals=_GONE_THROUGH)
    elif form.timestamp:
        blank = IgnoreRows(kind=NOT_BEGUN, none_checked=items.boxes, column=form.timestamp, is_missing=True)
    else:
        blank = IgnoreRows(kind=NOT_BEGUN, none_checked=items.boxes)
    return (*told, blank)


def boxes_for(table: str, fields: Sequence[CheckboxField], taken: Sequence[str]) -> dict[str, Checkboxes]:
    """Return our text columns that checkbox fields of a form are, by their name or label."""
    infos = columns_of(TABLES[table])
    found: dict[str, Checkboxes] = {}
    for one in fields:
        ours = _ours(table, one)
        if ours is None or ours in taken or ours in found or not _is_text(table, ours) or not one.choices:
            continue
        words = _choice_words(ours, one, has_list=bool(infos[ours].allowed))
        if words is not None:
            separator = "," if ours == "weekdays" else "; "
            found[ours] = Checkboxes(columns=words, separator=separator, missing=tuple(one.missing))
    return found


def yes_or_no_box(table: str, fields: Sequence[CheckboxField], taken: Sequence[str]) -> dict[str, str]:
    """Return our yes/no columns that are a field with one box: our column → heading."""
    infos = columns_of(TABLES[table])
    found: dict[str, str] = {}
    for one in fields:
        ours = _ours(table, one)
        if ours and ours not in taken and str(infos[ours].dtype) == "Boolean" and len(one.choices) == 1:
            found.setdefault(ours, next(iter(one.choices.values())))
    return found


def _ours(table: str, one: CheckboxField) -> str | None:
    names = known_names(table)
    return next((names[key].column for name in (one.name, one.label) if (key := same_heading(name)) in names), None)


def _is_text(table: str, ours: str) -> bool:
    return str(columns_of(TABLES[table])[ours].dtype) == "String" and ours not in _OURS_NEVER


def _choice_words(ours: str, one: CheckboxField, *, has_list: bool) -> dict[str, str] | None:
    """Return what each ticked choice says in our words; None where a choice is no weekday."""
    words: dict[str, str] = {}
    for code, heading in one.choices.items():
        label = one.labels[code]
        if ours == "weekdays":
            day = weekday_words().get(label.strip().lower().rstrip("."))
            if day is None:
                return None
            label = day
        elif has_list:
            label = value_words(ours).get(same_heading(label), label)
        words[label if label not in words else f"{label} ({code})"] = heading
    return words


def _counted(n: int, one: str, several: str) -> str:
    return f"{n:,} {one if n == 1 else several}"


def unread_boxes(table: TextTable, fields: Sequence[CheckboxField], read: Sequence[str]) -> tuple[str, ...]:
    """Say which checkbox fields are not read, how often something is ticked in them, and what to do about it."""
    left = [one for one in fields if not set(one.headings) & set(read)]
    if not left:
        return ()
    ticked = [pl.any_horizontal(map(is_checked, one.headings)).sum().alias(f"n{at}") for at, one in enumerate(left)]
    counts = table.frame.select(ticked).collect(engine="streaming").row(0)
    told = [
        f"{one.name} ({_counted(len(one.headings), 'box', 'boxes')}, something ticked in {_counted(n_rows, 'row', 'rows')})"
        for one, n_rows in zip(left, counts, strict=True)
    ]
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    sentence = (
        "Checkbox fields that are not read, because they are named like no column of ours and no questionnaire: "
        f"{', '.join(told[:_SHOWN])}{more}. To read one, write the proposed layout to a file ('ptanalytics layout FILE "
        "--out layout.toml') and name its boxes under [tables.checkboxes], or under [tables.spread] if they are items."
    )
    return (sentence,)
