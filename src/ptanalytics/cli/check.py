"""``ptanalytics check``: say which rows of an export can be used, or what a study holds."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

#: Rows set aside per row used above which a file is taken to be another than its headings say.
_FEW = 9
_UNKNOWN_KIND = "The headings alone do not say how this file is to be read."


def check(
    path: Annotated[Path, typer.Argument(metavar="PATH|STUDY", help="An export, a folder of exports, or a study.")],
    *,
    timezone: Annotated[str, typer.Option(help="Time zone of an export; a study knows its own.")] = "UTC",
    layout: Annotated[str | None, typer.Option(help="Name or file of an export layout.")] = None,
    date_order: Annotated[
        str | None, typer.Option(help="day_first or month_first, where dates can be read both ways.")
    ] = None,
    column: Annotated[list[str] | None, typer.Option(help="'their name=our name'; may be repeated.")] = None,
    answer: Annotated[
        list[str] | None, typer.Option(help="'question=answer' to what check asked before; may be repeated.")
    ] = None,
) -> None:
    """Say which rows can be used and why others cannot; stores nothing. Exit code 3: rows would be or were set aside."""
    from ptanalytics.cli.guard import ROWS_SET_ASIDE
    from ptanalytics.cli.import_ import column_names
    from ptanalytics.cli.layout import answers_of

    if (path / "study.toml").is_file():
        n_set_aside = _check_study(path)
    else:
        reading = {"timezone": timezone, "layout": layout, "columns": column_names(column), "date_order": date_order}
        n_set_aside = _check_exports(path, reading, answers_of(answer))
    if n_set_aside:
        raise typer.Exit(ROWS_SET_ASIDE)


def _check_exports(path: Path, reading: dict[str, Any], answers: dict[str, str]) -> int:
    from ptanalytics.cli.layout import suggestions_in_words
    from ptanalytics.errors import AmbiguousDateOrderError, AmbiguousEncodingError, MissingColumnsError, NothingUsableError
    from ptanalytics.loading import suggest_layouts

    if answers:
        return _check_suggestion(path, reading, answers) or 0
    try:
        n_aside, is_meant = _check_loading(path, reading)
        if not is_meant and path.is_file():
            typer.echo("\nMost rows cannot be used as the headings alone say. This is how the file could be read:")
            for line in suggestions_in_words(suggest_layouts(path)):
                typer.echo(line)
        return n_aside
    except (AmbiguousDateOrderError, AmbiguousEncodingError, MissingColumnsError, NothingUsableError) as error:
        if path.is_dir() or reading["layout"] is not None:
            typer.echo(f"{error}\nFor a proposal how to read a file of its own, run: ptanalytics check FILE", err=True)
            raise
        # What the headings alone would have needed is beside the point where a proposal is shown.
        is_asking = isinstance(error, AmbiguousDateOrderError | AmbiguousEncodingError)
        why = f"The file cannot be read as it is: {error}" if is_asking else _UNKNOWN_KIND
        typer.echo(f"{why}\n\nThis is how it could be read:")
        n_set_aside = _check_suggestion(path, reading, answers)
        if n_set_aside is None:
            raise
        return n_set_aside


def _check_loading(path: Path, reading: dict[str, Any]) -> tuple[int, bool]:
    """Say what became of the rows; return how many are set aside, and whether the headings alone served the file."""
    from ptanalytics.cli.counts import reading_in_words, reasons_in_words, receipt_in_words
    from ptanalytics.cli.progress import progress_bar
    from ptanalytics.loading import load_exports
    from ptanalytics.loading.columns import AUTOMATIC

    with progress_bar("Reading"):
        loaded = load_exports(path, **reading)
    reasons = reasons_in_words(loaded.quarantine.reasons)
    for line in (*reading_in_words(loaded.receipt), *receipt_in_words(loaded.receipt), *reasons):
        typer.echo(line)
    by_headings = [entry for entry in loaded.receipt.files if entry.layout_id == AUTOMATIC]
    is_meant = all(entry.rows_set_aside <= _FEW * entry.rows_used for entry in by_headings)
    return loaded.receipt.rows_set_aside, is_meant


def _check_suggestion(path: Path, reading: dict[str, Any], answers: dict[str, str]) -> int | None:
    """Show how the file could be read, and what would happen then; None where nothing in it is recognised."""
    from ptanalytics.cli.layout import suggestions_in_words
    from ptanalytics.errors import LayoutError
    from ptanalytics.loading import suggest_layouts

    found = suggest_layouts(path, answers=answers)
    for line in suggestions_in_words(found):
        typer.echo(line)
    ready = [one for one in found if one.is_ready]
    if not ready and not any(one.questions for one in found):
        return None
    if not ready:
        is_marked = any(question.is_needed for one in found for question in one.questions)
        which = "the questions marked 'must be answered' are" if is_marked else "its questions are answered"
        message = f"{path.name} cannot be read before {which}."
        raise LayoutError(message)
    n_set_aside = 0
    for one in ready:
        typer.echo(f"\nWith this layout ({one.file}):")
        n_set_aside += _check_loading(path, {**reading, "layout": one.layout})[0]
    given = " ".join(f"--answer {shlex.quote(f'{name}={value}')}" for name, value in answers.items())
    typer.echo(
        f"\nTo keep it for every export of this shape: ptanalytics layout {shlex.quote(str(path))} --study STUDY {given}"
    )
    return n_set_aside


def _check_study(path: Path) -> int:
    from ptanalytics.cli.counts import reasons_in_words
    from ptanalytics.cli.data_checks import checks_in_words
    from ptanalytics.plans import PlanRecords
    from ptanalytics.quality import check_data, n_repaired
    from ptanalytics.schemas import TABLES
    from ptanalytics.study import open_study

    study = open_study(path)
    quarantine = study.quarantine()
    typer.echo(f"{len(study.patient_ids()):,} patients, {len(study.receipts())} imports, time zone {study.timezone}")
    for table in TABLES:
        typer.echo(f"{table}: {study.n_rows(table):,} rows")
    trail = PlanRecords(study, repair=False).verify()
    typer.echo(
        f"Audit trail: {trail.n_entries:,} entries, {'intact' if trail else 'NOT intact: ' + '; '.join(trail.faults)}"
    )
    repaired = n_repaired(study)
    since = f", {repaired:,} of them repaired since" if repaired else ""
    typer.echo(f"Set aside: {len(quarantine):,} rows{since}")
    for line in (*reasons_in_words(quarantine.reasons), *checks_in_words(check_data(study))):
        typer.echo(line)
    if not trail:
        from ptanalytics.errors import StudyDamagedError

        raise StudyDamagedError(path, "the audit trail of signed plans was tampered with")
    return len(quarantine) - repaired
