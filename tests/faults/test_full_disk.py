"""A disk that is full or refuses, at every write of an import: one sentence, and the study as it was."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ptanalytics.errors import OutputError
from ptanalytics.study import Study, create_study, open_study
from study_frames import plans_frame, sessions_frame

#: Imports under a limit on the size of any file, which fails writes of Polars and of Python alike.
LIMITED_IMPORT = """
import resource, signal, sys
from ptanalytics.errors import OutputError
from ptanalytics.study import open_study
study = open_study(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    study.import_exports(sys.argv[2])
except OutputError as error:
    print(error)
    sys.exit(error.exit_code)
"""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study with sessions, and a newer export beside it."""
    made = create_study(tmp_path / "a", timezone="UTC", buckets=2)
    made.append_rows("sessions", sessions_frame(n_sessions=2), origin="test")
    (tmp_path / "exports").mkdir()
    sessions_frame(n_patients=200, n_sessions=20).write_csv(tmp_path / "exports" / "sessions.csv")
    plans_frame().write_csv(tmp_path / "exports" / "plans.csv")
    return made


def content(study: Study) -> dict[str, bytes]:
    """All files of a study."""
    return {p.relative_to(study.path).as_posix(): p.read_bytes() for p in study.path.rglob("*") if p.is_file()}


@pytest.mark.parametrize("more", ["", "\n"], ids=["regular", "with_a_blank_line"])
@pytest.mark.parametrize("limit_bytes", [100, 3_000, 30_000])
def test_a_full_disk_leaves_the_study_as_it_was(study: Study, tmp_path: Path, limit_bytes: int, more: str) -> None:
    pytest.importorskip("resource", reason="this system has no file size limits")
    # With a blank line the file is read by one scan, without one in pieces.
    text = sessions_frame(n_patients=200, n_sessions=20).write_csv() + more
    (tmp_path / "exports" / "sessions.csv").write_text(text, encoding="utf-8")
    before = content(study)
    command = [sys.executable, "-c", LIMITED_IMPORT, str(study.path), str(tmp_path / "exports"), str(limit_bytes)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == OutputError.exit_code, done.stderr[-2000:]
    assert done.stdout.startswith("a cannot be written: file too large. The study is as it was.")
    assert content(study) == before
    assert open_study(study.path).import_exports(tmp_path / "exports").rows_new == 8006 - 24


def refusing(real: Callable[..., Any], number: int, code: int) -> Callable[..., Any]:
    """Wrap a function so that its n-th call meets a disk that refuses."""
    calls = iter(range(1, 1_000_000))

    def call(*args: Any, **options: Any) -> Any:
        if next(calls) == number:
            raise OSError(code, os.strerror(code))
        return real(*args, **options)

    return call


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize(("owner", "name", "number"), [(os, "fsync", 1), (os, "fsync", 4), (Path, "replace", 3)])
def test_a_disk_that_refuses_in_the_last_moment(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, number: int, code: int
) -> None:
    before = content(study)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, refusing(getattr(owner, name), number, code))
        with pytest.raises(OutputError, match="The study is as it was"):
            study.import_exports(tmp_path / "exports")
    assert content(study) == before
    assert open_study(study.path).table("sessions").equals(study.table("sessions"))
    assert study.import_exports(tmp_path / "exports").rows_new == 8006 - 24


def test_an_import_interrupted_at_the_keyboard_leaves_the_study_as_it_was(study: Study, tmp_path: Path) -> None:
    before = content(study)

    def interrupt(what: str, _done: int, _of: int) -> None:
        if what == "Sorting sessions":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study.import_exports(tmp_path / "exports", progress=interrupt)
    assert content(study) == before
    assert pl.DataFrame(study.table("sessions")).height == 24
