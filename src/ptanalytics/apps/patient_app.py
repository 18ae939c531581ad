"""The base of the apps about one patient at a time: going from patient to patient, and resolving recorded flags."""

from collections.abc import Sequence
from typing import Any

from ptanalytics.apps.app import App, slow
from ptanalytics.apps.patient_model import PatientModel
from ptanalytics.apps.widgets import FlagBanner, PatientPicker


class PatientApp(App):
    """An app over a `PatientModel`. It has the picker beside the title; a subclass places the banner.

    Args:
        model: State and rules.
        title: Name of the app.
        help_html: Markup of ours for the Help disclosure.
        actions: Buttons beside the picker.
    """

    model: PatientModel

    def __init__(self, model: PatientModel, *, title: str, help_html: str, actions: Sequence[Any]) -> None:
        self.picker = PatientPicker(model.results.patient_ids, on_step=self._step, on_find=self._find)
        self.banner = FlagBanner(on_resolve=self._resolve)
        super().__init__(
            model,
            title=title,
            data_line="",
            is_synthetic=model.study.is_synthetic,
            help_html=help_html,
            actions=[self.picker, *actions],
        )

    def show_patient(self) -> None:
        """Bring heading, picker and banner in line with the patient looked at."""
        self.say_data(self.model.heading())
        self.picker.show(can_go_back=self.model.can_step(-1), can_go_on=self.model.can_step(1))
        self.banner.show(self.model.flags())

    def flags_changed(self) -> None:
        """Bring what depends on the recorded flags in line with them; the banner is done already."""

    @slow
    def _step(self, by: int) -> None:
        self.model.step(by)

    @slow
    def _find(self, wanted: str) -> None:
        self.model.open(wanted)

    @slow
    def _resolve(self, flag: dict[str, Any], who: str, role: str, note: str) -> None:
        self.model.resolve(flag, who=who, role=role, note=note)
        self.banner.show(self.model.flags())
        self.flags_changed()
        self.status.message = f"The flag is marked as resolved by {who.strip()}."
