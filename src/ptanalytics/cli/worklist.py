"""``ptanalytics worklist``: how many patients to contact and why; who they are is only in the file written."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


def worklist(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.")],
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of the list; default: the last day of the data.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write with the patients: .csv or .xlsx.")] = None,
) -> None:
    """Say how many patients to contact today and why, for clinician review; with --out, write who."""
    from ptanalytics.cli.progress import progress_bar
    from ptanalytics.cli.table_file import check_place, write_tables
    from ptanalytics.study import open_study
    from ptanalytics.worklists import worklist as listed
    from ptanalytics.worklists import worklist_rules

    if out is not None:
        check_place(out)
    target = open_study(study)
    with progress_bar("Reading the study"):
        rows = listed(target, today=None if today is None else today.date())
    day = today.date() if today else target.cutoff_date
    typer.echo(
        f"Worklist of {day or 'a study without entries'}: {rows['patient_id'].nunique():,} patients, {len(rows):,} rows"
    )
    counts = rows["rule_id"].value_counts()
    for rule in worklist_rules():
        typer.echo(f"{rule.priority} {rule.label}: {int(counts.get(rule.id, 0)):,}")
    if out is not None:
        write_tables({"worklist": rows}, out)
        typer.echo("Wrote the list. It names patients: keep it where their records are kept.")
