"""The pharmacy measures case by case: carrying over, changes of medicine and dose, windows, what is missing and why."""

from datetime import date, timedelta

import polars as pl
import pytest

from ptanalytics.adherence import pharmacy_adherence, pharmacy_episodes, pharmacy_windows
from ptanalytics.errors import SettingsError
from ptanalytics.schemas.results import RESULTS

DAY_0 = date(2026, 1, 1)


def supplies(*rows, patient="P1"):
    """Rows are (day, duration), (day, duration, category) or (day, duration, category, dose)."""
    full = [(*row, *(None,) * (4 - len(row))) for row in rows]
    return pl.DataFrame(
        [(patient, DAY_0 + timedelta(days=d), float(length), medicine, dose) for d, length, medicine, dose in full],
        orient="row",
        schema={
            "patient_id": pl.String,
            "supplied_date": pl.Date,
            "duration_days": pl.Float64,
            "category": pl.String,
            "daily_dose": pl.Float64,
        },
    )


def one(*rows, **options):
    return pharmacy_adherence(supplies=supplies(*rows), **{"followup_days": 100, **options}).row(0, named=True)


def test_oversupply_is_carried_to_the_next_event():
    row = one((0, 30), (20, 30))

    assert (row["cma7"], row["pdc"]) == (0.6, 0.5)


def test_a_gap_uses_up_nothing_and_carries_nothing():
    assert one((0, 10), (50, 10))["cma7"] == 0.2


def test_cma5_and_6_do_not_know_what_was_supplied_before_the_window():
    row = one((0, 60), (40, 10), observation_start_day=30, observation_days=40)

    assert row["cma6"] == pytest.approx(10 / 30)
    assert row["cma7"] == 1


def test_cma8_begins_when_the_supply_from_before_is_used_up():
    row = one((0, 50), (60, 10), observation_start_day=30, observation_days=50)

    assert row["lag_days"] == 20
    assert row["cma8"] == pytest.approx(10 / 30)


def test_cma8_is_missing_when_the_supply_from_before_lasts_beyond_the_window():
    row = one((0, 90), observation_start_day=30, observation_days=50)

    assert (row["cma8"], row["cma8_reason"], row["cma7"]) == (None, "supply_outlasts_window", 1)


def test_cma9_does_not_depend_on_where_in_an_interval_the_window_begins():
    early = one((0, 10), (40, 10), observation_start_day=5, observation_days=20)
    late = one((0, 10), (40, 10), observation_start_day=15, observation_days=20)

    assert early["cma9"] == late["cma9"] == 0.25
    assert (early["cma7"], late["cma7"]) == (0.25, 0)


def test_another_medicine_throws_away_what_is_left_when_asked():
    rows = ((0, 30, "a"), (10, 10, "b"))

    assert one(*rows)["cma7"] == 0.4
    assert one(*rows, carry_only_same_category=True)["cma7"] == 0.2


def test_what_is_left_lasts_by_the_new_dose_when_asked():
    rows = ((0, 30, "a", 4.0), (10, 10, "a", 2.0))

    # 20 days of 4 a day are 40 days of 2 a day
    assert one(*rows, adjust_for_dose=True)["cma7"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("rows", "reason", "has_cma1", "has_cma2"),
    [
        (((0, 10),), "no_event_in_window", False, False),
        (((0, 10), (30, 5)), "one_event", False, True),
        (((0, 10), (30, 5), (30, 5)), "events_on_one_day", False, True),
        (((0, 10), (30, 5), (31, 5)), None, True, True),
    ],
)
def test_what_is_missing_has_a_reason(rows, reason, has_cma1, has_cma2):
    row = one(*rows, observation_start_day=20, observation_days=40)

    assert row["reason"] == reason
    assert (row["cma1"] is not None, row["cma5"] is not None) == (has_cma1, has_cma1)
    assert (row["cma2"] is not None, row["cma6"] is not None) == (has_cma2, has_cma2)


def test_an_event_on_the_day_after_the_window_is_outside_it():
    assert one((0, 10), (50, 10), observation_days=50)["n_events"] == 1
    assert one((0, 10), (49, 10), observation_days=50)["n_events"] == 2


def test_events_after_follow_up_are_not_used():
    assert one((0, 10), (100, 10))["cma9"] == pytest.approx(0.1)


def test_windows_are_counted_from_each_patients_first_event():
    both = pl.concat([supplies((0, 10)), supplies((40, 10), patient="P2")])
    found = pharmacy_adherence(supplies=both, followup_days=20)

    assert found["from_date"].to_list() == [DAY_0, DAY_0 + timedelta(days=40)]
    assert found["cma7"].to_list() == [0.5, 0.5]


@pytest.mark.parametrize(
    "options",
    [
        {"followup_days": 0},
        {"followup_start_day": -1},
        {"observation_start_day": 90, "observation_days": 20},
        {"observation_days": 0},
    ],
)
def test_windows_that_do_not_lie_in_follow_up_are_refused(options):
    with pytest.raises(SettingsError):
        one((0, 10), **options)


def test_an_episode_ends_when_its_supply_is_used_up_or_with_follow_up():
    found = pharmacy_episodes(supplies=supplies((0, 10), (60, 10)), permissible_gap_days=30, followup_days=90)

    assert found.select("window_days", "gap_days", "is_last").rows() == [(10, 50.0, False), (30, 20.0, True)]


def test_an_episode_with_a_long_gap_to_the_end_of_follow_up_ends_with_its_supply():
    found = pharmacy_episodes(supplies=supplies((0, 10)), permissible_gap_days=30, followup_days=90)

    assert found.select("window_days", "gap_days", "is_last", "cma7").rows() == [(10, 80.0, True, 1.0)]


def test_a_gap_as_long_as_permissible_does_not_end_an_episode():
    assert pharmacy_episodes(supplies=supplies((0, 10), (40, 10)), permissible_gap_days=30).height == 1
    assert pharmacy_episodes(supplies=supplies((0, 10), (41, 10)), permissible_gap_days=30).height == 2


def test_another_dose_starts_an_episode_when_asked():
    rows = supplies((0, 30, "a", 2.0), (30, 30, "a", 4.0))

    assert pharmacy_episodes(supplies=rows).height == 1
    assert pharmacy_episodes(supplies=rows, dose_change_starts_episode=True).height == 2


def test_two_medicines_on_one_day_are_one_episode():
    assert pharmacy_episodes(supplies=supplies((0, 30, "a"), (0, 30, "b"))).height == 1


def test_a_negative_gap_is_refused():
    with pytest.raises(SettingsError, match="permissible_gap_days"):
        pharmacy_episodes(supplies=supplies((0, 10)), permissible_gap_days=-1)


def test_only_whole_windows_are_measured():
    found = pharmacy_windows(supplies=supplies((0, 10)), window_days=30, step_days=20, followup_days=100)

    assert found["window"].to_list() == [1, 2, 3, 4]
    assert found["from_date"].to_list()[-1] == DAY_0 + timedelta(days=60)


@pytest.mark.parametrize("options", [{"window_days": 0}, {"step_days": 0}, {"window_days": 101}])
def test_windows_that_do_not_fit_are_refused(options):
    with pytest.raises(SettingsError):
        pharmacy_windows(
            supplies=supplies((0, 10)), **{"window_days": 10, "step_days": 10, "followup_days": 100, **options}
        )


@pytest.mark.parametrize("analysis", [pharmacy_adherence, pharmacy_episodes, pharmacy_windows])
def test_no_supply_gives_an_empty_table_of_the_schema(analysis):
    found = analysis(supplies=supplies())

    assert found.is_empty()
    RESULTS[analysis.name].validate(found)
