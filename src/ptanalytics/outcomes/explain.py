"""What stands behind one outcome number of one patient: its readings and its arithmetic, and a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ptanalytics.analysis import Analysis, TableSource
from ptanalytics.errors import InvalidTableError
from ptanalytics.outcomes import explain_words as words
from ptanalytics.outcomes.baseline import baselines
from ptanalytics.outcomes.change import changes
from ptanalytics.outcomes.daily import daily_pain
from ptanalytics.outcomes.observed import DAILY
from ptanalytics.outcomes.plateau import pain_plateau
from ptanalytics.outcomes.reliable import reliable_change
from ptanalytics.outcomes.scoring import score_questionnaires
from ptanalytics.outcomes.time_to_mic import time_to_mic
from ptanalytics.outcomes.trend import pain_trend
from ptanalytics.schemas.frames import as_caller_kind, conform, is_frame, to_pandas
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import Settings, default_settings

#: The numbers that can be explained, most specific columns first.
EXPLAINED: Mapping[str, Analysis] = {
    "reliable_change": reliable_change,
    "changes": changes,
    "pain_trend": pain_trend,
    "pain_plateau": pain_plateau,
    "time_to_mic": time_to_mic,
}
_BY_MEASURE = ("changes", "reliable_change", "time_to_mic")
_BY_WEEK = ("changes", "reliable_change")


@dataclass(frozen=True)
class OutcomeExplanation:
    """A number of one patient with what it was made from. Text and table name the patient's values: keep them inside."""

    patient_id: str
    number: str
    #: What was found, in words.
    sentence: str
    #: The arithmetic, line by line.
    steps: tuple[str, ...]
    #: ``date, value, part``: which reading counted for what.
    readings: Any = field(repr=False)

    def __str__(self) -> str:
        """Return the sentence and the arithmetic."""
        return "\n".join([self.sentence, *(f"  {step}" for step in self.steps)])


def explain_outcome(
    result: Any,
    patient_id: str,
    *,
    number: str | None = None,
    measure: str = DAILY,
    target_week: int | None = None,
    study: Any = None,
    **options: Any,
) -> OutcomeExplanation:
    """Explain one outcome number of one patient: the readings it was made from, the arithmetic, and a sentence.

    Args:
        result: The table the number stands in (result of `changes`, `reliable_change`, `pain_trend`, `pain_plateau` or
            `time_to_mic`), or a study, and then ``number`` says which of these.
        patient_id: The person.
        number: Name of the analysis, e.g. ``"changes"``; not needed with a table.
        measure: Measure, for numbers that have one.
        target_week: Follow-up week; default the primary week of the settings.
        study: The study the table was computed from, for the readings; or give the tables by name.
        **options: Tables (``pain_scores=..., plans=...``) and options of the analysis, where they are not from a study.

    Returns:
        ``.sentence``, ``.steps`` and ``.readings``; ``print`` shows the first two. Without study or tables the readings are
        empty and the arithmetic starts from the numbers of the row.

    Raises:
        InvalidTableError: It is no table of these, or has no row of this patient, measure and week.

    Example:
        >>> from datetime import date
        >>> odi = pl.DataFrame({"patient_id": "P1", "instrument_id": "odi", "score": [42.0, 30.0],
        ...                     "completed_date": [date(2026, 3, 2), date(2026, 5, 25)]})
        >>> tables = {"scores": odi, "patients": pl.DataFrame({"patient_id": ["P1"], "enrolled_date": [date(2026, 3, 2)]})}
        >>> found = changes(**tables, measures=["odi"])
        >>> print(explain_outcome(found, "P1", measure="odi", **tables))
        Oswestry Disability Index, week 12: improved by 12 points; no response by the rule of the settings.
          Baseline: 42 (rule questionnaire).
          Follow-up: 30 on 2026-05-25 (n = 1).
          Improvement: 42 - 30 = 12, 28.6 % of baseline.
          Absolute rule: 12 >= 10 (minimal important change): yes.
          Percent rule: 28.6 % >= 30 %: no.
          Both rules: no.
    """
    source = result if isinstance(result, TableSource) else study
    settings = _settings(source, options)
    if isinstance(result, TableSource):
        name = number if number is not None else ""
        if name not in EXPLAINED:
            message = f"Say which number to explain with number=: one of {', '.join(EXPLAINED)}."
            raise InvalidTableError(message)
        table = _run(EXPLAINED[name], source, patient_id, options, measure=measure, week=target_week)
    else:
        name, table = _recognised(result), result
    row = _row_of(name, table, patient_id, measure, target_week or settings.outcomes.primary_week)
    has_data = source is not None or any(is_frame(value) for value in options.values())
    readings = _readings(name, row, source, patient_id, options, settings) if has_data else words.NO_READINGS
    sentence, steps = words.in_words(name, row, readings, settings)
    kind = next((frame for frame in [result, *options.values()] if is_frame(frame)), None)
    shown = to_pandas(readings) if kind is None else as_caller_kind(readings, kind)
    return OutcomeExplanation(patient_id, name, sentence, tuple(steps), shown)


def _settings(source: Any, options: Mapping[str, Any]) -> Settings:
    given = options.get("settings")
    if isinstance(given, Settings):
        return given
    base: Settings = (source.run_defaults() if isinstance(source, TableSource) else {}).get(
        "settings"
    ) or default_settings()
    return base.with_changes(given) if given else base


def _recognised(table: Any) -> str:
    """Say which analysis made a table, by its columns."""
    if is_frame(table):
        have = set(table.collect_schema().names() if isinstance(table, pl.LazyFrame) else table.columns)
        for name, one in EXPLAINED.items():
            if set(columns_of(one.returns)) <= have:
                return name
    message = f"explain_outcome takes a study, or the whole table that one of these returned: {', '.join(EXPLAINED)}."
    raise InvalidTableError(message)


def _run(one: Analysis, source: Any, patient_id: str, options: Mapping[str, Any], **asked: Any) -> Any:
    """Run an analysis for one patient, on a study or on the tables given."""
    named = {name: value for name, value in options.items() if name in one.tables or name in one.options}
    if asked.get("measure") is not None and "measures" in one.options:
        named["measures"] = [asked["measure"]]
    if asked.get("week") is not None and "target_weeks" in one.options:
        named["target_weeks"] = [asked["week"]]
    if isinstance(source, TableSource):
        return one(source, patients=[patient_id], **named)
    return one(**named)


def _row_of(name: str, table: Any, patient_id: str, measure: str, week: int) -> dict[str, Any]:
    rows = conform(table, EXPLAINED[name].returns).filter(pl.col("patient_id") == patient_id)
    if name in _BY_MEASURE:
        rows = rows.filter(pl.col("measure") == measure)
    if name in _BY_WEEK:
        rows = rows.filter(pl.col("target_week") == week)
    found = rows.collect()
    if found.height != 1:
        message = (
            f"The table of {name} has {found.height} rows for this patient, measure and week; one is needed. "
            "Check measure= and target_week=."
        )
        raise InvalidTableError(message)
    return found.row(0, named=True)


def _readings(  # noqa: PLR0917 - who, what, and where from
    name: str, row: dict[str, Any], source: Any, patient_id: str, options: Mapping[str, Any], settings: Settings
) -> pl.DataFrame:
    """Return every reading of the patient's series with the part it played."""
    measure = row.get("measure", DAILY)
    if measure == DAILY:
        table = conform(_run(daily_pain, source, patient_id, options), daily_pain.returns)
        series = table.select("patient_id", "date", value="pain_nprs")
    else:
        table = conform(_run(score_questionnaires, source, patient_id, options), score_questionnaires.returns)
        series = table.filter((pl.col("instrument_id") == measure) & pl.col("score").is_not_null()).select(
            "patient_id", date="completed_date", value="score"
        )
    own = series.filter(pl.col("patient_id") == patient_id).select("date", "value").collect().sort("date")
    before = None
    if name in _BY_MEASURE:
        found = conform(_run(baselines, source, patient_id, options, measure=measure), baselines.returns)
        rows = found.filter((pl.col("patient_id") == patient_id) & (pl.col("measure") == measure)).collect()
        before = rows.row(0, named=True) if rows.height else None
    return words.with_parts(name, row, own, before, settings)
