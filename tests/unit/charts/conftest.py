"""Small result tables of one patient or a cohort, hand-made, for the chart tests."""

import datetime as dt
from types import SimpleNamespace

import polars as pl
import pytest

from ptanalytics.schemas.frames import conform
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.results import (
    AdherenceDays,
    Baselines,
    Changes,
    DailyPain,
    Flares,
    PainTrends,
    PatientFlow,
    ResponderCurve,
    ResponderShares,
    WeeklyAdherence,
)
from ptanalytics.schemas.tables import Plans, Scores

HOSTILE = "<img src=x onerror=alert(1)> & <b>%{x}</b> $a$"
START = dt.date(2026, 3, 2)  # a Monday


def _day(offset):
    return START + dt.timedelta(days=offset)


def _table(model, rows):
    """Rows as the model's table; columns not given are missing."""
    infos = columns_of(model)
    filled = [{name: row.get(name) for name in infos} for row in rows]
    return conform(pl.DataFrame(filled, schema={name: info.dtype for name, info in infos.items()}), model).collect()


def _weekly(cells, patient_id="P1", first_week=1):
    rows = []
    for i, (prescribed, counted, *flags) in enumerate(cells):
        pct = None if prescribed == 0 else 100 * counted / prescribed
        rows.append(
            {
                "patient_id": patient_id,
                "week": first_week + i,
                "week_start_date": _day(7 * i),
                "eligible_days": 0 if prescribed == 0 else 7,
                "excused_days": 7 if prescribed == 0 else 0,
                "prescribed": float(prescribed),
                "counted": counted,
                "logged": counted,
                "unprescribed": 0,
                "adherence_pct": None if pct is None else min(100.0, pct),
                "uncapped_pct": pct,
                "is_partial": "partial" in flags,
                "is_overdose": "overdose" in flags,
                "reason": "zero_prescribed" if prescribed == 0 else None,
            }
        )
    return _table(WeeklyAdherence, rows)


def _days(statuses):
    return _table(
        AdherenceDays,
        [
            {"patient_id": "P1", "date": _day(i), "week": i // 7 + 1, "plan_version": 1, "prescribed": 1.0,
             "counted": int(status == "done"), "logged": int(status in ("done", "partly")), "status": status}
            for i, status in enumerate(statuses)
        ],
    )  # fmt: skip


def _daily(values, patient_id="P1"):
    """Values by day offset; a missing offset is a day without a rating."""
    return _table(
        DailyPain,
        [
            {"patient_id": patient_id, "date": _day(i), "pain_nprs": float(v), "n_readings": 1, "recall": "avg_24h",
             "is_flare": False}
            for i, v in values.items()
        ],
    )  # fmt: skip


def _trend(**values):
    return _table(PainTrends, [{"patient_id": "P1", "n_days": 12, **values}])


def _flares(*kinds):
    return _table(
        Flares,
        [
            {"patient_id": "P1", "start_date": _day(5 * i), "end_date": _day(5 * i + 2), "n_days": 3, "duration_days": 3,
             "peak_nprs": 8.0, "reference_nprs": 4.0, "kind": kind}
            for i, kind in enumerate(kinds)
        ],
    )  # fmt: skip


def _baselines(**values):
    rows = [
        {"patient_id": "P1", "measure": m, "start_date": START, "baseline": v, "n": 1, "rule": "questionnaire"}
        for m, v in values.items()
    ]
    return _table(Baselines, rows)


def _change(patient_id, baseline, followup, measure="odi", week=12, mic=10.0, reason=None):
    improvement = None if followup is None or baseline is None else baseline - followup
    known = improvement is not None
    return {
        "patient_id": patient_id, "measure": measure, "target_week": week, "baseline": baseline, "followup": followup,
        "n_followup": int(followup is not None), "improvement": improvement,
        "improvement_pct": 100 * improvement / baseline if known else None, "mic": mic, "mic_source": "a paper",
        "is_responder_absolute": improvement >= mic if known else None,
        "is_deteriorated": -improvement >= mic if known else None, "reason": reason,
    }  # fmt: skip


def _changes(*rows):
    return _table(Changes, [_change(*row) if isinstance(row, tuple) else row for row in rows])


def _curve(completers, all_starters, n_completers, n_all):
    rows = []
    for population, counts, n in (("completers", completers, n_completers), ("all_starters", all_starters, n_all)):
        rows += [
            {"measure": "odi", "target_week": 12, "population": population, "threshold_pct": 10.0 * i, "responders": k,
             "n": n, "share_pct": 100 * k / n if n else None}
            for i, k in enumerate(counts)
        ]  # fmt: skip
    return _table(ResponderCurve, rows)


def _shares(*rows):
    return _table(
        ResponderShares,
        [
            {"measure": "odi", "target_week": 12, "rule": rule, "population": population, "responders": k, "n": n,
             "share_pct": 100 * k / n, "lower_pct": low, "upper_pct": high, "n_starters": n, "n_no_baseline": 0,
             "n_no_room": 0, "n_not_due": 0, "n_no_followup": 0}
            for rule, population, k, n, low, high in rows
        ],
    )  # fmt: skip


def _scores(instrument_id, values, patient_id="P1"):
    return _table(
        Scores,
        [
            {"patient_id": patient_id, "completed_date": _day(28 * i), "instrument_id": instrument_id, "score": value,
             "n_answered": 10, "is_prorated": False, "reason": "too_many_missing" if value is None else None}
            for i, value in enumerate(values)
        ],
    )  # fmt: skip


def _plans(*rows):
    return _table(
        Plans,
        [
            {"patient_id": "P1", "plan_version": version, "exercise_id": exercise, "valid_from_date": _day(offset), **dose}
            for version, exercise, offset, dose in rows
        ],
    )


def _flow(*rows):
    return _table(
        PatientFlow,
        [{"step": i, "label": lab, "n": n, "excluded": x, "reason": r} for i, (lab, n, x, r) in enumerate(rows, start=1)],
    )


@pytest.fixture(scope="session")
def make():
    """Builders of small tables: ``make.weekly([...])``."""
    return SimpleNamespace(
        table=_table, weekly=_weekly, days=_days, daily=_daily, trend=_trend, flares=_flares, baselines=_baselines,
        changes=_changes, curve=_curve, shares=_shares, scores=_scores, plans=_plans, flow=_flow, day=_day, hostile=HOSTILE,
    )  # fmt: skip
