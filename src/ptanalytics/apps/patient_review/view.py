"""The Patient review on the page: one patient at a time, the figures reused from patient to patient."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import ipywidgets as ipw

from ptanalytics.apps.app import guarded, slow
from ptanalytics.apps.patient_app import PatientApp
from ptanalytics.apps.patient_review.explain_panel import ExplainPanel
from ptanalytics.apps.patient_review.explanations import Key
from ptanalytics.apps.patient_review.help import HELP
from ptanalytics.apps.patient_review.model import ReviewModel
from ptanalytics.apps.patient_review.number_cards import NumberCards
from ptanalytics.apps.results import StudyResults
from ptanalytics.apps.widgets import ChartWidget
from ptanalytics.apps.widgets.markup import element, text

if TYPE_CHECKING:
    from ptanalytics.study import Study


class PatientReview(PatientApp):
    """One page about one patient: data, key numbers, pain, adherence, questionnaires, plan.

    Show it by making it the last line of a notebook cell.

    Args:
        study: The study.
        patient_id: Who is shown first; the first patient without it.
        results: Result tables another app has computed already.
        order: Patients that Previous and Next go through; everybody without it.

    Raises:
        UnknownPatientError: The study has no such patient.

    Example:
        In a notebook: ``pta.apps.PatientReview(pta.open_study("clinic.study"), "P0007")``.
    """

    model: ReviewModel

    def __init__(
        self,
        study: "Study",
        patient_id: str | None = None,
        *,
        results: StudyResults | None = None,
        order: Sequence[str] | None = None,
    ) -> None:
        model = ReviewModel(study, patient_id, results=results, order=order)
        self.undo_button = ipw.Button(description="Back", tooltip="Back to the patient before (Ctrl+Z)", disabled=True)
        super().__init__(model, title="Patient review", help_html=HELP, actions=[self.undo_button])
        self._build()
        self._connect()
        self.refresh()

    def _build(self) -> None:
        self.facts = ipw.HTML()
        self.charts = {
            name: ChartWidget(name=name) for name in ("pain", "calendar", "weekly", "questionnaires", "timeline")
        }
        self.note = ipw.Textarea(
            placeholder="Notes for the case review",
            continuous_update=False,
            layout=ipw.Layout(width="100%", height="90px"),
        )
        self.path = ipw.Text(description="Save as", continuous_update=False, layout=ipw.Layout(width="60%"))
        self.save_html = ipw.Button(description="Save HTML", tooltip="Save the page as one HTML file")
        self.save_pdf = ipw.Button(description="Save PDF", tooltip="Save the page as PDF")
        adherence = ipw.Box([self.charts["calendar"], self.charts["weekly"]])
        adherence.add_class("pta-charts")
        self.cards = NumberCards(on_ask=self._ask)
        self.panel = ExplainPanel(on_number=self._offer, on_choose=self._explain)
        saving = ipw.HBox([self.path, self.save_html, self.save_pdf])
        heading = ipw.HTML(element("h3", "Notes for the case review"))
        self.body.children = [
            self.banner,
            self.facts,
            self.cards,
            self.panel,
            self.charts["pain"],
            adherence,
            self.charts["questionnaires"],
            self.charts["timeline"],
            heading,
            self.note,
            saving,
        ]

    def _connect(self) -> None:
        self.undo_button.on_click(self.undo)
        self.note.observe(lambda change: self.model.write_note(change["new"]), "value")
        self.save_html.on_click(lambda _: self._save("html"))
        self.save_pdf.on_click(lambda _: self._save("pdf"))
        ipw.dlink((self.model, "can_undo"), (self.undo_button, "disabled"), lambda can: not can)
        self.model.observe(lambda _: self.refresh(), "state")

    @guarded
    def refresh(self) -> None:
        """Bring everything on the page in line with the patient looked at."""
        model = self.model
        if model.blockers:
            self.status.message = " ".join(model.blockers)
            return
        self.show_patient()
        self.status.message = f"Showing {model.patient_id}, {model.place()}."
        self.facts.value = element("p", text(model.sufficiency()))
        self.cards.show(model.key_numbers())
        self.panel.reset(model.explanations.numbers())
        for name, draw in model.figures().items():
            self.charts[name].update_from(draw())
        self.note.value = model.note
        self.path.value = str(model.default_file("html"))

    @slow
    def _ask(self, number: str, key: Key) -> None:
        self.panel.offer(number, self.model.numbers_to_explain(number), key)

    @slow
    def _offer(self, number: str) -> None:
        self.panel.offer(number, self.model.numbers_to_explain(number))

    @slow
    def _explain(self, number: str, key: Key) -> None:
        self.panel.show_html(self.model.explain(number, key))

    @slow
    def _save(self, kind: str) -> None:
        saved = self.model.save(Path(self.path.value.strip()).expanduser().with_suffix(f".{kind}"))
        self.status.message = f"Saved: {saved}"
