"""Change of a cohort on one measure, and who is in an analysis."""

import datetime as dt
from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.change_groups import LOOKS, Look, chosen_changes
from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.measures import axis_words, better_words, value_words
from ptanalytics.charts.theme import BLUE, INK, PALE_BLUE, VERMILLION, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import count_text, day_text, listed, number_text, plain, reason_text, short_number
from ptanalytics.instruments import measure as measure_of
from ptanalytics.schemas.results import PatientFlow

_MANY_POINTS = 5000


def plot_cohort_change(changes: Any, *, measure: str | None = None, target_week: int | None = None) -> go.Figure:
    """Draw each patient's follow-up against baseline, with the line of no change and the minimal important change (MIC).

    It shows single persons, with their ids in the hover, so it is for the site itself and not for what leaves it.

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
        return nothing_to_draw("Change from baseline", chosen)
    drawn, name = chosen.drawn, chosen.measure
    title = f"{measure_of(name).label}: change at week {chosen.week}"
    figure = new_figure()
    _draw_scatter(figure, drawn, name, chosen.mic)
    counts = {look: int((drawn["look"] == look).sum()) for look in LOOKS}
    said = listed(f"{n} {LOOKS[look].words}" for look, n in counts.items() if n)
    return style(
        figure,
        title=title,
        notes=[f"n = {count_text(len(drawn), 'patient')} with baseline and follow-up.", chosen.not_drawn, chosen.about_mic],
        height=440,
        alt=f"{title} for {count_text(len(drawn), 'patient')} ({better_words(name)}): {said}. {chosen.not_drawn}",
    )


def _facts_of(rows: pl.DataFrame, name: str) -> "np.ndarray[Any, Any]":
    """Return id and hover text of each point. An array, because plotly looks at a list value by value."""
    facts = rows.select("patient_id", "baseline", "followup", "followup_date", "improvement", "improvement_pct").rows()
    points = np.empty((len(facts), 2), dtype=object)
    points[:] = [(plain(fact[0]), _hover(name, *fact)) for fact in facts]
    return points


@lru_cache(maxsize=50_000)  # a filter draws the same patients again and again
def _hover(  # noqa: PLR0917 - one row, spelled out to be remembered
    name: str,
    patient_id: str,
    baseline: float,
    followup: float,
    followup_date: dt.date | None,
    improvement: float,
    improvement_pct: float | None,
) -> str:
    on_day = f" on {day_text(followup_date)}" if followup_date else ""
    share = "" if improvement_pct is None else f" ({number_text(improvement_pct, 0, sign=True)} % of baseline)"
    lines = [
        f"Patient {patient_id}",
        f"baseline {value_words(name, baseline)}, follow-up {value_words(name, followup)}{on_day}",
        f"improvement {number_text(improvement, 1, sign=True)}{share}",
    ]
    return "<br>".join(plain(line) for line in lines)


def _groups(rows: pl.DataFrame) -> list[tuple[Look, pl.DataFrame]]:
    groups = [(look, rows.filter(pl.col("look") == key)) for key, look in LOOKS.items()]
    return [(look, group) for look, group in groups if not group.is_empty()]


def _draw_scatter(figure: go.Figure, rows: pl.DataFrame, name: str, mic: float | None) -> None:
    known = measure_of(name)
    low, high = known.minimum, known.maximum
    figure.add_scatter(
        x=[low, high], y=[low, high], mode="lines", name="no change", line={"color": INK, "width": 1}, hoverinfo="skip"
    )
    if mic is not None:
        down = known.direction == "lower_better"
        for sign, words in ((1, f"better by MIC {short_number(mic)}"), (-1, f"worse by MIC {short_number(mic)}")):
            shift = -sign * mic if down else sign * mic
            figure.add_scatter(
                x=[low, high], y=[low + shift, high + shift], mode="lines", name=words, hoverinfo="skip",
                line={"color": BLUE if sign > 0 else VERMILLION, "width": 1, "dash": "dash" if sign > 0 else "dot"},
            )  # fmt: skip
    trace = go.Scattergl if len(rows) > _MANY_POINTS else go.Scatter
    for look, group in _groups(rows):
        # An outline of each filled mark costs the browser a third of the drawing time and shows nothing.
        line = {"width": 1.5 if look.symbol.endswith("-open") else 0}
        figure.add_trace(
            trace(
                x=group["baseline"].to_numpy(),
                y=group["followup"].to_numpy(),
                mode="markers",
                name=f"{look.words}: {len(group)}",
                marker={"symbol": look.symbol, "color": look.colour, "size": 8, "opacity": 0.75, "line": line},
                customdata=_facts_of(group, name),
                hovertemplate="%{customdata[1]}<extra></extra>",
            )
        )
    pad = (high - low) * 0.03
    figure.update_xaxes(range=[low - pad, high + pad], title={"text": plain(f"Baseline: {known.short_label}")})
    below = "below" if known.direction == "lower_better" else "above"
    y_title = axis_words(name, "Follow-up").replace("(", f"({below} the line, ").split("\n")
    figure.update_yaxes(range=[low - pad, high + pad], title={"text": "<br>".join(plain(line) for line in y_title)})


def plot_patient_flow(flow: Any, *, hidden_words: str = "not shown") -> go.Figure:
    """Draw how many patients are left after each step, and why others fell out.

    Args:
        flow: Table `PatientFlow`, pandas or Polars; a missing ``n`` or ``excluded`` is a suppressed count.
        hidden_words: What stands for a suppressed count.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column of `PatientFlow` is absent.
    """
    title = "Patients from export to analysis"
    rows = rows_of(flow, PatientFlow)
    if rows.is_empty():
        return nothing_to_draw(title, "There is no patient flow to show: the study holds no patients.")
    figure = new_figure()
    steps = list(rows.iter_rows(named=True))
    widths = [step["n"] for step in steps]
    figure.add_bar(
        y=[-step["step"] for step in steps], x=widths, orientation="h", width=0.3, hoverinfo="skip", showlegend=False,
        marker={"color": PALE_BLUE, "line": {"color": BLUE, "width": 1.2}},
    )  # fmt: skip
    for step in steps:
        _label_step(figure, step, hidden_words)
    largest = max([1, *(n for n in widths if n is not None)])
    figure.update_xaxes(range=[0, largest * 1.02], showgrid=False, title={"text": "Patients"})
    figure.update_yaxes(visible=False, range=[-max(s["step"] for s in steps) - 0.6, -min(s["step"] for s in steps) + 0.75])
    said = "; ".join(_step_words(step, hidden_words) for step in steps)
    first, last = (_count_words(step["n"], hidden_words) for step in (steps[0], steps[-1]))
    return style(
        figure,
        title=title,
        notes=[f"n = {first} at the first step and {last} at the last; who falls out at a step is counted beside it."],
        alt=f"{title}: {said}.",
        height=125 + 62 * len(steps),
    )


def _count_words(n: int | None, hidden_words: str) -> str:
    return hidden_words if n is None else count_text(n, "patient")


def _step_words(step: dict[str, Any], hidden_words: str) -> str:
    n = hidden_words if step["n"] is None else step["n"]
    return f"{step['label']}: {n}"


def _label_step(figure: go.Figure, step: dict[str, Any], hidden_words: str) -> None:
    words = _step_words(step, hidden_words)
    out = step["excluded"]
    why = f": {reason_text(step['reason'])}" if step["reason"] else ""
    fell = f"{out} fell out{why}" if out else f"fell out{why}" if out is None and why else ""
    text = f"<b>{plain(words)}</b>" + (f"  –  {plain(fell)}" if fell else "")
    figure.add_annotation(
        x=0, xanchor="left", xshift=2, y=-step["step"] + 0.38, text=text, showarrow=False, font={"size": 12, "color": INK},
    )  # fmt: skip
