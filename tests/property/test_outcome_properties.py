"""What must hold for any ratings, forms and changes."""

from datetime import timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import theilslopes

from outcome_frames import START, form, on, people, ratings, totals
from ptanalytics.instruments import bands, instrument
from ptanalytics.outcomes import (
    baselines,
    changes,
    daily_pain,
    flares,
    pain_trend,
    responder_curve,
    responder_shares,
    score_questionnaires,
)

scores_0_10 = st.integers(0, 20).map(lambda half: half / 2)
daily = st.dictionaries(st.integers(0, 59), scores_0_10, min_size=1, max_size=40)
odi_answers = st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=10, max_size=10)
few = settings(max_examples=40, deadline=None)


@few
@given(values=st.dictionaries(st.integers(0, 27), scores_0_10, min_size=5, max_size=28))
def test_trend_is_scipys_theil_sen(values):
    days = np.array(sorted(values), dtype=float)
    expected = theilslopes([values[day] for day in sorted(values)], (days - days[0]) / 7, 0.95)

    row = pain_trend(ratings(values), settings={"outcomes": {"slope": {"min_span_days": 1}}}).row(0, named=True)

    found = [row["slope_per_week"], row["intercept"], row["lower"], row["upper"]]
    assert found == pytest.approx(list(expected), abs=1e-9)


@few
@given(values=st.dictionaries(st.integers(0, 27), st.integers(0, 5), min_size=5, max_size=20), shift=st.integers(0, 5))
def test_trend_does_not_depend_on_the_level_and_turns_with_the_sign(values, shift):
    loose = {"outcomes": {"slope": {"min_span_days": 1}}}

    def slope(of):
        return pain_trend(ratings(of), settings=loose)["slope_per_week"].item()

    assert slope({day: value + shift for day, value in values.items()}) == pytest.approx(slope(values))
    assert slope({day: 10 - value for day, value in values.items()}) == pytest.approx(-slope(values))


@few
@given(answers=odi_answers)
def test_odi_stays_on_its_scale_or_has_a_reason(answers):
    row = score_questionnaires(responses=form("odi", answers)).row(0, named=True)

    answered = sum(answer is not None for answer in answers)
    assert (row["score"] is None) == (answered < 8) == (row["reason"] is not None)
    if row["score"] is not None:
        assert 0 <= row["score"] <= 100
        assert row["band"] in {band.band for band in bands("odi")}


@few
@given(answers=odi_answers, section=st.integers(0, 9))
def test_a_worse_answer_never_lowers_the_odi(answers, section):
    worse = [5 if number == section and answer is not None else answer for number, answer in enumerate(answers)]

    first, second = (score_questionnaires(responses=form("odi", a))["score"].item() for a in (answers, worse))

    assert (first is None) == (second is None)
    assert first is None or second >= first


@few
@given(answers=odi_answers, seed=st.integers(0, 5))
def test_the_order_of_rows_does_not_matter(answers, seed):
    rows = pl.concat([form("odi", answers), form("pcs", [1] * 13), form("odi", [1] * 10, response="R2")])

    mixed = rows.sample(fraction=1, shuffle=True, seed=seed)

    assert score_questionnaires(responses=mixed).equals(score_questionnaires(responses=rows))


@few
@given(values=daily, seed=st.integers(0, 5))
def test_daily_values_and_flares_do_not_depend_on_the_order_of_rows(values, seed):
    rows = ratings(values)
    mixed = rows.sample(fraction=1, shuffle=True, seed=seed)

    assert daily_pain(mixed).equals(daily_pain(rows))
    assert flares(mixed).equals(flares(rows))


@few
@given(values=daily)
def test_flares_are_apart_and_inside_what_was_recorded(values):
    found = flares(ratings(values)).rows(named=True)

    for flare in found:
        assert values[(flare["start_date"] - START).days] >= 4
        assert flare["n_days"] <= flare["duration_days"]
        assert flare["peak_nprs"] >= flare["reference_nprs"] + 2
    for earlier, later in pairwise(found):
        assert later["start_date"] - earlier["end_date"] > timedelta(days=1)


@few
@given(before=st.integers(0, 50), after=st.integers(0, 50), mic=st.floats(1, 40))
def test_a_larger_mic_never_makes_a_responder(before, after, mic):
    def status(value):
        row = changes(
            scores=totals("odi", {0: 2 * before, 84: 2 * after}),
            patients=people(),
            target_weeks=[12],
            measures=["odi"],
            settings={"outcomes": {"mic": {"odi": value}}},
        )
        return row["is_responder_absolute"].item()

    assert (status(mic + 1) or False) <= (status(mic) or False)


patients = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(0, 100)), st.one_of(st.none(), st.integers(0, 100))), min_size=1, max_size=15
)


@few
@given(pairs=patients, cutoff=st.sampled_from([30, 200]))
def test_every_starter_is_counted_once_and_shares_agree_with_plain_counting(pairs, cutoff):
    names = [f"P{number}" for number in range(len(pairs))]
    forms = [totals("odi", {0: a, 84: b}, patient=name) for name, (a, b) in zip(names, pairs, strict=True)]
    change = changes(
        scores=pl.concat(forms), patients=people(*names), target_weeks=[12], measures=["odi"], cutoff_date=on(cutoff)
    )

    shares = responder_shares(change)

    complete = [(a, b) for a, b in pairs if a is not None and b is not None and a >= 10]
    for row in shares.filter(population="all_starters").iter_rows(named=True):
        assert row["n_starters"] == len(pairs)
        assert row["n_starters"] == row["n"] + row["n_no_baseline"] + row["n_no_room"] + row["n_not_due"]
    for row in shares.filter(population="completers", rule="absolute").iter_rows(named=True):
        assert (row["responders"], row["n"]) == (sum(a - b >= 10 for a, b in complete), len(complete))
    curve = responder_curve(change).filter(population="completers").sort("threshold_pct")["responders"].to_list()
    assert curve == sorted(curve, reverse=True)


@few
@given(values=st.dictionaries(st.integers(-20, 5), scores_0_10, max_size=20))
def test_a_daily_baseline_is_within_its_values_or_has_a_reason(values):
    row = baselines(pain_scores=ratings(values), patients=people(), measures=["nprs"]).row(0, named=True)

    assert (row["baseline"] is None) == (row["reason"] is not None) == (row["n"] == 0)
    if row["baseline"] is not None:
        assert min(values.values()) <= row["baseline"] <= max(values.values())
        assert row["from_date"] <= row["to_date"]


@pytest.mark.parametrize("name", ["odi", "pcs", "tsk11", "rmdq24", "nprs_7d"])
@pytest.mark.parametrize("end", ["item_minimum", "item_maximum"])
def test_the_ends_of_the_items_are_the_ends_of_the_scale(name, end):
    entry = instrument(name)
    answers = [getattr(entry.scoring, end)] * len(entry.items)

    score = score_questionnaires(responses=form(name, answers)).filter(instrument_id=name)["score"].item()

    assert score == (entry.minimum if end == "item_minimum" else entry.maximum)
