"""The numbers worked out in an explanation are those the analyses return, for any small case and for a whole sample."""

from datetime import timedelta
from math import isclose

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_study import MemoryStudy
from outcome_frames import START, at, form, people, ratings, sessions, totals
from ptanalytics.instruments import instrument
from ptanalytics.outcomes import explain_outcome, outcome_numbers
from ptanalytics.outcomes.explained import EXPLAINED
from ptanalytics.samples.clinic import clinic_facts

KEYS = ("measure", "target_week", "day", "plan_version", "exercise_id")
OF_PAIN = sorted(set(EXPLAINED) - {"score_questionnaires", "exercise_pain_response"})
#: Forms, and the scales whose items they hold.
SCALES = {
    name: (name,) for name in ("odi", "rmdq24", "qbpds", "phq9", "tsk17", "pcs", "ompsq_sf", "pseq", "startback", "ears")
}
SCALES |= {"fabq": ("fabq_pa", "fabq_w")}
few = settings(max_examples=25, deadline=None)

pain = st.integers(0, 20).map(lambda half: half / 2)
daily = st.dictionaries(st.integers(-16, 90), pain, min_size=1, max_size=60)
#: Long spells at one level, so that flares, runs and lasting changes occur.
spells = st.lists(st.tuples(st.integers(0, 10), st.integers(1, 20)), min_size=1, max_size=8).map(
    lambda parts: dict(enumerate((level for level, n in parts for _ in range(n)), start=-14))
)


def keys_of(row):
    return {name: row[name] for name in KEYS if row[name] is not None}


def assert_as_analysed(told, row, rows):
    """Every number worked out from the readings stands in the analysis's own row."""
    column = EXPLAINED[told.number].value
    assert row[column] is None or column in told.worked_out, told.number
    for name, value in told.worked_out.items():
        found = row[name]
        is_float = isinstance(found, float) and value is not None
        assert isclose(found, value, abs_tol=1e-9) if is_float else found == value, (told.number, name)
    assert not [step for step in told.steps if "lead to another result" in step]
    assert len(rows)


def own_row(number, keys, found):
    """Return the row of the analysis that keys name."""
    for key, column in EXPLAINED[number].keys.items():
        found = found.filter(pl.col(column) == keys[key])
    assert found.height == 1
    return found.row(0, named=True)


def check(number, tables, options, *, at_most=4):
    listed = outcome_numbers(patient_id="P1", number=number, **tables, **options).rows(named=True)
    analysis = EXPLAINED[number].analysis
    needed = {name: frame for name, frame in tables.items() if name in analysis.tables}
    result = analysis(**needed, **{name: value for name, value in options.items() if name in analysis.options})
    for row in listed[:1] + listed[1:][-at_most:]:
        told = explain_outcome(patient_id="P1", number=number, **keys_of(row), **tables, **options)
        assert_as_analysed(told, own_row(number, keys_of(row), result), listed)


@few
@given(
    values=st.one_of(daily, spells),
    marks=st.sets(st.integers(-14, 60), max_size=3),
    change_day=st.integers(1, 60),
    session_days=st.sets(st.integers(0, 20), max_size=4),
    rmdq=st.dictionaries(st.integers(-30, 100), st.integers(0, 24), max_size=4),
    number=st.sampled_from(OF_PAIN),
)
def test_numbers_of_pain(values, marks, change_day, session_days, rmdq, number):
    logged = ratings(values).with_columns(
        is_flare=pl.col("recorded_at").dt.date().is_in([START + timedelta(days=day) for day in marks])
    )
    versions = pl.DataFrame(
        {
            "patient_id": "P1",
            "plan_version": [1, 2],
            "exercise_id": "bridge",
            "valid_from_date": [START, START + timedelta(days=change_day)],
            "sessions_per_week": 3.0,
        }
    )
    tables = {
        "pain_scores": logged,
        "plans": versions,
        "patients": people(),
        "sessions": sessions(*sorted(session_days)),
        "scores": totals("rmdq24", rmdq),
    }

    check(number, tables, {})


@few
@given(
    scale=st.sampled_from(sorted(SCALES)),
    data=st.data(),
)
def test_scores_item_by_item(scale, data):
    items = [item for name in SCALES[scale] for item in instrument(name).items]
    answer = st.one_of(st.none(), st.integers(0, 4), st.integers(0, 4), st.integers(0, 6))
    answers = data.draw(st.lists(answer, min_size=len(items), max_size=len(items)))

    check("score_questionnaires", {"responses": form(scale, dict(zip(items, answers, strict=True)))}, {}, at_most=9)


@few
@given(
    before=st.lists(st.one_of(st.none(), pain), min_size=1, max_size=6),
    during=st.lists(st.one_of(st.none(), pain), min_size=6, max_size=6),
    later=st.lists(st.one_of(st.none(), pain), min_size=6, max_size=6),
    logged=st.dictionaries(st.integers(0, 8), pain, max_size=5),
)
def test_pain_of_an_exercise(before, during, later, logged):
    n = len(before)
    log = pl.DataFrame(
        {
            "patient_id": "P1",
            "session_id": [f"S{number}" for number in range(n)],
            "exercise_id": "bridge",
            "started_at": [at(number, 18) for number in range(n)],
            "pain_before_nprs": pl.Series(before, dtype=pl.Float64),
            "pain_during_nprs": pl.Series(during[:n], dtype=pl.Float64),
            "pain_next_day_nprs": pl.Series(later[:n], dtype=pl.Float64),
        }
    )

    check("exercise_pain_response", {"sessions": log, "pain_scores": ratings(logged)}, {})


@pytest.fixture(scope="module")
def sample():
    return MemoryStudy({name: rows for name, rows in clinic_facts(20260801).tables.items() if rows.height})


@pytest.mark.parametrize("patient", ["P0002", "P0013", "P0037", "P0051"])
def test_every_number_of_a_sample_patient(sample, patient):
    listed = outcome_numbers(sample, patient)
    assert set(listed["number"]) >= set(EXPLAINED) - {"flares"}

    for number, rows in pl.from_pandas(listed).group_by("number"):
        analysis = EXPLAINED[number[0]].analysis
        options = {name: value for name, value in sample.run_defaults().items() if name in analysis.options}
        tables = {"tables": analysis.tables, "optional": analysis.optional}
        result = sample.run(analysis.compute, **tables, options=options, patients=[patient])
        for row in rows[:1].vstack(rows[-1:]).unique().cast({"day": pl.Date}).rows(named=True):
            told = explain_outcome(sample, patient, number=number[0], **keys_of(row))
            assert_as_analysed(told, own_row(number[0], keys_of(row), result), listed)
            assert told.sentence
            assert told.sources
