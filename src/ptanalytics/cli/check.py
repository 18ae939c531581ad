"""``ptanalytics check``: say which rows of an export can be used, or what a study holds."""

from pathlib import Path
from typing import Annotated

import typer


def check(
    path: Annotated[Path, typer.Argument(metavar="PATH|STUDY", help="An export, a folder of exports, or a study.")],
    timezone: Annotated[str, typer.Option(help="Time zone of an export; a study knows its own.")] = "UTC",
    layout: Annotated[str | None, typer.Option(help="Name or file of an export layout.")] = None,
    date_order: Annotated[
        str | None, typer.Option(help="day_first or month_first, where dates can be read both ways.")
    ] = None,
    column: Annotated[list[str] | None, typer.Option(help="'their name=our name'; may be repeated.")] = None,
) -> None:
    """Say which rows can be used and why others cannot; stores nothing. Exit code 3: rows would be or were set aside."""
    from ptanalytics.cli.guard import ROWS_SET_ASIDE

    if (path / "study.toml").is_file():
        n_set_aside = _check_study(path)
    else:
        n_set_aside = _check_exports(path, timezone, layout, date_order, column)
    if n_set_aside:
        raise typer.Exit(ROWS_SET_ASIDE)


def _check_exports(path: Path, timezone: str, layout: str | None, date_order: str | None, column: list[str] | None) -> int:
    from ptanalytics.cli.counts import reasons_in_words, receipt_in_words
    from ptanalytics.cli.import_ import column_names
    from ptanalytics.cli.progress import progress_bar
    from ptanalytics.loading import load_exports

    with progress_bar("Reading"):
        loaded = load_exports(
            path,
            timezone=timezone,
            layout=layout,
            columns=column_names(column),
            date_order=date_order,  # type: ignore[arg-type]  # checked where it is used
        )
    for line in (*receipt_in_words(loaded.receipt), *reasons_in_words(loaded.quarantine.reasons)):
        typer.echo(line)
    return loaded.receipt.rows_set_aside


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
