"""The flow of patients from export to analysis, with who fell out and why."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from ptanalytics.adherence import adherence_summary
from ptanalytics.errors import InvalidTableError
from ptanalytics.instruments import measure as measure_of
from ptanalytics.instruments import measure_ids
from ptanalytics.outcomes import baselines, changes, daily_pain, score_questionnaires
from ptanalytics.schemas.frames import to_pandas
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.results import MEASURES, PatientFlow

if TYPE_CHECKING:
    import pandas as pd

    from ptanalytics.study import Study

DAILY = "nprs"


def patient_flow(study: "Study", *, week: int | None = None, measure: str | None = None) -> "pd.DataFrame":
    """Count the patients left after each step from export to the analysis at one follow-up week.

    Steps: in the export; a plan with something prescribed (without any plan in the study: a day of enrolment); at least one
    session that counts; a baseline; at least one value after the baseline; the follow-up window has opened; a follow-up
    value. Reasons are mutually exclusive: a patient falls out at the first step that fails and is counted there only. The
    steps about sessions need a plan and a session in the study and are left out where it holds none.

    Args:
        study: The study.
        week: Follow-up week; default ``outcomes.primary_week``.
        measure: Outcome the last steps are about; default the first of ``nprs, nprs_7d, odi, rmdq24`` that anybody has a
            baseline for, else ``nprs``.

    Returns:
        Columns of `PatientFlow`: ``n`` patients left, ``excluded`` at this step and the reason.

    Raises:
        InvalidTableError: There is no such measure, or the week is below 1.

    Example:
        >>> import tempfile
        >>> from datetime import date
        >>> from pathlib import Path
        >>> from ptanalytics import create_study
        >>> scores = pl.DataFrame({"patient_id": "P1", "instrument_id": "odi", "score": [40.0, 20.0],
        ...                        "completed_date": [date(2026, 3, 2), date(2026, 5, 25)]})
        >>> people = pl.DataFrame({"patient_id": ["P1", "P2"], "enrolled_date": [date(2026, 3, 2)] * 2})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     study = create_study(Path(folder) / "clinic.study", timezone="Europe/London")
        ...     _ = study.append_rows("patients", people, origin="example")
        ...     _ = study.append_rows("scores", scores, origin="example")
        ...     flow = patient_flow(study, week=12)
        >>> flow[["n", "reason"]].iloc[2:4].values.tolist()
        [[1, 'no baseline'], [1, nan]]

    References:
        STROBE, doi:10.1371/journal.pmed.0040296 (item 13).
    """
    if (measure is not None and measure not in measure_ids()) or (week is not None and week < 1):
        message = f"patient_flow needs a week of at least 1 and one of these measures: {', '.join(measure_ids())}."
        raise InvalidTableError(message)
    week = week or study.settings.outcomes.primary_week
    chosen = measure or _first_measured(study)
    steps = _Steps(set(study.patient_ids()))
    has_plans = study.has_table("plans")
    if has_plans and study.has_table("sessions"):
        adherence = pl.from_pandas(adherence_summary(study))
        steps.keep("with exercises prescribed", _ids(adherence, pl.col("prescribed") > 0), "nothing prescribed")
        steps.keep("started (one session or more that counts)", _ids(adherence, pl.col("counted") > 0), "never started")
    change = pl.from_pandas(changes(study, target_weeks=[week], measures=[chosen]))
    starters = _ids(change, ~pl.col("reason").eq_missing("no_start"))
    if not has_plans:
        steps.keep("with a day of enrolment", starters, "no day of enrolment")
    elif not study.has_table("sessions"):
        steps.keep("with a plan", starters, "no plan")
    label = measure_of(chosen).short_label
    is_not_due = pl.col("reason").eq_missing("not_due")
    steps.keep(f"with a baseline ({label})", _ids(change, pl.col("baseline").is_not_null()), "no baseline")
    steps.keep(f"with a value after the baseline ({label})", _followed(study, chosen), "no value after the baseline")
    steps.keep(f"week {week} reached", _ids(change, ~is_not_due), f"week {week} not reached yet")
    steps.keep(f"analysed at week {week}", _ids(change, pl.col("followup").is_not_null()), f"no value at week {week}")
    return to_pandas(steps.table())


@dataclass
class _Steps:
    """Patients still in, and the rows so far."""

    remaining: set[str]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows.append({"step": 1, "label": "in the export", "n": len(self.remaining), "excluded": 0, "reason": None})

    def keep(self, label: str, kept: set[str], reason: str) -> None:
        left = self.remaining & kept
        excluded = len(self.remaining) - len(left)
        why = reason if excluded else None
        self.rows.append({"step": len(self.rows) + 1, "label": label, "n": len(left), "excluded": excluded, "reason": why})
        self.remaining = left

    def table(self) -> pl.DataFrame:
        return pl.DataFrame(self.rows, schema={name: info.dtype for name, info in columns_of(PatientFlow).items()})


def _first_measured(study: "Study") -> str:
    found = baselines(study)
    measured = set(found.loc[found["baseline"].notna(), "measure"])
    return next((name for name in MEASURES if name in measured), DAILY)


def _ids(table: pl.DataFrame, holds: pl.Expr) -> set[str]:
    return set(table.filter(holds)["patient_id"])


def _followed(study: "Study", measure: str) -> set[str]:
    """Return patients with a value of the measure after the last day of their baseline window."""
    before = pl.from_pandas(baselines(study, measures=[measure])).select("patient_id", pl.col("to_date").cast(pl.Date))
    if measure == DAILY:
        if not study.has_table("pain_scores"):
            return set()
        values = pl.from_pandas(daily_pain(study)).select("patient_id", day=pl.col("date").cast(pl.Date))
    else:
        scored = pl.from_pandas(score_questionnaires(study))
        is_valid = (pl.col("instrument_id") == measure) & pl.col("score").is_not_null()
        values = scored.filter(is_valid).select("patient_id", day=pl.col("completed_date").cast(pl.Date))
    return _ids(values.join(before, on="patient_id"), pl.col("day") > pl.col("to_date"))
