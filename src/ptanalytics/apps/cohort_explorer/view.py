"""The Cohort explorer on the page: filters beside linked charts, the patient list under them."""

from typing import TYPE_CHECKING, Any

import ipywidgets as ipw

from ptanalytics.apps.app import App, guarded, slow
from ptanalytics.apps.cohort_explorer.help import HELP
from ptanalytics.apps.cohort_explorer.model import CohortModel
from ptanalytics.apps.later import Later
from ptanalytics.apps.patient_review import PatientReview
from ptanalytics.apps.widgets import ChartWidget, Chips, ChoiceField, PatientTable, RangeField
from ptanalytics.apps.widgets.markup import element, text
from ptanalytics.cohorts import words_of

if TYPE_CHECKING:
    from ptanalytics.study import Study

#: The list follows the charts after a moment: drawing a long list takes the browser longer than drawing the charts.
TABLE_AFTER_S = 0.35
_CHOICES = ("sites", "clinicians", "sexes", "conditions", "responses")


class CohortExplorer(App):
    """Filter a study's patients, see how they do, and open a patient's review.

    Show it by making it the last line of a notebook cell.

    Args:
        study: The study.

    Example:
        In a notebook: ``pta.apps.CohortExplorer(pta.open_study("clinic.study"))``.
    """

    model: CohortModel

    def __init__(self, study: "Study") -> None:
        model = CohortModel(study)
        self.undo_button = ipw.Button(description="Undo", tooltip="Take back the last change (Ctrl+Z)", disabled=True)
        self.clear_button = ipw.Button(description="Clear all", tooltip="Take all filters away")
        self.code_button = ipw.Button(description="Show code", tooltip="Python that gives the same patients and charts")
        super().__init__(
            model,
            title="Cohort explorer",
            data_line=_data_line(study, model),
            is_synthetic=study.is_synthetic,
            help_html=HELP,
            actions=[self.undo_button, self.clear_button, self.code_button],
        )
        self.review: PatientReview | None = None
        self.table_later = Later(TABLE_AFTER_S)
        self._build()
        self._connect()
        self.refresh()

    def _build(self) -> None:
        model = self.model
        self.chips = Chips(on_remove=self._remove)
        self.choices = {
            name: ChoiceField(label=words_of(name).capitalize(), options=model.options(name)) for name in _CHOICES
        }
        low, high = model.age_range() or (0.0, 120.0)
        self.age = RangeField(label="Age", unit="years", minimum=low, maximum=high)
        self.adherence = RangeField(label="Adherence", unit="%", minimum=0, maximum=100, step=5)
        labels = [(model.measure_label(one), one) for one in model.measures] or [("no measure", "")]
        self.measure = ipw.Dropdown(
            description="Measure", options=labels, value=model.measure, style={"description_width": "60px"}
        )
        self.note, self.code = ipw.HTML(), ipw.HTML()
        self.charts = {name: ChartWidget(name=name) for name in model.figures()}
        self.table = PatientTable(model.table(), on_choose=self._open_review, caption="Patients kept by the filters")
        self.review_place = ipw.VBox()
        side = ipw.VBox([*self.choices.values(), self.age, self.adherence])
        grid = ipw.Box(list(self.charts.values()))
        listing = ipw.HTML(
            element(
                "h3",
                "Patients",
                element("span", text(" – choose one to open the review, which says where each number comes from")),
            )
        )
        main = ipw.VBox([self.measure, self.chips, self.note, self.code, grid, listing, self.table])
        columns = ipw.HBox([side, main])
        for widget, css in ((side, "pta-side"), (main, "pta-main"), (grid, "pta-charts"), (columns, "pta-columns")):
            widget.add_class(css)
        self.body.children = [columns, self.review_place]

    def _connect(self) -> None:
        for name, field in self.choices.items():
            field.observe(lambda change, name=name: self._restrict(name, change["new"]), "value")
        for name, ends in (("age", self.age), ("adherence_pct", self.adherence)):
            ends.observe(lambda _, name=name, ends=ends: self._restrict(name, (ends.low, ends.high)), ["low", "high"])
        self.measure.observe(lambda change: self._look_at(change["new"]), "value")
        self.undo_button.on_click(self.undo)
        self.clear_button.on_click(self._clear)
        self.code_button.on_click(self._toggle_code)
        ipw.dlink((self.model, "can_undo"), (self.undo_button, "disabled"), lambda can: not can)
        self.model.observe(lambda _: self.refresh(), "state")

    @guarded
    def refresh(self) -> None:
        """Bring everything on the page in line with the model; charts first, the list last."""
        model, asked = self.model, self.model.asked
        for name, draw in model.figures().items():
            self.charts[name].update_from(draw())
        self.status.message = " ".join([model.counts(), *model.blockers])
        self._show_filter()
        self.chips.items = [{"key": key, "text": words} for key, words in asked.parts()]
        note = model.small_group_note()
        self.note.value = element("p", element("strong", text(note))) if note else ""
        if self.code.value:
            self.code.value = _code_block(model.code())
        self.table_later(self._show_table)

    def _show_filter(self) -> None:
        asked = self.model.asked
        for name, field in self.choices.items():
            if name == "responses":
                field.options = self.model.options(name)
            field.value = [one or "" for one in getattr(asked, name)]
        self.age.show(*asked.range_of("age"))
        self.adherence.show(*asked.range_of("adherence_pct"))
        self.measure.value = self.model.measure

    @guarded
    def _show_table(self) -> None:
        self.table.show(self.model.table())

    @guarded
    def _restrict(self, name: str, value: Any) -> None:
        self.model.restrict(name, value)

    @guarded
    def _look_at(self, measure: str) -> None:
        self.model.look_at(measure)

    @guarded
    def _remove(self, key: str) -> None:
        self.model.remove(key)

    @guarded
    def _clear(self, _button: Any) -> None:
        self.model.clear()

    @guarded
    def _toggle_code(self, _button: Any) -> None:
        self.code.value = "" if self.code.value else _code_block(self.model.code())
        self.code_button.description = "Hide code" if self.code.value else "Show code"

    @slow
    def _open_review(self, patient_id: str) -> None:
        self.model.patient_id = patient_id
        if self.review is None:
            order = self.model.patient_ids
            self.review = PatientReview(self.model.study, patient_id, results=self.model.results, order=order)
            self.review_place.children = [self.review]
        else:
            self.review.model.order = tuple(self.model.patient_ids)
            self.review.model.open(patient_id)

    def close_all(self) -> None:
        """Close the explorer and the review it opened."""
        self.table_later.cancel()
        if self.review is not None:
            self.review.close_all()
            self.review_place.children = []
        super().close_all()


def _data_line(study: "Study", model: CohortModel) -> str:
    cutoff = study.cutoff_date
    entries = f"last entry {cutoff:%d %b %Y}" if cutoff else "no entry yet"
    gaps = "".join(f" · {gap}" for gap in dict.fromkeys(model.results.gaps.values()))
    return f"{study.name} · {len(model.results.patient_ids)} patients · {entries}{gaps}"


def _code_block(code: str) -> str:
    return element("div", text(code), css="pta-code", tabindex="0", aria_label="Python for this view", role="region")
