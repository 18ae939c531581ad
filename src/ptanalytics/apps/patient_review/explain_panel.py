"""The control 'Where does this number come from?': choose a number, read its readings and arithmetic."""

from collections.abc import Callable, Sequence

import ipywidgets as ipw

from ptanalytics.apps.patient_review.explanations import Key
from ptanalytics.apps.widgets.markup import element, text

QUESTION = "Where does this number come from?"
_NOTHING = ""
_NONE = "There is no such number for this patient: nothing of the kind was recorded or found."


class ExplainPanel(ipw.VBox):  # type: ignore[misc]
    """Two choices, kind of number and which of them, and what stands behind it. It asks, and is told what to show.

    Args:
        on_number: Called with the kind of number chosen; it answers with `offer`.
        on_choose: Called with kind and key of the number chosen; it answers with `show_html`.
    """

    def __init__(self, *, on_number: Callable[[str], None], on_choose: Callable[[str, Key], None]) -> None:
        self._on_number, self._on_choose = on_number, on_choose
        self._is_filling = False
        wide = {"width": "430px"}
        self.number = ipw.Dropdown(description="Number", tooltip="Kind of number", layout=wide)
        self.which = ipw.Dropdown(description="Which", tooltip="Which of these numbers", layout=wide)
        self.explanation = ipw.HTML()
        self.number.observe(lambda change: self._number_chosen(change["new"]), "value")
        self.which.observe(lambda change: self._which_chosen(change["new"]), "value")
        row = ipw.HBox([self.number, self.which])
        row.layout.flex_flow = "row wrap"
        super().__init__([ipw.HTML(element("h3", text(QUESTION))), row, self.explanation])

    def reset(self, numbers: Sequence[tuple[str, str]]) -> None:
        """Begin anew with another patient: nothing is chosen."""
        self._is_filling = True
        self.number.options = [("choose a number", _NOTHING), *numbers]
        self.number.value = _NOTHING
        self._empty()
        self._is_filling = False

    def offer(self, number: str, choices: Sequence[tuple[str, Key]], key: Key | None = None) -> None:
        """Offer the patient's numbers of a kind and choose one of them, the first unless a key is given."""
        self._is_filling = True
        self.number.value = number
        self.which.options = choices
        self.which.layout.display = "" if len(choices) > 1 else "none"
        keys = [one for _, one in choices]
        self.which.value = key if key in keys else keys[0] if keys else None
        self._is_filling = False
        if choices:
            self._on_choose(number, self.which.value)
        else:
            self.explanation.value = element("p", text(_NONE))

    def show_html(self, html: str) -> None:
        """Show an explanation."""
        self.explanation.value = element(
            "div", html, css="pta-explained", role="region", tabindex="0", aria_label="Explanation of the number"
        )

    def _number_chosen(self, number: str) -> None:
        if self._is_filling:
            return
        if number == _NOTHING:
            self._is_filling = True
            self._empty()
            self._is_filling = False
        else:
            self._on_number(number)

    def _which_chosen(self, key: Key | None) -> None:
        if not self._is_filling and key is not None:
            self._on_choose(self.number.value, key)

    def _empty(self) -> None:
        self.which.options = []
        self.which.layout.display = "none"
        self.explanation.value = ""
