"""Day-count ledger of one patient: each window a row, each day a mark, and what is still needed."""

import datetime as dt
from typing import Any

import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.frames import one_patient, rows_of
from ptanalytics.charts.side_labels import with_label_room
from ptanalytics.charts.theme import BLUE, GREY, INK, VERMILLION, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import count_text, day_text, plain
from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.ledger_results import LEDGER_NOTE, DayLedger, LedgerEvidence

TITLE = "Days with an entry"
_MOST_WINDOWS = 8
_LABEL_PX = 108
_ROW_PX = 44
_WORDS = {"activity": "some exercise done", "session_entry": "a session entry", "entry": "any entry"}


def plot_day_ledger(ledger: Any, evidence: Any) -> go.Figure:
    """Draw the latest windows of a patient's ledger: days that count, entries that do not, and what is still needed.

    Args:
        ledger: Table `DayLedger` of one patient and rule, pandas or Polars.
        evidence: Table `LedgerEvidence` of the same patient and rule.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        InvalidTableError: A table holds several patients or rules, or the two are not of the same.
        MissingColumnsError: A column is absent.
    """
    windows, days = rows_of(ledger, DayLedger), rows_of(evidence, LedgerEvidence)
    patients = {one_patient(windows, DayLedger, "The day ledger"), one_patient(days, LedgerEvidence, "The day ledger")}
    rules = {*windows["rule_id"], *days["rule_id"]}
    if len(patients - {None}) > 1 or len(rules) > 1:
        message = "The ledger and its evidence are not of one patient and one rule. Filter both to the same ones."
        raise InvalidTableError(message)
    if windows.is_empty():
        return nothing_to_draw(TITLE, "There is no day to show: no day of this patient counts under the rule.")
    shown = windows.tail(_MOST_WINDOWS)
    rows = list(shown.iter_rows(named=True))
    figure = new_figure()
    _draw_days(figure, rows, days)
    for place, window in enumerate(reversed(rows)):
        _label(figure, window, place)
    longest = max((row["to_date"] - row["from_date"]).days + 1 for row in rows)
    figure.update_xaxes(range=[0.2, longest + 11.5], tickvals=[1, *range(5, longest + 1, 5)], showgrid=False)
    figure.update_yaxes(
        range=[-0.7, len(rows) - 0.3], showgrid=False, ticks="", showline=False, tickvals=list(range(len(rows))),
        ticktext=[plain(day_text(row["from_date"])) for row in reversed(rows)],
    )  # fmt: skip
    current = rows[-1]
    left_out = len(windows) - len(shown)
    style(
        figure,
        title=f"{TITLE} ({current['needed_days']} are needed in each window)",
        x_title="Day of the window",
        y_title="Window starting",
        notes=[
            f"A day counts with {_WORDS[current['counts']]}; once, whatever is logged on it.",
            f"n = {count_text(len(rows), 'window')} up to {day_text(current['on_date'])}.",
            f"{count_text(left_out, 'earlier window')} not drawn." if left_out else "",
            LEDGER_NOTE,
        ],
        alt=f"Day ledger up to {day_text(current['on_date'])}. Latest window from {day_text(current['from_date'])}: "
        f"{_summary(current)}. {LEDGER_NOTE}",
        height=190 + _ROW_PX * len(rows),
    )
    return with_label_room(figure, _LABEL_PX)


def _draw_days(figure: go.Figure, rows: list[dict[str, Any]], days: pl.DataFrame) -> None:
    counted = {row["date"]: row for row in days.iter_rows(named=True)}
    marks: dict[str, list[tuple[int, int, str]]] = {"counts": [], "entry": [], "none": [], "ahead": []}
    for place, window in enumerate(reversed(rows)):
        for number in range((window["to_date"] - window["from_date"]).days + 1):
            day = window["from_date"] + dt.timedelta(days=number)
            found = counted.get(day)
            kind = "ahead" if day > window["on_date"] else "none"
            if found and day <= window["on_date"]:
                kind = "counts" if found["is_counted"] else "entry"
            marks[kind].append((number + 1, place, _hover(day, found if kind in {"counts", "entry"} else None)))
    looks = {
        "counts": ("counts", {"symbol": "square", "size": 12, "color": BLUE}),
        "entry": (
            "entry that does not count",
            {"symbol": "x-thin-open", "size": 8, "color": VERMILLION, "line": {"width": 2}},
        ),
        "none": ("no entry", {"symbol": "circle", "size": 4, "color": GREY}),
        "ahead": ("still to come", {"symbol": "square-open", "size": 11, "color": GREY}),
    }
    for kind, (words, marker) in looks.items():
        if marks[kind]:
            x, y, hover = zip(*marks[kind], strict=True)
            figure.add_scatter(
                x=list(x), y=list(y), mode="markers", name=f"{words}: {len(x)}", marker=marker,
                customdata=[[text] for text in hover], hovertemplate="%{customdata[0]}<extra></extra>",
            )  # fmt: skip


def _hover(day: dt.date, found: dict[str, Any] | None) -> str:
    lines = [day_text(day)]
    if found:
        lines.append(f"{count_text(found['n_sessions'], 'session')}, {count_text(found['n_ratings'], 'pain rating')}")
        if found["sources"]:
            lines.append(f"source: {found['sources']}")
    return "<br>".join(plain(line) for line in lines)


def _label(figure: go.Figure, window: dict[str, Any], place: int) -> None:
    last = (window["to_date"] - window["from_date"]).days + 1
    head, _, rest = _summary(window).partition("; ")
    lines = [f"<b>{plain(head)}</b>", *([plain(rest)] if rest else [])]
    figure.add_annotation(
        x=last + 0.8, y=place, xanchor="left", align="left", showarrow=False, text="<br>".join(lines),
        font={"size": 11, "color": INK},
    )  # fmt: skip


def _summary(window: dict[str, Any]) -> str:
    """Say the count, and what is still needed and by when."""
    head = f"{window['counted_days']} of {window['needed_days']} days"
    needed = window["still_needed_days"]
    if window["is_met"]:
        return f"{head}; reached {day_text(window['met_date'])}"
    if window["by_date"] is not None:
        return f"{head}; {needed} more by {day_text(window['by_date'])}"
    if window["earliest_date"] is not None:
        return f"{head}; at the earliest {day_text(window['earliest_date'])}"
    return f"{head}; {needed} missing"
