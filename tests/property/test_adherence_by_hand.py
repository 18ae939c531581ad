"""The fast adherence of every generated log equals the slow one, worked out day by day."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings

from adherence_by_hand import days_of, weeks_by_hand
from adherence_logs import clinic_frames, clinics, options
from ptanalytics.adherence import adherence_days, adherence_summary, weekly_adherence


@given(clinic=clinics())
@settings(max_examples=100, deadline=None)
def test_weeks_equal_those_worked_out_day_by_day(clinic):
    expected = [{"patient_id": f"P{number}", **week} for number, case in enumerate(clinic) for week in weeks_by_hand(case)]

    weekly = weekly_adherence(**clinic_frames(clinic), **options(clinic[0]))

    assert weekly.height == len(expected)
    for got, want in zip(weekly.to_dicts(), expected, strict=True):
        for name, value in want.items():
            is_exact = value is None or isinstance(value, (str, date, int))
            assert got[name] == (value if is_exact else pytest.approx(float(value), abs=1e-9)), name


@given(clinic=clinics())
@settings(max_examples=30, deadline=None)
def test_every_logged_session_is_counted_once_or_accounted_for(clinic):
    summary = adherence_summary(**clinic_frames(clinic), **options(clinic[0]))
    calendar = adherence_days(**clinic_frames(clinic), **options(clinic[0]))

    for case, row in zip(clinic, summary.to_dicts(), strict=True):
        up_to_cutoff = len(case.sessions())
        assert row["logged"] == up_to_cutoff
        assert row["counted"] + row["unprescribed"] <= row["logged"]
        shown = calendar.filter(pl.col("patient_id") == row["patient_id"])
        if shown.height:
            first = min(e.start for e in case.exercises)
            before = sum(day.logged for day in days_of(case).values() if day.day < first)
            assert shown["logged"].sum() == up_to_cutoff - before
            assert shown["date"].to_list() == [first + timedelta(days=i) for i in range(shown.height)]
