"""The numbered adherence vectors of the clinical reference (section 7.2), each by its number.

Unless a vector says otherwise: plan start Monday 2026-03-02, 3 sessions a week, 1 a day.
"""

from datetime import date, datetime, time
from fractions import Fraction
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from ptanalytics.adherence import (
    adherence_summary,
    dose_adherence,
    exercise_adherence,
    rolling_adherence,
    week_streaks,
    weekly_adherence,
)

START = date(2026, 3, 2)


def march(day: int) -> date:
    return date(2026, 3, day)


def plan(version=1, start=START, end=None, per_week=3.0, weekdays=None, per_day=None):
    return {
        "patient_id": "P1",
        "plan_version": version,
        "exercise_id": "bridge",
        "valid_from_date": start,
        "valid_to_date": end,
        "sessions_per_week": per_week,
        "weekdays": weekdays,
        "sessions_per_day": per_day,
    }


def plans(*rows):
    types = {"valid_to_date": pl.Date, "sessions_per_week": pl.Float64, "weekdays": pl.String, "sessions_per_day": pl.Int32}
    return pl.DataFrame(list(rows) or [plan()], schema_overrides=types)


def sessions(*days):
    times = [d if isinstance(d, datetime) else datetime.combine(d, time(9)) for d in days]
    return pl.DataFrame(
        {
            "patient_id": ["P1"] * len(times),
            "session_id": [f"s{i}" for i in range(len(times))],
            "exercise_id": ["bridge"] * len(times),
            "started_at": times,
        },
        schema_overrides={"started_at": pl.Datetime("us")},
    )


def hold(first, last):
    return pl.DataFrame({"patient_id": ["P1"], "from_date": [first], "to_date": [last], "kind": ["clinician_hold"]})


def in_march(*days):
    return sessions(*(march(d) for d in days))


def weeks(log, prescribed=None, **options):
    return weekly_adherence(sessions=log, plans=prescribed if prescribed is not None else plans(), **options)


def summary(log, prescribed=None, **options):
    table = adherence_summary(sessions=log, plans=prescribed if prescribed is not None else plans(), **options)
    return table.row(0, named=True)


def pct(value):
    return pytest.approx(100 * float(Fraction(value)), abs=1e-6)


def test_a1_weekly_cap_does_not_let_one_week_hide_another():
    log = in_march(2, 4, 6, 9, 12, 16, 17, 19, 20, 22)

    by_week = weeks(log, cutoff_date=march(22))
    total = summary(log, cutoff_date=march(22))

    assert by_week.select("counted", "prescribed").rows() == [(3, 3.0), (2, 3.0), (5, 3.0)]
    assert (total["counted"], total["prescribed"]) == (10, 9.0)
    assert total["uncapped_pct"] == pct("10/9")
    assert total["weekly_capped_pct"] == pct("8/9")
    assert total["window_capped_pct"] == pct(1)
    assert total["mean_of_weeks_pct"] == pct("8/9")


def test_a2_the_last_week_is_prorated_and_partial():
    log = in_march(2, 4, 6, 9, 12, 16)

    last = weeks(log, cutoff_date=march(18)).row(2, named=True)
    total = summary(log, cutoff_date=march(18))

    assert last["eligible_days"] == 3
    assert last["prescribed"] == pytest.approx(9 / 7, abs=1e-9)
    assert last["counted"] == 1
    assert last["adherence_pct"] == pct("7/9")
    assert last["is_partial"] is True
    assert total["prescribed"] == pytest.approx(51 / 7, abs=1e-9)
    assert total["uncapped_pct"] == pct("14/17")
    assert total["weekly_capped_pct"] == pct("14/17")
    assert total["mean_of_weeks_pct"] == pct("22/27")


def test_a3_plan_weeks_and_iso_weeks_have_equal_totals_but_different_caps():
    log, prescribed = in_march(4, 6, 8, 10, 12), plans(plan(start=march(4)))
    iso = {"time": {"week_anchor": "iso"}}

    plan_weeks = weeks(log, prescribed, cutoff_date=march(15))
    iso_weeks = weeks(log, prescribed, cutoff_date=march(15), settings=iso)
    by_plan = summary(log, prescribed, cutoff_date=march(15))
    by_iso = summary(log, prescribed, cutoff_date=march(15), settings=iso)

    assert plan_weeks["counted"].to_list() == [4, 1]
    assert plan_weeks["prescribed"].to_list() == pytest.approx([3, 15 / 7], abs=1e-9)
    assert iso_weeks["counted"].to_list() == [3, 2]
    assert iso_weeks["prescribed"].to_list() == pytest.approx([15 / 7, 3], abs=1e-9)
    assert by_plan["prescribed"] == pytest.approx(36 / 7, abs=1e-9)
    assert by_plan["weekly_capped_pct"] == pct("7/9")
    assert by_iso["weekly_capped_pct"] == pct("29/36")
    assert by_plan["uncapped_pct"] == by_iso["uncapped_pct"] == pct("35/36")


def test_a4_a_hold_takes_days_away():
    total = summary(in_march(2, 8), pauses=hold(march(4), march(6)), cutoff_date=march(8))

    assert total["eligible_days"] == 4
    assert total["prescribed"] == pytest.approx(12 / 7, abs=1e-9)
    assert total["uncapped_pct"] == pct("7/6")
    assert total["weekly_capped_pct"] == pct(1)


def test_a5_a_week_on_hold_has_no_percentage_and_its_session_is_unprescribed():
    log, pauses = in_march(2, 4, 6, 11, 16, 18), hold(march(9), march(15))

    second = weeks(log, pauses=pauses, cutoff_date=march(22)).row(1, named=True)
    total = summary(log, pauses=pauses, cutoff_date=march(22))

    assert (second["prescribed"], second["adherence_pct"], second["reason"]) == (0, None, "zero_prescribed")
    assert second["unprescribed"] == 1
    assert (total["counted"], total["prescribed"]) == (5, 6.0)
    assert total["weekly_capped_pct"] == pct("5/6")


@pytest.mark.parametrize(
    ("start", "moment", "day_start_hour", "week"),
    [
        pytest.param(START, "2026-03-09T04:30:00+00:00", 0, 2, id="A6 clocks forward: elapsed 167.5 h, yet week 2"),
        pytest.param(START, "2026-03-09T04:30:00+00:00", 3, 1, id="A6 the day starts at 3: still the day before"),
        pytest.param(date(2026, 10, 26), "2026-11-02T04:30:00+00:00", 0, 1, id="A7 clocks back: 168.5 h, yet week 1"),
    ],
)
def test_a6_a7_weeks_are_counted_in_local_days(start, moment, day_start_hour, week):
    local = datetime.fromisoformat(moment).astimezone(ZoneInfo("America/New_York")).replace(tzinfo=None)

    by_week = weeks(
        sessions(local),
        plans(plan(start=start)),
        cutoff_date=date.fromordinal(start.toordinal() + 13),
        settings={"time": {"day_start_hour": day_start_hour}},
    )

    assert by_week.filter(pl.col("counted") == 1)["week"].to_list() == [week]


@pytest.mark.parametrize(
    ("per_day", "counted", "share"),
    [
        pytest.param(None, 2, "2/3", id="A8 one a day: the second does not count"),
        pytest.param(2, 3, "1", id="A8 two a day: it does"),
    ],
)
def test_a8_sessions_per_day_limit_what_counts(per_day, counted, share):
    total = summary(in_march(2, 2, 4), plans(plan(per_day=per_day)), cutoff_date=march(8))

    assert (total["counted"], total["logged"]) == (counted, 3)
    assert total["weekly_capped_pct"] == pct(share)


def test_a9_an_overdose_week_is_flagged_and_does_not_fill_the_next():
    log = in_march(2, 3, 4, 5, 6, 10)

    total = summary(log, cutoff_date=march(15))

    assert (total["uncapped_pct"], total["window_capped_pct"]) == (pct(1), pct(1))
    assert total["weekly_capped_pct"] == pct("2/3")
    assert total["overdose_weeks"] == 1
    assert weeks(log, cutoff_date=march(15))["is_overdose"].to_list() == [True, False]


def test_a10_without_prescription_there_is_no_ratio():
    total = summary(in_march(2), plans(plan(per_week=0.0)), cutoff_date=march(8))

    ratios = ("uncapped", "weekly_capped", "window_capped", "mean_of_weeks", "weeks_adherent")
    assert [total[f"{name}_pct"] for name in ratios] == [None] * 5
    assert (total["reason"], total["unprescribed"], total["counted"]) == ("zero_prescribed", 1, 0)


def test_a16_week_streak_steps_over_a_hold():
    streak = week_streaks(
        sessions=in_march(2, 4, 6, 16, 18, 20, 23, 25),
        plans=plans(),
        pauses=hold(march(9), march(15)),
        cutoff_date=march(29),
    ).row(0, named=True)

    assert (streak["current_weeks"], streak["best_weeks"]) == (0, 2)


@pytest.mark.parametrize(
    ("day", "prescribed", "counted", "share"),
    [pytest.param(15, 6.0, 4, "2/3", id="A17 14 days"), pytest.param(8, 3.0, 3, "1", id="A17 7 eligible days")],
)
def test_a17_rolling_window(day, prescribed, counted, share):
    rolling = rolling_adherence(
        sessions=in_march(2, 4, 6, 10), plans=plans(), on_date=march(day), days=14, cutoff_date=march(15)
    ).row(0, named=True)

    assert (rolling["prescribed"], rolling["counted"]) == (prescribed, counted)
    assert rolling["adherence_pct"] == pct(share)


def test_a21_a_daily_plan_counts_one_session_a_day():
    log = in_march(2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 13)

    total = summary(log, plans(plan(per_week=None, per_day=1, end=march(15))), cutoff_date=march(15))

    assert (total["counted"], total["prescribed"]) == (10, 14.0)
    assert total["uncapped_pct"] == pct("5/7")


@pytest.mark.parametrize(
    ("makeup", "share"),
    [
        pytest.param("exact", "1/3", id="A22 only the scheduled day"),
        pytest.param("window", "1", id="A22 within one day"),
        pytest.param("week", "1", id="A22 any day of the week"),
    ],
)
def test_a22_makeup(makeup, share):
    prescribed = plans(plan(per_week=None, weekdays="mon,wed,fri"))

    total = summary(in_march(3, 4, 7), prescribed, cutoff_date=march(8), settings={"adherence": {"makeup": makeup}})

    assert total["weekly_capped_pct"] == pct(share)


def test_a23_a_plan_change_in_the_middle_of_a_week():
    prescribed = plans(plan(), plan(version=2, start=march(5), per_week=5.0))

    total = summary(in_march(2, 4, 5, 7), prescribed, cutoff_date=march(8))

    assert total["prescribed"] == pytest.approx(29 / 7, abs=1e-9)
    assert total["weekly_capped_pct"] == pct("28/29")


def test_a24_fixed_weekdays_in_a_plan_week_that_starts_on_wednesday():
    prescribed = plans(plan(start=march(4), per_week=None, weekdays="mon,wed,fri"))

    assert weeks(in_march(4), prescribed, cutoff_date=march(10)).row(0, named=True)["prescribed"] == 3.0


def test_a25_iso_week_over_new_year():
    log, prescribed = sessions(date(2027, 1, 1)), plans(plan(start=date(2026, 12, 28)))

    iso = weeks(log, prescribed, settings={"time": {"week_anchor": "iso"}})

    assert iso.select("week", "week_start_date").rows() == [(53, date(2026, 12, 28))]
    assert weeks(log, prescribed)["week"].to_list() == [1]


def test_a18_the_mean_of_capped_ratios_over_exercises_in_different_units():
    amounts = {"exercise_id": ["bridge", "plank", "walk"], "patient_id": ["P1"] * 3}
    log = pl.DataFrame({
        **amounts, "session_id": ["s"] * 3, "started_at": [datetime.combine(START, time(9))] * 3,
        "reps": [36.0, None, None], "hold_s": [None, 30.0, None], "duration_min": [None, None, 30.0],
    })  # fmt: skip
    prescribed = pl.DataFrame({
        **amounts, "plan_version": [1] * 3, "valid_from_date": [START] * 3, "sessions_per_day": [1] * 3,
        "reps": [36.0, None, None], "hold_s": [None, 60.0, None], "duration_min": [None, None, 20.0],
    })  # fmt: skip
    tables = {"sessions": log, "plans": prescribed, "cutoff_date": START}

    ratios = dict(exercise_adherence(**tables).select("exercise_id", "dose_pct").rows())
    total = dose_adherence(**tables).filter(category="all").row(0, named=True)

    assert ratios == {"bridge": pct(1), "plank": pct(Fraction(1, 2)), "walk": pct(Fraction(3, 2))}
    assert total["capped_pct"] == pytest.approx(83.3333333, abs=1e-6)
    assert total["dose_pct"] == pct(1)
    assert total["unit"] is None  # reps, seconds and minutes are never added
