"""When sessions happen, and the courses of groups of patients."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from ptanalytics.adherence.trajectories import Trajectories
from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.theme import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PALE_BLUE,
    PURPLE,
    VERMILLION,
    new_figure,
    nothing_to_draw,
    style,
)
from ptanalytics.charts.wording import count_text, day_text, number_text, plain, share_text
from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.pattern_results import SessionPatterns, TrajectoryClasses, TrajectoryFits

#: Dark enough to stand out, pale enough for dark numbers on it.
_MID_BLUE = "#86BBE0"
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LINES = (
    (BLUE, "solid", "circle"),
    (VERMILLION, "dash", "square"),
    (GREEN, "dot", "diamond"),
    (PURPLE, "dashdot", "triangle-up"),
    (GREY, "longdash", "x"),
    (INK, "longdashdot", "cross"),
)


def plot_session_patterns(patterns: Any) -> go.Figure:
    """Draw how many sessions started on which weekday and at which hour, with the numbers in the cells.

    The counts of all patients in the table are added up. Sessions of which only the day is known stand in a column of
    their own.

    Args:
        patterns: Table `SessionPatterns` of one patient or many, pandas or Polars.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column of `SessionPatterns` is absent.
    """
    title = "When sessions start"
    rows = rows_of(patterns, SessionPatterns)
    if rows.is_empty():
        return nothing_to_draw(title, "There is no session to show.")
    counts = {(day, hour): n for day, hour, n in rows.group_by("weekday", "hour").agg(pl.col("n_sessions").sum()).rows()}
    hours: list[int | None] = [None] if any(hour is None for _, hour in counts) else []
    known = [hour for _, hour in counts if hour is not None]
    hours = [*(range(min(known), max(known) + 1) if known else ()), *hours]
    numbers = [[counts.get((day, hour), 0) for hour in hours] for day in range(1, 8)]
    names = ["no time" if hour is None else f"{hour}:00" for hour in hours]
    figure = new_figure()
    figure.add_heatmap(
        z=numbers,
        x=list(range(len(hours))),
        y=list(range(7)),
        text=[[str(n) if n else "" for n in line] for line in numbers],
        texttemplate="%{text}",
        textfont={"size": 10, "color": INK},
        colorscale=[[0, "white"], [0.01, "#F1F6FA"], [0.4, PALE_BLUE], [1, _MID_BLUE]],
        showscale=False,
        xgap=1,
        ygap=1,
        customdata=[[plain(f"{day}, {name}") for name in names] for day in _WEEKDAYS],
        hovertemplate="%{customdata}: %{z} sessions<extra></extra>",
    )
    step = 1 if len(hours) <= 16 else 2
    ticks = [i for i in range(len(hours)) if hours[i] is None or i % step == 0]
    figure.update_xaxes(tickvals=ticks, ticktext=[names[i] for i in ticks], showgrid=False, range=[-0.5, len(hours) - 0.5])
    figure.update_yaxes(tickvals=list(range(7)), ticktext=list(_WEEKDAYS), range=[6.5, -0.5], showgrid=False, ticks="")
    total, n_patients = sum(counts.values()), rows["patient_id"].n_unique()
    (day, hour), most = max(counts.items(), key=lambda item: item[1])
    when = f"{_WEEKDAYS[day - 1]}{'' if hour is None else f' {hour}:00 to {hour}:59'}"
    window = f"{day_text(rows['first_date'].min())} to {day_text(rows['last_date'].max())}"  # type: ignore[arg-type]
    timeless = sum(n for (_, hour), n in counts.items() if hour is None)
    return style(
        figure,
        title=title,
        x_title="Hour of the start, local time",
        y_title="Weekday",
        notes=[
            f"n = {count_text(total, 'session')} of {count_text(n_patients, 'patient')}, {window}. Empty: no session.",
            f"{share_text(timeless, total)} without a time of day." if timeless else "",
        ],
        alt=f"{title}: {count_text(total, 'session')} of {count_text(n_patients, 'patient')}; most on {when}: {most}.",
        height=350,
    )


def plot_trajectories(found: Any, fits: Any = None) -> go.Figure:
    """Draw the mean weekly adherence of each group with its quartiles, and say how stable the groups are.

    Args:
        found: What `adherence_trajectories` returned, or its table `TrajectoryClasses` (``.classes``), pandas or Polars.
        fits: Table `TrajectoryFits`, where the first is a table.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        InvalidTableError: The classes are given as a table without the fits.
        MissingColumnsError: A column is absent.
    """
    title = "Courses of weekly adherence by group"
    classes, fits = (found.classes, found.fits) if isinstance(found, Trajectories) else (found, fits)
    if fits is None:
        raise InvalidTableError("plot_trajectories needs the fits too: give it what adherence_trajectories returned.")
    rows, tried = rows_of(classes, TrajectoryClasses), rows_of(fits, TrajectoryFits)
    if rows.is_empty():
        return nothing_to_draw(title, "There is no group to show.")
    figure = new_figure()
    groups = [(int(number), part) for (number,), part in rows.group_by("class_number", maintain_order=True)]
    for number, part in groups:
        _draw_group(figure, number, part)
    figure.update_yaxes(range=[-3, 103], tickvals=list(range(0, 101, 20)))
    last = int(rows["week"].max())  # type: ignore[arg-type]
    figure.update_xaxes(range=[0.6, last + 0.4], tickvals=list(range(1, last + 1, 1 if last <= 16 else 4)))
    total = sum(int(part["n"][0]) for _, part in groups)
    said = "; ".join(
        f"group {number}: {part['n'][0]} patients, {number_text(part['mean_pct'][0], 0)} % in week 1, "
        f"{number_text(part['mean_pct'][-1], 0)} % in week {last}"
        for number, part in groups
    )
    return style(
        figure,
        title=title,
        x_title="Plan week",
        y_title="Sessions done of those prescribed (%)\n(up is more)",
        notes=[
            f"n = {count_text(total, 'patient')} with a percentage in weeks 1 to {last}. Thick: mean; thin: quartiles.",
            _stability(tried),
            "Groups describe courses in this log; they are no kinds of people and no causes.",
        ],
        alt=f"{title}: {said}.",
        height=430,
    )


def _draw_group(figure: go.Figure, number: int, part: pl.DataFrame) -> None:
    colour, dash, symbol = _LINES[(number - 1) % len(_LINES)]
    weeks, n = part["week"].to_list(), int(part["n"][0])
    for name in ("lower_quartile_pct", "upper_quartile_pct"):
        figure.add_scatter(
            x=weeks, y=part[name].to_list(), mode="lines", showlegend=False, hoverinfo="skip", opacity=0.7,
            line={"color": colour, "width": 0.8, "dash": dash},
        )  # fmt: skip
    figure.add_scatter(
        x=weeks,
        y=part["mean_pct"].to_list(),
        mode="lines+markers",
        name=f"group {number}: n = {n} ({number_text(part['share_pct'][0], 0)} %)",
        line={"color": colour, "width": 2.5, "dash": dash},
        marker={"symbol": symbol, "size": 8, "color": colour},
        hovertemplate=f"group {number}, week %{{x}}: mean %{{y:.0f}} %<extra></extra>",
    )


def _stability(tried: pl.DataFrame) -> str:
    chosen = tried.filter("is_chosen")
    if chosen.is_empty():
        return "Fit and stability were not given."
    row = chosen.row(0, named=True)
    numbers = (
        f"Groups by lowest BIC of {int(tried['n_classes'].min())} to {int(tried['n_classes'].max())}: {row['n_classes']}."  # type: ignore[arg-type]
    )
    if row["stability"] is None:
        return numbers
    return (
        f"{numbers} Stability (adjusted Rand index over {row['n_bootstrap']} bootstrap models, 1 is the same groups): mean "
        f"{number_text(row['stability'], 2)}, 5th percentile {number_text(row['stability_lowest'], 2)}."
    )
