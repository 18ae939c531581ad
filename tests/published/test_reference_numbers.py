"""Our statistics against R packages, on data made by formula; see reference_numbers.R for how the numbers were made.

Agreement is 1e-6, for fits by likelihood 1e-4 (both sides stop iterating somewhere). Differences kept on purpose:

- Median survival: R averages the two ends where S is exactly 0.5 over a stretch; the clinical methods take the first day.
  No group here has such a stretch, so the medians agree.
- R gives limits of S before the first event and after S = 0 as 1 and NaN; ours are missing.
- GEE: geepack divides the residual variance by the number of values, statsmodels by that less the coefficients, so their
  moment estimates of the exchangeable correlation differ (0.3404 and 0.3412 here). Where all patients have a visit the
  estimates are the same; at week 12, which some miss, they agree to 1e-4.
- Hedges' correction: effectsize uses the exact gamma ratio, the clinical methods the usual approximation.
"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ptanalytics.statistics import (
    ancova,
    effect_sizes,
    estimate_mic,
    gee_model,
    impute_followups,
    log_rank_test,
    mixed_model,
    pooled_changes,
    site_funnel,
    subgroup_effects,
    survival_curve,
    survival_summary,
)
from ptanalytics.statistics.imputation_draws import nearest_donors

HERE = Path(__file__).parent
NUMBERS = pl.read_csv(HERE / "reference_numbers.csv", null_values="NA", schema_overrides={"value": pl.Float64})
GROUPS = ("advice", "exercise", "graded")


def from_r(analysis: str, group: str = "all") -> dict[str, float]:
    rows = NUMBERS.filter((pl.col("analysis") == analysis) & (pl.col("group") == group))
    return dict(rows.select("quantity", "value").iter_rows())


@pytest.fixture(scope="module")
def study():
    return pl.read_csv(HERE / "reference_data.csv").with_columns(
        measure=pl.lit("odi"), target_week=pl.lit(12), n_followup=pl.lit(1), mic=pl.lit(10.0)
    )


@pytest.fixture(scope="module")
def arms(study):
    return study.select("patient_id", "group")


@pytest.fixture(scope="module")
def courses():
    return pl.read_csv(HERE / "reference_courses.csv").with_columns(measure=pl.lit("odi"))


def test_the_versions_of_r_and_its_packages_are_on_file():
    versions = dict(pl.read_csv(HERE / "reference_versions.csv").iter_rows())
    assert {"R", "survival", "lme4", "nlme", "emmeans", "effectsize", "mice", "psych", "geepack", "pROC"} <= set(versions)


@pytest.mark.parametrize("group", GROUPS)
def test_effect_sizes_are_those_of_effectsize_and_psych(study, arms, group):
    expected = from_r("effect_size", group)
    found = effect_sizes(study.drop("group"), groups=arms).filter(group=group, effect="srm").row(0, named=True)

    assert (found["value"], found["lower"], found["upper"]) == pytest.approx(
        (expected["srm"], expected["srm_lower"], expected["srm_upper"]), abs=1e-6
    )
    for quantity in ("mean_improvement", "sd_improvement", "sd_baseline", "correlation"):
        assert found[quantity] == pytest.approx(expected[quantity], abs=1e-6)


def test_hedges_correction_is_within_a_thousandth_of_the_exact_one():
    for group in GROUPS:
        expected = from_r("effect_size", group)
        approximate = expected["srm"] * (1 - 3 / (4 * 29 - 1))
        assert approximate == pytest.approx(expected["hedges_g_of_srm_exact"], rel=1e-3)


@pytest.mark.parametrize("group", GROUPS)
def test_kaplan_meier_is_that_of_survival(study, group):
    expected = from_r("survival", group)
    curve = survival_curve(study).filter(pl.col("group") == group, pl.col("time_days") > 0)

    steps = [(f"@{row['time_days']:g}", row) for row in curve.iter_rows(named=True)]
    assert {f"survival{at}" for at, _ in steps} == {name for name in expected if name.startswith("survival@")}
    for at, row in steps:
        assert (row["survival"], row["n_at_risk"], row["n_events"]) == pytest.approx(
            (expected[f"survival{at}"], expected[f"n_at_risk{at}"], expected[f"n_events{at}"]), abs=1e-6
        )
        if row["lower"] is not None:
            assert (row["se"], row["lower"], row["upper"]) == pytest.approx(
                (expected[f"se{at}"], expected[f"lower{at}"], expected[f"upper{at}"]), abs=1e-6
            )


@pytest.mark.parametrize("group", GROUPS)
def test_median_times_and_their_limits_are_those_of_survival(study, group):
    found = survival_summary(study).filter(pl.col("group") == group).row(0, named=True)
    expected = from_r("median", group)
    assert (found["median_days"], found["lower_days"], found["upper_days"]) == tuple(expected.values())


def test_log_rank_is_that_of_survdiff(study):
    found = log_rank_test(study)
    whole = from_r("log_rank")
    for row in found.iter_rows(named=True):
        expected = from_r("log_rank", row["group"])
        assert row["observed"] == expected["observed"]
        assert row["expected"] == pytest.approx(expected["expected"], abs=1e-6)
        assert (row["chi2"], row["p_value"]) == pytest.approx((whole["chi2"], whole["p_value"]), abs=1e-6)


def test_log_rank_is_also_that_of_statsmodels(study):
    from statsmodels.duration.survfunc import survdiff

    statistic, p_value = survdiff(
        study["duration_days"].to_numpy(), study["is_event"].to_numpy(), study["group"].to_numpy()
    )
    found = log_rank_test(study).row(0, named=True)
    assert (found["chi2"], found["p_value"]) == pytest.approx((statistic, p_value), abs=1e-6)


def test_adjusted_means_are_those_of_emmeans(study, arms):
    means = ancova(study.drop("group"), arms).filter(kind="mean")
    for row in means.iter_rows(named=True):
        for quantity, value in from_r("ancova_mean", row["term"]).items():
            assert row[quantity] == pytest.approx(value, abs=1e-6)


def test_adjusted_differences_are_those_of_emmeans(study, arms):
    differences = ancova(study.drop("group"), arms).filter(kind="difference")
    assert differences.height == 3
    for row in differences.iter_rows(named=True):
        for quantity, value in from_r("ancova_difference", row["term"]).items():
            assert row[quantity] == pytest.approx(value, abs=1e-6)


@pytest.fixture(scope="module")
def halves(study):
    return study.select("patient_id").with_row_index("i", offset=1).select(
        "patient_id", part=pl.when(pl.col("i") % 2 == 0).then(pl.lit("even")).otherwise(pl.lit("odd"))
    )  # fmt: skip


def test_subgroups_and_their_interaction_are_those_of_lm(study, halves):
    found = subgroup_effects(study.drop("group"), halves)
    for row in found.iter_rows(named=True):
        assert row["estimate"] == pytest.approx(from_r("subgroup", row["level"])["estimate"], abs=1e-6)
        assert row["p_interaction"] == pytest.approx(from_r("subgroup")["p_interaction"], abs=1e-6)


def test_the_interaction_of_arm_and_subgroup_is_that_of_lm(study, halves, arms):
    two = arms.filter(pl.col("group") != "graded")
    found = subgroup_effects(study.drop("group"), halves, groups=two)
    assert found["p_interaction"].to_list() == pytest.approx([from_r("subgroup_arms")["p_interaction"]] * 2, abs=1e-6)
    assert set(found["quantity"]) == {"difference: exercise - advice"}


MIXED = {
    "mixed_slope": {},
    "mixed_intercept": {"with_random_slope": False},
    "mixed_knot": {"knot_weeks": [6]},
}
R_TERM = {"intercept": "(Intercept)", "week": "week", "week after 6": "knot"}


@pytest.mark.parametrize("analysis", list(MIXED))
def test_mixed_models_are_those_of_lme4(courses, analysis):
    found = mixed_model(courses, **MIXED[analysis])
    assert found["is_converged"].all()
    for row in found.iter_rows(named=True):
        expected = from_r(analysis, R_TERM.get(row["term"], row["term"]))
        if row["kind"] == "fixed":
            assert (row["estimate"], row["se"]) == pytest.approx((expected["estimate"], expected["se"]), abs=1e-4)
        else:
            assert row["estimate"] == pytest.approx(expected["variance"], rel=1e-4)


def test_the_random_slope_model_is_also_that_of_nlme(courses):
    fixed = mixed_model(courses).filter(kind="fixed")
    for row in fixed.iter_rows(named=True):
        assert row["estimate"] == pytest.approx(from_r("mixed_slope_nlme", R_TERM[row["term"]])["estimate"], abs=1e-4)


def test_gee_is_that_of_geepack(courses):
    found = gee_model(courses)
    for row in found.iter_rows(named=True):
        week = row["term"].rpartition(" ")[2]
        expected = from_r("gee", f"visit{week}" if row["kind"] == "mean" else f"visit{week}:centred")
        assert row["estimate"] == pytest.approx(expected["estimate"], abs=1e-4)
        assert row["se"] == pytest.approx(expected["se"], rel=1e-4)


def test_pooling_is_that_of_mice():
    completed = pl.read_csv(HERE / "reference_completed.csv").with_columns(
        pl.col("is_imputed").cast(pl.Boolean), measure=pl.lit("odi"), target_week=pl.lit(12), mic=pl.lit(10.0), group=None
    )
    found = pooled_changes(completed).filter(quantity="mean_improvement").row(0, named=True)
    expected = from_r("rubin")
    for quantity in ("estimate", "se", "df", "lower", "upper", "p_value"):
        assert found[quantity] == pytest.approx(expected[quantity], abs=1e-6)
    assert found["missing_information"] == pytest.approx(expected["lambda"], abs=1e-6)


@pytest.fixture(scope="module")
def incomplete(study):
    is_missing = pl.int_range(1, pl.len() + 1) * 0.9150512 % 1 < 0.3
    kept = pl.when(~is_missing)
    return study.with_columns(
        followup=kept.then("followup"), improvement=kept.then("improvement"), n_followup=kept.then(1).otherwise(0)
    ).drop("group")


@pytest.mark.parametrize(("method", "in_r"), [("normal", "norm"), ("pmm", "pmm")])
def test_imputed_means_and_their_spread_are_those_of_mice(incomplete, arms, method, in_r):
    completed = impute_followups(incomplete, groups=arms, method=method, m=1000)
    means = completed.group_by("imputation").agg(pl.col("improvement").mean())["improvement"]
    expected = from_r("imputation", in_r)
    # Of 1000 and 4000 draws: four standard errors of a mean are 0.07, of a variance 20 % of it.
    assert means.mean() == pytest.approx(expected["mean"], abs=0.07)
    assert means.var() == pytest.approx(expected["between"], rel=0.2)


def test_donors_are_those_mice_would_draw_from(study, incomplete):
    donors = incomplete.drop_nulls("followup")["followup"].to_numpy()
    wanted = study.filter(incomplete["followup"].is_null())["baseline"].to_numpy() - 7.03
    rng = np.random.default_rng(1)
    drawn = np.array([nearest_donors(donors, wanted, rng) for _ in range(300)])
    for place in range(len(wanted)):
        assert set(drawn[:, place]) == {int(donor) for donor in from_r("pmm_donors", str(place)).values()}


def test_mic_is_that_of_glm_and_proc(study):
    found = {row["method"]: row for row in estimate_mic(study, n_resamples=0).iter_rows(named=True)}
    assert found["predictive"]["mic"] == pytest.approx(from_r("mic", "predictive")["mic"], abs=1e-4)
    assert found["roc"]["auc"] == pytest.approx(from_r("mic", "roc")["auc"], abs=1e-6)
    assert found["roc"]["correlation"] == pytest.approx(from_r("mic")["correlation"], abs=1e-6)


def test_expected_responders_are_those_of_glm(study):
    judged = study.with_columns(is_responder=pl.col("is_improved").cast(pl.Boolean)).drop("group")
    sites = study.select("patient_id", site="group")
    for row in site_funnel(judged, sites).iter_rows(named=True):
        assert row["expected"] == pytest.approx(from_r("risk", row["site"])["expected"], abs=1e-4)
