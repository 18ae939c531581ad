"""Gather what a suggestion rests on for every exercise of a patient's plan: log, adherence, trend, flares and flags."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import polars.selectors as cs

from ptanalytics.adherence import rolling_adherence
from ptanalytics.outcomes import flare_status, pain_trend
from ptanalytics.plans.current import plan_in_force, plans_of
from ptanalytics.plans.exercise_log import exercise_readings
from ptanalytics.plans.prescription import prescriptions_of
from ptanalytics.plans.readings import Measured, TuningInputs
from ptanalytics.schemas.frames import as_lazy, empty_frame
from ptanalytics.schemas.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

    from ptanalytics.plans.records import PlanRecords
    from ptanalytics.study import Study


def tuning_inputs(
    study: "Study", patient_id: str, *, on_date: date | None = None, records: "PlanRecords | None" = None
) -> dict[str, TuningInputs]:
    """Gather the inputs of the decision table for each exercise of a patient's plan.

    Args:
        study: The study.
        patient_id: The person.
        on_date: Day looked at: its plan, what was logged up to it, flags unresolved then. Missing: the newest plan,
            everything logged, flags unresolved now.
        records: The study's records; opened if not given.

    Returns:
        Exercise id -> `TuningInputs`; empty where there is no plan. An input that is not logged is unknown, with a
        reason. Daily pain older than 14 days says nothing about a trend or a flare today, so these are unknown then.

    Raises:
        UnknownPatientError: The study has no such patient.
    """
    study.require_patient(patient_id)
    plans = plans_of(study, patient_id)
    day = on_date or study.cutoff_date
    if day is None:
        return {}
    if records is None:
        from ptanalytics.plans.records import PlanRecords  # noqa: PLC0415 - brings the database library

        records = PlanRecords(study)
    sessions = _table(study, "sessions", patient_id)
    shared = {
        **_flag_inputs(records.flags(patient_id), on_date),
        **_adherence_inputs(study, patient_id, day),
        **_pain_inputs(study, patient_id, day),
    }
    return {
        one.exercise_id: TuningInputs(
            exercise_id=one.exercise_id,
            on_date=day,
            prescription=one,
            **shared,
            **exercise_readings(sessions, plans, one.exercise_id, on_date=day, settings=study.settings),  # type: ignore[arg-type]
        )
        for one in prescriptions_of(plan_in_force(plans, on_date))
    }


def _flag_inputs(flags: "pd.DataFrame", on_date: date | None) -> dict[str, Any]:
    """Say whether a recorded flag is unresolved; with several, name the newest."""
    found: pl.DataFrame = as_lazy(flags).collect()
    if found.is_empty():
        return {"red_flag": Measured(value=False)}
    is_open = pl.col("resolved_at").is_null()
    if on_date is not None:
        recorded, resolved = pl.col("recorded_at").dt.date(), pl.col("resolved_at").dt.date()
        is_open = (recorded <= on_date) & (is_open | (resolved > on_date))
    unresolved = found.filter(is_open).sort("recorded_at", descending=True)
    if unresolved.is_empty():
        return {"red_flag": Measured(value=False, n=found.height)}
    days = unresolved["recorded_at"].dt.date()
    return {
        "red_flag": Measured(True, unresolved.height, days.min(), days.max()),  # type: ignore[arg-type]
        "flag_label": unresolved["label"][0],
        "flag_date": days[0],
    }


def _adherence_inputs(study: "Study", patient_id: str, day: date) -> dict[str, Any]:
    if not (study.has_table("sessions") and study.has_table("plans")):
        return {}
    row = _one_row(rolling_adherence(study, patients=[patient_id], on_date=day))
    if row is None:
        return {"adherence14": Measured(reason="no_plan")}
    share = None if row["adherence_pct"] is None else row["adherence_pct"] / 100
    return {
        "adherence14": Measured(share, row["eligible_days"], row["from_date"], row["to_date"], row["reason"]),
        "done_14d": float(row["counted"]),
        "prescribed_14d": row["prescribed"],
    }


def _pain_inputs(study: "Study", patient_id: str, day: date) -> dict[str, Any]:
    if not study.has_table("pain_scores"):
        return {}
    oldest = day - timedelta(days=study.settings.tuning.rolling_days - 1)
    status = _one_row(flare_status(study, patients=[patient_id], on_date=day))
    trend = _one_row(pain_trend(study, patients=[patient_id], cutoff_date=day))
    if status is None or trend is None or status["last_entry_date"] < oldest:
        stale = Measured(reason="no_recent_ratings")
        return dict.fromkeys(("flare_active", "flare_14d", "slope", "slope_lo", "slope_hi"), stale)
    since, until = trend["from_date"], trend["to_date"]

    def of_trend(name: str) -> Measured:
        return Measured(trend[name], trend["n_days"], since, until, trend["reason"])

    is_active, had_flare = status["is_active"], status["is_active"] or status["is_within_14_days"]
    last, flare = status["last_entry_date"], (status["start_date"], status["end_date"])
    return {
        "flare_active": Measured(is_active, 1, *(flare if is_active else (last, last))),
        "flare_14d": Measured(had_flare, 1, *(flare if had_flare else (oldest, last))),
        "flare_start": status["start_date"] if is_active else None,
        "slope": of_trend("slope_per_week"),
        "slope_lo": of_trend("lower"),
        "slope_hi": of_trend("upper"),
    }


def _one_row(table: Any) -> dict[str, Any] | None:
    rows = as_lazy(table).collect().with_columns(cs.temporal().cast(pl.Date))
    return rows.row(0, named=True) if rows.height else None


def _table(study: "Study", name: str, patient_id: str) -> pl.DataFrame:
    return study.lazy(name, patients=[patient_id]).collect() if study.has_table(name) else empty_frame(TABLES[name])
