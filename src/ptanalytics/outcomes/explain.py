"""What stands behind one outcome number of one patient: its readings and its arithmetic, and a sentence."""

from collections.abc import Mapping
from datetime import date
from math import isclose
from typing import Any

import polars as pl

from ptanalytics.analysis import TableSource
from ptanalytics.errors import InvalidTableError
from ptanalytics.outcomes.explained import EXPLAINED, Evidence, Explainer, OutcomeExplanation, Told
from ptanalytics.outcomes.explained.explanation import readings_frame
from ptanalytics.outcomes.observed import DAILY
from ptanalytics.schemas.frames import as_caller_kind, conform, is_frame, to_pandas
from ptanalytics.schemas.model import columns_of

_KEYS = ("measure", "target_week", "day", "plan_version", "exercise_id")


def explain_outcome(
    result: Any = None,
    patient_id: str = "",
    *,
    number: str | None = None,
    measure: str | None = None,
    target_week: int | None = None,
    day: date | None = None,
    plan_version: int | None = None,
    exercise_id: str | None = None,
    study: Any = None,
    **options: Any,
) -> OutcomeExplanation:
    """Explain one outcome number of one patient: the readings it was made from, those left out, and the arithmetic.

    Every number the outcome analyses give for a patient can be explained: scores item by item, daily, present and weekly
    pain, baselines and the room they leave, change with every rule, reliable change, recovery, trend, plateau, flares and
    their rate, control limits, time to a lasting change, response per plan phase and per exercise. What names one of
    several (week, day, version) may be left out: then it is the primary week, the latest day, the latest version.

    Args:
        result: The table the number stands in (result of the analysis), or a study, and then ``number`` says which
            analysis. Without either give the tables by name and ``number``.
        patient_id: The person.
        number: Name of the analysis, e.g. ``"changes"``, or ``"floor_ceiling"`` for the room a baseline leaves; not needed
            with a table.
        measure: Measure or scale, for numbers that have one; default the daily log.
        target_week: Follow-up week; default the primary week of the settings. For weekly pain: the week.
        day: Day of the value, the form or the chart, or first day of the flare; default the latest.
        plan_version: Version of the plan; default the latest.
        exercise_id: Exercise.
        study: The study a table was computed from, for the readings; or give the tables by name.
        **options: Tables (``pain_scores=..., plans=...``) and options of the analysis, where they are not from a study.

    Returns:
        ``.sentence``, ``.steps``, ``.value``, ``.reason``, ``.readings`` (`ExplainedReadings`) and what else
        `OutcomeExplanation` holds; ``print`` shows the text, a notebook also the readings used. ``.worked_out`` holds
        numbers worked out again from the readings; where they differ from the table given, which then was computed from
        other data or settings, the steps say so. Without study or tables the readings are empty and the arithmetic starts
        from the numbers of the row.

    Raises:
        InvalidTableError: It is no table of these, or not exactly one number of this patient is meant.
        MissingTableError: The analysis needs a table that is not there.

    Example:
        >>> odi = pl.DataFrame({"patient_id": "P1", "instrument_id": "odi", "score": [42.0, 30.0],
        ...                     "completed_date": [date(2026, 3, 2), date(2026, 5, 25)]})
        >>> tables = {"scores": odi, "patients": pl.DataFrame({"patient_id": ["P1"], "enrolled_date": [date(2026, 3, 2)]})}
        >>> told = explain_outcome(patient_id="P1", number="changes", measure="odi", **tables)
        >>> told.sentence
        'Oswestry Disability Index, week 12: improved by 12 points; no response by the rule of the settings.'
        >>> told.steps[3:5]
        ('Improvement (lower is better): 42 - 30 = 12.', 'In percent of baseline: 100 x 12 / 42 = 28.6 %.')
    """
    asked = {
        "measure": measure,
        "target_week": target_week,
        "day": day,
        "plan_version": plan_version,
        "exercise_id": exercise_id,
    }
    source = result if isinstance(result, TableSource) else study
    evidence = Evidence(source, patient_id, options)
    if is_frame(result):
        name = _recognised(result)
        rows = conform(result, EXPLAINED[name].analysis.returns).filter(pl.col("patient_id") == patient_id).collect()
    else:
        name = checked_name(number)
        rows = _run(EXPLAINED[name], evidence, asked)
    row = _chosen(name, rows, asked, evidence)
    kind = next((frame for frame in [result, *options.values()] if is_frame(frame)), None)
    return explanation_of(name, row, evidence, kind)


def explanation_of(name: str, row: Mapping[str, Any], evidence: Evidence, kind: Any) -> OutcomeExplanation:
    """Explain the number in one row of an analysis.

    Args:
        name: Which of `EXPLAINED`.
        row: The row.
        evidence: The patient's tables.
        kind: One of the caller's frames; the readings are of its kind, and pandas without any.
    """
    one = EXPLAINED[name]
    told = one.tell(dict(row), evidence)
    readings = readings_frame(evidence.patient_id, told.readings)
    return OutcomeExplanation(
        patient_id=evidence.patient_id,
        number=name,
        keys={key: row[column] for key, column in one.keys.items()},
        sentence=told.sentence,
        steps=(*told.steps, *_differences(row, told)),
        brief=told.brief or told.sentence,
        value=told.value,
        unit=told.unit,
        n=told.n,
        from_date=told.window[0],
        to_date=told.window[1],
        reason=row.get("reason"),
        worked_out=told.worked_out,
        sources=told.sources,
        rules_version=evidence.settings.rules_version,
        counts_as=told.counts_as,
        readings=to_pandas(readings) if kind is None else as_caller_kind(readings, kind),
    )


def checked_name(number: str | None) -> str:
    """Return the name of a number that can be explained.

    Raises:
        InvalidTableError: There is no such number.
    """
    if number not in EXPLAINED:
        message = f"Say which number to explain with number=: one of {', '.join(EXPLAINED)}."
        raise InvalidTableError(message)
    return str(number)


def _recognised(table: Any) -> str:
    """Say which analysis made a table: of those whose columns it has all, the one with most."""
    have = set(table.collect_schema().names() if isinstance(table, pl.LazyFrame) else table.columns)
    wanted = {name: set(columns_of(one.analysis.returns)) for name, one in EXPLAINED.items()}
    fitting = [name for name, columns in wanted.items() if columns <= have]
    if not fitting:
        message = f"explain_outcome takes a study, or the whole table that one of these returned: {', '.join(EXPLAINED)}."
        raise InvalidTableError(message)
    return max(fitting, key=lambda name: len(wanted[name]))


def _run(one: Explainer, evidence: Evidence, asked: Mapping[str, Any]) -> pl.DataFrame:
    """Run an analysis for the patient, on no more measures and weeks than needed."""
    named = {}
    if "measures" in one.analysis.options and "measures" not in evidence.options:
        named["measures"] = [asked["measure"] or DAILY]
    if "target_weeks" in one.analysis.options and asked["target_week"] is not None:
        named["target_weeks"] = [asked["target_week"]]
    return evidence.run(one.analysis, **named)


def _chosen(name: str, rows: pl.DataFrame, asked: Mapping[str, Any], evidence: Evidence) -> dict[str, Any]:
    """Return the one row that is meant."""
    keys = EXPLAINED[name].keys
    for key, column in keys.items():
        wanted = asked[key]
        if wanted is None and column == "measure":
            wanted = DAILY
        if wanted is None and column == "target_week":
            wanted = evidence.settings.outcomes.primary_week
        if wanted is not None:
            rows = rows.filter(pl.col(column) == pl.lit(wanted, dtype=rows.schema[column]))
    for key in ("day", "plan_version", "target_week"):  # the latest, where none is named
        if key in keys and asked[key] is None and rows.height > 1:
            rows = rows.filter(pl.col(keys[key]) == pl.col(keys[key]).max())
    if rows.height != 1:
        named = ", ".join(f"{key}=" for key in _KEYS if key in keys) or "patient_id"
        message = f"The table of {name} has {rows.height} rows that are meant; one is needed. Check {named}."
        raise InvalidTableError(message)
    return rows.row(0, named=True)


def _differences(row: Mapping[str, Any], told: Told) -> list[str]:
    """Say which numbers of the row the readings given do not lead to."""
    wrong = [name for name, value in told.worked_out.items() if name in row and not _equal(row[name], value)]
    if not wrong:
        return []
    names = ", ".join(name.replace("_", " ") for name in wrong)
    words = f"The data and settings given now lead to another result ({names}): the table was computed from other data"
    return [f"{words} or settings. Compute it again."]


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, int | float) and not isinstance(other, bool):
        return isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)
