"""Going from patient to patient: previous, next, and find by id."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as ipw


class PatientPicker(ipw.HBox):  # type: ignore[misc]
    """Buttons to the previous and next patient, and a box that completes a patient id.

    Args:
        patient_ids: Whom the box completes.
        on_step: Called with -1 or 1.
        on_find: Called with what was typed, when Enter is pressed or the box is left.
    """

    def __init__(
        self, patient_ids: Sequence[str], *, on_step: Callable[[int], None], on_find: Callable[[str], None]
    ) -> None:
        self.previous = ipw.Button(description="‹ Previous", tooltip="Previous patient")
        self.next = ipw.Button(description="Next ›", tooltip="Next patient")
        self.find = ipw.Combobox(
            description="Find",
            placeholder="patient id",
            options=list(patient_ids),
            continuous_update=False,
            layout=ipw.Layout(width="200px"),
            style={"description_width": "34px"},
        )
        self._on_find = on_find
        self.previous.on_click(lambda _: on_step(-1))
        self.next.on_click(lambda _: on_step(1))
        self.find.observe(self._found, "value")
        super().__init__([self.previous, self.next, self.find])

    def show(self, *, can_go_back: bool, can_go_on: bool) -> None:
        """Switch off a button that leads nowhere."""
        self.previous.disabled, self.next.disabled = not can_go_back, not can_go_on

    def _found(self, change: dict[str, Any]) -> None:
        if wanted := change["new"].strip():
            self._on_find(wanted)
            self.find.value = ""
