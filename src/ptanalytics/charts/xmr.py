"""Individuals chart (XmR) of one patient's daily pain: natural limits and special-cause signals."""

import datetime as dt
from typing import Any

import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.frames import one_patient, rows_of
from ptanalytics.charts.measures import axis_words
from ptanalytics.charts.theme import BLUE, GREEN, GREY, INK, PALE_GREY, VERMILLION, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import count_text, day_text, listed, number_text, reason_text
from ptanalytics.schemas.course_results import XmrLimits

TITLE = "Daily pain against this person's usual range"
_SIGNALS = {
    "above_limit": ("above the usual range", "triangle-up", VERMILLION),
    "run_above": ("long run above the centre", "triangle-up-open", VERMILLION),
    "below_limit": ("below the usual range", "triangle-down", GREEN),
    "run_below": ("long run below the centre", "triangle-down-open", GREEN),
}


def plot_xmr(limits: Any) -> go.Figure:
    """Draw one patient's daily pain with the natural limits and the days with a special cause.

    A signal says that something changed, not what. Limits beyond 0 or 10 are drawn at the end of the scale.

    Args:
        limits: Table `XmrLimits` of one patient, pandas or Polars.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        InvalidTableError: The table holds several patients.
        MissingColumnsError: A column is absent.
    """
    rows = rows_of(limits, XmrLimits)
    one_patient(rows, XmrLimits, "The XmR chart")
    if rows.is_empty():
        return nothing_to_draw(TITLE, "There is no pain value to show: no day has a rating of the chosen recall and site.")
    figure = new_figure()
    first = rows.row(0, named=True)
    days = rows["date"].to_list()
    span = f"{day_text(days[0])} to {day_text(days[-1])}"
    notes = [f"n = {count_text(len(rows), 'day')} with a value, {span}."]
    if first["centre"] is None:
        notes.append(
            f"No limits: {reason_text(first['reason'])} ({count_text(first['n_baseline'], 'day')} to compute them)."
        )
    else:
        _add_limits(figure, first, rows)
        notes.append(
            f"Limits from the first {count_text(first['n_baseline'], 'day')} with a value: mean "
            f"{number_text(first['centre'])}, usual range {number_text(first['lower'])} to {number_text(first['upper'])} "
            "(2.66 times the mean distance of neighbouring days). Signals say that something changed, not why."
        )
    _add_days(figure, rows)
    counts = _add_signals(figure, rows)
    figure.update_yaxes(range=[-0.4, 10.4], tickvals=list(range(0, 11, 2)))
    around = [days[0] - dt.timedelta(days=2), max(days[-1], days[0] + dt.timedelta(days=14)) + dt.timedelta(days=2)]
    figure.update_xaxes(hoverformat="%-d %b %Y", tickformat="%-d %b<br>%Y", range=around)
    said = listed(f"{count_text(n, 'day')} {words}" for words, n in counts) or "no signal"
    return style(
        figure,
        title=TITLE,
        y_title=axis_words("nprs"),
        notes=notes,
        alt=f"{TITLE}: {said}. {' '.join(notes)}",
        height=400,
        note_gap_px=46,
    )


def _add_limits(figure: go.Figure, first: dict[str, Any], rows: pl.DataFrame) -> None:
    low, high = max(0.0, first["lower"]), min(10.0, first["upper"])
    figure.add_hrect(y0=low, y1=high, fillcolor=PALE_GREY, line={"width": 0}, layer="below")
    ends = [rows["date"].to_list()[0], rows["date"].to_list()[-1]]
    lines = (
        (low, "limits of the usual range", GREY, "dash"),
        (high, "", GREY, "dash"),
        (first["centre"], "mean", INK, "solid"),
    )
    for value, words, colour, dash in lines:
        figure.add_scatter(
            x=ends, y=[value, value], mode="lines", name=words, showlegend=bool(words), hoverinfo="skip",
            line={"color": colour, "width": 1.4, "dash": dash},
        )  # fmt: skip
    last = rows.filter("is_baseline")["date"].to_list()[-1]
    if last < rows["date"].to_list()[-1]:
        edge = dt.datetime.combine(last, dt.time(12))
        figure.add_vline(x=edge, line={"color": GREY, "width": 1, "dash": "dot"}, layer="below")
        figure.add_annotation(
            x=edge, xanchor="right", xshift=-3, yref="paper", y=1, yanchor="top", text="days the limits come from",
            showarrow=False, font={"size": 10, "color": INK}, bgcolor="rgba(255,255,255,0.8)",
        )  # fmt: skip


def _add_days(figure: go.Figure, rows: pl.DataFrame) -> None:
    figure.add_scatter(
        x=rows["date"].to_list(), y=rows["pain_nprs"].to_list(), mode="lines+markers", name="day",
        line={"color": BLUE, "width": 1}, marker={"size": 5, "color": BLUE},
        hovertemplate="%{x}: %{y:.1f}<extra></extra>",
    )  # fmt: skip


def _add_signals(figure: go.Figure, rows: pl.DataFrame) -> list[tuple[str, int]]:
    counts = []
    for signal, (words, symbol, colour) in _SIGNALS.items():
        marked = rows.filter(pl.col("signal") == signal)
        if marked.is_empty():
            continue
        counts.append((words, len(marked)))
        figure.add_scatter(
            x=marked["date"].to_list(), y=marked["pain_nprs"].to_list(), mode="markers", name=f"{words}: {len(marked)}",
            marker={"symbol": symbol, "size": 11, "color": colour, "line": {"width": 1.6, "color": colour}},
            hovertemplate=f"%{{x}}: %{{y:.1f}}, {words}<extra></extra>",
        )  # fmt: skip
    return counts
