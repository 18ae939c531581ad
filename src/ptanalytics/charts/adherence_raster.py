"""Adherence of many patients at a glance: one line a patient, one cell a week, each class by shade and sign."""

from typing import Any, NamedTuple

import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.theme import BLUE, GREY, INK, PALE_ORANGE, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import count_text, day_text, number_text, plain
from ptanalytics.schemas.results import WeeklyAdherence
from ptanalytics.settings import Settings, default_settings

TITLE = "Weekly adherence of every patient"
#: From here on patients are too many for a sign in each cell; the shades still differ in lightness.
_SIGNED_PATIENTS = 60
_MOST_PATIENTS = 400
_ROW_PX = 14


class Class(NamedTuple):
    """How a class of weeks looks; shades run from dark to light, so that they differ without colour."""

    name: str
    words: str
    fill: str
    sign: str
    text: str


def plot_adherence_raster(weekly: Any, *, settings: Settings | None = None, order: str = "adherence") -> go.Figure:
    """Draw weekly adherence of many patients, one line each. It shows what `weekly_adherence` returned.

    A cell is a week of the plan (or a calendar week): adherent, partly adherent, low, nothing done, nothing prescribed.
    Shades run from dark (all done) to light; with up to 60 patients each cell also carries a sign. A week with nothing
    prescribed never looks like one with nothing done. No patient is left out silently: of more than 400, the first in
    the order are drawn and the note says so.

    Args:
        weekly: Table `WeeklyAdherence`, pandas or Polars.
        settings: Source of the cuts; the defaults if not given.
        order: ``adherence`` (highest mean on top) or ``patient_id``.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column of `WeeklyAdherence` is absent.
    """
    rows = rows_of(weekly, WeeklyAdherence)
    if rows.is_empty():
        return nothing_to_draw(TITLE, "There is no week to show: no plan has started before the end of the data.")
    rules = (settings or default_settings()).adherence
    adherent, low = 100 * rules.adherent_cut, 100 * rules.low_cut
    classes = _classes(adherent, low)
    rows = _classified(rows, adherent, low).with_columns(x=_position(rows))
    patients = _ordered(rows, order)
    shown = patients.head(_MOST_PATIENTS)
    cells = rows.join(shown.with_row_index("line"), on="patient_id")
    figure = new_figure()
    _add_cells(figure, cells, classes, is_signed=shown.height <= _SIGNED_PATIENTS)
    left_out = patients.height - shown.height
    is_iso = bool((rows["week"] == rows["week_start_date"].dt.week()).all())
    counts = {one.name: int((rows["class"] == one.name).sum()) for one in classes}
    figure.update_yaxes(
        range=[shown.height - 0.5, -0.5], showgrid=False,
        tickvals=list(range(shown.height)) if shown.height <= _SIGNED_PATIENTS else [],
        ticktext=[plain(one) for one in shown["patient_id"]] if shown.height <= _SIGNED_PATIENTS else [],
        tickfont={"size": 10},
    )  # fmt: skip
    figure.update_xaxes(showgrid=False, rangemode="normal")
    first, last = rows["week_start_date"].min(), rows["week_start_date"].max()
    notes = [
        f"n = {count_text(patients.height, 'patient')}, weeks starting {day_text(first)} to {day_text(last)}.",  # type: ignore[arg-type]
        f"{count_text(left_out, 'patient')} further down the order not drawn." if left_out else "",
        "Highest mean weekly adherence on top." if order == "adherence" else "In the order of patient ids.",
        "A week nobody logged looks like one with nothing done.",
    ]
    height = max(240, 150 + _ROW_PX * min(shown.height, 60))
    return style(
        figure,
        title=TITLE,
        x_title="Calendar week, by its Monday" if is_iso else "Week of the plan",
        y_title="Patients",
        notes=[note for note in notes if note],
        height=height,
        alt=f"Raster of {count_text(patients.height, 'patient')} by week: "
        + ", ".join(f"{count_text(counts[one.name], 'week')} {one.words}" for one in classes)
        + ".",
    )


def _classes(adherent: float, low: float) -> tuple[Class, ...]:
    high, half = number_text(adherent, 0), number_text(low, 0)
    return (
        Class("adherent", f"{high} % or more", BLUE, "●", "white"),
        Class("partial", f"{half} to under {high} %", "#7FB3D9", "◐", INK),
        Class("low", f"above 0, under {half} %", "#DCEAF5", "○", INK),
        Class("none", "nothing done", PALE_ORANGE, "–", INK),
        Class("nothing", "nothing prescribed", GREY, "‖", "white"),
    )


def _classified(rows: pl.DataFrame, adherent: float, low: float) -> pl.DataFrame:
    pct = pl.col("adherence_pct")
    return rows.with_columns(
        pl.when(pct.is_null())
        .then(pl.lit("nothing"))
        .when(pct >= adherent - 1e-9)
        .then(pl.lit("adherent"))
        .when(pct >= low - 1e-9)
        .then(pl.lit("partial"))
        .when(pct > 0)
        .then(pl.lit("low"))
        .otherwise(pl.lit("none"))
        .alias("class")
    )


def _position(rows: pl.DataFrame) -> pl.Series:
    """Plan weeks by their number, calendar weeks by their first day."""
    is_iso = bool((rows["week"] == rows["week_start_date"].dt.week()).all())
    return rows["week_start_date"] if is_iso else rows["week"]


def _ordered(rows: pl.DataFrame, order: str) -> pl.DataFrame:
    means = rows.group_by("patient_id").agg(mean=pl.col("adherence_pct").mean())
    by = ["mean", "patient_id"] if order == "adherence" else ["patient_id"]
    return means.sort(by, descending=[True, False][: len(by)] if order == "adherence" else False, nulls_last=True).select(
        "patient_id"
    )


def _add_cells(figure: go.Figure, cells: pl.DataFrame, classes: tuple[Class, ...], *, is_signed: bool) -> None:
    """One heatmap for the shades, with signs as text, and an entry in the legend for each class."""
    code = {one.name: place for place, one in enumerate(classes)}
    grid = cells.with_columns(
        z=pl.col("class").replace_strict(code, return_dtype=pl.Int32),
        sign=pl.col("class").replace_strict({one.name: one.sign for one in classes}),
    ).sort("line")
    xs = sorted(set(grid["x"].to_list()))
    column = {x: place for place, x in enumerate(xs)}
    n_lines = int(grid["line"].max()) + 1  # type: ignore[arg-type]
    z: list[list[int | None]] = [[None] * len(xs) for _ in range(n_lines)]
    hover = [[""] * len(xs) for _ in range(n_lines)]
    for row in grid.iter_rows(named=True):
        z[row["line"]][column[row["x"]]] = row["z"]
        hover[row["line"]][column[row["x"]]] = _hover(row)
    n = len(classes)
    scale = [[place / n, one.fill] for place, one in enumerate(classes)] + [
        [(place + 1) / n, one.fill] for place, one in enumerate(classes)
    ]
    figure.add_heatmap(
        x=xs, y=list(range(n_lines)), z=z, zmin=-0.5, zmax=n - 0.5, showscale=False, xgap=1, ygap=1,
        colorscale=sorted(scale, key=lambda stop: (stop[0], scale.index(stop) < n)), customdata=hover,
        hovertemplate="%{customdata}<extra></extra>", hoverongaps=False,
    )  # fmt: skip
    for one in classes:
        of_class = grid.filter(pl.col("class") == one.name)
        if is_signed and one.sign and not of_class.is_empty():
            figure.add_scatter(
                x=of_class["x"].to_list(), y=of_class["line"].to_list(), mode="text", text=[one.sign] * of_class.height,
                textfont={"size": 9, "color": one.text}, hoverinfo="skip", showlegend=False,
            )  # fmt: skip
        figure.add_scatter(
            x=[None], y=[None], mode="markers", name=f"{one.sign} {one.words}".strip(), hoverinfo="skip",
            marker={"symbol": "square", "size": 11, "color": one.fill, "line": {"color": GREY, "width": 1}},
        )  # fmt: skip


def _hover(row: dict[str, Any]) -> str:
    pct = "nothing prescribed" if row["adherence_pct"] is None else f"{number_text(row['adherence_pct'], 0)} %"
    lines = [
        str(row["patient_id"]),
        f"Week {row['week']}, from {day_text(row['week_start_date'])}",
        f"{row['counted']} of {number_text(row['prescribed'], 1)} prescribed sessions counted: {pct}",
    ]
    return "<br>".join(plain(line) for line in lines)
