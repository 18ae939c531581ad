"""Responder curve: the share of patients who improved by at least each percentage of their baseline."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.change_groups import choose_outcome
from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.theme import BLUE, GREY, INK, VERMILLION, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import count_text, listed, number_text, plain, share_text
from ptanalytics.instruments import measure as measure_of
from ptanalytics.schemas.results import ResponderCurve, ResponderShares
from ptanalytics.settings import Settings, default_settings

_POPULATIONS = {
    "completers": ("patients with a follow-up", BLUE, "solid", "circle"),
    "all_starters": ("all starters with a baseline", VERMILLION, "dash", "diamond-open"),
}


def plot_responder_curve(
    curve: Any,
    *,
    shares: Any = None,
    measure: str | None = None,
    target_week: int | None = None,
    settings: Settings | None = None,
) -> go.Figure:
    """Draw the cumulative responder curve for completers and for all starters.

    For all starters a patient without a follow-up counts as not having responded. With `shares`, the percent rule's
    share and its Wilson interval stand on the curve.

    Args:
        curve: Table `ResponderCurve`, pandas or Polars.
        shares: Table `ResponderShares`.
        measure: Which measure; the first one present if not given.
        target_week: Which follow-up; the primary week if present, else the last.
        settings: Source of the percent rule's threshold; the defaults if not given.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column is absent.
    """
    rows = rows_of(curve, ResponderCurve)
    chosen = choose_outcome(rows, measure, target_week)
    title = "Responder curve"
    if chosen is None:
        return nothing_to_draw(title, "There is no responder curve: no patient has a change in percent of baseline.")
    name, week = chosen
    rows = rows.filter((pl.col("measure") == name) & (pl.col("target_week") == week))
    title = f"{measure_of(name).short_label}: how many improved by how much, week {week}"
    if rows["share_pct"].null_count() == len(rows):
        return nothing_to_draw(title, "No share can be shown: there is no patient to count.")
    rule_pct = (settings or default_settings()).outcomes.responder_pct
    found = None if shares is None else _percent_shares(rows_of(shares, ResponderShares), name, week)
    figure = new_figure()
    said = []
    for population, look in _POPULATIONS.items():
        group = rows.filter(pl.col("population") == population)
        if group["share_pct"].null_count() < len(group):
            _add_curve(figure, group, look)
            said.append(_said(group, look[0], rule_pct))
    words = [] if found is None else [*_add_shares(figure, found, rule_pct), *_not_counted(found)]
    figure.add_vline(x=rule_pct, line={"color": INK, "width": 1, "dash": "dot"})
    figure.add_annotation(
        x=rule_pct, xanchor="left", xshift=4, yref="paper", y=1, yanchor="top", showarrow=False,
        font={"size": 11, "color": GREY}, text=f"{number_text(rule_pct, 0)} % rule",
    )  # fmt: skip
    figure.update_xaxes(range=[-2, 102], dtick=10, ticksuffix=" %")
    figure.update_yaxes(range=[-2, 102], dtick=20, ticksuffix=" %")
    return style(
        figure,
        title=title,
        x_title="Improved by at least this share of baseline",
        y_title="Share of patients\n(up is better)",
        notes=[*words, "All starters: no follow-up counts as no response."],
        alt=f"{title}. {' '.join(said)} {' '.join(words)}",
        height=400,
    )


def _percent_shares(shares: pl.DataFrame, measure: str, week: int) -> pl.DataFrame:
    wanted = (pl.col("measure") == measure) & (pl.col("target_week") == week) & (pl.col("rule") == "percent")
    return shares.filter(wanted & pl.col("share_pct").is_not_null())


def _not_counted(shares: pl.DataFrame) -> list[str]:
    """Say which starters are in no denominator, and why."""
    row = shares.filter(pl.col("population") == "all_starters").rows(named=True)
    if not row:
        return []
    reasons = {"n_no_baseline": "without a baseline", "n_no_room": "with a baseline of 0", "n_not_due": "not due yet"}
    left_out = listed(f"{row[0][name]} {words}" for name, words in reasons.items() if row[0][name])
    return [f"Of {count_text(row[0]['n_starters'], 'starter')} not counted: {left_out}."] if left_out else []


def _add_curve(figure: go.Figure, rows: pl.DataFrame, look: tuple[str, str, str, str]) -> None:
    words, colour, dash, symbol = look
    figure.add_scatter(
        x=rows["threshold_pct"].to_list(),
        y=rows["share_pct"].to_list(),
        mode="lines+markers",
        connectgaps=False,  # a share that is missing or not shown is a gap
        name=f"{words} (n = {rows['n'].item(0)})",
        line={"color": colour, "width": 2.5, "dash": dash},
        marker={"symbol": symbol, "size": 7, "color": colour},
        customdata=[[plain(share_text(r["responders"], r["n"]))] for r in rows.iter_rows(named=True)],
        hovertemplate="improved by %{x} or more: %{customdata[0]}<extra></extra>",
    )


def _said(rows: pl.DataFrame, words: str, rule_pct: float) -> str:
    at_rule = rows.filter((pl.col("threshold_pct") == rule_pct) & pl.col("share_pct").is_not_null())
    if at_rule.is_empty():
        return f"{words.capitalize()}: {count_text(rows['n'].item(0), 'patient')}."
    row = at_rule.row(0, named=True)
    return (
        f"{words.capitalize()}: {share_text(row['responders'], row['n'])} improved by {number_text(rule_pct, 0)} % or more."
    )


def _add_shares(figure: go.Figure, shares: pl.DataFrame, rule_pct: float) -> list[str]:
    words = []
    for i, row in enumerate(shares.iter_rows(named=True)):
        label, colour, _, symbol = _POPULATIONS[row["population"]]
        interval = f"{number_text(row['lower_pct'], 0)} to {number_text(row['upper_pct'], 0)} %"
        text = f"{label}: {share_text(row['responders'], row['n'])}, 95 % Wilson interval {interval}"
        words.append(f"{number_text(rule_pct, 0)} % rule, {text}.")
        figure.add_scatter(
            x=[rule_pct + (0.7 if i else -0.7)],
            y=[row["share_pct"]],
            mode="markers",
            showlegend=False,
            marker={"symbol": symbol, "size": 10, "color": colour},
            error_y={"type": "data", "symmetric": False, "array": [row["upper_pct"] - row["share_pct"]],
                     "arrayminus": [row["share_pct"] - row["lower_pct"]], "color": colour, "thickness": 1.5},
            customdata=[[plain(text)]],
            hovertemplate="%{customdata[0]}<extra></extra>",
        )  # fmt: skip
    return words
