"""Invariants of questionnaires and of the course analyses, for any answers and readings."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from outcome_frames import START, form, people, plans, ratings, totals
from ptanalytics.instruments import instrument, instrument_ids
from ptanalytics.outcomes import (
    pain_plateau,
    plan_phase_response,
    reliable_change,
    score_questionnaires,
    time_to_mic,
    xmr_limits,
)

SCALES = [name for name in instrument_ids() if instrument(name).items and instrument(name).kind != "profile"]
days = st.dictionaries(st.integers(-30, 90), st.integers(0, 10), min_size=1, max_size=50)


def no_nan(frame):
    return not any(frame[name].is_nan().any() for name, dtype in frame.schema.items() if dtype == pl.Float64)


@settings(max_examples=60)
@given(st.data())
def test_a_score_is_on_its_scale_or_has_a_reason(data):
    entry = instrument(data.draw(st.sampled_from(SCALES)))
    rules = entry.scoring.item_rules
    answers = {}
    for item in entry.items:
        own = rules.get(item)
        low = entry.scoring.item_minimum if own is None or own.minimum is None else own.minimum
        high = entry.scoring.item_maximum if own is None or own.maximum is None else own.maximum
        answers[item] = data.draw(st.none() | st.integers(int(low), int(high)))

    row = score_questionnaires(responses=form(entry.form_id, answers)).filter(instrument_id=entry.id).row(0, named=True)

    assert (row["score"] is None) == (row["reason"] is not None)
    if row["score"] is not None:
        assert entry.minimum - 1e-9 <= row["score"] <= entry.maximum + 1e-9


@settings(max_examples=40)
@given(st.lists(st.integers(0, 4), min_size=13, max_size=13), st.randoms())
def test_the_order_of_answers_does_not_matter(answers, random):
    rows = form("pcs", answers)
    order = list(range(rows.height))
    random.shuffle(order)

    assert score_questionnaires(responses=rows[order]).equals(score_questionnaires(responses=rows))


@settings(max_examples=25)
@given(days)
def test_no_number_is_nan_and_what_is_missing_has_a_reason(values):
    daily = ratings(values)
    plateau = pain_plateau(daily)
    limits = xmr_limits(daily)
    phases = plan_phase_response(daily, plans())
    times = time_to_mic(pain_scores=daily, patients=people(), measures=["nprs"])

    assert all(no_nan(frame) for frame in (plateau, limits, phases, times))
    assert (plateau["label"].item() is None) == (plateau["reason"].item() is not None)
    assert limits.filter(pl.col("centre").is_null() != pl.col("reason").is_not_null()).is_empty()
    assert (phases["nap"].item() is None) == (phases["reason"].item() is not None)
    assert (times["duration_days"].item() is None) == (times["reason"].item() is not None)


@settings(max_examples=40)
@given(days)
def test_an_event_is_a_reading_that_lasts_two_weeks(values):
    row = time_to_mic(pain_scores=ratings(values), patients=people(), measures=["nprs"]).row(0, named=True)

    if row["is_event"]:
        assert (row["confirmed_date"] - row["event_date"]).days >= 14
        assert row["duration_days"] > 0
        first, last = ((row[name] - START).days for name in ("event_date", "confirmed_date"))
        held = [value for day, value in values.items() if first <= day <= last]
        assert held
        assert all(row["baseline"] - value >= 2 - 1e-9 for value in held)


@settings(max_examples=15)
@given(st.integers(0, 100), st.integers(0, 100))
def test_the_index_turns_its_sign_with_the_change(before, after):
    def rc(first, second):
        scores = totals("odi", {0: first, 84: second})
        return reliable_change(scores=scores, patients=people(), target_weeks=[12], measures=["odi"])["rc"].item()

    assert rc(before, after) == -rc(after, before)
