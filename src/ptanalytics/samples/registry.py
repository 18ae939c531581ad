"""A year-long registry of any size: session rows in the order they arrive, with matching plans and pauses.

People are drawn one after the other and days one after the other, each day from its own random numbers, so the rows of
a day can be made without those of any other. A first pass only counts, to find how many people give the rows asked
for; the second pass writes day by day. Memory is bounded by the number of people, not of rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from ptanalytics.samples.prescriptions import START_DOSES
from ptanalytics.samples.registry_files import TableFile, write_table

REGISTRY_YEAR_START = date(2025, 1, 6)  # a Monday
N_DAYS = 364
SESSION_COLUMNS = (
    "patient_id",
    "session_id",
    "exercise_id",
    "started_at",
    "sets",
    "reps",
    "completed_fraction",
    "pain_during_nprs",
    "rpe",
)
#: Exercises of the registry: those counted in repetitions.
_DOSES = [dose for dose in START_DOSES.values() if dose.reps is not None]
_WEEKDAY_SETS = ("mon,wed,fri", "tue,thu,sat")
_WEEKDAY_MASKS = np.array([[1, 0, 1, 0, 1, 0, 0], [0, 1, 0, 1, 0, 1, 0]], dtype=bool)
_EXPECTED_ROWS_PER_PERSON = 250
_ROWS_PER_WRITE = 500_000
_HOURS = np.array([6, 7, 7, 8, 8, 9, 10, 12, 13, 16, 17, 17, 18, 18, 18, 19, 19, 20, 20, 21])


@dataclass(frozen=True)
class SampleRegistry:
    """What was written."""

    path: Path
    n_rows: int
    n_patients: int
    plans_path: Path | None
    pauses_path: Path | None


@dataclass(frozen=True)
class _People:
    """The drawn people as arrays, one place per person. Days count from the first day of the registry."""

    first_day: np.ndarray
    last_day: np.ndarray
    change_day: np.ndarray
    per_week: np.ndarray  # two columns: first and second plan version
    weekday_set: np.ndarray  # -1: any day
    n_exercises: np.ndarray
    first_exercise: np.ndarray
    adherence: np.ndarray
    hour: np.ndarray
    pain: np.ndarray
    pause_first_day: np.ndarray  # beyond the registry where there is none
    pause_days: np.ndarray
    pause_is_hold: np.ndarray

    def __len__(self) -> int:
        return len(self.first_day)

    def first(self, number: int) -> "_People":
        """Return the first people only."""
        return _People(**{name: values[:number] for name, values in vars(self).items()})


def write_registry(
    path: Path | str,
    n_rows: int,
    *,
    seed: int = 2026,
    plans_path: Path | str | None = None,
    pauses_path: Path | str | None = None,
) -> SampleRegistry:
    """Write exactly ``n_rows`` generated session rows, and on request the plans and pauses they belong to.

    Rows come as a registry has them: by time, people interleaved, several exercises a session and several sessions a week
    over a year. Each person has two plan versions (the second starts on any weekday); one in five trains on fixed weekdays;
    one in ten has a break. CSV or Parquet by the ending of each path. Same seed, same rows.

    Args:
        path: Where the sessions go, ``.csv`` or ``.parquet``.
        n_rows: Rows of sessions, one per exercise.
        seed: Any whole number.
        plans_path: Where the plans go; none: not written.
        pauses_path: Where the breaks go; none: not written.

    Returns:
        The paths and how many rows and people there are.

    Raises:
        OutputError: The place cannot be written, or the ending is neither ``.csv`` nor ``.parquet``.
        ValueError: ``n_rows`` is not positive.

    Example:
        >>> import tempfile
        >>> registry = write_registry(Path(tempfile.mkdtemp()) / "sessions.csv", 1000)
        >>> registry.n_rows, registry.n_patients
        (1000, 3)
    """
    if n_rows < 1:
        message = "n_rows must be at least 1"
        raise ValueError(message)
    people, rows_of_last = _enough_people(n_rows, seed)
    with TableFile(Path(path)) as file:
        for frame in _session_frames(people, rows_of_last, seed):
            file.append(frame)
    if plans_path is not None:
        write_table(Path(plans_path), _plans(people))
    if pauses_path is not None:
        write_table(Path(pauses_path), _pauses(people))
    return SampleRegistry(
        Path(path),
        n_rows,
        len(people),
        None if plans_path is None else Path(plans_path),
        None if pauses_path is None else Path(pauses_path),
    )


def _enough_people(n_rows: int, seed: int) -> tuple[_People, int]:
    """Return as many people as give the rows asked for, and how many rows the last of them may have."""
    number = 16 + int(n_rows / _EXPECTED_ROWS_PER_PERSON * 1.1)
    while True:
        people = _draw_people(number, seed)
        rows = np.zeros(number, dtype=np.int64)
        for day in range(N_DAYS):
            rows += np.where(_trains(people, day, seed), people.n_exercises, 0)
        reached = np.cumsum(rows)
        if reached[-1] >= n_rows:
            last = int(np.searchsorted(reached, n_rows))
            before = int(reached[last - 1]) if last else 0
            return people.first(last + 1), n_rows - before
        number *= 2


def _draw_people(number: int, seed: int) -> _People:
    # Each quantity has its own random numbers, so that drawing more people never changes the first ones.
    streams = iter(np.random.SeedSequence([seed, 1]).spawn(16))

    def draw() -> np.ndarray:
        return np.random.Generator(np.random.PCG64(next(streams))).random(number)

    first_day = (draw() * (N_DAYS - 112)).astype(np.int64)
    last_day = np.minimum(first_day + 83 + (draw() * 180).astype(np.int64), N_DAYS - 1)
    change_day = first_day + 14 + (draw() * 56).astype(np.int64)
    version_1 = 3 + (draw() * 2).astype(np.int64)
    version_2 = version_1 + (draw() < 0.6)
    weekday_set = np.where(draw() < 0.2, (draw() * 2).astype(np.int64), -1)
    has_pause = draw() < 0.1
    return _People(
        first_day=first_day,
        last_day=last_day,
        change_day=change_day,
        per_week=np.column_stack([version_1, version_2]),
        weekday_set=weekday_set,
        n_exercises=3 + (draw() * 3).astype(np.int64),
        first_exercise=(draw() * len(_DOSES)).astype(np.int64),
        adherence=0.35 + 0.65 * np.sqrt(draw()),
        hour=_HOURS[(draw() * len(_HOURS)).astype(np.int64)],
        pain=2.0 + draw() * 5.0,
        pause_first_day=np.where(has_pause, first_day + 21 + (draw() * 40).astype(np.int64), 10 * N_DAYS),
        pause_days=7 + (draw() * 14).astype(np.int64),
        pause_is_hold=draw() < 0.5,
    )


def _day_generator(seed: int, day: int, part: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 2, day, part])))


def _trains(people: _People, day: int, seed: int) -> np.ndarray:
    """Say who has a session on a day."""
    chance = np.where(day < people.change_day, people.per_week[:, 0], people.per_week[:, 1]) / 7
    on_weekday = _WEEKDAY_MASKS[people.weekday_set, day % 7]
    chance = np.where(people.weekday_set >= 0, np.where(on_weekday, 1.0, 0.0), chance) * people.adherence
    takes_part = (people.first_day <= day) & (day <= people.last_day)
    pausing = (people.pause_first_day <= day) & (day < people.pause_first_day + people.pause_days)
    trains: np.ndarray = takes_part & ~pausing & (_day_generator(seed, day, 0).random(len(people)) < chance)
    return trains


def _session_frames(people: _People, rows_of_last: int, seed: int) -> Iterator[pl.DataFrame]:
    """Yield the session rows in the order of time, some days at once."""
    waiting: list[pl.DataFrame] = []
    n_waiting, n_sessions, left_for_last = 0, 0, rows_of_last
    patient_ids = pl.Series([f"R{number:07d}" for number in range(1, len(people) + 1)])
    exercise_ids = pl.Series([dose.exercise_id for dose in _DOSES])
    for day in range(N_DAYS):
        who = np.flatnonzero(_trains(people, day, seed))
        if len(who) == 0:
            continue
        n_rows_of_each = people.n_exercises[who].copy()
        if who[-1] == len(people) - 1:  # the last person stops when the rows asked for are complete
            n_rows_of_each[-1] = min(n_rows_of_each[-1], left_for_last)
            left_for_last -= int(n_rows_of_each[-1])
        rows = _rows_of_day(people, day, who, n_rows_of_each, n_sessions_before=n_sessions, seed=seed)
        waiting.append(
            rows.with_columns(
                patient_id=patient_ids.gather(rows["patient_id"]), exercise_id=exercise_ids.gather(rows["exercise_id"])
            )
        )
        n_sessions += len(who)
        n_waiting += len(waiting[-1])
        if n_waiting >= _ROWS_PER_WRITE:
            yield pl.concat(waiting)
            waiting, n_waiting = [], 0
    if waiting:
        yield pl.concat(waiting)


def _rows_of_day(
    people: _People,
    day: int,
    who: np.ndarray,
    n_rows_of_each: np.ndarray,
    *,
    n_sessions_before: int,
    seed: int,
) -> pl.DataFrame:
    """Return the rows of a day in the order of time, with people and exercises by number."""
    rng = _day_generator(seed, day, 1)
    minute = people.hour[who] * 60 + (rng.random(len(who)) * 90).astype(np.int64)
    by_time = np.argsort(minute, kind="stable")
    who, minute, n_rows_of_each = who[by_time], minute[by_time], n_rows_of_each[by_time]
    person = np.repeat(who, n_rows_of_each)
    session = np.repeat(np.arange(len(who)), n_rows_of_each)
    place = np.arange(len(person)) - np.repeat(np.cumsum(n_rows_of_each) - n_rows_of_each, n_rows_of_each)
    exercise = (people.first_exercise[person] + place) % len(_DOSES)
    chance = rng.random((4, len(person)))
    fraction = np.where(chance[0] < 0.78, 1.0, np.round(0.2 + 0.8 * chance[1], 2))
    prescribed_reps = np.array([dose.reps for dose in _DOSES])[exercise]
    pain = people.pain[person] * np.exp(-np.maximum(0, day - people.first_day[person]) / 150.0) + (chance[2] - 0.5) * 3
    midnight = np.datetime64(REGISTRY_YEAR_START + timedelta(days=day), "us")
    return pl.DataFrame(
        {
            "patient_id": person,
            "session_id": pl.select(
                "S" + pl.lit(pl.Series(n_sessions_before + session + 1)).cast(pl.String).str.zfill(8)
            ).to_series(),
            "exercise_id": exercise,
            "started_at": midnight + minute[session].astype("timedelta64[m]"),
            "sets": np.array([dose.sets for dose in _DOSES], dtype=np.int64)[exercise],
            "reps": np.maximum(1, np.round(prescribed_reps * fraction)).astype(np.int64),
            "completed_fraction": fraction,
            "pain_during_nprs": np.clip(np.round(pain), 0, 10).astype(np.int64),
            "rpe": (2 + chance[3] * 6).astype(np.int64),
        }
    )


def _plans(people: _People) -> pl.DataFrame:
    """Return two versions of every person's plan, one row per exercise."""
    number = np.repeat(np.arange(len(people)), people.n_exercises)
    place = np.arange(len(number)) - np.repeat(np.cumsum(people.n_exercises) - people.n_exercises, people.n_exercises)
    exercise = (people.first_exercise[number] + place) % len(_DOSES)
    start = np.datetime64(REGISTRY_YEAR_START, "D")
    is_fixed = people.weekday_set[number] >= 0
    weekdays = pl.Series(_WEEKDAY_SETS).gather(np.maximum(people.weekday_set[number], 0))
    versions = [
        pl.DataFrame(
            {
                "patient_id": pl.Series([f"R{n + 1:07d}" for n in number], dtype=pl.String),
                "plan_version": np.full(len(number), version, dtype=np.int32),
                "exercise_id": pl.Series([dose.exercise_id for dose in _DOSES]).gather(exercise),
                "valid_from_date": start + (people.first_day if version == 1 else people.change_day)[number],
                "valid_to_date": start + people.last_day[number],
                "per_week": people.per_week[number, version - 1].astype(np.float64),
                "is_fixed": is_fixed,
                "days": weekdays,
                "sets": np.array([dose.sets for dose in _DOSES], dtype=np.float64)[exercise],
                "reps": np.array([dose.reps for dose in _DOSES], dtype=np.float64)[exercise],
            }
        )
        for version in (1, 2)
    ]
    return (
        pl.concat(versions)
        .sort("patient_id", "plan_version", "exercise_id")
        .select(
            "patient_id",
            "plan_version",
            "exercise_id",
            "valid_from_date",
            "valid_to_date",
            sessions_per_week=pl.when(~pl.col("is_fixed")).then("per_week"),
            weekdays=pl.when("is_fixed").then("days"),
            sessions_per_day=pl.lit(1, dtype=pl.Int32),
            sets="sets",
            reps="reps",
        )
    )


def _pauses(people: _People) -> pl.DataFrame:
    """Return the breaks; a clinician's hold is excused, a holiday is left to the settings."""
    who = np.flatnonzero(people.pause_first_day <= people.last_day)
    start = np.datetime64(REGISTRY_YEAR_START, "D")
    last = np.minimum(people.pause_first_day + people.pause_days - 1, people.last_day)
    is_hold = pl.Series(people.pause_is_hold[who])
    return pl.DataFrame(
        {
            "patient_id": pl.Series([f"R{n + 1:07d}" for n in who], dtype=pl.String),
            "from_date": start + people.pause_first_day[who],
            "to_date": start + last[who],
            "is_hold": is_hold,
        }
    ).select(
        "patient_id",
        "from_date",
        "to_date",
        kind=pl.when("is_hold").then(pl.lit("clinician_hold")).otherwise(pl.lit("holiday")),
        is_excused=pl.when("is_hold").then(pl.lit(value=True)),
    )
