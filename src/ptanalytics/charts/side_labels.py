"""Horizontal charts with a line of words for each bar: room for the words, legend and footnote from the left edge."""

import textwrap

import plotly.graph_objects as go

from ptanalytics.charts.theme import EDGE_PX
from ptanalytics.charts.wording import plain


def wrapped(words: str, width: int) -> str:
    """Break a label into lines of at most ``width`` characters; the text is made safe."""
    return "<br>".join(plain(line) for line in textwrap.wrap(words, width)) or plain(words)


def with_side_labels(figure: go.Figure, n_lines: int, *, label_px: int) -> go.Figure:
    """Lay out a finished figure whose y axis carries ``n_lines`` labels, first on top.

    Args:
        figure: The figure after `style`; it is changed and returned.
        n_lines: Lines.
        label_px: Room for the labels.
    """
    figure.update_yaxes(range=[n_lines - 0.5, -0.5], showgrid=False, tickfont={"size": 11}, type="category", ticks="")
    figure.update_layout(margin={"r": 30}, legend={"xref": "container", "x": 0.01})
    return with_label_room(figure, label_px)


def with_label_room(figure: go.Figure, label_px: int) -> go.Figure:
    """Leave room for long labels left of a finished figure's plot, and keep its footnote at the left edge.

    Args:
        figure: The figure after `style`; it is changed and returned.
        label_px: Room for the labels.
    """
    figure.update_yaxes(automargin=False)
    figure.update_layout(margin={"l": label_px})
    figure.update_annotations(xshift=EDGE_PX - label_px, selector={"name": "note"})
    return figure
