"""A reader sees the state it opened; a damaged study says which file; one writer at a time."""

import threading
from pathlib import Path

import pytest

from ptanalytics.errors import OutputError, StudyBusyError, StudyChangedError, StudyDamagedError
from ptanalytics.study import Study, create_study, locking, open_study
from ptanalytics.study.locking import write_lock
from study_frames import plans_frame, sessions_frame


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study of two buckets with sessions."""
    made = create_study(tmp_path / "a", timezone="UTC", buckets=2)
    made.append_rows("sessions", sessions_frame(), origin="test")
    return made


def test_an_import_elsewhere_changes_nothing_until_refresh(study: Study) -> None:
    reader = open_study(study.path)
    before = reader.table("sessions")
    study.append_rows("sessions", sessions_frame(fraction=0.5), origin="test")
    assert reader.table("sessions").equals(before)
    assert reader.data_fingerprint != study.data_fingerprint
    reader.refresh()
    assert set(reader.table("sessions")["completed_fraction"]) == {0.5}
    assert reader.data_fingerprint == study.data_fingerprint


def test_an_import_that_changes_no_row_takes_nothing_from_a_reader(study: Study) -> None:
    reader = open_study(study.path)
    study.append_rows("sessions", sessions_frame(fraction=0.5), origin="test")
    for _ in range(3):
        study.append_rows("sessions", sessions_frame(fraction=0.5), origin="test")
    assert set(reader.table("sessions")["completed_fraction"]) == {1.0}


def test_a_reader_left_behind_twice_is_told_to_refresh(study: Study) -> None:
    reader = open_study(study.path)
    for fraction in (0.5, 0.25):
        study.append_rows("sessions", sessions_frame(fraction=fraction), origin="test")
    with pytest.raises(StudyChangedError, match=r"refresh\(\)"):
        reader.table("sessions")
    reader.refresh()
    assert set(reader.table("sessions")["completed_fraction"]) == {0.25}


def test_superseded_files_go_with_the_import_after_the_next(study: Study) -> None:
    first = {path.name for path in (study.path / "tables" / "sessions").iterdir()}
    study.append_rows("sessions", sessions_frame(fraction=0.5), origin="test")
    assert first < {path.name for path in (study.path / "tables" / "sessions").iterdir()}
    study.append_rows("sessions", sessions_frame(fraction=0.25), origin="test")
    assert not first & {path.name for path in (study.path / "tables" / "sessions").iterdir()}


def test_a_missing_and_a_cut_bucket_file_are_named(study: Study) -> None:
    reader = open_study(study.path)
    file = next((study.path / "tables" / "sessions").glob("0.*"))
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    with pytest.raises(StudyDamagedError, match=rf"tables/sessions/{file.name} is {len(whole) - 1} bytes"):
        open_study(study.path)
    file.unlink()
    with pytest.raises(StudyDamagedError, match=rf"tables/sessions/{file.name} is missing"):
        open_study(study.path)
    with pytest.raises(StudyDamagedError, match="is missing"):
        reader.table("sessions")


def test_what_a_dead_import_left_is_cleaned_at_opening(study: Study) -> None:
    (study.path / "staging" / "rows").mkdir(parents=True)
    (study.path / "staging" / "rows" / "half.ipc").write_bytes(b"half")
    orphans = [study.path / name for name in ("tables/sessions/0.99.parquet", "quarantine/sessions/99.parquet")]
    orphans.append(study.path / "receipts" / "99.json")
    for orphan in orphans:
        orphan.parent.mkdir(parents=True, exist_ok=True)
        orphan.write_bytes(b"half")
    assert open_study(study.path).n_rows("sessions") == 48
    assert not any(path.exists() for path in [*orphans, study.path / "staging"])


def test_opening_does_not_clean_under_a_writers_hands(study: Study) -> None:
    staging = study.path / "staging"
    with write_lock(study.path):
        staging.mkdir()
        open_study(study.path)
        assert staging.exists()


def test_a_second_writer_gives_up_with_a_sentence(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "LOCK_WAIT_S", 0.1)
    with write_lock(study.path), pytest.raises(StudyBusyError, match="Another import is writing to a"):
        study.append_rows("plans", plans_frame(), origin="test")
    study.append_rows("plans", plans_frame(), origin="test")
    assert study.n_rows("plans") == 6


def test_a_second_writer_waits_for_the_first(study: Study) -> None:
    has_lock, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with write_lock(study.path):
            has_lock.set()
            may_go.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    has_lock.wait(10)
    threading.Timer(0.2, may_go.set).start()
    study.append_rows("plans", plans_frame(), origin="test")
    holder.join()
    assert study.n_rows("plans") == 6


def test_a_study_nobody_may_write_to_can_be_read(study: Study) -> None:
    # A folder in the lock's place refuses to be opened for writing, as a read-only disk does, also to root.
    (study.path / ".lock").unlink()
    (study.path / ".lock").mkdir()
    assert open_study(study.path).n_rows("sessions") == 48
    with pytest.raises(OutputError, match="Get write access"):
        study.append_rows("plans", plans_frame(), origin="test")
