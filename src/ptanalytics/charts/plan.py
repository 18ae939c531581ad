"""Exercise plan of one patient: what was prescribed when, and how much a week adds up to."""

import datetime as dt
from typing import Any, NamedTuple

import plotly.graph_objects as go
import polars as pl
from plotly.subplots import make_subplots

from ptanalytics.charts.frames import one_patient, rows_of
from ptanalytics.charts.side_labels import with_label_room, wrapped
from ptanalytics.charts.theme import (
    BLUE,
    GREY,
    INK,
    PALE_BLUE,
    PALE_GREY,
    VERMILLION,
    new_figure,
    nothing_to_draw,
    style,
    theme,
)
from ptanalytics.charts.wording import count_text, day_text, listed, number_text, plain, short_number
from ptanalytics.errors import MissingColumnsError
from ptanalytics.plans import Prescription, exercise_name, prescriptions_of
from ptanalytics.plans.current import versions
from ptanalytics.schemas.frames import as_lazy
from ptanalytics.schemas.tables import Plans

_OPEN_END_DAYS = 28
_LABEL_CHARACTERS = 34
_CHARACTER_PX = 6.6
_VOLUME_COLUMNS = ("category", "unit")


def plot_plan_timeline(plans: Any, *, to_date: dt.date | None = None) -> go.Figure:
    """Draw each exercise of a patient's plan as a lane, each plan version as a bar with its dose in words.

    Args:
        plans: Table `plans` of one patient, pandas or Polars.
        to_date: Day up to which a version without an end is drawn; 28 days after the last known day if not given.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        InvalidTableError: The table holds several patients.
        MissingColumnsError: A column is absent.
    """
    title = "Plan over time"
    rows = rows_of(plans, Plans)
    one_patient(rows, Plans, "The plan timeline")
    if rows.is_empty():
        return nothing_to_draw(title, "There is no plan to show: none is recorded for this patient.")
    spans = versions(rows)
    known = [day for name in ("valid_from_date", "valid_to_date") for day in spans[name].drop_nulls().to_list()]
    end = max(to_date or max(known) + dt.timedelta(days=_OPEN_END_DAYS), *spans["valid_from_date"].to_list())
    lanes = rows.sort("plan_version", "exercise_id")["exercise_id"].unique(maintain_order=True).to_list()
    bars = _bars(rows.drop("valid_from_date", "valid_to_date").join(spans, on="plan_version"), end)
    if not bars:
        return nothing_to_draw(title, "No version of the plan was in force on any day up to the end of the data.")
    figure = new_figure()
    places = {exercise: len(lanes) - 1 - i for i, exercise in enumerate(lanes)}
    _draw_bars(figure, bars, places)
    first = min(bar.start for bar in bars)
    for version, start in spans.select("plan_version", "valid_from_date").rows():
        if start <= end:
            _mark_version(figure, version, start)
    names = [wrapped(exercise_name(lane), _LABEL_CHARACTERS) for lane in lanes]
    figure.update_yaxes(
        tickvals=[places[lane] for lane in lanes], ticktext=names, range=[-0.6, len(lanes) - 0.4], showgrid=False, ticks=""
    )
    last = max(bar.end for bar in bars) + dt.timedelta(days=1)
    figure.update_xaxes(range=[_day_start(first), _day_start(last)], tickformat="%-d %b<br>%Y")
    figure.update_layout(barmode="overlay")
    is_open = any(bar.is_open for bar in bars)
    window = f"{day_text(first)} to {day_text(max(bar.end for bar in bars))}"
    style(
        figure,
        title=title,
        notes=[
            f"n = {count_text(len(spans), 'plan version')}, {count_text(len(lanes), 'exercise')}, {window}.",
            f"Versions without an end are drawn to {day_text(end)}." if is_open else "",
            "Vertical lines: first day of a version. Doses as sets × amount, sessions per week.",
        ],
        alt=f"Plan of {count_text(len(lanes), 'exercise')} in {count_text(len(spans), 'version')} from {day_text(first)}: "
        f"{listed(exercise_name(lane) for lane in lanes)}.",
        height=140 + 34 * len(lanes),
        note_gap_px=46,
    )
    longest = max(len(line) for name in names for line in name.split("<br>"))
    return with_label_room(figure, 24 + round(_CHARACTER_PX * longest))


class _Bar(NamedTuple):
    exercise_id: str
    version: int
    start: dt.date
    end: dt.date
    is_open: bool
    dose: str


def _bars(rows: pl.DataFrame, end: dt.date) -> list[_Bar]:
    bars = []
    doses = prescriptions_of(rows.with_columns(valid_to_date=pl.lit(None, dtype=pl.Date)))
    for row, dose in zip(rows.iter_rows(named=True), doses, strict=True):
        last = row["valid_to_date"]
        stop = end if last is None else min(last, end)
        if row["valid_from_date"] <= stop:
            place = (row["exercise_id"], row["plan_version"], row["valid_from_date"])
            bars.append(_Bar(*place, stop, last is None, dose_text(dose)))
    return bars


def dose_text(one: Prescription) -> str:
    """Say a dose in as few characters as a bar has room for.

    Example:
        >>> dose_text(Prescription("glute_bridge", sets=3, reps=12, sessions_per_week=3))
        '3×12, 3/wk'
        >>> dose_text(Prescription("walk", duration_min=20, sessions_per_week=5))
        '20 min, 5/wk'
    """
    amounts = [
        short_number(one.reps) if one.reps is not None else "",
        f"{short_number(one.hold_s)} s" if one.hold_s is not None else "",
        f"{short_number(one.duration_min)} min" if one.duration_min is not None else "",
    ]
    amount = "×".join(part for part in (short_number(one.sets) if one.sets is not None else "", *amounts) if part)
    weekly = one.weekly_sessions()
    parts = [
        amount,
        f"{short_number(one.load_kg)} kg" if one.load_kg is not None else "",
        "" if weekly is None else f"{short_number(weekly)}/wk",
    ]
    return ", ".join(part for part in parts if part) or "dose not given"


def _draw_bars(figure: go.Figure, bars: list[_Bar], places: dict[str, int]) -> None:
    for parity, fill, pattern in ((1, PALE_BLUE, ""), (0, PALE_GREY, "/")):
        group = [bar for bar in bars if bar.version % 2 == parity]
        if not group:
            continue
        figure.add_bar(
            orientation="h",
            base=[_day_start(bar.start) for bar in group],
            x=[((bar.end - bar.start).days + 1) * 86_400_000 for bar in group],
            y=[places[bar.exercise_id] for bar in group],
            width=0.74,
            showlegend=False,
            marker={
                "color": fill,
                "line": {"color": BLUE if parity else GREY, "width": 1},
                "pattern": {"shape": pattern, "fgcolor": GREY, "bgcolor": fill, "size": 10, "solidity": 0.04},
            },
            text=[plain(bar.dose) for bar in group],
            textposition="inside",
            insidetextanchor="start",
            constraintext="none",
            textangle=0,
            textfont={"color": INK, "size": 11},
            customdata=[[_hover(bar)] for bar in group],
            hovertemplate="%{customdata[0]}<extra></extra>",
        )
    figure.update_xaxes(type="date")


def _hover(bar: _Bar) -> str:
    end = "still in force" if bar.is_open else f"to {day_text(bar.end)}"
    lines = (f"{exercise_name(bar.exercise_id)}, plan v{bar.version}", bar.dose, f"from {day_text(bar.start)}, {end}")
    return "<br>".join(plain(line) for line in lines)


def _mark_version(figure: go.Figure, version: int, start: dt.date) -> None:
    figure.add_vline(x=_day_start(start), line={"color": INK, "width": 1, "dash": "dot"})
    figure.add_annotation(
        x=_day_start(start), xanchor="left", yref="paper", y=1, yanchor="bottom", text=f"v{version}", showarrow=False,
        font={"size": 11, "color": INK},
    )  # fmt: skip


def _day_start(day: dt.date) -> str:
    return dt.datetime.combine(day, dt.time()).isoformat()


def plot_weekly_volume(volume: Any, *, height: int = 300) -> go.Figure:
    """Draw what a plan adds up to in a week, per kind of exercise; one panel per unit, since units cannot be added.

    Args:
        volume: The table of `compare_volume` (``category``, ``unit``, ``before``, ``after``, ``goal``) or of
            `weekly_volume` (``category``, ``unit``, ``volume_per_week``), pandas or Polars.
        height: Height in pixels.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column is absent.
    """
    title = "Weekly volume of the plan"
    rows, is_compared = _volume_rows(volume)
    drawn = rows.filter(pl.any_horizontal(pl.col("before", "after", "goal").is_not_null()))
    if drawn.is_empty():
        return nothing_to_draw(
            title, "There is no weekly volume to show: the plan prescribes no amount that can be added up."
        )
    units = drawn["unit"].unique(maintain_order=True).to_list()
    widths = [drawn.filter(pl.col("unit") == unit)["category"].n_unique() + 0.6 for unit in units]
    figure = make_subplots(rows=1, cols=len(units), column_widths=widths, horizontal_spacing=min(0.12, 0.4 / len(units)))
    figure.update_layout(template=theme(), barmode="group", bargap=0.3, bargroupgap=0.05)
    for column, unit in enumerate(units, start=1):
        _draw_unit(figure, drawn.filter(pl.col("unit") == unit), unit, column, is_compared=is_compared)
    _legend_once(figure)
    unknown = int(rows["n_unknown_after"].fill_null(0).sum())
    notes = [
        f"n = {count_text(len(drawn), 'kind')} of exercise; sets × amount × sessions in 7 days; prescribed, not done.",
        f"{count_text(unknown, 'exercise')} without a prescribed amount or frequency not in the sum." if unknown else "",
    ]
    return style(
        figure,
        title=title,
        notes=[note for note in notes if note],
        alt=f"{title}: {'; '.join(_volume_words(row, is_compared=is_compared) for row in drawn.iter_rows(named=True))}.",
        height=height,
        note_gap_px=30,
    )


def _volume_rows(volume: Any) -> tuple[pl.DataFrame, bool]:
    rows = as_lazy(volume).collect()
    is_compared = "after" in rows.columns
    needed = (*_VOLUME_COLUMNS, *(("before", "after") if is_compared else ("volume_per_week",)))
    if missing := [name for name in needed if name not in rows.columns]:
        raise MissingColumnsError(missing, found=rows.columns, source="The volume table")
    if not is_compared:
        rows = rows.rename({"volume_per_week": "after"}).with_columns(before=pl.lit(None, dtype=pl.Float64))
        rows = rows.rename({"n_unknown": "n_unknown_after"}, strict=False)
    for name, dtype in (("goal", pl.Float64), ("n_unknown_after", pl.Int64)):
        if name not in rows.columns:
            rows = rows.with_columns(pl.lit(None, dtype=dtype).alias(name))
    numbers = pl.col("before", "after", "goal").cast(pl.Float64).fill_nan(None)
    return rows.with_columns(numbers), is_compared


def _draw_unit(figure: go.Figure, rows: pl.DataFrame, unit: str, column: int, *, is_compared: bool) -> None:
    categories = [plain(category) for category in rows["category"]]
    solid = {"color": BLUE, "line": {"color": BLUE, "width": 1}}
    bars: list[tuple[str, str, dict[str, Any]]] = [("after", "plan as edited" if is_compared else "plan", solid)]
    if is_compared:
        pattern = {"shape": "/", "fgcolor": GREY, "bgcolor": "white", "size": 7}
        bars.insert(0, ("before", "plan now", {"color": "white", "line": {"color": GREY, "width": 1}, "pattern": pattern}))
    for name, words, marker in bars:
        figure.add_bar(
            x=categories, y=rows[name].to_list(), name=words, legendgroup=words, marker=marker, row=1, col=column,
            text=[short_number(value) for value in rows[name]], textposition="outside", cliponaxis=False,
            textfont={"size": 11},
            customdata=[[_volume_hover(row, is_compared=is_compared)] for row in rows.iter_rows(named=True)],
            hovertemplate="%{customdata[0]}<extra></extra>",
        )  # fmt: skip
    if rows["goal"].null_count() < len(rows):
        figure.add_scatter(
            x=categories, y=rows["goal"].to_list(), name="goal", legendgroup="goal", mode="markers", row=1, col=column,
            marker={"symbol": "line-ew", "size": 34, "line": {"width": 3, "color": VERMILLION}, "color": VERMILLION},
            hovertemplate="goal %{y}<extra></extra>",
        )  # fmt: skip
    values = [value for name in ("before", "after", "goal") for value in rows[name].drop_nulls()]
    figure.update_yaxes(
        title={"text": plain(unit), "standoff": 4}, range=[0, max([1.0, *values]) * 1.18], row=1, col=column
    )
    figure.update_xaxes(showgrid=False, ticks="", row=1, col=column)


def _legend_once(figure: go.Figure) -> None:
    seen = set()
    for trace in figure.data:
        trace.showlegend = trace.name not in seen
        seen.add(trace.name)


def _volume_words(row: dict[str, Any], *, is_compared: bool) -> str:
    words = f"{row['category']} "
    words += f"{short_number(row['before'])} to {short_number(row['after'])}" if is_compared else short_number(row["after"])
    goal = "" if row["goal"] is None else f", goal {short_number(row['goal'])}"
    return f"{words} {row['unit']}{goal}"


def _volume_hover(row: dict[str, Any], *, is_compared: bool) -> str:
    lines = [_volume_words(row, is_compared=is_compared)]
    if is_compared and row["before"] and row["after"] is not None:
        lines.append(f"change {number_text(100 * (row['after'] - row['before']) / row['before'], 0, sign=True)} %")
    return "<br>".join(plain(line) for line in lines)
