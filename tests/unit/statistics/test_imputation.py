"""Imputation: what predicts, what is drawn, what is derived after it, and what is said where it cannot be done."""

import numpy as np
import polars as pl
import pytest

from ptanalytics.errors import InvalidTableError
from ptanalytics.statistics import impute_followups, pooled_changes


def followups(values, *, week=12, baseline=None, measure="nprs_7d"):
    """Rows of `changes` for one week; ``values`` by patient, missing ones to impute."""
    before = baseline or [4.0 + 0.1 * i for i in range(len(values))]
    return pl.DataFrame(
        {
            "patient_id": [f"P{i:03}" for i in range(len(values))],
            "measure": measure,
            "target_week": week,
            "n_followup": [0 if value is None else 1 for value in values],
            "baseline": before,
            "followup": values,
            "mic": 2.0,
            "reason": ["no_followup" if value is None else None for value in values],
        },
        schema_overrides={"followup": pl.Float64, "reason": pl.String},
    )


def near_zero(n=60, n_missing=20):
    rng = np.random.default_rng(3)
    values = [float(value) for value in rng.poisson(0.6, n)]
    return [None if i < n_missing else value for i, value in enumerate(values)]


def test_matching_only_gives_values_that_were_observed():
    values = near_zero()

    completed = impute_followups(followups(values), method="pmm")

    drawn = completed.filter("is_imputed")["followup"]
    assert set(drawn) <= {value for value in values if value is not None}
    assert drawn.n_unique() > 1
    assert not completed["is_outside_scale"].any()
    assert completed["method"].unique().to_list() == ["pmm"]


def test_normal_values_outside_the_scale_are_kept_and_marked():
    completed = impute_followups(followups(near_zero()))

    below = completed.filter(pl.col("followup") < 0)
    assert below.height > 0
    assert below["is_outside_scale"].all()
    assert below["improvement"].to_list() == (below["baseline"] - below["followup"]).to_list()


def test_who_has_a_follow_up_keeps_it():
    values = near_zero()

    completed = impute_followups(followups(values), method="pmm").filter(~pl.col("is_imputed"))

    assert completed.height == 40 * 34
    by_patient = completed.group_by("patient_id").agg(pl.col("followup").unique()).sort("patient_id")
    assert by_patient["followup"].to_list() == [[value] for value in values if value is not None]


def test_as_many_data_sets_as_the_percentage_missing_and_at_least_twenty():
    assert impute_followups(followups(near_zero(n_missing=20)))["imputation"].max() == 34  # 20 of 60 are 33.3 %
    assert impute_followups(followups(near_zero(n_missing=2)))["imputation"].max() == 20


def test_responders_are_derived_after_imputing():
    completed = impute_followups(followups(near_zero()), method="pmm").filter("is_imputed")

    gain, share = pl.col("baseline") - pl.col("followup"), 0.3
    by_hand = completed.select((gain >= 2) & (gain / pl.col("baseline") >= share)).to_series()
    assert completed["is_responder"].to_list() == by_hand.to_list()


def courses(n=80, n_missing=30, *, n_missing_early=0):
    """Week 12 is week 6 and a little noise; the baseline says nothing."""
    rng = np.random.default_rng(8)
    early = rng.uniform(1, 9, n)
    late = early + rng.normal(0, 0.2, n)
    baseline = [float(value) for value in rng.uniform(4, 9, n)]
    week6 = [None if i < n_missing_early else float(value) for i, value in enumerate(early)]
    week12 = [None if i < n_missing else float(value) for i, value in enumerate(late)]
    both = [followups(week6, week=6, baseline=baseline), followups(week12, baseline=baseline)]
    return pl.concat(both), late


def test_an_earlier_follow_up_predicts():
    change, late = courses()

    completed = impute_followups(change, target_week=12).filter("is_imputed")

    assert completed["predictors"].unique().to_list() == ["baseline; week 6"]
    drawn = completed.group_by("patient_id").agg(pl.col("followup").mean()).sort("patient_id")["followup"].to_numpy()
    assert np.abs(drawn - late[:30]).max() < 1
    without = impute_followups(change.filter(target_week=12)).filter("is_imputed")
    assert without["predictors"].unique().to_list() == ["baseline"]
    spread = [
        table.group_by("patient_id").agg(pl.col("followup").std())["followup"].mean() for table in (completed, without)
    ]
    assert spread[0] < 0.3 < 1 < spread[1]


def test_an_earlier_follow_up_that_is_missing_is_completed_first():
    change, _ = courses(n_missing_early=10)

    completed = impute_followups(change, target_week=12).filter("is_imputed")

    assert completed["followup"].null_count() == 0
    spread = completed.group_by("patient_id").agg(pl.col("followup").std()).sort("patient_id")["followup"]
    assert spread[:10].min() > 1 > spread[10:].max()  # without week 6 the uncertainty is that of both weeks


@pytest.mark.parametrize("early", [pytest.param([None] * 60, id="nobody came"), pytest.param([5.0] * 60, id="all alike")])
def test_an_earlier_week_that_tells_nothing_does_not_predict(early):
    change = pl.concat([followups(early, week=6), followups(near_zero())])

    completed = impute_followups(change, target_week=12)

    assert completed["predictors"].unique().to_list() == ["baseline"]
    assert completed["followup"].null_count() == 0


def test_group_and_covariates_predict_and_are_named():
    change = followups(near_zero())
    people = change.select("patient_id", group=pl.int_range(pl.len()).mod(2).cast(pl.String))
    adherence = change.select("patient_id", adherence_pct=(pl.int_range(pl.len()) * 37 % 100).cast(pl.Float64))

    completed = impute_followups(change, groups=people, covariates=adherence)

    assert completed["predictors"].unique().to_list() == ["baseline; group; adherence_pct"]


def test_who_lacks_a_covariate_stays_missing_with_a_reason():
    change = followups(near_zero())
    adherence = change.select("patient_id", adherence_pct=pl.Series([None, *range(59)], dtype=pl.Float64))

    completed = impute_followups(change, covariates=adherence).filter(patient_id="P000")

    assert completed["followup"].null_count() == completed.height
    assert completed["reason"].unique().to_list() == ["no_predictors"]
    assert not completed["is_imputed"].any()


@pytest.mark.parametrize("method", ["normal", "pmm"])
def test_too_few_complete_or_predictors_that_repeat_each_other_impute_nothing(method):
    few = impute_followups(followups([3.0, 4.0, None, None]), method=method)
    alike = impute_followups(followups(near_zero(), baseline=[5.0] * 60), method=method)

    assert few.filter(pl.col("followup").is_null())["reason"].unique().to_list() == ["too_few_complete"]
    assert alike.filter(pl.col("followup").is_null())["reason"].unique().to_list() == ["singular_predictors"]
    assert pooled_changes(alike)["reason"].to_list() == ["not_imputed", "not_imputed"]


def test_the_same_seed_draws_the_same_and_another_does_not():
    change = followups(near_zero())

    first, again, other = (impute_followups(change, method="pmm", seed=seed) for seed in (1, 1, 2))

    assert first.equals(again)
    assert not first.equals(other)


def test_an_unknown_method_is_refused():
    with pytest.raises(InvalidTableError, match="normal, pmm"):
        impute_followups(followups(near_zero()), method="locf")
