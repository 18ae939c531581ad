"""The outcome numbers of one patient: a list of them, and all their explanations as tables."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from ptanalytics.analysis import TableSource
from ptanalytics.errors import MissingTableError
from ptanalytics.instruments import short_number as number_of
from ptanalytics.outcomes.explain import checked_name, explanation_of
from ptanalytics.outcomes.explained import EXPLAINED, Evidence, Explainer, OutcomeExplanation
from ptanalytics.schemas.explain_results import OutcomeNumbers
from ptanalytics.schemas.frames import as_caller_kind, empty_frame, is_frame, to_pandas
from ptanalytics.schemas.model import columns_of, sort_of


def outcome_numbers(study: Any = None, patient_id: str = "", *, number: str | None = None, **options: Any) -> Any:
    """List the outcome numbers of one patient that `explain_outcome` can explain, with what names each of them.

    Args:
        study: A study; or leave it out and give the tables by name.
        patient_id: The person.
        number: Only this analysis; default all of them.
        **options: Tables and options of the analyses.

    Returns:
        Columns of `OutcomeNumbers`, in the order of the analyses, newest day last. Analyses whose tables are not there give
        no row.

    Raises:
        InvalidTableError: There is no such number.

    Example:
        >>> from datetime import date
        >>> odi = pl.DataFrame({"patient_id": ["P1"], "instrument_id": ["odi"], "completed_date": [date(2026, 3, 2)],
        ...                     "score": [42.0]})
        >>> found = outcome_numbers(patient_id="P1", number="score_questionnaires", scores=odi)
        >>> found.select("label", "measure", "value").row(0)
        ('Questionnaire score', 'odi', '42')
    """
    evidence = Evidence(study if isinstance(study, TableSource) else None, patient_id, options)
    names = EXPLAINED if number is None else (checked_name(number),)
    parts = [_listed(name, EXPLAINED[name], evidence) for name in names]
    found = pl.concat([empty_frame(OutcomeNumbers), *parts])
    kind = next((frame for frame in options.values() if is_frame(frame)), None)
    return to_pandas(found) if kind is None else as_caller_kind(found, kind)


def _listed(name: str, one: Explainer, evidence: Evidence) -> pl.DataFrame:
    columns = columns_of(OutcomeNumbers)
    rows = _table(one, evidence)
    if rows is None:
        return empty_frame(OutcomeNumbers)
    values = [None if found is None else _as_text(found) for found in rows[one.value]]
    keys = {name: pl.col(column) for name, column in one.keys.items()}
    known = {
        "patient_id": pl.col("patient_id"),
        "number": pl.lit(name),
        "label": pl.lit(one.label),
        "value": pl.col("shown"),
        "unit": pl.lit(columns_of(one.analysis.returns)[one.value].unit or None),
        "reason": pl.col("reason") if "reason" in rows.columns else pl.lit(None),
    }
    chosen: dict[str, pl.Expr] = known | keys
    return rows.with_columns(shown=pl.Series(values, dtype=pl.String)).select(
        chosen.get(column, pl.lit(None)).cast(info.dtype).alias(column) for column, info in columns.items()
    )


def _table(one: Explainer, evidence: Evidence) -> pl.DataFrame | None:
    """Return the patient's rows of an analysis; None where its tables are not there."""
    try:
        return evidence.run(one.analysis).sort(sort_of(one.analysis.returns))
    except MissingTableError:
        return None


def _rows(one: Explainer, evidence: Evidence) -> list[dict[str, Any]]:
    table = _table(one, evidence)
    return [] if table is None else table.rows(named=True)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number_of(value, 2) if isinstance(value, float) else str(value).replace("_", " ")


def explain_outcomes(
    study: Any = None, patient_id: str = "", *, numbers: Sequence[str] | None = None, **options: Any
) -> list[OutcomeExplanation]:
    """Explain every outcome number of one patient; of numbers that each day has (daily pain, control limits) the latest.

    Args:
        study: A study; or leave it out and give the tables by name.
        patient_id: The person.
        numbers: Only these; default all of them.
        **options: Tables and options of the analyses.

    Raises:
        InvalidTableError: There is no such number.

    Returns:
        One `OutcomeExplanation` a number, in the order of the analyses; see `explain_outcome`.

    Example:
        >>> from datetime import date
        >>> odi = pl.DataFrame({"patient_id": ["P1"], "instrument_id": ["odi"], "completed_date": [date(2026, 3, 2)],
        ...                     "score": [42.0]})
        >>> people = pl.DataFrame({"patient_id": ["P1"], "enrolled_date": [date(2026, 3, 2)]})
        >>> told = explain_outcomes(patient_id="P1", scores=odi, patients=people, measures=["odi"])
        >>> [(one.number, one.value) for one in told if one.value is not None]
        [('baselines', 42.0), ('floor_ceiling', 42.0), ('score_questionnaires', 42.0)]
    """
    evidence = Evidence(study if isinstance(study, TableSource) else None, patient_id, options)
    kind = next((frame for frame in options.values() if is_frame(frame)), None)
    found = []
    for name in EXPLAINED if numbers is None else map(checked_name, numbers):
        one = EXPLAINED[name]
        rows = _rows(one, evidence)
        found += [explanation_of(name, row, evidence, kind) for row in (rows[-1:] if one.is_daily else rows)]
    return found
