"""``ptanalytics adherence``: the cohort under every definition on the screen, each patient's numbers only in a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd


def adherence(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.")],
    out: Annotated[
        Path | None,
        typer.Option(help="File to write: .xlsx with a sheet for each table, or .csv (several files, names added)."),
    ] = None,
    inside: Annotated[bool, typer.Option("--inside", help="Show small counts too; for use inside the site only.")] = False,
) -> None:
    """Measure adherence under every definition; with --out, write weeks, dose, coverage and definitions by patient."""
    from ptanalytics.cli.progress import progress_bar
    from ptanalytics.cli.table_file import check_place, write_tables
    from ptanalytics.study import open_study

    if out is not None:
        check_place(out)
    target = open_study(study)

    from ptanalytics.adherence import compare_adherence_definitions

    with progress_bar("Comparing definitions"):
        compared = compare_adherence_definitions(target)
    least = 1 if inside or target.is_synthetic else target.settings.privacy.suppress_below
    for line in _in_words(compared.cohort, least):
        typer.echo(line)
    if out is None:
        typer.echo("Name a file with --out for the numbers of each patient.")
        return

    from ptanalytics.adherence import adherence_summary, dose_adherence, logging_coverage, weekly_adherence

    with progress_bar("Writing tables"):
        tables = {
            "summary": adherence_summary(target),
            "weeks": weekly_adherence(target),
            "dose": dose_adherence(target),
            "coverage": logging_coverage(target),
            "definitions": compared.cohort,
            "by_patient": compared.patients,
        }
        written = write_tables(tables, out)
    typer.echo(f"Wrote {len(tables)} tables to {len(written)} file{'s' if len(written) > 1 else ''}.")


def _in_words(cohort: "pd.DataFrame", least: int) -> list[str]:
    """One line for each definition; a median or count of fewer patients than ``least`` is not shown."""
    if cohort.empty:
        return ["No patient has a plan in force before the end of the data, so there is no adherence to compare."]
    rows: list[dict[str, Any]] = [{str(name): value for name, value in row.items()} for row in cohort.to_dict("records")]
    return [f"{row['rule']}{' (headline)' if row['is_headline'] else ''}: {_value(row, least)}" for row in rows]


def _value(row: dict[str, Any], least: int) -> str:
    from ptanalytics.instruments import number_text

    n, changed = row["n"], row["n_other_class"]
    if n < max(least, 1):
        return "no patient has a value" if n == 0 else f"fewer than {least} patients, not shown"
    value = f"median {number_text(row['median_pct'], 1)} %, {n if least == 1 else f'at least {least}'} patients"
    if row["is_headline"]:
        return value
    return f"{value}, {f'fewer than {least}' if 0 < changed < least else changed} in another class"
