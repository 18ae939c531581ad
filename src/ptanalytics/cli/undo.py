"""``ptanalytics undo``: take an import back."""

from pathlib import Path
from typing import Annotated

import typer


def undo(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.")],
    number: Annotated[
        int | None, typer.Argument(metavar="[N]", help="Number of the import's receipt; without it the latest import.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
) -> None:
    """Take an import back: its rows go and those they replaced come back. What was undone can be imported again."""
    from ptanalytics.cli.counts import printable
    from ptanalytics.study import open_study

    target = open_study(study)
    history = target.history()
    chosen = target.latest_import() if number is None else number
    if not yes:
        lines = history[history["number"] == chosen]
        for line in lines.itertuples():
            typer.echo(
                f"Import {line.number}: {printable(str(line.files))}; {line.rows_new:,} rows new, "
                f"{line.rows_changed:,} changed, {line.rows_set_aside:,} set aside"
            )
        typer.confirm(f"Undo import {chosen}?" if chosen is not None else "Undo the latest import?", abort=True)
    receipt = target.undo_import(chosen)
    typer.echo(
        f"Import {receipt.undoes} undone: {receipt.rows_taken_back:,} rows taken back, "
        f"{receipt.rows_restored:,} restored as they were before (receipt {receipt.number})"
    )
