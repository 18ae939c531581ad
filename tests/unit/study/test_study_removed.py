"""Rows that a newer version of an export no longer has: counted and kept, and only where it is a newer version."""

from pathlib import Path

import polars as pl
import pytest

from ptanalytics.study import Study, create_study
from study_frames import sessions_frame


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study with an export of four people and four sessions each."""
    made = create_study(tmp_path / "a.study", timezone="UTC", buckets=3)
    sessions_frame().write_csv(tmp_path / "sessions_2026-04-01.csv")
    made.import_exports(tmp_path / "sessions_2026-04-01.csv")
    return made


def removed(study: Study, folder: Path, name: str, frame: pl.DataFrame) -> int:
    """Import one more export and say how many rows it no longer has."""
    frame.write_csv(folder / name)
    n_before = study.n_rows("sessions")
    receipt = study.import_exports(folder / name)
    assert study.n_rows("sessions") == n_before + receipt.rows_new
    return receipt.rows_removed


def middle() -> pl.Expr:
    """The rows of one session in the middle of the days."""
    days = sessions_frame()["started_at"].unique().sort()
    return pl.col("started_at") == days[len(days) // 2]


def test_rows_missing_within_the_days_of_a_newer_version_are_counted_and_stay(study: Study, tmp_path: Path) -> None:
    n_gone = sessions_frame().filter(middle()).height
    assert n_gone > 0
    assert removed(study, tmp_path, "sessions_2026-05-01.csv", sessions_frame().filter(~middle())) == n_gone
    assert study.receipts()[-1].to_frame()["rows_removed"].tolist() == [n_gone]


def test_a_person_who_is_missing_altogether_is_counted(study: Study, tmp_path: Path) -> None:
    rows = sessions_frame()
    one = rows["patient_id"].unique().sort()[1]
    expected = rows.filter(patient_id=one).height
    assert removed(study, tmp_path, "sessions_2026-05-01.csv", rows.filter(pl.col("patient_id") != one)) == expected


def test_days_that_the_newer_version_does_not_cover_were_not_asked_for(study: Study, tmp_path: Path) -> None:
    late = pl.col("started_at").dt.date() > pl.col("started_at").dt.date().unique().sort().gather(0)
    assert 0 < sessions_frame().filter(late).height < sessions_frame().height
    assert removed(study, tmp_path, "sessions_2026-05-01.csv", sessions_frame().filter(late)) == 0


def test_another_export_and_one_of_other_people_are_no_newer_versions(study: Study, tmp_path: Path) -> None:
    part = sessions_frame().filter(~middle())
    assert removed(study, tmp_path, "sessions_of_site_2.csv", part.with_columns(note=pl.lit("x"))) == 0
    others = part.with_columns(pl.format("Q{}", "patient_id").alias("patient_id"))
    assert removed(study, tmp_path, "sessions_2026-06-01.csv", others) == 0


def test_several_files_of_one_import_are_looked_at_together(study: Study, tmp_path: Path) -> None:
    rows = sessions_frame()
    for number, part in enumerate((rows.filter(~middle()), rows.filter(middle())[1:]), start=1):
        part.write_csv(tmp_path / f"sessions_2026-05-0{number}.csv")
    receipt = study.import_exports([tmp_path / f"sessions_2026-05-0{number}.csv" for number in (1, 2)])
    assert [entry.rows_removed for entry in receipt.files] == [0, 1]


def test_a_row_that_is_there_but_set_aside_is_not_gone(study: Study, tmp_path: Path) -> None:
    bad = sessions_frame().with_columns(pain_before_nprs=pl.when(middle()).then(99.0).otherwise("pain_before_nprs"))
    assert removed(study, tmp_path, "sessions_2026-05-01.csv", bad) == 0


def test_whose_rows_they_are_outlives_other_exports_and_undoing_them(study: Study, tmp_path: Path) -> None:
    more = sessions_frame(n_patients=6).with_columns(pl.format("R{}", "patient_id").alias("patient_id"))
    assert removed(study, tmp_path, "register.csv", more) == 0
    n_gone = sessions_frame().filter(middle()).height
    assert removed(study, tmp_path, "sessions_2026-05-01.csv", sessions_frame().filter(~middle())) == n_gone
    study.undo_import()
    assert removed(study, tmp_path, "register.csv", more.filter(~middle())) == more.filter(middle()).height
    study.undo_import()
    study.undo_import()
    assert removed(study, tmp_path, "sessions_2026-06-01.csv", sessions_frame().filter(~middle())) == n_gone
