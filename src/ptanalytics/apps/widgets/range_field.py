"""A range of numbers: from and to, either may be open."""

from typing import Any

import anywidget
import traitlets as tl

from ptanalytics.apps.widgets.assets import asset


class RangeField(anywidget.AnyWidget):
    """Two number boxes with a slider each, for a filter from a lowest to a highest value. ``None`` is "no limit".

    A lower limit above the upper one is refused with a sentence and does not reach Python.
    """

    _esm = asset("range_field.js")

    low = tl.Float(None, allow_none=True).tag(sync=True)
    high = tl.Float(None, allow_none=True).tag(sync=True)
    minimum = tl.Float(0.0).tag(sync=True)
    maximum = tl.Float(100.0).tag(sync=True)
    step = tl.Float(1.0).tag(sync=True)
    label = tl.Unicode("").tag(sync=True)
    unit = tl.Unicode("").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.add_class("pta-range")

    def show(self, low: float | None, high: float | None) -> None:
        """Set both limits in one message."""
        with self.hold_sync():
            self.low, self.high = low, high
