"""Which readings an explanation counts at the very edges of each window."""

from outcome_frames import on, people, ratings, totals
from ptanalytics.outcomes import explain_outcome


def test_the_last_day_of_the_baseline_window_counts_and_the_next_does_not():
    forms = totals("odi", {-29: 70, -28: 60, 3: 50, 4: 40})

    told = explain_outcome(patient_id="P1", number="baselines", measure="odi", scores=forms, patients=people())

    assert told.readings.select("value", "part", "why").rows() == [
        (70.0, None, "before the window"),
        (60.0, None, "earlier in the window; the latest counts"),
        (50.0, "baseline", None),
        (40.0, None, "after the window"),
    ]


def test_of_two_forms_equally_near_the_earlier_counts():
    forms = totals("odi", {0: 50, 82: 30, 86: 20})

    told = explain_outcome(patient_id="P1", number="changes", measure="odi", scores=forms, patients=people())

    assert told.readings.filter(part="follow-up")["value"].to_list() == [30.0]
    assert told.unused() == [("in the follow-up window, but not the nearest to its middle", 1)]


def test_the_usual_level_reaches_back_exactly_its_days():
    told = explain_outcome(patient_id="P1", number="flares", pain_scores=ratings({0: 2, 12: 4, 13: 4, 14: 7, 15: 7}))

    assert told.readings.filter(part="usual level")["date"].to_list() == [on(0), on(12), on(13)]
    assert told.worked_out["reference_nprs"] == 4.0


def test_present_pain_takes_values_up_to_fourteen_days_back():
    inside = explain_outcome(patient_id="P1", number="recent_pain", pain_scores=ratings({7: 6, 19: 3, 20: 3}))
    outside = explain_outcome(patient_id="P1", number="recent_pain", pain_scores=ratings({6: 6, 19: 3, 20: 3}))

    assert (inside.worked_out["pain_nprs"], outside.worked_out["pain_nprs"]) == (4.0, None)
    assert outside.sentence == "Present pain on 22 Mar 2026 is missing, because too few of the last days have a value (2)."


def test_recovery_takes_the_latest_rmdq_of_twenty_eight_days():
    pain, forms = ratings({38: 1, 39: 0, 40: 1}), totals("rmdq24", {12: 9, 13: 2, 14: 1, 41: 8})

    told = explain_outcome(patient_id="P1", number="recovery_status", pain_scores=pain, scores=forms)

    assert told.value == told.worked_out["band"] == "recovered_like"
    assert told.readings.filter(what="RMDQ-24 score").select("value", "part", "why").rows() == [
        (9.0, None, "too old"),
        (2.0, None, "not the latest"),
        (1.0, "RMDQ-24", None),
        (8.0, None, "after the day asked about"),
    ]
    assert "Like recovered: 0.67 <= 1 and RMDQ-24 1 <= 2: yes." in told.steps


def test_days_without_pain_are_listed_and_counted():
    told = explain_outcome(patient_id="P1", number="recovery_status", pain_scores=ratings({0: 4, 3: 0, 5: 0, 6: 0}))

    assert (told.worked_out["pain_free_days"], told.worked_out["n_pain_free"]) == (4, 3)
    assert told.value == "no_pain"


def test_a_running_flare_is_told_with_its_days():
    logged = ratings({0: 3, 1: 3, 2: 3, 3: 6, 4: 6})

    now = explain_outcome(patient_id="P1", number="flare_status", pain_scores=logged, on_date=on(6))
    later = explain_outcome(patient_id="P1", number="flare_status", pain_scores=logged, on_date=on(7))

    assert (now.value, now.worked_out["is_active"]) == (True, True)
    assert "Days since: 2 <= 2: yes." in now.steps
    assert (later.value, later.worked_out["is_active"]) == (False, False)
