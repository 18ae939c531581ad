"""``ptanalytics demo``: the sample study and its report, as ``start.py`` makes them."""

from pathlib import Path
from typing import Annotated, NamedTuple

import typer

SAMPLE_TIMEZONE = "Europe/London"


class Demo(NamedTuple):
    """Where the demonstration was put and what its import counted."""

    study_path: Path
    report_path: Path
    rows_used: int
    rows_set_aside: int
    is_new: bool


def build_demo(out: Path, *, samples: Path) -> Demo:
    """Build the sample study and its outcome report; nothing is done again that is already current.

    Suggestions are on in the sample study, recorded like anybody's switch-on, because its patients are generated.

    Args:
        out: Folder for ``sample.study`` and ``outcome_report.html``.
        samples: Folder with the generated exports (``clean/``).

    Returns:
        Paths and counts.

    Raises:
        NothingUsableError: The samples folder holds no exports.
    """
    from ptanalytics.plans import PlanRecords
    from ptanalytics.reports import outcome_report
    from ptanalytics.study import create_study, open_study

    out.mkdir(parents=True, exist_ok=True)
    study_path, report_path = out / "sample.study", out / "outcome_report.html"
    is_new = not study_path.exists()
    if is_new:
        study = create_study(study_path, timezone=SAMPLE_TIMEZONE, name="Sample clinic", is_synthetic=True)
    else:
        study = open_study(study_path)
    before = study.data_fingerprint
    receipt = study.import_exports(samples / "clean")
    if not study.settings.tuning.enabled:
        PlanRecords(study).enable_suggestions(who="Sample set-up", role="generated data")
    if is_new or study.data_fingerprint != before or not report_path.exists():
        outcome_report(study).save(report_path)
    return Demo(study_path, report_path, receipt.rows_used, receipt.rows_set_aside, is_new)


def demo(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="Where the sample study and its report go.")],
    samples: Annotated[
        Path | None, typer.Option(help="Folder of generated exports; without it ./data/samples, else newly written.")
    ] = None,
) -> None:
    """Build the sample study and its outcome report; what is current already is not done again."""
    from ptanalytics.cli.progress import progress_bar
    from ptanalytics.samples import write_samples

    with progress_bar("Building the sample study"):
        made = build_demo(out, samples=samples or _samples_here() or write_samples(out / "samples").folder)
    done = (
        f"{made.rows_used:,} rows used, {made.rows_set_aside:,} set aside" if made.is_new or made.rows_used else "current"
    )
    typer.echo(f"Sample study: {made.study_path} ({done})")
    typer.echo(f"Outcome report: {made.report_path}")


def _samples_here() -> Path | None:
    here = Path("data", "samples")
    return here if (here / "clean").is_dir() else None
