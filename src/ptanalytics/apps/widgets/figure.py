"""A chart that is redrawn in place."""

from typing import Any

import anywidget
import traitlets as tl

from ptanalytics.apps.widgets.assets import asset
from ptanalytics.apps.widgets.runtime import LIBRARY, runtime

#: No button that sends the chart to a server, no logo; what is left works without a network.
CONFIG = {
    "displaylogo": False,
    "showSendToCloud": False,
    "showLink": False,
    "plotlyServerURL": "",
    "modeBarButtonsToRemove": ["sendDataToCloud", "sendChartToCloud", "select2d", "lasso2d", "autoScale2d"],
    "toImageButtonOptions": {"format": "svg"},
}


class ChartWidget(anywidget.AnyWidget):
    """Show a plotly figure and replace it in place with `update_from`.

    The whole figure is one synchronised trait, so a page that reloads or connects late draws the same chart, and a
    redraw is one message whatever changed (traces, shapes, annotations). plotly.js comes from the page's one copy.

    Args:
        figure: What to show first; nothing is shown without one.
        name: Short name of the chart on its page; the element carries it as ``data-chart``.
        alt: What a screen reader says; otherwise the figure's ``meta`` text or its title.
    """

    _esm = asset("chart.js").replace("__LIBRARY__", LIBRARY)

    figure_json = tl.Unicode("").tag(sync=True)
    name = tl.Unicode("").tag(sync=True)
    alt = tl.Unicode("").tag(sync=True)
    config = tl.Dict(CONFIG).tag(sync=True)

    def __init__(self, figure: Any = None, *, name: str = "", alt: str = "", **traits: Any) -> None:
        runtime()
        self.figure: Any = None
        super().__init__(name=name, alt=alt, **traits)
        self.add_class("pta-chart")
        if figure is not None:
            self.update_from(figure)

    def update_from(self, figure: Any, *, alt: str = "") -> None:
        """Show another figure in the same place; the browser changes only what differs."""
        self.figure = figure
        with self.hold_sync():
            self.figure_json = figure.to_json()
            self.alt = alt or self.alt
