"""How adherence is spread over a cohort."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.theme import BLUE, INK, PALE_BLUE, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import count_text, day_text, listed, number_text, reason_text
from ptanalytics.schemas.results import AdherenceSummary
from ptanalytics.settings import Settings, default_settings

_BIN_PCT = 10


def plot_adherence_distribution(summary: Any, *, settings: Settings | None = None) -> go.Figure:
    """Draw how many patients have which adherence over their whole window, in steps of 10 %, with the adherent cut.

    A patient with exactly 80 % stands in the bar from 80 to 90; values of 100 % and more stand in the last bar. Patients
    without a percentage are not drawn and are counted in the footnote.

    Args:
        summary: Table `AdherenceSummary`, pandas or Polars.
        settings: Source of the cut shown; the defaults if not given.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column of `AdherenceSummary` is absent.
    """
    rows = rows_of(summary, AdherenceSummary)
    title = "Adherence over the whole window"
    known = rows.filter(pl.col("adherence_pct").is_not_null())
    missing = rows.filter(pl.col("adherence_pct").is_null()).group_by("reason").len().sort("len", descending=True)
    left_out = listed(f"{n} with {reason_text(reason) or 'no reason given'}" for reason, n in missing.rows())
    if known.is_empty():
        return nothing_to_draw(title, f"No patient has an adherence. Left out: {left_out or 'nobody'}.")
    cut = 100 * (settings or default_settings()).adherence.adherent_cut
    last = 100 // _BIN_PCT
    places = known.select(place=(pl.col("adherence_pct") // _BIN_PCT).clip(0, last).cast(pl.Int32))["place"]
    counts = [int((places == place).sum()) for place in range(last + 1)]
    labels = [f"{place * _BIN_PCT} to under {(place + 1) * _BIN_PCT} %" for place in range(last)] + ["100 % or more"]
    figure = new_figure()
    figure.add_bar(
        x=[place * _BIN_PCT + _BIN_PCT / 2 for place in range(last + 1)],
        y=counts,
        width=_BIN_PCT * 0.92,
        marker={"color": PALE_BLUE, "line": {"color": BLUE, "width": 1}},
        customdata=[[label] for label in labels],
        hovertemplate="%{customdata[0]}: %{y} patients<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(
        shapes=[{"type": "line", "x0": cut, "x1": cut, "yref": "paper", "y0": 0, "y1": 1,
                 "line": {"color": INK, "dash": "dash", "width": 1.5}}],
        annotations=[{"x": cut, "yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False,
                      "text": f"adherent from {number_text(cut, 0)} %"}],
        xaxis={"range": [0, 110], "tickvals": list(range(0, 101, 20))},
        yaxis={"rangemode": "tozero", "tickformat": "d"},
    )  # fmt: skip
    adherent = int((known["adherence_pct"] >= cut).sum())
    median = known["adherence_pct"].median()
    definition = known["definition"].item(0).replace("_", " ")
    first, final = known["from_date"].min(), known["to_date"].max()
    window = f"windows of their own between {day_text(first)} and {day_text(final)}"  # type: ignore[arg-type]
    return style(
        figure,
        title=title,
        notes=[
            f"n = {count_text(known.height, 'patient')}, {window}; {definition} definition. Last bar: 100 % and more.",
            f"Not drawn: {left_out}." if left_out else "Nobody left out.",
        ],
        x_title="Sessions done of those prescribed, % (right is better)",
        y_title="Patients",
        height=340,
        alt=f"{title}: median {number_text(median, 0)} % of prescribed sessions, {adherent} of "  # type: ignore[arg-type]
        f"{count_text(known.height, 'patient')} at {number_text(cut, 0)} % or more. Left out: {left_out or 'nobody'}.",
    )
