"""Bad input of every statistic: a reason in words, never NaN passed off as a number, never a crash."""

import math

import numpy as np
import polars as pl
import pytest

from ptanalytics.errors import InvalidTableError, MissingColumnsError
from ptanalytics.statistics import (
    adherence_outcome_association,
    ancova,
    effect_sizes,
    estimate_mic,
    gee_model,
    impute_followups,
    log_rank_test,
    mixed_model,
    numbers_at_risk,
    pool_rubin,
    pooled_changes,
    repeated_measures,
    site_funnel,
    subgroup_effects,
    survival_curve,
    survival_summary,
    tipping_point,
)


def change_of(baseline, followup, **more):
    n = len(baseline)
    gain = [None if a is None or b is None else b - a for b, a in zip(baseline, followup, strict=True)]
    columns = {"patient_id": [f"P{i:03}" for i in range(n)], "measure": "odi", "target_week": 12,
               "n_followup": [0 if a is None else 1 for a in followup], "baseline": baseline, "followup": followup,
               "improvement": gain, "mic": 10.0,
               "reason": [None if g is not None else "no_baseline" if b is None else "no_followup"
                          for g, b in zip(gain, baseline, strict=True)]}  # fmt: skip
    types = {"baseline": pl.Float64, "followup": pl.Float64, "improvement": pl.Float64, "reason": pl.String}
    return pl.DataFrame(columns | more, schema_overrides=types)


def arms_of(change, names=("a", "b")):
    return change.select(
        "patient_id", group=pl.Series([names[i % len(names)] for i in range(change.height)], dtype=pl.String)
    )


def varied(n=40):
    rng = np.random.default_rng(4)
    baseline = [float(b) for b in rng.normal(40, 8, n).round(1)]
    return change_of(baseline, [round(b - g, 1) for b, g in zip(baseline, rng.normal(8, 6, n), strict=True)])


def course(values, weeks=(0.0, 6.0, 12.0)):
    rows = [{"patient_id": f"P{i:03}", "measure": "odi", "week": w, "value": v, "baseline": one[0]}
            for i, one in enumerate(values) for w, v in zip(weeks, one, strict=True) if v is not None]  # fmt: skip
    return pl.DataFrame(rows, schema={"patient_id": pl.String, "measure": pl.String, "week": pl.Float64,
                                      "value": pl.Float64, "baseline": pl.Float64})  # fmt: skip


def no_hidden_nan(table):
    for name, dtype in table.schema.items():
        if dtype.is_float():
            assert all(value is None or math.isfinite(value) for value in table[name]), name


DEGENERATE = {
    "nobody": change_of([], []),
    "one_patient": change_of([40.0], [30.0]),
    "two_patients": change_of([40.0, 30.0], [30.0, 25.0]),
    "constant": change_of([40.0] * 30, [40.0] * 30),
    "all_changed_alike": change_of([40.0 + i for i in range(30)], [30.0 + i for i in range(30)]),
    "no_followups": change_of([40.0 + i for i in range(30)], [None] * 30),
    "no_baselines": change_of([None] * 30, [30.0 + i for i in range(30)]),
}


@pytest.mark.parametrize("change", list(DEGENERATE.values()), ids=list(DEGENERATE))
class TestDegenerate:
    def test_effect_sizes(self, change):
        found = effect_sizes(change)
        no_hidden_nan(found)
        assert found.filter(pl.col("value").is_null() & pl.col("reason").is_null()).is_empty()

    def test_effect_sizes_by_bootstrap(self, change):
        no_hidden_nan(effect_sizes(change, n_resamples=50))

    def test_ancova(self, change):
        found = ancova(change, arms_of(change))
        no_hidden_nan(found)
        assert found.filter(pl.col("estimate").is_null() & pl.col("reason").is_null()).is_empty()

    def test_mixed_model(self, change):
        found = mixed_model(repeated_measures(change))
        no_hidden_nan(found)
        assert found.filter(pl.col("estimate").is_null() & pl.col("reason").is_null()).is_empty()

    def test_gee(self, change):
        found = gee_model(repeated_measures(change))
        no_hidden_nan(found)
        assert found.filter(pl.col("estimate").is_null() & pl.col("reason").is_null()).is_empty()

    def test_imputation_and_pooling(self, change):
        completed = impute_followups(change, m=3, groups=arms_of(change))
        assert completed.filter(pl.col("followup").is_null() & pl.col("reason").is_null()).is_empty()
        found = tipping_point(completed)
        no_hidden_nan(found)
        assert found.filter(pl.col("estimate").is_null() & pl.col("reason").is_null()).is_empty()

    def test_subgroups(self, change):
        found = subgroup_effects(change, arms_of(change).rename({"group": "sex"}))
        no_hidden_nan(found)
        assert found.filter(pl.col("estimate").is_null() & pl.col("reason").is_null()).is_empty()

    def test_funnel(self, change):
        judged = change.with_columns(is_responder=pl.col("improvement") >= 10)
        no_hidden_nan(site_funnel(judged, arms_of(change).rename({"group": "site"})))

    def test_association(self, change):
        weekly = change.select("patient_id", week=1, prescribed=3.0, counted=pl.int_range(pl.len()) % 4)
        no_hidden_nan(adherence_outcome_association(change, weekly))


def test_a_random_slope_at_its_boundary_falls_back_aloud():
    """Every patient has the same slope, so its variance is 0."""
    rng = np.random.default_rng(1)
    start = rng.normal(40, 8, 40)
    values = [tuple(b - 0.5 * w + e for w, e in zip((0, 6, 12), (0.9, -1.8, 0.9), strict=True)) for b in start]
    found = mixed_model(course(values))
    assert set(found["model"]) == {"random_intercept"}
    assert "random slope at its boundary" in found["notes"][0]
    assert found["is_converged"].all()


def test_two_values_per_patient_allow_no_random_slope_and_it_is_said():
    found = mixed_model(repeated_measures(varied()))
    assert set(found["model"]) == {"random_intercept"}
    assert "too few values per patient" in found["notes"][0]


def test_below_thirty_patients_there_is_no_p_value():
    assert mixed_model(repeated_measures(varied(20)))["p_value"].null_count() == 4
    assert mixed_model(repeated_measures(varied(40))).filter(kind="fixed")["p_value"].null_count() == 0


def test_nobody_measured_twice():
    assert set(mixed_model(course([(40.0, None, None), (30.0, None, None), (35.0, None, None)]))["reason"]) == {
        "no_repeats"
    }


def test_covariates_that_repeat_each_other():
    change = varied()
    twice = change.select("patient_id", one=pl.col("baseline"), two=2 * pl.col("baseline"))
    assert set(mixed_model(repeated_measures(change), covariates=twice)["reason"]) == {"singular_predictors"}
    assert set(ancova(change, arms_of(change), covariates=twice)["reason"]) == {"singular_predictors"}


def test_a_missing_covariate_leaves_values_out_and_says_how_many():
    change = varied()
    age = change.select("patient_id", age=pl.when(pl.int_range(pl.len()) > 4).then(50.0 + pl.int_range(pl.len())))
    found = ancova(change, arms_of(change), covariates=age)
    assert found["n_patients"].unique().item() == 35
    assert found["notes"][0] == "5 patients left out: a covariate is missing"


@pytest.mark.parametrize("column", ["duration_days", "is_event"])
def test_survival_needs_its_columns(column):
    times = pl.DataFrame({"duration_days": [1], "is_event": [True]}).drop(column)
    with pytest.raises(MissingColumnsError):
        survival_curve(times)


@pytest.mark.parametrize(
    "times",
    [
        {"duration_days": [-1.0, 3], "is_event": [True, True]},
        {"duration_days": [1.0, 3], "is_event": [True, None]},
        {"duration_days": [1.0, float("inf")], "is_event": [True, False]},
    ],
    ids=["negative", "unknown_event", "endless"],
)
def test_impossible_times_are_refused(times):
    with pytest.raises(InvalidTableError, match="1 rows"):
        survival_summary(pl.DataFrame(times))


@pytest.mark.parametrize("estimate", [survival_curve, survival_summary, numbers_at_risk, log_rank_test])
def test_a_person_who_comes_twice_in_a_group_is_refused_and_not_named(estimate):
    times = pl.DataFrame({"patient_id": ["P9", "P9", "P8"], "measure": ["nprs", "odi", "nprs"], "duration_days": [1, 2, 3],
                          "is_event": [True, True, False], "group": ["a", "a", "b"]})  # fmt: skip
    with pytest.raises(InvalidTableError, match="1 patients come more than once") as refused:
        estimate(times)
    assert "P9" not in str(refused.value)
    assert estimate(times.filter(measure="nprs")).height


def test_a_person_may_be_in_two_curves_but_not_on_both_sides_of_a_comparison():
    times = pl.DataFrame({"patient_id": ["P9", "P9", "P8"], "duration_days": [1, 2, 3], "is_event": [True, True, False],
                          "group": ["nprs", "odi", "nprs"]})  # fmt: skip
    assert survival_summary(times)["n"].to_list() == [2, 1]
    with pytest.raises(InvalidTableError, match="groups that are compared"):
        log_rank_test(times)


def test_nobody_at_risk():
    nobody = pl.DataFrame({"duration_days": [None, None], "is_event": [None, None]},
                          schema={"duration_days": pl.Int32, "is_event": pl.Boolean})  # fmt: skip
    assert survival_summary(nobody).select("n", "n_excluded", "reason").row(0) == (0, 2, "no_patients")
    assert numbers_at_risk(nobody)["n_at_risk"].to_list() == [0]
    assert survival_curve(nobody)["survival"].to_list() == [1.0]


@pytest.mark.parametrize(
    ("groups", "events", "reason"),
    [
        (["a"] * 4, [True] * 4, "one_group"),
        (["a", "a", "b", "b"], [False] * 4, "no_events"),
        (["a", "a", "b", "b"], [False, False, False, True], "too_few_at_risk"),
    ],
)
def test_no_log_rank_test_has_a_reason(groups, events, reason):
    times = pl.DataFrame({"duration_days": [1.0, 2, 3, 4], "is_event": events, "group": groups})
    found = log_rank_test(times)
    assert set(found["reason"]) == {reason}
    assert found["p_value"].null_count() == found.height


@pytest.mark.parametrize(
    ("improvement", "anchor", "reason"),
    [
        ([], [], "one_anchor_class"),
        ([1.0, 2, 3], [1, 1, 1], "one_anchor_class"),
        ([2.0, 2, 2, 2], [0, 1, 0, 1], "no_variation"),
    ],
)
def test_no_mic_has_a_reason(improvement, anchor, reason):
    answers = pl.DataFrame({"improvement": improvement, "is_improved": anchor},
                           schema={"improvement": pl.Float64, "is_improved": pl.Int8})  # fmt: skip
    assert set(estimate_mic(answers)["reason"]) == {reason}


def test_perfect_separation_leaves_the_roc_cut_only():
    answers = pl.DataFrame({"improvement": [0.0, 1, 2, 3, 4, 5], "is_improved": [0, 0, 0, 1, 1, 1]})
    found = {row["method"]: row for row in estimate_mic(answers, n_resamples=100).iter_rows(named=True)}
    assert found["roc"]["mic"] == 3
    assert {found[m]["reason"] for m in ("predictive", "adjusted")} == {"perfect_separation"}


def test_an_anchor_that_goes_the_other_way_has_no_predictive_mic():
    answers = pl.DataFrame({"improvement": [5.0, 4, 4, 3, 2, 1, 3, 0], "is_improved": [0, 0, 1, 0, 1, 1, 1, 1]})
    found = estimate_mic(answers, n_resamples=0)
    assert found.filter(method="predictive")["reason"].item() == "not_related"
    assert not found["is_trustworthy"].any()


def test_pooling_refuses_one_data_set():
    with pytest.raises(InvalidTableError, match="two or more"):
        pool_rubin([1.0], [1.0])


def test_nothing_imputed_is_the_complete_case_answer():
    change = varied()
    found = pooled_changes(impute_followups(change)).filter(quantity="mean_improvement").row(0, named=True)
    gain = change["improvement"]
    assert found["estimate"] == pytest.approx(gain.mean())
    assert found["se"] == pytest.approx(gain.std() / 40**0.5)
    assert found["missing_information"] == pytest.approx(0, abs=1e-12)


def test_a_follow_up_that_is_not_due_is_not_imputed():
    change = change_of([40.0, 41, 42, 43, 44, 45], [30.0, 33, 31, 36, None, None]).with_columns(
        reason=pl.Series([None] * 4 + ["not_due", "no_followup"], dtype=pl.String)
    )
    found = impute_followups(change, m=2)
    assert found.filter(imputation=1)["patient_id"].n_unique() == 5


def test_adherence_must_come_before_the_outcome():
    change = varied()
    weekly = change.select("patient_id", week=1, prescribed=3.0, counted=2)
    with pytest.raises(InvalidTableError, match="end before the week of the outcome"):
        adherence_outcome_association(change, weekly, weeks=(1, 12))


def test_a_patient_in_two_groups_is_refused():
    change = varied()
    both = pl.concat([arms_of(change), arms_of(change).head(1).with_columns(group=pl.lit("b"))])
    with pytest.raises(InvalidTableError, match="two groups"):
        ancova(change, both)


def test_several_measures_need_a_choice():
    two = pl.concat([varied(), varied().with_columns(measure=pl.lit("rmdq24"))])
    with pytest.raises(InvalidTableError, match="Say which with measure="):
        ancova(two, arms_of(varied()))


def test_losing_patients_does_not_flatter_a_site():
    """20 responders followed at each site; the second lost 20 more."""
    change = change_of([40.0] * 60, [20.0] * 40 + [None] * 20, is_responder=[True] * 40 + [None] * 20)
    where = change.select("patient_id", site=pl.Series(["A"] * 20 + ["B"] * 40))
    found = site_funnel(change, where, is_risk_adjusted=False)
    assert found.select("site", "responders", "n").rows() == [("A", 20, 20), ("B", 20, 40)]
    assert site_funnel(change, where, population="completers")["n"].to_list() == [20, 20]


def scaled(n, scale):
    values = np.random.default_rng(1).normal(0, 1, (n, 3)) * scale
    return course([list(map(float, one)) for one in values])


@pytest.mark.parametrize(
    ("model", "values"),
    [
        pytest.param(gee_model, scaled(40, 1e160), id="gee, overflow"),
        pytest.param(gee_model, scaled(40, 1e-200), id="gee, underflow"),
        pytest.param(mixed_model, scaled(4, 1e160), id="mixed model, overflow"),
    ],
)
def test_a_model_that_cannot_converge_says_so_and_has_no_numbers(model, values):
    found = model(values)

    assert set(found["reason"]) == {"not_converged"}
    assert found["estimate"].null_count() == found.height
    assert not found["is_converged"].any()
    if model is mixed_model:
        tried = "random slope did not converge; random intercept only; random intercept did not converge"
        assert set(found["notes"]) == {tried}


def test_a_logistic_fit_that_fails_leaves_the_roc_cut(monkeypatch):
    from statsmodels.discrete.discrete_model import Logit

    def fails(*_, **__):
        raise np.linalg.LinAlgError("singular")

    monkeypatch.setattr(Logit, "fit", fails)
    answers = pl.DataFrame({"improvement": [0.0, 1, 2, 1, 3, 4, 2, 5], "is_improved": [0, 0, 0, 1, 1, 1, 0, 1]})

    found = {row["method"]: row for row in estimate_mic(answers, n_resamples=0).iter_rows(named=True)}

    assert found["predictive"]["reason"] == "fit_failed"
    assert found["predictive"]["mic"] is None
    assert found["roc"]["mic"] is not None
