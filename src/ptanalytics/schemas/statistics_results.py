"""What the statistics of a cohort return. A number that cannot be computed is missing, with a reason beside it."""

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.model import TableModel

_PCT = {"unit": "%"}
_DAYS = {"unit": "days"}
_PATIENTS = {"unit": "patients"}

EFFECTS = ("srm", "ses", "d_av", "d_rm", "d_rms", "g_av")
MIC_METHODS = ("roc", "predictive", "adjusted", "improved_adjusted")
_GROUP = "Group; missing: everybody together, or patients without a group."


class EffectSizes(TableModel):
    """One row is one measure, week, group and standardised mean change; positive is better."""

    class Config:
        name = "effect_sizes"
        metadata = {
            "key": ("measure", "target_week", "group", "effect"),
            "sort": ("measure", "target_week", "group", "effect"),
        }

    measure: str = pa.Field(description="nprs or an instrument id.")
    target_week: pl.Int32 = pa.Field(description="Follow-up week.", metadata={"unit": "weeks"})
    group: str = pa.Field(nullable=True, description=_GROUP)
    effect: str = pa.Field(isin=EFFECTS, description="Which standardiser: see effect_sizes.")
    n: pl.Int32 = pa.Field(ge=0, description="Pairs of baseline and follow-up.", metadata=_PATIENTS)
    mean_improvement: float = pa.Field(nullable=True, description="Mean change in the direction of better.")
    sd_improvement: float = pa.Field(nullable=True, description="Standard deviation of the changes.")
    sd_baseline: float = pa.Field(nullable=True, description="Standard deviation at baseline.")
    sd_followup: float = pa.Field(nullable=True, description="Standard deviation at follow-up.")
    correlation: float = pa.Field(nullable=True, description="Pearson correlation of baseline and follow-up.")
    value: float = pa.Field(nullable=True, description="The effect size.")
    se: float = pa.Field(nullable=True, description="Standard error where the interval is a normal approximation.")
    lower: float = pa.Field(nullable=True, description="Lower limit of the interval.")
    upper: float = pa.Field(nullable=True, description="Upper limit of the interval.")
    interval: str = pa.Field(nullable=True, description="How: noncentral_t, normal_approximation or bca_bootstrap.")
    caveat: str = pa.Field(description="Fixed sentence that belongs beside the number.")
    reason: str = pa.Field(nullable=True, description="Why there is no value: too_few_pairs, no_variation.")


class SurvivalCurve(TableModel):
    """One row is one group and time with an event or a censoring; time 0 is the start."""

    class Config:
        name = "survival_curve"
        metadata = {"key": ("group", "time_days"), "sort": ("group", "time_days")}

    group: str = pa.Field(nullable=True, description=_GROUP)
    time_days: float = pa.Field(ge=0, description="Days since the time origin.", metadata=_DAYS)
    n_at_risk: pl.Int32 = pa.Field(ge=0, description="Observed just before this time.", metadata=_PATIENTS)
    n_events: pl.Int32 = pa.Field(ge=0, description="Events at this time.", metadata=_PATIENTS)
    n_censored: pl.Int32 = pa.Field(ge=0, description="Censored at this time, after its events.", metadata=_PATIENTS)
    survival: float = pa.Field(ge=0, le=1, description="Kaplan-Meier share without the event after this time.")
    se: float = pa.Field(nullable=True, description="Greenwood standard error of survival.")
    lower: float = pa.Field(nullable=True, description="Log-log lower limit of survival.")
    upper: float = pa.Field(nullable=True, description="Log-log upper limit of survival.")
    event_pct: float = pa.Field(ge=0, le=100, description="100 x (1 - survival): share with the event.", metadata=_PCT)


class SurvivalSummary(TableModel):
    """One row is one group: how many, how many events, and the median time."""

    class Config:
        name = "survival_summary"
        metadata = {"key": ("group",), "sort": ("group",)}

    group: str = pa.Field(nullable=True, description=_GROUP)
    n: pl.Int32 = pa.Field(ge=0, description="With a duration.", metadata=_PATIENTS)
    n_excluded: pl.Int32 = pa.Field(ge=0, description="Without a duration, not at risk.", metadata=_PATIENTS)
    n_events: pl.Int32 = pa.Field(ge=0, description="Events.", metadata=_PATIENTS)
    n_censored: pl.Int32 = pa.Field(ge=0, description="Censored.", metadata=_PATIENTS)
    median_days: float = pa.Field(nullable=True, description="Smallest time with survival <= 0.5.", metadata=_DAYS)
    lower_days: float = pa.Field(nullable=True, description="Lower limit of the median.", metadata=_DAYS)
    upper_days: float = pa.Field(nullable=True, description="Upper limit; missing: not reached.", metadata=_DAYS)
    reason: str = pa.Field(nullable=True, description="Why there is no median: not_reached, no_patients.")


class NumbersAtRisk(TableModel):
    """One row is one group and time of a risk table."""

    class Config:
        name = "numbers_at_risk"
        metadata = {"key": ("group", "time_days"), "sort": ("group", "time_days")}

    group: str = pa.Field(nullable=True, description=_GROUP)
    time_days: float = pa.Field(ge=0, description="Days since the time origin.", metadata=_DAYS)
    n_at_risk: pl.Int32 = pa.Field(ge=0, description="With a duration of at least so long.", metadata=_PATIENTS)
    n_events: pl.Int32 = pa.Field(ge=0, description="Events up to and with this time.", metadata=_PATIENTS)
    n_censored: pl.Int32 = pa.Field(ge=0, description="Censored before this time.", metadata=_PATIENTS)


class LogRankTest(TableModel):
    """One row is one group of a log-rank test; the test's own numbers are the same in every row."""

    class Config:
        name = "log_rank_test"
        metadata = {"key": ("group",), "sort": ("group",)}

    group: str = pa.Field(nullable=True, description=_GROUP)
    n: pl.Int32 = pa.Field(ge=0, description="With a duration.", metadata=_PATIENTS)
    observed: pl.Int32 = pa.Field(ge=0, description="Events seen.")
    expected: float = pa.Field(description="Events expected if all groups had one curve.")
    chi2: float = pa.Field(nullable=True, description="Test statistic.")
    df: pl.Int32 = pa.Field(ge=0, description="Degrees of freedom: groups - 1.")
    p_value: float = pa.Field(nullable=True, description="Two-sided p value.")
    reason: str = pa.Field(nullable=True, description="Why there is no test: one_group, no_events, too_few_at_risk.")


class ModelTerms(TableModel):
    """One row is one term of a fitted model: a coefficient, an adjusted mean, a difference, or a variance."""

    class Config:
        name = "model_terms"
        metadata = {"key": ("model", "kind", "term"), "sort": ("model", "kind", "term")}

    model: str = pa.Field(description="What was fitted, after any fallback.")
    kind: str = pa.Field(isin=("fixed", "mean", "difference", "variance"), description="What the row is.")
    term: str = pa.Field(description="Name of the term.")
    estimate: float = pa.Field(nullable=True, description="Estimate in the unit of the outcome (per unit of the term).")
    se: float = pa.Field(nullable=True, description="Standard error.")
    lower: float = pa.Field(nullable=True, description="Lower limit.")
    upper: float = pa.Field(nullable=True, description="Upper limit.")
    df: float = pa.Field(nullable=True, description="Degrees of freedom of the interval; missing: normal.")
    p_value: float = pa.Field(nullable=True, description="Two-sided p; missing below 30 patients for normal intervals.")
    n_patients: pl.Int32 = pa.Field(ge=0, description="Patients in the fit.", metadata=_PATIENTS)
    n_rows: pl.Int32 = pa.Field(ge=0, description="Values in the fit.")
    is_converged: bool = pa.Field(nullable=True, description="The fit converged; missing: nothing was fitted.")
    notes: str = pa.Field(nullable=True, description="Fallbacks and what the library said while fitting, in words.")
    reason: str = pa.Field(nullable=True, description="Why there is no estimate, as a code.")


class RepeatedMeasures(TableModel):
    """One row is one patient, measure and week with a value, the baseline as week 0: what the models take."""

    class Config:
        name = "repeated_measures"
        metadata = {"key": ("patient_id", "measure", "week"), "sort": ("patient_id", "measure", "week")}

    patient_id: str = pa.Field(description="The person.")
    measure: str = pa.Field(description="nprs or an instrument id.")
    week: float = pa.Field(ge=0, description="Week aimed at; 0 is the baseline.", metadata={"unit": "weeks"})
    value: float = pa.Field(description="Value at that week.")
    baseline: float = pa.Field(nullable=True, description="The patient's baseline.")


class ImputedChanges(TableModel):
    """One row is one patient in one completed data set; observed values stand in each of them unchanged."""

    class Config:
        name = "imputed_changes"
        metadata = {"key": ("imputation", "patient_id"), "sort": ("imputation", "patient_id")}

    imputation: pl.Int32 = pa.Field(ge=1, description="Number of the completed data set.")
    patient_id: str = pa.Field(description="The person.")
    measure: str = pa.Field(description="nprs or an instrument id.")
    target_week: pl.Int32 = pa.Field(description="Follow-up week.", metadata={"unit": "weeks"})
    group: str = pa.Field(nullable=True, description=_GROUP)
    baseline: float = pa.Field(nullable=True, description="Baseline value.")
    followup: float = pa.Field(nullable=True, description="Follow-up value, observed or imputed.")
    improvement: float = pa.Field(nullable=True, description="Change in the direction of better.")
    mic: float = pa.Field(nullable=True, description="Minimum important change used.")
    is_imputed: bool = pa.Field(description="The follow-up was imputed.")
    is_outside_scale: bool = pa.Field(nullable=True, description="The imputed value lies outside the scale and is kept.")
    is_responder: bool = pa.Field(nullable=True, description="Headline rule, derived after imputing.")
    method: str = pa.Field(nullable=True, description="normal or pmm.")
    predictors: str = pa.Field(nullable=True, description="What the follow-up was predicted from.")
    reason: str = pa.Field(
        nullable=True, description="Why nothing was imputed: no_predictors, too_few_complete, singular_predictors."
    )


class PooledEstimates(TableModel):
    """One row is one group and quantity pooled over completed data sets by Rubin's rules."""

    class Config:
        name = "pooled_estimates"
        metadata = {"key": ("group", "quantity", "delta_mic"), "sort": ("group", "quantity", "delta_mic")}

    group: str = pa.Field(nullable=True, description=_GROUP)
    quantity: str = pa.Field(description="mean_improvement, responder_pct or a difference of two groups.")
    delta_mic: float = pa.Field(description="Imputed values were made worse by this many MIC; 0: as imputed.")
    n: pl.Int32 = pa.Field(ge=0, description="Patients.", metadata=_PATIENTS)
    n_imputed: pl.Int32 = pa.Field(ge=0, description="Of these with an imputed follow-up.", metadata=_PATIENTS)
    m: pl.Int32 = pa.Field(ge=0, description="Completed data sets.")
    estimate: float = pa.Field(nullable=True, description="Pooled estimate.")
    se: float = pa.Field(nullable=True, description="Square root of the total variance.")
    df: float = pa.Field(nullable=True, description="Barnard-Rubin degrees of freedom.")
    lower: float = pa.Field(nullable=True, description="Lower limit.")
    upper: float = pa.Field(nullable=True, description="Upper limit.")
    p_value: float = pa.Field(nullable=True, description="Two-sided p against 0, for means and differences.")
    missing_information: float = pa.Field(nullable=True, description="Share of the variance due to missing values.")
    is_different_from_zero: bool = pa.Field(nullable=True, description="The interval leaves 0 out.")
    reason: str = pa.Field(nullable=True, description="Why there is no estimate: too_few_patients, not_imputed.")


class MicEstimates(TableModel):
    """One row is one way to estimate a minimal important change from an anchor."""

    class Config:
        name = "mic_estimates"
        metadata = {"key": ("method",), "sort": ("method",)}

    method: str = pa.Field(isin=MIC_METHODS, description="roc, predictive, adjusted or improved_adjusted.")
    n: pl.Int32 = pa.Field(ge=0, description="Patients with change and anchor.", metadata=_PATIENTS)
    n_improved: pl.Int32 = pa.Field(ge=0, description="Of these improved by the anchor.", metadata=_PATIENTS)
    mic: float = pa.Field(nullable=True, description="The estimate, in points of improvement.")
    lower: float = pa.Field(nullable=True, description="Bootstrap 2.5th percentile.")
    upper: float = pa.Field(nullable=True, description="Bootstrap 97.5th percentile.")
    n_resamples: pl.Int32 = pa.Field(ge=0, description="Resamples in which the estimate exists.")
    auc: float = pa.Field(nullable=True, description="Area under the ROC curve; wanted: 0.70 or more.")
    correlation: float = pa.Field(nullable=True, description="Point-biserial correlation; wanted: 0.3 or more.")
    sensitivity: float = pa.Field(nullable=True, description="At the ROC estimate.")
    specificity: float = pa.Field(nullable=True, description="At the ROC estimate.")
    is_trustworthy: bool = pa.Field(nullable=True, description="AUC, correlation and share improved are in range.")
    notes: str = pa.Field(nullable=True, description="What speaks against trusting it, in words.")
    reason: str = pa.Field(nullable=True, description="Why there is no estimate: one_anchor_class, no_variation, "
                           "perfect_separation, not_related, fit_failed.")  # fmt: skip


class AdherenceOutcome(TableModel):
    """One row is one fourth of the patients by adherence before the outcome: an association, not an effect."""

    class Config:
        name = "adherence_outcome"
        metadata = {"key": ("quartile",), "sort": ("quartile",)}

    quartile: pl.Int32 = pa.Field(ge=1, le=4, description="1 is the lowest adherence.")
    n: pl.Int32 = pa.Field(ge=0, description="Patients.", metadata=_PATIENTS)
    adherence_from_pct: float = pa.Field(nullable=True, description="Lowest adherence here.", metadata=_PCT)
    adherence_to_pct: float = pa.Field(nullable=True, description="Highest adherence here.", metadata=_PCT)
    mean_improvement: float = pa.Field(nullable=True, description="Mean improvement as observed.")
    adjusted_improvement: float = pa.Field(nullable=True, description="At the mean of the adjustment variables.")
    lower: float = pa.Field(nullable=True, description="Lower limit of the adjusted mean.")
    upper: float = pa.Field(nullable=True, description="Upper limit of the adjusted mean.")
    n_total: pl.Int32 = pa.Field(ge=0, description="Patients with adherence and outcome.", metadata=_PATIENTS)
    spearman: float = pa.Field(nullable=True, description="Rank correlation over all patients.")
    spearman_lower: float = pa.Field(nullable=True, description="Its lower limit.")
    spearman_upper: float = pa.Field(nullable=True, description="Its upper limit.")
    adjusted_for: str = pa.Field(description="Adjustment variables.")
    caveat: str = pa.Field(description="Fixed sentence that belongs beside the numbers.")
    reason: str = pa.Field(nullable=True, description="Why a number is missing: too_few_patients, singular.")


class SubgroupEffects(TableModel):
    """One row is one level of one subgroup: its mean improvement or difference between arms."""

    class Config:
        name = "subgroup_effects"
        metadata = {"key": ("subgroup", "level"), "sort": ("subgroup", "level")}

    subgroup: str = pa.Field(description="Which grouping, e.g. sex.")
    level: str = pa.Field(description="Which level of it.")
    quantity: str = pa.Field(description="mean_improvement, or the difference of two arms in words.")
    n: pl.Int32 = pa.Field(ge=0, description="Patients of the level with a change.", metadata=_PATIENTS)
    estimate: float = pa.Field(nullable=True, description="Baseline-adjusted; positive is better.")
    lower: float = pa.Field(nullable=True, description="Lower limit.")
    upper: float = pa.Field(nullable=True, description="Upper limit.")
    p_interaction: float = pa.Field(nullable=True, description="Test that the levels differ; one per subgroup.")
    is_exploratory: bool = pa.Field(description="Not pre-specified, more than five subgroups, or a level below 20.")
    reason: str = pa.Field(nullable=True, description="Why there is no estimate: too_few_patients, singular.")


class SiteFunnel(TableModel):
    """One row is one site: its share of responders against what is expected and the funnel's limits."""

    class Config:
        name = "site_funnel"
        metadata = {"key": ("site",), "sort": ("site",)}

    site: str = pa.Field(description="Where the patients are seen.")
    n: pl.Int32 = pa.Field(ge=0, description="Patients judged.", metadata=_PATIENTS)
    responders: pl.Int32 = pa.Field(ge=0, description="Responders.", metadata=_PATIENTS)
    share_pct: float = pa.Field(
        nullable=True, description="Share, after risk adjustment where there is one.", metadata=_PCT
    )
    observed_pct: float = pa.Field(nullable=True, description="100 x responders / n.", metadata=_PCT)
    expected: float = pa.Field(nullable=True, description="Responders expected from the patients' baselines.")
    target_pct: float = pa.Field(nullable=True, description="Share over all sites.", metadata=_PCT)
    lower95_pct: float = pa.Field(nullable=True, description="Lower 95 % limit.", metadata=_PCT)
    upper95_pct: float = pa.Field(nullable=True, description="Upper 95 % limit.", metadata=_PCT)
    lower998_pct: float = pa.Field(nullable=True, description="Lower 99.8 % limit.", metadata=_PCT)
    upper998_pct: float = pa.Field(nullable=True, description="Upper 99.8 % limit.", metadata=_PCT)
    z_score: float = pa.Field(nullable=True, description="Standard score without overdispersion.")
    overdispersion: float = pa.Field(
        nullable=True, description="Variance among sites over that of chance; 1: none applied."
    )
    position: str = pa.Field(isin=("inside", "outside_95", "outside_998"), nullable=True, description="Against the limits.")
    notes: str = pa.Field(nullable=True, description="Fallbacks, in words.")
    reason: str = pa.Field(nullable=True, description="Why a number is missing: too_few_patients, no_variation.")


class TableOne(TableModel):
    """One row is one line of Table 1, in cells ready to print."""

    class Config:
        name = "table_one"
        metadata = {"key": ("row", "group"), "sort": ("row", "group")}

    row: pl.Int32 = pa.Field(ge=1, description="Place in the table.")
    variable: str = pa.Field(description="What is described.")
    level: str = pa.Field(nullable=True, description="Category; missing for numbers.")
    statistic: str = pa.Field(description="What the cell holds: n, mean (SD), median (Q1-Q3), n/N (%), missing.")
    group: str = pa.Field(description="Column: All, or a group.")
    n: pl.Int32 = pa.Field(nullable=True, description="Recorded values or persons counted.", metadata=_PATIENTS)
    n_group: pl.Int32 = pa.Field(nullable=True, description="Persons in the column.", metadata=_PATIENTS)
    centre: float = pa.Field(nullable=True, description="Mean or median, before rounding.")
    spread_low: float = pa.Field(nullable=True, description="Standard deviation, or first quartile.")
    spread_high: float = pa.Field(nullable=True, description="Third quartile.")
    cell: str = pa.Field(description="As printed; rounded half away from zero.")
    smd: float = pa.Field(nullable=True, description="Largest standardised difference between two groups.")
    is_unbalanced: bool = pa.Field(nullable=True, description="smd is above 0.1.")


STATISTICS_RESULTS = (
    EffectSizes, SurvivalCurve, SurvivalSummary, NumbersAtRisk, LogRankTest, ModelTerms, RepeatedMeasures, ImputedChanges,
    PooledEstimates, MicEstimates, AdherenceOutcome, SubgroupEffects, SiteFunnel, TableOne,
)  # fmt: skip
