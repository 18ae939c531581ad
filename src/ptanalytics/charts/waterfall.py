"""Waterfall of individual changes, with the caveat that belongs to it."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.cohort import choose_outcome
from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.measures import better_words
from ptanalytics.charts.theme import BLUE, GREY, INK, VERMILLION, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import count_text, listed, plain, reason_text, short_number
from ptanalytics.instruments import measure as measure_of
from ptanalytics.schemas.results import Changes

CAVEAT = (
    "Sorted changes of those with a follow-up only: they hold measurement error, natural course and regression to the "
    "mean, and sorting makes a tail of large improvements in any group. It does not show an effect of treatment."
)
_LOOKS = {
    "improved": ("improved by the MIC or more", BLUE, ""),
    "between": ("changed by less than the MIC", GREY, "/"),
    "worse": ("worse by the MIC or more", VERMILLION, "x"),
    "no_mic": ("change (no MIC known)", INK, "."),
}


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
    rows = rows_of(changes, Changes)
    chosen = choose_outcome(rows, measure, target_week)
    title = "Change of each patient, sorted"
    if chosen is None:
        return nothing_to_draw(title, "There is no change to show: no patient has a baseline and a follow-up planned.")
    name, week = chosen
    rows = rows.filter((pl.col("measure") == name) & (pl.col("target_week") == week))
    known = measure_of(name)
    title = f"{known.short_label}: change of each patient at week {week}, sorted"
    drawn = rows.filter(pl.col("improvement").is_not_null()).with_columns(look=_look())
    left_out = _left_out(rows)
    if drawn.is_empty():
        return nothing_to_draw(title, f"No patient has both values. Left out: {left_out or 'nobody'}.")
    drawn = drawn.sort("improvement", "patient_id", descending=[True, False]).with_row_index("place", offset=1)
    figure = new_figure()
    said = [_add_bars(figure, drawn.filter(pl.col("look") == look), look) for look in _LOOKS]
    mic = drawn["mic"].drop_nulls().to_list()
    for value in (mic[0], -mic[0]) if mic else ():
        figure.add_hline(y=value, line={"color": INK, "width": 1, "dash": "dash"})
    figure.add_hline(y=0, line={"color": INK, "width": 1})
    figure.update_layout(bargap=0.05 if len(drawn) < 300 else 0)
    figure.update_xaxes(showticklabels=False, ticks="", showgrid=False)
    source = drawn["mic_source"].drop_nulls().to_list()
    notes = [
        f"n = {count_text(len(drawn), 'patient')} with a change of {count_text(len(rows), 'starter')}.",
        f"Not drawn: {left_out}." if left_out else "Nobody left out.",
        f"Dashed: MIC {short_number(mic[0])} ({source[0] if source else 'source not given'})."
        if mic
        else "No MIC is known.",
        CAVEAT,
    ]
    return style(
        figure,
        title=title,
        x_title="Patients, from most improved to most worse",
        y_title=f"Improvement, {'percentage points' if known.unit == '%' else known.unit}\n(up is better)",
        notes=notes,
        alt=f"{title} ({better_words(name)} on the scale): {listed(words for words in said if words)}. {' '.join(notes)}",
        height=430,
        note_gap_px=40,
    )


def _look() -> pl.Expr:
    return (
        pl.when(pl.col("mic").is_null()).then(pl.lit("no_mic"))
        .when(pl.col("improvement") >= pl.col("mic") - 1e-9).then(pl.lit("improved"))
        .when(pl.col("is_deteriorated")).then(pl.lit("worse"))
        .otherwise(pl.lit("between"))
    )  # fmt: skip


def _left_out(rows: pl.DataFrame) -> str:
    reasons = rows.filter(pl.col("improvement").is_null()).group_by("reason").len().sort("len", "reason", descending=True)
    return listed(f"{n} with {reason_text(reason) or 'no reason given'}" for reason, n in reasons.rows())


def _add_bars(figure: go.Figure, rows: pl.DataFrame, look: str) -> str:
    if rows.is_empty():
        return ""
    words, colour, pattern = _LOOKS[look]
    marker: dict[str, Any] = {"color": colour, "line": {"width": 0}}
    if pattern:
        marker["pattern"] = {"shape": pattern, "fillmode": "overlay", "fgcolor": "white", "size": 6, "solidity": 0.25}
    ends = rows.select("baseline", "followup").rows()
    figure.add_bar(
        x=rows["place"].to_list(), y=rows["improvement"].to_list(), name=f"{words}: {len(rows)}", marker=marker,
        customdata=[[plain(f"from {short_number(a)} to {short_number(b)}")] for a, b in ends],
        hovertemplate="%{y:.1f}: %{customdata[0]}<extra></extra>",
    )  # fmt: skip
    return f"{len(rows)} {words}"
