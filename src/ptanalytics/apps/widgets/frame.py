"""The page every app sits on: title, badge, data line, help, alert, status line, and room for the app."""

from collections.abc import Sequence
from typing import Any

import ipywidgets as ipw

from ptanalytics.apps.widgets.alert import Alert, StatusLine
from ptanalytics.apps.widgets.assets import asset
from ptanalytics.apps.widgets.closing import close_deep
from ptanalytics.apps.widgets.keys import Keys
from ptanalytics.apps.widgets.markup import element, text


class Frame(ipw.VBox):  # type: ignore[misc]
    """A titled page. ``body`` takes the app's own widgets, ``actions`` the buttons beside the title.

    Args:
        title: Name of the app.
        data_line: What data is shown, in one line.
        is_synthetic: Whether a badge says that the patients are invented.
        help_html: Markup of ours, shown when Help is opened.
        actions: Buttons beside the title.
    """

    def __init__(
        self, *, title: str, data_line: str, is_synthetic: bool, help_html: str, actions: Sequence[ipw.Widget] = ()
    ) -> None:
        self._title, self._is_synthetic = title, is_synthetic
        self.header = ipw.HTML(self._heading(data_line))
        self.actions = ipw.HBox(list(actions))
        self.alert, self.status = Alert(), StatusLine()
        self.help = ipw.HTML(element("details", element("summary", "Help"), help_html, css="pta-help"))
        self.body = ipw.VBox()
        top = ipw.HBox([self.header, self.actions])
        for widget, name in ((top, "pta-top"), (self.actions, "pta-actions"), (self.body, "pta-body")):
            widget.add_class(name)
        styles = ipw.HTML(f"<style>{asset('style.css')}</style>")
        keys = Keys(on_undo=self.undo)
        super().__init__([styles, keys, top, self.help, self.alert, self.status, self.body])
        self.add_class("pta-app")

    def undo(self) -> None:
        """Take back the last change; an app that can says which."""

    def say_data(self, data_line: str) -> None:
        """Change the line that says what data is shown."""
        self.header.value = self._heading(data_line)

    def close_all(self) -> None:
        """Close the app and everything in it; the kernel keeps nothing of it."""
        close_deep(self)

    def _heading(self, data_line: str) -> str:
        badge = element("span", "SYNTHETIC", css="pta-badge", title="Invented patients") if self._is_synthetic else ""
        return element("h2", text(self._title), badge) + element("p", text(data_line), css="pta-data")

    def _repr_keys(self) -> Any:
        """Show no values in a printed representation: they may be a patient's."""
        return iter(())
