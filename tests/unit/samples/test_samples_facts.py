"""The clinic is believable: its tables keep the contract and every role shows in the data, recomputed by plain pandas."""

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

import ptanalytics as pta
from ptanalytics.samples.clinic import EXPORTED_TABLES
from ptanalytics.schemas.model import key_of
from ptanalytics.schemas.tables import TABLES

REFERENCE = Path(__file__).parents[3] / "src" / "ptanalytics" / "reference"


@pytest.fixture(scope="module")
def table(clinic):
    dates = {
        "patients": ["onset_date", "enrolled_date", "discharged_date"],
        "plans": ["valid_from_date", "valid_to_date"],
        "pauses": ["from_date", "to_date"],
        "sessions": ["started_at"],
        "pain_scores": ["recorded_at"],
        "responses": ["completed_at"],
        "flags": ["recorded_at", "resolved_at"],
    }
    return {name: pd.read_csv(clinic.clean / f"{name}.csv", parse_dates=dates[name]) for name in EXPORTED_TABLES}


@pytest.fixture(scope="module")
def playing(clinic):
    return lambda role: {patient for patient, played in clinic.roles.items() if played == role}


@pytest.fixture(scope="module")
def start(table):
    return table["plans"].groupby("patient_id")["valid_from_date"].min()


@pytest.mark.parametrize("name", EXPORTED_TABLES)
def test_facts_keep_the_schema_and_the_key(clinic, name):
    facts = clinic.facts.tables[name]

    TABLES[name].validate(facts)

    assert not facts.select(key_of(TABLES[name])).is_duplicated().any()


@pytest.mark.parametrize("name", EXPORTED_TABLES)
def test_the_clean_file_holds_the_facts_in_our_column_names(clinic, table, name):
    facts = clinic.facts.tables[name]

    assert list(table[name].columns) == facts.columns
    assert len(table[name]) == len(facts)
    for column in facts.columns:
        assert int(table[name][column].isna().sum()) == facts[column].null_count()


def test_the_clinic_has_the_size_it_should(clinic, table):
    assert clinic.n_patients == len(table["patients"]) == 60
    assert table["patients"]["clinician"].nunique() == 3
    assert table["patients"]["site"].nunique() == 2
    assert len(set(clinic.roles.values())) >= 12


def test_exercises_and_start_doses_are_those_of_the_catalogue(table):
    catalogue = pd.read_csv(REFERENCE / "exercises.csv").set_index("exercise_id")
    first = table["plans"].query("plan_version == 1 and not exercise_id.str.startswith('walk')", engine="python")

    assert set(table["plans"]["exercise_id"]) | set(table["sessions"]["exercise_id"]) <= set(catalogue.index)
    dose = first.join(catalogue[["unit", "start_sets", "start_amount"]], on="exercise_id")
    amount = dose["reps"].fillna(dose["hold_s"]).fillna(dose["duration_min"])
    assert (amount == dose["start_amount"]).all()
    in_sets = dose["unit"] != "duration_min"
    assert (dose.loc[in_sets, "sets"] == dose.loc[in_sets, "start_sets"]).all()


def test_plans_have_two_to_five_exercises_and_all_categories_occur(table):
    catalogue = pd.read_csv(REFERENCE / "exercises.csv").set_index("exercise_id")
    sizes = table["plans"].groupby(["patient_id", "plan_version"]).size()

    assert sizes.between(2, 5).all()
    assert (sizes >= 3).mean() > 0.9
    assert set(table["plans"]["exercise_id"].map(catalogue["category"])) == {
        "stretching",
        "strengthening",
        "stabilization",
        "aerobic",
    }


def test_every_logged_exercise_was_prescribed_on_that_day(table):
    plans = table["plans"].merge(
        table["sessions"][["patient_id", "exercise_id", "started_at"]], on=["patient_id", "exercise_id"]
    )
    started_after = plans[plans["valid_from_date"] <= plans["started_at"]]
    logged = table["sessions"][["patient_id", "exercise_id", "started_at"]].drop_duplicates()

    assert len(started_after[["patient_id", "exercise_id", "started_at"]].drop_duplicates()) == len(logged)


def test_ratings_are_whole_numbers_from_0_to_10(table):
    for name, columns in (
        ("pain_scores", ["pain_nprs"]),
        ("sessions", ["pain_before_nprs", "pain_during_nprs", "pain_after_nprs", "pain_next_day_nprs", "rpe"]),
    ):
        for column in columns:
            given = table[name][column].dropna()
            assert given.between(0, 10).all()
            assert (given % 1 == 0).all()


def test_most_people_log_the_week_before_the_plan_starts(table, start):
    daily = table["pain_scores"].query("recall == 'avg_24h'")
    day = (daily["recorded_at"].dt.normalize() - daily["patient_id"].map(start)).dt.days
    days_before = daily[day.between(-7, -1)].groupby("patient_id").size()

    assert (days_before >= 3).sum() >= 50
    assert set(table["pain_scores"]["recall"]) == {"avg_24h", "avg_7d"}


def test_nothing_is_logged_after_the_export(table):
    last = max(table["sessions"]["started_at"].max(), table["pain_scores"]["recorded_at"].max())

    assert last.date().isoformat() == "2026-06-28"
    assert table["responses"]["completed_at"].max().date().isoformat() <= "2026-06-28"


def weekly_ratio(table, start, patient):
    """Sessions per plan week over those prescribed per week, by hand, for people with a flexible frequency."""
    plan = table["plans"].query("patient_id == @patient and plan_version == 1")
    sessions = table["sessions"].query("patient_id == @patient and completed_fraction >= 0.5")
    day = sessions.groupby("session_id")["started_at"].min().dt.normalize()
    week = (day - start[patient]).dt.days // 7
    return week.value_counts().sort_index() / plan["sessions_per_week"].iloc[0]


def test_over_doers_do_more_than_a_fifth_too_much_in_most_weeks(table, start, playing):
    for patient in playing("over_doer"):
        ratio = weekly_ratio(table, start, patient)
        assert (ratio > 1.2).mean() > 0.7


def test_steady_improvers_do_most_of_it_and_lose_pain(table, start, playing):
    daily = table["pain_scores"].query("recall == 'avg_24h'")
    day = (daily["recorded_at"].dt.normalize() - daily["patient_id"].map(start)).dt.days
    lost = []
    for patient in playing("steady_improver"):
        own = daily["patient_id"] == patient
        lost.append(
            daily[own & (day < 0)]["pain_nprs"].mean() - daily[own & (day >= day[own].max() - 6)]["pain_nprs"].mean()
        )
        assert weekly_ratio(table, start, patient).mean() > 0.6
    assert pd.Series(lost).mean() > 2


def test_some_people_are_ready_for_the_next_step_when_the_export_is_made(table, start, playing):
    # What a progression asks for (clinical-methods 4.6): low pain during, effort up to 5, next-day pain known.
    for patient in playing("ready_to_progress"):
        last = (
            table["sessions"]
            .query("patient_id == @patient")
            .groupby("session_id")
            .agg(during=("pain_during_nprs", "max"), rpe=("rpe", "median"), next_day=("pain_next_day_nprs", "max"))
        )
        assert (last["during"].tail(4) <= 2).mean() >= 0.5
        assert last["rpe"].tail(4).median() <= 5
        assert last["next_day"].iloc[:-1].notna().mean() > 0.9
        assert weekly_ratio(table, start, patient).mean() > 0.9


def test_silent_drop_outs_stop_without_a_discharge_or_a_last_form(table, start, playing):
    silent = playing("silent_drop_out")
    patients = table["patients"].set_index("patient_id")
    last = table["sessions"].groupby("patient_id")["started_at"].max()
    forms = table["responses"].groupby("patient_id")["completed_at"].max()

    for patient in silent:
        assert pd.isna(patients.loc[patient, "discharged_date"])
        assert (last[patient] - start[patient]).days < 51
        assert (forms[patient] - start[patient]).days < 60


def test_drop_outs_are_discharged_early(table, start, playing):
    discharged = table["patients"].set_index("patient_id")["discharged_date"]

    for patient in playing("drop_out"):
        assert 0 < (discharged[patient] - start[patient]).days < 70


def test_one_person_never_starts(table, playing):
    (patient,) = playing("not_initiated")

    assert patient not in set(table["sessions"]["patient_id"])
    assert patient in set(table["plans"]["patient_id"])


def test_one_flag_is_open_and_one_resolved(table, playing):
    flags = table["flags"].set_index("patient_id")
    known = set(pd.read_csv(REFERENCE / "red_flags.csv")["flag_id"])

    assert set(flags["flag_id"]) <= known
    assert flags.loc[list(playing("red_flag_open")), "resolved_at"].isna().all()
    assert (
        flags.loc[list(playing("red_flag_resolved")), "resolved_at"]
        > flags.loc[list(playing("red_flag_resolved")), "recorded_at"]
    ).all()


def test_breaks_are_of_several_kinds_and_one_is_still_running(table):
    pauses = table["pauses"]

    assert {"clinician_hold", "holiday", "illness"} <= set(pauses["kind"])
    assert pauses["to_date"].isna().sum() == 1
    assert {True, False} <= set(pauses["is_excused"].dropna())
    assert pauses["is_excused"].isna().any()


def test_nobody_trains_during_a_clinicians_hold(table):
    holds = table["pauses"].query("kind == 'clinician_hold'").merge(table["sessions"], on="patient_id")
    day = holds["started_at"].dt.normalize()

    inside = (day >= holds["from_date"]) & (day <= holds["to_date"].fillna(pd.Timestamp("2026-06-28")))
    assert not inside.any()


def test_plans_change_in_the_middle_of_a_week_and_both_ways(table, start, playing):
    changed = table["plans"].query("plan_version > 1").drop_duplicates(["patient_id", "plan_version"])
    day_of_week = (changed["valid_from_date"] - changed["patient_id"].map(start)).dt.days % 7
    by_version = table["plans"].groupby(["patient_id", "plan_version"])["sessions_per_week"].first()

    assert (day_of_week > 0).any()
    assert all(by_version.loc[patient].size == 3 for patient in playing("regression"))
    steps = by_version.groupby(level=0).diff().dropna()
    assert (steps > 0).any()


def test_every_plan_version_changes_something(table):
    dose = ["exercise_id", "sessions_per_week", "sets", "reps", "hold_s", "duration_min", "load_kg"]
    for _patient, plans in table["plans"].groupby("patient_id"):
        versions = [v[dose].sort_values("exercise_id").reset_index(drop=True) for _n, v in plans.groupby("plan_version")]
        assert not any(before.equals(after) for before, after in pairwise(versions))


def test_fixed_weekdays_are_kept_and_daily_walkers_have_no_frequency(table, playing):
    days = table["plans"].drop_duplicates("patient_id").set_index("patient_id")
    for patient in playing("fixed_weekdays"):
        allowed = set(days.loc[patient, "weekdays"].split(","))
        done = table["sessions"].query("patient_id == @patient")
        # Somebody who trains around midnight may log on the day after.
        early = done["started_at"].dt.hour < 1
        on = (done["started_at"] - pd.to_timedelta(early.astype(int), unit="D")).dt.strftime("%a").str.lower()
        assert set(on) <= allowed
    walkers = days.loc[list(playing("daily_walker"))]
    assert walkers["sessions_per_week"].isna().all()
    assert walkers["weekdays"].isna().all()
    assert (walkers["sessions_per_day"] == 1).all()


def test_partial_completers_leave_out_exercises_and_cut_others_short(table, playing):
    fraction = table["sessions"].groupby("patient_id")["completed_fraction"].mean()
    prescribed = table["plans"].query("plan_version == 1").groupby("patient_id").size()
    done = (
        table["sessions"]
        .groupby(["patient_id", "session_id"])
        .agg(n=("exercise_id", "nunique"), total=("completed_fraction", "sum"))
    )

    for patient in playing("partial_completer"):
        assert fraction[patient] < 0.7
        assert (done.loc[patient, "n"] < prescribed[patient]).mean() > 0.3
        # The mean over the prescribed items falls on both sides of one half, so some sessions count and some do not.
        assert 0.1 < (done.loc[patient, "total"] / prescribed[patient] >= 0.5).mean() < 0.9
    assert fraction.drop(list(playing("partial_completer"))).median() > 0.8


def test_the_share_done_is_the_volume_done_over_the_volume_prescribed(table):
    # Recomputed from the two files where a person had one version only, so that the dose is certain.
    plans = table["plans"]
    single = plans[plans.groupby("patient_id")["plan_version"].transform("max") == 1]
    both = table["sessions"].merge(single, on=["patient_id", "exercise_id"], suffixes=("", "_prescribed"))
    both = both[both["skip_reason"].isna()]
    done = (both["sets"] * both["reps"].fillna(both["hold_s"])).fillna(both["duration_min"])
    amount = both["reps_prescribed"].fillna(both["hold_s_prescribed"])
    prescribed = (both["sets_prescribed"] * amount).fillna(both["duration_min_prescribed"])

    assert len(both) > 1000
    assert ((done / prescribed - both["completed_fraction"]).abs() <= 0.005 + 1e-9).all()


def test_skipped_sessions_hold_no_volume(table):
    skipped = table["sessions"][table["sessions"]["skip_reason"].notna()]

    assert len(skipped) > 50
    assert (skipped["completed_fraction"] == 0).all()
    assert skipped[["sets", "reps", "hold_s", "duration_min"]].isna().all(axis=None)


def test_item_8_of_the_odi_is_the_one_most_often_left_blank(table):
    odi = table["responses"].query("instrument_id == 'odi'")
    blank = odi["answer"].isna().groupby(odi["item_id"]).mean()

    assert blank.idxmax() == "odi_8"
    assert blank["odi_8"] > 0.2
    assert set(odi["item_id"]) == {f"odi_{item}" for item in range(1, 11)}
    assert odi["answer"].dropna().isin(range(6)).all()


def test_rmdq_forms_have_24_items_of_0_or_1(table):
    rmdq = table["responses"].query("instrument_id == 'rmdq24'")

    assert (rmdq.groupby(["patient_id", "response_id"])["item_id"].nunique() == 24).all()
    assert rmdq["answer"].dropna().isin([0, 1]).all()


def test_disability_goes_with_pain(table):
    forms = table["responses"].groupby(["patient_id", "completed_at", "instrument_id"])["answer"].mean().unstack()

    assert len(forms) > 130
    assert 0.6 < forms["odi"].corr(forms["nprs_7d"]) < 0.98
    assert 0.6 < forms["odi"].corr(forms["rmdq24"]) < 0.98


def test_one_person_has_no_follow_up_form(table, start, playing):
    (patient,) = playing("no_followup")
    forms = table["responses"].query("patient_id == @patient")

    assert forms["completed_at"].max() < start[patient] + pd.Timedelta(days=1)
    assert len(table["sessions"].query("patient_id == @patient")) > 50


def test_flares_are_marked_by_people_and_rise_above_the_usual(table, playing):
    daily = table["pain_scores"].query("recall == 'avg_24h'")
    for patient in playing("flare"):
        own = daily[daily["patient_id"] == patient]
        marked = own[own["is_flare"].eq(other=True)]
        if len(marked):
            assert marked["pain_nprs"].mean() > own["pain_nprs"].median() + 1
    assert daily["is_flare"].eq(other=True).sum() > 10


def test_some_sessions_start_after_midnight(table):
    assert (table["sessions"]["started_at"].dt.hour == 0).any()


@pytest.fixture(scope="module")
def pain_of_weeks(table, start):
    """Mean daily pain by patient and plan week; week 0 is before the plan."""
    daily = table["pain_scores"].query("recall == 'avg_24h'")
    week = (daily["recorded_at"].dt.normalize() - daily["patient_id"].map(start)).dt.days // 7 + 1
    return daily.groupby(["patient_id", week])["pain_nprs"].mean().unstack()


def test_non_responders_do_their_sessions_and_keep_their_pain(table, start, playing, pain_of_weeks):
    for patient in playing("non_responder"):
        assert weekly_ratio(table, start, patient).mean() > 0.7
        assert abs(pain_of_weeks.loc[patient, 12] - pain_of_weeks.loc[patient, 0]) < 1.5


def test_a_changed_plan_helps_the_late_improvers(table, playing, pain_of_weeks):
    versions = table["plans"].groupby("patient_id")["plan_version"].max()
    for patient in playing("late_improver"):
        assert versions[patient] == 2
        assert abs(pain_of_weeks.loc[patient, 7] - pain_of_weeks.loc[patient, 0]) < 1.2
        assert pain_of_weeks.loc[patient, 7] - pain_of_weeks.loc[patient, 12] > 2


def test_a_relapse_gains_stops_and_loses_again(table, start, playing, pain_of_weeks):
    for patient in playing("relapse"):
        before, best, end = (pain_of_weeks.loc[patient, week] for week in (0, 7, 12))
        assert before - best > 2
        assert end - best > 2
        assert weekly_ratio(table, start, patient).loc[:3].mean() > 0.6
        assert weekly_ratio(table, start, patient).loc[8:].sum() < 1


def test_courses_differ_so_that_every_answer_to_treatment_is_there(pain_of_weeks):
    lost = (pain_of_weeks[0] - pain_of_weeks[12]).dropna()

    assert len(lost) > 30
    assert 0.2 < (lost >= 3).mean() < 0.6
    assert 0.1 < (lost < 1).mean() < 0.4
    assert lost.std() > 1.3


def test_the_trend_at_the_end_is_of_every_kind(clinic):
    labels = set(pta.pain_trend(pain_scores=clinic.facts.tables["pain_scores"])["label"])

    assert {"improving", "worsening", "no_clear_trend"} <= labels
