"""Table 1: who the patients are at the start, for everybody and by group."""

from typing import TYPE_CHECKING, Any

import polars as pl

from ptanalytics.adherence import weekly_adherence
from ptanalytics.cohorts.table_one_cells import ALL, NOT_RECORDED, Columns, category_rows, number_rows, size_rows
from ptanalytics.errors import InvalidTableError
from ptanalytics.instruments import measure as measure_of
from ptanalytics.instruments import measure_ids
from ptanalytics.outcomes import baselines
from ptanalytics.schemas.frames import as_lazy, conform, empty_frame, is_frame, to_pandas
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.results import Baselines
from ptanalytics.schemas.statistics_results import TableOne
from ptanalytics.schemas.tables import TABLES
from ptanalytics.statistics.fitting import with_groups

if TYPE_CHECKING:
    import pandas as pd

    from ptanalytics.study import Study

DURATIONS = ("under 4 weeks", "4 to 12 weeks", "over 12 weeks")
_GROUPINGS = ("site", "clinician", "sex", "condition")
_CATEGORIES = {"sex": "Sex", "site": "Site", "condition": "Condition", "duration_class": "Duration of symptoms"}


def table_one(study: "Study", by: Any = None, *, suppress_below: int = 1) -> "pd.DataFrame":
    """Describe the patients at the start of their plan, every row with its n and what is missing.

    Rows from the data: patients; age at start; sex, site, condition and duration of symptoms as recorded; the baseline of
    every measure anybody has; sessions a week prescribed and exercises in the first plan. Numbers: mean (SD), or median
    (Q1-Q3) where |skewness| of everybody's values is above 1. Categories: count / recorded (%). With groups: the largest
    standardised difference between two of them, above 0.1 marked, and no p values. Rounding is half away from zero, for
    print only: ``centre`` and the spreads are unrounded.

    Args:
        study: The study.
        by: ``site``, ``clinician``, ``sex`` or ``condition``; or a frame ``patient_id, group`` (arms, responders).
        suppress_below: Counts of persons below it are not shown, nor what would give them away; 1 shows everything and is
            for use inside the site. Exports use the study's ``privacy.suppress_below``.

    Returns:
        Columns of `TableOne`, in the order of print: one row per line and column of the table.

    Raises:
        InvalidTableError: There is no such grouping, a patient is in two groups, or the threshold is below 1.
        MissingColumnsError: The frame of groups has no ``patient_id`` or ``group``.

    Example:
        >>> import tempfile
        >>> from datetime import date
        >>> from pathlib import Path
        >>> from ptanalytics import create_study
        >>> people = pl.DataFrame({"patient_id": ["P1", "P2", "P3"], "enrolled_date": [date(2026, 3, 2)] * 3,
        ...                        "birth_year": [1976, 1986, None], "sex": ["female", "male", "female"]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     study = create_study(Path(folder) / "clinic.study", timezone="Europe/London")
        ...     _ = study.append_rows("patients", people, origin="example")
        ...     table = table_one(study)
        >>> table[["variable", "cell"]].values.tolist()[:3]
        [['Patients', '3'], ['Age at start, years', '45.0 (7.1)'], ['Age at start, years', '1']]

    References:
        STROBE, doi:10.1371/journal.pmed.0040296 (item 14); Austin 2009, doi:10.1002/sim.3697.
    """
    if suppress_below < 1:
        raise InvalidTableError("table_one needs a suppress_below of at least 1.")
    people, numbers = _people(study)
    people, grouping = _with_groups(people, by)
    sizes = {ALL: people.height} | {str(g): n for g, n in people["by_group"].value_counts().iter_rows() if g is not None}
    columns = Columns(
        tuple(sorted((g for g in sizes if g != ALL), key=lambda g: (g == NOT_RECORDED, g))), sizes, suppress_below
    )
    rows = size_rows(columns)
    rows += number_rows(people, "age_years", "Age at start, years", 1, columns)
    for column, label in _CATEGORIES.items():
        found = people[column].drop_nulls().unique().sort().to_list()
        levels = [name for name in DURATIONS if name in found] if column == "duration_class" else found
        if levels and column != grouping:
            rows += category_rows(people, column, label, levels, columns)
    for column, (label, digits) in numbers.items():
        rows += number_rows(people, column, label, digits, columns)
    return to_pandas(_numbered(rows))


def _numbered(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Number the lines: all columns of one line have one number."""
    lines: dict[tuple[str, Any, str], int] = {}
    for row in rows:
        line = (row["variable"], row.get("level"), row["statistic"])
        row["row"] = lines.setdefault(line, len(lines) + 1)
    types = {name: info.dtype for name, info in columns_of(TableOne).items()}
    return pl.DataFrame([{name: row.get(name) for name in types} for row in rows], schema=types)


def _people(study: "Study") -> tuple[pl.DataFrame, dict[str, tuple[str, int]]]:
    """Return one row per patient, and which columns are numbers, with their label and digits."""
    known = study.lazy("patients") if study.has_table("patients") else empty_frame(TABLES["patients"]).lazy()
    people = pl.LazyFrame({"patient_id": study.patient_ids()}, schema={"patient_id": pl.String}).join(
        known, on="patient_id", how="left"
    )
    before = conform(baselines(study), Baselines)
    start = before.group_by("patient_id").agg(pl.col("start_date").first())
    wide = before.filter(pl.col("baseline").is_not_null()).collect().pivot("measure", index="patient_id", values="baseline")
    measures = [name for name in measure_ids() if name in wide.columns]
    numbers = {f"baseline {name}": (f"{measure_of(name).label} at baseline", 1) for name in measures}
    people = people.join(start, on="patient_id", how="left").join(
        wide.lazy().rename({name: f"baseline {name}" for name in measures}), on="patient_id", how="left"
    )
    if study.has_table("plans"):
        people = people.join(_plan(study), on="patient_id", how="left")
        numbers |= {
            "sessions_per_week": ("Sessions a week in the first plan", 1),
            "exercises": ("Exercises in the first plan", 0),
        }
    since_days = (pl.col("start_date") - pl.col("onset_date")).dt.total_days()
    duration = (
        pl.when((since_days < 0) | since_days.is_null()).then(None)
        .when(since_days < 28).then(pl.lit(DURATIONS[0]))
        .when(since_days <= 84).then(pl.lit(DURATIONS[1]))
        .otherwise(pl.lit(DURATIONS[2]))
    )  # fmt: skip
    age = (pl.col("start_date").dt.year() - pl.col("birth_year")).cast(pl.Float64)
    return people.with_columns(age_years=age, duration_class=duration).collect(), numbers


def _plan(study: "Study") -> pl.LazyFrame:
    """Return sessions prescribed in the first whole week and exercises in force on the first day, per patient."""
    plans = study.lazy("plans")
    first = plans.filter(pl.col("valid_from_date") == pl.col("valid_from_date").min().over("patient_id"))
    exercises = first.group_by("patient_id").agg(exercises=pl.col("exercise_id").n_unique().cast(pl.Float64))
    if not study.has_table("sessions"):
        return exercises.with_columns(sessions_per_week=pl.lit(None, dtype=pl.Float64))
    weekly = as_lazy(weekly_adherence(study)).filter(pl.col("eligible_days") == 7).sort("week_start_date")
    return exercises.join(
        weekly.group_by("patient_id").agg(sessions_per_week=pl.col("prescribed").first()), on="patient_id", how="left"
    )


def _with_groups(people: pl.DataFrame, by: Any) -> tuple[pl.DataFrame, str | None]:
    """Add the column the table is split by; None where it is not."""
    if by is None:
        return people.with_columns(by_group=pl.lit(None, dtype=pl.String)), None
    if is_frame(by):
        joined = with_groups(people, by)
        return joined.with_columns(by_group=pl.col("group").fill_null(NOT_RECORDED)), "group"
    if by not in _GROUPINGS:
        raise InvalidTableError(
            f"table_one can be split by {', '.join(_GROUPINGS)}, or by a frame patient_id, group. Neither was given."
        )
    return people.with_columns(by_group=pl.col(by).cast(pl.String).fill_null(NOT_RECORDED)), str(by)
