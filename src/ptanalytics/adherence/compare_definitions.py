"""Sensitivity in one call: the cohort under every definition of adherence, and whose class depends on which is chosen."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from ptanalytics.adherence.by_definition import adherence_by_definition
from ptanalytics.adherence.variants import DEFINITIONS
from ptanalytics.analysis import TableSource
from ptanalytics.schemas.definition_results import AdherenceByDefinition, DefinitionPatients, DefinitionsCompared
from ptanalytics.schemas.frames import as_caller_kind, conform, is_frame
from ptanalytics.schemas.model import columns_of


@dataclass(frozen=True)
class DefinitionComparison:
    """What `compare_adherence_definitions` found; frames are of the caller's kind (pandas for a study)."""

    #: One row per definition over the cohort: `DefinitionsCompared`. `plot_adherence_definitions` draws it.
    cohort: Any
    #: One row per patient: `DefinitionPatients`.
    patients: Any
    #: One row per patient and definition: `AdherenceByDefinition`.
    values: Any

    @property
    def undecided(self) -> Any:
        """The patients whose class depends on the definition."""
        rows = self.patients
        if isinstance(rows, pl.DataFrame | pl.LazyFrame):
            return rows.filter(pl.col("depends_on_definition"))
        return rows[rows["depends_on_definition"]]


def compare_adherence_definitions(study: Any = None, **options: Any) -> DefinitionComparison:
    """Compare every definition of adherence over a cohort, in one call.

    Each definition changes one rule against the headline of the settings (see `adherence_by_definition`). For each: the
    patients with a value, median and quartiles, how many are called adherent, partly adherent and low by the cuts, and how
    many of them get another class than under the headline. For each patient: the lowest and the highest value and whether
    the class depends on the definition. No cut is validated against outcome in low back pain; a class that changes with
    the definition should be read as undecided.

    Args:
        study: A study; or leave it out and give the tables by name (``sessions=..., plans=...``, pandas or Polars).
        **options: Tables and options of `adherence_by_definition`.

    Returns:
        ``.cohort``, ``.patients``, ``.undecided`` (patients whose class depends) and ``.values``.

    Raises:
        MissingTableError: There are no sessions or no plans.

    Example:
        >>> from datetime import date
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [3.0]})
        >>> days = ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06", "2026-03-10"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": days, "exercise_id": "bridge", "started_at": days})
        >>> compared = compare_adherence_definitions(sessions=sessions, plans=plans, cutoff_date=date(2026, 3, 15))
        >>> compared.undecided.select("headline_band", "lowest_definition", "highest_pct", "classes").row(0)
        ('partial', 'weeks_adherent', 100.0, 'adherent, partial')
    """
    if study is None or isinstance(study, TableSource):
        values = adherence_by_definition(*([] if study is None else [study]), **options)
    else:
        values = adherence_by_definition(sessions=study, **options)
    given = next((frame for frame in options.values() if is_frame(frame)), None)
    kind = values if study is not None or given is None else given
    rows = conform(values, AdherenceByDefinition).collect()
    return DefinitionComparison(as_caller_kind(_cohort(rows), kind), as_caller_kind(_patients(rows), kind), values)


def _cohort(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per definition that some patient has."""
    pct, band = pl.col("adherence_pct"), pl.col("band")
    has_value = pct.is_not_null()
    headline = rows.filter("is_headline").select("patient_id", headline_band="band")
    names = pl.DataFrame(
        [(place, one.definition, one.group, one.rule) for place, one in enumerate(DEFINITIONS, start=1)],
        orient="row",
        schema={"place": pl.Int32, "definition": pl.String, "group": pl.String, "rule": pl.String},
    )
    return (
        rows.join(headline, on="patient_id", how="left")
        .group_by("definition")
        .agg(
            pl.col("is_headline").any(),
            n=has_value.sum().cast(pl.Int32),
            n_without=(~has_value).sum().cast(pl.Int32),
            median_pct=pct.median(),
            lower_quartile_pct=pct.quantile(0.25, interpolation="linear"),
            upper_quartile_pct=pct.quantile(0.75, interpolation="linear"),
            n_adherent=(band == "adherent").sum().cast(pl.Int32),
            n_partial=(band == "partial").sum().cast(pl.Int32),
            n_low=(band == "low").sum().cast(pl.Int32),
            n_other_class=(band != pl.col("headline_band")).sum().cast(pl.Int32),
        )
        .join(names, on="definition")
        .with_columns(
            adherent_pct=pl.when(pl.col("n") > 0).then(100 * pl.col("n_adherent") / pl.col("n")),
            reason=pl.when(pl.col("n") == 0).then(pl.lit("no_patients")),
        )
        .sort("place")
        .select(columns_of(DefinitionsCompared).keys())
    )


def _patients(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per patient."""
    pct, name = pl.col("adherence_pct"), pl.col("definition")
    known = pct.is_not_null()
    return (
        rows.sort("patient_id", "definition")
        .group_by("patient_id", maintain_order=True)
        .agg(
            n_definitions=known.sum().cast(pl.Int32),
            headline_pct=pct.filter("is_headline").first(),
            headline_band=pl.col("band").filter("is_headline").first(),
            lowest_pct=pct.min(),
            lowest_definition=name.filter(pct == pct.min()).first(),
            highest_pct=pct.max(),
            highest_definition=name.filter(pct == pct.max()).first(),
            bands=pl.col("band").drop_nulls().unique().sort(),
        )
        .with_columns(
            classes=pl.when(pl.col("bands").list.len() > 0).then(pl.col("bands").list.join(", ")),
            depends_on_definition=pl.col("bands").list.len() > 1,
        )
        .select(columns_of(DefinitionPatients).keys())
    )
