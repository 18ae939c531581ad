"""Several of a list, by tick boxes."""

from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets as tl

from ptanalytics.apps.widgets.assets import asset


class ChoiceField(anywidget.AnyWidget):
    """Tick boxes under one name. Nothing ticked means no restriction, which the label says.

    Args:
        label: Name of the group.
        options: ``{"value": ..., "label": ..., "n": ...}`` each; labels are shown as text, whatever they hold.
    """

    _esm = asset("choice_field.js")

    label = tl.Unicode("").tag(sync=True)
    options = tl.List(tl.Dict()).tag(sync=True)
    value = tl.List(tl.Unicode()).tag(sync=True)

    def __init__(self, *, label: str, options: Sequence[dict[str, Any]], **traits: Any) -> None:
        super().__init__(label=label, options=list(options), **traits)
        self.add_class("pta-choice")
