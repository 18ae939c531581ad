"""Dose, bounds, coverage, definitions and explanations of any log: equal to the slow way, and to each other."""

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings

from adherence_by_hand import weeks_by_hand
from adherence_logs import clinic_frames, clinics, options
from dose_by_hand import (
    exercise_weeks_by_hand,
    longest_silence_by_hand,
    other_entries_by_hand,
    prescribed_on_days_with_entry,
)
from ptanalytics.adherence import (
    adherence_bounds,
    adherence_by_definition,
    adherence_summary,
    compare_adherence_definitions,
    dose_adherence,
    exercise_adherence,
    explain_adherence,
    logging_coverage,
    weekly_adherence,
)
from ptanalytics.adherence.variants import VARIANTS


def close(value):
    return pytest.approx(float(value), abs=1e-9)


def of(table, number):
    return table.filter(pl.col("patient_id") == f"P{number}")


@given(clinic=clinics())
@settings(max_examples=30)
def test_the_dose_of_each_exercise_and_week_equals_that_worked_out_row_by_row(clinic):
    table = exercise_adherence(**clinic_frames(clinic), **options(clinic[0]), by="week")

    for number, case in enumerate(clinic):
        expected = exercise_weeks_by_hand(case)
        rows = {(r["week_start_date"], r["exercise_id"], r["unit"]): r for r in of(table, number).to_dicts()}
        assert rows.keys() == expected.keys()
        for key, want in expected.items():
            got = rows[key]
            assert got["prescribed_volume"] == close(want["prescribed"])
            assert got["done_volume"] == close(want["done"])
            assert (got["entries"], got["skipped"], got["assumed"]) == (want["entries"], want["skipped"], want["assumed"])
            ratio = None if want["prescribed"] == 0 else 100 * want["done"] / want["prescribed"]
            assert got["dose_pct"] == (None if ratio is None else close(ratio))
            assert (got["reason"] == "zero_prescribed") == (ratio is None)


@given(clinic=clinics())
@settings(max_examples=20)
def test_the_dose_over_the_window_is_the_mean_of_exercises_with_each_week_capped(clinic):
    frames, run = clinic_frames(clinic), options(clinic[0])
    over_all = dose_adherence(**frames, **run).filter(category="all")

    for number, case in enumerate(clinic):
        sums: dict = {}
        for (_, exercise, unit), week in exercise_weeks_by_hand(case).items():
            one = sums.setdefault((exercise, unit), [Fraction(0)] * 3)
            one[0] += week["prescribed"]
            one[1] += week["done"]
            one[2] += min(week["done"], week["prescribed"])
        some = [one for one in sums.values() if one[0]]
        rows = of(over_all, number).to_dicts()
        assert len(rows) == (1 if sums else 0)
        if sums:
            (got,) = rows
            assert (got["n_exercises"], got["n_without"]) == (len(some), len(sums) - len(some))
            assert got["other_entries"] == other_entries_by_hand(case)
            for name, place in (("dose_pct", 1), ("capped_pct", 2)):
                mean = sum((100 * one[place] / one[0] for one in some), Fraction(0)) / len(some) if some else None
                assert got[name] == (None if mean is None else close(mean))


@given(clinic=clinics())
@settings(max_examples=20)
def test_bounds_and_silence_equal_those_worked_out_day_by_day(clinic):
    frames, run = clinic_frames(clinic), options(clinic[0])
    bounds = adherence_bounds(**frames, **run, tells_not_done=True)
    coverage = logging_coverage(**frames, **run)

    for number, case in enumerate(clinic):
        weeks = [week for week in weeks_by_hand(case) if week["prescribed"]]
        known = prescribed_on_days_with_entry(case)
        rows = of(bounds, number).to_dicts()
        silence = of(coverage, number)["longest_silence_days"].item()
        assert (silence or 0) == longest_silence_by_hand(case)
        if not weeks:
            assert all(row["lower_pct"] is None and row["reason"] == "zero_prescribed" for row in rows)
            continue
        (got,) = rows
        lower = 100 * sum(min(w["counted"], w["prescribed"]) for w in weeks) / sum(w["prescribed"] for w in weeks)
        assert got["lower_pct"] == close(lower)
        bottom = sum(known[w["week_start_date"]] for w in weeks)
        if bottom:
            upper = 100 * sum(min(w["counted"], known[w["week_start_date"]]) for w in weeks) / bottom
            assert got["upper_pct"] == close(max(lower, upper))
        else:
            assert (got["upper_pct"], got["reason"]) == (None, "no_entry")


@given(clinic=clinics())
@settings(max_examples=6)
def test_each_variant_is_the_summary_under_its_own_settings(clinic):
    frames, run = clinic_frames(clinic), options(clinic[0])
    found = adherence_by_definition(**frames, **run)
    compared = compare_adherence_definitions(**frames, **run)

    for variant in VARIANTS:
        changed = {group: run["settings"].get(group, {}) | values for group, values in variant.changes.items()}
        merged = run["settings"] | changed
        if found.filter(definition=variant.definition).is_empty():
            continue
        expected = adherence_summary(**frames, cutoff_date=run["cutoff_date"], settings=merged)
        got = found.filter(definition=variant.definition).join(expected, on="patient_id", suffix="_want")
        assert got.height == found["patient_id"].n_unique()
        for row in got.iter_rows(named=True):
            want = row["adherence_pct_want"]
            assert row["adherence_pct"] == (None if want is None else close(want)), variant.definition
            assert row["band"] == row["band_want"]
    assert compared.cohort.select((pl.col("n") + pl.col("n_without")).unique()).height <= 1
    assert compared.patients["depends_on_definition"].sum() == compared.undecided.height


@given(clinic=clinics())
@settings(max_examples=6)
def test_an_explanation_gives_the_number_of_the_weekly_table(clinic):
    frames, run = clinic_frames(clinic), options(clinic[0])
    weekly = weekly_adherence(**frames, **run)

    for week in weekly.head(3).iter_rows(named=True):
        found = explain_adherence(patient_id=week["patient_id"], week_start_date=week["week_start_date"], **frames, **run)
        assert found.adherence_pct == week["adherence_pct"]
        assert found.days.height <= 7
        assert found.days["logged"].sum() == week["logged"]
        assert found.days["is_eligible"].sum() == week["eligible_days"]
        assert found.rows["session_id"].n_unique() == week["logged"]
        if clinic[0].rules.prorate == "fractional":
            assert found.days["prescribed"].sum() == close(week["prescribed"])
        if clinic[0].rules.makeup == "week" and week["prescribed"]:
            assert found.days["countable"].sum() == week["counted"]
