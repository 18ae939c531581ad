"""Forest of subgroups: every level with its estimate, interval and n, and the test of interaction."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.side_labels import with_label_room
from ptanalytics.charts.theme import BLUE, EDGE_PX, GREY, INK, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import number_text, plain, reason_text
from ptanalytics.schemas.statistics_results import SubgroupEffects

_ROW_PX = 26
_LABEL_PX = 250


def plot_subgroup_forest(effects: Any, *, title: str = "Improvement by subgroup", unit: str = "points") -> go.Figure:
    """Draw every level of every subgroup in one column, with the interaction test per subgroup.

    Args:
        effects: Table `SubgroupEffects`, pandas or Polars.
        title: First line.
        unit: Unit of the estimate, in words.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column is absent.
    """
    rows = rows_of(effects, SubgroupEffects)
    known = rows.filter(pl.col("estimate").is_not_null())
    if known.is_empty():
        return nothing_to_draw(title, "No level of any subgroup has enough patients for an estimate (20).")
    figure = new_figure()
    lines = _lines(rows)
    heights = list(range(len(lines), 0, -1))
    points = [(height, row) for height, (_, row) in zip(heights, lines, strict=True) if row and row["estimate"] is not None]
    figure.add_scatter(
        x=[row["estimate"] for _, row in points],
        y=[height for height, _ in points],
        mode="markers",
        showlegend=False,
        marker={"symbol": "square", "size": 9, "color": BLUE},
        error_x={"type": "data", "symmetric": False, "array": [row["upper"] - row["estimate"] for _, row in points],
                 "arrayminus": [row["estimate"] - row["lower"] for _, row in points], "color": BLUE, "thickness": 1.8,
                 "width": 4},
        customdata=[[plain(f"{row['subgroup']}: {row['level']}"), row["n"]] for _, row in points],
        hovertemplate="%{customdata[0]}<br>%{x:.1f}, n = %{customdata[1]}<extra></extra>",
    )  # fmt: skip
    figure.add_vline(x=0, line={"color": GREY, "width": 1.5, "dash": "dot"})
    for height, (text, row) in zip(heights, lines, strict=True):
        _write(figure, height, text, row)
    figure.update_yaxes(visible=False, range=[0.3, len(lines) + 0.9])
    quantity = str(rows["quantity"].item(0))
    is_arms = quantity.startswith("difference")
    what = f"{quantity.capitalize()}, improvement in {unit}" if is_arms else f"Mean improvement in {unit}"
    exploratory = "Exploratory: " if rows["is_exploratory"].any() else ""
    style(
        figure,
        title=title,
        x_title=f"{what}, at equal baseline (right is better)",
        notes=[_patients(rows),
               f"{exploratory}95 % intervals. Judge by the test of interaction, not by which interval leaves 0 out.",
               "All levels are shown; a level below 20 patients has no estimate."],
        alt=f"{title}. " + " ".join(_said(row) for _, row in lines if row),
        height=190 + _ROW_PX * len(lines),
    )  # fmt: skip
    figure.update_layout(margin={"r": 170})
    with_label_room(figure, _LABEL_PX)
    return figure


def _patients(rows: pl.DataFrame) -> str:
    """Say how many patients the subgroups hold; a patient without a level is in none."""
    counts = rows.group_by("subgroup").agg(pl.col("n").sum())["n"].unique().sort().to_list()
    return f"n = {' to '.join(str(n) for n in dict.fromkeys((counts[0], counts[-1])))} patients per subgroup."


def _lines(rows: pl.DataFrame) -> list[tuple[str, dict[str, Any] | None]]:
    """Return a heading per subgroup and a line per level."""
    lines: list[tuple[str, dict[str, Any] | None]] = []
    for key, part in rows.group_by("subgroup", maintain_order=True):
        p_value = part["p_interaction"].drop_nulls()
        test = "" if p_value.is_empty() else f"interaction p = {number_text(p_value.item(0), 3)}"
        if not p_value.is_empty() and p_value.item(0) < 0.001:
            test = "interaction p < 0.001"
        lines.append((f"{key[0]}|{test}", None))
        lines += [(str(row["level"]), row) for row in part.iter_rows(named=True)]
    return lines


def _write(figure: go.Figure, height: int, text: str, row: dict[str, Any] | None) -> None:
    left = {"xref": "paper", "x": 0, "xanchor": "left", "xshift": EDGE_PX - _LABEL_PX, "y": height, "showarrow": False}
    right = {"xref": "paper", "x": 1, "xanchor": "left", "xshift": 8, "y": height, "showarrow": False}
    font = {"size": 12, "color": INK}
    if row is None:
        name, _, test = text.rpartition("|")
        figure.add_annotation(left | {"text": f"<b>{plain(name.replace('_', ' ').capitalize())}</b>", "font": font})
        figure.add_annotation(right | {"text": plain(test), "font": font})
        return
    short = text if len(text) <= 24 else f"{text[:23]}…"
    figure.add_annotation(
        left | {"text": f"{plain(short)} (n = {row['n']})", "xshift": EDGE_PX + 12 - _LABEL_PX, "font": font}
    )
    figure.add_annotation(right | {"text": plain(_estimate(row)), "font": font})


def _estimate(row: dict[str, Any]) -> str:
    if row["estimate"] is None:
        return reason_text(row["reason"])
    return f"{number_text(row['estimate'])} ({number_text(row['lower'])} to {number_text(row['upper'])})"


def _said(row: dict[str, Any]) -> str:
    return f"{row['subgroup']} {row['level']}, n {row['n']}: {_estimate(row)}."
