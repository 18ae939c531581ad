from datetime import date

import polars as pl
import pytest

from memory_study import MemoryStudy
from outcome_frames import on, people, plans, ratings, sessions, totals
from ptanalytics.errors import InvalidTableError, ReferenceDataError, SettingsError
from ptanalytics.instruments import instrument
from ptanalytics.outcomes import changes, tolerance_days
from ptanalytics.outcomes.change import _judged
from ptanalytics.settings import default_settings

BEFORE = {-3: 7, -2: 7, -1: 7}


def one(**options):
    result = changes(**({"patients": people(), "target_weeks": [12]} | options))
    assert result.height == 1
    return result.row(0, named=True)


def odi(scores, **options):
    return one(scores=totals("odi", scores), measures=["odi"], **options)


def nprs(values, **options):
    return one(pain_scores=ratings(values), measures=["nprs"], **options)


def test_daily_pain_is_the_mean_of_the_week_that_ends_on_the_target_day():
    row = nprs(BEFORE | {77: 0, 78: 3, 80: 4, 84: 5, 85: 0})

    assert (row["followup"], row["n_followup"], row["followup_date"]) == (4.0, 3, on(84))
    assert row["improvement"] == 3.0


def test_two_days_are_too_few_for_a_follow_up():
    row = nprs(BEFORE | {80: 4, 84: 5})

    assert (row["followup"], row["n_followup"], row["reason"]) == (None, 2, "no_followup")


@pytest.mark.parametrize(("week", "days"), [(1, 3), (4, 3), (5, 4), (6, 4), (12, 8), (26, 18)])
def test_tolerance_of_the_follow_up(week, days):
    assert tolerance_days(week, default_settings().outcomes) == days


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        pytest.param({76: 30}, 30, id="8 days before"),
        pytest.param({75: 30}, None, id="9 days before"),
        pytest.param({92: 30}, 30, id="8 days after"),
        pytest.param({93: 30}, None, id="9 days after"),
        pytest.param({80: 30, 85: 20}, 20, id="the nearest"),
        pytest.param({82: 30, 86: 20}, 30, id="of two equally near the earlier"),
        pytest.param({84: None, 90: 25}, 25, id="one without a score is passed over"),
    ],
)
def test_questionnaire_nearest_to_the_target(scores, expected):
    row = odi({0: 40} | scores, cutoff_date=on(200))

    assert row["followup"] == expected
    assert row["reason"] == (None if expected else "no_followup")


def test_default_weeks_are_6_and_the_primary_week():
    result = changes(patients=people(), measures=["odi"])

    assert result["target_week"].to_list() == [6, 12]
    assert changes(patients=people(), measures=["odi"], settings={"outcomes": {"primary_week": 6}}).height == 1


def test_reasons_in_their_order():
    assert one(scores=totals("odi", {0: 40}), patients=None, measures=["odi"])["reason"] == "no_start"
    assert odi({84: 30})["reason"] == "no_baseline"
    assert odi({0: 40}, cutoff_date=on(75))["reason"] == "not_due"
    assert odi({0: 40}, cutoff_date=on(76))["reason"] == "no_followup"
    assert odi({0: 8, 84: 0})["reason"] == "no_room_to_improve"
    assert odi({0: 40, 84: 30})["reason"] is None


def test_daily_follow_up_is_due_when_its_week_begins():
    assert nprs(BEFORE, cutoff_date=on(77))["reason"] == "not_due"
    assert nprs(BEFORE, cutoff_date=on(78))["reason"] == "no_followup"


def test_without_cutoff_the_latest_rating_or_session_says_what_is_due():
    assert nprs(BEFORE)["reason"] == "not_due"
    assert nprs(BEFORE, sessions=sessions(0, 90))["reason"] == "no_followup"


def test_with_questionnaires_alone_nothing_is_called_not_due():
    assert odi({0: 40})["reason"] == "no_followup"


def test_no_room_to_improve_has_a_change_but_no_responder_status():
    row = odi({0: 8, 84: 2})

    assert (row["improvement"], row["improvement_pct"], row["has_room"]) == (6.0, 75.0, False)
    assert (row["is_responder_absolute"], row["is_responder_both"], row["is_responder"]) == (None, None, None)
    assert row["is_responder_percent"] is True


def test_a_baseline_equal_to_the_mic_leaves_just_room_enough():
    row = odi({0: 10, 84: 0})

    assert (row["has_room"], row["is_responder"]) == (True, True)


def test_worsening_is_judged_by_the_same_size():
    assert odi({0: 40, 84: 50})["is_deteriorated"] is True
    assert odi({0: 40, 84: 49})["is_deteriorated"] is False
    assert odi({0: 4, 84: 40})["is_deteriorated"] is True, "whoever cannot improve can still get worse"


def test_measurement_error_beside_the_mic():
    row = odi({0: 40, 84: 28})

    assert (row["is_responder_absolute"], row["is_beyond_mdc95"]) == (True, False)
    assert row["mdc95"] == pytest.approx(16.631151, abs=1e-6)


@pytest.mark.parametrize(
    ("after", "grade"),
    [(5.0, "substantial"), (5.1, "moderate"), (7.0, "moderate"), (7.1, "minimal"), (9.0, "minimal"), (9.5, "none")],
)
def test_immpact_grades(after, grade):
    row = one(scores=totals("nprs_7d", {0: 10, 84: after}), measures=["nprs_7d"])

    assert row["immpact"] == grade


def test_immpact_worse_needs_no_percentage_and_is_for_pain_only():
    assert one(scores=totals("nprs_7d", {0: 0, 84: 1}), measures=["nprs_7d"])["immpact"] == "worse"
    assert odi({0: 40, 84: 10})["immpact"] is None


def test_a_scale_without_percent_rule_is_judged_by_points():
    row = one(scores=totals("pcs", {0: 30, 84: 22}), measures=["pcs"])

    assert (row["improvement_pct"], row["is_responder_percent"], row["is_responder_both"]) == (None, None, None)
    assert row["is_responder"] is True


def test_c8_higher_is_better():
    facts = {
        "measure": "psfs", "start_date": on(0), "cutoff_date": on(200), "daily_opens": 78, "form_opens": 76,
        "baseline": 3.5, "followup": 6.5, "n_followup": 1, "minimum": 0.0, "maximum": 10.0, "is_lower_better": False,
        "allows_percent": False, "has_immpact": False, "mic": 2.0, "mdc95": None,
        "is_without_common": False,
    }  # fmt: skip
    schema = {"mdc95": pl.Float64, "daily_opens": pl.Int32, "form_opens": pl.Int32}

    def row(**changed):
        frame = pl.LazyFrame([facts | changed], schema_overrides=schema)
        return _judged(frame, default_settings().outcomes).collect().row(0, named=True)

    assert (row()["improvement"], row()["is_responder_absolute"]) == (3.0, True)
    assert row(followup=1.0)["is_deteriorated"] is True
    assert row(baseline=8.5, followup=9.0)["reason"] == "no_room_to_improve"


def test_the_clinics_own_mic_is_used_and_named():
    row = odi({0: 42, 84: 30}, settings={"outcomes": {"mic": {"odi": 13}}})

    assert (row["is_responder_absolute"], row["mic_source"]) == (False, "own value of this clinic")


def test_the_headline_follows_the_setting():
    scores = {0: 42, 84: 30}  # absolute yes, percent no

    assert odi(scores, settings={"outcomes": {"responder_rule": "absolute"}})["is_responder"] is True
    assert odi(scores, settings={"outcomes": {"responder_rule": "percent"}})["is_responder"] is False


def test_study_and_frames_give_the_same_in_any_number_of_buckets():
    tables = {
        "pain_scores": pl.concat([ratings(BEFORE | {80: 3, 82: 3, 84: 3}), ratings({-1: 4}, patient="P3")]),
        "scores": pl.concat([totals("odi", {0: 40, 84: 20}), totals("pcs", {0: 30}, patient="P2")]),
        "plans": plans("P1", "P2", "P3", "P4"),
    }
    from_frames = changes(**tables).to_pandas()

    for buckets in (1, 3):
        from_study = changes(MemoryStudy(tables, buckets=buckets))

        assert from_study["reason"].fillna("").tolist() == from_frames["reason"].fillna("").tolist()
        assert from_study["improvement"].fillna(-99).tolist() == from_frames["improvement"].fillna(-99).tolist()


def test_patient_with_a_plan_and_no_data_is_in_every_core_measure():
    result = changes(plans=plans(), target_weeks=[12], cutoff_date=date(2027, 1, 1))

    assert result.select("measure", "reason").rows() == [
        (name, "no_baseline") for name in ("nprs", "nprs_7d", "odi", "rmdq24")
    ]


def test_improvement_is_in_the_direction_of_the_catalogue():
    assert instrument("odi").direction == "lower_better"
    assert odi({0: 40, 84: 55})["improvement"] == -15


def test_asking_for_one_patient_does_not_move_the_cutoff():
    pain = pl.concat([ratings(BEFORE), ratings(BEFORE | {200: 5}, patient="P2")])

    result = changes(pain_scores=pain, plans=plans("P1", "P2"), patients=["P1"], target_weeks=[12], measures=["nprs"])

    assert result.select("patient_id", "reason").rows() == [("P1", "no_followup")]


@pytest.mark.parametrize("weeks", [[], [0], [-3, 12]])
def test_weeks_below_one_end_in_a_sentence(weeks):
    with pytest.raises(InvalidTableError, match="target week"):
        changes(patients=people(), target_weeks=weeks)


def test_a_measure_that_does_not_exist_ends_in_a_sentence():
    with pytest.raises(ReferenceDataError, match="no such instrument"):
        changes(patients=people(), measures=["ODI"])


@pytest.mark.parametrize("mic", [{"ODI": 12}, {"odi": 0}, {"odi": -1}, {"odi": float("nan")}])
def test_an_own_mic_that_cannot_be_meant_ends_in_a_sentence(mic):
    with pytest.raises(SettingsError, match=r"outcomes\.mic"):
        odi({0: 40, 84: 30}, settings={"outcomes": {"mic": mic}})
