"""Keyboard inside an app belongs to the app."""

from collections.abc import Callable
from typing import Any

import anywidget

from ptanalytics.apps.widgets.assets import asset


class Keys(anywidget.AnyWidget):
    """Keep JupyterLab's one-letter shortcuts out of the app, and take Ctrl+Z as Undo.

    Without it an arrow key on a slider moves between notebook cells, and a letter typed on a focused button cuts or
    adds cells. Shortcuts with Ctrl or Cmd (save, find) still reach JupyterLab.

    Args:
        on_undo: Called for Ctrl+Z or Cmd+Z outside a text box.
    """

    _esm = asset("keys.js")

    def __init__(self, *, on_undo: Callable[[], None], **traits: Any) -> None:
        super().__init__(**traits)
        self._on_undo = on_undo
        self.on_msg(self._hear)
        self.layout.display = "none"

    def _hear(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content.get("undo"):
            self._on_undo()
