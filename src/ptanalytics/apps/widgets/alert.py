"""What the app says: one line of state, and a box when something went wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anywidget
import traitlets as tl

from ptanalytics.apps.widgets.assets import asset


class Alert(anywidget.AnyWidget):
    """A box that says what happened and what to do; empty it is not there.

    The text is set as text in the browser, so markup in it is shown, not run.
    """

    _esm = asset("alert.js")

    message = tl.Unicode("").tag(sync=True)
    to_do = tl.Unicode("").tag(sync=True)
    kind = tl.Enum(("error", "warning"), "error").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.add_class("pta-alert-place")

    def say(self, message: str, to_do: str = "", kind: str = "error") -> None:
        """Show a message, and what to do about it."""
        with self.hold_sync():
            self.message, self.to_do, self.kind = message, to_do, kind

    def clear(self) -> None:
        """Take the box away."""
        with self.hold_sync():
            self.message = self.to_do = ""


class StatusLine(anywidget.AnyWidget):
    """One line that a screen reader reads out when it changes."""

    _esm = asset("status.js")

    message = tl.Unicode("").tag(sync=True)
    is_busy = tl.Bool(False).tag(sync=True)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Show that work is going on; calls may nest."""
        if self.is_busy:
            yield
            return
        self.is_busy = True
        try:
            yield
        finally:
            self.is_busy = False
