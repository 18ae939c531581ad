"""Two processes that import at once: one after the other, or one of them ends with a sentence; never a mixture."""

import subprocess
import sys
from pathlib import Path

import polars as pl

from ptanalytics.study import create_study, open_study
from ptanalytics.study.locking import write_lock
from study_frames import sessions_frame

HOLD_LOCK = """
import sys, time
from pathlib import Path
from ptanalytics.study.locking import write_lock
with write_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""
IMPORT_UNTIL = Path(__file__).parent / "import_until.py"


def start_import(study: Path, export: Path) -> subprocess.Popen[str]:
    """Start an import in a process of its own."""
    command = [sys.executable, str(IMPORT_UNTIL), str(study), str(export), "never"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_imports_at_once_are_both_there_one_after_the_other(tmp_path: Path) -> None:
    study = create_study(tmp_path / "a", timezone="UTC", buckets=2)
    halves = [sessions_frame(n_sessions=3), sessions_frame(n_sessions=4)[24:]]
    running = []
    with write_lock(study.path):  # both wait at the same place, so that they truly meet
        for number, rows in enumerate(halves):
            export = tmp_path / f"sessions_{number}.csv"
            rows.write_csv(export)
            running.append(start_import(study.path, export))
        for process in running:
            assert process.poll() is None
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    study = open_study(study.path)
    expected = sessions_frame().sort("patient_id", "started_at", "session_id", "exercise_id")
    assert study.table("sessions")["session_id"].tolist() == expected["session_id"].to_list()
    receipts = study.receipts()
    assert len(receipts) == 2
    assert sum(receipt.rows_new for receipt in receipts) == expected.height
    assert sum(receipt.rows_unchanged for receipt in receipts) == pl.concat(halves).height - expected.height


def test_the_lock_of_a_dead_process_holds_nobody_up(tmp_path: Path) -> None:
    study = create_study(tmp_path / "a", timezone="UTC")
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            HOLD_LOCK,
            str(study.path),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with write_lock(study.path, wait_s=0):
        pass
    sessions_frame().write_csv(tmp_path / "sessions.csv")
    assert study.import_exports(tmp_path / "sessions.csv").rows_used == 48
