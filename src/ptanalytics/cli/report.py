"""``ptanalytics report``: write the outcome report of a study."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.")],
    out: Annotated[Path, typer.Option(help="File to write: .html, .docx or .pdf.")],
    week: Annotated[int | None, typer.Option(min=1, help="Follow-up week; without it the study's primary week.")] = None,
    inside: Annotated[bool, typer.Option("--inside", help="Show small counts too; for use inside the site only.")] = False,
) -> None:
    """Write the outcome report: who was followed, adherence, change, responders, data quality, methods."""
    from ptanalytics.cli.progress import progress_bar
    from ptanalytics.reports import outcome_report
    from ptanalytics.study import open_study

    target = open_study(study)
    with progress_bar("Writing the report"):
        outcome_report(target, week=week, suppress_below=1 if inside else None).save(out)
    typer.echo(f"Wrote the outcome report of {len(target.patient_ids()):,} patients to {out}")
