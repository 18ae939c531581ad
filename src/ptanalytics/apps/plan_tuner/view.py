"""The Plan tuner on the page: exercises with sliders on the left, volume, goal and signing on the right."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets as ipw

from ptanalytics.apps.app import guarded, slow
from ptanalytics.apps.patient_app import PatientApp
from ptanalytics.apps.plan_tuner.doses import doses_of
from ptanalytics.apps.plan_tuner.exercise_row import ExerciseRow
from ptanalytics.apps.plan_tuner.help import HELP
from ptanalytics.apps.plan_tuner.model import TunerModel
from ptanalytics.apps.plan_tuner.signing_panel import GoalPanel, SigningPanel, history_table
from ptanalytics.apps.widgets import ChartWidget
from ptanalytics.apps.widgets.markup import element, text
from ptanalytics.plans import Prescription, exercise_catalogue, exercise_name

if TYPE_CHECKING:
    from ptanalytics.study import Study


class PlanTuner(PatientApp):
    """Change the doses of a patient's plan, see the weekly volume follow, and sign the next version.

    Show it by making it the last line of a notebook cell.

    Args:
        study: The study.
        patient_id: Whose plan is opened first; the first patient without it.

    Raises:
        UnknownPatientError: The study has no such patient.

    Example:
        In a notebook: ``pta.apps.PlanTuner(pta.open_study("clinic.study"), "P0007")``.
    """

    model: TunerModel

    def __init__(self, study: "Study", patient_id: str | None = None) -> None:
        model = TunerModel(study, patient_id)
        self.undo_button = ipw.Button(description="Undo", tooltip="Take back the last change (Ctrl+Z)", disabled=True)
        self.reset_button = ipw.Button(description="Reset", tooltip="Back to the signed plan")
        super().__init__(model, title="Plan tuner", help_html=HELP, actions=[self.undo_button, self.reset_button])
        self._shown: list[tuple[Any, ...]] = []
        self._build()
        self._connect()
        self.open_patient()

    def _build(self) -> None:
        self.switch = ipw.HTML()
        self.switch_on = ipw.Button(
            description="Switch suggestions on", tooltip="Records who and role given below, and when"
        )
        self.rows: list[ExerciseRow] = []
        self.row_place = ipw.VBox()
        self.to_add = ipw.Dropdown(description="Add", layout={"width": "60%"}, style={"description_width": "34px"})
        self.add = ipw.Button(description="Add exercise")
        self.chart, self.history = ChartWidget(name="volume"), ipw.HTML()
        self.goal = GoalPanel(on_set=self._set_goal)
        self.signing = SigningPanel(on_sign=self._sign)
        left = ipw.VBox([self.row_place, ipw.HBox([self.to_add, self.add])])
        right = ipw.VBox([self.chart, self.goal, self.signing])
        columns = ipw.HBox([left, right])
        for widget, css in (
            (left, "pta-main"),
            (right, "pta-right"),
            (columns, "pta-columns"),
            (self.row_place, "pta-rows"),
        ):
            widget.add_class(css)
        switching = ipw.HBox([self.switch, self.switch_on])
        switching.add_class("pta-top")
        self.body.children = [self.banner, switching, columns, self.history]

    def _connect(self) -> None:
        model = self.model
        for name in ("who", "role", "reason"):
            ipw.link((getattr(self.signing, name), "value"), (model, name))
        ipw.link((self.signing.from_date, "value"), (model, "from_date"))
        ipw.dlink((model, "can_undo"), (self.undo_button, "disabled"), lambda can: not can)
        self.undo_button.on_click(self.undo)
        self.reset_button.on_click(lambda _: self._do(model.reset))
        self.add.on_click(lambda _: self._do(lambda: model.add(self.to_add.value)) if self.to_add.value else None)
        self.switch_on.on_click(lambda _: self._switch_on())
        model.observe(self._follow, "state")
        model.observe(lambda _: self._show_signing(), ["blockers", "warnings"])

    def _follow(self, change: dict[str, Any]) -> None:
        is_same = change["old"] is not None and change["old"].patient_id == change["new"].patient_id
        is_same = is_same and change["old"].draft.base_version == change["new"].draft.base_version
        if is_same:
            self.refresh()
        else:
            self.open_patient()

    @slow
    def open_patient(self) -> None:
        """Bring everything on the page in line with the patient whose plan is opened."""
        model = self.model
        if model.patient_id is None:
            self.status.message = " ".join(model.blockers)
            return
        self.show_patient()
        self._shown = []
        self._show_switch()
        self.refresh()
        self.history.value = history_table(model.history())
        self.status.message = f"Plan of {model.patient_id}, {model.place()}. {model.version_words()}"

    @guarded
    def refresh(self) -> None:
        """Bring the draft on the page in line with the model; the chart first."""
        model = self.model
        self.chart.update_from(model.volume_figure())
        self._show_rows()
        self._show_signing()
        self.goal.show(model.goal_groups(), dict(model.goal()))
        options = [("choose an exercise", ""), *model.can_add()]
        if list(self.to_add.options) != options:
            self.to_add.options = options
            self.to_add.value = ""
        self.status.message = _state(model)

    def _show_rows(self) -> None:
        model = self.model
        suggestions = model.suggestions()
        wanted = []
        for one in model.draft.exercises:
            neighbours = model.neighbours(one.exercise_id)
            wanted.append((one, model.before(one.exercise_id), suggestions.get(one.exercise_id), neighbours))
        while len(self.rows) < len(wanted):
            self.rows.append(ExerciseRow(on_edit=self._edit))
        if len(self.row_place.children) != len(self.rows):
            self.row_place.children = self.rows
        for place, row in enumerate(self.rows):
            row.layout.display = "" if place < len(wanted) else "none"
        for place, content in enumerate(wanted):
            if place >= len(self._shown) or self._shown[place] != content:
                one, before, suggestion, neighbours = content
                row = self.rows[place]
                row.show(
                    one.exercise_id,
                    name=exercise_name(one.exercise_id),
                    subtitle=_subtitle(one, before),
                    doses=doses_of(one, before),
                    suggestion=suggestion,
                    neighbours=neighbours,
                )
        self._shown = wanted

    def _show_signing(self) -> None:
        model = self.model
        if model.patient_id is None:
            return
        self.signing.show(
            version=model.version_words(),
            changes=model.changes(),
            warnings=model.warnings,
            blockers=model.blockers,
            next_version=model.draft.base_version + 1,
        )

    def _show_switch(self) -> None:
        model = self.model
        is_on = model.are_suggestions_on
        off = f"{element('strong', 'Suggestions are off.')} {text(model.intended_use)} "
        off += text("Switching them on needs who and role, given under Sign off, and is recorded.")
        self.switch.value = element("p", text(model.switched()), css="pta-quiet") if is_on else element("p", off)
        self.switch_on.layout.display = "none" if is_on else ""

    @guarded
    def _do(self, action: Callable[[], None]) -> None:
        action()

    @guarded
    def _edit(self, exercise_id: str, what: str, field: str = "", value: float | None = None) -> None:
        model = self.model
        if what == "dose":
            model.set_dose(exercise_id, field, value)
            return
        actions = {"use": model.use_suggestion, "easier": model.easier, "harder": model.harder, "remove": model.remove}
        actions[what](exercise_id)

    def flags_changed(self) -> None:
        """Suggestions stop while a flag is unresolved."""
        self._show_rows()

    @slow
    def _switch_on(self) -> None:
        self.model.switch_on()
        self._show_switch()
        self._show_rows()
        self.status.message = self.model.switched()

    @slow
    def _set_goal(self, group: tuple[str, str], volume_per_week: float | None) -> None:
        self.model.set_goal(group, volume_per_week)
        self.refresh()
        words = "ended" if volume_per_week is None else f"set to {volume_per_week:g}"
        self.status.message = f"Goal for {group[0]} ({group[1]}) {words} by {self.model.who.strip()}."

    @slow
    def _sign(self) -> None:
        signed = self.model.sign()
        words = f"Version {signed.plan_version} signed by {signed.who}, in force from {signed.valid_from_date:%d %b %Y}."
        if not signed.is_in_study:
            words += " The study was busy: it takes the version in when the records are opened next."
        self.status.message = words


def _state(model: TunerModel) -> str:
    n = len(model.changes())
    draft = "No change yet." if not n else f"Draft with {n} change{'' if n == 1 else 's'}, not signed."
    return f"Plan of {model.patient_id}, {model.place()}. {draft}"


def _subtitle(one: Prescription, before: Prescription | None) -> str:
    listed = exercise_catalogue().get(one.exercise_id)
    parts: list[str] = [listed.category if listed else "not in the catalogue"]
    if one.weekdays:
        parts.append(f"fixed weekdays: {one.weekdays}")
    if before is None:
        parts.append("added in this draft")
    return " · ".join(parts)
