"""How every figure looks: colours that pass on white, words on the axes, a footnote with n and window, a text summary.

Every line, marker and outline colour has a contrast of at least 3:1 on white (WCAG 1.4.11) and is never the only
difference: a dash, a marker, a pattern or a word goes with it. Fill colours are pale and always outlined.
"""

import math
import textwrap
from collections.abc import Sequence
from functools import cache
from typing import Any

import plotly.graph_objects as go
import plotly.io as pio

from ptanalytics.charts.wording import plain

INK = "#1A1A1A"
MUTED = "#5F5F5F"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#00845F"
PURPLE = "#A04A7B"
GREY = "#737373"
#: Lines, markers, outlines and text.
COLOURS = {
    "ink": INK, "muted": MUTED, "blue": BLUE, "vermillion": VERMILLION, "green": GREEN, "purple": PURPLE, "grey": GREY,
}  # fmt: skip

PALE_BLUE = "#D3E5F2"
PALE_GREY = "#EEEEEE"
PALE_ORANGE = "#FBE4D3"
GRID = "#E6E6E6"

#: No upload button, no remote server, no logo. Passed wherever a figure becomes a page or a widget.
CHART_CONFIG: dict[str, Any] = {
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "displaylogo": False,
    "responsive": True,
    "topojsonURL": "",
}
REMOVED_BUTTONS = ["sendChartToCloud", "sendDataToCloud", "editInChartStudio"]

FONT_FAMILY = "system-ui, 'Segoe UI', 'Liberation Sans', 'DejaVu Sans', Arial, sans-serif"
TEMPLATE_NAME = "ptanalytics"
_NOTE_CHARACTERS = 108
#: Narrow enough for two charts side by side in an app.
_SENTENCE_CHARACTERS = 58
_NOTE_LINE_PX = 15
TITLE_PX = 40
#: From the left edge to the title and the footnote.
EDGE_PX = 14
_LEFT_PX = 60
_TITLE_LINE_PX = 24
_LEGEND_ROW_PX = 21
_LEGEND_ROW_CHARACTERS = 88


@cache
def theme() -> go.layout.Template:
    """Return the plotly template of all figures, and register it under its name on first use."""
    axis = {
        "showgrid": True, "gridcolor": GRID, "zeroline": False, "showline": True, "linecolor": GREY, "ticks": "outside",
        "tickcolor": GREY, "automargin": True, "title": {"standoff": 8, "font": {"size": 13}},
    }  # fmt: skip
    template = go.layout.Template(
        layout={
            "paper_bgcolor": "white",
            "plot_bgcolor": "white",
            "colorway": [BLUE, VERMILLION, GREEN, PURPLE, GREY],
            "font": {"family": FONT_FAMILY, "size": 12, "color": INK},
            "title": {"x": 0, "xref": "container", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top",
                      "pad": {"l": 12, "t": 12}, "font": {"size": 15, "weight": 600}},
            "xaxis": axis,
            "yaxis": axis,
            "legend": {"orientation": "h", "x": 0, "xanchor": "left", "font": {"size": 11}, "itemsizing": "trace",
                       "title": {"text": ""}},
            "hoverlabel": {"bgcolor": "white", "bordercolor": GREY, "font": {"color": INK}, "align": "left"},
            "modebar": {"remove": REMOVED_BUTTONS, "color": GREY, "activecolor": INK, "bgcolor": "rgba(255,255,255,0.8)"},
            "separators": ".,",
            "dragmode": "zoom",
        }
    )  # fmt: skip
    pio.templates[TEMPLATE_NAME] = template
    return template


def new_figure() -> go.Figure:
    """Return an empty figure in the theme."""
    return go.Figure(layout={"template": theme()})


def style(
    figure: go.Figure,
    *,
    title: str,
    alt: str,
    notes: Sequence[str] = (),
    x_title: str = "",
    y_title: str = "",
    height: int = 380,
    note_gap_px: int = 48,
) -> go.Figure:
    """Put title, axis words, footnote and text summary on a figure. All texts are plain text and are escaped here.

    Args:
        figure: The figure to finish; it is changed and returned.
        title: What is shown, for whom.
        alt: One or two sentences that say what a person who cannot see the figure needs (``layout.meta["alt"]``).
        notes: Sentences under the figure: n, window, what is left out.
        x_title: Words on the x axis; empty leaves the axis as it is.
        y_title: Words on the y axis, with the direction of better; a line break starts a second line.
        height: Height of plot and words in pixels.
        note_gap_px: Room between the plot and the footnote, for tick labels and the axis title.
    """
    lines = textwrap.wrap(" ".join(notes), _NOTE_CHARACTERS)
    legend_rows = _legend_rows(figure)
    top = TITLE_PX + legend_rows * _LEGEND_ROW_PX + 12
    # A second line of words on the y axis needs room, or plotly moves the plot and the footnote with it.
    left = _LEFT_PX + _TITLE_LINE_PX * y_title.count("\n")
    bottom = note_gap_px + _NOTE_LINE_PX * len(lines) + 10
    figure.update_layout(
        title={"text": plain(title)},
        height=height,
        margin={"l": left, "r": 26, "t": top, "b": bottom},
        legend={"yref": "container", "y": 1 - (TITLE_PX - 2) / height, "yanchor": "top"},
        showlegend=legend_rows > 0,
        meta={"alt": " ".join(alt.split()), "notes": " ".join(notes)},
    )
    if x_title:
        figure.update_xaxes(title={"text": plain(x_title)})
    if y_title:
        figure.update_yaxes(title={"text": "<br>".join(plain(line) for line in y_title.split("\n"))})
    if lines:
        figure.add_annotation(
            name="note", text="<br>".join(plain(line) for line in lines), align="left", showarrow=False,
            xref="paper", x=0, xanchor="left", xshift=EDGE_PX - left, yref="paper", y=0, yanchor="top", yshift=-note_gap_px,
            font={"size": 11, "color": MUTED},
        )  # fmt: skip
    return figure


def _legend_rows(figure: go.Figure) -> int:
    names = [t.name for t in figure.data if getattr(t, "showlegend", False) is not False and t.name]
    characters = sum(len(name) + 9 for name in names)
    return math.ceil(characters / _LEGEND_ROW_CHARACTERS)


def nothing_to_draw(title: str, sentence: str, *, height: int = 220) -> go.Figure:
    """Return a figure that says in words what is missing, in place of empty axes."""
    figure = new_figure()
    figure.update_xaxes(visible=False, range=[0, 1])
    figure.update_yaxes(visible=False, range=[0, 1])
    figure.add_annotation(
        name="missing", text="<br>".join(map(plain, textwrap.wrap(sentence, _SENTENCE_CHARACTERS))), showarrow=False,
        x=0.5, y=0.5, xref="paper", yref="paper", font={"size": 13, "color": INK}, bordercolor=GREY, borderpad=10,
    )  # fmt: skip
    return style(figure, title=title, alt=f"{title}. {sentence}", height=height, note_gap_px=10)


def mark_synthetic(figure: go.Figure) -> go.Figure:
    """Put a badge on a figure drawn from generated data, and say it in its text summary."""
    # Above the plot, level with the title, where no mark can lie under it.
    above_px = (figure.layout.margin.t or TITLE_PX) - 8
    figure.add_annotation(
        name="synthetic", text="<b>SYNTHETIC DATA</b>", showarrow=False, xref="paper", x=1, xanchor="right", xshift=14,
        yref="paper", y=1, yanchor="top", yshift=above_px, font={"size": 11, "color": VERMILLION},
        bordercolor=VERMILLION, borderwidth=1, borderpad=3, bgcolor="rgba(255,255,255,0.85)",
    )  # fmt: skip
    alt = text_summary(figure)
    figure.update_layout(meta={**(figure.layout.meta or {}), "alt": f"Synthetic data. {alt}"})
    return figure


def text_summary(figure: go.Figure) -> str:
    """Return the sentence that stands for the figure where it cannot be seen."""
    return str((figure.layout.meta or {}).get("alt", ""))
