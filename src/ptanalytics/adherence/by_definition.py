"""Adherence of each patient under every definition."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from ptanalytics.adherence.bounds import bounds_of
from ptanalytics.adherence.counted import TOLERANCE
from ptanalytics.adherence.dose import ALL, dose_of
from ptanalytics.adherence.entries import entries_of, read_entry_inputs
from ptanalytics.adherence.exercise_dose import exercise_weeks
from ptanalytics.adherence.summary import adherence_band
from ptanalytics.adherence.variants import CAPS, DOSE, UNKNOWN_LEFT_OUT, weeks_by_variant
from ptanalytics.adherence.weekly import weeks_of
from ptanalytics.analysis import analysis
from ptanalytics.schemas.definition_results import AdherenceByDefinition
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import Settings, default_settings

_NOTHING_PRESCRIBED = "zero_prescribed"


@analysis(returns=AdherenceByDefinition, optional=("pauses", "patients"))
def adherence_by_definition(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
    substitutes: Mapping[str, str] | None = None,
) -> pl.LazyFrame:
    """Measure each patient's adherence under every definition, from one log.

    The definitions are the five cap rules of `adherence_summary`; the headline with one rule changed (weeks from the
    plan's start or from Monday, prorating, make-up rule, from how much of a session it counts, sessions a day, which
    pauses excuse); the upper bound of `adherence_bounds`; and the capped dose of `dose_adherence`. A variant that is
    already the rule of the settings is not repeated. Each value has the class (band) the cuts of the settings give it.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: Settings of the run; the headline and all rules that are not changed.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.
        substitutes: For the dose: ``{exercise done: prescribed exercise it stands for}``.

    Returns:
        One row per patient with a plan in force and definition. Columns: `AdherenceByDefinition`. Without a value a reason:
        ``zero_prescribed``, ``no_whole_week`` (share of weeks only), and those of the bounds.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "weekdays": ["mon,wed,fri"]})
        >>> days = ["2026-03-02", "2026-03-03", "2026-03-07"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": days, "exercise_id": "bridge", "started_at": days})
        >>> found = adherence_by_definition(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 8))
        >>> dict(found.select("definition", pl.col("adherence_pct").round(1)).rows())["makeup_exact"]
        33.3

    References:
        Bailey 2020, doi:10.1136/bjsports-2019-100982 [definitions differ; 40 % of studies give a clear one].
    """
    settings = settings or default_settings()
    inputs = read_entry_inputs(
        sessions, plans, pauses, patients,
        settings=settings, cutoff_date=cutoff_date, substitutes=substitutes, also=("load_kg",),
    )  # fmt: skip
    observed = inputs.observed(settings)
    weeks = weeks_of(observed, settings)
    headline = settings.adherence.headline
    parts = [_of_caps(weeks, settings)]
    for name, changed in weeks_by_variant(inputs, observed, settings):
        one = _of_caps(changed, settings).filter(definition=headline)
        parts.append(one.with_columns(definition=pl.lit(name)))
    bounds = bounds_of(observed, weeks, settings, tells_not_done=None)
    parts.append(
        bounds.select("person", "reason", definition=pl.lit(UNKNOWN_LEFT_OUT.definition), adherence_pct="upper_pct")
    )
    entries = entries_of(inputs, substitutes)
    dose = dose_of(entries, exercise_weeks(entries, settings), "window", settings).filter(category=ALL)
    parts.append(dose.select("person", "reason", definition=pl.lit(DOSE.definition), adherence_pct="capped_pct"))
    rows = (
        pl.concat(parts, how="diagonal_relaxed")
        .with_columns(is_headline=pl.col("definition") == headline, band=adherence_band(settings))
        .sort("person", "definition")
    )
    return observed.named(rows).lazy().select(columns_of(AdherenceByDefinition).keys())


def _of_caps(weeks: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """One row per person and cap rule: ``person, definition, adherence_pct, reason``."""
    counted, prescribed = pl.col("counted"), pl.col("prescribed")
    has_some = prescribed > 0
    is_classified = has_some & ~pl.col("is_partial")
    is_adherent = counted >= settings.adherence.adherent_cut * prescribed - TOLERANCE
    wide = (
        weeks.lazy()
        .group_by("person")
        .agg(
            counted=counted.sum(),
            prescribed=prescribed.sum(),
            capped=pl.min_horizontal(counted, prescribed).sum(),
            mean_of_weeks=pl.col("adherence_pct").mean(),
            classified=is_classified.sum(),
            adherent=(is_classified & is_adherent).sum(),
        )
        .with_columns(
            uncapped=_percent(pl.col("counted")),
            weekly_capped=_percent(pl.col("capped")).clip(upper_bound=100.0),
            window_capped=_percent(pl.col("counted")).clip(upper_bound=100.0),
            weeks_adherent=pl.when(pl.col("classified") > 0).then(100 * pl.col("adherent") / pl.col("classified")),
        )
        .with_columns(reason=pl.when(pl.col("prescribed") == 0).then(pl.lit(_NOTHING_PRESCRIBED)))
    )
    long = wide.unpivot(
        [one.definition for one in CAPS],
        index=["person", "reason"],
        variable_name="definition",
        value_name="adherence_pct",
    )
    is_open = pl.col("adherence_pct").is_null() & pl.col("reason").is_null()
    return long.with_columns(reason=pl.when(is_open).then(pl.lit("no_whole_week")).otherwise("reason")).collect()


def _percent(numerator: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("prescribed") > 0).then(100 * numerator / pl.col("prescribed"))
