"""Day-count ledger: how many days of a window have an entry, what is missing and by when. Evidence, not billing advice."""

from datetime import date

import polars as pl

from ptanalytics.adherence.ledger_rules import DEFAULT_RULE, LedgerRule, ledger_rule
from ptanalytics.analysis import analysis
from ptanalytics.dates import local_day
from ptanalytics.schemas.ledger_results import LEDGER_NOTE, DayLedger, LedgerEvidence
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import Settings, default_settings


@analysis(returns=DayLedger, optional=("pain_scores",))
def day_ledger(
    sessions: pl.LazyFrame,
    pain_scores: pl.LazyFrame,
    *,
    rule: str = DEFAULT_RULE,
    on_date: date | None = None,
    window_days: int | None = None,
    needed_days: int | None = None,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Count the days with an entry in each window of a rule, and say how many are still needed and by when.

    A day counts once, whatever is logged on it. Windows follow one another from the first day that counts (``periods``,
    calendar months), or there is one, the days up to ``on_date`` (``trailing``). In a window that is still open
    ``by_date`` is its last day; ``earliest_date`` is the first day on which the rule can be met if each day after
    ``on_date`` counts. A trailing window moves on, so days fall out of it: its ``earliest_date`` knows that.

    These are counts of recorded days, as evidence for whoever decides. They are not billing advice.

    Args:
        sessions: Logged sessions.
        pain_scores: Pain ratings, which count under rules that count any entry. May be absent.
        rule: Id of a rule in ``reference/ledger_rules.toml``.
        on_date: Day asked about; the cutoff if not given. Later entries are not counted.
        window_days: Another length of the window; calendar months keep theirs.
        needed_days: Another number of days.
        settings: Hour at which a day begins.
        cutoff_date: Last day observed; the study's, or the latest entry.

    Returns:
        One row per patient with a day that counts and window up to ``on_date``. Columns: `DayLedger`.

    Raises:
        SettingsError: There is no such rule, or more days are needed than the window has.

    Example:
        >>> days = ["2026-03-02", "2026-03-03", "2026-03-03", "2026-03-09"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": ["a", "b", "c", "d"], "exercise_id": "bridge",
        ...                          "started_at": days})
        >>> ledger = day_ledger(sessions=sessions, on_date=date(2026, 3, 10), needed_days=5)
        >>> ledger.select("counted_days", "still_needed_days", "by_date").row(0)
        (3, 2, datetime.date(2026, 3, 31))
    """
    chosen = ledger_rule(rule, window_days=window_days, needed_days=needed_days)
    entries = entry_days(sessions, pain_scores, chosen, settings or default_settings())
    on = pl.lit(on_date or cutoff_date, dtype=pl.Date)
    known = entries.with_columns(on_date=on.fill_null(pl.col("date").max())).filter(pl.col("date") <= pl.col("on_date"))
    counted = known.filter("is_counted").select("patient_id", "date", "on_date").collect().lazy()
    if chosen.clock == "trailing":
        return _trailing(counted, chosen)
    windows = _windows(counted, chosen)
    days = (
        _located(counted, chosen)
        .group_by("patient_id", "window")
        .agg(
            counted_days=pl.len().cast(pl.Int32),
            met_date=pl.col("date").sort().get(chosen.needed_days - 1, null_on_oob=True),
        )
    )
    joined = windows.join(days, on=["patient_id", "window"], how="left").with_columns(pl.col("counted_days").fill_null(0))
    left = (pl.col("to_date") - pl.col("on_date")).dt.total_days().clip(lower_bound=0).cast(pl.Int32)
    return _finished(joined.with_columns(days_left=left), chosen)


@analysis(returns=LedgerEvidence, optional=("pain_scores",))
def ledger_evidence(
    sessions: pl.LazyFrame,
    pain_scores: pl.LazyFrame,
    *,
    rule: str = DEFAULT_RULE,
    on_date: date | None = None,
    window_days: int | None = None,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """List the days with an entry behind `day_ledger`: how many sessions, rows and ratings, and whether the day counts.

    Args:
        sessions: Logged sessions.
        pain_scores: Pain ratings. May be absent.
        rule: Id of a rule in ``reference/ledger_rules.toml``.
        on_date: Last day listed; the cutoff if not given.
        window_days: Another length of the window.
        settings: Hour at which a day begins.
        cutoff_date: Last day observed; the study's, or the latest entry.

    Returns:
        One row per patient and day with any entry up to ``on_date``. ``window`` is that of `day_ledger`; missing on days
        before the first that counts, and outside a trailing window. Columns: `LedgerEvidence`.

    Example:
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": ["a", "b"], "exercise_id": "bridge",
        ...                          "started_at": ["2026-03-02", "2026-03-03"], "skip_reason": [None, "pain"]})
        >>> ledger_evidence(sessions=sessions).select("date", "is_counted").rows()
        [(datetime.date(2026, 3, 2), True), (datetime.date(2026, 3, 3), False)]
    """
    chosen = ledger_rule(rule, window_days=window_days, needed_days=1)
    entries = entry_days(sessions, pain_scores, chosen, settings or default_settings())
    on = pl.lit(on_date or cutoff_date, dtype=pl.Date)
    known = entries.with_columns(on_date=on.fill_null(pl.col("date").max())).filter(pl.col("date") <= pl.col("on_date"))
    known = known.collect().lazy()
    first = known.filter("is_counted").group_by("patient_id").agg(first_date=pl.col("date").min())
    placed = known.join(first, on="patient_id", how="left").with_columns(window=_window_of(chosen))
    return placed.with_columns(window=pl.when(pl.col("window") >= 1).then("window"), rule_id=pl.lit(chosen.id)).select(
        columns_of(LedgerEvidence).keys()
    )


def entry_days(sessions: pl.LazyFrame, pain_scores: pl.LazyFrame, rule: LedgerRule, settings: Settings) -> pl.LazyFrame:
    """Return one row per patient and day with an entry: what was logged and whether the day counts under the rule."""
    hour = settings.time.day_start_hour
    is_done = pl.col("completed_fraction").fill_null(1.0) > 0
    logged = (
        sessions.select(
            "patient_id",
            "session_id",
            "started_at",
            "source",
            date=local_day(pl.col("started_at"), hour),
            is_done=is_done & pl.col("skip_reason").is_null(),
        )
        .group_by("patient_id", "date")
        .agg(
            n_sessions=pl.col("session_id").n_unique().cast(pl.Int32),
            n_done=pl.col("session_id").filter("is_done").n_unique().cast(pl.Int32),
            n_rows=pl.len().cast(pl.Int32),
            sources=pl.col("source").unique().drop_nulls().sort().str.join(", "),
            first_entry_at=pl.col("started_at").min(),
        )
    )
    rated = (
        pain_scores.select("patient_id", "recorded_at", date=local_day(pl.col("recorded_at"), hour))
        .group_by("patient_id", "date")
        .agg(n_ratings=pl.len().cast(pl.Int32), rated_at=pl.col("recorded_at").min())
    )
    counts = {
        "activity": pl.col("n_done") > 0,
        "session_entry": pl.col("n_sessions") > 0,
        "entry": (pl.col("n_sessions") > 0) | (pl.col("n_ratings") > 0),
    }
    return (
        logged.join(rated, on=["patient_id", "date"], how="full", coalesce=True)
        .with_columns(pl.col("n_sessions", "n_done", "n_rows", "n_ratings").fill_null(0))
        .with_columns(
            is_counted=counts[rule.counts],
            first_entry_at=pl.min_horizontal("first_entry_at", "rated_at"),
            sources=pl.when(pl.col("sources") != "").then("sources"),
        )
        .drop("rated_at")
    )


def _window_of(rule: LedgerRule) -> pl.Expr:
    """Return the number of the window a ``date`` lies in; below 1: in none. Needs ``first_date`` and ``on_date``."""
    day, first = pl.col("date"), pl.col("first_date")
    if rule.clock == "trailing":
        is_inside = (pl.col("on_date") - day).dt.total_days() < rule.window_days
        return is_inside.cast(pl.Int32)
    if rule.clock == "calendar_month":
        months = (day.dt.year() - first.dt.year()) * 12 + day.dt.month().cast(pl.Int32) - first.dt.month().cast(pl.Int32)
        return (months + 1).cast(pl.Int32)
    return ((day - first).dt.total_days().floordiv(rule.window_days) + 1).cast(pl.Int32)


def _located(counted: pl.LazyFrame, rule: LedgerRule) -> pl.LazyFrame:
    first = pl.col("date").min().over("patient_id")
    return counted.with_columns(first_date=first).with_columns(window=_window_of(rule))


def _windows(counted: pl.LazyFrame, rule: LedgerRule) -> pl.LazyFrame:
    """Return every window of each patient from the first day that counts to the day asked about."""
    people = counted.group_by("patient_id").agg(first_date=pl.col("date").min(), on_date=pl.col("on_date").first())
    last = people.with_columns(date=pl.col("on_date")).with_columns(last=_window_of(rule))
    each = last.with_columns(window=pl.int_ranges(1, pl.col("last") + 1, dtype=pl.Int32)).explode("window")
    if rule.clock == "calendar_month":
        month = pl.col("first_date").dt.month_start().dt.offset_by(pl.format("{}mo", pl.col("window") - 1))
        return each.select("patient_id", "window", "on_date", from_date=month, to_date=month.dt.month_end())
    begin = pl.col("first_date") + pl.duration(days=(pl.col("window") - 1) * rule.window_days)
    return each.select(
        "patient_id", "window", "on_date", from_date=begin, to_date=begin + pl.duration(days=rule.window_days - 1)
    )


def _trailing(counted: pl.LazyFrame, rule: LedgerRule) -> pl.LazyFrame:
    """One window that ends on the day asked about; for each day to come, what falls out of it and what can come in."""
    age = (pl.col("on_date") - pl.col("date")).dt.total_days()
    ages = age.filter(age < rule.window_days)
    # After k more days, each with an entry, the window holds k days more and has lost those older than window - k.
    ahead = [(ages < rule.window_days - k).sum() + k >= rule.needed_days for k in range(rule.needed_days + 1)]
    wait = pl.coalesce(*(pl.when(holds).then(k) for k, holds in enumerate(ahead)))
    recent = pl.col("date").filter(age < rule.window_days).sort()
    rows = counted.group_by("patient_id").agg(
        on_date=pl.col("on_date").first(),
        counted_days=ages.len().cast(pl.Int32),
        met_date=recent.get(rule.needed_days - 1, null_on_oob=True),
        wait=wait,
    )
    on = pl.col("on_date")
    return _finished(
        rows.with_columns(
            window=pl.lit(1, pl.Int32),
            from_date=on - pl.duration(days=rule.window_days - 1),
            to_date=on,
            days_left=pl.lit(None, pl.Int32),
            earliest=on + pl.duration(days="wait"),
        ),
        rule,
    )


def _finished(rows: pl.LazyFrame, rule: LedgerRule) -> pl.LazyFrame:
    """Add what follows from the counts."""
    missing = pl.max_horizontal(rule.needed_days - pl.col("counted_days"), 0).cast(pl.Int32)
    is_met = pl.col("still_needed_days") == 0
    is_trailing = rule.clock == "trailing"
    is_reachable = pl.lit(value=True) if is_trailing else is_met | (pl.col("still_needed_days") <= pl.col("days_left"))
    is_open = ~is_met & pl.col("is_reachable")
    coming = pl.col("earliest") if is_trailing else pl.col("on_date") + pl.duration(days="still_needed_days")
    return (
        rows.with_columns(
            still_needed_days=missing,
            is_current=pl.col("on_date").is_between("from_date", "to_date"),
            rule_id=pl.lit(rule.id),
            clock=pl.lit(rule.clock),
            counts=pl.lit(rule.counts),
            needed_days=pl.lit(rule.needed_days, pl.Int32),
            note=pl.lit(LEDGER_NOTE),
        )
        .with_columns(is_met=is_met, is_reachable=is_reachable)
        .with_columns(
            by_date=pl.lit(None, pl.Date) if is_trailing else pl.when(is_open).then("to_date"),
            earliest_date=pl.when("is_met").then("met_date").when(is_open).then(coming),
        )
        .select(columns_of(DayLedger).keys())
    )
