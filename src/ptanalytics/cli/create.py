"""``ptanalytics create``: make a new, empty study."""

from pathlib import Path
from typing import Annotated

import typer


def create(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="Folder to make; by custom it ends in .study.")],
    timezone: Annotated[str, typer.Option(help="IANA name of the clinic's time zone, e.g. Europe/London.")],
    name: Annotated[str | None, typer.Option(help="What people call the study.")] = None,
    buckets: Annotated[int, typer.Option(help="1 for a clinic, 8 for a registry; cannot be changed later.")] = 1,
) -> None:
    """Make a new, empty study."""
    from ptanalytics.study import create_study

    made = create_study(study, timezone=timezone, name=name, buckets=buckets)
    typer.echo(f"Made the study {made.path.name}, time zone {made.timezone}, suggestions off.")
