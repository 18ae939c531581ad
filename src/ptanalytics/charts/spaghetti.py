"""Every patient's weekly pain as a thin line, with the median and the spread of the group."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.measures import axis_words
from ptanalytics.charts.theme import BLUE, PALE_BLUE, VERMILLION, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import count_text, number_text
from ptanalytics.outcomes import pain_quantiles
from ptanalytics.schemas.course_results import PainQuantiles, WeeklyPain

TITLE = "Pain by week, all patients"
_THIN = "rgba(90,90,90,0.28)"


def plot_pain_spaghetti(
    weekly: Any, quantiles: Any = None, *, most_lines: int = 150, is_band_only: bool = False
) -> go.Figure:
    """Draw weekly pain of each patient from time zero, the group's median, and the ranges of half and of 80 % of it.

    Lines show single persons (without ids), so with few patients the picture is for the site itself; `is_band_only` draws
    the group alone. With more patients than `most_lines`, evenly chosen ones are drawn and the figure says so.

    Args:
        weekly: Table `WeeklyPain`.
        quantiles: Table `PainQuantiles` of the same patients; that of `weekly` if not given.
        most_lines: Lines drawn at most.
        is_band_only: Leave the lines out.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column is absent.
    """
    rows = rows_of(weekly, WeeklyPain).filter(pl.col("pain_nprs").is_not_null())
    group = rows_of(pain_quantiles(weekly) if quantiles is None else quantiles, PainQuantiles)
    if rows.is_empty():
        return nothing_to_draw(TITLE, "There is no weekly pain to show: no patient has enough days with a value in a week.")
    figure = new_figure()
    ids = rows["patient_id"].unique(maintain_order=True)
    known = group.filter(pl.col("median").is_not_null())
    _add_band(figure, known, ("p10", "p90"), "middle 80 % of patients", "rgba(0,114,178,0.12)")
    _add_band(figure, known, ("p25", "p75"), "middle half of patients", PALE_BLUE)
    drawn = [] if is_band_only else _evenly(ids.to_list(), most_lines)
    _add_lines(figure, rows.filter(pl.col("patient_id").is_in(drawn)), len(drawn))
    figure.add_scatter(
        x=known["week"].to_list(), y=known["median"].to_list(), mode="lines+markers", name="median",
        line={"color": VERMILLION, "width": 3}, marker={"size": 6, "color": VERMILLION},
        customdata=known.select("n").rows(),
        hovertemplate="week %{x}: median %{y:.1f}, n = %{customdata[0]}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(range=[-0.3, 10.3], tickvals=list(range(0, 11, 2)))
    last = int(rows["week"].cast(pl.Int64).to_numpy().max())
    figure.update_xaxes(range=[-0.3, last + 0.3], dtick=max(1, round(last / 12)))
    notes = _notes(rows, group, len(ids), len(drawn), is_band_only=is_band_only)
    return style(
        figure,
        title=TITLE,
        x_title="Week from the start (0: the 7 days before)",
        y_title=axis_words("nprs", "Weekly mean"),
        notes=notes,
        alt=f"{TITLE}. {_said(known)} {' '.join(notes)}",
        height=430,
    )


def _add_band(figure: go.Figure, known: pl.DataFrame, ends: tuple[str, str], words: str, fill: str) -> None:
    low, high = ends
    weeks = known["week"].to_list()
    figure.add_scatter(
        x=[*weeks, *reversed(weeks)], y=[*known[high].to_list(), *reversed(known[low].to_list())], fill="toself",
        fillcolor=fill, line={"color": BLUE, "width": 0.8, "dash": "dot" if low == "p10" else "solid"}, name=words,
        mode="lines", hoverinfo="skip",
    )  # fmt: skip


def _add_lines(figure: go.Figure, rows: pl.DataFrame, n: int) -> None:
    """Draw all patients as one trace, with a gap after each."""
    if not n:
        return
    gap = rows.group_by("patient_id", maintain_order=True).agg(week=pl.lit(None, dtype=pl.Int32), pain_nprs=pl.lit(None))
    ended = pl.concat([rows.select("patient_id", "week", pl.col("pain_nprs")), gap.cast({"pain_nprs": pl.Float64})])
    lines = ended.sort("patient_id", "week", nulls_last=True)
    figure.add_scatter(
        x=lines["week"].to_list(), y=lines["pain_nprs"].to_list(), mode="lines", connectgaps=False, hoverinfo="skip",
        line={"color": _THIN, "width": 1}, name=f"patients (n = {n})",
    )  # fmt: skip


def _evenly(ids: list[str], most: int) -> list[str]:
    if len(ids) <= most:
        return ids
    return [ids[place] for place in np.linspace(0, len(ids) - 1, most).round().astype(int)]


def _notes(rows: pl.DataFrame, group: pl.DataFrame, n: int, n_drawn: int, *, is_band_only: bool) -> list[str]:
    first, last = group.row(0, named=True), group.row(-1, named=True)
    ends = f"n = {first['n']} in week {first['week']}, {last['n']} in week {last['week']}"
    notes = [f"n = {count_text(n, 'patient')} ({ends}), {count_text(len(rows), 'weekly mean')} of at least 3 days."]
    if n_drawn < n and not is_band_only:
        notes.append(f"{n_drawn} of {n} lines are drawn.")
    hidden = group["median"].null_count()
    if hidden:
        notes.append(f"No median in {count_text(hidden, 'week')} with fewer than 5 patients.")
    notes.append("Weeks hold different patients: who stops logging is no longer in the median.")
    return notes


def _said(known: pl.DataFrame) -> str:
    if known.is_empty():
        return "No week has enough patients for a median."
    first, last = known.row(0, named=True), known.row(-1, named=True)
    return (
        f"Median pain {number_text(first['median'])} in week {first['week']} and {number_text(last['median'])} in week "
        f"{last['week']} (down is better)."
    )
