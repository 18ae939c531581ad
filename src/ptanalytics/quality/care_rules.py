"""Rules about plans, breaks, patients and red flags."""

import csv
from functools import cache

import polars as pl

from ptanalytics.quality.session_rules import catalogue_ids
from ptanalytics.quality.subjects import (
    DAY,
    Context,
    Judgement,
    Subject,
    given,
    is_same_as_above,
    judge_keys,
    judge_person,
    with_person,
)
from ptanalytics.reference import reference_file


@cache
def _flag_ids() -> tuple[str, ...]:
    lines = reference_file("red_flags.csv").read_text(encoding="utf-8").splitlines()
    return tuple(row["flag_id"] for row in csv.DictReader(lines))


def plan_rows(context: Context) -> tuple[pl.LazyFrame, dict[str, Judgement]]:
    """Return plans, and the rules about versions and frequency."""
    plans = context.frames["plans"]
    version = ("patient_id", "plan_version")
    versions = (
        plans.group_by(version)
        .agg(first_day=pl.col("valid_from_date").min(), last_day=pl.col("valid_to_date").max())
        .sort(version)
        .with_columns(
            next_first_day=pl.col("first_day").shift(-1).over("patient_id"),
            latest_before=pl.col("first_day").cum_max().shift(1).over("patient_id"),
        )
        .select(*version, "next_first_day", "latest_before")
    )
    rows = plans.join(versions, on=version, how="left", maintain_order="left")
    rows = with_person(rows, context, pl.col("valid_from_date"))
    n_days = pl.col("weekdays").str.split(",").list.len() * pl.col("sessions_per_day").fill_null(1)
    frequency = ("sessions_per_week", "weekdays", "sessions_per_day")
    judgements = {
        **judge_keys("plans"),
        **judge_person("plans", context),
        "plans_unknown_exercise": Judgement(pl.lit(value=True), ~pl.col("exercise_id").is_in(catalogue_ids())),
        "plans_overlap": Judgement(
            pl.col("valid_to_date").is_not_null() & pl.col("next_first_day").is_not_null(),
            pl.col("valid_to_date") >= pl.col("next_first_day"),
        ),
        "plans_out_of_order": given("latest_before", pl.col("valid_from_date") <= pl.col("latest_before")),
        "plans_no_frequency": Judgement(
            pl.lit(value=True), pl.all_horizontal(pl.col(name).is_null() for name in frequency)
        ),
        "plans_days_disagree": Judgement(
            pl.col("weekdays").is_not_null() & pl.col("sessions_per_week").is_not_null(),
            pl.col("sessions_per_week") != n_days,
        ),
        "plans_after_discharge": given("discharged_date", pl.col(DAY) > pl.col("discharged_date")),
    }
    return rows, judgements


def pause_rows(context: Context) -> tuple[pl.LazyFrame, dict[str, Judgement]]:
    """Return breaks in the order of their start, and the rule that they do not overlap."""
    # A break without an end is still running: every later one starts inside it.
    end = pl.col("to_date").fill_null(pl.date(9999, 12, 31))
    rows = (
        context.frames["pauses"]
        .sort("patient_id", "from_date", "to_date", "kind", maintain_order=True)
        .with_columns(follows=is_same_as_above("patient_id"), latest_end=end.cum_max().shift(1).over("patient_id"))
    )
    rows = with_person(rows, context, pl.col("from_date"))
    judgements = {
        **judge_keys("pauses"),
        **judge_person("pauses", context),
        "pauses_overlap": Judgement(pl.col("follows"), pl.col("from_date") <= pl.col("latest_end")),
    }
    return rows, judgements


def patient_rows(context: Context) -> tuple[pl.LazyFrame, dict[str, Judgement]]:
    """Return the list of patients, and the rules about persons."""
    frames, present, limits = context.frames, context.present, context.limits

    def ids(*tables: str) -> pl.LazyFrame:
        return pl.concat([frames[table].select("patient_id") for table in tables]).unique()

    entries = ("sessions", "pain_scores", "responses")
    rows = (
        frames["patients"]
        .join(ids("plans").with_columns(has_plan=pl.lit(value=True)), on="patient_id", how="left", maintain_order="left")
        .join(
            ids(*entries).with_columns(has_entries=pl.lit(value=True)), on="patient_id", how="left", maintain_order="left"
        )
        .with_columns(pl.col("enrolled_date").alias(DAY), person_site=pl.col("site"))
        .with_columns(age=pl.col("enrolled_date").dt.year() - pl.col("birth_year"))
    )
    first, last = pl.col("onset_date"), pl.col("enrolled_date")
    latest = pl.max_horizontal(first, last)
    judgements = {
        **judge_keys("patients"),
        "patients_without_plan": Judgement(pl.lit("plans" in present), pl.col("has_plan").is_null()),
        "patients_without_entries": Judgement(
            pl.lit(any(table in present for table in entries)), pl.col("has_entries").is_null()
        ),
        "patients_young": given("age", pl.col("age") < limits["patients_young"]),
        "patients_old": given("age", pl.col("age") > limits["patients_old"]),
        "patients_onset_late": Judgement(first.is_not_null() & last.is_not_null(), first > last),
        "patients_in_future": Judgement(latest.is_not_null(), latest > context.cutoff_date),
    }
    return rows, judgements


def flag_rows(context: Context) -> tuple[pl.LazyFrame, dict[str, Judgement]]:
    """Return recorded red flags, and the rules about them."""
    rows = with_person(context.frames["flags"], context, pl.col("recorded_at").dt.date())
    judgements = {
        **judge_keys("flags"),
        **judge_person("flags", context),
        "flags_unknown_flag": Judgement(pl.lit(value=True), ~pl.col("flag_id").is_in(_flag_ids())),
    }
    return rows, judgements


SUBJECTS = (
    Subject("plans", ("patient_id", "plan_version", "exercise_id", "valid_from_date"), plan_rows),
    Subject("pauses", ("patient_id", "from_date", "kind"), pause_rows),
    Subject("patients", ("patient_id",), patient_rows),
    Subject("flags", ("patient_id", "recorded_at", "flag_id"), flag_rows),
)
