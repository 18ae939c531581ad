"""The day ledger: which days count, windows and clocks, what is still needed and by when."""

from datetime import date, datetime, time, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptanalytics.adherence import day_ledger, ledger_evidence
from ptanalytics.adherence.ledger_rules import ledger_rules
from ptanalytics.errors import SettingsError
from ptanalytics.schemas.ledger_results import LEDGER_NOTE
from ptanalytics.schemas.results import RESULTS

START = date(2026, 3, 2)


def day(number):
    return START + timedelta(days=number)


def log(*numbers, **columns):
    return pl.DataFrame(
        {
            "patient_id": pl.Series(["P1"] * len(numbers), dtype=pl.String),
            "session_id": pl.Series([f"s{i}" for i in range(len(numbers))], dtype=pl.String),
            "exercise_id": pl.Series(["bridge"] * len(numbers), dtype=pl.String),
            "started_at": pl.Series([datetime.combine(day(n), time(9)) for n in numbers], dtype=pl.Datetime("us")),
            **columns,
        }
    )


def ratings(*numbers):
    times = [datetime.combine(day(n), time(8)) for n in numbers]
    return pl.DataFrame({"patient_id": "P1", "recorded_at": times, "pain_nprs": 4.0})


def test_16_of_30_days_by_default():
    rule = ledger_rules()["days_16_of_30"]

    assert (rule.clock, rule.window_days, rule.needed_days, rule.counts) == ("periods", 30, 16, "activity")


def test_a_day_counts_once_and_a_skipped_session_does_not():
    sessions = log(0, 0, 1, 2, skip_reason=[None, None, "pain", None], completed_fraction=[1.0, 1.0, None, 0.0])
    row = day_ledger(sessions=sessions, on_date=day(2)).row(0, named=True)

    assert row["counted_days"] == 1


def test_days_still_needed_and_by_when():
    row = day_ledger(sessions=log(0, 1, 2), on_date=day(20), needed_days=5).row(0, named=True)

    assert (row["counted_days"], row["still_needed_days"], row["days_left"]) == (3, 2, 9)
    assert (row["is_met"], row["is_reachable"], row["by_date"], row["earliest_date"]) == (False, True, day(29), day(22))


def test_a_window_with_too_few_days_left_cannot_be_met():
    row = day_ledger(sessions=log(0), on_date=day(28), needed_days=5).row(0, named=True)

    assert (row["is_reachable"], row["by_date"], row["earliest_date"]) == (False, None, None)


def test_a_met_window_says_when():
    row = day_ledger(sessions=log(0, 4, 9), on_date=day(20), needed_days=2).row(0, named=True)

    assert (row["is_met"], row["met_date"], row["still_needed_days"], row["by_date"]) == (True, day(4), 0, None)


def test_windows_follow_one_another_from_the_first_day_that_counts_also_empty_ones():
    ledger = day_ledger(sessions=log(0, 70), on_date=day(75))

    assert ledger.select("window", "from_date", "counted_days", "is_current").rows() == [
        (1, day(0), 1, False),
        (2, day(30), 0, False),
        (3, day(60), 1, True),
    ]


def test_calendar_months_keep_their_length():
    ledger = day_ledger(sessions=log(-28, 0), on_date=day(0), rule="calendar_month")

    assert ledger.select("from_date", "to_date", "counted_days").rows() == [
        (date(2026, 2, 1), date(2026, 2, 28), 1),
        (date(2026, 3, 1), date(2026, 3, 31), 1),
    ]


def test_a_trailing_window_knows_what_falls_out_of_it():
    # 6 of the last 30 days, the oldest of them about to fall out
    numbers = (0, 19, 20, 26, 27, 28)
    row = day_ledger(sessions=log(*numbers), on_date=day(29), rule="last_30_days", needed_days=8).row(0, named=True)

    assert (row["counted_days"], row["still_needed_days"], row["by_date"]) == (6, 2, None)
    assert row["earliest_date"] == day(32)


def test_entries_after_the_day_asked_about_are_not_counted():
    assert day_ledger(sessions=log(0, 5), on_date=day(3))["counted_days"].to_list() == [1]


def test_a_rating_counts_only_under_a_rule_of_entries(monkeypatch):
    tables = {"sessions": log(0), "pain_scores": ratings(0, 1, 2), "on_date": day(3)}
    assert day_ledger(**tables)["counted_days"].to_list() == [1]

    any_entry = ledger_rules()["days_16_of_30"].model_copy(update={"counts": "entry"})
    monkeypatch.setitem(ledger_rules(), "days_16_of_30", any_entry)
    assert day_ledger(**tables)["counted_days"].to_list() == [3]


def test_it_is_marked_as_evidence_and_not_billing_advice():
    assert day_ledger(sessions=log(0))["note"].to_list() == [LEDGER_NOTE]
    assert "Not billing advice" in LEDGER_NOTE


def test_evidence_lists_every_day_with_an_entry_and_why_it_counts():
    sessions = log(0, 0, 1, skip_reason=[None, None, "pain"], source=["app_log", "sensor", None])
    evidence = ledger_evidence(sessions=sessions, pain_scores=ratings(1, 2))

    shown = evidence.select("date", "is_counted", "n_sessions", "n_done", "n_ratings", "sources").rows()
    assert shown == [
        (day(0), True, 2, 2, 0, "app_log, sensor"),
        (day(1), False, 1, 0, 1, None),
        (day(2), False, 0, 0, 1, None),
    ]


def test_a_day_before_the_first_that_counts_lies_in_no_window():
    evidence = ledger_evidence(sessions=log(5), pain_scores=ratings(0))

    assert evidence.select("date", "window").rows() == [(day(0), None), (day(5), 1)]


def test_a_day_begins_at_the_hour_of_the_settings():
    late = log(0).with_columns(pl.lit(datetime.combine(day(1), time(1))).alias("started_at"))
    evidence = ledger_evidence(sessions=late, settings={"time": {"day_start_hour": 3}})

    assert evidence["date"].to_list() == [day(0)]


@pytest.mark.parametrize("options", [{"rule": "no_such"}, {"needed_days": 31}, {"needed_days": 0}, {"window_days": 10}])
def test_rules_that_make_no_sense_are_refused(options):
    with pytest.raises(SettingsError):
        day_ledger(sessions=log(0), **options)


@pytest.mark.parametrize("rule", sorted(ledger_rules()))
def test_without_a_day_that_counts_the_tables_are_empty(rule):
    for analysis in (day_ledger, ledger_evidence):
        found = analysis(sessions=log(), rule=rule)
        assert found.is_empty()
        RESULTS[analysis.name].validate(found)


@settings(max_examples=40)
@given(
    numbers=st.sets(st.integers(0, 70), min_size=1),
    on=st.integers(0, 70),
    needed=st.integers(1, 30),
    rule=st.sampled_from(("days_16_of_30", "last_30_days", "calendar_month")),
)
def test_counts_and_earliest_day_by_hand(numbers, on, needed, rule):
    ledger = day_ledger(sessions=log(*sorted(numbers)), on_date=day(on), rule=rule, needed_days=needed)

    RESULTS["day_ledger"].validate(ledger)
    known = {day(n) for n in numbers if n <= on}
    for row in ledger.iter_rows(named=True):
        inside = sorted(d for d in known if row["from_date"] <= d <= row["to_date"])
        assert row["counted_days"] == len(inside)
        assert row["is_met"] == (len(inside) >= needed)
        if row["is_current"] and not row["is_met"]:
            assert row["earliest_date"] == earliest_by_hand(row, known, day(on), needed, is_trailing=rule == "last_30_days")


def earliest_by_hand(row, known, on, needed, *, is_trailing):
    """Walk on, every day with an entry, until the window has what is needed or is over."""
    reached = on
    while True:
        reached += timedelta(days=1)
        first = reached - timedelta(days=29) if is_trailing else row["from_date"]
        if not is_trailing and reached > row["to_date"]:
            return None
        coming = (reached - on).days
        if sum(first <= d for d in known) + coming >= needed:
            return reached
