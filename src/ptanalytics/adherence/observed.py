"""What was prescribed and what was done, before it is cut into weeks: shared by all adherence analyses."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from ptanalytics.adherence.counted import counted_days
from ptanalytics.adherence.prescribed import excused_spans, held_spans, versions_in_force
from ptanalytics.adherence.session_log import DOSE, exercise_place, read_log
from ptanalytics.dates import number_of_day
from ptanalytics.errors import InvalidTableError
from ptanalytics.settings import Settings


@dataclass(frozen=True)
class Observed:
    """The four tables brought to spans of prescription and days with entries. Days are day numbers.

    Within, a person is a number (its place in ``people``): sums over weeks of many people compare no text.
    """

    #: ``person, patient_id`` of everybody named in one of the four tables, in order of ``patient_id``.
    people: pl.DataFrame
    #: Plan versions in force, one row each.
    versions: pl.DataFrame
    #: The excused part of each version.
    held: pl.DataFrame
    #: Days with a session entry.
    days: pl.DataFrame
    #: The last day observed; None where nothing was.
    cutoff_day: int | None

    def named(self, table: pl.DataFrame) -> pl.DataFrame:
        """Replace ``person`` by ``patient_id``."""
        return table.with_columns(self.people["patient_id"].gather(table["person"])).drop("person")


def observe(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings,
    cutoff_date: date | None,
) -> Observed:
    """Bring the four tables to spans of prescription and days of entries.

    Raises:
        InvalidTableError: A plan version prescribes an exercise twice.
    """
    tables = [t.collect() for t in (plans, pauses, patients)]
    _require_each_exercise_once(tables[0])
    exercises = pl.Enum(tables[0]["exercise_id"].unique().drop_nulls().sort())
    log = read_log(sessions, exercises=exercises, day_start_hour=settings.time.day_start_hour)
    # Sessions of one patient follow one another: an id is looked at once for all of them.
    runs = log.sessions["patient_id"].rle().struct.unnest().rename({"value": "patient_id"})
    people = _people([runs, *tables])
    plan_rows, pause_rows, patient_rows = (_numbered(table, people) for table in tables)
    cutoff_day = log.last_day if cutoff_date is None else number_of_day(cutoff_date)
    versions = versions_in_force(plan_rows, patient_rows, cutoff_day)
    excused = excused_spans(pause_rows, settings)
    person = np.repeat(_numbered(runs, people)["person"].to_numpy(), runs["len"].to_numpy())
    items = plan_rows.select("person", "plan_version", exercise_place(exercises), *DOSE).filter(pl.col("exercise") >= 0)
    days = counted_days(log, person, items, versions, excused, cutoff_day=cutoff_day, settings=settings)
    return Observed(people, versions, held_spans(versions, excused), days, cutoff_day)


def _require_each_exercise_once(plans: pl.DataFrame) -> None:
    n_repeated = int(plans.select("patient_id", "plan_version", "exercise_id").is_duplicated().sum())
    if n_repeated:
        message = (
            f"{n_repeated} rows of plans prescribe an exercise that their plan version prescribes already. Keep one row "
            "for each patient_id, plan_version and exercise_id, or give the changed dose a higher plan_version."
        )
        raise InvalidTableError(message)


def _people(tables: list[pl.DataFrame]) -> pl.DataFrame:
    ids = pl.concat([t["patient_id"].unique() for t in tables]).unique().sort()
    return ids.to_frame().with_row_index("person")


def _numbered(table: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    return table.join(people, on="patient_id", how="left", maintain_order="left").drop("patient_id")
