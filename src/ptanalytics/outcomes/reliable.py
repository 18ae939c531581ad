"""Reliable change: is a person's change beyond measurement error, and did it cross to the functional side?"""

from collections.abc import Sequence
from datetime import date
from math import sqrt
from typing import NamedTuple

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.errors import SettingsError
from ptanalytics.instruments import measure, measure_ids
from ptanalytics.outcomes.change import TOLERANCE, changes
from ptanalytics.schemas.course_results import ReliableChange
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import ChangeNorms, Settings, default_settings

Z_RELIABLE = 1.96

#: Source of the standard errors of two T scores.
SCORE_TABLE_ERRORS = "Standard errors of the clinic's own conversion table"


@analysis(returns=ReliableChange, optional=("pain_scores", "responses", "scores", "plans", "patients", "sessions"))
def reliable_change(  # noqa: PLR0917 - the tables it reads are its parameters
    pain_scores: pl.LazyFrame,
    responses: pl.LazyFrame,
    scores: pl.LazyFrame,
    plans: pl.LazyFrame,
    patients: pl.LazyFrame,
    sessions: pl.LazyFrame,
    *,
    target_weeks: Sequence[int] | None = None,
    measures: Sequence[str] | None = None,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Divide each change by its standard error and name one of four classes.

    ``rc = improvement / s_diff`` with ``s_diff = sqrt(2) x SEM``. The SEM is ``sd_pre x sqrt(1 - reliability)`` of
    ``outcomes.norms`` where the clinic names these numbers and their source, else the instrument's published SEM; a
    published MDC95 gives ``s_diff = MDC95 / 1.96``. PROMIS scores have their own: ``sqrt(se1^2 + se2^2)``. Classes:
    ``deteriorated`` rc < -1.96, ``unchanged`` up to 1.96, ``improved`` above it, and ``recovered`` if the baseline was on
    the dysfunctional and the follow-up is on the functional side of the cut-off. The cut-off is criterion c of Jacobson and
    Truax where both norms are named, else a (``clinical_mean`` two standard deviations towards better), else b. The package
    ships no cut-off: norms depend on the population.

    Args:
        pain_scores: See `changes`.
        responses: See `changes`.
        scores: See `changes`.
        plans: See `changes`.
        patients: See `changes`.
        sessions: See `changes`.
        target_weeks: See `changes`.
        measures: See `changes`.
        settings: ``outcomes.norms``.
        cutoff_date: See `changes`.

    Returns:
        Columns of `ReliableChange`, a row for every row of `changes`. Without change or measurement error the class is
        missing, with the reason of `changes` or ``no_measurement_error``. Lack of room to improve is no reason here.

    Raises:
        SettingsError: The norms name no measure, or a mean without its standard deviation.

    Example:
        >>> people = pl.DataFrame({"patient_id": ["P1"], "enrolled_date": [date(2026, 3, 2)]})
        >>> odi = pl.DataFrame({"patient_id": "P1", "instrument_id": "odi", "score": [50.0, 20.0],
        ...                     "completed_date": [date(2026, 3, 2), date(2026, 5, 25)]})
        >>> norms = {"odi": {"sd_pre": 15, "reliability": 0.9, "clinical_mean": 45, "clinical_sd": 15, "norm_mean": 12,
        ...                  "norm_sd": 10, "source": "an example"}}
        >>> found = reliable_change(scores=odi, patients=people, target_weeks=[12], measures=["odi"],
        ...                         settings={"outcomes": {"norms": norms}})
        >>> found.select(pl.col("rc", "cutoff").round(3), "change_class").row(0)
        (4.472, 25.2, 'recovered')

    References:
        Jacobson and Truax 1991, doi:10.1037/0022-006X.59.1.12.
    """
    settings = settings or default_settings()
    errors = _errors(settings)
    rows = changes.compute(
        pain_scores, responses, scores, plans, patients, sessions,
        target_weeks=target_weeks, measures=measures, settings=settings, cutoff_date=cutoff_date,
    ).join(errors, on="measure", how="left")  # fmt: skip
    return _classed(_with_score_errors(rows, settings)).select(list(columns_of(ReliableChange)))


class Cutoff(NamedTuple):
    """The score between the dysfunctional and the functional side, and the criterion it follows."""

    value: float | None
    rule: str | None


def cutoff_of(norms: ChangeNorms, *, is_lower_better: bool) -> Cutoff:
    """Return the cut-off of Jacobson and Truax: c where both norms are named, else a, else b.

    Example:
        >>> norms = ChangeNorms(clinical_mean=45, clinical_sd=15, norm_mean=12, norm_sd=10, source="an example")
        >>> cutoff_of(norms, is_lower_better=True)
        Cutoff(value=25.2, rule='c')
    """
    towards_better = -1 if is_lower_better else 1
    clinical, norm = norms.clinical_mean, norms.norm_mean
    if clinical is not None and norm is not None and norms.clinical_sd and norms.norm_sd:
        pooled = norms.clinical_sd + norms.norm_sd
        return Cutoff((norms.norm_sd * clinical + norms.clinical_sd * norm) / pooled, "c")
    if clinical is not None and norms.clinical_sd:
        return Cutoff(clinical + towards_better * 2 * norms.clinical_sd, "a")
    if norm is not None and norms.norm_sd:
        return Cutoff(norm - towards_better * 2 * norms.norm_sd, "b")
    return Cutoff(None, None)


def _errors(settings: Settings) -> pl.LazyFrame:
    """Return measurement error and cut-off of each measure."""
    norms = settings.outcomes.norms
    wrong = [
        name
        for name, n in norms.items()
        if name not in measure_ids()
        or (n.sd_pre is None) != (n.reliability is None)
        or (n.clinical_mean is None) != (n.clinical_sd is None)
        or (n.norm_mean is None) != (n.norm_sd is None)
    ]
    if wrong:
        message = (
            f"outcomes.norms is wrong for: {', '.join(wrong)}. Each is named after a measure, sd_pre goes with "
            "reliability, and a mean with its standard deviation."
        )
        raise SettingsError(message)
    rows = [_error_of(name, norms.get(name)) for name in measure_ids()]
    schema = {
        "measure": pl.String,
        "is_lower_better": pl.Boolean,
        "s_diff": pl.Float64,
        "cutoff": pl.Float64,
        "cutoff_rule": pl.String,
        "source": pl.String,
    }
    return pl.LazyFrame(rows, schema=schema, orient="row")


def _error_of(name: str, norms: ChangeNorms | None) -> tuple[object, ...]:
    known = measure(name)
    published = known.measurement_error
    s_diff, source = None, None
    if norms is not None and norms.sd_pre is not None and norms.reliability is not None:
        s_diff, source = sqrt(2) * norms.sd_pre * sqrt(1 - norms.reliability), norms.source
    elif published is not None:
        s_diff = sqrt(2) * published.sem if published.sem is not None else (published.mdc95 or 0) / Z_RELIABLE
        source = f"{published.source}{f', doi:{published.doi}' if published.doi else ''}"
    cutoff = Cutoff(None, None) if norms is None else cutoff_of(norms, is_lower_better=known.is_lower_better)
    if norms is not None and cutoff.value is not None and source != norms.source:
        source = f"{source}; cut-off: {norms.source}" if source else f"cut-off: {norms.source}"
    return name, known.is_lower_better, s_diff, cutoff.value, cutoff.rule, source


def _with_score_errors(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Take the standard errors of the two scores themselves where the conversion table has them (PROMIS)."""
    known = [
        (scale, t, error) for scale, table in settings.scoring.score_tables.items() for t, error in table.values()
    ]  # fmt: skip
    if not known:
        return rows
    schema = {"measure": pl.String, "t": pl.Float64, "error": pl.Float64}
    table = pl.LazyFrame(known, schema=schema, orient="row")
    before, after = table.rename({"t": "baseline", "error": "se1"}), table.rename({"t": "followup", "error": "se2"})
    own = (pl.col("se1") ** 2 + pl.col("se2") ** 2).sqrt()
    return (
        rows.join(before, on=["measure", "baseline"], how="left")
        .join(after, on=["measure", "followup"], how="left")
        .with_columns(
            s_diff=pl.coalesce(own, "s_diff"),
            source=pl.when(own.is_not_null()).then(pl.lit(SCORE_TABLE_ERRORS)).otherwise("source"),
        )
    )


def _classed(rows: pl.LazyFrame) -> pl.LazyFrame:
    is_lower, cut = pl.col("is_lower_better"), pl.col("cutoff")
    gain = pl.when(is_lower).then(pl.col("followup") <= cut + TOLERANCE).otherwise(pl.col("followup") >= cut - TOLERANCE)
    was_ill = pl.when(is_lower).then(pl.col("baseline") > cut).otherwise(pl.col("baseline") < cut)
    rc = pl.col("rc")
    change_class = (
        pl.when(rc.is_null()).then(None)
        .when(rc < -Z_RELIABLE - TOLERANCE).then(pl.lit("deteriorated"))
        .when(rc <= Z_RELIABLE + TOLERANCE).then(pl.lit("unchanged"))
        .when((was_ill & gain).fill_null(value=False)).then(pl.lit("recovered"))
        .otherwise(pl.lit("improved"))
    )  # fmt: skip
    from_changes = pl.when(~pl.col("reason").is_in(["no_room_to_improve", "no_mic"])).then("reason")
    no_error = pl.when(pl.col("s_diff").is_null()).then(pl.lit("no_measurement_error"))
    return rows.with_columns(
        rc=pl.col("improvement") / pl.col("s_diff"), reliable_points=Z_RELIABLE * pl.col("s_diff")
    ).with_columns(
        change_class=change_class,
        is_mic_within_error=pl.col("mic") < pl.col("reliable_points") - TOLERANCE,
        reason=pl.when(rc.is_null()).then(pl.coalesce(from_changes, no_error)),
    )
