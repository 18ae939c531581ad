"""``ptanalytics review``: write the one-page review of one patient. The patient's id is never printed."""

from pathlib import Path
from typing import Annotated

import typer


def review(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.")],
    patient: Annotated[str, typer.Argument(metavar="PATIENT", help="The patient's id in the study.")],
    out: Annotated[Path, typer.Option(help="File to write: .html or .pdf.")],
) -> None:
    """Write the one-page review of one patient."""
    from ptanalytics.cli.progress import progress_bar
    from ptanalytics.study import open_study

    target = open_study(study)
    target.require_patient(patient)  # first: a wrong id is found without loading charts and a browser

    from ptanalytics.reports import patient_review

    with progress_bar("Writing the review"):
        patient_review(target, patient).save(out)
    # The file's name may hold the id, so it is not repeated either.
    typer.echo("Wrote the review of 1 patient.")
