"""Undoing imports: the study is what it was before, in any order that makes sense, and says why not elsewhere."""

import json
from pathlib import Path

import polars as pl
import pytest

from ptanalytics.errors import UndoError
from ptanalytics.study import Study, create_study, open_study
from study_frames import plans_frame, sessions_frame


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """An empty study of two buckets."""
    return create_study(tmp_path / "a.study", timezone="UTC", buckets=2)


def export(folder: Path, name: str, frame: pl.DataFrame) -> Path:
    """Write an export of its own name."""
    frame.write_csv(folder / name)
    return folder / name


def state(study: Study) -> tuple[object, ...]:
    """What an import changes apart from the study's books."""
    study = open_study(study.path)
    tables = {name: study.table(name).to_csv() for name in ("sessions", "plans") if study.has_table(name)}
    return study.data_fingerprint, tables, study.quarantine().reasons.to_csv(), study.cutoff_date


def test_undoing_the_only_import_empties_the_study_and_it_can_be_imported_again(study: Study, tmp_path: Path) -> None:
    empty = state(study)
    file = export(tmp_path, "sessions.csv", sessions_frame())
    study.import_exports(file)
    full = state(study)
    receipt = study.undo_import()
    assert (receipt.kind, receipt.undoes, receipt.number) == ("undo", 1, 2)
    assert (receipt.rows_taken_back, receipt.rows_restored) == (48, 0)
    assert state(study) == empty
    assert not study.has_table("sessions")
    assert study.import_exports(file).rows_new == 48
    assert state(study) == full


def test_undoing_a_newer_export_takes_its_new_rows_back_and_restores_the_changed(study: Study, tmp_path: Path) -> None:
    study.import_exports(export(tmp_path, "sessions_2026-01-01.csv", sessions_frame(n_sessions=3)))
    before = state(study)
    changed = sessions_frame()[24:].with_columns(completed_fraction=0.5)
    bad = sessions_frame(1, 1).with_columns(session_id=pl.lit("bad"), pain_before_nprs=pl.lit(99.0))
    rows = pl.concat([sessions_frame(n_sessions=2), changed, bad])
    newer = study.import_exports(export(tmp_path, "sessions_2026-02-01.csv", rows))
    assert (newer.rows_new, newer.rows_changed, newer.rows_set_aside) == (12, 12, 2)
    receipt = study.undo_import(newer.number)
    assert (receipt.rows_taken_back, receipt.rows_restored) == (12, 12)
    assert state(study) == before
    assert [r.kind for r in study.receipts()] == ["import", "import", "undo"]
    assert [r.number for r in study.receipts(standing=True)] == [1]
    history = study.history()
    assert history["stands"].tolist()[:2] == [True, False]
    assert history["undoes"].tolist()[2] == 2
    assert history["at"].notna().all()


def test_an_import_that_others_build_on_says_which_come_first(study: Study, tmp_path: Path) -> None:
    states = [state(study)]
    for number in (1, 2, 3):
        study.import_exports(export(tmp_path, f"sessions_{number}.csv", sessions_frame(n_sessions=number + 1)))
        states.append(state(study))
    with pytest.raises(
        UndoError, match=r"later imports or repairs hold rows of the same tables \(sessions\)\. Undo 3, then 2"
    ):
        study.undo_import(1)
    for number in (3, 2, 1):
        study.undo_import(number)
        assert state(study) == states[number - 1]


def test_an_earlier_import_of_other_tables_is_undone_alone(study: Study, tmp_path: Path) -> None:
    study.import_exports(export(tmp_path, "plans.csv", plans_frame()))
    study.import_exports(export(tmp_path, "sessions.csv", sessions_frame()))
    assert study.undo_import(1).rows_taken_back == 6
    assert not study.has_table("plans")
    assert study.n_rows("sessions") == 48


def test_an_export_that_found_everything_known_rests_on_the_earlier_one(study: Study, tmp_path: Path) -> None:
    study.import_exports(export(tmp_path, "sessions_old.csv", sessions_frame()))
    study.import_exports(export(tmp_path, "sessions_part.csv", sessions_frame(n_sessions=2)))
    with pytest.raises(UndoError, match="Undo 2 first"):
        study.undo_import(1)
    study.undo_import(2)
    study.undo_import(1)
    # The smaller export is no longer taken for known.
    assert study.import_exports(tmp_path / "sessions_part.csv").rows_new == 24


def test_rows_made_by_the_software_are_undone_and_signed_plans_are_not(study: Study, tmp_path: Path) -> None:
    study.import_exports(export(tmp_path, "sessions.csv", sessions_frame(n_sessions=2)))
    before = state(study)
    study.append_rows("sessions", sessions_frame(), origin="repair sheet repair.xlsx")
    with pytest.raises(UndoError, match="Undo 2 first"):
        study.undo_import(1)
    assert study.latest_import() == 1
    study.undo_import(2)
    assert state(study) == before
    study.append_rows("plans", plans_frame(), origin="plan sign-off")
    with pytest.raises(UndoError, match="signed plans"):
        study.undo_import(4)


def test_what_cannot_be_undone_is_said_and_nothing_changes(study: Study, tmp_path: Path) -> None:
    with pytest.raises(UndoError, match="no import"):
        study.undo_import()
    with pytest.raises(UndoError, match="no receipt"):
        study.undo_import(1)
    study.import_exports(export(tmp_path, "sessions.csv", sessions_frame()))
    study.undo_import(1)
    fingerprint = study.data_fingerprint
    for number, found in ((1, "undone before"), (2, "it is an undo"), (9, "receipts 1 to 2"), (0, "receipts 1 to 2")):
        with pytest.raises(UndoError, match=found):
            study.undo_import(number)
    assert study.data_fingerprint == fingerprint
    assert len(study.receipts()) == 2


def test_what_an_undone_import_kept_is_removed(study: Study, tmp_path: Path) -> None:
    study.import_exports(export(tmp_path, "sessions_1.csv", sessions_frame(n_sessions=2)))
    study.import_exports(export(tmp_path, "sessions_2.csv", sessions_frame(fraction=0.5)))
    assert sorted(path.name for path in (study.path / "undo").iterdir()) == ["1", "2"]
    study.undo_import()
    assert sorted(path.name for path in (study.path / "undo").iterdir()) == ["1"]


def test_a_study_of_version_0_1_opens_and_says_that_its_imports_cannot_be_undone(study: Study, tmp_path: Path) -> None:
    study.import_exports(export(tmp_path, "sessions.csv", sessions_frame()))
    manifest = study.path / "manifest.json"
    old = json.loads(manifest.read_text())
    old = {name: value for name, value in old.items() if name not in ("history", "known_files")} | {"format": 1}
    for bucket in old["tables"]["sessions"].values():
        del bucket["families"], bucket["families_file"]
    manifest.write_text(json.dumps(old))
    receipt = study.path / "receipts" / "1.json"
    kept = json.loads(receipt.read_text())
    names = ("kind", "number", "undoes", "rows_taken_back", "rows_restored")
    receipt.write_text(json.dumps({name: value for name, value in kept.items() if name not in names}))
    opened = open_study(study.path)
    with pytest.raises(UndoError, match=r"version 0\.1"):
        opened.undo_import(1)
    before = state(opened)
    newer = opened.import_exports(export(tmp_path, "sessions_2.csv", sessions_frame(n_sessions=5, fraction=0.5)))
    assert newer.rows_changed == 48
    opened.undo_import()
    assert state(opened) == before
    assert opened.history()["kind"].tolist() == ["import", "import", "undo"]
