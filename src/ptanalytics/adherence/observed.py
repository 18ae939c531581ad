"""What was prescribed and what was done, before it is cut into weeks: shared by all adherence analyses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from ptanalytics.adherence.counted import completions, counted_days, covering_span, person_day
from ptanalytics.adherence.prescribed import excused_spans, held_spans, versions_in_force
from ptanalytics.adherence.session_log import DOSE, Array, SessionLog, exercise_place, read_log
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


@dataclass(frozen=True)
class Inputs:
    """The four tables with numbers for people and days, before it is decided which sessions count."""

    people: pl.DataFrame
    #: The plans table with ``person`` for the patient.
    plans: pl.DataFrame
    #: The pauses table, likewise.
    pauses: pl.DataFrame
    #: Names of the exercises a row's ``exercise`` may be.
    exercises: pl.Enum
    log: SessionLog
    #: Person of each session of the log.
    person: Array
    versions: pl.DataFrame
    #: Excused pauses, merged.
    excused: pl.DataFrame
    cutoff_day: int | None

    def observed(self, settings: Settings) -> Observed:
        """Decide which sessions count, by the rules of these settings."""
        days = counted_days(
            self.log,
            self.person,
            self._doses(),
            self.versions,
            self.excused,
            cutoff_day=self.cutoff_day,
            settings=settings,
        )
        return Observed(self.people, self.versions, held_spans(self.versions, self.excused), days, self.cutoff_day)

    def completions(self) -> Array:
        """Return how much of each session of the log was done, 0 to 1."""
        version = covering_span(person_day(self.person, self.log.sessions["day"].to_numpy()), self.versions)
        return completions(self.log, version, self._doses(), self.versions)

    def _doses(self) -> pl.DataFrame:
        doses = self.plans.select("person", "plan_version", exercise_place(self.exercises), *DOSE)
        return doses.filter(pl.col("exercise") >= 0)


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
    inputs = read_inputs(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date)
    return inputs.observed(settings)


def read_inputs(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings,
    cutoff_date: date | None,
    also: Sequence[str] = (),
    also_exercises: Sequence[str] = (),
) -> Inputs:
    """Read the four tables.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises.
        pauses: Breaks.
        patients: Discharge days.
        settings: Day start and which pauses are excused.
        cutoff_date: Last day observed.
        also: Further columns of ``sessions`` to keep in the log's rows.
        also_exercises: Exercises to tell apart in the log although nobody was prescribed them.

    Raises:
        InvalidTableError: A plan version prescribes an exercise twice.
    """
    tables = [t.collect() for t in (plans, pauses, patients)]
    _require_each_exercise_once(tables[0])
    prescribed = tables[0]["exercise_id"].unique().drop_nulls()
    exercises = pl.Enum(pl.concat([prescribed, pl.Series(also_exercises, dtype=pl.String)]).unique().sort())
    log = read_log(sessions, exercises=exercises, day_start_hour=settings.time.day_start_hour, also=also)
    # Sessions of one patient follow one another: an id is looked at once for all of them.
    runs = log.sessions["patient_id"].rle().struct.unnest().rename({"value": "patient_id"})
    people = _people([runs, *tables])
    plan_rows, pause_rows, patient_rows = (_numbered(table, people) for table in tables)
    cutoff_day = log.last_day if cutoff_date is None else number_of_day(cutoff_date)
    versions = versions_in_force(plan_rows, patient_rows, cutoff_day)
    person = np.repeat(_numbered(runs, people)["person"].to_numpy(), runs["len"].to_numpy())
    excused = excused_spans(pause_rows, settings)
    return Inputs(people, plan_rows, pause_rows, exercises, log, person, versions, excused, cutoff_day)


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
