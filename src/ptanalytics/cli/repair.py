"""``ptanalytics repair``: a workbook to correct rows that were set aside, and reading it back."""

from pathlib import Path
from typing import Annotated

import typer


def repair(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.")],
    out: Annotated[Path | None, typer.Option(help="Write the rows set aside to this Excel workbook (.xlsx).")] = None,
    read: Annotated[Path | None, typer.Option(help="Read the corrected workbook back into the study.")] = None,
    who: Annotated[str | None, typer.Option(help="Who corrected the rows; kept in the study.")] = None,
) -> None:
    """Write rows set aside to a workbook (--out), or read the corrected one back (--read, --who).

    Export files are never changed. The workbook holds data of patients. Exit code 3: rows are still wrong.
    """
    if (out is None) == (read is None):
        message = "give either --out FILE to write a workbook, or --read FILE --who NAME to read it back"
        raise typer.BadParameter(message)
    if out is not None:
        _write(study, out)
    elif read is not None:
        if not (who or "").strip():
            message = "say who corrected the rows with --who NAME"
            raise typer.BadParameter(message)
        _read(study, read, who or "")


def _write(study: Path, out: Path) -> None:
    from ptanalytics.cli.counts import printable
    from ptanalytics.quality import write_repair_sheet
    from ptanalytics.study import open_study

    written = write_repair_sheet(open_study(study), out)
    for sheet, table, file, n_rows, n_left, why in written.itertuples(index=False):
        left = f"; {n_left:,} left out: {printable(why)}" if n_left else ""
        where = f"sheet '{sheet}'" if sheet else "no sheet"
        typer.echo(f"{printable(file)} -> {table}: {n_rows:,} rows to correct, {where}{left}")
    typer.echo(
        f"{int(written['rows'].sum()):,} rows to correct in {out}. It holds data of patients: keep it with the study."
    )


def _read(study: Path, workbook: Path, who: str) -> None:
    from ptanalytics.cli.counts import reasons_in_words
    from ptanalytics.cli.guard import ROWS_SET_ASIDE
    from ptanalytics.quality import read_repair_sheet
    from ptanalytics.study import open_study

    found = read_repair_sheet(open_study(study), workbook, who=who)
    typer.echo(
        f"{found.rows_read:,} rows read = {found.rows_repaired:,} repaired + {found.rows_duplicate:,} in the study already "
        f"+ {found.rows_still_wrong:,} still wrong + {found.rows_not_corrected:,} not corrected "
        f"+ {found.rows_already_repaired:,} repaired earlier + {found.rows_unknown:,} not of this study"
    )
    for line in reasons_in_words(found.reasons):
        typer.echo(line)
    if found.rows_still_wrong:
        raise typer.Exit(ROWS_SET_ASIDE)
