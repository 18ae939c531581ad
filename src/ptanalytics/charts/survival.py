"""Kaplan-Meier curves with limits and the table of numbers at risk."""

import textwrap
from typing import Any

import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.side_labels import with_label_room
from ptanalytics.charts.theme import BLUE, GREEN, GREY, INK, PURPLE, VERMILLION, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import count_text, number_text, plain
from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.statistics_results import LogRankTest, NumbersAtRisk, SurvivalCurve, SurvivalSummary

_LOOKS = ((BLUE, "solid"), (VERMILLION, "dash"), (GREEN, "dot"), (PURPLE, "dashdot"), (GREY, "longdash"))
_ROW_PX = 19


def plot_survival(
    curve: Any,
    at_risk: Any,
    *,
    summary: Any = None,
    log_rank: Any = None,
    event: str = "stopped",
    is_event_good: bool = False,
) -> go.Figure:
    """Draw the share with the event over time, per group, with its limits and who is still at risk under it.

    A good event (an important improvement) rises; a bad one (stopping) is drawn as the share without it. Ticks are
    censorings.

    Args:
        curve: Table `SurvivalCurve`, pandas or Polars.
        at_risk: Table `NumbersAtRisk`; no curve without it.
        summary: Table `SurvivalSummary`, for medians in words.
        log_rank: Table `LogRankTest`, for the p value in words.
        event: What happened, in words after "time until patients", e.g. ``reached an important improvement``.
        is_event_good: True draws the share with the event, up is better; False the share without it, up is better.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column is absent.
        InvalidTableError: There are more than five groups.
    """
    rows, risk = rows_of(curve, SurvivalCurve), rows_of(at_risk, NumbersAtRisk)
    title = f"Time until patients {event}"
    if rows.is_empty() or rows["n_at_risk"].max() == 0:
        return nothing_to_draw(title, "There is no curve: nobody has a time to the event.")
    groups = rows["group"].unique(maintain_order=True).to_list()
    if len(groups) > len(_LOOKS):
        raise InvalidTableError("plot_survival shows up to five groups; draw fewer, or one figure each.")
    figure = new_figure()
    for group, look in zip(groups, _LOOKS, strict=False):
        part = rows.filter(pl.col("group").eq_missing(pl.lit(group, dtype=pl.String)))
        _add_group(figure, part, _label(group), look, is_event_good)
    n_rows = _add_risk_table(figure, risk, groups)
    days = float(rows["time_days"].max() or 0)  # type: ignore[arg-type]
    figure.update_xaxes(range=[-0.02 * days, 1.04 * days], tickvals=risk["time_days"].unique().sort().to_list())
    figure.update_yaxes(range=[-2, 104], dtick=20, ticksuffix=" %")
    words = _words(summary, log_rank)
    share = f"Share of patients who {event}" if is_event_good else f"Share of patients who have not {event}"
    style(
        figure,
        title=title,
        x_title="Days since the start",
        y_title="\n".join([*textwrap.wrap(share, 34), "(up is better)"]),
        notes=[*words, "Kaplan-Meier with 95 % log-log limits; ticks are patients censored (followed no longer)."],
        alt=f"{title}, {len(groups)} {'group' if len(groups) == 1 else 'groups'}. {' '.join(words)}",
        height=430 + _ROW_PX * n_rows,
        note_gap_px=66 + _ROW_PX * n_rows,
    )
    figure.update_layout(legend={"traceorder": "normal"})
    return with_label_room(figure, 120)


def _label(group: str | None) -> str:
    return "All patients" if group is None else str(group)


def _add_group(figure: go.Figure, part: pl.DataFrame, label: str, look: tuple[str, str], is_event_good: bool) -> None:
    colour, dash = look
    sign, base = (-100, 100) if is_event_good else (100, 0)
    values = {name: (base + sign * part[name]).to_list() for name in ("survival", "lower", "upper")}
    days = part["time_days"].to_list()
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    known = [i for i, low in enumerate(values["lower"]) if low is not None]
    if known:
        for name, fill in (("lower", None), ("upper", "tonexty")):
            figure.add_scatter(
                x=[days[i] for i in known], y=[values[name][i] for i in known], mode="lines", hoverinfo="skip",
                line={"shape": "hv", "width": 0.5, "color": colour}, showlegend=False, fill=fill,
                fillcolor=f"rgba({red},{green},{blue},0.12)",
            )  # fmt: skip
    n = int(part["n_at_risk"].max() or 0)  # type: ignore[arg-type]
    figure.add_scatter(
        x=days, y=values["survival"], mode="lines", name=f"{plain(label)} (n = {n})",
        line={"shape": "hv", "color": colour, "dash": dash, "width": 2.5},
        customdata=part.select("n_at_risk", "n_events").rows(),
        hovertemplate="day %{x}: %{y:.0f} %<br>at risk %{customdata[0]}, events %{customdata[1]}<extra></extra>",
    )  # fmt: skip
    ticks = part["n_censored"] > 0
    figure.add_scatter(
        x=part.filter(ticks)["time_days"].to_list(),
        y=[value for value, is_tick in zip(values["survival"], ticks, strict=True) if is_tick],
        mode="markers", showlegend=False, hoverinfo="skip",
        marker={"symbol": "line-ns-open", "size": 8, "color": colour, "line": {"width": 1.5}},
    )  # fmt: skip


def _add_risk_table(figure: go.Figure, risk: pl.DataFrame, groups: list[str | None]) -> int:
    """Write who is at risk under the axis, one line per group; returns the lines."""
    place = {"showarrow": False, "yref": "paper", "y": 0, "yanchor": "top", "font": {"size": 11, "color": INK}}
    figure.add_annotation(
        place | {"xref": "paper", "x": 0, "xanchor": "right", "xshift": -14, "yshift": -50, "text": "<b>At risk</b>"}
    )  # fmt: skip
    for line, (group, look) in enumerate(zip(groups, _LOOKS, strict=False), start=1):
        shift = -50 - _ROW_PX * line
        label = _label(group)
        short = label if len(label) <= 16 else f"{label[:15]}…"
        figure.add_annotation(
            place | {"xref": "paper", "x": 0, "xanchor": "right", "xshift": -14, "yshift": shift, "text": plain(short),
                     "font": {"size": 11, "color": look[0]}}
        )  # fmt: skip
        part = risk.filter(pl.col("group").eq_missing(pl.lit(group, dtype=pl.String)))
        for row in part.iter_rows(named=True):
            figure.add_annotation(
                place | {"xref": "x", "x": row["time_days"], "xanchor": "center", "yshift": shift,
                         "text": str(row["n_at_risk"])}
            )  # fmt: skip
    return len(groups) + 1


def _words(summary: Any, log_rank: Any) -> list[str]:
    words = []
    if summary is not None:
        for row in rows_of(summary, SurvivalSummary).iter_rows(named=True):
            median = "median not reached"
            if row["median_days"] is not None:
                upper = "not reached" if row["upper_days"] is None else number_text(row["upper_days"], 0)
                lower = "–" if row["lower_days"] is None else number_text(row["lower_days"], 0)
                median = f"median {number_text(row['median_days'], 0)} days (95 % interval {lower} to {upper})"
            out = f", {row['n_excluded']} not at risk and left out" if row["n_excluded"] else ""
            words.append(f"{_label(row['group'])}: {count_text(row['n_events'], 'event')} in {row['n']}{out}; {median}.")
    if log_rank is not None:
        p_value = rows_of(log_rank, LogRankTest)["p_value"].drop_nulls()
        if not p_value.is_empty():
            p = p_value.item(0)
            text = "p < 0.001" if p < 0.001 else f"p = {number_text(p, 3)}"
            words.append(f"Log-rank {text}; unless groups were drawn by lot, a difference is not an effect.")
    return words
