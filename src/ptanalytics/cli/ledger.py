"""``ptanalytics ledger``: write one patient's day counts with the rows behind them. Nothing of the patient is printed."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


def ledger(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.")],
    patient: Annotated[str, typer.Argument(metavar="PATIENT", help="The patient's id in the study.")],
    rule: Annotated[str, typer.Option(help="Day-count rule of reference/ledger_rules.toml.")] = "days_16_of_30",
    on_date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day asked about; default: the last day of the data.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write: .csv (and one with the evidence) or .xlsx.")] = None,
) -> None:
    """Count one patient's days with an entry, as evidence and not as billing advice; with --out, write days and rows."""
    from ptanalytics.cli.table_file import check_place, write_tables
    from ptanalytics.study import open_study

    if out is not None:
        check_place(out)
    target = open_study(study)
    target.require_patient(patient)

    from ptanalytics.adherence import day_ledger, ledger_evidence
    from ptanalytics.schemas.ledger_results import LEDGER_NOTE

    day = None if on_date is None else on_date.date()
    windows = day_ledger(target, patients=[patient], rule=rule, on_date=day)
    typer.echo(f"Counted the days of 1 patient by the rule {rule} in {len(windows):,} windows. {LEDGER_NOTE}")
    if out is None:
        typer.echo("Name a file with --out to see them.")
        return
    evidence = ledger_evidence(target, patients=[patient], rule=rule, on_date=day)
    written = write_tables({"ledger": windows, "evidence": evidence}, out)
    # The file's name may hold the id, so it is not repeated.
    typer.echo(f"Wrote {len(written)} file{'s' if len(written) > 1 else ''}.")
