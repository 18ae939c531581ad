"""Groups of patients with similar courses of weekly adherence: latent classes, for researchers."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ptanalytics.adherence.weekly import weekly_adherence
from ptanalytics.analysis import TableSource
from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.frames import as_caller_kind, conform
from ptanalytics.schemas.model import columns_of, sort_of
from ptanalytics.schemas.pattern_results import TrajectoryClasses, TrajectoryFits, TrajectoryMembers
from ptanalytics.schemas.results import WeeklyAdherence

Array = npt.NDArray[Any]

#: Variance added to each week, as a share of 1: weeks in which everybody did everything would have none.
_LEAST_VARIANCE = 0.01
_STARTS = 5


@dataclass(frozen=True)
class Trajectories:
    """Result tables of `adherence_trajectories`."""

    #: Mean course of each group, `TrajectoryClasses`.
    classes: Any
    #: Group of each patient, `TrajectoryMembers`.
    members: Any
    #: Fit and stability of each number of groups tried, `TrajectoryFits`.
    fits: Any


def adherence_trajectories(
    source: Any,
    *,
    n_weeks: int = 12,
    max_classes: int = 4,
    n_bootstrap: int = 50,
    seed: int = 0,
) -> Trajectories:
    """Group patients by the course of their weekly adherence with a Gaussian mixture (latent classes), with its stability.

    Each patient is a row of adherence percentages of plan weeks 1 to ``n_weeks``; each group has a mean and a variance
    for every week (no covariance between weeks). Models with 1 to ``max_classes`` groups are fitted; the lowest
    BIC decides. Stability: ``n_bootstrap`` times as many patients are drawn with replacement, the model is fitted again,
    and the adjusted Rand index compares the groups both models give all patients. A mean index well below 1 says that other
    patients would have given other groups. Groups describe courses; they are no kinds of people, and with few patients they
    are noise. Nothing is filled in: a patient without a percentage in one of the weeks is left out (``missing_week``).

    Time grows with patients and bootstrap models: tens of thousands of patients take minutes.

    Args:
        source: A study, or the table `WeeklyAdherence` in plan weeks, pandas or Polars.
        n_weeks: Weeks of the course.
        max_classes: Largest number of groups tried.
        n_bootstrap: Bootstrap models for each number of groups.
        seed: Of the random numbers; the same seed gives the same groups.

    Returns:
        Three tables: classes, members, fits.

    Raises:
        InvalidTableError: Fewer than 10 patients for each group tried have a percentage in every week.

    Example:
        >>> from datetime import date
        >>> weeks = pl.DataFrame({"patient_id": [f"P{i:02}" for i in range(40)]}).join(
        ...     pl.DataFrame({"week": [1, 2]}, schema={"week": pl.Int32}), how="cross")
        >>> weekly = weeks.with_columns(
        ...     adherence_pct=pl.when(pl.col("patient_id") < "P20").then(90.0).otherwise(90.0 - 40 * (pl.col("week") - 1)),
        ...     week_start_date=date(2026, 3, 2), eligible_days=7, excused_days=0, prescribed=3.0, counted=3, logged=3,
        ...     unprescribed=0, is_partial=False, is_overdose=False)
        >>> found = adherence_trajectories(weekly, n_weeks=2, max_classes=2, n_bootstrap=3)
        >>> found.classes.select("class_number", "week", "n", "mean_pct").rows()
        [(1, 1, 20, 90.0), (1, 2, 20, 90.0), (2, 1, 20, 90.0), (2, 2, 20, 50.0)]

    References:
        Rand 1971, doi:10.1080/01621459.1971.10482356; adjusted by Hubert and Arabie 1985, doi:10.1007/BF01908075.
    """
    weekly = weekly_adherence(source) if isinstance(source, TableSource) else source
    rows = conform(weekly, WeeklyAdherence).filter(pl.col("week") <= n_weeks).collect()
    everybody = rows["patient_id"].unique().sort()
    wide = rows.pivot("week", index="patient_id", values="adherence_pct", sort_columns=False).sort("patient_id")
    weeks = [str(week) for week in range(1, n_weeks + 1)]
    have = [week for week in weeks if week in wide.columns]
    complete = wide.drop_nulls(have) if len(have) == n_weeks else wide.clear()
    _require_enough(complete.height, max_classes)
    values = complete.select(weeks).to_numpy() / 100
    fitted = [_Fit(values, n, n_bootstrap, seed) for n in range(1, max_classes + 1)]
    chosen = min(fitted, key=lambda fit: fit.bic)
    number, probability = chosen.ranked()
    members = pl.DataFrame({"patient_id": everybody}).join(
        pl.DataFrame([complete["patient_id"], pl.Series("class_number", number), pl.Series("probability", probability)]),
        on="patient_id",
        how="left",
    )
    reason = pl.when(pl.col("class_number").is_null()).then(pl.lit("missing_week"))
    tables = (
        (_courses(values, number), TrajectoryClasses),
        (members.with_columns(reason=reason), TrajectoryMembers),
        (pl.DataFrame([fit.row(is_chosen=fit is chosen) for fit in fitted], infer_schema_length=None), TrajectoryFits),
    )
    return Trajectories(*(_as_table(table, model, weekly) for table, model in tables))


def _as_table(table: pl.DataFrame, model: Any, kind: Any) -> Any:
    columns = [pl.col(name).cast(info.dtype) for name, info in columns_of(model).items()]
    return as_caller_kind(table.select(columns).sort(sort_of(model)), kind)


def _require_enough(n_patients: int, max_classes: int) -> None:
    needed = 10 * max_classes
    if n_patients < needed:
        message = (
            f"Groups need {needed} patients with a percentage in every week (10 for each of {max_classes} groups), but "
            f"there are {n_patients}. Lower n_weeks or max_classes, or wait for more data."
        )
        raise InvalidTableError(message)


class _Fit:
    """A mixture with one number of groups, and how stable it is."""

    def __init__(self, values: Array, n_classes: int, n_bootstrap: int, seed: int) -> None:
        self.values, self.n_classes = values, n_classes
        self.model = _fitted(_mixture(n_classes, seed), values)
        self.bic = float(self.model.bic(values))
        self.labels: Array = self.model.predict(values)
        self.indices = self._agreement(n_bootstrap, seed) if n_classes > 1 else []

    def _agreement(self, n_bootstrap: int, seed: int) -> Sequence[float]:
        from sklearn.metrics import adjusted_rand_score  # noqa: PLC0415 - loads only for researchers' groups

        random = np.random.default_rng(seed)
        indices = []
        for number in range(n_bootstrap):
            drawn = self.values[random.integers(0, len(self.values), len(self.values))]
            other = _fitted(_mixture(self.n_classes, seed + number + 1, n_init=1), drawn)
            indices.append(float(adjusted_rand_score(self.labels, other.predict(self.values))))
        return indices

    def ranked(self) -> tuple[Array, Array]:
        """Return each patient's group, numbered from the highest mean adherence, and its probability."""
        order = np.argsort(-self.model.means_.mean(axis=1), kind="stable")
        number = np.empty(self.n_classes, np.int32)
        number[order] = np.arange(1, self.n_classes + 1)
        return number[self.labels], self.model.predict_proba(self.values).max(axis=1)

    def row(self, *, is_chosen: bool) -> dict[str, Any]:
        """Return its row of `TrajectoryFits`."""
        sizes = np.bincount(self.labels, minlength=self.n_classes)
        return {
            "n_classes": self.n_classes,
            "bic": self.bic,
            "entropy": self._entropy(),
            "smallest_class": int(sizes.min()),
            "stability": float(np.mean(self.indices)) if self.indices else None,
            "stability_lowest": float(np.quantile(self.indices, 0.05)) if self.indices else None,
            "n_bootstrap": len(self.indices),
            "has_converged": bool(self.model.converged_),
            "is_chosen": is_chosen,
        }

    def _entropy(self) -> float | None:
        """Relative entropy: 1 - sum of -p ln p over patients / (n ln K); 1 where everybody belongs to one group only."""
        if self.n_classes == 1:
            return None
        share = np.clip(self.model.predict_proba(self.values), 1e-300, 1.0)
        spread = -(share * np.log(share)).sum() / (len(share) * np.log(self.n_classes))
        return float(np.clip(1 - spread, 0.0, 1.0))


def _fitted(model: Any, values: Array) -> Any:
    """Fit a mixture; whether it converged is a column of the result, not a warning on the screen."""
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - see _agreement

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(values)


def _mixture(n_classes: int, seed: int, n_init: int = _STARTS) -> Any:
    from sklearn.mixture import GaussianMixture  # noqa: PLC0415 - loads only for researchers' groups

    return GaussianMixture(
        n_classes, covariance_type="diag", reg_covar=_LEAST_VARIANCE, n_init=n_init, max_iter=500, random_state=seed
    )


def _courses(values: Array, number: Array) -> pl.DataFrame:
    """Mean and quartiles of each group and week."""
    rows = []
    for group in np.unique(number):
        inside = 100 * values[number == group]
        lower, upper = np.quantile(inside, [0.25, 0.75], axis=0)
        for week, mean in enumerate(inside.mean(axis=0)):
            rows.append(
                {
                    "class_number": int(group),
                    "week": week + 1,
                    "n": len(inside),
                    "share_pct": 100 * len(inside) / len(values),
                    "mean_pct": min(float(mean), 100.0),
                    "lower_quartile_pct": float(lower[week]),
                    "upper_quartile_pct": float(upper[week]),
                }
            )
    return pl.DataFrame(rows)
