"""Weekly adherence: one patient as counted against prescribed, several as median with quartile band."""

import math
from typing import Any

import plotly.graph_objects as go
import polars as pl

from ptanalytics.charts.frames import rows_of
from ptanalytics.charts.theme import BLUE, GREY, INK, PALE_BLUE, VERMILLION, new_figure, nothing_to_draw, style
from ptanalytics.charts.wording import count_text, day_text, number_text, plain, reason_text, short_number
from ptanalytics.schemas.results import WeeklyAdherence
from ptanalytics.settings import Settings, default_settings

TITLE = "Sessions done, of those prescribed"
SELF_REPORT = "Only logged sessions can count; a session nobody logged looks like one not done."
_WEEKS_WITH_PERCENT = 26


def plot_weekly_adherence(weekly: Any, *, settings: Settings | None = None, min_patients: int = 1) -> go.Figure:
    """Draw weekly adherence. It shows what `weekly_adherence` returned and computes no adherence itself.

    One patient: a bar of counted sessions inside the outline of what was prescribed; weeks above the overdose ratio and
    partial weeks have their own pattern and words; a week with nothing prescribed says so. Several patients: median
    and quartiles over patients per week, with n; partial weeks are left out of both.

    Args:
        weekly: Table `WeeklyAdherence`, pandas or Polars.
        settings: Source of the cuts shown; the defaults if not given.
        min_patients: With several patients, weeks with fewer of them are not drawn (use the suppression threshold for
            anything that leaves the building).

    Returns:
        A plotly figure with its text summary in ``layout.meta["alt"]``.

    Raises:
        MissingColumnsError: A column of `WeeklyAdherence` is absent.
    """
    rows = rows_of(weekly, WeeklyAdherence)
    rules = settings or default_settings()
    if rows.is_empty():
        return nothing_to_draw(TITLE, "There is no week to show: no plan has started before the end of the data.")
    if rows["patient_id"].n_unique() > 1:
        return _draw_cohort(rows, rules, min_patients)
    return _draw_patient(rows, rules)


def _draw_patient(rows: pl.DataFrame, rules: Settings) -> go.Figure:
    rows = rows.with_columns(
        place=(pl.col("week_start_date") - pl.col("week_start_date").min()).dt.total_days() // 7,
        kind=pl.when(pl.col("prescribed") <= 0)
        .then(pl.lit("nothing"))
        .when(pl.col("is_overdose"))
        .then(pl.lit("overdose"))
        .when(pl.col("is_partial"))
        .then(pl.lit("partial"))
        .otherwise(pl.lit("whole")),
    )
    if (rows["kind"] == "nothing").all():
        return nothing_to_draw(TITLE, "Nothing was prescribed in any of these weeks, so there is no adherence to show.")
    figure = new_figure()
    top = max(1.0, *rows["prescribed"].to_list(), *rows["counted"].to_list())
    for kind, name, bar in _kinds(rules):
        _add_bars(figure, rows.filter(pl.col("kind") == kind), name, bar, show_percent=len(rows) <= _WEEKS_WITH_PERCENT)
    prescribed = rows.filter(pl.col("kind") != "nothing")
    figure.add_bar(
        x=prescribed["place"].to_list(), y=prescribed["prescribed"].to_list(), name="prescribed", hoverinfo="skip",
        width=0.8, marker={"color": "rgba(0,0,0,0)", "line": {"color": INK, "width": 1.5}},
    )  # fmt: skip
    for place in rows.filter(pl.col("kind") == "nothing")["place"]:
        figure.add_annotation(
            x=place, y=0, text="nothing prescribed", textangle=-90, showarrow=False, yanchor="bottom",
            font={"size": 11, "color": GREY},
        )  # fmt: skip
    step = max(1, len(rows) // 16)
    shown = rows.gather_every(step)
    figure.update_layout(barmode="overlay", bargap=0.2)
    last = int(rows["place"].to_list()[-1])
    figure.update_xaxes(
        tickvals=shown["place"].to_list(),
        ticktext=[str(w) for w in shown["week"]],
        showgrid=False,
        range=[-0.6, last + 0.6],
    )
    # Sessions are whole: no tick at half a session.
    figure.update_yaxes(range=[0, top * 1.16], dtick=max(1, math.ceil(top / 6)), tick0=0)
    return style(
        figure,
        title=TITLE,
        x_title="Week of the plan",
        y_title="Sessions per week\n(up to the outline is better)",
        notes=[_patient_note(rows, rules), SELF_REPORT],
        alt=_patient_alt(rows),
    )


def _kinds(rules: Settings) -> list[tuple[str, str, dict[str, Any]]]:
    line = {"color": BLUE, "width": 1}
    over = number_text(100 * rules.adherence.overdose_ratio, 0)
    days = rules.adherence.min_eligible_days_week
    return [
        ("whole", "counted", {"color": BLUE, "line": line}),
        ("partial", f"counted, partial week (under {days} eligible days)",
         {"color": "white", "line": line, "pattern": {"shape": "/", "fgcolor": BLUE, "bgcolor": "white", "size": 6}}),
        ("overdose", f"counted, over {over} % of prescribed",
         {"color": "white", "line": {"color": VERMILLION, "width": 1},
          "pattern": {"shape": "x", "fgcolor": VERMILLION, "bgcolor": "white", "size": 7}}),
    ]  # fmt: skip


def _add_bars(figure: go.Figure, rows: pl.DataFrame, name: str, marker: dict[str, Any], *, show_percent: bool) -> None:
    if rows.is_empty():
        return
    figure.add_bar(
        x=rows["place"].to_list(),
        y=rows["counted"].to_list(),
        name=name,
        width=0.8,
        marker=marker,
        customdata=[[_week_hover(week)] for week in rows.iter_rows(named=True)],
        hovertemplate="%{customdata[0]}<extra></extra>",
    )
    if show_percent:
        for week in rows.iter_rows(named=True):
            figure.add_annotation(
                x=week["place"], y=max(week["counted"], week["prescribed"]), text=_percent(week), showarrow=False,
                yanchor="bottom", font={"size": 11},
            )  # fmt: skip


def _percent(week: dict[str, Any]) -> str:
    # The uncapped value: a bar above its outline must not be labelled 100 %. One session on one eligible day is no 233 %.
    if week["is_partial"]:
        return ""
    return "" if week["uncapped_pct"] is None else f"{number_text(week['uncapped_pct'], 0)} %"


def _week_hover(week: dict[str, Any]) -> str:
    share = f" ({_percent(week)})" if _percent(week) else ""
    lines = [
        f"Week {week['week']}, from {day_text(week['week_start_date'])}",
        f"{week['counted']} of {short_number(week['prescribed'])} prescribed sessions counted{share}",
        f"{week['eligible_days']} eligible days, {week['excused_days']} excused",
    ]
    if week["logged"] != week["counted"]:
        lines.append(f"{week['logged']} logged")
    if week["unprescribed"]:
        lines.append(f"{count_text(week['unprescribed'], 'session')} on days without prescription")
    if week["is_partial"]:
        lines.append("partial week: not called adherent or not")
    if week["reason"]:
        lines.append(reason_text(week["reason"]))
    return "<br>".join(plain(line) for line in lines)


def _window(rows: pl.DataFrame) -> str:
    first, last = rows["week_start_date"].min(), rows["week_start_date"].max()
    return f"weeks starting {day_text(first)} to {day_text(last)}"  # type: ignore[arg-type]


def _patient_note(rows: pl.DataFrame, rules: Settings) -> str:
    counted, prescribed = int(rows["counted"].sum()), float(rows["prescribed"].sum())
    prorate = {"fractional": "prorated by day", "none": "not prorated", "round_half_up": "prorated and rounded"}
    return (
        f"n = {count_text(len(rows), 'week')} ({_window(rows)}); {counted} counted of "
        f"{short_number(prescribed)} prescribed ({prorate[rules.adherence.prorate]})."
    )


def _patient_alt(rows: pl.DataFrame) -> str:
    with_plan = rows.filter(pl.col("prescribed") > 0)
    over, partial = int(with_plan["is_overdose"].sum()), int(with_plan["is_partial"].sum())
    without = len(rows) - len(with_plan)
    return (
        f"Bars of sessions per week for one patient: {int(rows['counted'].sum())} sessions counted of "
        f"{short_number(float(rows['prescribed'].sum()))} prescribed in {count_text(len(with_plan), 'week')}; "
        f"{count_text(over, 'week')} above the overdose ratio, {count_text(partial, 'partial week')}, "
        f"{count_text(without, 'week')} with nothing prescribed."
    )


def _draw_cohort(rows: pl.DataFrame, rules: Settings, min_patients: int) -> go.Figure:
    is_iso = bool((rows["week"] == rows["week_start_date"].dt.week()).all())
    by = "week_start_date" if is_iso else "week"
    whole = rows.filter(~pl.col("is_partial") & pl.col("adherence_pct").is_not_null())
    value = pl.col("adherence_pct")
    weeks = (
        whole.group_by(by)
        .agg(
            median=value.median(),
            lower=value.quantile(0.25, "linear"),
            upper=value.quantile(0.75, "linear"),
            n=pl.col("patient_id").n_unique(),
        )
        .sort(by)
    )
    # In what leaves the building the exact n of two weeks would tell how few stopped between them.
    counts = pl.col("n").cast(pl.String) if min_patients == 1 else pl.lit(f"at least {min_patients}")
    drawn = weeks.filter(pl.col("n") >= min_patients).with_columns(n_words=counts)
    if drawn.is_empty():
        missing = "no week is whole and has something prescribed" if whole.is_empty() else (
            f"every week has fewer than {min_patients} patients"
        )  # fmt: skip
        return nothing_to_draw(TITLE, f"There is no weekly adherence to show: {missing}.")
    figure = new_figure()
    x = drawn[by].to_list()
    _add_band(figure, drawn, x)
    cut = 100 * rules.adherence.adherent_cut
    figure.add_hline(y=cut, line={"dash": "dash", "color": GREY, "width": 1})
    figure.add_annotation(
        xref="paper", x=1, xanchor="right", y=cut, yanchor="bottom", text=f"adherent from {number_text(cut, 0)} %",
        showarrow=False, font={"size": 11, "color": GREY},
    )  # fmt: skip
    if min_patients == 1:
        _add_counts(figure, drawn, x)
    figure.update_yaxes(range=[-9, 104], tickvals=[0, 20, 40, 60, 80, 100])
    if not is_iso:
        figure.update_xaxes(dtick=max(1, len(x) // 16), tick0=1)
    left_out = int(rows["is_partial"].sum())
    hidden = len(weeks) - len(drawn)
    n_patients = count_text(whole["patient_id"].n_unique(), "patient")
    n_note = f"n = {n_patients}, {_window(whole)}; the numbers above the axis are patients per week."
    notes = [
        n_note if min_patients == 1 else f"n = at least {min_patients} patients in each week shown.",
        f"{count_text(left_out, 'partial week')} left out." if min_patients == 1 else "Partial weeks left out.",
        f"{count_text(hidden, 'week')} with fewer than {min_patients} patients not shown." if hidden else "",
        SELF_REPORT,
    ]
    first, last = drawn.row(0, named=True), drawn.row(-1, named=True)
    return style(
        figure,
        title="Weekly adherence over patients",
        x_title="Calendar week" if is_iso else "Week of the plan",
        y_title="Sessions counted, % of\nprescribed (up is better)",
        notes=[note for note in notes if note],
        alt=f"Median weekly adherence with quartile band over patients: {number_text(first['median'], 0)} % in the first "
        f"week shown (n = {first['n_words']}), {number_text(last['median'], 0)} % in the last (n = {last['n_words']}).",
    )


def _add_band(figure: go.Figure, weeks: pl.DataFrame, x: list[Any]) -> None:
    edge = {"color": BLUE, "width": 1, "dash": "dot"}
    figure.add_scatter(x=x, y=weeks["upper"].to_list(), mode="lines", line=edge, showlegend=False, hoverinfo="skip")
    figure.add_scatter(
        x=x, y=weeks["lower"].to_list(), mode="lines", line=edge, fill="tonexty", fillcolor=PALE_BLUE,
        name="middle half of patients (quartiles)", hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=x,
        y=weeks["median"].to_list(),
        mode="lines+markers",
        name="median",
        line={"color": BLUE, "width": 2.5},
        marker={"size": 7},
        customdata=weeks.select("lower", "upper", "n_words").rows(),
        hovertemplate="median %{y:.0f} %, quartiles %{customdata[0]:.0f}–%{customdata[1]:.0f} %, "
        "n = %{customdata[2]}<extra></extra>",
    )


def _add_counts(figure: go.Figure, weeks: pl.DataFrame, x: list[Any]) -> None:
    step = max(1, len(x) // 20)
    figure.add_scatter(
        x=x[::step], y=[-5] * len(x[::step]), mode="text", text=[str(n) for n in weeks["n"].to_list()[::step]],
        textfont={"size": 10, "color": INK}, showlegend=False, hoverinfo="skip", cliponaxis=False,
    )  # fmt: skip
