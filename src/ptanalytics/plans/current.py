"""Which plan a patient has now, and every plan the patient had."""

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from ptanalytics.schemas.frames import empty_frame, to_pandas
from ptanalytics.schemas.tables import Plans

if TYPE_CHECKING:
    import pandas as pd

    from ptanalytics.study import Study


def current_plan(study: "Study", patient_id: str, *, on_date: date | None = None) -> "pd.DataFrame":
    """Return the rows of a patient's plan: the newest version, or the one that applied on a day.

    Args:
        study: The study.
        patient_id: The person.
        on_date: Day asked about; missing: the newest version, even if it starts later than today.

    Returns:
        Rows of ``plans`` of one version, by exercise; no row where there is no plan (on that day).

    Raises:
        UnknownPatientError: The study has no such patient.
    """
    study.require_patient(patient_id)
    return to_pandas(plan_in_force(plans_of(study, patient_id), on_date))


def plan_history(study: "Study", patient_id: str) -> "pd.DataFrame":
    """Return every plan version of a patient, newest first: when it applied and how much it holds.

    Returns:
        ``plan_version``, ``valid_from_date``, ``valid_to_date`` (last day in force; missing: still), ``n_exercises``.
        Who signed a version and why is in ``PlanRecords(study).history(patient_id)``.

    Raises:
        UnknownPatientError: The study has no such patient.
    """
    study.require_patient(patient_id)
    return to_pandas(versions(plans_of(study, patient_id)).drop("patient_id").sort("plan_version", descending=True))


def versions(plans: pl.DataFrame) -> pl.DataFrame:
    """Return one row per plan version with the days it was in force (``valid_to_date`` missing: open-ended).

    A version ends on its own last day (open if one of its rows is) or on the day before the next one starts, whichever
    is first. Of two versions that start on the same day only the higher one ever applies, so the lower is not in force
    on any day (``valid_to_date`` before ``valid_from_date``).
    """
    heads = plans.group_by("patient_id", "plan_version").agg(
        valid_from_date=pl.col("valid_from_date").min(),
        own_to=pl.when(pl.col("valid_to_date").is_not_null().all()).then(pl.col("valid_to_date").max()),
        n_exercises=pl.len().cast(pl.Int32),
    )
    order = heads.sort("patient_id", "valid_from_date", "plan_version")
    day_before_next = pl.col("valid_from_date").shift(-1).over("patient_id").dt.offset_by("-1d")
    return order.select(
        "patient_id",
        "plan_version",
        "valid_from_date",
        valid_to_date=pl.min_horizontal("own_to", day_before_next),
        n_exercises="n_exercises",
    )


def plan_in_force(plans: pl.DataFrame, on_date: date | None) -> pl.DataFrame:
    """Return the rows of the version that applied on a day, or of the newest version where no day is asked."""
    if plans.is_empty():
        return plans
    if on_date is None:
        return plans.filter(pl.col("plan_version") == pl.col("plan_version").max()).sort("exercise_id")
    covering = versions(plans).filter(
        pl.col("valid_from_date") <= on_date, pl.col("valid_to_date").is_null() | (pl.col("valid_to_date") >= on_date)
    )
    in_force = covering["plan_version"].max()
    return plans.filter(pl.col("plan_version") == pl.lit(in_force, dtype=pl.Int32)).sort("exercise_id")


def plans_of(study: "Study", patient_id: str) -> pl.DataFrame:
    """Return every plan row of a patient; no row where the study holds no plans."""
    return study.lazy("plans", patients=[patient_id]).collect() if study.has_table("plans") else empty_frame(Plans)
