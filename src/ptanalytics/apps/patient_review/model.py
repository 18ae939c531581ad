"""What the Patient review knows: who is looked at, what is said, the figures, notes and the saved page. No widgets."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import ptanalytics as pta
from ptanalytics.apps.patient_model import PatientModel
from ptanalytics.apps.patient_review.explanations import Explanations, Key
from ptanalytics.apps.patient_review.sentences import KeyNumber, key_numbers, sufficiency
from ptanalytics.apps.results import Drawings, marked
from ptanalytics.charts import (
    plot_adherence_calendar,
    plot_pain_trend,
    plot_plan_timeline,
    plot_questionnaires,
    plot_weekly_adherence,
)
from ptanalytics.errors import OutputError


@dataclass(frozen=True)
class ReviewState:
    """Who is looked at."""

    patient_id: str | None = None


class ReviewModel(PatientModel):
    """One patient of a study at a time, with every sentence and figure of the review page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        #: What was typed, by patient. Kept here only, and put into the saved page.
        self.notes: dict[str, str] = {}
        super().__init__(*args, **kwargs)
        self.explanations = Explanations(self.study)

    def start_state(self, patient_id: str | None) -> ReviewState:
        """Return the state in which a patient is opened."""
        return ReviewState(patient_id)

    def sufficiency(self) -> str:
        """Say how much is recorded about the patient."""
        return sufficiency(self.tables, self.study.cutoff_date)

    def key_numbers(self) -> list[KeyNumber]:
        """Return the numbers at the top of the page."""
        return key_numbers(self.tables)

    def figures(self) -> Drawings:
        """Return how to draw each chart, in the fixed order of the page."""
        tables, settings = self.tables, self.study.settings
        drawings: Drawings = {
            "pain": lambda: plot_pain_trend(
                tables["daily"],
                trend=tables["trend"],
                flares=tables["flares"],
                baseline=tables["baselines"],
                plan_changes=tables["plans"],
                settings=settings,
            ),
            "calendar": lambda: plot_adherence_calendar(tables["days"]),
            "weekly": lambda: plot_weekly_adherence(tables["weekly"], settings=settings),
            "questionnaires": lambda: plot_questionnaires(
                tables["scores"], baselines=tables["baselines"], settings=settings
            ),
            "timeline": lambda: plot_plan_timeline(tables["plans"], to_date=self.study.cutoff_date),
        }
        return marked(drawings, self.study)

    def numbers_to_explain(self, number: str) -> list[tuple[str, Key]]:
        """Return the patient's numbers of one kind."""
        return self.explanations.choices(str(self.patient_id), number)

    def explain(self, number: str, key: Key) -> str:
        """Return what stands behind one of the patient's numbers, as HTML."""
        return self.explanations.html(str(self.patient_id), number, key)

    @property
    def note(self) -> str:
        """What was typed about the patient looked at."""
        return self.notes.get(str(self.patient_id), "")

    def write_note(self, words: str) -> None:
        """Keep a note about the patient looked at."""
        self.notes[str(self.patient_id)] = words

    def default_file(self, kind: str) -> Path:
        """Return where the page is saved unless somebody says otherwise: beside the study, never inside it."""
        safe = re.sub(r"[^A-Za-z0-9_-]+", "_", str(self.patient_id))[:60]
        return self.study.path.parent / "reviews" / f"review_{safe}_{date.today():%Y-%m-%d}.{kind}"  # noqa: DTZ011

    def save(self, path: Path) -> Path:
        """Save the review of the patient looked at as one page, ``.html`` or ``.pdf``, with the note.

        Raises:
            OutputError: The file cannot be written.
            BrowserMissingError: A PDF needs a browser and there is none.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(path, str(error.strerror), "Choose another place.") from None
        pta.patient_review(self.study, self.patient_id, notes=self.note).save(path)
        return path
