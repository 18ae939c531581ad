"""Funnel of sites: each site's share of responders against its number of patients and the limits of chance."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.theme import BLUE, GREY, INK, VERMILLION, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import count_text, number_text, plain, share_text
from ptanalytics.schemas.statistics_results import SiteFunnel

_LOOKS = {
    "inside": ("inside the limits", BLUE, "circle"),
    "outside_95": ("outside the 95 % limits", VERMILLION, "diamond-open"),
    "outside_998": ("outside the 99.8 % limits", VERMILLION, "x"),
}
_LABELLED = 12


def plot_site_funnel(funnel: Any, *, title: str = "Responders by site") -> go.Figure:
    """Draw sites as a funnel, not as a league table: the limits say how far small sites scatter by chance.

    Args:
        funnel: Table `SiteFunnel`, pandas or Polars.
        title: First line.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column is absent.
    """
    rows = rows_of(funnel, SiteFunnel).sort("n")
    known = rows.filter(pl.col("share_pct").is_not_null())
    if known.is_empty():
        return nothing_to_draw(
            title, "No funnel can be drawn: no site has patients to judge, or all of them responded alike."
        )
    figure = new_figure()
    _add_limits(figure, known)
    for position, look in _LOOKS.items():
        part = known.filter(pl.col("position") == position)
        if not part.is_empty():
            _add_sites(figure, part, look, is_labelled=known.height <= _LABELLED)
    target = known["target_pct"].item(0)
    figure.add_hline(y=target, line={"color": INK, "width": 1.2})
    dispersion = known["overdispersion"].item(0)
    n_patients = count_text(int(known["n"].sum()), "patient")
    notes = [f"n = {n_patients}. Line: share over all {count_text(known.height, 'site')}, {number_text(target, 0)} %."]
    if dispersion is not None and dispersion > 1:
        notes.append(f"Sites vary more than chance; limits are widened for it (variance x {number_text(dispersion, 1)}).")
    notes += [note.capitalize() + "." for note in known["notes"].drop_nulls().unique()]
    notes.append("Outside the limits is a reason to look, not a verdict: who is referred where differs.")
    largest = float(known["n"].max() or 0)  # type: ignore[arg-type]
    figure.update_xaxes(range=[0, 1.12 * largest])
    top = max(102.0, float(known["share_pct"].max() or 0) + 5)  # type: ignore[arg-type]
    figure.update_yaxes(range=[-2, top], dtick=20, ticksuffix=" %")
    outside = known.filter(pl.col("position") != "inside").height
    return style(
        figure,
        title=title,
        x_title="Patients of the site",
        y_title="Share of responders, at equal baselines\n(up is better)",
        notes=notes,
        alt=f"{title}: {outside} of {known.height} sites lie outside the 95 % limits. {' '.join(notes)}",
        height=430,
    )


def _add_limits(figure: go.Figure, rows: pl.DataFrame) -> None:
    looks = (("95", "95 % limits", "dash", 1.5), ("998", "99.8 % limits", "dot", 1.5))
    sizes = rows.unique("n", maintain_order=True)
    for name, words, dash, width in looks:
        for side in ("lower", "upper"):
            figure.add_scatter(
                x=sizes["n"].to_list(), y=sizes[f"{side}{name}_pct"].to_list(), mode="lines+markers" if sizes.height == 1
                else "lines", line={"color": GREY, "dash": dash, "width": width}, name=words,
                showlegend=side == "lower", legendgroup=name, hoverinfo="skip", marker={"symbol": "line-ew-open"},
            )  # fmt: skip


def _add_sites(figure: go.Figure, part: pl.DataFrame, look: tuple[str, str, str], *, is_labelled: bool) -> None:
    words, colour, symbol = look
    names = [plain(name) for name in part["site"]]
    figure.add_scatter(
        x=part["n"].to_list(), y=part["share_pct"].to_list(), name=words,
        mode="markers+text" if is_labelled else "markers", text=names, textposition="top center",
        textfont={"size": 11, "color": INK}, marker={"symbol": symbol, "size": 10, "color": colour, "line": {"width": 2}},
        customdata=[[name, plain(share_text(row["responders"], row["n"])), number_text(row["expected"])]
                    for name, row in zip(names, part.iter_rows(named=True), strict=True)],
        hovertemplate="%{customdata[0]}: %{customdata[1]} responded, %{customdata[2]} expected<extra></extra>",
    )  # fmt: skip
