"""Which changes a chart draws: one measure at one week, in groups by the minimal important change (MIC)."""

from typing import Any, NamedTuple

import polars as pl

from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.theme import BLUE, GREY, INK, VERMILLION
from ptanalytics.charts.wording import listed, reason_text, short_number
from ptanalytics.schemas.results import MEASURES, Changes
from ptanalytics.settings import default_settings


class Look(NamedTuple):
    """How one kind of change looks; marker, or pattern of a bar, differ as well as colour."""

    words: str
    colour: str
    symbol: str
    pattern: str


LOOKS = {
    "improved": Look("improved by the MIC or more", BLUE, "circle", ""),
    "between": Look("changed by less than the MIC", GREY, "circle-open", "/"),
    "worse": Look("worse by the MIC or more", VERMILLION, "triangle-up", "x"),
    "no_mic": Look("change (no MIC known)", INK, "diamond-open", "."),
}


class ChosenChanges(NamedTuple):
    """Changes on one measure at one week."""

    measure: str
    week: int
    #: How many patients have a row, with a change or without.
    n_rows: int
    #: Rows with a change; ``look`` is a key of `LOOKS`.
    drawn: pl.DataFrame
    mic: float | None
    #: Sentences: who is left out and why; the MIC and its source.
    not_drawn: str
    about_mic: str


def chosen_changes(changes: Any, measure: str | None, target_week: int | None) -> ChosenChanges | str:
    """Return the changes to draw, or a sentence that says why there are none.

    Args:
        changes: Table `Changes`, pandas or Polars.
        measure: Which measure; the first one present if not given.
        target_week: Which follow-up; the primary week if present, else the last.
    """
    rows = rows_of(changes, Changes)
    chosen = choose_outcome(rows, measure, target_week)
    if chosen is None:
        return "There is no change to show: no patient has a baseline and a follow-up planned."
    name, week = chosen
    rows = rows.filter((pl.col("measure") == name) & (pl.col("target_week") == week))
    missing = rows.filter(pl.col("improvement").is_null()).group_by("reason").len().sort("len", "reason", descending=True)
    left_out = listed(f"{n} with {reason_text(reason) or 'no reason given'}" for reason, n in missing.rows())
    drawn = rows.filter(pl.col("improvement").is_not_null()).with_columns(look=_look())
    if drawn.is_empty():
        return f"No patient has both values. Left out: {left_out or 'nobody'}."
    mic, source = (drawn[column].drop_nulls().to_list() for column in ("mic", "mic_source"))
    about_mic = f"MIC {short_number(mic[0])}: {source[0] if source else 'source not given'}." if mic else "No MIC is known."
    not_drawn = f"Not drawn: {left_out}." if left_out else "Nobody left out."
    return ChosenChanges(name, week, rows.height, drawn, mic[0] if mic else None, not_drawn, about_mic)


def choose_outcome(rows: pl.DataFrame, measure: str | None, target_week: int | None) -> tuple[str, int] | None:
    """Return the measure and week to draw: those asked for, else the first measure and the primary (or last) week."""
    if measure is not None:
        rows = rows.filter(pl.col("measure") == measure)
    if target_week is not None:
        rows = rows.filter(pl.col("target_week") == target_week)
    if rows.is_empty():
        return None
    present = set(rows["measure"])
    name = next((known for known in MEASURES if known in present), min(present))
    weeks = set(rows.filter(pl.col("measure") == name)["target_week"].to_list())
    primary = default_settings().outcomes.primary_week
    return name, primary if primary in weeks else max(weeks)


def _look() -> pl.Expr:
    return (
        pl.when(pl.col("mic").is_null())
        .then(pl.lit("no_mic"))
        .when(pl.col("is_responder_absolute"))
        .then(pl.lit("improved"))
        .when(pl.col("is_deteriorated"))
        .then(pl.lit("worse"))
        .otherwise(pl.lit("between"))
    )
