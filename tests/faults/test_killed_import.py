"""An import that is killed leaves the study exactly as it was or exactly as it would be; the next one completes it."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from ptanalytics.study import Study, create_study, open_study
from study_frames import plans_frame, sessions_frame

IMPORT_UNTIL = Path(__file__).parent / "import_until.py"

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")

#: Points before the manifest is replaced, and after. The import has 2 files, so 5 steps; before the manifest it moves the
#: bucket files, the quarantine's two and the receipt.
BEFORE = [
    *(("step", n) for n in range(1, 6)),
    *(("flush", n) for n in (1, 4)),
    *(("move", n) for n in (1, 3, 5, 7)),
    ("manifest", 0),
]
AFTER = [("current", 0), ("remove", 1), ("remove", 3)]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study after two imports, so that there are superseded files as well."""
    folder = tmp_path_factory.mktemp("killed")
    study = create_study(folder / "before", timezone="UTC", buckets=3)
    for fraction in (0.25, 0.5):
        sessions_frame(n_sessions=2, fraction=fraction).write_csv(folder / "sessions_old.csv")
        study.import_exports(folder / "sessions_old.csv")
    (folder / "exports").mkdir()
    bad = sessions_frame(1, 1).with_columns(session_id=pl.lit("bad"), pain_before_nprs=pl.lit(99.0))
    pl.concat([sessions_frame(), bad]).write_csv(folder / "exports" / "sessions.csv")
    plans_frame().write_csv(folder / "exports" / "plans.csv")
    return study


@pytest.fixture(scope="module")
def after(before: Study) -> Study:
    """The same study with the import that the others die in."""
    shutil.copytree(before.path, before.path.with_name("after"))
    study = open_study(before.path.with_name("after"))
    receipt = study.import_exports(before.path.parent / "exports")
    assert (receipt.rows_new, receipt.rows_changed, receipt.rows_set_aside) == (30, 24, 2)
    return study


def state(study: Study) -> tuple[object, ...]:
    """All that a reader can see."""
    tables = {name: study.table(name).to_csv() for name in ("sessions", "plans") if study.has_table(name)}
    receipts = [receipt.to_json() for receipt in study.receipts()]
    return study.data_fingerprint, tables, receipts, study.quarantine().reasons.to_csv(), study.cutoff_date


def imported_until(before: Study, folder: Path, point: str, number: int, export: str | None = None) -> Path:
    """Kill an import at a point and return the study's folder."""
    path = folder / "killed"
    shutil.copytree(before.path, path)
    source = export or str(before.path.parent / "exports")
    command = [sys.executable, str(IMPORT_UNTIL), str(path), source, point, str(number)]
    done = subprocess.run(command, check=False, capture_output=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]
    return path


@pytest.mark.parametrize(("point", "number"), BEFORE)
def test_killed_before_it_was_current_the_study_is_as_it_was(
    before: Study, after: Study, tmp_path: Path, point: str, number: int
) -> None:
    path = imported_until(before, tmp_path, point, number)
    study = open_study(path)
    assert state(study) == state(before)
    assert files(study) == files(before)
    study.import_exports(before.path.parent / "exports")
    assert state(study) == state(after)


@pytest.mark.parametrize(("point", "number"), AFTER)
def test_killed_after_it_was_current_the_import_stands(
    before: Study, after: Study, tmp_path: Path, point: str, number: int
) -> None:
    path = imported_until(before, tmp_path, point, number)
    study = open_study(path)
    assert state(study) == state(after)
    assert files(study) == files(after)
    receipt = study.import_exports(before.path.parent / "exports")
    assert (receipt.rows_used, receipt.rows_unchanged) == (0, receipt.rows_duplicate)
    assert data(study) == data(after)


@pytest.mark.parametrize(("point", "number"), [("flush", 1), ("move", 2), ("manifest", 0), ("current", 0), ("remove", 1)])
def test_a_killed_undo_is_done_or_not_begun(after: Study, tmp_path: Path, point: str, number: int) -> None:
    path = imported_until(after, tmp_path, point, number, "undo")
    shutil.copytree(after.path, tmp_path / "undone")
    undone = open_study(tmp_path / "undone")
    undone.undo_import()
    is_done = point in ("current", "remove")
    study = open_study(path)
    assert state(study) == state(undone if is_done else after)
    assert files(study) == files(undone if is_done else after)
    if not is_done:
        study.undo_import()
        assert state(study) == state(undone)


def data(study: Study) -> tuple[object, ...]:
    """What analyses read; a receipt of an import that found nothing new is not among it."""
    fingerprint, tables, _receipts, reasons, cutoff = state(study)
    return fingerprint, tables, reasons, cutoff


def files(study: Study) -> set[str]:
    """Names of all files but the lock."""
    return {p.relative_to(study.path).as_posix() for p in study.path.rglob("*") if p.is_file() and p.name != ".lock"}
