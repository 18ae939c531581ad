"""Which logged sessions count, day by day. A session is one ``(patient_id, session_id)``, whatever its number of rows.

A session belongs to the local day on which it started. How much of it was done is its completion:

- one row's fraction is ``completed_fraction`` where given, else done volume / prescribed volume where both are known
  (sets x reps, sets x hold, or minutes), else 0 where a skip reason is given, else 1;
- where rows of the session match exercises of the plan version of that day: the sum of ``min(1, fraction)`` over those
  exercises divided by the number of exercises due that day (an exercise that was not logged is 0);
- where none matches (an export with one row per session): the mean of ``min(1, fraction)`` over its rows.

Exercises tied to weekdays are due on those days only; on a day on which none is due, all of the version's are.
A session counts from ``settings.adherence.session_min_fraction``, and at most the plan's sessions per day count, or
``settings.adherence.max_sessions_per_day`` where that is a number.
"""

import numpy as np
import polars as pl

from ptanalytics.adherence.prescribed import ITEMS, by_weekday
from ptanalytics.adherence.session_log import DOSE, Array, SessionLog
from ptanalytics.settings import Settings

TOLERANCE = 1e-9

_DAYS_PER_PERSON = 2**32  # more than there are days, so that person and day fit into one sorted number
_MAX_INT32 = 2**31 - 1
_MAX_TABLE_BYTES = 2**26  # of a table of every version and every exercise; a look-up in it is several times faster


def counted_days(
    log: SessionLog,
    person: Array,
    items: pl.DataFrame,
    versions: pl.DataFrame,
    excused: pl.DataFrame,
    *,
    cutoff_day: int | None,
    settings: Settings,
) -> pl.DataFrame:
    """Return one row per person and day with a session entry, up to the cutoff, in that order.

    Args:
        log: The logged rows.
        person: Number of the person of each session of the log.
        items: Prescribed exercises: ``person, plan_version, exercise`` (as in the log) and the dose.
        versions: Versions in force.
        excused: Excused pauses, merged.
        cutoff_day: Last day observed; later entries are outside the data asked for.
        settings: Settings of the run.

    Returns:
        ``person, day`` (day number), ``version`` (row number in ``versions``, -1: none in force), ``logged`` sessions,
        ``complete`` (sessions above the completion threshold), ``any_done`` (some of it was done), ``is_eligible`` (a
        version that prescribes something is in force, and the day is not excused), ``is_excused``, ``countable`` (what
        counts on this day if any day of the week will do).
    """
    day = log.sessions["day"].to_numpy()
    place = person_day(person, day)
    version = covering_span(place, versions)
    completion = completions(log, version, items, versions)
    if cutoff_day is not None and (is_late := day > cutoff_day).any():
        person, day, place, version, completion = (x[~is_late] for x in (person, day, place, version, completion))
    if not _is_sorted(place):
        order = np.argsort(place, kind="stable")
        person, day, place, version, completion = (x[order] for x in (person, day, place, version, completion))
    first = np.flatnonzero(np.diff(place, prepend=-(2**62)))
    is_complete = completion >= settings.adherence.session_min_fraction - TOLERANCE
    days = pl.DataFrame(
        {
            "person": person[first],
            "day": day[first],
            "version": version[first],
            "logged": np.diff(first, append=len(place)).astype(np.int32),
            "complete": np.add.reduceat(is_complete.astype(np.int32), first),
            "any_done": np.add.reduceat((completion > 0).astype(np.int32), first) > 0,
            "is_excused": covering_span(place[first], excused) >= 0,
        }
    )
    return _with_plan(days, versions, settings)


def _with_plan(days: pl.DataFrame, versions: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Add what may count on each day under the version in force."""
    version = days["version"].to_numpy()
    is_prescribed = np.append(versions["weekly_total"].to_numpy() > TOLERANCE, False)[version]
    most = settings.adherence.max_sessions_per_day
    max_per_day = np.append(versions["max_per_day"].to_numpy(), 0)[version] if most == "plan" else most
    is_eligible = is_prescribed & ~days["is_excused"].to_numpy()
    countable = np.where(is_eligible, np.minimum(days["complete"].to_numpy(), max_per_day), 0)
    return days.with_columns(
        is_eligible=pl.lit(pl.Series(is_eligible)), countable=pl.lit(pl.Series(countable, dtype=pl.Int32))
    )


def person_day(person: Array, day: Array) -> Array:
    """One number that sorts by person, then day."""
    place: Array = person.astype(np.int64) * _DAYS_PER_PERSON + day
    return place


def _is_sorted(values: Array) -> bool:
    return bool((values[1:] >= values[:-1]).all())


def covering_span(place: Array, spans: pl.DataFrame) -> Array:
    """Return the row number of the person's span that covers each day; -1 where none does.

    Args:
        place: Person and day as one number.
        spans: ``person, from_day, to_day``, sorted by person and first day, not overlapping within a person.
    """
    person = spans["person"].to_numpy()
    begins, ends = (person_day(person, spans[name].to_numpy()) for name in ("from_day", "to_day"))
    if _is_sorted(place):
        # Far fewer spans than days: find the spans among the days.
        borders = np.searchsorted(place, begins)
        latest = np.repeat(np.arange(-1, len(begins)), np.diff(borders, prepend=0, append=len(place)))
    else:
        latest = np.searchsorted(begins, place, side="right") - 1
    # A span of somebody else ends before this person's days begin, so one comparison says both. Row -1 is the last one.
    covers = np.append(ends, -(2**62))[latest] >= place
    found: Array = np.where(covers, latest, -1)
    return found


def completions(log: SessionLog, version: Array, items: pl.DataFrame, versions: pl.DataFrame) -> Array:
    """Return how much of each session was done, 0 to 1."""
    is_item, fraction = _matched_rows(log, version, items, versions)
    has_items = log.per_session(is_item, np.logical_or)
    if not has_items.all():
        is_item |= log.per_row(~has_items)
    n_rows = np.diff(log.first_rows, append=log.rows.height)
    due = by_weekday(versions, ITEMS, version, log.sessions["day"].to_numpy())
    fraction *= is_item
    share: Array = log.per_session(fraction) / np.where(has_items, due, n_rows)
    return np.minimum(share, 1.0)


def _matched_rows(log: SessionLog, version: Array, items: pl.DataFrame, versions: pl.DataFrame) -> tuple[Array, Array]:
    """Say of each row whether the version of its session prescribes the exercise, and what fraction was done, at most 1.

    Version and exercise become one number, so that millions of rows are matched without comparing text.
    """
    # One place more than there are exercises: no version prescribes the exercise at place -1.
    highest = items["exercise"].max()
    n_places = (highest if isinstance(highest, int) else 0) + 2
    in_force = versions.select("person", "plan_version").with_row_index("version")
    doses = items.join(in_force, on=["person", "plan_version"]).select(
        (pl.col("version").cast(pl.Int64) * n_places + pl.col("exercise")).alias("item"),
        *(pl.col(c).alias(f"{c}_plan") for c in DOSE),
    )
    n_items = versions.height * n_places
    # Half as wide where they fit: millions of rows are written and read once each, and memory is what they wait for.
    item = log.per_row((version * n_places).astype(np.int32 if n_items < _MAX_INT32 else np.int64))
    item += log.rows["exercise"].to_numpy()
    is_item = _is_among(item, doses["item"], n_items)
    if log.has_every_fraction:
        fraction = log.rows["completed_fraction"].to_numpy(writable=True)
        return is_item, np.minimum(fraction, 1.0, out=fraction)
    dosed = log.rows.with_columns(item=pl.lit(pl.Series(item, dtype=pl.Int64))).join(
        doses, on="item", how="left", maintain_order="left"
    )
    return is_item, dosed.select(pl.min_horizontal(row_fraction(), 1.0)).to_series().to_numpy(writable=True)


def _is_among(number: Array, items: pl.Series, n_items: int) -> Array:
    """Say of each number whether it is one of the items, which are 0 to ``n_items`` - 1; a number below 0 is none."""
    if n_items > _MAX_TABLE_BYTES:
        return pl.Series(number).is_in(items.implode()).to_numpy(writable=True)
    table = np.zeros(n_items - min(int(number.min(initial=0)), 0), dtype=np.bool_)  # its end is read by numbers below 0
    table[items.to_numpy()] = True
    found: Array = table[number]
    return found


def row_fraction() -> pl.Expr:
    """Return the share of one exercise's prescribed volume that a row says was done, not capped.

    Columns: those of the sessions table and the plan's doses as ``sets_plan, reps_plan, hold_s_plan, duration_min_plan``.
    """
    not_skipped = pl.when(pl.col("skip_reason").is_null()).then(1.0).otherwise(0.0)
    return pl.coalesce(pl.col("completed_fraction"), volume_ratio(), not_skipped)


def volume_ratio() -> pl.Expr:
    """Done / prescribed volume: sets x reps, else sets x hold, else minutes; missing where a factor of it is.

    The plan's dose says which quantity counts. Sets missing on both sides cancel; on one side only they are unknown.
    """
    has = {c: pl.col(f"{c}_plan").is_not_null() for c in DOSE}
    no_sets = pl.col("sets").is_null() & pl.col("sets_plan").is_null()
    sets_ratio = pl.when(no_sets).then(1.0).otherwise(_ratio("sets"))
    return (
        pl.when(has["reps"])
        .then(sets_ratio * _ratio("reps"))
        .when(has["hold_s"])
        .then(sets_ratio * _ratio("hold_s"))
        .when(has["duration_min"])
        .then(_ratio("duration_min"))
        .otherwise(_ratio("sets"))
    )


def _ratio(column: str) -> pl.Expr:
    plan = pl.col(f"{column}_plan")
    return pl.when(plan > 0).then(pl.col(column) / plan)
