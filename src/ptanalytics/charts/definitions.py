"""Adherence of one cohort under every definition: where the middle half lies, and how many change class."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from ptanalytics.adherence.compare_definitions import DefinitionComparison
from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.side_labels import with_side_labels, wrapped
from ptanalytics.charts.theme import BLUE, GREY, INK, PALE_BLUE, VERMILLION, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import count_text, number_text
from ptanalytics.schemas.definition_results import DefinitionsCompared
from ptanalytics.settings import Settings, default_settings

TITLE = "Adherence under every definition"
_LINE_PX = 34
_LABEL_PX = 262
_LABEL_CHARACTERS = 42


def plot_adherence_definitions(compared: Any, *, settings: Settings | None = None, min_patients: int = 1) -> go.Figure:
    """Draw the cohort under every definition: median and quartiles, with how many patients change class beside it.

    Args:
        compared: What `compare_adherence_definitions` returned, or its table `DefinitionsCompared` (``.cohort``), pandas or
            Polars.
        settings: Source of the cuts shown; the defaults if not given.
        min_patients: Definitions with fewer patients are not drawn, and smaller counts of changed classes are given as
            "under", for anything that leaves the building.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column of `DefinitionsCompared` is absent.
    """
    cohort = compared.cohort if isinstance(compared, DefinitionComparison) else compared
    rows = rows_of(cohort, DefinitionsCompared)
    drawn = rows.filter((pl.col("n") >= max(1, min_patients)) & pl.col("median_pct").is_not_null())
    if drawn.is_empty():
        return nothing_to_draw(TITLE, "There is no definition to compare: no patient has a value, or too few have one.")
    rules = (settings or default_settings()).adherence
    figure = new_figure()
    lines = [_label(row) for row in drawn.iter_rows(named=True)]
    _add_spread(figure, drawn, lines)
    adherent, low = 100 * rules.adherent_cut, 100 * rules.low_cut
    for cut in (adherent, low):
        figure.add_vline(x=cut, line={"dash": "dash", "color": GREY, "width": 1})
    top = max(100.0, float(drawn["upper_quartile_pct"].max() or 0))  # type: ignore[arg-type]
    for row, line in zip(drawn.iter_rows(named=True), lines, strict=True):
        words = _changed(row, min_patients)
        figure.add_annotation(
            x=top + 4, y=line, text=words, showarrow=False, xanchor="left", font={"size": 11, "color": INK}
        )
    figure.update_xaxes(range=[-2, top + 48], tickvals=[0, 20, 40, 60, 80, 100])
    hidden = rows.height - drawn.height
    n_words = count_text(int(drawn["n"].max()), "patient") if min_patients == 1 else f"at least {min_patients}"  # type: ignore[arg-type]
    style(
        figure,
        title=TITLE,
        x_title="Adherence, % (right is better)",
        notes=[
            f"n = {'up to ' if min_patients == 1 else ''}{n_words}; each line changes one rule against the headline.",
            f"Dashed: adherent from {number_text(adherent, 0)} %, low under {number_text(low, 0)} %.",
            f"{count_text(hidden, 'definition')} without enough patients not shown." if hidden else "",
            "No cut is validated against outcome in low back pain: a class that changes with the definition is undecided.",
        ],
        height=150 + _LINE_PX * len(lines),
        alt=_alt(drawn, min_patients),
    )
    return with_side_labels(figure, len(lines), label_px=_LABEL_PX)


def _alt(drawn: pl.DataFrame, min_patients: int) -> str:
    headline = drawn.filter("is_headline")
    in_words = f"{number_text(headline['median_pct'].item(), 0)} %" if headline.height else "not shown"
    medians = sorted(drawn["median_pct"].to_list())
    most = drawn.sort("n_other_class", descending=True).row(0, named=True)
    return (
        f"Median adherence under {count_text(drawn.height, 'definition')}: {in_words} under the headline, from "
        f"{number_text(medians[0], 0)} to {number_text(medians[-1], 0)} % under all. "
        f"Most classes change under: {most['rule']} ({_changed(most, min_patients)})."
    )


def _label(row: dict[str, Any]) -> str:
    words = wrapped(f"{row['rule']}{' (headline)' if row['is_headline'] else ''}", _LABEL_CHARACTERS)
    return f"<b>{words}</b>" if row["is_headline"] else words


def _changed(row: dict[str, Any], min_patients: int) -> str:
    if row["is_headline"]:
        return "headline"
    n = row["n_other_class"]
    if 0 < n < min_patients:
        return f"under {min_patients} change class"
    return f"{n} of {row['n']} change class" if min_patients == 1 else f"{n} change class"


def _add_spread(figure: go.Figure, rows: pl.DataFrame, lines: list[str]) -> None:
    """Quartiles as a bar, the median as a marker whose shape tells the headline."""
    lower, upper = rows["lower_quartile_pct"].to_list(), rows["upper_quartile_pct"].to_list()
    figure.add_bar(
        y=lines, x=[high - low for low, high in zip(lower, upper, strict=True)], base=lower, orientation="h", width=0.55,
        name="middle half of patients (quartiles)", marker={"color": PALE_BLUE, "line": {"color": BLUE, "width": 1}},
        hoverinfo="skip",
    )  # fmt: skip
    for is_headline, name, marker in (
        (False, "median", {"symbol": "circle", "size": 9, "color": BLUE}),
        (True, "median, headline", {"symbol": "diamond", "size": 12, "color": VERMILLION}),
    ):
        some = rows.with_columns(line=pl.Series(lines)).filter(pl.col("is_headline") == is_headline)
        if some.is_empty():
            continue
        figure.add_scatter(
            y=some["line"].to_list(), x=some["median_pct"].to_list(), mode="markers", name=name, marker=marker,
            customdata=some.select("lower_quartile_pct", "upper_quartile_pct").rows(),
            hovertemplate="median %{x:.0f} %, quartiles %{customdata[0]:.0f}–%{customdata[1]:.0f} %<extra></extra>",
        )  # fmt: skip
