"""A number set by slider or by typing."""

from typing import Any

import anywidget
import traitlets as tl

from ptanalytics.apps.widgets.assets import asset


class NumberField(anywidget.AnyWidget):
    """A slider and a number box that hold one value; ``None`` is "not set", which a plain slider cannot say.

    Both are the browser's own inputs: named by the label, moved by the arrow keys. A typed value outside the range is
    refused with a sentence and does not reach Python; it is never clipped.

    Args:
        label: Name shown and read out, e.g. ``Bridge: repetitions``.
        short_label: What is shown where the row already names the exercise; the full label is still read out.
        unit: Unit shown after the box.
        was: The value before; shown when it differs from the present one.
    """

    _esm = asset("number_field.js")

    value = tl.Float(None, allow_none=True).tag(sync=True)
    minimum = tl.Float(0.0).tag(sync=True)
    maximum = tl.Float(10.0).tag(sync=True)
    #: Where the slider goes; the box takes everything from minimum to maximum.
    slider_low = tl.Float(0.0).tag(sync=True)
    slider_high = tl.Float(10.0).tag(sync=True)
    step = tl.Float(1.0).tag(sync=True)
    label = tl.Unicode("").tag(sync=True)
    short_label = tl.Unicode("").tag(sync=True)
    unit = tl.Unicode("").tag(sync=True)
    was = tl.Float(None, allow_none=True).tag(sync=True)
    has_was = tl.Bool(False).tag(sync=True)
    is_disabled = tl.Bool(False).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        ends = {"slider_low": traits.get("minimum", 0.0), "slider_high": traits.get("maximum", 10.0)}
        super().__init__(**(ends | traits))
        self.add_class("pta-number")

    @tl.validate("value")
    def _check_value(self, proposal: dict[str, Any]) -> float | None:
        """Refuse what is outside the range, wherever it comes from."""
        value: float | None = proposal["value"]
        if value is not None and not self.minimum <= value <= self.maximum:
            message = f"{self.label or 'the number'} must be between {self.minimum:g} and {self.maximum:g}"
            raise tl.TraitError(message)
        return value

    def show(self, *, value: float | None, minimum: float, maximum: float, step: float, **rest: Any) -> None:
        """Point the field at another quantity in one message."""
        with self.hold_sync():
            # The range is widened first: the old value may lie outside the new one and the other way round.
            self.minimum, self.maximum = min(self.minimum, minimum), max(self.maximum, maximum)
            self.value = value
            self.minimum, self.maximum, self.step = minimum, maximum, step
            for name, given in rest.items():
                setattr(self, name, given)
