"""``ptanalytics samples``: write the generated clinic, and on request a registry."""

from pathlib import Path
from typing import Annotated

import typer


def samples(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; made if absent.")],
    registry_rows: Annotated[
        int, typer.Option(min=0, help="Also write a registry with this many session rows (registry/).")
    ] = 0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 2026,
) -> None:
    """Write a generated clinic to try things on: clean exports, messy exports and a list of their defects."""
    from ptanalytics.cli.progress import progress_bar
    from ptanalytics.samples import write_registry, write_samples

    with progress_bar("Writing the sample clinic") as show:
        clinic = write_samples(folder, seed=seed)
        typer.echo(f"{clinic.n_patients} generated patients in {len(clinic.files)} files, time zone {clinic.timezone}")
        if registry_rows:
            show("Writing the registry", 0, 1)
            place = folder / "registry"
            registry = write_registry(
                place / "sessions.csv",
                registry_rows,
                seed=seed,
                plans_path=place / "plans.csv",
                pauses_path=place / "pauses.csv",
            )
            typer.echo(f"{registry.n_rows:,} generated session rows of {registry.n_patients:,} people")
