"""Questionnaire scores of one patient: one small chart per instrument, with bands and the minimal important change."""

import datetime as dt
from typing import Any

import plotly.graph_objects as go
import polars as pl
from plotly.subplots import make_subplots

from ptanalytics.charts.frames import one_patient, rows_of
from ptanalytics.charts.measures import axis_words, better_words, value_words
from ptanalytics.charts.theme import BLUE, GREY, INK, PALE_GREY, VERMILLION, nothing_to_draw, style, theme
from ptanalytics.charts.wording import count_text, day_text, plain, reason_text
from ptanalytics.instruments import Instrument, measure_ids, mic_for
from ptanalytics.instruments import measure as measure_of
from ptanalytics.schemas.results import Baselines
from ptanalytics.schemas.tables import Scores
from ptanalytics.settings import Settings, default_settings

TITLE = "Questionnaires"
_SHORTEST_AXIS_DAYS = 28  # so that a single form does not fill the axis with one day


def plot_questionnaires(
    scores: Any, *, baselines: Any = None, measures: list[str] | None = None, settings: Settings | None = None
) -> go.Figure:
    """Draw one patient's scored questionnaires over time, one panel per instrument on its full scale.

    Published bands are shaded and named. With `baselines`, a dashed line marks the score at which the change from
    baseline reaches the minimal important change (MIC). A form without a score is a cross on the axis with the reason.

    Args:
        scores: Table `Scores` of one patient, pandas or Polars.
        baselines: Table `Baselines`.
        measures: Which instruments, in order; all in the table if not given.
        settings: Source of the MIC; the defaults if not given.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        InvalidTableError: The table holds several patients.
        MissingColumnsError: A column is absent.
    """
    rows = rows_of(scores, Scores)
    one_patient(rows, Scores, "The questionnaire chart")
    present = [name for name in measure_ids() if name in set(rows["instrument_id"])]
    names = present if measures is None else [name for name in measures if name in present]
    if not names:
        return nothing_to_draw(TITLE, "There is no questionnaire to show: no form of a known instrument was completed.")
    figure = make_subplots(rows=1, cols=len(names), horizontal_spacing=min(0.14, 0.4 / len(names)))
    figure.update_layout(template=theme())
    found = None if baselines is None else rows_of(baselines, Baselines)
    said = []
    for column, name in enumerate(names, start=1):
        panel = rows.filter(pl.col("instrument_id") == name)
        limit = _mic_limit(found, name, settings or default_settings())
        _draw_panel(figure, panel, measure_of(name), limit, column)
        said.append(_said(panel, name, limit))
    days = rows["completed_date"].sort().to_list()
    unknown = sorted(set(rows["instrument_id"]) - set(measure_ids()))
    notes = [
        f"n = {count_text(len(rows), 'form')}, {day_text(days[0])} to {day_text(days[-1])}.",
        "Dashed line: MIC reached, from the baseline." if found is not None else "No baseline given, so no MIC line.",
        f"{count_text(len(unknown), 'other instrument')} in the table not drawn." if unknown else "",
    ]
    return style(
        figure,
        title=TITLE,
        notes=[note for note in notes if note],
        alt=" ".join(said),
        height=330,
        note_gap_px=44,
    )


def _mic_limit(baselines: pl.DataFrame | None, name: str, settings: Settings) -> float | None:
    """The score at which the improvement from baseline equals the MIC, where it lies on the scale."""
    mic = mic_for(name, settings).value
    if baselines is None or mic is None:
        return None
    value = baselines.filter(pl.col("measure") == name)["baseline"].drop_nulls().to_list()
    if not value:
        return None
    known = measure_of(name)
    limit = value[0] - mic if known.direction == "lower_better" else value[0] + mic
    return float(limit) if known.minimum <= limit <= known.maximum else None


def _draw_panel(figure: go.Figure, rows: pl.DataFrame, known: Instrument, limit: float | None, column: int) -> None:
    low, high = known.minimum, known.maximum
    figure.add_scatter(
        x=rows["completed_date"].to_list(),
        y=rows["score"].to_list(),
        mode="lines+markers",
        connectgaps=False,  # a form without a score interrupts the line
        line={"color": BLUE, "width": 2},
        marker={"size": 8, "color": BLUE},
        showlegend=False,
        customdata=[[_hover(row, known.id)] for row in rows.iter_rows(named=True)],
        hovertemplate="%{customdata[0]}<extra></extra>",
        row=1,
        col=column,
    )
    missing = rows.filter(pl.col("score").is_null())
    if not missing.is_empty():
        figure.add_scatter(
            x=missing["completed_date"].to_list(), y=[low] * len(missing), mode="markers", showlegend=False,
            marker={"symbol": "x-thin", "size": 9, "color": VERMILLION, "line": {"width": 2, "color": VERMILLION}},
            customdata=[[_hover(row, known.id)] for row in missing.iter_rows(named=True)],
            hovertemplate="%{customdata[0]}<extra></extra>", row=1, col=column,
        )  # fmt: skip
    _shade_bands(figure, known, column)  # after the scores: plotly shades no empty panel
    if limit is not None:
        figure.add_hline(y=limit, line={"color": INK, "width": 1.5, "dash": "dash"}, row=1, col=column)
    pad = (high - low) * 0.04
    words = "<br>".join(plain(line) for line in axis_words(known.id).split("\n"))
    figure.update_yaxes(range=[low - pad, high + pad], title={"text": words, "standoff": 4}, row=1, col=column)
    days = rows["completed_date"].to_list()
    around = [days[0] - dt.timedelta(days=5), max(days[-1], days[0] + dt.timedelta(days=_SHORTEST_AXIS_DAYS))]
    around[1] += dt.timedelta(days=5)
    figure.update_xaxes(tickformat="%-d %b", nticks=4, showgrid=False, range=around, row=1, col=column)


def _shade_bands(figure: go.Figure, known: Instrument, column: int) -> None:
    lower = known.minimum
    for i, band in enumerate(known.bands):
        if band.upper - lower <= 0:
            continue
        if i % 2:
            figure.add_hrect(
                y0=lower, y1=band.upper, fillcolor=PALE_GREY, line={"width": 0}, layer="below", row=1, col=column
            )
        figure.add_annotation(
            xref="x domain", x=1, xanchor="right", y=band.upper, yanchor="top", text=plain(band.label.lower()),
            showarrow=False, font={"size": 9, "color": GREY}, row=1, col=column,
        )  # fmt: skip
        lower = band.upper


def _hover(row: dict[str, Any], name: str) -> str:
    lines = [day_text(row["completed_date"])]
    if row["score"] is None:
        lines.append(f"no score: {reason_text(row['reason']) or 'no reason given'}")
    else:
        lines.append(value_words(name, row["score"]))
        if row["is_prorated"]:
            lines.append(f"scored from {row['n_answered']} answered items")
    return "<br>".join(plain(line) for line in lines)


def _said(rows: pl.DataFrame, name: str, limit: float | None) -> str:
    known = measure_of(name)
    scored = rows.filter(pl.col("score").is_not_null())
    without = len(rows) - len(scored)
    if scored.is_empty():
        return f"{known.label}: {count_text(len(rows), 'form')}, none with a score."
    first, last = scored.row(0, named=True), scored.row(-1, named=True)
    words = (
        f"{known.label} ({better_words(name)}): {count_text(len(scored), 'score')}, {value_words(name, first['score'])} on "
        f"{day_text(first['completed_date'])}, {value_words(name, last['score'])} on {day_text(last['completed_date'])}"
    )
    if limit is not None:
        words += f", MIC reached at {value_words(name, limit)}"
    return words + (f"; {count_text(without, 'form')} without a score." if without else ".")
