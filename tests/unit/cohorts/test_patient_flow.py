import polars as pl
import pytest

from memory_study import MemoryStudy
from outcome_frames import on, people, plans, ratings, sessions, totals
from ptanalytics.cohorts import patient_flow
from ptanalytics.errors import InvalidTableError

BEFORE = {-3: 7, -2: 7, -1: 7}
AFTER = {80: 3, 82: 3, 84: 3}


def clinic():
    """One patient for each way out, and one who stays."""
    late = plans("late", start=on(60))
    return {
        "patients": people("no_plan", "never_started", "no_baseline", "nothing_after", "late", "no_week_12", "stays"),
        "plans": pl.concat([plans("never_started", "no_baseline", "nothing_after", "no_week_12", "stays"), late]),
        "sessions": pl.concat(
            [
                sessions(1, patient="no_baseline"),
                sessions(0, patient="nothing_after"),
                sessions(61, patient="late"),
                sessions(1, patient="no_week_12"),
                sessions(1, 90, patient="stays"),
            ]
        ),
        "pain_scores": pl.concat(
            [
                ratings(AFTER, patient="no_baseline"),
                ratings(BEFORE, patient="nothing_after"),
                ratings({57: 6, 58: 6, 59: 6, 62: 5}, patient="late"),
                ratings(BEFORE | {10: 4}, patient="no_week_12"),
                ratings(BEFORE | AFTER, patient="stays"),
                ratings(BEFORE, patient="never_started"),
            ]
        ),
    }


def test_each_falls_out_once_at_the_first_step_that_fails():
    flow = patient_flow(MemoryStudy(clinic()))

    assert flow["n"].tolist() == [7, 6, 5, 4, 3, 2, 1]
    assert flow["excluded"].tolist() == [0, 1, 1, 1, 1, 1, 1]
    assert flow["reason"].tolist()[1:] == [
        "nothing prescribed",
        "never started",
        "no baseline",
        "no value after the baseline",
        "week 12 not reached yet",
        "no value at week 12",
    ]
    assert flow["step"].tolist() == list(range(1, 8))


@pytest.mark.parametrize("buckets", [1, 3])
def test_steps_add_up_and_do_not_depend_on_the_buckets(buckets):
    flow = patient_flow(MemoryStudy(clinic(), buckets=buckets))

    assert (flow["n"].shift(1).iloc[1:] - flow["excluded"].iloc[1:]).tolist() == flow["n"].iloc[1:].tolist()
    assert flow["n"].iloc[-1] == 1


def test_a_step_nobody_falls_out_at_has_no_reason():
    flow = patient_flow(MemoryStudy({name: frame.filter(patient_id="stays") for name, frame in clinic().items()}))

    assert flow["n"].tolist() == [1] * 7
    assert flow["reason"].isna().all()


def test_a_trial_without_plans_begins_with_enrolment():
    scores = pl.concat([totals("odi", {0: 40, 28: 20}), totals("odi", {0: 40}, patient="P2")])
    study = MemoryStudy({"patients": people("P1", "P2", "P3"), "scores": scores})

    flow = patient_flow(study, week=4)

    assert flow["label"].tolist() == [
        "in the export",
        "with a day of enrolment",
        "with a baseline (ODI)",
        "with a value after the baseline (ODI)",
        "week 4 reached",
        "analysed at week 4",
    ]
    assert flow["n"].tolist() == [3, 3, 2, 1, 1, 1]


def test_an_empty_study_has_nobody_at_every_step():
    flow = patient_flow(MemoryStudy({"pain_scores": ratings({})}))

    assert set(flow["n"]) == {0}
    assert set(flow["excluded"]) == {0}


@pytest.mark.parametrize("options", [{"measure": "promis"}, {"week": 0}])
def test_wrong_options_end_in_a_sentence(options):
    with pytest.raises(InvalidTableError, match="measures"):
        patient_flow(MemoryStudy(clinic()), **options)
