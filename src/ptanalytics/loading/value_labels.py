"""Codes to values by the labels a file brings along: SPSS and Stata value labels, REDCap choices."""

from collections.abc import Mapping
from dataclasses import replace

from ptanalytics.loading.columns import ColumnMatch
from ptanalytics.loading.layouts import TableLayout, same_heading
from ptanalytics.loading.names import boolean_words, value_words
from ptanalytics.schemas import TABLES, ColumnInfo, columns_of

#: Ids are compared with those of other files, so they stay as they are written.
_KEPT_AS_WRITTEN = frozenset({"patient_id", "session_id", "response_id", "item_id", "clinician"})


def with_labels(match: ColumnMatch, labels: Mapping[str, Mapping[str, str]]) -> ColumnMatch:
    """Return a match whose columns are decoded by the file's own labels; codings that a layout states win.

    Args:
        match: How a table is read.
        labels: Heading → code → label.
    """
    codings = codings_of(match.layout, labels)
    if not codings:
        return match
    layout = match.layout.model_copy(update={"codings": {**codings, **match.layout.codings}})
    named = ", ".join(sorted(set(codings) - set(match.layout.codings)))
    notes = (*match.notes, f"Codes of {named} are read by the labels in the file.") if named else match.notes
    return replace(match, layout=layout, notes=notes)


def codings_of(layout: TableLayout, labels: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return the codings that a file's labels give for the columns a layout reads."""
    infos = columns_of(TABLES[layout.table])
    return {
        ours: coding
        for ours, heading in layout.columns.items()
        if heading in labels and ours not in _KEPT_AS_WRITTEN and (coding := coding_of(infos[ours], labels[heading]))
    }


def coding_of(info: ColumnInfo, labels: Mapping[str, str]) -> dict[str, str]:
    """Return how the codes of one column, and their labels where a file holds those, become our values.

    A closed list and yes/no look the label up among the known words, free text takes the label, a number keeps its code.
    """
    coding: dict[str, str] = {}
    for code, label in labels.items():
        value = code if info.dtype.is_numeric() else _value_of(info, label)
        coding[code.lower()] = value
        # A file may be exported with labels in place of codes; a label that is itself another one's code stays that code.
        if label.lower() not in {other.lower() for other in labels}:
            coding.setdefault(label.lower(), value)
    is_told = any(value != code for code, value in coding.items())
    return coding if is_told else {}


def _value_of(info: ColumnInfo, label: str) -> str:
    if info.allowed:
        return value_words(info.name).get(same_heading(label), label)
    if str(info.dtype) == "Boolean":
        yes_or_no = boolean_words().get(label.strip().lower())
        return label if yes_or_no is None else str(yes_or_no).lower()
    return label
