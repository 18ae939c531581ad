"""Adherence calendar of one patient: weeks by weekdays, each status by colour, pattern and sign."""

import datetime as dt
from typing import Any, NamedTuple

import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.frames import one_patient, rows_of
from ptanalytics.charts.theme import (
    BLUE,
    GREY,
    INK,
    PALE_GREY,
    PALE_ORANGE,
    PURPLE,
    VERMILLION,
    new_figure,
    nothing_to_draw,
    style,
)
from ptanalytics.charts.wording import count_text, day_text, number_text, plain
from ptanalytics.schemas.results import DAY_STATUSES, AdherenceDays

TITLE = "Adherence calendar"
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MS_PER_DAY = 86_400_000


class Look(NamedTuple):
    """How one day status looks; no two statuses share sign, fill and outline."""

    sign: str
    words: str
    fill: str
    outline: str
    text: str
    pattern: str = ""


LOOKS = {
    "done": Look("✓", "done", BLUE, BLUE, "white"),
    "partly": Look("◐", "partly done", "white", BLUE, BLUE, "/"),
    "missed": Look("×", "not done (entry says so)", PALE_ORANGE, VERMILLION, INK, "\\"),
    "rest": Look("·", "rest, none due", "white", GREY, INK),
    "hold": Look("‖", "on hold, excused", PALE_GREY, GREY, INK, "|"),
    "not_recorded": Look("?", "due, nothing recorded", "white", INK, INK, "."),
    "unprescribed": Look("+", "done without prescription", "white", PURPLE, PURPLE, "x"),
}


def plot_adherence_calendar(days: Any) -> go.Figure:
    """Draw every day of one patient's plan as a cell: columns are calendar weeks, rows are weekdays.

    A day nobody recorded never looks like a day not done. The scale is the same for every patient.

    Args:
        days: Table `AdherenceDays` of one patient, pandas or Polars.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        InvalidTableError: The table holds several patients.
        MissingColumnsError: A column of `AdherenceDays` is absent.
    """
    rows = rows_of(days, AdherenceDays)
    one_patient(rows, AdherenceDays, "The adherence calendar")
    if rows.is_empty():
        return nothing_to_draw(TITLE, "There is no day to show: no plan has started before the end of the data.")
    rows = rows.with_columns(
        monday=pl.col("date") - pl.duration(days=pl.col("date").dt.weekday() - 1), row=7 - pl.col("date").dt.weekday()
    )
    figure = new_figure()
    counts = {status: int((rows["status"] == status).sum()) for status in DAY_STATUSES}
    for status in DAY_STATUSES:
        if counts[status]:
            _add_days(figure, rows.filter(pl.col("status") == status), LOOKS[status], counts[status])
    n_weeks = rows["monday"].n_unique()
    figure.update_layout(barmode="overlay", uniformtext={"mode": "show", "minsize": 7}, bargap=0)
    figure.update_yaxes(
        tickvals=[6.5 - i for i in range(7)], ticktext=list(_WEEKDAYS), range=[-0.05, 7.05], showgrid=False, ticks="",
        showline=False, fixedrange=True,
    )  # fmt: skip
    _label_weeks(figure, rows)
    first, last = rows["date"].to_list()[0], rows["date"].to_list()[-1]
    shown = [f"{counts[status]} {LOOKS[status].words}" for status in DAY_STATUSES if counts[status]]
    window = f"{day_text(first)} to {day_text(last)}"
    return style(
        figure,
        title=TITLE,
        x_title="Week starting Monday",
        notes=[f"n = {count_text(len(rows), 'day')} in {count_text(n_weeks, 'calendar week')}, {window}."],
        alt=f"Calendar of {count_text(len(rows), 'day')} from {window}: {', '.join(shown)}.",
        height=330,
    )


def _add_days(figure: go.Figure, rows: pl.DataFrame, look: Look, n: int) -> None:
    # Bars, because they carry pattern and outline, show in the legend, and grow with the figure.
    figure.add_bar(
        x=rows["monday"].to_list(),
        y=[0.88] * len(rows),
        base=[row + 0.06 for row in rows["row"]],
        width=0.86 * 7 * _MS_PER_DAY,
        name=f"{look.sign} {look.words}: {n}",
        text=[look.sign] * len(rows),
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"color": look.text, "size": 12},
        constraintext="none",
        marker={
            "color": look.fill,
            "line": {"color": look.outline, "width": 1},
            # Faint, so that the sign on it can be read.
            "pattern": {"shape": look.pattern, "fgcolor": look.outline, "fgopacity": 0.35, "bgcolor": look.fill, "size": 7,
                        "solidity": 0.12},
        },
        customdata=[[_hover(day, look)] for day in rows.iter_rows(named=True)],
        hovertemplate="%{customdata[0]}<extra></extra>",
    )  # fmt: skip


def _hover(day: dict[str, Any], look: Look) -> str:
    lines = [f"{_WEEKDAYS[day['date'].weekday()]} {day_text(day['date'])}, plan week {day['week']}", look.words]
    if day["logged"] or day["prescribed"]:
        lines.append(f"{day['counted']} counted of {number_text(day['prescribed'], 2)} prescribed, {day['logged']} logged")
    if day["plan_version"] is not None:
        lines.append(f"plan version {day['plan_version']}")
    return "<br>".join(plain(line) for line in lines)


def _label_weeks(figure: go.Figure, rows: pl.DataFrame) -> None:
    first, last = rows["monday"].to_list()[0], rows["monday"].to_list()[-1]
    n_weeks = (last - first).days // 7 + 1
    step = max(1, -(-n_weeks // 12))
    ticks = [first + dt.timedelta(weeks=i) for i in range(0, n_weeks, step)]
    # At least 12 columns' room, so that a cell of a short plan is not as wide as the page.
    half = dt.timedelta(days=3.5)
    end = first + dt.timedelta(weeks=max(n_weeks, 12))
    figure.update_xaxes(
        type="date", tickvals=ticks, ticktext=[" ".join(day_text(day).split()[:2]) for day in ticks], showgrid=False,
        range=[_instant(first, -half), _instant(end, -half)], ticks="", showline=False,
    )  # fmt: skip


def _instant(day: dt.date, shift: dt.timedelta) -> str:
    return (dt.datetime.combine(day, dt.time()) + shift).isoformat()
