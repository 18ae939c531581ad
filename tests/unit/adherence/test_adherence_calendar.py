"""What the calendar, the rolling window, streaks and the cohort table say of small logs."""

from datetime import date, datetime, time, timedelta

import polars as pl
import pytest

from ptanalytics.adherence import (
    adherence_days,
    adherence_summary,
    cohort_adherence,
    rolling_adherence,
    week_streaks,
    weekly_adherence,
)
from ptanalytics.errors import MissingColumnsError
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.results import RESULTS

START = date(2026, 3, 2)


def day(number):
    return START + timedelta(days=number)


def log(*entries):
    """Entries are days, or (day, fraction)."""
    pairs = [e if isinstance(e, tuple) else (e, None) for e in entries]
    return pl.DataFrame(
        {
            "patient_id": ["P1"] * len(pairs),
            "session_id": [f"s{i}" for i in range(len(pairs))],
            "exercise_id": ["bridge"] * len(pairs),
            "started_at": [datetime.combine(d, time(9)) for d, _ in pairs],
            "completed_fraction": [fraction for _, fraction in pairs],
        },
        schema_overrides={"completed_fraction": pl.Float64, "started_at": pl.Datetime("us")},
    )


def plan(per_week=3.0, weekdays=None, end=None, per_day=None, patient="P1"):
    row = {
        "patient_id": patient,
        "plan_version": 1,
        "exercise_id": "bridge",
        "valid_from_date": START,
        "valid_to_date": end,
        "sessions_per_week": per_week,
        "weekdays": weekdays,
        "sessions_per_day": per_day,
    }
    types = {"valid_to_date": pl.Date, "sessions_per_week": pl.Float64, "weekdays": pl.String, "sessions_per_day": pl.Int32}
    return pl.DataFrame([row], schema_overrides=types)


def hold(first, last):
    return pl.DataFrame({"patient_id": ["P1"], "from_date": [first], "to_date": [last], "kind": ["clinician_hold"]})


def statuses(sessions, plans, cutoff, **frames):
    return adherence_days(sessions=sessions, plans=plans, cutoff_date=cutoff, **frames)["status"].to_list()


def test_fixed_days_without_entry_are_not_recorded_and_other_days_rest():
    plans = plan(per_week=None, weekdays="mon,wed,fri")

    assert statuses(log(day(0)), plans, day(6)) == ["done", "rest", "not_recorded", "rest", "not_recorded", "rest", "rest"]


def test_with_open_days_a_reached_week_has_rest_days_only():
    assert statuses(log(day(0), day(1), day(2)), plan(), day(6)) == ["done"] * 3 + ["rest"] * 4


def test_with_open_days_an_unreached_week_has_days_not_recorded():
    assert statuses(log(day(0)), plan(), day(6)) == ["done"] + ["not_recorded"] * 6


def test_partly_done_and_reported_as_not_done_differ_from_no_entry():
    assert statuses(log((day(0), 0.3), (day(1), 0.0)), plan(), day(2)) == ["partly", "missed", "not_recorded"]


def test_a_hold_shows_and_an_entry_in_it_is_unprescribed():
    days = statuses(log(day(0), day(2)), plan(per_week=1.0), day(3), pauses=hold(day(1), day(2)))

    assert days == ["done", "hold", "unprescribed", "rest"]


def test_an_entry_after_the_plan_ended_shows_as_unprescribed():
    assert statuses(log(day(0), day(3)), plan(per_week=1.0, end=day(1)), day(6)) == ["done", "rest", "rest", "unprescribed"]


@pytest.mark.parametrize("prorate", ["fractional", "round_half_up"])
def test_the_days_of_the_calendar_sum_to_the_weeks(prorate):
    frames = {"sessions": log(day(0), day(3), day(9), day(15)), "plans": plan(), "pauses": hold(day(8), day(10))}
    options = {"cutoff_date": day(14), "settings": {"adherence": {"prorate": prorate}}}

    days, weeks = adherence_days(**frames, **options), weekly_adherence(**frames, **options)

    assert days.group_by("week").agg(pl.col("counted").sum(), pl.col("logged").sum()).sort("week").rows() == (
        weeks.select("week", "counted", "logged").rows()
    )


@pytest.mark.parametrize(
    ("cutoff", "pauses", "want"),
    [
        pytest.param(day(2), None, (3, None, "too_few_eligible_days"), id="three days are too few"),
        pytest.param(day(3), None, (4, 100.0, None), id="four are enough"),
        pytest.param(day(13), hold(day(0), day(13)), (0, None, "zero_prescribed"), id="all on hold"),
    ],
)
def test_rolling_needs_enough_eligible_days(cutoff, pauses, want):
    frames = {"sessions": log(day(0), day(1)), "plans": plan()} | ({} if pauses is None else {"pauses": pauses})

    rolling = rolling_adherence(**frames, cutoff_date=cutoff)

    assert rolling.select("eligible_days", "adherence_pct", "reason").rows() == [want]


def test_rolling_sees_only_its_window():
    rolling = rolling_adherence(sessions=log(day(0), day(9)), plans=plan(per_week=7.0), days=7, cutoff_date=day(13))

    assert rolling.select("from_date", "to_date", "prescribed", "counted").rows() == [(day(7), day(13), 7.0, 1)]


def test_a_streak_is_not_broken_by_the_unfinished_week():
    sessions = log(*(day(n) for n in (0, 2, 4, 7, 9, 11)))

    streaks = week_streaks(sessions=sessions, plans=plan(), cutoff_date=day(16))

    assert streaks.select("complete_weeks", "current_weeks", "best_weeks").rows() == [(2, 2, 2)]


def cohort_of_three():
    """P1 does 4 of 3, then 1 of 3; P2 does 3 of 3, then none of 3; P3 has nothing prescribed."""
    first = log(*(day(n) for n in (0, 1, 2, 3, 7)))
    second = log(*(day(n) for n in (0, 1, 2))).with_columns(patient_id=pl.lit("P2"))
    plans = pl.concat([plan(), plan(patient="P2"), plan(patient="P3", per_week=0.0)])
    return adherence_summary(sessions=pl.concat([first, second]), plans=plans, cutoff_date=day(13))


def test_cohort_adherence_by_every_definition_with_its_denominator():
    table = cohort_adherence(cohort_of_three())

    got = {row["definition"]: row for row in table.to_dicts()}
    sums = {name: (row["numerator"], row["denominator"], row["unit"]) for name, row in got.items()}
    assert sums == {
        "uncapped": (8.0, 12.0, "sessions"),
        "weekly_capped": (7.0, 12.0, "sessions"),
        "window_capped": (8.0, 12.0, "sessions"),
        "mean_of_weeks": (pytest.approx(1 + 1 / 3 + 1), 4.0, "weeks"),
        "weeks_adherent": (2.0, 4.0, "weeks"),
    }
    assert {(row["n"], row["n_without"]) for row in got.values()} == {(2, 1)}
    assert got["weekly_capped"]["median_pct"] == pytest.approx((100 * 4 / 6 + 50) / 2)
    assert got["weekly_capped"]["lower_quartile_pct"] == pytest.approx(50 + (100 * 4 / 6 - 50) / 4)
    assert [name for name, row in got.items() if row["is_headline"]] == ["weekly_capped"]


def test_cohort_adherence_keeps_the_callers_kind_and_needs_a_summary():
    pandas_table = cohort_adherence(cohort_of_three().to_pandas())

    assert pandas_table["denominator"].tolist() == [12.0, 12.0, 12.0, 4.0, 4.0]
    with pytest.raises(MissingColumnsError, match="weekly_capped_pct"):
        cohort_adherence(pl.DataFrame({"patient_id": ["P1"]}))


def test_a_cohort_without_anybody_has_no_values():
    nobody = cohort_adherence(cohort_of_three().filter(pl.col("patient_id") == "P3"))

    assert nobody["reason"].to_list() == ["no_patients"] * 5
    assert nobody["pooled_pct"].null_count() == 5


@pytest.mark.parametrize("analysis", [adherence_days, rolling_adherence, week_streaks])
def test_results_have_the_columns_and_types_of_their_schema(analysis):
    result = analysis(sessions=log(day(0)), plans=plan(), pauses=hold(day(7), day(8)), cutoff_date=day(13))

    assert dict(result.schema) == {n: info.dtype for n, info in columns_of(analysis.returns).items()}
    analysis.returns.validate(result)


def test_the_cohort_table_has_the_columns_and_types_of_its_schema():
    model = RESULTS["cohort_adherence"]

    assert dict(cohort_adherence(cohort_of_three()).schema) == {n: info.dtype for n, info in columns_of(model).items()}
    model.validate(cohort_adherence(cohort_of_three()))
