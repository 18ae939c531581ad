"""Bad forms: a reason in words, never a wrong number, never a crash."""

import polars as pl
import pytest

from outcome_frames import at, form, on, people, totals
from ptanalytics.errors import InvalidTableError, ReferenceDataError, SettingsError
from ptanalytics.instruments import instrument, instrument_ids, measure_ids, mic_for, read_score_table
from ptanalytics.outcomes import changes, eq5d_index, floor_ceiling, score_questionnaires
from ptanalytics.settings import default_settings


def scored(responses, name, **settings):
    rows = score_questionnaires(responses=responses, settings=settings).filter(instrument_id=name)
    assert rows.height == 1
    return rows.row(0, named=True)


@pytest.mark.parametrize("name", [name for name in instrument_ids() if instrument(name).items])
def test_an_answer_outside_its_item_is_no_score(name):
    entry = instrument(name)
    answers = dict.fromkeys(entry.items, entry.scoring.item_minimum) | {entry.items[0]: 999}

    row = scored(form(entry.form_id, answers), name)

    assert (row["score"], row["reason"], row["profile"]) == (None, "out_of_range", None)


@pytest.mark.parametrize("name", [name for name in instrument_ids() if instrument(name).items])
def test_a_blank_form_is_no_score(name):
    entry = instrument(name)

    row = scored(form(entry.form_id, dict.fromkeys(entry.items)), name)

    assert (row["score"], row["reason"], row["band"]) == (None, "blank", None)


def test_items_of_two_instruments_on_one_form_are_refused():
    row = scored(form("odi", {f"odi_{i}": 1 for i in range(1, 11)} | {"rmdq24_3": 1}), "odi")

    assert (row["score"], row["reason"]) == (None, "mixed_instruments")


@pytest.mark.parametrize("foreign", ["pcs_1", "no_such_item"])
def test_items_of_no_or_another_instrument_are_not_among_those_answered(foreign):
    row = scored(form("odi", {f"odi_{i}": 1 for i in range(1, 10)} | {foreign: 1}), "odi")

    assert (row["n_answered"], row["score"]) == (9, None)


def test_a_foreign_item_does_not_touch_the_next_form():
    wrong = form("pgic7", {"pgic7_1": 2, "pcs_8": 4, "pcs_13": 4}, response="R1")
    right = form("pgic7", {"pgic7_1": 2}, response="R2", completed_at=at(7, 9))

    rows = score_questionnaires(responses=pl.concat([wrong, right])).sort("completed_date")

    assert rows.select("score", "n_answered", "reason").rows() == [(None, 1, "mixed_instruments"), (2, 1, None)]


def test_another_version_is_another_instrument():
    row = scored(form("odi_v1", {"odi_v1_1": 1}), "odi_v1")

    assert (row["score"], row["reason"]) == (None, "unknown_instrument")


def test_an_alert_stays_although_a_later_form_of_the_day_has_none():
    first = form("phq9", [1, 1, 2, 0, 1, 0, 1, 0, 1], response="R1", completed_at=at(0, 8))
    second = form("phq9", [1, 1, 2, 0, 1, 0, 1, 0, 0], response="R2", completed_at=at(0, 20))

    row = scored(pl.concat([first, second]), "phq9")

    assert (row["score"], row["n_forms"], row["flags"]) == (6, 2, "alert_phq9_9")


def test_an_alert_stays_although_there_is_no_score():
    row = scored(form("phq9", {"phq9_9": 2}), "phq9")

    assert (row["score"], row["reason"], row["flags"]) == (None, "too_many_missing", "alert_phq9_9")


def test_the_strict_rule_needs_all_items():
    answers = [2] * 18 + [None] * 2

    assert scored(form("qbpds", answers), "qbpds")["score"] == 40
    assert scored(form("qbpds", answers), "qbpds", scoring={"missing_rule": "strict"})["reason"] == "too_many_missing"
    odi = [2, 2, 2, None, 2, 2, 1, None, 2, 2]
    assert scored(form("odi", odi), "odi", scoring={"missing_rule": "strict"})["reason"] == "too_many_missing"


def test_the_clinics_own_limit_of_missing_items_is_taken():
    answers = dict.fromkeys([f"fabq_{i}" for i in (2, 3, 4)], 4) | {"fabq_5": None}

    assert scored(form("fabq", answers), "fabq_pa")["reason"] == "too_many_missing"
    row = scored(form("fabq", answers), "fabq_pa", scoring={"max_missing": {"fabq_pa": 1}})
    assert (row["score"], row["is_prorated"], row["flags"]) == (16, True, "prorated")


@pytest.mark.parametrize("setting", [{"odi_9": 1}, {"odi": 10}, {"odi": -1}])
def test_a_limit_for_no_scale_or_of_all_items_is_refused(setting):
    with pytest.raises(SettingsError, match="max_missing"):
        score_questionnaires(responses=form("odi", [1] * 10), settings={"scoring": {"max_missing": setting}})


def test_psfs_with_two_activities_is_flagged():
    assert scored(form("psfs", {"walk": 4, "sit": 5}), "psfs")["flags"] == "few_items"
    assert scored(form("psfs", {"walk": 4, "sit": 5, "lift": 6}), "psfs")["flags"] is None


def test_psfs_without_common_activity_has_no_change():
    forms = pl.concat(
        [
            form("psfs", {"walk": 3}, completed_at=at(0, 9)),
            form("psfs", {"swim": 8}, response="R2", completed_at=at(84, 9)),
        ]
    )

    row = changes(responses=forms, patients=people(), target_weeks=[12], measures=["psfs"]).row(0, named=True)

    assert (row["improvement"], row["reason"]) == (None, "no_common_activities")


def test_a_measure_without_mic_has_a_change_but_no_judgement():
    scores = totals("eq5d_vas", {0: 50, 84: 70})

    row = changes(scores=scores, patients=people(), target_weeks=[12], measures=["eq5d_vas"]).row(0, named=True)

    assert (row["improvement"], row["is_responder"], row["reason"]) == (20, None, "no_mic")


def test_screeners_subscales_and_anchors_are_no_measures_of_change():
    assert not {"startback", "pcs_rumination", "groc15", "eq5d5l"} & set(measure_ids())


def test_the_clinics_own_mic_names_its_source():
    own = default_settings().with_changes(
        {"outcomes": {"mic": {"odi": 12}, "mic_source": {"odi": "our patients of 2025"}}}
    )  # fmt: skip

    assert mic_for("odi", own).source == "own value of this clinic: our patients of 2025"


def value_set(**changed):
    levels = range(1, 6)
    profiles = [f"{a}{b}{c}{d}{e}" for a in levels for b in levels for c in levels for d in levels for e in levels]
    return pl.DataFrame({"profile": profiles, "value": [1 - 0.01 * i for i in range(len(profiles))]} | changed)


def test_an_eq5d_index_comes_from_the_users_value_set():
    scores = score_questionnaires(
        responses=pl.concat(
            [form("eq5d5l", [1, 1, 1, 1, 1]), form("eq5d5l", [1, None, 1, 1, 1], response="R2", completed_at=at(7, 9))]
        )
    )

    found = eq5d_index(scores, value_set(), name="a country")

    assert found.select("profile", "eq5d_index", "value_set", "reason").rows() == [
        ("11111", 1.0, "a country", None),
        ("19111", None, "a country", "incomplete_profile"),
    ]


def test_a_value_set_with_profiles_missing_is_refused():
    scores = score_questionnaires(responses=form("eq5d5l", [1, 1, 1, 1, 1]))

    with pytest.raises(InvalidTableError, match="3125"):
        eq5d_index(scores, value_set().head(3000), name="a country")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("raw,t\n4,41.6\n", "cannot be read", id="no standard errors"),
        pytest.param("raw,t,se\n4,41.6,6.1\n", "from 4 to 20", id="one row"),
        pytest.param("raw,t,se\n" + "".join(f"{raw},50,2\n" for raw in range(4, 21)), "must rise", id="flat"),
    ],
)
def test_a_wrong_score_table_is_refused(tmp_path, text, message):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ReferenceDataError, match=message):
        read_score_table(path, "promis_pi4a")


def test_a_score_table_is_read_as_it_is(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("raw,t,se\n" + "".join(f"{raw},{40 + raw},2\n" for raw in range(4, 21)), encoding="utf-8")

    assert read_score_table(path, "promis_pi4a")[12] == (52.0, 2.0)


def test_floor_and_ceiling_count_the_ends_of_the_scale():
    before = pl.DataFrame(
        {"patient_id": ["P1", "P2", "P3", "P4"], "measure": ["odi", "odi", "odi", "rmdq24"],
         "baseline": [0.0, 8.0, 100.0, None], "n": 1}
    )  # fmt: skip

    odi, rmdq = floor_ceiling(before).rows(named=True)

    assert (odi["n"], odi["n_at_minimum"], odi["n_at_maximum"], odi["n_no_room"]) == (3, 1, 1, 2)
    assert (odi["has_floor"], odi["has_ceiling"]) == (True, True)
    assert (rmdq["n"], rmdq["at_minimum_pct"], rmdq["reason"]) == (0, None, "no_patients")


def test_a_total_of_a_day_with_item_answers_is_not_taken():
    rows = score_questionnaires(responses=form("odi", [1] * 10), scores=totals("odi", {0: 90}))

    assert rows.select("score", "form_id").rows() == [(20.0, "odi")]
    assert rows["completed_date"].to_list() == [on(0)]
