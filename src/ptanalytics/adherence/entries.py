"""Every logged row beside the prescribed exercise it serves, under the plan version in force on its day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from ptanalytics.adherence.counted import covering_span, person_day, row_fraction, volume_ratio
from ptanalytics.adherence.observed import Inputs, read_inputs
from ptanalytics.adherence.prescribed import ACCRUALS, exercise_accrual, held_spans, with_weekdays
from ptanalytics.adherence.session_log import DOSE, Array, exercise_place
from ptanalytics.dates import DAYS_PER_WEEK
from ptanalytics.settings import Settings

_NOTHING = 1e-9


@dataclass(frozen=True)
class Entries:
    """Logged rows and the prescribed exercises they serve. Days are day numbers, people are numbers."""

    inputs: Inputs
    #: One row per exercise of a version in force: ``person, exercise_id, unit, volume`` (of one session, in the unit),
    #: ``load_kg, rpe_min, rpe_max, from_day, to_day, weekly_total``, the exercise's own ``accrual_1..7``.
    items: pl.DataFrame
    #: The excused parts of the items: ``item`` (row number in ``items``) and the columns of ``items``.
    held: pl.DataFrame
    #: One row per logged row up to the cutoff: ``person, day, session`` (number), ``item`` (row number in ``items``,
    #: -1: the version in force does not prescribe the exercise), ``is_eligible, fraction`` (not capped), ``is_assumed``
    #: (the entry gives no amount, so it is taken as the prescribed dose), and the further columns asked for.
    rows: pl.DataFrame


def read_entries(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings,
    cutoff_date: date | None,
    substitutes: Mapping[str, str] | None = None,
    also: Sequence[str] = (),
) -> Entries:
    """Match every logged row to the prescribed exercise it serves.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises.
        pauses: Breaks.
        patients: Discharge days.
        settings: Settings of the run.
        cutoff_date: Last day observed; later rows are left out.
        substitutes: ``{exercise done: prescribed exercise it replaces}``, as the clinician approved them. Where the
            version prescribes the exercise done itself, it replaces nothing.
        also: Further columns of ``sessions`` to keep.
    """
    inputs = read_entry_inputs(
        sessions, plans, pauses, patients,
        settings=settings, cutoff_date=cutoff_date, substitutes=substitutes, also=also,
    )  # fmt: skip
    return entries_of(inputs, substitutes, also=also)


def read_entry_inputs(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings,
    cutoff_date: date | None,
    substitutes: Mapping[str, str] | None,
    also: Sequence[str],
) -> Inputs:
    """Read the tables as `entries_of` needs them; arguments as `read_entries`."""
    swaps = dict(substitutes or {})
    return read_inputs(
        sessions, plans, pauses, patients,
        settings=settings, cutoff_date=cutoff_date, also=also, also_exercises=sorted({*swaps, *swaps.values()}),
    )  # fmt: skip


def entries_of(
    inputs: Inputs, substitutes: Mapping[str, str] | None = None, *, also: Sequence[str] = ("load_kg",)
) -> Entries:
    """Match the rows of what `read_entry_inputs` has read; arguments as `read_entries`."""
    swaps = dict(substitutes or {})
    items = _items(inputs)
    log = inputs.log
    day = log.sessions["day"].to_numpy()
    place = person_day(inputs.person, day)
    version = covering_span(place, inputs.versions)
    prescribes = np.append(inputs.versions["weekly_total"].to_numpy() > _NOTHING, False)
    is_eligible = prescribes[version] & (covering_span(place, inputs.excused) < 0)
    item = _item_of_rows(inputs, items, log.per_row(version), swaps)
    rows = log.rows.with_columns(
        pl.Series("person", log.per_row(inputs.person)),
        pl.Series("day", log.per_row(day)),
        pl.Series("session", log.per_row(np.arange(len(day)))),
        pl.Series("is_eligible", log.per_row(is_eligible)),
        pl.Series("item", item),
    )
    if inputs.cutoff_day is not None:
        rows = rows.filter(pl.col("day") <= inputs.cutoff_day)
    columns: list[pl.Expr | str] = ["person", "day", "session", "item", "is_eligible", *also]
    columns += _fraction(log.has_every_fraction)
    doses = items.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("item"), *(pl.col(c).alias(f"{c}_plan") for c in DOSE)
    )
    matched = rows if log.has_every_fraction else rows.join(doses, on="item", how="left", maintain_order="left")
    held = held_spans(items.with_row_index("item"), inputs.excused).with_columns(pl.col("item").cast(pl.Int64))
    return Entries(inputs, items, held, matched.select(columns))


def _fraction(has_every_fraction: bool) -> tuple[pl.Expr, pl.Expr]:
    if has_every_fraction:
        return pl.col("completed_fraction").alias("fraction"), pl.lit(value=False).alias("is_assumed")
    says_nothing = pl.col("completed_fraction").is_null() & volume_ratio().is_null() & pl.col("skip_reason").is_null()
    return row_fraction().alias("fraction"), says_nothing.alias("is_assumed")


def _items(inputs: Inputs) -> pl.DataFrame:
    """The exercises of every version in force, each with its own accrual."""
    columns = ("person", "plan_version", "exercise_id", *DOSE, "load_kg", "rpe_min", "rpe_max")
    spans = inputs.versions.lazy().select("person", "plan_version", "from_day", "to_day").with_row_index("version")
    return (
        with_weekdays(inputs.plans)
        .select(*columns, exercise_place(inputs.exercises), *exercise_accrual())
        .join(spans, on=["person", "plan_version"])
        .with_columns(pl.col(ACCRUALS).fill_null(0.0))
        .with_columns(weekly_total=pl.sum_horizontal(ACCRUALS) / DAYS_PER_WEEK, unit=_unit(), volume=_volume())
        .select(*columns, "exercise", "version", "from_day", "to_day", "weekly_total", "unit", "volume", *ACCRUALS)
        .sort("version", "exercise")
        .collect()
    )


def _unit() -> pl.Expr:
    """The quantity a plan counts an exercise in: the first that it gives."""
    return (
        pl.when(pl.col("reps").is_not_null())
        .then(pl.lit("reps"))
        .when(pl.col("hold_s").is_not_null())
        .then(pl.lit("s"))
        .when(pl.col("duration_min").is_not_null())
        .then(pl.lit("min"))
        .when(pl.col("sets").is_not_null())
        .then(pl.lit("sets"))
        .otherwise(pl.lit("sessions"))
    )


def _volume() -> pl.Expr:
    """What one session of the exercise amounts to, in its unit; sets that are not given are one."""
    sets = pl.col("sets").fill_null(1.0)
    return pl.coalesce(sets * pl.col("reps"), sets * pl.col("hold_s"), "duration_min", "sets", pl.lit(1.0))


def _item_of_rows(inputs: Inputs, items: pl.DataFrame, version: Array, swaps: Mapping[str, str]) -> Array:
    """Return the row number in ``items`` of what each logged row serves; -1: nothing the version prescribes."""
    exercise = inputs.log.rows["exercise"].to_numpy()
    n_places = len(inputs.exercises.categories) + 1  # one more, so that exercise -1 is nobody's
    known = items["version"].to_numpy().astype(np.int64) * n_places + items["exercise"].to_numpy()
    item = _found(version.astype(np.int64) * n_places + exercise, known, (version >= 0) & (exercise >= 0))
    if swaps:
        names = inputs.exercises.categories.to_list()
        replaced = np.array([names.index(swaps[name]) if name in swaps else -1 for name in names] + [-1])[exercise]
        is_open = (item < 0) & (version >= 0) & (replaced >= 0)
        item = np.where(is_open, _found(version.astype(np.int64) * n_places + replaced, known, is_open), item)
    return item


def _found(wanted: Array, known: Array, may_be: Array) -> Array:
    """Return the place of each wanted number among the known ones, which are sorted; -1 where it is not there."""
    if not len(known):
        return np.full(len(wanted), -1, np.int64)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    place: Array = np.where(may_be & (known[at] == wanted), at, -1).astype(np.int64)
    return place
