import polars as pl
import pytest

from outcome_frames import on, ratings
from ptanalytics.errors import InvalidTableError, SettingsError
from ptanalytics.outcomes import daily_pain, recent_pain


def test_day_is_the_mean_or_the_worst():
    day = ratings({(0, 8): 2, (0, 20): 7})

    assert daily_pain(day).select("pain_nprs", "n_readings").rows() == [(4.5, 2)]
    assert daily_pain(day, settings={"outcomes": {"daily_agg": "max"}})["pain_nprs"].to_list() == [7]


def test_days_without_rating_have_no_row():
    assert daily_pain(ratings({0: 3, 4: 3}))["date"].to_list() == [on(0), on(4)]


def test_recalls_are_never_mixed_the_settings_recall_wins():
    mixed = pl.concat([ratings({0: 2, 1: 2}, recall="current"), ratings({1: 6}, recall="avg_24h")])

    assert daily_pain(mixed).select("date", "pain_nprs", "recall").rows() == [(on(1), 6.0, "avg_24h")]


def test_without_the_settings_recall_the_most_frequent_one_is_taken():
    mixed = pl.concat([ratings({0: 2, 1: 2}, recall="worst_24h"), ratings({2: 6}, recall="current")])

    assert daily_pain(mixed)["recall"].unique().to_list() == ["worst_24h"]


def test_a_tie_between_recalls_goes_to_the_first_of_the_list():
    mixed = pl.concat([ratings({0: 2}, recall="worst_24h"), ratings({2: 6}, recall="current")])

    assert daily_pain(mixed)["recall"].to_list() == ["current"]


def test_each_patient_has_their_own_recall():
    two = pl.concat([ratings({0: 2}, recall="current"), ratings({0: 6}, patient="P2", recall="worst_24h")], how="diagonal")

    assert daily_pain(two).select("patient_id", "recall").rows() == [("P1", "current"), ("P2", "worst_24h")]


def test_a_recall_asked_for_is_taken_strictly():
    assert daily_pain(ratings({0: 2}, recall="current"), recall="avg_24h").height == 0


def test_missing_recall_is_unknown():
    assert daily_pain(ratings({0: 2}))["recall"].to_list() == ["unknown"]


def test_other_body_sites_are_left_out_and_no_site_is_the_back():
    sites = pl.concat([ratings({0: 2}, site="low_back"), ratings({0: 9}, site="knee"), ratings({1: 4}, site=None)])

    assert daily_pain(sites)["pain_nprs"].to_list() == [2, 4]
    assert daily_pain(sites, site="knee")["pain_nprs"].to_list() == [9]


def test_a_flare_mark_holds_for_the_day_whatever_the_recall_that_carries_it():
    marked = pl.concat(
        [ratings({(0, 8): 5}, recall="current", is_flare=True), ratings({(0, 20): 6}, recall="avg_24h", is_flare=None)]
    )

    assert daily_pain(marked).select("pain_nprs", "is_flare").rows() == [(6.0, True)]


def test_day_starts_at_the_hour_of_the_settings():
    assert daily_pain(ratings({(1, 1): 5}), settings={"time": {"day_start_hour": 3}})["date"].to_list() == [on(0)]


def test_not_a_number_is_missing_not_a_rating():
    with pytest.raises(InvalidTableError, match="pain_nprs must be given"):
        daily_pain(ratings({0: float("nan"), 1: 4}))


def test_no_ratings_no_rows():
    assert daily_pain(ratings({})).height == 0


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param({0: 8, 1: 3, 2: 4, 3: 2}, (3.0, 3, None), id="the last three"),
        pytest.param({0: 8, 1: 3}, (None, 2, "too_few_recent_days"), id="only two"),
        pytest.param({0: 3, 1: 4, 14: 2}, (None, 2, "too_few_recent_days"), id="one is 15 days old"),
        pytest.param({1: 3, 2: 4, 14: 2}, (3.0, 3, None), id="just within 14 days"),
    ],
)
def test_present_pain(days, expected):
    assert recent_pain(ratings(days)).select("pain_nprs", "n_days", "reason").row(0) == expected


def test_present_pain_is_missing_long_after_the_last_entry_and_ends_at_discharge():
    logged = ratings({0: 3, 1: 4, 2: 2})
    people = pl.DataFrame({"patient_id": ["P1"], "discharged_date": [on(5)]})

    assert recent_pain(logged, on_date=on(60))["pain_nprs"].to_list() == [None]
    assert recent_pain(logged, patients=people, on_date=on(60))["pain_nprs"].to_list() == [3.0]


def test_present_pain_does_not_look_ahead():
    assert recent_pain(ratings({0: 3, 1: 4, 2: 2, 3: 10}), on_date=on(2))["pain_nprs"].to_list() == [3.0]


def test_a_recall_that_does_not_exist_ends_in_a_sentence():
    with pytest.raises(InvalidTableError, match="avg_24h"):
        daily_pain(ratings({0: 2}), recall="yesterday")
    with pytest.raises(SettingsError, match="avg_24h"):
        daily_pain(ratings({0: 2}), settings={"outcomes": {"recall": "yesterday"}})
