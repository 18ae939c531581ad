"""All commands under one name. A command's own module is imported only when it runs, so that help is quick."""

from typing import Annotated

import typer

from ptanalytics.cli import (
    adherence,
    check,
    create,
    demo,
    doctor,
    import_,
    lab,
    layout,
    ledger,
    outcomes,
    repair,
    report,
    review,
    samples,
    table_one,
    undo,
    worklist,
)
from ptanalytics.cli.guard import GuardedGroup

app = typer.Typer(
    cls=GuardedGroup,
    name="ptanalytics",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # would print the values of local variables
    help="Exercise-therapy analytics for low back pain: from exports to reviewed patients, tuned plans and reports.",
    epilog="Exit codes: 0 done, 3 done with rows set aside, 2 wrong usage, others by kind of error.",
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        from ptanalytics import __version__

        typer.echo(f"ptanalytics {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show errors in full. May show cells of your files.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Options of every command."""


app.command("samples")(samples.samples)
app.command("create")(create.create)
app.command("import")(import_.import_)
app.command("undo")(undo.undo)
app.command("check")(check.check)
app.command("layout")(layout.layout)
app.command("repair")(repair.repair)
app.command("outcomes")(outcomes.outcomes)
app.command("report")(report.report)
app.command("review")(review.review)
app.command("table-one")(table_one.table_one)
app.command("adherence")(adherence.adherence)
app.command("worklist")(worklist.worklist)
app.command("ledger")(ledger.ledger)
app.command("lab")(lab.lab)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)
