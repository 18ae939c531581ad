"""What apps about one patient at a time share: who is looked at, previous and next, recorded flags. No widgets."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from ptanalytics.apps.model import AppModel
from ptanalytics.apps.results import StudyResults
from ptanalytics.charts.wording import day_text
from ptanalytics.errors import UnknownPatientError
from ptanalytics.plans import PlanRecords

if TYPE_CHECKING:
    from ptanalytics.study import Study

NO_PATIENT = "The study holds no patient yet. Import an export first: study.import_exports(...)."


class PatientModel(AppModel):
    """One patient of a study at a time. The state has a ``patient_id``.

    Args:
        study: The study.
        patient_id: Who is shown first; the first of `order` without it.
        results: Result tables already computed, to share them with another app.
        order: Patients that Previous and Next go through; everybody without it.

    Raises:
        UnknownPatientError: The study has no such patient.
    """

    def __init__(
        self,
        study: "Study",
        patient_id: str | None = None,
        *,
        results: StudyResults | None = None,
        order: Sequence[str] | None = None,
    ) -> None:
        self.study = study
        self.results = results or StudyResults(study)
        self.records = PlanRecords(study)
        self.order = tuple(order) if order is not None else self.results.patient_ids
        if patient_id is not None:
            study.require_patient(patient_id)
        first = patient_id or (self.order[0] if self.order else None)
        super().__init__(self.start_state(first))
        if first is None:
            self.blockers = [NO_PATIENT]

    def start_state(self, patient_id: str | None) -> Any:
        """Return the state in which a patient is opened."""
        message = f"{type(self).__name__} must say how it opens a patient ({'none' if patient_id is None else 'given'})"
        raise TypeError(message)

    @property
    def patient_id(self) -> str | None:
        """Who is looked at."""
        patient: str | None = self.state.patient_id
        return patient

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """The result tables of the patient looked at."""
        return self.results.of(str(self.patient_id))

    def open(self, patient_id: str) -> None:
        """Look at a patient.

        Raises:
            UnknownPatientError: The study has no such patient.
        """
        if patient_id not in self.results.patient_ids:
            raise UnknownPatientError(len(self.results.patient_ids))
        self.move_to(patient_id)

    def move_to(self, patient_id: str) -> None:
        """Change the state to a patient the study has."""
        self.change("choice of patient", patient_id=patient_id)

    def step(self, by: int) -> None:
        """Go ``by`` patients on (or back); at either end it stays."""
        if self.patient_id in self.order:
            place = self.order.index(self.patient_id) + by
            self.open(self.order[min(max(place, 0), len(self.order) - 1)])
        elif self.order:
            self.open(self.order[0])

    def can_step(self, by: int) -> bool:
        """Say whether there is a patient in that direction."""
        if self.patient_id not in self.order:
            return bool(self.order)
        return 0 <= self.order.index(self.patient_id) + by < len(self.order)

    def heading(self) -> str:
        """Say who is looked at: id, condition, site, clinician, and the plan week."""
        patient = self.tables["patients"]
        row = patient.row(0, named=True) if patient.height else {}
        parts = [str(self.patient_id)]
        parts += [str(row[name]) for name in ("condition", "site", "clinician") if row.get(name)]
        days = self.tables["days"]
        if days.height:
            parts.append(f"plan week {days.select(pl.col('week').max()).item()}")
        if row.get("discharged_date"):
            parts.append(f"discharged {day_text(row['discharged_date'])}")
        return " · ".join(parts)

    def place(self) -> str:
        """Say which of how many patients it is."""
        if self.patient_id not in self.order:
            return f"not among the {len(self.order)} patients listed"
        return f"patient {self.order.index(self.patient_id) + 1} of {len(self.order)}"

    def flags(self) -> list[dict[str, Any]]:
        """Return the recorded red flags that nobody has resolved."""
        rows = self.records.unresolved_flags(str(self.patient_id)).to_dict("records")
        return [{str(name): value for name, value in row.items()} for row in rows]

    def resolve(self, flag: dict[str, Any], *, who: str, role: str, note: str) -> None:
        """Mark a recorded flag as resolved by a clinician.

        Raises:
            SignOffError: Who, role or note is missing, or somebody resolved it meanwhile.
        """
        patient_id = str(self.patient_id)
        self.records.resolve_flag(patient_id, flag["flag_id"], flag["recorded_at"], who=who, role=role, note=note)
