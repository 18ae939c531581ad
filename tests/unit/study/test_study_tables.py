"""Reading tables back: what was put in, sorted, whole, and from the right buckets."""

from datetime import date, datetime
from pathlib import Path
from zlib import crc32

import polars as pl
import pytest

from ptanalytics.errors import InvalidTableError, MissingColumnsError, MissingTableError, UnknownPatientError
from ptanalytics.study import Study, create_study, open_study
from study_frames import plans_frame, sessions_frame


@pytest.fixture(params=[1, 3])
def study(tmp_path: Path, request: pytest.FixtureRequest) -> Study:
    """A study of 6 patients, in one bucket and in three."""
    made = create_study(tmp_path / "a.study", timezone="Europe/London", buckets=request.param)
    made.append_rows("sessions", sessions_frame(), origin="test")
    made.append_rows("plans", plans_frame(), origin="test")
    return made


def test_every_row_comes_back_sorted_by_patient_and_time(study: Study) -> None:
    expected = sessions_frame().sort("patient_id", "started_at", "session_id", "exercise_id")
    read = study.table("sessions")
    for column in expected.columns:
        assert read[column].tolist() == expected[column].to_list(), column
    assert study.n_rows("sessions") == len(read) == 48
    assert read["rpe"].isna().all()


def test_some_patients_only(study: Study) -> None:
    chosen = study.table("sessions", patients=["P0001", "P0004", "nobody"])
    assert set(chosen["patient_id"]) == {"P0001", "P0004"}
    assert len(chosen) == 16
    assert len(study.table("sessions", patients=[])) == 0
    assert len(study.table("sessions", patients=["nobody"])) == 0


def test_a_lazy_table_has_the_same_rows(study: Study) -> None:
    assert study.lazy("sessions").select(pl.len()).collect().item() == 48
    assert study.lazy("sessions", patients=["P0002"]).select(pl.len()).collect().item() == 8


def test_a_patient_lies_in_the_bucket_of_the_checksum_of_the_id(study: Study) -> None:
    n_buckets = study._snapshot.n_buckets
    for file in (study.path / "tables" / "sessions").iterdir():
        bucket = int(file.name.partition(".")[0])
        ids = pl.read_parquet(file)["patient_id"].unique().to_list()
        assert ids
        assert {crc32(patient_id.encode()) % n_buckets for patient_id in ids} == {bucket}


def test_patients_of_every_table_are_patients(study: Study) -> None:
    extra = plans_frame(1).with_columns(patient_id=pl.lit("planned only"))
    study.append_rows("plans", extra, origin="test")
    assert study.patient_ids() == [*(f"P{n:04}" for n in range(6)), "planned only"]
    study.require_patient("planned only")


def test_an_unknown_patient_is_counted_against_not_repeated(study: Study) -> None:
    with pytest.raises(UnknownPatientError, match="6 patients") as caught:
        study.require_patient("Jane Roe 1970")
    assert "Jane" not in str(caught.value)


def test_a_table_that_is_absent_and_a_name_that_is_none(study: Study) -> None:
    assert study.has_table("sessions")
    assert not study.has_table("flags")
    assert study.n_rows("flags") == 0
    with pytest.raises(MissingTableError, match=r"'flags'.*There is: plans, sessions"):
        study.table("flags")
    for call in (study.table, study.lazy, study.has_table, study.n_rows):
        with pytest.raises(InvalidTableError, match="no table called 'session'"):
            call("session")


def test_the_cut_off_is_the_latest_clinical_day_of_sessions_and_pain(tmp_path: Path) -> None:
    study = create_study(tmp_path / "a", timezone="UTC", buckets=4, settings={"time": {"day_start_hour": 3}})
    assert study.cutoff_date is None
    study.append_rows("plans", plans_frame(), origin="test")
    assert study.cutoff_date is None
    study.append_rows("sessions", sessions_frame(n_sessions=2), origin="test")
    assert study.cutoff_date == date(2026, 3, 3)
    at_night = datetime.fromisoformat("2026-03-06T02:59")
    late = pl.DataFrame({"patient_id": ["Z"], "recorded_at": [at_night], "pain_nprs": [4.0]})
    study.append_rows("pain_scores", late, origin="test")
    assert study.cutoff_date == date(2026, 3, 5)
    assert study.run_defaults() == {"settings": study.settings, "cutoff_date": date(2026, 3, 5)}


def test_the_fingerprint_follows_the_rows_and_nothing_else(tmp_path: Path) -> None:
    one, two = (create_study(tmp_path / name, timezone="UTC", buckets=2) for name in ("one", "two"))
    rows = sessions_frame()
    one.append_rows("sessions", rows, origin="test")
    for part in (rows[20:], rows[:30], rows[:5]):
        two.append_rows("sessions", part, origin="elsewhere")
    assert one.data_fingerprint == two.data_fingerprint == open_study(one.path).data_fingerprint
    one.append_rows("sessions", sessions_frame(1, 1, fraction=0.25), origin="test")
    assert one.data_fingerprint != two.data_fingerprint


def test_appended_rows_are_new_changed_or_there_already(study: Study) -> None:
    plans = plans_frame(3).with_columns(sessions_per_week=pl.Series([3.0, 5.0, 3.0]))
    later = plans_frame(1).with_columns(plan_version=pl.lit(2, dtype=pl.Int64))
    receipt = study.append_rows("plans", pl.concat([plans, later]), origin="plan sign-off")
    (entry,) = receipt.files
    assert (entry.file, entry.table) == ("plan sign-off", "plans")
    assert (entry.rows_read, entry.rows_used, entry.rows_duplicate) == (4, 2, 2)
    assert (entry.rows_new, entry.rows_changed, entry.rows_unchanged) == (1, 1, 2)
    assert study.n_rows("plans") == 7
    assert study.table("plans", patients=["P0001"])["sessions_per_week"].tolist() == [5.0]
    assert study.receipts()[-1] == receipt


@pytest.mark.parametrize(
    ("rows", "error", "found"),
    [
        (plans_frame(2).with_columns(sessions_per_week=99.0), InvalidTableError, "at most 50"),
        (plans_frame(2).with_columns(plan_version=pl.lit(None, dtype=pl.Int32)), InvalidTableError, "must be given"),
        (plans_frame(2).drop("valid_from_date"), MissingColumnsError, "valid_from_date"),
        (
            pl.concat([plans_frame(1), plans_frame(1).with_columns(sessions_per_week=4.0)]),
            InvalidTableError,
            "share a key but differ",
        ),
    ],
)
def test_rows_that_break_a_rule_are_not_appended(
    study: Study, rows: pl.DataFrame, error: type[Exception], found: str
) -> None:
    before = sorted(path for path in study.path.rglob("*"))
    with pytest.raises(error, match=found) as caught:
        study.append_rows("plans", rows, origin="plan sign-off")
    assert "P0001" not in str(caught.value)
    assert sorted(path for path in study.path.rglob("*")) == before


def test_a_study_says_what_it_holds_without_a_patients_value(study: Study) -> None:
    assert repr(study) == "<Study 'a': plans 6, sessions 48>"
