"""What followed in the past when the worklist would have named somebody."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from ptanalytics.dates import local_day
from ptanalytics.errors import SettingsError
from ptanalytics.schemas.frames import conform, empty_frame, to_pandas
from ptanalytics.schemas.model import columns_of, sort_of
from ptanalytics.schemas.worklist_results import WorklistBacktest, WorklistInputs, WorklistReplay
from ptanalytics.settings import Settings
from ptanalytics.worklists.inputs import worklist_inputs
from ptanalytics.worklists.listing import listed
from ptanalytics.worklists.rules import Rule, worklist_rules

if TYPE_CHECKING:
    import pandas as pd

    from ptanalytics.study import Study

_DEFAULT_REPLAYS = 12


def replay_worklist(
    study: "Study",
    *,
    from_date: date | None = None,
    to_date: date | None = None,
    every_days: int = 7,
    return_days: int = 14,
    rules: Sequence[Rule] | None = None,
) -> "pd.DataFrame":
    """List whom the rules would have named on past days, and when each of them next recorded something.

    On each replayed day only what was recorded up to that day is used (see `known_on`). An entry is a session or a pain
    rating on a later day.

    Args:
        study: The study.
        from_date: First day replayed; 12 steps before ``to_date`` if not given.
        to_date: Last day replayed; if not given the last one whose days to wait lie within the data.
        every_days: Days from one replay to the next.
        return_days: Days to wait for an entry.
        rules: Other rules, from `read_rules`.

    Returns:
        One row per patient, rule and day. Columns: `WorklistReplay`.

    Raises:
        SettingsError: A step or wait is shorter than a day, or the first day is after the last.
    """
    return to_pandas(_replayed(study, _days(study, from_date, to_date, every_days, return_days), return_days, rules))


def backtest_worklist(
    study: "Study",
    *,
    from_date: date | None = None,
    to_date: date | None = None,
    every_days: int = 7,
    return_days: int = 14,
    rules: Sequence[Rule] | None = None,
) -> "pd.DataFrame":
    """Replay the rules on the past and report how often a person who was named recorded something again.

    ``returned_pct = 100 x n_returned / n_followed``. A person who stays on the list for a rule is one spell and counts
    once, from the first replay that named them. A spell is followed when ``return_days`` days lie between it and the end
    of the data. The table describes what followed; it does not say what contact would change.

    Args:
        study: The study.
        from_date: First day replayed; 12 steps before ``to_date`` if not given.
        to_date: Last day replayed; if not given the last one whose days to wait lie within the data.
        every_days: Days from one replay to the next.
        return_days: Days to wait for an entry.
        rules: Other rules, from `read_rules`.

    Returns:
        One row per rule. Columns: `WorklistBacktest`. Without a spell that was followed there is no share
        (``never_listed``, ``none_followed``).

    Raises:
        SettingsError: A step or wait is shorter than a day, or the first day is after the last.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from ptanalytics import create_study
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [3.0]})
        >>> days = [date(2026, 3, 2), date(2026, 3, 16), date(2026, 4, 20)]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": ["a", "b", "c"], "exercise_id": "bridge",
        ...                          "started_at": days}).cast({"started_at": pl.Datetime("us")})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     study = create_study(Path(folder) / "clinic.study", timezone="Europe/London")
        ...     _ = study.append_rows("plans", plans, origin="example")
        ...     _ = study.append_rows("sessions", sessions, origin="example")
        ...     past = backtest_worklist(study, from_date=date(2026, 3, 9), to_date=date(2026, 3, 30), return_days=10)
        >>> past.query("rule_id == 'silent'")[["n_spells", "n_followed", "n_returned"]].values.tolist()
        [[2, 2, 1]]
    """
    days = _days(study, from_date, to_date, every_days, return_days)
    replayed = _replayed(study, days, return_days, rules).lazy()
    wait = (pl.col("next_entry_date") - pl.col("on_date")).dt.total_days()
    is_spell = pl.col("is_new")
    is_counted = is_spell & pl.col("is_followed")
    has_returned = is_counted & pl.col("has_returned")
    found = replayed.group_by("rule_id").agg(
        n_listings=pl.len().cast(pl.Int32),
        n_spells=is_spell.sum().cast(pl.Int32),
        n_patients=pl.col("patient_id").n_unique().cast(pl.Int32),
        n_followed=is_counted.sum().cast(pl.Int32),
        n_returned=has_returned.sum().cast(pl.Int32),
        median_days=wait.filter(has_returned).median().cast(pl.Float64),
    )
    chosen = rules or worklist_rules()
    names = pl.LazyFrame(
        {
            "rule_id": [rule.id for rule in chosen],
            "priority": pl.Series([rule.priority for rule in chosen], dtype=pl.Int32),
            "label": [rule.label for rule in chosen],
        }
    )
    counts = [
        name for name in columns_of(WorklistBacktest) if name in {"n_listings", "n_spells", "n_patients", "n_followed"}
    ]
    followed = pl.col("n_followed")
    table = (
        names.join(found, on="rule_id", how="left")
        .with_columns(pl.col(*counts, "n_returned").fill_null(0))
        .with_columns(
            n_replays=pl.lit(len(days), pl.Int32),
            return_days=pl.lit(return_days, pl.Int32),
            returned_pct=pl.when(followed > 0).then(100 * pl.col("n_returned") / followed),
            reason=pl.when(pl.col("n_listings") == 0)
            .then(pl.lit("never_listed"))
            .when(followed == 0)
            .then(pl.lit("none_followed")),
        )
        .select(columns_of(WorklistBacktest).keys())
        .sort(sort_of(WorklistBacktest))
    )
    return to_pandas(table.collect())


def _days(study: "Study", from_date: date | None, to_date: date | None, every_days: int, return_days: int) -> list[date]:
    """Return the days to replay, the last one first set."""
    if every_days < 1 or return_days < 1:
        message = "every_days and return_days must be 1 or more days. Give whole days."
        raise SettingsError(message)
    cutoff = study.cutoff_date
    if cutoff is None:
        return []
    last = to_date or cutoff - timedelta(days=return_days)
    first = from_date or last - timedelta(days=every_days * (_DEFAULT_REPLAYS - 1))
    if first > last:
        message = "The first day to replay is after the last one. Change from_date or to_date."
        raise SettingsError(message)
    steps = (last - first).days // every_days
    return [last - timedelta(days=every_days * step) for step in range(steps, -1, -1)]


def _replayed(study: "Study", days: Sequence[date], return_days: int, rules: Sequence[Rule] | None) -> pl.DataFrame:
    chosen, names = rules or worklist_rules(), ("patient_id", "rule_id", "on_date", "silent_days")
    parts = []
    for number, day in enumerate(days):
        inputs = conform(worklist_inputs(study, today=day), WorklistInputs)
        parts.append(listed(inputs, chosen, study.settings).select(*names).with_columns(replay=number).collect())
    if not parts:
        return empty_frame(WorklistReplay)
    tables = ("sessions", "pain_scores")
    entries = study.run(entry_dates, tables=tables, optional=tables, options={"settings": study.settings})
    key = ("patient_id", "rule_id")
    rows = (
        pl.concat(parts)
        .sort("on_date")
        .join_asof(
            entries.sort("date").with_columns(next_entry_date="date"),
            left_on="on_date",
            right_on="date",
            by="patient_id",
            strategy="forward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
    )
    wait = (pl.col("next_entry_date") - pl.col("on_date")).dt.total_days()
    is_followed = pl.col("on_date").dt.offset_by(f"{return_days}d") <= study.cutoff_date
    before = pl.col("replay").shift().over(key, order_by="replay")
    return (
        rows.with_columns(is_new=(before != pl.col("replay") - 1).fill_null(value=True), is_followed=is_followed)
        .with_columns(
            has_returned=pl.when("is_followed").then((wait <= return_days).fill_null(value=False)),
        )
        .select(columns_of(WorklistReplay).keys())
        .sort(sort_of(WorklistReplay))
    )


def entry_dates(sessions: pl.LazyFrame, pain_scores: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """Return the days on which each patient recorded a session or a rating: ``patient_id, date``."""
    moments = {"started_at": sessions, "recorded_at": pain_scores}
    hour = settings.time.day_start_hour
    days = [rows.select("patient_id", date=local_day(pl.col(at), hour)) for at, rows in moments.items()]
    return pl.concat(days).unique()
