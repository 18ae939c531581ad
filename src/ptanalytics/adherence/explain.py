"""Explain one number of adherence: the rows, days and arithmetic behind it, as tables and as a sentence."""

from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import Any

import polars as pl

from ptanalytics.adherence.evidence import explained_days, explained_rows
from ptanalytics.adherence.weekly import weekly_adherence
from ptanalytics.analysis import TableSource
from ptanalytics.dates import DAYS_PER_WEEK, day_text
from ptanalytics.errors import InvalidTableError
from ptanalytics.instruments import count_text, short_number
from ptanalytics.schemas.explain_results import ExplainedDays
from ptanalytics.schemas.frames import as_caller_kind, conform, is_frame, to_pandas
from ptanalytics.settings import Settings, default_settings

_PRORATED = {
    "none": "Not prorated: a full week is prescribed as soon as one day is eligible.",
    "round_half_up": "Rounded to whole sessions, halves up.",
}
_MAKEUP = {
    "exact": "with fixed days only sessions on a scheduled day count",
    "window": "with fixed days each scheduled day takes the nearest session within {days} days",
}
_CAPPED = "The percentage is capped at 100 %; uncapped it is {} %."


@dataclass(frozen=True)
class Explanation:
    """What `explain_adherence` found; frames are of the caller's kind (pandas for a study)."""

    patient_id: str
    #: The week's number; None: the whole window.
    week: int | None
    #: The number explained; None where it cannot be computed.
    adherence_pct: float | None
    #: The number in one sentence.
    sentence: str
    #: The arithmetic, a step a line.
    steps: tuple[str, ...]
    #: One row per day: `ExplainedDays`.
    days: Any
    #: One row per logged row: `ExplainedRows`.
    rows: Any

    def __str__(self) -> str:
        return "\n".join([self.sentence, *(f"  {step}" for step in self.steps)])

    def to_html(self) -> str:
        """Return sentence, arithmetic and days as HTML; all text is escaped."""
        steps = "".join(f"<li>{escape(step)}</li>" for step in self.steps)
        return f"<p><b>{escape(self.sentence)}</b></p><ol>{steps}</ol>{_html_table(self.days)}"

    def _repr_html_(self) -> str:
        return self.to_html()


def explain_adherence(
    study: Any = None,
    patient_id: str = "",
    week: int | None = None,
    *,
    week_start_date: date | None = None,
    **options: Any,
) -> Explanation:
    """Explain the weekly adherence of one patient in one week, or weekly capped adherence over the whole window.

    The number is the one `weekly_adherence` gives with the same tables and settings; beside it stand each day of the week
    with what accrued and what may count, each logged row with the share of it that was done, and the arithmetic from
    these to the percentage.

    Args:
        study: A study; or leave it out and give the tables by name (``sessions=..., plans=...``, pandas or Polars).
        patient_id: The person.
        week: The week's number as in `weekly_adherence`; without it (and without a first day) the whole window.
        week_start_date: First day of the week instead of its number, which with ISO weeks may occur twice.
        **options: Tables and options of `weekly_adherence`.

    Returns:
        ``.sentence``, ``.steps`` (arithmetic), ``.days``, ``.rows`` and ``.adherence_pct``; ``print`` shows the first two.

    Raises:
        InvalidTableError: The patient has no such week, or several weeks have that number.
        MissingTableError: There are no sessions or no plans.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [3.0]})
        >>> days = ["2026-03-02", "2026-03-04"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": days, "exercise_id": "bridge", "started_at": days})
        >>> print(explain_adherence(patient_id="P1", week=1, sessions=sessions, plans=plans,
        ...                         cutoff_date=date(2026, 3, 8)))
        Week 1 (2 Mar 2026 to 8 Mar 2026): 66.7 %, 2 sessions counted of 3 prescribed.
          Prescribed: 7 eligible days x 0.4286 = 3 sessions.
          Counted: 2 sessions logged, 2 done enough to count, 2 that may count by the day.
          Adherence: 100 x min(2, 3) / 3 = 66.7 %.
    """
    given = options if study is None or isinstance(study, TableSource) else {"sessions": study} | options
    # The patients to keep and the table of that name share a word; a table given leaves no room for the ids.
    named = given if is_frame(given.get("patients")) else {"patients": [patient_id]} | given
    positional = [study] if isinstance(study, TableSource) else []
    is_theirs = pl.col("patient_id") == patient_id
    weeks, days, rows = (
        conform(one(*positional, **named), one.returns).filter(is_theirs).collect()
        for one in (weekly_adherence, explained_days, explained_rows)
    )
    settings = _settings(study, options)
    kind = next((frame for frame in given.values() if is_frame(frame)), None)
    chosen = _chosen(weeks, week, week_start_date)
    first = chosen["week_start_date"].to_list()[0]
    last = chosen["week_start_date"].to_list()[-1] + timedelta(days=DAYS_PER_WEEK - 1)
    inside = pl.col("date").is_between(first, last)
    of_days, of_rows = days.filter(inside), rows.filter(inside)
    is_one = week is not None or week_start_date is not None
    words = _of_week(chosen.row(0, named=True), of_days, settings) if is_one else _of_window(chosen)
    shown = [to_pandas(frame) if kind is None else as_caller_kind(frame, kind) for frame in (of_days, of_rows)]
    number = int(chosen["week"].to_list()[0]) if is_one else None
    return Explanation(patient_id, number, words[0], words[1], tuple(words[2]), shown[0], shown[1])


def _settings(study: Any, options: dict[str, Any]) -> Settings:
    given = options.get("settings")
    if isinstance(given, Settings):
        return given
    defaults = study.run_defaults() if isinstance(study, TableSource) else {}
    base: Settings = defaults.get("settings") or default_settings()
    return base.with_changes(given) if given else base


def _chosen(weeks: pl.DataFrame, week: int | None, first_day: date | None) -> pl.DataFrame:
    if first_day is not None:
        weeks = weeks.filter(pl.col("week_start_date") == first_day)
    elif week is not None:
        weeks = weeks.filter(pl.col("week") == week)
        if weeks.height > 1:
            message = f"Week {week} occurs {weeks.height} times. Say which with week_start_date=."
            raise InvalidTableError(message)
    if weeks.is_empty():
        message = "The patient has no such week. See weekly_adherence for the weeks with a plan in force."
        raise InvalidTableError(message)
    return weeks.sort("week_start_date")


def _of_week(week: dict[str, Any], days: pl.DataFrame, settings: Settings) -> tuple[float | None, str, list[str]]:
    """The number, the sentence and the steps of one week."""
    first = week["week_start_date"]
    title = f"Week {week['week']} ({day_text(first)} to {day_text(first + timedelta(days=DAYS_PER_WEEK - 1))})"
    steps = [_prescribed_step(week, days, settings), _counted_step(week, days, settings)]
    if week["unprescribed"]:
        steps.append(f"Not counted: {count_text(week['unprescribed'], 'session')} on days that were not eligible.")
    pct = week["adherence_pct"]
    if pct is None:
        return None, f"{title}: no percentage, because nothing was prescribed.", steps
    counted, prescribed = week["counted"], short_number(week["prescribed"], 2)
    steps.append(f"Adherence: 100 x min({counted}, {prescribed}) / {prescribed} = {short_number(pct, 1)} %.")
    if week["uncapped_pct"] > 100 + 1e-9:
        steps.append(_CAPPED.format(short_number(week["uncapped_pct"], 1)))
    if week["is_partial"]:
        least = settings.adherence.min_eligible_days_week
        steps.append(f"Partial week: fewer than {least} eligible days, so it is not called adherent or not.")
    return (
        pct,
        f"{title}: {short_number(pct, 1)} %, {count_text(counted, 'session')} counted of {prescribed} prescribed.",
        steps,
    )


def _prescribed_step(week: dict[str, Any], days: pl.DataFrame, settings: Settings) -> str:
    """From days and their accrual to what was prescribed."""
    eligible = days.filter("is_eligible")
    rates = eligible.group_by(pl.col("prescribed").round(9)).len().sort("prescribed", descending=True).rows()
    terms = (
        " + ".join(f"{count_text(n, 'eligible day')} x {short_number(rate, 4)}" for rate, n in rates) or "no eligible day"
    )
    accrued = float(eligible["prescribed"].sum())
    words = f"Prescribed: {terms} = {_count_of(accrued)}."
    if week["excused_days"]:
        words += f" {count_text(week['excused_days'], 'excused day')} left out."
    if settings.adherence.prorate in _PRORATED and week["eligible_days"]:
        words += f" {_PRORATED[settings.adherence.prorate]} That is {short_number(week['prescribed'], 2)}."
    return words


def _counted_step(week: dict[str, Any], days: pl.DataFrame, settings: Settings) -> str:
    """From logged sessions to those that count."""
    logged, complete, countable = (int(days[name].sum()) for name in ("logged", "complete", "countable"))
    words = f"Counted: {count_text(logged, 'session')} logged, {complete} done enough to count, "
    words += f"{countable} that may count by the day"
    rule = _MAKEUP.get(settings.adherence.makeup)
    if rule and countable:
        words += f"; {rule.format(days=settings.adherence.makeup_tolerance_days)}: {week['counted']}"
    elif countable != week["counted"]:
        words += "; nothing is prescribed, so nothing counts"
    return f"{words}."


def _of_window(weeks: pl.DataFrame) -> tuple[float | None, str, list[str]]:
    """The number, the sentence and the steps of all weeks, each capped."""
    some = weeks.filter(pl.col("prescribed") > 0)
    first, last = weeks["week_start_date"].to_list()[0], weeks["week_start_date"].to_list()[-1]
    title = f"{count_text(some.height, 'week')} with something prescribed, from {day_text(first)} to the week of "
    title += day_text(last)
    if some.is_empty():
        return None, f"{title}: no percentage, because nothing was prescribed.", []
    capped = some.select(pl.min_horizontal("counted", "prescribed").sum()).item()
    prescribed = float(some["prescribed"].sum())
    pct = min(100 * capped / prescribed, 100.0)
    steps = [
        f"Prescribed: the sum over weeks is {short_number(prescribed, 2)} sessions.",
        f"Counted: {some['counted'].sum()} sessions; at most what each week prescribed, {short_number(capped, 2)}.",
        f"Adherence: 100 x {short_number(capped, 2)} / {short_number(prescribed, 2)} = {short_number(pct, 1)} %.",
    ]
    words = f"{short_number(capped, 2)} of {short_number(prescribed, 2)} sessions"
    return pct, f"{title}: {short_number(pct, 1)} % weekly capped, {words}.", steps


def _count_of(amount: float) -> str:
    return f"{short_number(amount, 2)} session{'' if short_number(amount, 2) == '1' else 's'}"


def _html_table(days: Any) -> str:
    rows = days if isinstance(days, pl.DataFrame) else conform(days, ExplainedDays).collect()
    columns = ("date", "plan_version", "prescribed", "logged", "countable", "why")
    head = "".join(f"<th>{name.replace('_', ' ')}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(row[name]))}</td>" for name in columns) + "</tr>"
        for row in rows.iter_rows(named=True)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return short_number(value, 4) if isinstance(value, float) else str(value)
