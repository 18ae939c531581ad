"""Dose by exercise: how much of the prescribed volume was done, for one patient or over many."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.side_labels import with_side_labels, wrapped
from ptanalytics.charts.theme import BLUE, GREY, INK, PALE_BLUE, VERMILLION, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import count_text, number_text, plain, reason_text, short_number
from ptanalytics.errors import InvalidTableError
from ptanalytics.instruments.exercise_kinds import EXERCISE_KINDS, UNLISTED_KIND, exercise_names
from ptanalytics.schemas.dose_results import ExerciseAdherence

TITLE = "Dose done, by exercise"
_LINE_PX = 26
_LABEL_PX = 270
_LABEL_CHARACTERS = 46
_MOST_EXERCISES = 40
_ORDER = {kind: place for place, kind in enumerate((*EXERCISE_KINDS, UNLISTED_KIND))}


def plot_dose_by_exercise(exercises: Any, *, min_patients: int = 1) -> go.Figure:
    """Draw how much of the prescribed volume of each exercise was done. It shows what `exercise_adherence` returned.

    One patient: a bar of the weekly capped share, with a diamond where more than prescribed was done in some week
    (the uncapped share), and volumes in words. Several patients: median and quartiles over patients with n. Exercises
    stand under their kind; an exercise with nothing prescribed says so.

    Args:
        exercises: Table `ExerciseAdherence` over the whole window (``by="window"``), pandas or Polars.
        min_patients: With several patients, exercises with fewer of them are not drawn.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        InvalidTableError: The table holds single weeks.
        MissingColumnsError: A column of `ExerciseAdherence` is absent.
    """
    rows = rows_of(exercises, ExerciseAdherence)
    if rows["week_start_date"].is_not_null().any():
        message = "plot_dose_by_exercise shows the whole window. Call exercise_adherence without by='week'."
        raise InvalidTableError(message)
    if rows.is_empty():
        return nothing_to_draw(TITLE, "There is no exercise to show: no plan has started before the end of the data.")
    names = exercise_names()
    rows = rows.with_columns(
        name=pl.col("exercise_id").replace(dict(names)),
        place=pl.col("category").replace_strict(_ORDER, default=len(_ORDER), return_dtype=pl.Int32),
    )
    if rows["patient_id"].n_unique() == 1:
        return _of_one(rows.sort("place", "name"))
    return _of_many(rows, min_patients)


def _of_one(rows: pl.DataFrame) -> go.Figure:
    lines = [_line(row) for row in rows.iter_rows(named=True)]
    figure = new_figure()
    figure.add_bar(
        y=lines, x=[100] * len(lines), orientation="h", width=0.62, name="prescribed", hoverinfo="skip",
        marker={"color": "rgba(0,0,0,0)", "line": {"color": INK, "width": 1.5}},
    )  # fmt: skip
    figure.add_bar(
        y=lines, x=rows["capped_pct"].to_list(), orientation="h", width=0.62, name="done, each week at most as prescribed",
        marker={"color": BLUE, "line": {"color": BLUE, "width": 1}},
        customdata=[[_hover(row)] for row in rows.iter_rows(named=True)], hovertemplate="%{customdata[0]}<extra></extra>",
    )  # fmt: skip
    over = rows.with_columns(line=pl.Series(lines)).filter(pl.col("dose_pct") > pl.col("capped_pct") + 0.5)
    if not over.is_empty():
        figure.add_scatter(
            y=over["line"].to_list(), x=over["dose_pct"].to_list(), mode="markers", name="all that was done",
            marker={"symbol": "diamond-open", "size": 10, "color": VERMILLION, "line": {"width": 2}},
            hovertemplate="all that was done: %{x:.0f} % of prescribed<extra></extra>",
        )  # fmt: skip
    top = max(100.0, *(value or 0 for value in rows["dose_pct"].to_list()))
    for row, line in zip(rows.iter_rows(named=True), lines, strict=True):
        figure.add_annotation(
            x=top * 1.03,
            y=line,
            text=plain(_volumes(row)),
            showarrow=False,
            xanchor="left",
            font={"size": 11, "color": INK},
        )
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(range=[0, top * 1.5], tickvals=_ticks(top))
    assumed = int(rows["assumed"].sum())
    return _finished(
        figure, lines,
        notes=[
            f"n = {count_text(rows.height, 'exercise')}, {_entries(int(rows['entries'].sum()))} on eligible days.",
            f"{assumed} without an amount, taken as the prescribed dose." if assumed else "",
            "Volumes in different units are never added.",
        ],
        alt="Bars of the dose done by exercise for one patient: "
        + "; ".join(f"{row['name']} {_percent(row['capped_pct'])}" for row in rows.iter_rows(named=True)) + ".",
    )  # fmt: skip


def _of_many(rows: pl.DataFrame, min_patients: int) -> go.Figure:
    pct = pl.col("capped_pct")
    each = (
        rows.group_by("place", "category", "name", "exercise_id")
        .agg(
            n=pct.count(),
            median=pct.median(),
            lower=pct.quantile(0.25, "linear"),
            upper=pct.quantile(0.75, "linear"),
        )
        .filter(pl.col("n") >= max(1, min_patients))
    )
    drawn = each.sort("n", "name", descending=[True, False]).head(_MOST_EXERCISES).sort("place", "name")
    if drawn.is_empty():
        return nothing_to_draw(TITLE, "There is no exercise with enough patients to show.")
    n_words = pl.col("n").cast(pl.String) if min_patients == 1 else pl.lit(f"≥ {min_patients}")
    drawn = drawn.with_columns(n_words=n_words)
    lines = [_line(row) for row in drawn.iter_rows(named=True)]
    lower, upper = drawn["lower"].to_list(), drawn["upper"].to_list()
    figure = new_figure()
    figure.add_bar(
        y=lines, x=[high - low for low, high in zip(lower, upper, strict=True)], base=lower, orientation="h", width=0.55,
        name="middle half of patients (quartiles)", marker={"color": PALE_BLUE, "line": {"color": BLUE, "width": 1}},
        hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        y=lines, x=drawn["median"].to_list(), mode="markers", name="median", marker={"size": 9, "color": BLUE},
        customdata=drawn.select("lower", "upper", "n_words").rows(),
        hovertemplate="median %{x:.0f} %, quartiles %{customdata[0]:.0f}–%{customdata[1]:.0f} %, n = %{customdata[2]}"
        "<extra></extra>",
    )  # fmt: skip
    for line, n in zip(lines, drawn["n_words"], strict=True):
        figure.add_annotation(
            x=104, y=line, text=f"n = {n}", showarrow=False, xanchor="left", font={"size": 11, "color": INK}
        )
    figure.update_xaxes(range=[-2, 122], tickvals=[0, 20, 40, 60, 80, 100])
    n_patients = rows["patient_id"].n_unique()
    left_out = each.height - drawn.height
    return _finished(
        figure, lines,
        notes=[
            f"n = {count_text(n_patients, 'patient')}, each with their own exercises." if min_patients == 1
            else f"Exercises with fewer than {min_patients} patients not shown.",
            f"{count_text(left_out, 'exercise')} with fewer patients not drawn." if left_out else "",
            "Each week counts at most what was prescribed.",
        ],
        alt="Median dose done by exercise over patients: " + "; ".join(
            f"{row['name']} {_percent(row['median'])} (n = {row['n_words']})" for row in drawn.iter_rows(named=True)
        ) + ".",
    )  # fmt: skip


def _finished(figure: go.Figure, lines: list[str], *, notes: list[str], alt: str) -> go.Figure:
    figure.add_vline(x=100, line={"dash": "dash", "color": GREY, "width": 1})
    style(
        figure,
        title=TITLE,
        x_title="Volume done, % of prescribed (up to 100 is better)",
        notes=[note for note in notes if note],
        height=150 + _LINE_PX * len(lines),
        alt=alt,
    )
    return with_side_labels(figure, len(lines), label_px=_LABEL_PX)


def _ticks(top: float) -> list[int]:
    step = 20 if top <= 120 else 50
    return list(range(0, int(top) + 1, step))


def _line(row: dict[str, Any]) -> str:
    """The exercise's name and kind."""
    return wrapped(f"{row['name']} · {row['category']}", _LABEL_CHARACTERS)


def _entries(n: int) -> str:
    return count_text(n, "entry", "entries")


def _percent(value: float | None) -> str:
    return "without a value" if value is None else f"{number_text(value, 0)} %"


def _volumes(row: dict[str, Any]) -> str:
    if row["reason"] is not None:
        return reason_text(row["reason"])
    return f"{short_number(row['done_volume'], 0)} of {short_number(row['prescribed_volume'], 0)} {row['unit']}"


def _hover(row: dict[str, Any]) -> str:
    lines = [
        str(row["name"]),
        f"{_volumes(row)}: {_percent(row['dose_pct'])}, each week capped {_percent(row['capped_pct'])}",
        f"{_entries(row['entries'])}, {row['skipped']} skipped, {row['assumed']} without an amount",
    ]
    if row["overdose_weeks"]:
        lines.append(f"{count_text(row['overdose_weeks'], 'week')} above the overdose ratio")
    return "<br>".join(plain(line) for line in lines)
