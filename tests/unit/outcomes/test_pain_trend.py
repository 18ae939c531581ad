import polars as pl
import pytest

from outcome_frames import on, ratings
from ptanalytics.outcomes import pain_trend


def one(values, **options):
    result = pain_trend(ratings(values), **options)
    assert result.height == 1
    return result.row(0, named=True)


def test_a_steady_fall_is_improving():
    row = one({day: 8 - 0.1 * day for day in range(0, 28, 3)})

    assert row["slope_per_week"] == pytest.approx(-0.7)
    assert (row["label"], row["reason"], row["n_days"]) == ("improving", None, 10)


def test_a_steady_rise_is_worsening():
    assert one({day: 2 + 0.1 * day for day in range(0, 28, 3)})["label"] == "worsening"


def test_a_slope_of_exactly_the_label_size_counts():
    assert one({day: 8 - day / 28 for day in range(0, 28, 3)})["label"] == "improving"


def test_a_small_slope_is_no_clear_trend_however_certain():
    row = one({day: 8 - 0.02 * day for day in range(0, 28, 3)})

    assert row["upper"] < 0
    assert row["label"] == "no_clear_trend"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        pytest.param({0: 5}, "too_few_days", id="one reading"),
        pytest.param({0: 5, 5: 5, 10: 5, 20: 5}, "too_few_days", id="four days"),
        pytest.param({(0, hour): 5 for hour in range(6, 12)}, "too_few_days", id="six readings of one day"),
        pytest.param(dict.fromkeys(range(14), 5), "too_short_span", id="13 days apart"),
    ],
)
def test_no_slope_has_a_reason(values, reason):
    row = one(values)

    assert (row["slope_per_week"], row["lower"], row["label"], row["reason"]) == (None, None, None, reason)


def test_fourteen_days_apart_is_enough():
    assert one(dict.fromkeys(range(15), 5))["label"] == "no_clear_trend"


def test_the_window_ends_on_the_last_day_with_a_value():
    row = one(dict.fromkeys(range(40), 9) | dict.fromkeys(range(60, 88), 5))

    assert (row["from_date"], row["to_date"], row["n_days"]) == (on(60), on(87), 28)


def test_later_ratings_are_not_looked_at():
    values = {day: 8 - 0.1 * day for day in range(0, 28, 3)}

    assert one(values | {40: 10, 41: 10}, cutoff_date=on(27)) == one(values)


def test_patients_do_not_mix_and_order_of_rows_does_not_matter():
    falling = ratings({day: 8 - 0.1 * day for day in range(0, 28, 3)})
    few = ratings({0: 3, 2: 4}, patient="P2")
    rising = ratings({day: 2 + 0.1 * day for day in range(0, 28, 2)}, patient="P3")

    result = pain_trend(pl.concat([rising, few, falling]).sample(fraction=1, shuffle=True, seed=4))

    assert result["label"].to_list() == ["improving", None, "worsening"]
    assert result["slope_per_week"].to_list() == pytest.approx([-0.7, None, 0.7])


def test_no_ratings_no_rows():
    assert pain_trend(ratings({})).height == 0
