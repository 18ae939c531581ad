"""Where one patient's outcome numbers come from, as tables in a file. Nothing of the patient is printed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from ptanalytics.outcomes import OutcomeExplanation
    from ptanalytics.study import Study

_NAMES = ("measure", "target_week", "day", "plan_version", "exercise_id")


def write_explanations(study: "Study", patient_id: str, out: Path | None, **options: Any) -> None:
    """Write every outcome number of a patient with its arithmetic and readings; of daily numbers the latest.

    Args:
        study: The study.
        patient_id: The person.
        out: File to write.
        **options: Options of the analyses, e.g. ``measures`` and ``target_weeks``.

    Raises:
        UnknownPatientError: The study has no such patient.
        OutputError: The file cannot be written.
        BadParameter: No file is named.
    """
    from ptanalytics.cli.progress import progress_bar
    from ptanalytics.cli.table_file import write_tables
    from ptanalytics.outcomes import explain_outcomes

    study.require_patient(patient_id)
    if out is None:
        message = "name a file with --out (.xlsx, or .csv for three files): a patient's numbers are never printed"
        raise typer.BadParameter(message, param_hint="--explain")
    with progress_bar("Explaining"):
        told = explain_outcomes(study, patient_id, **options)
        written = write_tables(explanation_tables(told), out)
    # The file's name may hold the id, so it is not repeated.
    typer.echo(f"Explained {len(told)} numbers of 1 patient in {len(written)} file{'s' if len(written) > 1 else ''}.")


def explanation_tables(told: "list[OutcomeExplanation]") -> "dict[str, pd.DataFrame]":
    """Return the sheets: the numbers in a sentence each, the arithmetic step by step, the readings used and left out."""
    import polars as pl

    from ptanalytics.schemas.frames import to_pandas

    named = {"number": pl.String, "measure": pl.String, "target_week": pl.Int32, "day": pl.Date}
    named |= {"plan_version": pl.Int32, "exercise_id": pl.String}
    text = dict.fromkeys(("reason", "sentence", "sources", "rules_version"), pl.String)
    facts = {"value": pl.String, "unit": pl.String, "n": pl.Int32, "from_date": pl.Date, "to_date": pl.Date} | text
    numbers = [_named(one) | _facts(one) for one in told]
    steps = [_named(one) | {"step": place, "arithmetic": step} for one in told for place, step in enumerate(one.steps, 1)]
    readings = [
        pl.from_pandas(one.readings).select(
            **{name: pl.lit(value, dtype=named[name]) for name, value in _named(one).items()},
            patient_id="patient_id", date=pl.col("date").cast(pl.Date), what="what", value="value", counts_as="counts_as",
            part=pl.col("part").cast(pl.String), why=pl.col("why").cast(pl.String),
        )
        for one in told
    ]  # fmt: skip
    tables = {
        "numbers": pl.DataFrame(numbers, schema=named | facts),
        "arithmetic": pl.DataFrame(steps, schema=named | {"step": pl.Int32, "arithmetic": pl.String}),
        "readings": pl.concat(readings) if readings else pl.DataFrame(schema=named),
    }
    return {name: to_pandas(table) for name, table in tables.items()}


def _named(one: "OutcomeExplanation") -> dict[str, object]:
    return {"number": one.number} | {name: one.keys.get(name) for name in _NAMES}


def _facts(one: "OutcomeExplanation") -> dict[str, object]:
    value = ("yes" if one.value else "no") if isinstance(one.value, bool) else one.value
    return {
        "value": None if value is None else str(value),
        "unit": one.unit,
        "n": one.n,
        "from_date": one.from_date,
        "to_date": one.to_date,
        "reason": one.reason,
        "sentence": one.sentence,
        "sources": "; ".join(one.sources),
        "rules_version": one.rules_version,
    }
