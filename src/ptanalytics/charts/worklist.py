"""The worklist as a plain table: in the order of the rules' stated priority."""

import textwrap
from typing import Any

import plotly.graph_objects as go

from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.side_labels import with_label_room
from ptanalytics.charts.theme import EDGE_PX, GREY, INK, PALE_GREY, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import count_text, day_text, listed, plain
from ptanalytics.schemas.worklist_results import Worklist

TITLE = "Worklist for clinician review"
_MOST_ROWS = 25
_HEADER_PX = 28
_ROW_PX = 24
_LINE_PX = 22
_EDGES_PX = 12
_CHARACTERS = {"patient_id": 14, "label": 22, "why": 58}
_HEADINGS = ("Priority", "Patient", "Reason", "Numbers behind it")


def plot_worklist(worklist: Any, *, most_rows: int = _MOST_ROWS) -> go.Figure:
    """Draw the first rows of the worklist as a table: priority, patient, reason and the numbers behind it.

    Args:
        worklist: Table `Worklist`, pandas or Polars.
        most_rows: Rows drawn; how many more there are is said under the table.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column of `Worklist` is absent.
    """
    rows = rows_of(worklist, Worklist)
    if rows.is_empty():
        return nothing_to_draw(
            TITLE, "No rule holds for anybody on this day. This does not mean that nobody needs contact."
        )
    shown = rows.head(most_rows)
    texts = {name: [_wrapped(value, width) for value in shown[name]] for name, width in _CHARACTERS.items()}
    lines = max(max(text.count("<br>") + 1 for text in column) for column in texts.values())
    row_px = _ROW_PX + _LINE_PX * (lines - 1)
    figure = new_figure()
    figure.add_table(
        columnwidth=[11, 13, 20, 56],
        header={
            "values": [f"<b>{name}</b>" for name in _HEADINGS], "align": "left", "height": _HEADER_PX,
            "fill": {"color": PALE_GREY}, "line": {"color": GREY, "width": 1}, "font": {"size": 12, "color": INK},
        },
        cells={
            "values": [[str(number) for number in shown["priority"]], texts["patient_id"], texts["label"], texts["why"]],
            "align": "left", "height": row_px, "fill": {"color": "white"}, "line": {"color": GREY, "width": 1},
            "font": {"size": 12, "color": INK},
        },
    )  # fmt: skip
    day, n_patients = rows["on_date"].max(), rows["patient_id"].n_unique()
    left_out = len(rows) - len(shown)
    by_rule = rows.group_by("priority", "label").len().sort("priority", "label")
    counts = listed(f"{n} {label.lower()}" for _, label, n in by_rule.rows())
    style(
        figure,
        title=f"{TITLE}, {day_text(day)}",  # type: ignore[arg-type]
        notes=[
            f"n = {count_text(n_patients, 'patient')}, {count_text(len(rows), 'row')}: {counts}.",
            f"{count_text(left_out, 'further row')} not drawn." if left_out else "",
            "One row for each rule that holds; the order is the priority stated in the rules, not a score.",
        ],
        alt=f"{TITLE} on {day_text(day)}: {count_text(n_patients, 'patient')}, {counts}.",  # type: ignore[arg-type]
        note_gap_px=14,
    )
    margin = figure.layout.margin
    figure.update_layout(height=margin.t + _HEADER_PX + row_px * len(shown) + _EDGES_PX + margin.b)
    return with_label_room(figure, EDGE_PX)


def _wrapped(text: Any, width: int) -> str:
    """Break text into lines so that the height of rows is known."""
    words = "" if text is None else str(text)
    return "<br>".join(plain(line) for line in textwrap.wrap(words, width)) or " "
