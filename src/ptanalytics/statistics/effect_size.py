"""Standardised mean change within a group, by every standardiser in use, with intervals."""

from typing import Any

import numpy as np
import polars as pl
from scipy import optimize, stats

from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.frames import conform
from ptanalytics.schemas.results import Changes
from ptanalytics.schemas.statistics_results import EFFECTS, EffectSizes
from ptanalytics.statistics.fitting import captured_warnings, number, result_table, with_groups

UNCONTROLLED = (
    "An uncontrolled change before to after includes the natural course and regression to the mean; "
    "it is not the effect of a treatment."
)
SEED = 20260302


def effect_sizes(
    changes: Any, *, groups: Any = None, n_resamples: int = 0, seed: int = SEED, is_lakens_correction: bool = False
) -> Any:
    """Standardise the mean improvement of patients with baseline and follow-up.

    ``d`` is the improvement of a patient, ``r`` the correlation of baseline and follow-up. ``srm`` (d_z) = mean(d)/SD(d);
    ``ses`` = mean(d)/SD(baseline); ``d_av`` = mean(d)/((SD_pre + SD_post)/2); ``d_rms`` = mean(d)/sqrt((SD_pre^2 +
    SD_post^2)/2), which some also call d_av; ``d_rm`` = srm x sqrt(2(1 - r)); ``g_av`` = J x d_av with Hedges'
    J = 1 - 3/(4 df - 1), df = n - 1. Intervals (95 %): srm by the noncentral t distribution; the others by
    SE = sqrt((1/n + d^2/2n) x 2(1 - r)), which is exact in none of them and meant for d_rm. For few patients ask for
    ``n_resamples=10_000``: every interval is then a BCa bootstrap over patients, with a fixed seed.

    Args:
        changes: Result of `changes`.
        groups: Optional frame ``patient_id, group``: one set of rows per group.
        n_resamples: Resamples of the BCa bootstrap; 0 for the formulas.
        seed: Seed of the bootstrap.
        is_lakens_correction: Use the correction of Lakens' spreadsheet, J = 1 - 3/(4 x 2n - 9), instead.

    Returns:
        Columns of `EffectSizes`, in the kind of frame given. Missing with a reason: ``too_few_pairs`` (fewer than 3),
        ``no_variation`` (the standardiser is 0).

    Raises:
        MissingColumnsError: A column of `changes` or of the groups is absent.
        InvalidTableError: A patient is in two groups, or the number of resamples is negative.

    Example:
        >>> pairs = pl.DataFrame({
        ...     "patient_id": list("abcdefgh"), "measure": "nprs", "target_week": 12, "n_followup": 1,
        ...     "baseline": [7.0, 6, 8, 5, 7, 6, 9, 6], "followup": [4.0, 5, 5, 4, 3, 5, 6, 4],
        ...     "improvement": [3.0, 1, 3, 1, 4, 1, 3, 2]})
        >>> effect_sizes(pairs).filter(effect="srm").select(pl.col("value", "lower", "upper").round(6)).row(0)
        (1.931389, 0.703273, 3.119514)

    References:
        Lakens 2013, doi:10.3389/fpsyg.2013.00863; Kazis 1989; Hedges 1981; Borenstein 2009, chapter 4; Efron 1987 (BCa).
    """
    if n_resamples < 0:
        raise InvalidTableError("effect_sizes needs a number of resamples of 0 or more.")
    rows = with_groups(conform(changes, Changes, source="The table 'changes'").collect(), groups)
    has_value = pl.col("baseline").is_not_null() | pl.col("followup").is_not_null()
    rows = rows.filter(has_value.any().over("measure"))
    found = []
    for key, part in rows.group_by("measure", "target_week", "group"):
        cell = dict(zip(("measure", "target_week", "group"), key, strict=True))
        pairs = part.drop_nulls(["baseline", "followup", "improvement"])
        values = pairs.select("baseline", "followup", "improvement").to_numpy()
        found += [cell | row for row in _rows(values, n_resamples, seed, is_lakens_correction)]
    return result_table(found, EffectSizes, changes)


def _rows(pairs: Any, n_resamples: int, seed: int, is_lakens: bool) -> list[dict[str, Any]]:
    n = len(pairs)
    base = {"n": n, "caveat": UNCONTROLLED}
    if n < 3:
        return [base | {"effect": effect, "reason": "too_few_pairs"} for effect in EFFECTS]
    with captured_warnings():
        facts = _moments(pairs[None, :, :])
        values = _effects(facts, n, is_lakens)[0]
        boot = _bca(pairs, n_resamples, seed, is_lakens) if n_resamples else None
    shared: dict[str, Any] = {name: number(array[0]) for name, array in facts.items()} | base
    rows = []
    for i, effect in enumerate(EFFECTS):
        value = number(values[i])
        if value is None:
            rows.append(shared | {"effect": effect, "reason": "no_variation"})
            continue
        if boot is not None:
            limits = {"lower": number(boot[i][0]), "upper": number(boot[i][1]), "interval": "bca_bootstrap"}
        elif effect == "srm":
            lower, upper = noncentral_t_limits(value, n)
            limits = {"lower": lower, "upper": upper, "interval": "noncentral_t"}
        else:
            limits = _normal_limits(value, n, shared["correlation"], _hedges(n, is_lakens) if effect == "g_av" else 1.0)
        rows.append(shared | {"effect": effect, "value": value} | limits)
    return rows


def noncentral_t_limits(srm: float, n: int, level: float = 0.95) -> tuple[float | None, float | None]:
    """Return the exact limits of a standardised mean of n differences; None where no root is found.

    The noncentrality whose distribution puts the observed ``t = srm x sqrt(n)`` at each tail, divided by sqrt(n).

    Example:
        >>> [round(limit, 4) for limit in noncentral_t_limits(0.5, 20)]
        [0.0284, 0.96]

    References:
        Cumming & Finch 2001.
    """
    t = srm * n**0.5
    found = []
    with captured_warnings():
        for tail, away in (((1 + level) / 2, -1.0), ((1 - level) / 2, 1.0)):
            found.append(_noncentrality(t, n - 1, tail, away))
    return tuple(None if ncp is None else ncp / n**0.5 for ncp in found)  # type: ignore[return-value]


def _noncentrality(t: float, df: int, tail: float, away: float) -> float | None:
    """Find the noncentrality that puts ``t`` at a tail, widening the search step by step from ``t`` itself.

    Far from ``t`` the distribution underflows to NaN, so the search must not begin there.
    """

    def gap(ncp: float) -> float:
        return float(stats.nct.cdf(t, df, ncp)) - tail

    near, step = t, 0.5
    while step < 1e6:
        far = t + away * step
        value = gap(far)
        if not np.isfinite(value):
            return None
        if value * away < 0:  # the distribution function falls as the noncentrality grows
            return float(optimize.brentq(gap, near, far, xtol=1e-12, rtol=1e-12))
        near, step = far, step * 1.5
    return None


def _normal_limits(value: float, n: int, r: float | None, correction: float) -> dict[str, Any]:
    if r is None:  # one of the two occasions does not vary
        return {}
    d = value / correction
    se = correction * ((1 / n + d**2 / (2 * n)) * 2 * (1 - r)) ** 0.5
    z = 1.96  # as the published formula has it; the approximation is coarser than the difference to 1.959964
    return {"se": se, "lower": value - z * se, "upper": value + z * se, "interval": "normal_approximation"}


def _hedges(n: int, is_lakens: bool) -> float:
    return 1 - 3 / (4 * 2 * n - 9) if is_lakens else 1 - 3 / (4 * (n - 1) - 1)


def _moments(samples: Any) -> dict[str, Any]:
    """Return mean, deviations and correlation of each sample; ``samples`` is samples x patients x (before, after, gain)."""
    before, after, gain = samples[..., 0], samples[..., 1], samples[..., 2]
    sd_before, sd_after, sd_gain = (_deviation(values) for values in (before, after, gain))
    n = samples.shape[1]
    centred = (before - before.mean(axis=1, keepdims=True)) * (after - after.mean(axis=1, keepdims=True))
    is_flat = (sd_before == 0) | (sd_after == 0)
    correlation = np.where(is_flat, np.nan, centred.sum(axis=1) / (n - 1) / (sd_before * sd_after))
    return {
        "mean_improvement": gain.mean(axis=1),
        "sd_improvement": sd_gain,
        "sd_baseline": sd_before,
        "sd_followup": sd_after,
        "correlation": correlation,
    }


def _deviation(values: Any) -> Any:
    """Standard deviation, exactly 0 for equal values (rounding would leave a trace and an enormous effect)."""
    return np.where(np.ptp(values, axis=1) == 0, 0.0, values.std(axis=1, ddof=1))


def _effects(facts: dict[str, Any], n: int, is_lakens: bool) -> Any:
    """Return the effects, samples x `EFFECTS`; infinite or NaN where a standardiser is 0."""
    mean, r = facts["mean_improvement"], facts["correlation"]
    before, after = facts["sd_baseline"], facts["sd_followup"]
    srm = mean / facts["sd_improvement"]
    d_av = mean / ((before + after) / 2)
    effects = {
        "srm": srm,
        "ses": mean / before,
        "d_av": d_av,
        "d_rm": srm * np.sqrt(2 * (1 - r)),
        "d_rms": mean / np.sqrt((before**2 + after**2) / 2),
        "g_av": d_av * _hedges(n, is_lakens),
    }
    return np.stack([effects[name] for name in EFFECTS], axis=1)


def _bca(pairs: Any, n_resamples: int, seed: int, is_lakens: bool) -> list[tuple[float, float]]:
    """Return bias-corrected and accelerated limits of every effect."""
    n = len(pairs)
    rng = np.random.default_rng(seed)
    step = max(1, 2_000_000 // n)  # resamples at once: memory stays bounded
    drawn = []
    for start in range(0, n_resamples, step):
        index = rng.integers(0, n, size=(min(step, n_resamples - start), n))
        drawn.append(_effects(_moments(pairs[index]), n, is_lakens))
    boot = np.concatenate(drawn)
    observed = _effects(_moments(pairs[None, :, :]), n, is_lakens)[0]
    left_out = np.stack([np.delete(pairs, i, axis=0) for i in range(n)]) if n <= 2000 else None
    jack = None if left_out is None else _effects(_moments(left_out), n - 1, is_lakens)
    limits = []
    for i in range(len(EFFECTS)):
        sample = boot[:, i][np.isfinite(boot[:, i])]
        if len(sample) < 0.95 * n_resamples:  # too many resamples without variation: the tails would be made up
            limits.append((np.nan, np.nan))
            continue
        below = ((sample < observed[i]).mean() + (sample <= observed[i]).mean()) / 2
        bias = stats.norm.ppf(np.clip(below, 1 / len(sample), 1 - 1 / len(sample)))
        acceleration = 0.0
        if jack is not None and np.isfinite(jack[:, i]).all():
            gap = jack[:, i].mean() - jack[:, i]
            acceleration = 0.0 if not gap.any() else (gap**3).sum() / (6 * (gap**2).sum() ** 1.5)
        tails = stats.norm.ppf([0.025, 0.975])
        places = stats.norm.cdf(bias + (bias + tails) / (1 - acceleration * (bias + tails)))
        lower, upper = np.quantile(sample, places)
        limits.append((lower, upper))
    return limits
