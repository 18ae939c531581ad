"""Propose a layout for an export nobody described, with a reason for each column and questions where it is open."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from ptanalytics.errors import LayoutError
from ptanalytics.loading.layouts import Layout, TextForm, matching_layout
from ptanalytics.loading.names import identifying_category
from ptanalytics.loading.readers.encodings import encoding_label
from ptanalytics.loading.redcap import redcap_layout
from ptanalytics.loading.suggest_asking import Asking
from ptanalytics.loading.suggest_draft import Draft
from ptanalytics.loading.suggest_sample import Sample, sample_file
from ptanalytics.loading.suggestion import ColumnSuggestion, LayoutSuggestion, Question

_ENCODING = "encoding"


def suggest_layout(path: Path | str, *, answers: Mapping[str, str] | None = None) -> LayoutSuggestion:
    r"""Propose how an export is read: a layout, how sure each column is and why, and what a person has to decide.

    Only the head and the tail of a large file are looked at. Units, scales, the order of day and month, codes for
    missing and the encoding of letters are never guessed: where headings and cells do not say them, they are questions.

    Args:
        path: A file. Of a workbook with several sheets the one with most recognised columns; see `suggest_layouts`.
        answers: Answers to questions of an earlier suggestion, by their ids, e.g. ``{"date_order": "day_first"}``.

    Returns:
        ``.layout``, ``.columns`` (``.to_frame()``), ``.questions``, ``.in_words()``; ``.save(path)`` writes the layout.

    Raises:
        PtAnalyticsError: The file cannot be read.
        LayoutError: An answer fits no question, or is none of its options.

    Example:
        >>> import tempfile, pathlib
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder, "log.csv")
        ...     _ = file.write_text("Client no;Rated on;Pain now (0-100)\nA;2026-01-05;35\nA;2026-01-06;40\n", "utf-8")
        ...     found = suggest_layout(file)
        >>> found.layout.tables[0].columns["pain_nprs"], found.layout.tables[0].units
        ('Pain now (0-100)', {'pain_nprs': '0-100'})
    """
    found = suggest_layouts(path, answers=answers)
    return max(
        found, key=lambda one: (one.layout is not None, sum(column.confidence for column in one.columns if column.table))
    )


def suggest_layouts(path: Path | str, *, answers: Mapping[str, str] | None = None) -> list[LayoutSuggestion]:
    """Propose a layout for each table of a file, such as the sheets of a workbook; see `suggest_layout`."""
    answers = dict(answers or {})
    encoding = _named_encoding(answers.get(_ENCODING))
    samples = sample_file(Path(path), encoding=encoding)
    found = [_suggest(sample, Asking(answers), is_one=len(samples) == 1) for sample in samples]
    if found and (unknown := frozenset.intersection(*(one.unused_answers for one in found))):
        ids = sorted({question.id for one in found for question in one.questions})
        message = (
            f"Answers to {', '.join(sorted(unknown))} fit no question of {Path(path).name}. "
            f"Open are: {', '.join(ids) or 'none'}."
        )
        raise LayoutError(message)
    return found


def _named_encoding(answer: str | None) -> str | None:
    try:
        return TextForm(encoding=answer).encoding
    except ValidationError:
        message = "The answer to encoding must be one that Python knows, such as utf-8, cp1250 or mac_roman."
        raise LayoutError(message) from None


def _suggest(sample: Sample, asking: Asking, *, is_one: bool) -> LayoutSuggestion:
    found = _proposed(sample, asking, is_one=is_one)
    read = {column.heading for column in found.columns if column.table}
    if concerned := [heading for heading in sample.table.open_headings if heading in read]:
        ways = " or ".join(encoding_label(name) for name in sample.table.open_encodings)
        sentence = f"The file is not UTF-8, and letters in {', '.join(concerned[:5])} depend on its encoding: {ways}?"
        question = Question(_ENCODING, sentence, sample.table.open_encodings, "the import stops and asks", is_needed=True)
        return replace(found, questions=(question, *found.questions))
    return found


def _proposed(sample: Sample, asking: Asking, *, is_one: bool) -> LayoutSuggestion:
    table = sample.table
    if sample.text.encoding:
        asking.used.add(_ENCODING)
    file = table.path.name if is_one else f"{table.path.name} [{table.sheet}]"
    asking.notes += [*sample.written, *table.notes]
    if not sample.is_whole:
        asking.notes.append("The file is large: only its first and last rows were looked at.")
    if shipped := matching_layout(table.path.name, table.headings):
        asking.notes.append(f"It has the shape of the shipped layout '{shipped.id}', which needs no copy.")
        if sample.text.encoding:
            shipped = shipped.model_copy(update={"id": _layout_id(table.path, ""), "text": sample.text})
        return _described(file, sample, shipped, asking)
    if found := redcap_layout(table):
        layout, export = found
        asking.notes += [*layout.tables[0].notes, *export.open_points]
        named = layout.model_copy(update={"id": _layout_id(table.path, table.sheet), "text": sample.text})
        marked = {c.heading: why for form in export.forms for c in form.columns if (why := c.identifies())}
        return _described(file, sample, named, asking, marked=marked)
    draft = Draft(sample, asking)
    draft.build()
    drafted = draft.layout(_layout_id(table.path, "" if is_one else table.sheet))
    return _described(file, sample, drafted, asking, reasons=draft.reasons)


def _layout_id(path: Path, sheet: str) -> str:
    text = f"{path.stem} {sheet}".lower()
    # The next export has another day in its name.
    without_dates = re.sub(r"\d{2,4}[-_.]?\d{2}[-_.]?\d{2,4}", "", text)
    return re.sub(r"[^\w]+", "_", without_dates).strip("_") or "export"


def _described(
    file: str,
    sample: Sample,
    layout: Layout | None,
    asking: Asking,
    *,
    reasons: Mapping[str, ColumnSuggestion] | None = None,
    marked: Mapping[str, str] | None = None,
) -> LayoutSuggestion:
    """Say of each column of the file what becomes of it."""
    columns = []
    read = _read_as(layout)
    for heading in sample.headings:
        if heading in read:
            table, column = read[heading]
            why = (reasons or {}).get(heading, ColumnSuggestion(heading, table, column, 1.0, "the layout says so"))
            columns.append(ColumnSuggestion(heading, table, column, why.confidence, why.reason))
        elif category := (marked or {}).get(heading) or identifying_category(heading):
            columns.append(
                ColumnSuggestion(heading, "", "", 0.0, f"identifies a person ({category}); never read", is_refused=True)
            )
        else:
            columns.append(ColumnSuggestion(heading, "", "", 0.0, "no column of ours; not read"))
    unused = frozenset(asking.answers) - asking.used
    return LayoutSuggestion(
        file, layout, tuple(columns), tuple(asking.questions), tuple(dict.fromkeys(asking.notes)), unused
    )


def _read_as(layout: Layout | None) -> dict[str, tuple[str, str]]:
    """Return, for each heading that is read, the first of our tables and columns it feeds."""
    read: dict[str, tuple[str, str]] = {}
    for table in layout.tables if layout else ():
        pairs = [*((theirs, ours) for ours, theirs in table.columns.items())]
        pairs += [(theirs, table.spread.value) for theirs in table.spread.columns.values()] if table.spread else []
        pairs += [(theirs, ours) for ours, joined in table.joined.items() for theirs in joined.columns]
        pairs += [(theirs, ours) for ours, boxes in table.checkboxes.items() for theirs in boxes.read_columns()]
        pairs += [(name, ours) for ours, d in table.date_parts.items() for name in (d.year, d.month, d.day)]
        pairs += [(nominal.event, ours) for ours, nominal in table.nominal_dates.items()]
        pairs += [(theirs, "(tells which rows are meant)") for theirs in table.read_columns()]
        for theirs, ours in pairs:
            read.setdefault(theirs, (table.table, ours))
    return read
