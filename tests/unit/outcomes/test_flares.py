import polars as pl
import pytest

from outcome_frames import on, people, ratings
from ptanalytics.outcomes import flare_status, flares
from ptanalytics.settings import default_settings

CALM = dict.fromkeys(range(8), 3)


def rows(pain, **options):
    return flares(pain, **options).select("start_date", "end_date", "n_days", "kind").rows()


def marked(values, on_days):
    pain = ratings(values)
    days = [on(day) for day in on_days]
    return pain.with_columns(is_flare=pl.col("recorded_at").dt.date().is_in(days))


def test_a_recorded_day_that_is_not_elevated_ends_the_run():
    assert rows(ratings(CALM | {8: 6, 9: 3, 10: 6})) == []


def test_two_flares_are_two_rows():
    assert [row[0] for row in rows(ratings(CALM | {8: 6, 9: 6, 10: 3, 11: 3, 12: 6, 13: 6}))] == [on(8), on(12)]


def test_elevated_days_do_not_raise_the_usual_level():
    values = CALM | dict.fromkeys(range(8, 20), 6) | {20: 5.5, 21: 5.5}

    assert rows(ratings(values)) == [(on(8), on(21), 14, "flare_proxy")]


def test_a_day_the_person_marked_is_a_flare_at_any_value():
    assert rows(marked(CALM, [5])) == [(on(5), on(5), 1, "flare")]


def test_a_marked_day_before_any_usual_level_has_no_reference():
    found = flares(marked({0: 7, 1: 3}, [0]))

    assert found.select("n_days", "reference_nprs", "peak_nprs").rows() == [(1, None, 7.0)]


def test_a_marked_day_joins_its_neighbours():
    assert rows(marked(CALM | {8: 6, 9: 4, 10: 6, 11: 3}, [9])) == [(on(8), on(10), 3, "flare")]


def test_a_marked_day_is_not_part_of_the_usual_level():
    # Without the marks the median of days 0 to 4 would be 5, and 6 would not be elevated.
    values = {0: 3, 1: 3, 2: 3, 3: 5, 4: 5, 5: 5, 6: 3, 7: 6, 8: 6, 9: 3}

    assert rows(marked(values, [3, 4, 5]))[-1] == (on(7), on(8), 2, "flare_proxy")


def test_flare_on_the_last_recorded_day_is_kept():
    assert rows(ratings(CALM | {8: 6, 9: 6})) == [(on(8), on(9), 2, "flare_proxy")]


def test_days_never_judged_are_no_flares():
    assert rows(ratings({0: 9, 1: 9})) == []


def test_constant_pain_is_no_flare():
    assert rows(ratings(dict.fromkeys(range(30), 8))) == []


def test_a_baseline_alone_is_enough_to_judge():
    pain = ratings({-2: 3, -1: 3, 5: 6, 6: 6})

    assert rows(pain) == []
    assert rows(pain, patients=people()) == [(on(5), on(6), 2, "flare_proxy")]


def test_cutoff_leaves_out_later_days():
    assert rows(ratings(CALM | {8: 6, 9: 6, 10: 6}), cutoff_date=on(9)) == [(on(8), on(9), 2, "flare_proxy")]


def test_patients_do_not_mix():
    two = pl.concat([ratings(CALM), ratings({8: 6, 9: 6}, patient="P2")])

    assert rows(two) == []


def by_hand(values, flags=()):
    """FLARE-1 as a slow loop over days, straight from the text: days 1-5 of the algorithm."""
    rules = default_settings().outcomes.flare
    elevated, calm, carried = [], {}, None
    for day in sorted(values):
        window = sorted(calm[other] for other in range(day - rules.ref_days, day) if other in calm)
        if len(window) >= rules.min_ref:
            half = len(window) // 2
            carried = window[half] if len(window) % 2 else (window[half - 1] + window[half]) / 2
        is_high = carried is not None and values[day] >= carried + rules.delta and values[day] >= rules.min_abs
        if is_high or day in flags:
            elevated.append(day)
        else:
            calm[day] = values[day]
    runs = []
    for day in elevated:
        if runs and day - runs[-1][-1] <= 2 and not any(other in calm for other in range(runs[-1][-1], day)):
            runs[-1].append(day)
        else:
            runs.append([day])
    return [(run[0], run[-1]) for run in runs if len(run) >= rules.min_days or set(run) & set(flags)]


@pytest.mark.parametrize("seed", range(12))
def test_same_as_the_readable_loop(seed):
    import random

    rng = random.Random(seed)
    level = 3
    values = {}
    for day in range(90):
        level = 6 if rng.random() < 0.08 else level
        level = 3 if rng.random() < 0.15 else level
        if rng.random() < 0.8:
            values[day] = min(10, max(0, level + rng.choice([-1, 0, 0, 0, 1])))
    flags = [day for day in values if rng.random() < 0.02]

    found = flares(marked(values, flags)).select("start_date", "end_date").rows()

    assert found == [(on(first), on(last)) for first, last in by_hand(values, flags)]
    assert found


def status(values, day, **options):
    return flare_status(ratings(values), on_date=on(day), **options).row(0, named=True)


def test_a_flare_is_active_for_two_days_after_its_last_day():
    values = CALM | {8: 6, 9: 6}

    assert [status(values, day)["is_active"] for day in (8, 9, 10, 11, 12)] == [False, True, True, True, False]


def test_a_flare_that_has_ended_is_recent_for_14_days():
    values = CALM | {8: 6, 9: 6, 10: 3}

    assert status(values, 10)["is_active"] is False
    assert [status(values, day)["is_within_14_days"] for day in (10, 22, 23)] == [True, True, False]


def test_status_tells_what_was_known_on_the_day():
    values = CALM | {8: 6, 9: 6, 10: 6}

    row = status(values, 9)

    assert (row["start_date"], row["end_date"], row["last_entry_date"]) == (on(8), on(9), on(9))


def test_status_without_flare():
    row = status(CALM, 7)

    assert (row["is_active"], row["is_within_14_days"], row["start_date"], row["kind"]) == (False, False, None, None)


def test_status_before_any_rating_has_no_row():
    assert flare_status(ratings(CALM), on_date=on(-1)).height == 0


def test_sustained_worsening_is_still_active():
    row = status(CALM | dict.fromkeys(range(8, 50), 6), 49)

    assert (row["kind"], row["is_active"]) == ("sustained_worsening", True)
