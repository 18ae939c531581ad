"""``ptanalytics import``: bring exports into a study."""

from pathlib import Path
from typing import Annotated

import typer


def import_(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Exports: files or folders.")],
    layout: Annotated[str | None, typer.Option(help="Name or file of an export layout.")] = None,
    date_order: Annotated[
        str | None, typer.Option(help="day_first or month_first, where dates can be read both ways.")
    ] = None,
    column: Annotated[list[str] | None, typer.Option(help="'their name=our name'; may be repeated.")] = None,
) -> None:
    """Import exports, all or nothing. Doing it again changes no row. Exit code 3: rows were set aside; 34: cancelled."""
    from ptanalytics.cli.counts import reasons_in_words, receipt_in_words
    from ptanalytics.cli.guard import ROWS_SET_ASIDE
    from ptanalytics.cli.progress import progress_bar
    from ptanalytics.errors import ImportCancelledError
    from ptanalytics.study import open_study

    target = open_study(study)
    try:
        with progress_bar("Importing") as show:
            receipt = target.import_exports(
                paths, layout=layout, columns=column_names(column), date_order=date_order, progress=show
            )
    except KeyboardInterrupt:
        raise ImportCancelledError from None
    for line in receipt_in_words(receipt):
        typer.echo(line)
    typer.echo(
        f"In the study: {receipt.rows_new:,} rows new, {receipt.rows_changed:,} changed, {receipt.rows_unchanged:,} known"
        f" (receipt {receipt.number})"
    )
    if receipt.rows_removed:
        typer.echo(
            f"{receipt.rows_removed:,} rows of earlier versions are no longer in these exports; they stay in the study"
        )
    if receipt.rows_set_aside:
        reasons = target.quarantine().reasons
        for line in reasons_in_words(reasons[reasons["import_number"] == receipt.number]):
            typer.echo(line)
        raise typer.Exit(ROWS_SET_ASIDE)


def column_names(given: list[str] | None) -> dict[str, str] | None:
    """Read ``their name=our name`` pairs."""
    if not given:
        return None
    pairs = [text.partition("=") for text in given]
    if any(not theirs.strip() or not ours.strip() for theirs, _, ours in pairs):
        message = "write --column 'their name=our name'"
        raise typer.BadParameter(message)
    return {theirs.strip(): ours.strip() for theirs, _, ours in pairs}
