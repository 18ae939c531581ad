"""Recorded red flags that nobody has resolved, on top of the page, with the way to resolve them."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as ipw

from ptanalytics.apps.widgets.markup import element, text

Resolve = Callable[[dict[str, Any], str, str, str], None]


class FlagBanner(ipw.VBox):  # type: ignore[misc]
    """Say which recorded flags are unresolved; resolving one asks for who, role and a note.

    Args:
        on_resolve: Called with the flag, who, role and note.
    """

    def __init__(self, *, on_resolve: Resolve) -> None:
        self._on_resolve = on_resolve
        self._flags: list[dict[str, Any]] = []
        self.words = ipw.HTML()
        self.which = ipw.Dropdown(description="Flag", layout={"width": "420px"})
        self.who = ipw.Text(description="Who", placeholder="code or initials")
        self.role = ipw.Text(description="Role", placeholder="e.g. physical therapist")
        self.note = ipw.Text(description="Note", placeholder="how it was resolved", layout={"width": "420px"})
        self.button = ipw.Button(description="Mark as resolved")
        self.button.on_click(self._pressed)
        form = ipw.HBox([self.which, self.who, self.role, self.note, self.button])
        form.layout.flex_flow = "row wrap"
        super().__init__([self.words, form])
        self.add_class("pta-banner")

    def show(self, flags: Sequence[dict[str, Any]]) -> None:
        """Show these flags; without any the banner is not there."""
        self._flags = list(flags)
        self.layout.display = "" if flags else "none"
        items = (element("li", text(_words(flag))) for flag in flags)
        title = element("strong", text("Recorded flag unresolved. Review it before the plan is made harder."))
        self.words.value = element("div", title, element("ul", *items, css="pta-list"), role="note") if flags else ""
        self.which.options = [(_words(flag), place) for place, flag in enumerate(flags)]
        self.which.value = 0 if flags else None
        self.note.value = ""

    def _pressed(self, _button: Any) -> None:
        if self.which.value is not None:
            self._on_resolve(self._flags[self.which.value], self.who.value, self.role.value, self.note.value)


def _words(flag: dict[str, Any]) -> str:
    recorder = f" by {flag['recorder']}" if flag["recorder"] else ""
    return f"{flag['label']} ({flag['display_class']}), recorded {flag['recorded_at']:%d %b %Y}{recorder}"
