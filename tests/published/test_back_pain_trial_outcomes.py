"""Outcomes of the chronic back pain trial (Ashar 2022), every number counted again with plain pandas.

The published intention-to-treat shares with a pain reduction of 30 % or more are 78, 49 and 38 % of 50, 51 and 50 people.
Their baseline is the mean of two visits; this file holds one of them, so the shares here are those of this file.
"""

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from ptanalytics.outcomes import changes, responder_curve, responder_shares, score_questionnaires

FILE = Path(__file__).parents[2].parent / "shared" / "data" / "back_pain_trial" / "Ashar2022_outcomes_demographics.csv"
VISIT_1, VISIT_2 = date(2020, 1, 6), date(2020, 2, 3)
ARMS = {1: "PRT", 2: "placebo", 3: "usual care"}
MEASURES = {"pain_avg": "nprs_7d", "odi": "odi", "pcs": "pcs", "tsk11": "tsk11"}

pytestmark = pytest.mark.skipif(not FILE.exists(), reason="the trial's file is not beside the repository")


@pytest.fixture(scope="module")
def trial():
    everybody = pd.read_csv(FILE, na_values=["NaN", "<undefined>"])
    patients = everybody[everybody["is_patient"] == 1]
    return patients.assign(patient_id=patients["id"].astype(str), arm=patients["group"].map(ARMS))


@pytest.fixture(scope="module")
def change(trial):
    starters = trial[trial["time"] == 1]
    long = trial.rename(columns=MEASURES).melt(
        ["patient_id", "time"], list(MEASURES.values()), var_name="instrument_id", value_name="score"
    )
    scores = long.assign(completed_date=long["time"].map({1: VISIT_1, 2: VISIT_2}))
    people = pd.DataFrame({"patient_id": starters["patient_id"], "enrolled_date": VISIT_1})
    return changes(scores=scores, patients=people, target_weeks=[4], measures=list(MEASURES.values()))


@pytest.fixture(scope="module")
def arms(trial):
    return trial[trial["time"] == 1][["patient_id"]].assign(group=trial[trial["time"] == 1]["arm"])


@pytest.fixture(scope="module")
def wide(trial):
    """One row per patient with both visits side by side, by pandas alone."""
    visits = {time: trial[trial["time"] == time].set_index("patient_id") for time in (1, 2)}
    return visits[1].join(visits[2][list(MEASURES)].add_suffix("_2"), how="left")


def test_everybody_of_the_first_visit_has_a_row(change):
    assert change.groupby("measure")["patient_id"].nunique().tolist() == [152] * 4


def test_follow_up_is_day_28(change):
    assert set(change["followup_date"].dropna().dt.date) == {VISIT_1 + timedelta(days=28)}


@pytest.mark.parametrize("column", list(MEASURES))
def test_change_is_the_difference_of_the_visits(change, wide, column):
    found = change[change["measure"] == MEASURES[column]].set_index("patient_id")["improvement"].dropna()

    expected = (wide[column] - wide[f"{column}_2"]).dropna()

    pd.testing.assert_series_equal(found.sort_index(), expected.sort_index(), check_names=False)


@pytest.mark.parametrize(("arm", "n_randomized"), [("PRT", 50), ("placebo", 51), ("usual care", 50)])
def test_share_with_30_percent_less_pain_among_all_starters(change, arms, wide, arm, n_randomized):
    shares = responder_shares(change, groups=arms)
    row = shares[
        (shares["group"] == arm)
        & (shares["measure"] == "nprs_7d")
        & (shares["rule"] == "percent")
        & (shares["population"] == "all_starters")
    ].iloc[0]

    people = wide[wide["arm"] == arm]
    reduced = ((people["pain_avg"] - people["pain_avg_2"]) / people["pain_avg"] >= 0.30 - 1e-9).sum()

    assert (row["n"], row["responders"]) == (n_randomized, reduced)
    assert row["share_pct"] == pytest.approx(100 * reduced / n_randomized)
    assert row["n_no_followup"] == people["pain_avg_2"].isna().sum()


@pytest.mark.parametrize(("column", "mic"), [("pain_avg", 2), ("odi", 10)])
@pytest.mark.parametrize("arm", list(ARMS.values()))
def test_absolute_responders_among_completers(change, arms, wide, arm, column, mic):
    shares = responder_shares(change, groups=arms).set_index(["group", "measure", "rule", "population"])
    row = shares.loc[(arm, MEASURES[column], "absolute", "completers")]

    people = wide[(wide["arm"] == arm) & (wide[column] >= mic)].dropna(subset=[f"{column}_2"])

    assert row["n"] == len(people)
    assert row["responders"] == (people[column] - people[f"{column}_2"] >= mic).sum()
    assert row["n_no_room"] == (wide[wide["arm"] == arm][column] < mic).sum()


def test_the_patient_without_an_arm_is_a_group_of_its_own(change, arms):
    shares = responder_shares(change, groups=arms)

    assert shares[shares["group"].isna()]["n_starters"].unique().tolist() == [1]


@pytest.mark.parametrize("at_least", [0, 30, 50, 100])
def test_responder_curve_of_odi(change, wide, at_least):
    curve = responder_curve(change).set_index(["measure", "population", "threshold_pct"])

    people = wide[wide["odi"] > 0]
    reached = (100 * (people["odi"] - people["odi_2"]) / people["odi"] >= at_least - 1e-7).sum()

    assert curve.loc[("odi", "all_starters", at_least), "responders"] == reached
    assert curve.loc[("odi", "all_starters", at_least), "n"] == len(people)


def test_totals_of_the_file_lie_on_their_scales(trial):
    long = trial.rename(columns=MEASURES).melt(
        ["patient_id", "time"], list(MEASURES.values()), var_name="instrument_id", value_name="score"
    )
    scored = score_questionnaires(scores=long.assign(completed_date=long["time"].map({1: VISIT_1, 2: VISIT_2})))

    assert "out_of_range" not in set(scored["reason"].dropna())
    assert scored["score"].notna().sum() == long["score"].notna().sum()
