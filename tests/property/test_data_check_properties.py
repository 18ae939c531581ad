"""What holds of data checks and of repairs whatever the data are."""

from datetime import date, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ptanalytics.quality import check_data
from ptanalytics.study import create_study
from quality_frames import CUTOFF, patient, table

# Few days and few clock times, so that entries meet.
moments = st.builds(
    lambda day, minutes: datetime(2026, 3, 2) + timedelta(days=day, minutes=minutes),
    st.integers(0, 40) | st.integers(0, 4),
    st.sampled_from([0, 480, 483, 484, 600]),
)
ratings = st.lists(
    st.fixed_dictionaries(
        {
            "patient_id": st.sampled_from(["A", "B", "C"]),
            "recorded_at": moments,
            "pain_nprs": st.integers(0, 10).map(float),
            "recall": st.sampled_from([None, "current", "avg_24h"]),
            "is_flare": st.sampled_from([None, True, False]),
        }
    ),
    max_size=25,
)
PEOPLE = table("patients", patient(), patient("B", site="south", enrolled_date=None))


def checked(rows):
    return check_data(pain_scores=table("pain_scores", *rows), patients=PEOPLE, cutoff_date=CUTOFF)


@settings(max_examples=15)
@given(ratings)
def test_sites_and_months_add_up_to_the_whole_and_found_is_never_more_than_checked(rows):
    check = checked(rows)

    whole = check.rules.filter(pl.col("n_checked") > 0).select("rule_id", "n_checked", "n_found").sort("rule_id")
    for parts in (check.rules_by_site, check.rules_by_month):
        sums = parts.group_by("rule_id").agg(pl.col("n_checked", "n_found").sum()).sort("rule_id")
        assert sums.equals(whole.filter(pl.col("rule_id").is_in(sums["rule_id"].implode())))
        assert sums.height == whole.height
    assert (check.rules["n_found"] <= check.rules["n_checked"]).all()
    assert (check.missing["n_missing"] <= check.missing["n_rows"]).all()


@settings(max_examples=15)
@given(ratings)
def test_the_rows_behind_each_rule_are_as_many_as_it_found(rows):
    check = checked(rows)

    for rule_id, n_found in check.problems.select("rule_id", "n_found").rows():
        assert len(check.rows(rule_id)) == n_found


@settings(max_examples=10)
@given(ratings, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_change_what_is_found(rows, random):
    shuffled = random.sample(rows, len(rows))
    numbers = ["rule_id", "n_checked", "n_found"]

    assert checked(rows).rules.select(numbers).equals(checked(shuffled).rules.select(numbers))


@settings(max_examples=6)
@given(ratings)
def test_a_study_in_buckets_finds_what_frames_find(tmp_path_factory, rows):
    rows = list({tuple(row.values()): row for row in rows}.values())  # a study holds a key once
    study = create_study(tmp_path_factory.mktemp("check") / "a.study", timezone="Europe/London", buckets=2)
    study.append_rows("patients", PEOPLE, origin="test")
    if rows:
        unique = table("pain_scores", *rows).unique(["patient_id", "recorded_at", "recall", "pain_nprs"], keep="first")
        study.append_rows("pain_scores", unique, origin="test")
        frames = {"pain_scores": unique, "patients": PEOPLE}
    else:
        frames = {"patients": PEOPLE}

    ours = pl.from_pandas(check_data(study, cutoff_date=CUTOFF).rules)
    theirs = check_data(cutoff_date=CUTOFF, **frames).rules

    of_tables = ~pl.col("rule_id").str.contains(".", literal=True)
    numbers = ["rule_id", "n_checked", "n_found", "status"]
    assert ours.filter(of_tables).select(numbers).equals(theirs.filter(of_tables).select(numbers))
    assert date(2026, 6, 30) == CUTOFF
