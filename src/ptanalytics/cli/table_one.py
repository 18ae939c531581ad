"""``ptanalytics table-one``: write Table 1 of a study."""

from pathlib import Path
from typing import Annotated

import typer


def table_one(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.")],
    out: Annotated[Path, typer.Option(help="File to write: .html, .docx, .pdf, .csv or .xlsx.")],
    by: Annotated[str | None, typer.Option(help="Columns: site, clinician, sex or condition.")] = None,
    inside: Annotated[bool, typer.Option("--inside", help="Show small counts too; for use inside the site only.")] = False,
) -> None:
    """Write Table 1: who the patients are at the start, with what is missing and standardised differences of groups."""
    from ptanalytics.cli.progress import progress_bar
    from ptanalytics.cli.table_file import SUFFIXES, check_place, write_tables
    from ptanalytics.cohorts import table_one as described
    from ptanalytics.reports import table_one_report
    from ptanalytics.study import open_study

    target = open_study(study)
    is_data = out.suffix.lower() in SUFFIXES
    if is_data:
        check_place(out)
    with progress_bar("Describing the patients"):
        if is_data:
            threshold = 1 if inside or target.is_synthetic else target.settings.privacy.suppress_below
            write_tables({"table one": described(target, by, suppress_below=threshold)}, out)
        else:
            table_one_report(target, by, suppress_below=1 if inside else None).save(out)
    typer.echo(f"Wrote Table 1 to {out}")
