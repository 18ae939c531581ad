"""Waterfall of individual changes, with the caveat that belongs to it."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.change_groups import LOOKS, Look, chosen_changes
from ptanalytics.charts.measures import better_words
from ptanalytics.charts.theme import INK, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import count_text, listed, plain, short_number
from ptanalytics.instruments import measure as measure_of

CAVEAT = (
    "Sorted changes of those with a follow-up only: they hold measurement error, natural course and regression to the "
    "mean, and sorting makes a tail of large improvements in any group. It does not show an effect of treatment."
)


def plot_change_waterfall(changes: Any, *, measure: str | None = None, target_week: int | None = None) -> go.Figure:
    """Draw one bar per patient, sorted from the largest improvement to the largest worsening, with its caveat.

    Bars carry no ids. Patients without a change are counted under the figure with their reasons.

    Args:
        changes: Table `Changes`, pandas or Polars.
        measure: Which measure; the first one present if not given.
        target_week: Which follow-up; the primary week if present, else the last.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column of `Changes` is absent.
    """
    chosen = chosen_changes(changes, measure, target_week)
    if isinstance(chosen, str):
        return nothing_to_draw("Change of each patient, sorted", chosen)
    known = measure_of(chosen.measure)
    title = f"{known.short_label}: change of each patient at week {chosen.week}, sorted"
    drawn = chosen.drawn.sort("improvement", "patient_id", descending=[True, False]).with_row_index("place", offset=1)
    figure = new_figure()
    said = [_add_bars(figure, drawn.filter(pl.col("look") == name), look) for name, look in LOOKS.items()]
    for value in () if chosen.mic is None else (chosen.mic, -chosen.mic):
        figure.add_hline(y=value, line={"color": INK, "width": 1, "dash": "dash"})
    figure.add_hline(y=0, line={"color": INK, "width": 1})
    figure.update_layout(bargap=0.05 if len(drawn) < 300 else 0)
    figure.update_xaxes(showticklabels=False, ticks="", showgrid=False)
    notes = [
        f"n = {len(drawn)} of {count_text(chosen.n_rows, 'patient')} with a change.",
        chosen.not_drawn,
        chosen.about_mic if chosen.mic is None else f"Dashed: {chosen.about_mic}",
        CAVEAT,
    ]
    return style(
        figure,
        title=title,
        x_title="Patients, from most improved to most worsened",
        y_title=f"Improvement, {'percentage points' if known.unit == '%' else known.unit}\n(up is better)",
        notes=notes,
        alt=f"{title} ({better_words(chosen.measure)} on the scale): {listed(filter(None, said))}. {' '.join(notes)}",
        height=430,
        note_gap_px=40,
    )


def _add_bars(figure: go.Figure, rows: pl.DataFrame, look: Look) -> str:
    if rows.is_empty():
        return ""
    marker: dict[str, Any] = {"color": look.colour, "line": {"width": 0}}
    if look.pattern:
        marker["pattern"] = {"shape": look.pattern, "fillmode": "overlay", "fgcolor": "white", "size": 6, "solidity": 0.25}
    ends = rows.select("baseline", "followup").rows()
    figure.add_bar(
        x=rows["place"].to_list(), y=rows["improvement"].to_list(), name=f"{look.words}: {len(rows)}", marker=marker,
        customdata=[[plain(f"from {short_number(a)} to {short_number(b)}")] for a, b in ends],
        hovertemplate="%{y:.1f}: %{customdata[0]}<extra></extra>",
    )  # fmt: skip
    return f"{len(rows)} {look.words}"
