"""What is missing, and what the data checks found."""

import datetime as dt
import math
import textwrap
from typing import Any

import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.theme import (
    BLUE,
    GREY,
    INK,
    PALE_BLUE,
    PALE_GREY,
    PALE_ORANGE,
    VERMILLION,
    new_figure,
    nothing_to_draw,
    style,
)
from ptanalytics.charts.wording import count_text, listed, number_text, plain
from ptanalytics.errors import InvalidTableError
from ptanalytics.quality.check import DataCheck
from ptanalytics.schemas.frames import as_lazy
from ptanalytics.schemas.quality_results import (
    CheckResults,
    CheckResultsByMonth,
    CheckResultsBySite,
    Missingness,
    MissingnessByMonth,
    MissingnessBySite,
)

_MOST_ROWS = 30
_MOST_OF_A_SEVERITY = 10
_ROW_PX = 21
_CHARACTER_PX = 6.8
_LETTER_SHARE = 0.0125  # of the width of the bars
#: From white to a blue on which dark text still reads (contrast of ink on it above 7:1).
_SHADES = [[0.0, "#FFFFFF"], [1.0, "#9CC7E4"]]
_SEVERITIES = {
    "error": {"color": PALE_ORANGE, "line": VERMILLION, "pattern": "x"},
    "warning": {"color": PALE_BLUE, "line": BLUE, "pattern": "/"},
    "note": {"color": PALE_GREY, "line": GREY, "pattern": ""},
}


def plot_missingness(missing: Any) -> go.Figure:
    """Draw which columns have how many missing values: as bars, or by month or site as a table of shares.

    Columns without a missing value and columns that no export had are not drawn; the footnote names or counts them. A
    missing value can be right (an open-ended plan has no last day): such columns say so.

    Args:
        missing: What `check_data` returned, or one of its tables ``missing``, ``missing_by_month`` or ``missing_by_site``.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column of the table is absent.
    """
    missing = missing.missing if isinstance(missing, DataCheck) else missing
    names = as_lazy(missing).collect_schema().names()
    if "month_date" in names:
        return _missing_by(rows_of(missing, MissingnessByMonth), "month_date", "month")
    if "site" in names:
        return _missing_by(rows_of(missing, MissingnessBySite), "site", "site")
    return _missing_bars(rows_of(missing, Missingness))


def _missing_bars(rows: pl.DataFrame) -> go.Figure:
    title = "Values that are missing"
    if not rows.height:
        return nothing_to_draw(title, "There are no rows, so nothing can be missing.")
    absent = rows.filter(~pl.col("is_recorded") & (pl.col("n_rows") > 0))
    drawn = rows.filter((pl.col("n_missing") > 0) & pl.col("is_recorded"))
    full = rows.filter((pl.col("n_missing") == 0) & (pl.col("n_rows") > 0))
    if not drawn.height:
        return nothing_to_draw(title, f"No value is missing in {count_text(full.height, 'column')}. {_never(absent)}")
    drawn, n_more = _most(drawn.sort("missing_pct", "table", "column", descending=[True, False, False]))
    figure = new_figure()
    labels = [f"{table}: {column}" for table, column in drawn.select("table", "column").rows()]
    means = drawn["missing_means"].to_list()
    figure.add_bar(
        orientation="h",
        x=drawn["missing_pct"].to_list(),
        y=list(range(drawn.height)),
        marker={"color": PALE_BLUE, "line": {"color": BLUE, "width": 1}},
        text=[
            f"{number_text(pct, 0 if pct >= 1 else 1)} % ({n:,} {'row' if n == 1 else 'rows'})"
            + (f"; missing means {plain(m)}" if m else "")
            for pct, n, m in zip(drawn["missing_pct"], drawn["n_missing"], means, strict=True)
        ],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    room = [1 - min(0.7, _LETTER_SHARE * len(text)) for text in figure.data[0].text]
    reach = max(pct / share for pct, share in zip(figure.data[0].x, room, strict=True))
    figure.update_layout(xaxis={"range": [0, max(155.0, reach)], "tickvals": [0, 25, 50, 75, 100]}, **_rows_axis(labels))
    worst = drawn.row(0, named=True)
    return _styled(
        figure,
        title=title,
        notes=[
            f"{count_text(drawn.height, 'column')} drawn{_more(n_more)}; {full.height} more have no missing value.",
            _never(absent),
            "Missing is not zero. Where the table says what a missing value means, it stands beside the bar.",
        ],
        x_title="Rows without a value (%)",
        height=_height(drawn.height, 150),
        alt=f"{title}: {count_text(drawn.height, 'column')} have missing values, most {worst['column']} of "
        f"{worst['table']} with {number_text(worst['missing_pct'], 0)} %; {full.height} have none. {_never(absent)}",
    )


def _missing_by(rows: pl.DataFrame, by: str, word: str) -> go.Figure:
    title = f"Values that are missing, by {word}"
    totals = rows.group_by("table", "column").agg(n=pl.col("n_rows").sum(), gone=pl.col("n_missing").sum())
    absent = totals.filter((pl.col("gone") == pl.col("n")) & (pl.col("n") > 0)).sort("table", "column")
    drawn = totals.filter((pl.col("gone") > 0) & (pl.col("gone") < pl.col("n")))
    if not drawn.height:
        return nothing_to_draw(title, f"No value is missing. {_never(absent)}")
    drawn = drawn.with_columns(share=pl.col("gone") / pl.col("n"))
    drawn, n_more = _most(drawn.sort("share", "table", "column", descending=[True, False, False]))
    keys = drawn.sort("table", "column").select("table", "column").rows()
    places = _places(rows, by)
    shares = {(t, c, p): pct for t, c, p, pct in rows.select("table", "column", by, "missing_pct").iter_rows()}
    grid = [[shares.get((*key, place)) for place in places] for key in keys]
    figure = _grid(grid, [f"{t}: {c}" for t, c in keys], places, top=100.0, words=lambda pct: number_text(pct, 0))
    return _styled(
        figure,
        title=title,
        notes=[
            f"Numbers are % of rows without a value{_more(n_more)}. A grey field has no rows.",
            _never(absent),
            "Missing is not zero; in some columns a missing value is right (see missing_means of the table `missing`).",
        ],
        height=_height(len(keys), 170),
        note_gap_px=60,
        alt=f"{title}: {count_text(len(keys), 'column')} with missing values over {count_text(len(places), word)}. "
        f"{_never(absent)}",
    )


def plot_data_problems(results: Any) -> go.Figure:
    """Draw what the data checks found: rules as bars with their share, or by month or site as a table of counts.

    Rules that found nothing are counted in the footnote, apart from those that could not judge anything: these have not
    passed.

    Args:
        results: What `check_data` returned, or one of its tables ``rules``, ``rules_by_month`` or ``rules_by_site``.

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column of the table is absent.
    """
    results = results.rules if isinstance(results, DataCheck) else results
    names = as_lazy(results).collect_schema().names()
    if "month_date" in names:
        return _problems_by(rows_of(results, CheckResultsByMonth), "month_date", "month")
    if "status" in names:
        return _problem_bars(rows_of(results, CheckResults))
    if "site" in names:
        return _problems_by(rows_of(results, CheckResultsBySite), "site", "site")
    message = "plot_data_problems draws .rules, .rules_by_month or .rules_by_site of check_data(...)."
    raise InvalidTableError(message)


def _problem_bars(rows: pl.DataFrame) -> go.Figure:
    title = "What the data checks found"
    counts = {status: rows.filter(pl.col("status") == status).height for status in ("passed", "found", "not_applicable")}
    rest = (
        f"{count_text(counts['passed'], 'rule')} found nothing; {counts['not_applicable']} could not be judged "
        "(nothing to look at), which is not a pass."
    )
    found = rows.filter(pl.col("status") == "found").with_columns(_severity_rank())
    if not found.height:
        return nothing_to_draw(title, f"No rule found anything. {rest}")
    ordered = found.sort("rank", "n_found", "rule_id", descending=[False, True, False])
    drawn, n_more = _most(_of_each_severity(ordered))
    n_more += ordered.height - drawn.height - n_more
    figure = new_figure()
    for severity, look in _SEVERITIES.items():
        at = [n for n, one in enumerate(drawn["severity"]) if one == severity]
        if not at:
            continue
        mine = drawn[at]
        figure.add_bar(
            orientation="h",
            name=severity,
            x=mine["n_found"].to_list(),
            y=at,
            marker={
                "color": look["color"], "line": {"color": look["line"], "width": 1},
                "pattern": {"shape": look["pattern"], "fgcolor": look["line"], "size": 6, "solidity": 0.12},
            },
            text=[_found_text(row) for row in mine.iter_rows(named=True)],
            textposition="outside",
            cliponaxis=False,
            hovertext=[f"{plain(i)}: {plain(s)}" for i, s in mine.select("rule_id", "sentence").iter_rows()],
            hovertemplate="%{hovertext}<br>%{text}<extra></extra>",
        )  # fmt: skip
    labels = [_rule_label(row) for row in drawn.iter_rows(named=True)]
    # Counts differ by orders of magnitude; on a linear axis only the largest would be seen.
    top = max(10, *drawn["n_found"].to_list())
    figure.update_layout(
        xaxis={"type": "log", "range": [-0.3, math.log10(top) + 1.5], "dtick": 1, "tickformat": ",d"},
        barmode="overlay",
        **_rows_axis(labels),
    )
    by_kind = found.group_by("severity").len().sort("severity")
    kinds = listed(count_text(n, f"rule about {s}s", f"rules about {s}s") for s, n in by_kind.rows())
    return _styled(
        figure,
        title=title,
        notes=[
            f"{count_text(counts['found'], 'rule')} found something"
            + (f", {drawn.height} of them drawn (and {n_more} more in the table). {rest}" if n_more else f". {rest}"),
            "Errors were set aside on import or cannot be trusted; warnings and notes are kept in the tables.",
        ],
        x_title="Found (logarithmic axis)",
        height=_height(drawn.height, 165, row_px=44),
        alt=f"{title}: {kinds}; most found by {drawn['rule_id'][0]}. {rest}",
    )


def _found_text(row: dict[str, Any]) -> str:
    share = row["share_pct"] or 0.0
    shown = "under 0.1" if share < 0.1 else number_text(share, 1 if share < 10 else 0)
    return f"{row['n_found']:,} of {row['n_checked']:,} {row['counts']} ({shown} %)"


def _rule_label(row: dict[str, Any]) -> str:
    lines = textwrap.wrap(f"{row['table']}: {row['sentence']}", 48, max_lines=3, placeholder=" …")
    return "<br>".join(plain(line) for line in lines)


def _problems_by(rows: pl.DataFrame, by: str, word: str) -> go.Figure:
    title = f"What the data checks found, by {word}"
    found = rows.filter(pl.col("n_found") > 0)
    if not found.height:
        return nothing_to_draw(title, "No rule found anything.")
    totals = found.group_by("rule_id", "severity", "table").agg(pl.col("n_found").sum()).with_columns(_severity_rank())
    drawn, n_more = _most(totals.sort("rank", "n_found", "rule_id", descending=[False, True, False]))
    rows = rows.filter(pl.col("rule_id").is_in(drawn["rule_id"].implode()))
    places = _places(rows, by)
    counts = {(r, p): n for r, p, n in rows.select("rule_id", by, "n_found").iter_rows()}
    grid = [[counts.get((rule, place)) for place in places] for rule in drawn["rule_id"]]
    labels = [f"{severity}: {rule.replace('_', ' ')}" for rule, severity in drawn.select("rule_id", "severity").rows()]
    top = float(drawn["n_found"].max())  # type: ignore[arg-type]
    figure = _grid(grid, labels, places, top=top, words=lambda n: f"{int(n):,}")
    return _styled(
        figure,
        title=title,
        notes=[
            f"Numbers are what a rule found{_more(n_more)}; in a grey field nothing could be judged.",
            "Rows set aside on import are not here: their date or patient may be what is wrong.",
        ],
        height=_height(drawn.height, 170),
        note_gap_px=60,
        alt=f"{title}: {count_text(drawn.height, 'rule')} found something over {count_text(len(places), word)}; most "
        f"{drawn['rule_id'][0]} with {drawn['n_found'][0]:,}.",
    )


def _styled(figure: go.Figure, **words: Any) -> go.Figure:
    """Finish a figure with long words on the left: room for them, and the footnote below all of the figure."""
    styled = style(figure, **words)
    lines = [line for label in styled.layout.yaxis.ticktext for line in label.split("<br>")]
    left = int(30 + _CHARACTER_PX * max(map(len, lines), default=0))
    styled.update_layout(margin={"l": left}, yaxis={"automargin": False}, legend={"x": 0, "xref": "container"})
    styled.update_annotations({"xshift": 14 - left}, selector={"name": "note"})
    return styled


def _of_each_severity(ordered: pl.DataFrame) -> pl.DataFrame:
    """Keep some rules of each severity, so that many kinds of errors do not crowd out every warning."""
    return ordered.group_by("severity", maintain_order=True).head(_MOST_OF_A_SEVERITY)


def _severity_rank() -> pl.Expr:
    return pl.col("severity").replace_strict({s: n for n, s in enumerate(_SEVERITIES)}, return_dtype=pl.Int8).alias("rank")


def _most(rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    kept = rows.head(_MOST_ROWS)
    return kept, rows.height - kept.height


def _more(n: int) -> str:
    return f" (and {n} more in the table)" if n else ""


def _never(absent: pl.DataFrame) -> str:
    if not absent.height:
        return ""
    names = [f"{table} {column}" for table, column in absent.select("table", "column").rows()]
    shown = listed(names) if len(names) <= 6 else f"{', '.join(names[:6])} and {len(names) - 6} more"
    return f"In no export: {shown}."


def _places(rows: pl.DataFrame, by: str) -> list[Any]:
    """Return months without gaps, or sites; what is not known comes last."""
    known = rows[by].drop_nulls().unique().sort()
    places: list[Any] = known.to_list()
    if by == "month_date" and places:
        # A month without rows is a gap that should be seen. A slipped year must not make a thousand of them.
        every = pl.date_range(places[0], places[-1], "1mo", eager=True).to_list()
        places = every if len(every) <= 2 * len(places) + 12 else places
    return [*places, None] if rows[by].null_count() else places


def _grid(grid: list[list[float | None]], labels: list[str], places: list[Any], *, top: float, words: Any) -> go.Figure:
    """Draw a table of numbers, each in its field, shaded by size."""
    figure = new_figure()
    ticks = [_place_text(place) for place in places]
    numbers = [["" if cell is None else words(cell) for cell in row] for row in grid]
    figure.add_heatmap(
        z=[[None if cell is None else float(cell) for cell in row] for row in grid],
        x=list(range(len(places))),
        y=list(range(len(labels))),
        text=numbers,
        texttemplate="%{text}" if len(places) <= 18 else None,
        textfont={"color": INK, "size": 11},
        customdata=[[[plain(label), tick] for tick in ticks] for label in labels],
        hovertemplate="%{customdata[0]}, %{customdata[1]}: %{text}<extra></extra>",
        colorscale=_SHADES,
        zmin=0,
        zmax=top,
        xgap=1,
        hoverongaps=False,
        ygap=1,
        showscale=False,
    )
    figure.update_layout(
        xaxis={
            "tickvals": list(range(len(places))),
            "ticktext": ticks,
            "showgrid": False,
            "range": [-0.5, len(places) - 0.5],
        },
        **_rows_axis([plain(label) for label in labels]),
    )
    # Fields without data are grey and those with a zero white.
    figure.update_layout(plot_bgcolor=PALE_GREY)
    return figure


def _place_text(place: Any) -> str:
    if place is None:
        return "not<br>known"
    if isinstance(place, dt.date):
        return f"{place:%b}<br>{place.year}"
    return "<br>".join(plain(line) for line in textwrap.wrap(str(place), 14, max_lines=2, placeholder="…")) or "–"


def _rows_axis(labels: list[str]) -> dict[str, Any]:
    """Return the y axis: one row per label, the first on top."""
    return {
        "yaxis": {
            "tickvals": list(range(len(labels))),
            "ticktext": labels,
            "range": [len(labels) - 0.45, -0.55],
            "showgrid": False,
        }
    }


def _height(n_rows: int, around_px: int, *, row_px: int = _ROW_PX) -> int:
    return around_px + row_px * max(n_rows, 2)
