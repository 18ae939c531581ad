"""What is filtered at the moment, each with a button that takes it away."""

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets as tl

from ptanalytics.apps.widgets.assets import asset


class Chips(anywidget.AnyWidget):
    """A list of short texts, each a button that removes it.

    Args:
        on_remove: Called with the key of the chip that was pressed.
    """

    _esm = asset("chips.js")

    #: ``{"key": ..., "text": ...}`` each.
    items = tl.List(tl.Dict()).tag(sync=True)
    empty_text = tl.Unicode("No filters.").tag(sync=True)

    def __init__(self, *, on_remove: Callable[[str], None], **traits: Any) -> None:
        super().__init__(**traits)
        self._on_remove = on_remove
        self.on_msg(self._hear)

    def _hear(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        key = content.get("remove")
        if any(item["key"] == key for item in self.items):
            self._on_remove(str(key))
