"""Pain of one patient over time: daily values, their 7-day median, trend, flares and plan changes."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.frames import one_patient, rows_of
from ptanalytics.charts.measures import axis_words
from ptanalytics.charts.theme import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PALE_GREY,
    PALE_ORANGE,
    VERMILLION,
    new_figure,
    nothing_to_draw,
    style,
)
from ptanalytics.charts.wording import count_text, day_text, number_text, plain, reason_text, short_number
from ptanalytics.instruments import mic_for
from ptanalytics.schemas.results import Baselines, DailyPain, Flares, PainTrends
from ptanalytics.schemas.tables import Plans
from ptanalytics.settings import Settings, default_settings

TITLE = "Pain over time"
MEDIAN_DAYS = 7
MEDIAN_MIN_DAYS = 3
_SHORTEST_AXIS_DAYS = 14  # so that two days do not fill the page
_RECALLS = {
    "current": "pain at the moment of entry",
    "avg_24h": "average pain of the last 24 hours",
    "worst_24h": "worst pain of the last 24 hours",
    "avg_7d": "average pain of the last 7 days",
    "unknown": "pain, recall period not recorded",
}
_FLARE_LOOKS = {
    "flare": ("triangle-down", "flare, marked by the person"),
    "flare_proxy": ("triangle-down-open", "flare proxy, by numbers only"),
    "sustained_worsening": ("square-open", "sustained worsening"),
}


def plot_pain_trend(
    daily: Any,
    *,
    trend: Any = None,
    flares: Any = None,
    baseline: Any = None,
    plan_changes: Any = None,
    settings: Settings | None = None,
) -> go.Figure:
    """Draw one patient's daily pain. The trend, flares and baseline are those of the result tables.

    Dots are days with a value. The line is the median of the last 7 days where at least 3 of them have a value, so a gap
    in the days is a gap in the line. The band around the baseline holds changes smaller than the minimal important change.

    Args:
        daily: Table `DailyPain` of one patient.
        trend: Table `PainTrends`; where it has no slope the figure says why.
        flares: Table `Flares`.
        baseline: Table `Baselines` (its row for the daily log is used) or the baseline value itself.
        plan_changes: Table of plans (the first day of each version is marked), or pairs of day and label.
        settings: Source of the minimal important change; the defaults if not given.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        InvalidTableError: A table holds several patients.
        MissingColumnsError: A column is absent.
    """
    rows = rows_of(daily, DailyPain)
    one_patient(rows, DailyPain, "The pain chart")
    if rows.is_empty():
        return nothing_to_draw(TITLE, "There is no pain value to show: no day has a rating of the chosen recall and site.")
    figure = new_figure()
    value = _baseline_value(baseline)
    mic = mic_for("nprs", settings or default_settings()).value
    found = None if flares is None else _of_one_patient(flares, Flares, "The pain chart")
    notes = [_window_note(rows)]
    _shade_flares(figure, found)
    notes += _add_baseline(figure, value, mic, is_given=baseline is not None)
    _add_days(figure, rows)
    trend_words = _add_trend(figure, trend)
    _mark_flares(figure, found)
    _mark_plan_changes(figure, _plan_days(plan_changes), rows)
    figure.update_yaxes(range=[-0.3, 11.2], tickvals=list(range(0, 11, 2)))
    first, last = rows["date"].to_list()[0], rows["date"].to_list()[-1]
    end = max(last, first + dt.timedelta(days=_SHORTEST_AXIS_DAYS))
    around = [first - dt.timedelta(days=2), end + dt.timedelta(days=2)]
    figure.update_xaxes(hoverformat="%-d %b %Y", tickformat="%-d %b<br>%Y", range=around)
    style(
        figure,
        title=TITLE,
        y_title=axis_words("nprs"),
        notes=[*notes, *trend_words],
        alt=_summary(rows, value, found, trend_words),
        height=400,
        note_gap_px=46,
    )
    return figure if value is None else figure.update_layout(margin={"r": 64})


def _of_one_patient(frame: Any, model: Any, what: str) -> pl.DataFrame:
    rows = rows_of(frame, model)
    one_patient(rows, model, what)
    return rows


def _baseline_value(baseline: Any) -> float | None:
    if baseline is None or isinstance(baseline, int | float):
        return None if baseline is None else float(baseline)
    rows = _of_one_patient(baseline, Baselines, "The pain chart").filter(pl.col("measure") == "nprs")
    return None if rows.is_empty() else rows["baseline"].item(0)


def _window_note(rows: pl.DataFrame) -> str:
    days = rows["date"].to_list()
    span = (days[-1] - days[0]).days + 1
    recall = _RECALLS.get(rows["recall"].item(0), "pain")
    return (
        f"n = {len(rows)} of {count_text(span, 'day')} with a value, {day_text(days[0])} to {day_text(days[-1])}; {recall}."
    )


def _add_days(figure: go.Figure, rows: pl.DataFrame) -> None:
    figure.add_scatter(
        x=rows["date"].to_list(),
        y=rows["pain_nprs"].to_list(),
        mode="markers",
        name="day",
        marker={"color": "white", "size": 6, "line": {"color": BLUE, "width": 1.2}},
        customdata=rows.select("n_readings").rows(),
        hovertemplate="%{x}: %{y:.1f} (readings: %{customdata[0]})<extra></extra>",
    )
    medians = running_median(rows)
    name = f"median of the last {MEDIAN_DAYS} days"
    if all(value is None for value in medians["median"]):
        name = f"no {MEDIAN_DAYS}-day median: never {MEDIAN_MIN_DAYS} values in {MEDIAN_DAYS} days"
    figure.add_scatter(
        x=medians["date"].to_list(), y=medians["median"].to_list(), mode="lines", name=name, connectgaps=False,
        line={"color": BLUE, "width": 2.5}, hovertemplate=f"%{{x}}: {MEDIAN_DAYS}-day median %{{y:.1f}}<extra></extra>",
    )  # fmt: skip


def running_median(rows: pl.DataFrame) -> pl.DataFrame:
    """Return for every calendar day the median of the last 7 days' values, missing with fewer than 3 of them.

    Smoothing for the eye only; no rule or trend uses it.
    """
    days = rows["date"].to_list()
    every_day = pl.DataFrame({"date": pl.date_range(days[0], days[-1], eager=True)})
    grid = every_day.join(rows.select("date", "pain_nprs"), on="date", how="left").sort("date")
    median = pl.col("pain_nprs").rolling_median(MEDIAN_DAYS, min_samples=MEDIAN_MIN_DAYS)
    return grid.select("date", median=median)


def _add_baseline(figure: go.Figure, value: float | None, mic: float | None, *, is_given: bool) -> list[str]:
    if value is None:
        return ["No baseline, so no band of important change."] if is_given else []
    if mic is not None:
        figure.add_hrect(
            y0=max(0.0, value - mic), y1=min(10.0, value + mic), fillcolor=PALE_GREY, line={"color": GREY, "width": 0.6},
            layer="below",
        )  # fmt: skip
    figure.add_hline(y=value, line={"color": INK, "width": 1, "dash": "dash"}, layer="below")
    figure.add_annotation(  # beside the plot, where it hides no day
        xref="paper", x=1, xanchor="left", xshift=4, y=value, align="left", text=f"baseline<br>{number_text(value)}",
        showarrow=False, font={"size": 11, "color": INK},
    )  # fmt: skip
    if mic is None:
        return []
    return [
        f"Grey band: within {short_number(mic)} points (minimal important change) of the baseline {number_text(value)}."
    ]


def _add_trend(figure: go.Figure, trend: Any) -> list[str]:
    if trend is None:
        return []
    rows = _of_one_patient(trend, PainTrends, "The pain chart")
    if rows.is_empty():
        return ["No trend: no value in the trend window."]
    row = rows.row(0, named=True)
    if row["slope_per_week"] is None:
        return [f"No trend: {reason_text(row['reason'])} ({count_text(row['n_days'], 'day')} with a value)."]
    first, last = row["from_date"], row["to_date"]
    weeks = (last - first).days / 7
    ends = [row["intercept"], row["intercept"] + row["slope_per_week"] * weeks]
    figure.add_scatter(
        x=[first, last], y=ends, mode="lines", name="trend", line={"color": GREEN, "width": 3, "dash": "dash"},
        hovertemplate=f"{plain(_slope_words(row))}<extra></extra>",
    )  # fmt: skip
    return [f"Trend {day_text(first)} to {day_text(last)} ({count_text(row['n_days'], 'day')}): {_slope_words(row)}."]


def _slope_words(row: dict[str, Any]) -> str:
    label = {"improving": "pain log: improving", "worsening": "pain log: worsening"}.get(row["label"], "no clear trend")
    interval = f"{number_text(row['lower'], 2, sign=True)} to {number_text(row['upper'], 2, sign=True)}"
    return f"{number_text(row['slope_per_week'], 2, sign=True)} points per week (95 % interval {interval}; {label})"


def _shade_flares(figure: go.Figure, flares: pl.DataFrame | None) -> None:
    for flare in [] if flares is None else flares.iter_rows(named=True):
        half = dt.timedelta(hours=12)
        start = dt.datetime.combine(flare["start_date"], dt.time()) - half
        end = dt.datetime.combine(flare["end_date"], dt.time()) + half
        figure.add_vrect(x0=start, x1=end, fillcolor=PALE_ORANGE, line={"width": 0}, layer="below")


def _mark_flares(figure: go.Figure, flares: pl.DataFrame | None) -> None:
    if flares is None or flares.is_empty():
        return
    for kind, (symbol, words) in _FLARE_LOOKS.items():
        rows = flares.filter(pl.col("kind") == kind)
        if rows.is_empty():
            continue
        middles = [f["start_date"] + (f["end_date"] - f["start_date"]) / 2 for f in rows.iter_rows(named=True)]
        figure.add_scatter(
            x=middles, y=[10.6] * len(rows), mode="markers", name=f"{words}: {len(rows)}",
            marker={"symbol": symbol, "size": 10, "color": VERMILLION, "line": {"color": VERMILLION, "width": 1.5}},
            customdata=[[_flare_hover(flare, words)] for flare in rows.iter_rows(named=True)],
            hovertemplate="%{customdata[0]}<extra></extra>",
        )  # fmt: skip


def _flare_hover(flare: dict[str, Any], words: str) -> str:
    span = f"{day_text(flare['start_date'])} to {day_text(flare['end_date'])}"
    lines = (
        words,
        f"{span}, {count_text(flare['duration_days'], 'day')}",
        f"highest {number_text(flare['peak_nprs'])}, usual level {number_text(flare['reference_nprs'])}",
    )
    return "<br>".join(plain(line) for line in lines)


def _plan_days(plan_changes: Any) -> list[tuple[dt.date, str]]:
    if plan_changes is None:
        return []
    if isinstance(plan_changes, list | tuple):
        pairs: Iterable[tuple[dt.date, str]] = plan_changes
        return sorted((day, str(label)) for day, label in pairs)
    plans = _of_one_patient(plan_changes, Plans, "The pain chart")
    starts = plans.group_by("plan_version").agg(pl.col("valid_from_date").min()).sort("valid_from_date", "plan_version")
    return [(start, f"plan v{version}") for version, start in starts.rows()]


def _mark_plan_changes(figure: go.Figure, changes: list[tuple[dt.date, str]], rows: pl.DataFrame) -> None:
    last = rows["date"].to_list()[-1]
    for day, label in changes:
        if day > last:
            continue
        figure.add_vline(
            x=dt.datetime.combine(day, dt.time()), line={"color": INK, "width": 1, "dash": "dot"}, layer="below"
        )
        figure.add_annotation(
            x=day, xanchor="left", xshift=3, yref="paper", y=0, yanchor="bottom", yshift=2, text=plain(label),
            showarrow=False, font={"size": 10, "color": INK}, bgcolor="rgba(255,255,255,0.75)",
        )  # fmt: skip


def _summary(rows: pl.DataFrame, baseline: float | None, flares: pl.DataFrame | None, trend_words: list[str]) -> str:
    first, last = rows.row(0, named=True), rows.row(-1, named=True)
    values = rows["pain_nprs"].to_list()
    ends = " to ".join(f"{number_text(day['pain_nprs'])} on {day_text(day['date'])}" for day in (first, last))
    words = [
        f"Daily pain, 0 to 10, lower is better: {count_text(len(rows), 'day')} with a value, from {ends}, ",
        f"lowest {number_text(min(values))}, highest {number_text(max(values))}.",
        f"Baseline {number_text(baseline)}." if baseline is not None else "",
        f"{count_text(len(flares), 'flare period')}." if flares is not None else "",
        *trend_words,
    ]
    return " ".join(word for word in words if word)
