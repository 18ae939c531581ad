"""One exercise of the draft on the page: its sliders, its suggestion, and easier, harder, remove."""

from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from ptanalytics.apps.plan_tuner.doses import REACH, Dose
from ptanalytics.apps.widgets.markup import element, table, text
from ptanalytics.apps.widgets.number_field import NumberField
from ptanalytics.plans import Suggestion

#: What happened: the exercise, what to do (``dose``, ``use``, ``easier``, ``harder``, ``remove``), and the dose given.
OnEdit = Callable[..., None]


class ExerciseRow(ipw.VBox):  # type: ignore[misc]
    """A row that is pointed at one exercise after the other; it makes no new widgets when it is.

    Args:
        on_edit: Called with the exercise id and what was done: ``("dose", field, value)``, ``("use",)``, ``("easier",)``,
            ``("harder",)`` or ``("remove",)``.
    """

    def __init__(self, *, on_edit: OnEdit) -> None:
        self._on_edit = on_edit
        self._is_showing = False
        self.exercise_id = ""
        self.heading, self.why = ipw.HTML(), ipw.HTML()
        self.fields = {name: NumberField() for name in REACH}
        for name, field in self.fields.items():
            field.observe(lambda change, name=name: self._edited("dose", name, change["new"]), "value")
        self.use = ipw.Button(description="Use")
        self.buttons = {name: ipw.Button(description=name.capitalize()) for name in ("easier", "harder", "remove")}
        self.use.on_click(lambda _: self._edited("use"))
        for name, button in self.buttons.items():
            button.on_click(lambda _, name=name: self._edited(name))
        top = ipw.HBox([self.heading, ipw.HBox(list(self.buttons.values()))])
        top.add_class("pta-top")
        doses = ipw.Box(list(self.fields.values()))
        doses.add_class("pta-doses")
        suggestion = ipw.HBox([self.why, self.use])
        suggestion.add_class("pta-top")
        super().__init__([top, doses, suggestion])
        self.add_class("pta-exercise")

    def show(
        self,
        exercise_id: str,
        *,
        name: str,
        subtitle: str,
        doses: list[Dose],
        suggestion: Suggestion | None,
        neighbours: tuple[bool, bool],
    ) -> None:
        """Point the row at an exercise."""
        self._is_showing = True
        try:
            if exercise_id != self.exercise_id or subtitle not in self.heading.value:
                self.heading.value = element("strong", text(name)) + " " + element("span", text(subtitle), css="pta-quiet")
            self.exercise_id = exercise_id
            shown = {dose.field: dose for dose in doses}
            for field, control in self.fields.items():
                control.layout.display = "" if field in shown else "none"
                if field in shown:
                    _point(control, shown[field], name)
            self.buttons["easier"].disabled, self.buttons["harder"].disabled = not neighbours[0], not neighbours[1]
            for word, button in self.buttons.items():
                button.tooltip = f"{name}: {word}"
            self.why.value = why(suggestion) if suggestion else ""
            step = suggestion.step if suggestion else None
            self.use.layout.display = "" if step is not None and step.field is not None else "none"
            self.use.description = f"Use: {step.words}" if step else "Use"
            self.use.tooltip = f"Fill in the suggestion for {name}; nothing is signed"
        finally:
            self._is_showing = False

    def _edited(self, *what: Any) -> None:
        if not self._is_showing:
            self._on_edit(self.exercise_id, *what)


def _point(control: NumberField, dose: Dose, name: str) -> None:
    control.show(
        value=dose.value,
        minimum=dose.minimum,
        maximum=dose.maximum,
        step=dose.reach.step,
        slider_low=dose.reach.low,
        slider_high=dose.reach.high,
        label=f"{name}: {dose.name}",
        short_label=dose.name.capitalize(),
        unit=dose.unit,
        was=dose.was,
        has_was=True,
    )


def why(suggestion: Suggestion) -> str:
    """Return a suggestion with its rule, its inputs with dates, and its nearest alternatives."""
    inputs = table(
        ["Input", "Value", "From", "Readings"],
        [(one.label, one.value, one.dates or (one.reason or "–").replace("_", " "), one.n) for one in suggestion.inputs],
        caption=f"What rule {suggestion.rule_id} looked at (rules {suggestion.rules_version})",
    )
    others = "".join(element("li", text(one)) for one in suggestion.alternatives)
    details = element(
        "details",
        element("summary", text("Why: inputs and alternatives")),
        inputs,
        element("ul", others, css="pta-list") if others else "",
    )
    head = element("strong", text(f"{suggestion.headline} (rule {suggestion.rule_id})"))
    note = element("em", text(suggestion.note))
    return element("div", f"{head}. {text(suggestion.sentence)} {note}", details, css="pta-why")
