"""What check_data returns: states, totals by site and month, missing values, thresholds, the rows behind a rule."""

from datetime import date

import pandas as pd
import polars as pl
import pytest

import ptanalytics as pta
from ptanalytics.errors import InvalidTableError, SettingsError
from ptanalytics.quality import shipped_rules
from ptanalytics.quality.counting import subjects
from ptanalytics.quality.rules import limits_of
from ptanalytics.quality.subjects import Context
from ptanalytics.schemas import RESULTS, TABLES
from ptanalytics.schemas.frames import conform, empty_frame
from ptanalytics.settings import default_settings
from ptanalytics.study import create_study
from quality_frames import CUTOFF, patient, rating, session, table

SESSIONS = table(
    "sessions",
    session(1),
    session(2, minutes=3, reps=5.0),
    session(3, days=40),
    session(4, days=40, minutes=2, reps=5.0, patient_id="B"),
    session(5, days=40, minutes=4, reps=5.0, patient_id="B"),
)
PATIENTS = table("patients", patient(), patient("B", site=None, birth_year=None))


@pytest.fixture(scope="module")
def check():
    return pta.check_data(sessions=SESSIONS, patients=PATIENTS, cutoff_date=CUTOFF)


def row_of(check, rule_id):
    return check.rules.row(by_predicate=pl.col("rule_id") == rule_id, named=True)


def test_a_rule_that_could_judge_nothing_is_not_applicable_and_says_why(check):
    row = row_of(check, "pain_jump")

    assert (row["status"], row["n_checked"], row["share_pct"]) == ("not_applicable", 0, None)
    assert row["reason"] == "there are no rows of pain_scores"
    assert row_of(check, "sessions_after_discharge")["reason"] == "no patient with sessions has a day of discharge"


def test_only_a_rule_that_is_not_applicable_has_a_reason(check):
    states = check.rules.select("status", has_reason=pl.col("reason").is_not_null()).unique()

    assert set(states.rows()) == {("passed", False), ("found", False), ("not_applicable", True)}


def test_every_rule_has_a_sentence_with_its_number_and_a_source(check):
    assert row_of(check, "sessions_near_duplicate")["sentence"].endswith("within 5 minutes")
    assert check.rules["sentence"].str.contains(r"[{}]").sum() == 0
    assert check.rules["source"].str.len_chars().min() > 10
    assert set(shipped_rules()) <= set(check.rules["rule_id"])


def test_share_is_found_of_checked(check):
    row = row_of(check, "sessions_near_duplicate")

    assert (row["n_checked"], row["n_found"], row["share_pct"]) == (5, 2, 40.0)


def test_counts_by_site_and_by_month_say_where(check):
    of_rule = pl.col("rule_id") == "sessions_near_duplicate"

    assert check.rules_by_site.filter(of_rule).select("site", "n_checked", "n_found").rows() == [
        ("north", 3, 1),
        (None, 2, 1),
    ]
    assert check.rules_by_month.filter(of_rule).select("month_date", "n_checked", "n_found").rows() == [
        (date(2026, 3, 1), 2, 1),
        (date(2026, 4, 1), 3, 1),
    ]


def test_missing_values_are_counted_by_column_site_and_month(check):
    rows = {(r["table"], r["column"]): r for r in check.missing.iter_rows(named=True)}

    assert rows["patients", "birth_year"]["n_missing"] == 1
    assert rows["patients", "birth_year"]["missing_pct"] == 50.0
    assert not rows["sessions", "rpe"]["is_recorded"]
    assert ("sessions", "patient_id") not in rows  # always given
    by_site = check.missing_by_site.filter(table="patients", column="birth_year")
    assert by_site.select("site", "n_rows", "n_missing").rows() == [("north", 1, 0), (None, 1, 1)]


def test_what_a_missing_value_means_is_told_where_the_table_says_so():
    check = pta.check_data(pain_scores=table("pain_scores", rating()), cutoff_date=CUTOFF)
    means = dict(check.missing.select("column", "missing_means").rows())

    assert means["site"] == "the low back"
    assert means["is_flare"] is None


def test_rows_that_break_the_schema_are_found_and_not_refused():
    check = pta.check_data(pain_scores=table("pain_scores", rating(pain_nprs=12.0)), cutoff_date=CUTOFF)
    row = row_of(check, "pain_scores.pain_nprs_maximum")

    assert (row["severity"], row["n_checked"], row["n_found"]) == ("error", 1, 1)
    assert check.rows("pain_scores.pain_nprs_maximum")["patient_id"].to_list() == ["A"]


def test_problems_come_errors_first(check):
    more = pta.check_data(sessions=pl.concat([SESSIONS, SESSIONS.head(1)]), patients=PATIENTS, cutoff_date=CUTOFF)

    assert more.problems["severity"][0] == "error"
    assert set(check.problems["status"]) == {"found"}


def test_the_rows_behind_a_rule_are_named_by_their_key(check):
    rows = check.rows("sessions_near_duplicate")

    assert rows.columns == ["patient_id", "session_id", "exercise_id", "started_at"]
    assert rows["session_id"].to_list() == ["2", "5"]
    with pytest.raises(InvalidTableError, match="no rule 'sessions_unheard_of'"):
        check.rows("sessions_unheard_of")


def test_the_caller_gets_the_kind_of_frame_given():
    check = pta.check_data(sessions=SESSIONS.to_pandas(), cutoff_date=CUTOFF)

    assert isinstance(check.rules, pd.DataFrame)
    assert isinstance(check.problems, pd.DataFrame)
    assert isinstance(check.rows("sessions_near_duplicate"), pd.DataFrame)


@pytest.mark.parametrize(
    "name", ["rules", "rules_by_site", "rules_by_month", "missing", "missing_by_site", "missing_by_month"]
)
def test_results_are_tables_of_the_contract(check, name):
    schema = {"rules": "check_results", "missing": "missingness"}
    model = RESULTS[schema.get(name) or name.replace("rules", "check_results").replace("missing_", "missingness_")]
    frame = getattr(check, name)

    assert conform(frame, model).collect().equals(frame)
    model.validate(frame)


@pytest.mark.parametrize(
    ("thresholds", "words"),
    [
        pytest.param({"sessions_near_duplicat": 3}, "no rule with the threshold", id="misspelt"),
        pytest.param({"sessions_repeated": 3}, "no rule with the threshold", id="rule without a number"),
        pytest.param({"sessions_near_duplicate": -1}, "from 0 upwards", id="below 0"),
        pytest.param({"sessions_near_duplicate": "5"}, "must be a number", id="text"),
        pytest.param({"pain_single_value.min_rows": 0}, "from 1 upwards", id="no rows"),
        pytest.param({"sessions_near_duplicate": float("nan")}, "must be a number", id="not a number"),
    ],
)
def test_thresholds_that_cannot_be_are_refused(thresholds, words):
    with pytest.raises(SettingsError, match=words):
        pta.check_data(sessions=SESSIONS, thresholds=thresholds, cutoff_date=CUTOFF)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        pytest.param({"session": SESSIONS}, "no table called session", id="unknown table"),
        pytest.param({}, "no table was given", id="nothing"),
        pytest.param({"study": SESSIONS}, "by name", id="a frame in place of a study"),
        pytest.param({"sessions": [1]}, "must be a pandas or Polars frame", id="no frame"),
    ],
)
def test_what_is_no_table_is_refused(call, words):
    with pytest.raises(InvalidTableError, match=words):
        pta.check_data(**call)


def test_a_column_that_cannot_be_read_is_refused_without_its_value():
    frame = SESSIONS.with_columns(reps=pl.lit("SECRET"))

    with pytest.raises(InvalidTableError) as error:
        pta.check_data(sessions=frame)
    assert "SECRET" not in str(error.value)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quality")
    lines = ["patient_id,recorded_at,pain_nprs"]
    lines += [f"P{n % 5},2026-03-{1 + n // 5:02} 18:{n % 5}0:00,{n % 8}" for n in range(60)]
    lines += ["P1,2026-03-20 08:00,11", "P1,2026-03-21 08:00,bad", ",2026-03-22 08:00,4", "P9,2062-01-01 08:00,4"]
    (folder / "pain_scores.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    made = create_study(folder / "a.study", timezone="Europe/London", buckets=3)
    made.import_exports(folder / "pain_scores.csv")
    return made


class TestStudy:
    def test_rows_set_aside_on_import_are_errors(self, study):
        rules = pta.check_data(study, cutoff_date=CUTOFF).rules.set_index("rule_id")

        assert rules.loc["pain_scores.pain_nprs_maximum", ["n_checked", "n_found", "status"]].tolist() == [64, 1, "found"]
        assert rules.loc["pain_scores.pain_nprs.not_a_number", "n_found"] == 1
        assert rules.loc["pain_scores.patient_id_required", "n_found"] == 1
        assert rules.loc["pain_scores.pain_nprs_minimum", "status"] == "passed"

    def test_a_rule_about_a_column_no_import_had_has_not_passed(self, study):
        rules = pta.check_data(study, cutoff_date=CUTOFF).rules.set_index("rule_id")

        assert rules.loc["pain_scores.recall_allowed", "status"] == "not_applicable"
        assert rules.loc["pain_scores.recall_allowed", "reason"] == "no import had this column"

    def test_rows_of_an_error_are_named_by_file_and_row(self, study):
        rows = pta.check_data(study, cutoff_date=CUTOFF).rows("pain_scores.pain_nprs_maximum")

        assert rows[["file", "row"]].values.tolist() == [["pain_scores.csv", 62]]

    def test_the_future_begins_today_unless_a_day_is_given(self, study):
        assert pta.check_data(study).cutoff_date >= CUTOFF
        found = pta.check_data(study, cutoff_date=CUTOFF)
        assert found.rows("pain_in_future")["patient_id"].tolist() == ["P9"]
        assert "pain_in_future" not in set(pta.check_data(study, cutoff_date=date(2070, 1, 1)).problems["rule_id"])

    def test_buckets_and_executors_change_nothing(self, study, tmp_path):
        one = create_study(tmp_path / "one.study", timezone="Europe/London")
        one.append_rows("pain_scores", study.table("pain_scores"), origin="copy")

        split, whole = (pta.check_data(s, cutoff_date=CUTOFF) for s in (study, one))

        pd.testing.assert_frame_equal(split.rules_by_month, whole.rules_by_month)
        pd.testing.assert_frame_equal(split.missing, whole.missing)

    def test_thresholds_of_the_study_hold_without_reading_again_and_the_callers_win(self, study):
        def n(**options):
            rules = pta.check_data(study, cutoff_date=CUTOFF, **options).rules.set_index("rule_id")
            return rules.loc["pain_single_value", ["n_checked", "min_rows"]].tolist()

        before = study.data_fingerprint
        assert n() == [0, 14]
        study.change_settings({"quality": {"thresholds": {"pain_single_value.min_rows": 12}}})
        assert n() == [5, 12]
        assert n(thresholds={"pain_single_value.min_rows": 13}) == [0, 13]
        assert study.data_fingerprint == before

    def test_an_empty_study_passes_nothing(self, tmp_path):
        empty = create_study(tmp_path / "empty.study", timezone="Europe/London")
        rules = pta.check_data(empty).rules

        assert set(rules["status"]) == {"not_applicable"}
        assert rules["reason"].notna().all()

    def test_a_study_and_frames_at_once_are_refused(self, study):
        with pytest.raises(InvalidTableError, match="a study or frames"):
            pta.check_data(study, sessions=SESSIONS)


def test_every_shipped_rule_is_judged_somewhere():
    frames = {name: empty_frame(model).lazy() for name, model in TABLES.items()}
    context = Context(frames, frozenset(TABLES), CUTOFF, limits_of(), default_settings().scoring)
    judged = [(subject.table, name) for subject in subjects() for name in subject.build(context)[1]]
    shipped = {(rule.table, rule.id) for rule in shipped_rules().values()}

    assert shipped <= set(judged)
