"""What a page needs to draw figures by itself: plotly.js once, and each figure as inert data."""

import json

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from ptanalytics.charts.theme import CHART_CONFIG, TITLE_PX

#: A page to read and print: no buttons over the titles.
_PAGE_CONFIG = {**CHART_CONFIG, "displayModeBar": False}


def plotly_script() -> str:
    """Return plotly.js, to be placed once in a page."""
    return str(get_plotlyjs())


def figure_data(figure: go.Figure) -> str:
    """Return a figure as JSON that is safe inside a ``<script type="application/json">`` element."""
    parts = json.loads(figure.to_json())
    text = json.dumps({"data": parts["data"], "layout": parts["layout"], "config": _PAGE_CONFIG}, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def with_height(figure: go.Figure, height_px: int) -> go.Figure:
    """Return a copy of a figure at another height, its legend still under the title."""
    copy = go.Figure(figure)
    copy.update_layout(height=height_px, legend={"y": 1 - (TITLE_PX - 2) / height_px})
    return copy
