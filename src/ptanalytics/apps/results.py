"""Results the apps show, computed once and kept: whole-study tables on opening, a patient's own on first sight."""

from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from ptanalytics.adherence import adherence_days, adherence_summary, weekly_adherence
from ptanalytics.charts import mark_synthetic
from ptanalytics.errors import MissingTableError
from ptanalytics.outcomes import baselines, changes, daily_pain, flares, pain_trend, score_questionnaires
from ptanalytics.schemas.frames import empty_frame
from ptanalytics.schemas.model import sort_of
from ptanalytics.schemas.tables import TABLES

if TYPE_CHECKING:
    from ptanalytics.analysis import Analysis
    from ptanalytics.study import Study

#: How to draw each chart of a page, by name and in the page's order; nothing is drawn before it is called.
Drawings = dict[str, Callable[[], Any]]

#: Patients kept in memory: enough to go back and forth, whatever the size of the registry.
KEPT_PATIENTS = 40

_OF_PATIENT: dict[str, "Analysis"] = {
    "daily": daily_pain,
    "trend": pain_trend,
    "flares": flares,
    "baselines": baselines,
    "changes": changes,
    "days": adherence_days,
    "weekly": weekly_adherence,
    "summary": adherence_summary,
    "scores": score_questionnaires,
}


class StudyResults:
    """The result tables of a study. A table that cannot be computed is empty, and `gaps` says what is missing.

    Args:
        study: The study.
    """

    def __init__(self, study: "Study") -> None:
        self.study = study
        self.gaps: dict[str, str] = {}
        self._of_patient: OrderedDict[str, dict[str, pl.DataFrame]] = OrderedDict()

    def forget(self) -> None:
        """Drop what was computed, after the study has changed."""
        self.gaps = {}
        self._of_patient.clear()
        for name in ("weekly", "summary", "changes", "patients", "patient_ids"):
            self.__dict__.pop(name, None)

    @cached_property
    def patient_ids(self) -> tuple[str, ...]:
        """All patients of the study, sorted."""
        return tuple(self.study.patient_ids())

    @cached_property
    def patients(self) -> pl.DataFrame:
        """The table ``patients``; without one the ids alone."""
        return self._table("patients")

    @cached_property
    def weekly(self) -> pl.DataFrame:
        """Weekly adherence of everybody."""
        return self._run(weekly_adherence)

    @cached_property
    def summary(self) -> pl.DataFrame:
        """Adherence of everybody over the whole window."""
        return self._run(adherence_summary)

    @cached_property
    def changes(self) -> pl.DataFrame:
        """Change from baseline of everybody, every measure and follow-up week."""
        return self._run(changes)

    def of(self, patient_id: str) -> dict[str, pl.DataFrame]:
        """Return all result tables of one patient, with the tables ``plans``, ``flags`` and ``patients``."""
        if patient_id not in self._of_patient:
            found = {name: self._of_one(name, analysis, patient_id) for name, analysis in _OF_PATIENT.items()}
            found |= {name: self._table(name, [patient_id]) for name in ("plans", "flags", "patients")}
            self._of_patient[patient_id] = found
            while len(self._of_patient) > KEPT_PATIENTS:
                self._of_patient.popitem(last=False)
        self._of_patient.move_to_end(patient_id)
        return self._of_patient[patient_id]

    def _of_one(self, name: str, analysis: "Analysis", patient_id: str) -> pl.DataFrame:
        if name in self.__dict__:  # the whole study's table is there already
            return only(self.__dict__[name], [patient_id])
        return self._run(analysis, [patient_id])

    def _table(self, name: str, patients: list[str] | None = None) -> pl.DataFrame:
        return self._or_gap(name, lambda: self.study.lazy(name, patients).collect(), empty_frame(TABLES[name]))

    def _run(self, analysis: "Analysis", patients: list[str] | None = None) -> pl.DataFrame:
        def compute() -> pl.DataFrame:
            defaults = self.study.run_defaults()
            options = {name: value for name, value in defaults.items() if name in analysis.options}
            rows = self.study.run(
                analysis.compute,
                tables=analysis.tables,
                optional=analysis.optional,
                options=options,
                patients=patients,
                name=analysis.name,
            )
            return rows.sort(sort_of(analysis.returns))

        return self._or_gap(analysis.name, compute, empty_frame(analysis.returns))

    def _or_gap(self, name: str, compute: Callable[[], pl.DataFrame], otherwise: pl.DataFrame) -> pl.DataFrame:
        try:
            return compute()
        except MissingTableError as error:
            self.gaps[name] = str(error)
            return otherwise


def marked(drawings: Drawings, study: "Study") -> Drawings:
    """Return the same charts, with SYNTHETIC on their face where the study's patients are invented."""
    if not study.is_synthetic:
        return drawings
    return {name: lambda draw=draw: mark_synthetic(draw()) for name, draw in drawings.items()}  # type: ignore[misc]


def only(frame: pl.DataFrame, patients: Any) -> pl.DataFrame:
    """Return the rows of some patients."""
    return frame.filter(pl.col("patient_id").is_in(list(patients)))
