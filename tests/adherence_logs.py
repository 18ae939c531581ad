"""Generated logs of small clinics, for everything that must hold for any log; their tables and the options to run them."""

from datetime import date, datetime, time, timedelta

import polars as pl
from hypothesis import strategies as st

from adherence_by_hand import Case, Exercise, Row, Rules

START = date(2026, 3, 2)
EXERCISES = ("bridge", "plank", "walk")

day_offsets = st.integers(-5, 40)
days = day_offsets.map(lambda n: START + timedelta(days=n))
spans = st.tuples(days, st.none() | st.integers(0, 30)).map(
    lambda span: (span[0], None if span[1] is None else span[0] + timedelta(days=span[1]))
)
weekday_lists = st.lists(st.sampled_from(("mon", "tue", "wed", "thu", "fri", "sat", "sun")), unique=True, max_size=4)


@st.composite
def versions(draw, number):
    start, end = draw(spans)
    names = draw(st.lists(st.sampled_from(EXERCISES), unique=True, min_size=1))
    return [
        Exercise(
            version=number,
            exercise=name,
            start=start,
            end=end,
            per_week=draw(st.none() | st.sampled_from((0, 1, 2.5, 3, 5, 7))),
            weekdays=tuple(draw(weekday_lists)),
            per_day=draw(st.none() | st.integers(1, 3)),
            reps=draw(st.none() | st.just(10)),
        )
        for name in names
    ]


@st.composite
def rows(draw):
    bouts = draw(st.lists(st.tuples(days, st.integers(0, 23)), max_size=25))
    log = []
    for number, (day, hour) in enumerate(bouts):
        names = draw(st.lists(st.sampled_from((*EXERCISES, "other")), unique=True, min_size=1))
        for minute, name in enumerate(names):
            log.append(
                Row(
                    session=f"s{number}",
                    exercise=name,
                    at=datetime.combine(day, time(hour, minute * 10)),
                    fraction=draw(st.none() | st.sampled_from((0.0, 0.25, 0.5, 1.0, 1.5))),
                    reps=draw(st.none() | st.integers(0, 12)),
                    skipped=draw(st.booleans()),
                )
            )
    return draw(st.permutations(log))


rules = st.builds(
    Rules,
    prorate=st.sampled_from(("fractional", "none", "round_half_up")),
    makeup=st.sampled_from(("week", "exact", "window")),
    tolerance_days=st.integers(0, 3),
    min_fraction=st.sampled_from((0.5, 0.8, 0.0)),
    anchor=st.sampled_from(("plan", "iso")),
    day_start_hour=st.sampled_from((0, 3)),
)


@st.composite
def clinics(draw):
    """A few patients under one set of rules; their session ids are the same, their rows interleaved."""
    shared = {"cutoff": draw(days), "rules": draw(rules)}
    return [draw(one_patient(shared)) for _ in range(draw(st.integers(1, 3)))]


@st.composite
def one_patient(draw, shared):
    plans = [exercise for number in range(1, draw(st.integers(1, 3)) + 1) for exercise in draw(versions(number))]
    breaks = draw(st.lists(spans, max_size=3, unique_by=lambda span: span[0]))
    pauses = [(first, last, draw(st.booleans())) for first, last in breaks]
    return Case(
        exercises=tuple(plans),
        rows=tuple(draw(rows())),
        pauses=tuple(pauses),
        discharged=draw(st.none() | days),
        **shared,
    )


def clinic_frames(clinic: list[Case]) -> dict:
    """The tables of all patients, the sessions by time."""
    each = [
        {name: table.with_columns(patient_id=pl.lit(f"P{number}")) for name, table in frames(case).items()}
        for number, case in enumerate(clinic)
    ]
    together = {name: pl.concat([tables[name] for tables in each]) for name in each[0]}
    return together | {"sessions": together["sessions"].sort("started_at", maintain_order=True)}


def frames(case: Case) -> dict:
    plans = [
        ("P1", e.version, e.exercise, e.start, e.end, e.per_week, ",".join(e.weekdays) or None, e.per_day, e.reps)
        for e in case.exercises
    ]
    sessions = [("P1", r.session, r.exercise, r.at, r.fraction, r.reps, "pain" if r.skipped else None) for r in case.rows]
    pauses = [("P1", first, last, "holiday", excused) for first, last, excused in case.pauses]
    return {
        "sessions": pl.DataFrame(
            sessions,
            orient="row",
            schema={
                "patient_id": pl.String,
                "session_id": pl.String,
                "exercise_id": pl.String,
                "started_at": pl.Datetime("us"),
                "completed_fraction": pl.Float64,
                "reps": pl.Float64,
                "skip_reason": pl.String,
            },
        ),
        "plans": pl.DataFrame(
            plans,
            orient="row",
            schema={
                "patient_id": pl.String,
                "plan_version": pl.Int32,
                "exercise_id": pl.String,
                "valid_from_date": pl.Date,
                "valid_to_date": pl.Date,
                "sessions_per_week": pl.Float64,
                "weekdays": pl.String,
                "sessions_per_day": pl.Int32,
                "reps": pl.Float64,
            },
        ),
        "pauses": pl.DataFrame(
            pauses,
            orient="row",
            schema={
                "patient_id": pl.String,
                "from_date": pl.Date,
                "to_date": pl.Date,
                "kind": pl.String,
                "is_excused": pl.Boolean,
            },
        ),
        "patients": pl.DataFrame(
            {"patient_id": ["P1"], "discharged_date": [case.discharged]}, schema_overrides={"discharged_date": pl.Date}
        ),
    }


def options(case: Case) -> dict:
    rules = case.rules
    return {
        "cutoff_date": case.cutoff,
        "settings": {
            "time": {"day_start_hour": rules.day_start_hour, "week_anchor": rules.anchor},
            "adherence": {
                "prorate": rules.prorate,
                "makeup": rules.makeup,
                "makeup_tolerance_days": rules.tolerance_days,
                "session_min_fraction": rules.min_fraction,
            },
        },
    }
