"""Questionnaire scores of one patient: one small chart per instrument, with bands and the minimal important change."""

import datetime as dt
from typing import Any

import plotly.graph_objects as go
import polars as pl
from plotly.subplots import make_subplots

from ptanalytics.charts.frames import one_patient, rows_of
from ptanalytics.charts.measures import axis_words, better_words, value_words
from ptanalytics.charts.theme import BLUE, GREY, INK, PALE_GREY, VERMILLION, nothing_to_draw, style, theme
from ptanalytics.charts.wording import count_text, day_text, plain, reason_text
from ptanalytics.instruments import Instrument, instrument, instrument_ids, measure_ids, mic_for
from ptanalytics.instruments import measure as measure_of
from ptanalytics.schemas.questionnaire_results import QuestionnaireScores
from ptanalytics.schemas.results import Baselines
from ptanalytics.settings import Settings, default_settings

TITLE = "Questionnaires"
PANELS_PER_ROW = 3
_ROW_PX = 250
_LONGEST_LINE = 20
_LABEL_SHARE = 0.06  # of a panel's height, for the name of a band
_LABEL_ROOM = 0.4  # of the days shown
_SHORTEST_AXIS_DAYS = 28  # so that a single form does not fill the axis with one day


def plot_questionnaires(
    scores: Any, *, baselines: Any = None, measures: list[str] | None = None, settings: Settings | None = None
) -> go.Figure:
    """Draw one patient's scored questionnaires over time, small multiples: one panel per instrument on its full scale.

    Three panels stand in a row. Published bands are shaded and named. With `baselines`, a dashed line marks the score at
    which the change from baseline reaches the minimal important change (MIC). A form without a score is a cross on the axis
    with the reason. An alert (PHQ-9 item 9 above 0) is said under the figure with its day, for the clinician.

    Args:
        scores: Result of `score_questionnaires` (or table `scores`) of one patient, pandas or Polars.
        baselines: Table `Baselines`.
        measures: Which scales, in order (subscales and screeners too); all outcome measures in the table if not given.
        settings: Source of the MIC; the defaults if not given.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        InvalidTableError: The table holds several patients.
        MissingColumnsError: A column is absent.
    """
    rows = rows_of(scores, QuestionnaireScores)
    one_patient(rows, QuestionnaireScores, "The questionnaire chart")
    found_ids = set(rows["instrument_id"])
    present = [name for name in (*measure_ids(), *instrument_ids()) if name in found_ids]
    names = [name for name in (measure_ids() if measures is None else measures) if name in present]
    if not names:
        return nothing_to_draw(TITLE, "There is no questionnaire to show: no form of a known instrument was completed.")
    columns = min(PANELS_PER_ROW, len(names))
    n_rows = -(-len(names) // columns)
    figure = make_subplots(
        rows=n_rows, cols=columns, horizontal_spacing=min(0.14, 0.4 / columns), vertical_spacing=0.24 / n_rows
    )  # fmt: skip
    figure.update_layout(template=theme())
    found = None if baselines is None else rows_of(baselines, Baselines)
    said = []
    for place, name in enumerate(names):
        panel = rows.filter(pl.col("instrument_id") == name)
        limit = _mic_limit(found, name, settings or default_settings())
        _draw_panel(figure, panel, measure_of(name), limit, (place // columns + 1, place % columns + 1))
        said.append(_said(panel, name, limit))
    days = rows["completed_date"].sort().to_list()
    others = found_ids - set(names)
    notes = [
        f"n = {count_text(len(rows), 'form')}, {day_text(days[0])} to {day_text(days[-1])}.",
        "Dashed line: MIC reached, from the baseline." if found is not None else "No baseline given, so no MIC line.",
        f"{count_text(len(others), 'other scale')} in the table not drawn." if others else "",
        *_alerts(rows),
    ]
    return style(
        figure,
        title=TITLE,
        notes=[note for note in notes if note],
        alt=" ".join([*said, *_alerts(rows)]),
        height=80 + _ROW_PX * n_rows,
        note_gap_px=44,
    )


def _alerts(rows: pl.DataFrame) -> list[str]:
    """Say which items were answered above their lowest on which days; such answers are never aggregated away."""
    marked = rows.filter(pl.col("flags").str.contains("alert_"))
    words = []
    for day, flags in marked.select("completed_date", "flags").rows():
        items = [flag.removeprefix("alert_") for flag in flags.split(",") if flag.startswith("alert_")]
        words += [f"For clinician review: {_item_words(item)} above 0 on {day_text(day)}." for item in items]
    return list(dict.fromkeys(words))


def _item_words(item: str) -> str:
    form, _, number = item.rpartition("_")
    return f"{instrument(form).short_label if form in instrument_ids() else form} item {number}"


def _mic_limit(baselines: pl.DataFrame | None, name: str, settings: Settings) -> float | None:
    """The score at which the improvement from baseline equals the MIC, where it lies on the scale."""
    mic = mic_for(name, settings).value
    if baselines is None or mic is None:
        return None
    value = baselines.filter(pl.col("measure") == name)["baseline"].drop_nulls().to_list()
    if not value:
        return None
    known = measure_of(name)
    limit = value[0] - mic if known.direction == "lower_better" else value[0] + mic
    return float(limit) if known.minimum <= limit <= known.maximum else None


def _draw_panel(
    figure: go.Figure, rows: pl.DataFrame, known: Instrument, limit: float | None, place: tuple[int, int]
) -> None:
    row_place, column = place
    low, high = known.minimum, known.maximum
    figure.add_scatter(
        x=rows["completed_date"].to_list(),
        y=rows["score"].to_list(),
        mode="lines+markers",
        connectgaps=False,  # a form without a score interrupts the line
        line={"color": BLUE, "width": 2},
        marker={"size": 8, "color": BLUE},
        showlegend=False,
        customdata=[[_hover(row, known.id)] for row in rows.iter_rows(named=True)],
        hovertemplate="%{customdata[0]}<extra></extra>",
        row=row_place,
        col=column,
    )
    missing = rows.filter(pl.col("score").is_null())
    if not missing.is_empty():
        figure.add_scatter(
            x=missing["completed_date"].to_list(), y=[low] * len(missing), mode="markers", showlegend=False,
            marker={"symbol": "x-thin", "size": 9, "color": VERMILLION, "line": {"width": 2, "color": VERMILLION}},
            customdata=[[_hover(row, known.id)] for row in missing.iter_rows(named=True)],
            hovertemplate="%{customdata[0]}<extra></extra>", row=row_place, col=column,
        )  # fmt: skip
    _shade_bands(figure, known, limit, place)  # after the scores: plotly shades no empty panel
    if limit is not None:
        figure.add_hline(y=limit, line={"color": INK, "width": 1.5, "dash": "dash"}, row=row_place, col=column)
    pad = (high - low) * 0.04
    words = "<br>".join(plain(line) for line in _axis_lines(known.id))
    figure.update_yaxes(range=[low - pad, high + pad], title={"text": words, "standoff": 4}, row=row_place, col=column)
    days = rows["completed_date"].to_list()
    around = [days[0] - dt.timedelta(days=5), max(days[-1], days[0] + dt.timedelta(days=_SHORTEST_AXIS_DAYS))]
    # The names of bands stand right of the last form, not on it.
    around[1] += dt.timedelta(days=5) + (_LABEL_ROOM * (around[1] - around[0]) if known.bands else dt.timedelta(0))
    figure.update_xaxes(tickformat="%-d %b", nticks=3, showgrid=False, range=around, row=row_place, col=column)


def _axis_lines(measure_id: str) -> list[str]:
    """Return the words of an axis in lines that fit beside a low panel."""
    name, direction = axis_words(measure_id).split("\n")
    label, _, limits = name.rpartition(", ")
    return [f"{label},", limits, direction] if len(name) > _LONGEST_LINE else [name, direction]


def _shade_bands(figure: go.Figure, known: Instrument, limit: float | None, place: tuple[int, int]) -> None:
    row_place, column = place
    lower, label_height = known.minimum, _LABEL_SHARE * (known.maximum - known.minimum)
    for i, band in enumerate(known.bands):
        if band.upper - lower <= 0:
            continue
        if i % 2:
            figure.add_hrect(
                y0=lower, y1=band.upper, fillcolor=PALE_GREY, line={"width": 0}, layer="below", row=row_place, col=column
            )
        is_crossed = limit is not None and band.upper - label_height <= limit <= band.upper
        figure.add_annotation(
            xref="x domain", x=1, xanchor="right", y=lower if is_crossed else band.upper,
            yanchor="bottom" if is_crossed else "top", text=plain(band.label.lower()),
            showarrow=False, font={"size": 9, "color": GREY}, row=row_place, col=column,
        )  # fmt: skip
        lower = band.upper


def _hover(row: dict[str, Any], name: str) -> str:
    lines = [day_text(row["completed_date"])]
    if row["score"] is None:
        lines.append(f"no score: {reason_text(row['reason']) or 'no reason given'}")
    else:
        lines.append(value_words(name, row["score"]))
        if row["is_prorated"]:
            lines.append(f"scored from {row['n_answered']} answered items")
    return "<br>".join(plain(line) for line in lines)


def _said(rows: pl.DataFrame, name: str, limit: float | None) -> str:
    known = measure_of(name)
    scored = rows.filter(pl.col("score").is_not_null())
    without = len(rows) - len(scored)
    if scored.is_empty():
        return f"{known.label}: {count_text(len(rows), 'form')}, none with a score."
    first, last = scored.row(0, named=True), scored.row(-1, named=True)
    words = (
        f"{known.label} ({better_words(name)}): {count_text(len(scored), 'score')}, {value_words(name, first['score'])} on "
        f"{day_text(first['completed_date'])}, {value_words(name, last['score'])} on {day_text(last['completed_date'])}"
    )
    if limit is not None:
        words += f", MIC reached at {value_words(name, limit)}"
    return words + (f"; {count_text(without, 'form')} without a score." if without else ".")
