"""Real files: each line ends as used, set aside with a reason, or counted; totals by plain pandas."""

import csv
from pathlib import Path

import pandas as pd
import pytest

import ptanalytics as pta

DATA = Path(__file__).parents[2].parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real data is not beside the repository")

TRIAL = DATA / "back_pain_trial" / "Ashar2022_outcomes_demographics.csv"
DIARIES = DATA / "pain_diaries"
STRONG = DATA / "workout_exports" / "strong_harrig12.csv"
APP_DIARIES = sorted(p.name for p in DIARIES.glob("Participant*.csv"))
TIMED = {"Participant2Pain.csv", "Participant2PainNew.csv", "Participant8Pain.csv", "Participant8PainNew.csv"}


def load(path):
    return pta.load_exports(path, timezone="Europe/Paris")


def lines_of(path):
    """Count lines the plain way."""
    with path.open("rb") as file:
        return sum(1 for _ in file)


def assert_every_line_is_accounted_for(path, loaded):
    for entry in loaded.receipt.files:
        ends = entry.rows_used + entry.rows_set_aside + entry.rows_duplicate + entry.rows_ignored
        assert entry.rows_read == ends == lines_of(path)
        assert entry.rows_ignored == entry.ignored_headings + entry.ignored_comments + entry.ignored_blank
    assert len(loaded.quarantine.rows) == loaded.receipt.rows_set_aside
    explained = set(loaded.quarantine.reasons["row"])
    assert explained == set(loaded.quarantine.rows["row"])
    assert loaded.quarantine.reasons["reason"].str.len().gt(0).all()


@pytest.mark.parametrize("path", [TRIAL, STRONG, *sorted(DIARIES.glob("*.csv"))], ids=lambda path: path.name)
def test_each_line_ends_somewhere(path):
    assert_every_line_is_accounted_for(path, load(path))


@pytest.fixture(scope="module")
def trial():
    return load(TRIAL)


@pytest.fixture(scope="module")
def plain_trial():
    frame = pd.read_csv(TRIAL, na_values=["NaN", "<undefined>"])
    return frame[(frame["is_patient"] == 1) & frame["group"].notna()]


class TestBackPainTrial:
    def test_the_file_has_the_facts_its_description_states(self):
        frame = pd.read_csv(TRIAL, na_values=["NaN", "<undefined>"])
        patients = frame[frame["is_patient"] == 1]
        assert (len(frame), len(patients)) == (341, 287)
        assert patients[patients["time"] == 1]["id"].nunique() == 152
        assert patients[patients["time"] == 2]["id"].nunique() == 135
        assert (frame["is_patient"] == 0).sum() == 54

    def test_arms_are_the_patients_condition(self, trial, plain_trial):
        arms = {1: "pain reprocessing therapy", 2: "placebo", 3: "usual care"}
        expected = plain_trial.drop_duplicates("id")["group"].map(arms).value_counts().to_dict()
        assert trial.tables["patients"]["condition"].value_counts().to_dict() == expected
        assert expected == {"placebo": 51, "pain reprocessing therapy": 50, "usual care": 50}

    @pytest.mark.parametrize(
        ("instrument", "column"), [("nprs_7d", "pain_avg"), ("odi", "odi"), ("tsk11", "tsk11"), ("pcs", "pcs")]
    )
    def test_scores_per_visit_equal_plain_pandas(self, trial, plain_trial, instrument, column):
        scores = trial.tables["scores"].query("instrument_id == @instrument")
        means = scores.groupby("completed_date")["score"].mean()
        expected = plain_trial.groupby("time")[column].mean()
        assert means.tolist() == pytest.approx(expected.tolist(), abs=1e-12)
        assert len(scores) == len(plain_trial)

    def test_visit_days_are_nominal_and_the_receipt_says_so(self, trial):
        days = trial.tables["scores"]["completed_date"]
        assert (days.max() - days.min()).days == 28
        of_scores = [entry for entry in trial.receipt.files if entry.table == "scores"]
        assert len(of_scores) == 4
        assert all("nominal" in " ".join(entry.notes) for entry in of_scores)

    def test_the_baseline_caveat_is_in_the_receipt(self, trial):
        notes = {entry.part: " ".join(entry.notes) for entry in trial.receipt.files}
        assert "averaged two visits" in notes["nprs_7d"]

    def test_controls_and_the_patient_without_arm_are_set_aside_with_a_reason(self, trial):
        reasons = trial.quarantine.reasons.drop_duplicates("row")["rule"].value_counts().to_dict()
        assert reasons == {"healthy_control": 54, "no_group": 1}


class TestPainDiaries:
    @pytest.mark.parametrize("name", APP_DIARIES)
    def test_ratings_equal_plain_python(self, name):
        with (DIARIES / name).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        pain = [row for row in rows if row["name"] not in ("happiness", "Dizziness")]
        loaded = load(DIARIES / name)
        entry = loaded.receipt.files[0]
        assert entry.rows_set_aside == len(rows) - len(pain)
        when = ("date",) if name in TIMED else ("startyear", "startmonth", "startday")
        facts = {(row["name"], float(row["intensity"]), *(row[part] for part in when)) for row in pain}
        assert entry.rows_used == len(facts)
        assert loaded.tables["pain_scores"]["pain_nprs"].sum() == pytest.approx(sum(fact[1] for fact in facts))

    def test_people_come_from_file_names_and_sites_are_plain_names(self):
        scores = load(DIARIES / "Participant2Pain.csv").tables["pain_scores"]
        assert set(scores["patient_id"]) == {"Participant2"}
        assert "knee" in set(scores["site"])
        assert all(site == site.lower() and " " not in site for site in scores["site"])

    def test_a_newer_export_of_the_same_person_adds_only_what_is_new(self):
        paths = [DIARIES / "Participant8Pain.csv", DIARIES / "Participant8PainNew.csv"]
        loaded = pta.load_exports(paths, timezone="Europe/Paris")
        older, newer = loaded.receipt.files
        assert newer.rows_duplicate == older.rows_used
        assert len(loaded.tables["pain_scores"]) == older.rows_used + newer.rows_used

    def test_happiness_is_never_pain(self):
        loaded = load(DIARIES / "Participant2Pain.csv")
        assert set(loaded.quarantine.reasons["rule"]) == {"not_pain"}
        assert set(loaded.quarantine.rows["name"]) == {"happiness"}


@pytest.fixture(scope="module")
def log():
    return load(DIARIES / "pain.csv")


@pytest.fixture(scope="module")
def plain_log():
    """Read the log with nothing but the csv module: blank means as above."""
    with (DIARIES / "pain.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.reader(file))[2:]
    above, facts = [""] * 6, []
    for line in lines:
        extra = [cell for cell in line[6:] if cell.strip()]
        above = [cell or old for cell, old in zip(line[:6], above, strict=False)]
        facts.append((*above[:3], above[3], above[5], bool(extra)))
    return facts


class TestCarriedForwardLog:
    def test_the_first_line_is_a_comment(self, log):
        entry = log.receipt.files[0]
        assert (entry.ignored_comments, entry.ignored_headings, entry.ignored_blank) == (1, 1, 0)

    def test_days_and_ratings_equal_plain_python(self, log, plain_log):
        used = {fact for fact in plain_log if not fact[5] and fact[3] not in ("Sick", "Sick/Tired")}
        expected = {(f"{int(y)}-{int(m):02}-{int(d):02}", region, float(value)) for y, m, d, region, value, _ in used}
        entry = log.receipt.files[0]
        assert entry.rows_used == len(expected)
        scores = log.tables["pain_scores"]
        assert scores["pain_nprs"].sum() == pytest.approx(sum(fact[2] for fact in expected))
        days = {day for day, *_ in expected}
        assert set(scores["recorded_at"].dt.strftime("%Y-%m-%d")) == days

    def test_ragged_lines_are_set_aside_only_where_something_is_in_the_extra_field(self, log, plain_log):
        rules = log.quarantine.reasons["rule"].value_counts().to_dict()
        assert rules["too_many_fields"] == sum(fact[5] for fact in plain_log)
        assert rules["not_pain"] == sum(not fact[5] and fact[3] in ("Sick", "Sick/Tired") for fact in plain_log)


class TestActivityLog:
    def test_each_line_is_a_session_with_its_own_minutes(self):
        loaded = load(DIARIES / "sport.csv")
        with (DIARIES / "sport.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]
        minutes = [float(row[5]) for row in rows if row[5].replace(".", "", 1).isdigit()]
        sessions = loaded.tables["sessions"]
        assert len(sessions) == len(rows)
        assert sessions["duration_min"].sum() == pytest.approx(sum(minutes))
        assert sessions["duration_min"].notna().sum() == len(minutes)
        assert sessions["started_at"].dt.normalize().eq(sessions["started_at"]).all()


class TestStrongApp:
    def test_every_set_row_is_used_and_sets_of_an_exercise_are_one_row(self):
        loaded = load(STRONG)
        plain = pd.read_csv(STRONG)
        entry = loaded.receipt.files[0]
        assert (entry.rows_used, entry.rows_ignored) == (len(plain), 1 + lines_of(STRONG) - 1 - len(plain))
        groups = plain.groupby(["Date", "Exercise Name"])
        sessions = loaded.tables["sessions"]
        assert len(sessions) == groups.ngroups == 12
        assert sessions["sets"].sum() == len(plain)
        assert sorted(sessions["load_kg"]) == pytest.approx(sorted(groups["Weight"].mean()))
        assert sorted(sessions["reps"]) == pytest.approx(sorted(groups["Reps"].mean()))
        assert set(sessions["duration_min"]) == {38.0}
