"""Exports that change or vanish while they are read, imports that somebody cancels: a sentence, and nothing half done."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ptanalytics.errors import ImportCancelledError, OutputError, UnreadableFileError
from ptanalytics.study import Study, create_study, open_study
from study_frames import plans_frame, sessions_frame


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study with a few sessions, and a newer export beside it."""
    made = create_study(tmp_path / "a", timezone="UTC", buckets=2)
    (tmp_path / "exports").mkdir()
    sessions_frame(n_sessions=2).write_csv(tmp_path / "sessions_old.csv")
    made.import_exports(tmp_path / "sessions_old.csv")
    sessions_frame().write_csv(tmp_path / "exports" / "sessions.csv")
    plans_frame().write_csv(tmp_path / "exports" / "plans.csv")
    return made


def content(study: Study) -> dict[str, bytes]:
    """All files of a study."""
    return {p.relative_to(study.path).as_posix(): p.read_bytes() for p in study.path.rglob("*") if p.is_file()}


def rewrite(file: Path) -> None:
    """Put other text of the same length in a file's place."""
    file.write_bytes(file.read_bytes().replace(b"bridge", b"briDge").replace(b"squat", b"sqUat"))


def grow(file: Path) -> None:
    """Add a line."""
    with file.open("ab") as stream:
        stream.write(b"P9999,S0,bridge,2026-03-02T18:30:00.000000,1.0,3.0\n")


def shorten(file: Path) -> None:
    """Cut a file in the middle of a line."""
    os.truncate(file, file.stat().st_size // 2)


@pytest.mark.parametrize("step", ["Reading sessions.csv", "Sorting sessions"])
@pytest.mark.parametrize("change", [rewrite, grow, shorten, Path.unlink])
def test_a_file_that_changes_or_vanishes_is_not_imported(
    study: Study, tmp_path: Path, step: str, change: Callable[[Path], None]
) -> None:
    before, file = content(study), tmp_path / "exports" / "sessions.csv"
    original = file.read_bytes()

    def meddle(what: str, _done: int, _of: int) -> None:
        if what == step:
            change(file)

    with pytest.raises(UnreadableFileError, match=r"sessions\.csv cannot be read: .*(changed|vanished) while it was read"):
        study.import_exports(tmp_path / "exports", progress=meddle)
    assert content(study) == before
    file.write_bytes(original)
    assert open_study(study.path).import_exports(tmp_path / "exports").rows_new == 30


def test_a_cancelled_import_leaves_the_study_as_it_was(study: Study, tmp_path: Path) -> None:
    before, told = content(study), []
    with pytest.raises(ImportCancelledError, match="The study is as it was"):
        study.import_exports(
            tmp_path / "exports", progress=lambda what, *_: told.append(what), cancel=lambda: "Sorting plans" in told
        )
    assert told[-1] == "Sorting plans"
    assert content(study) == before
    assert study.import_exports(tmp_path / "exports", cancel=lambda: False).rows_new == 30


def test_an_import_cancelled_before_it_began_reads_nothing(study: Study, tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(ImportCancelledError):
        study.import_exports(tmp_path / "exports", progress=lambda what, *_: told.append(what), cancel=lambda: True)
    assert told == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is writable to root")
def test_a_read_only_study_can_be_read_and_says_that_it_cannot_be_written(study: Study, tmp_path: Path) -> None:
    study.path.chmod(0o555)
    try:
        assert open_study(study.path).n_rows("sessions") == 24
        with pytest.raises(OutputError, match="cannot be written"):
            study.import_exports(tmp_path / "exports")
    finally:
        study.path.chmod(0o755)
