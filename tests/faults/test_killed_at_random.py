"""Imports killed at moments that nobody chose: the study is exactly before or exactly after, and the next import ends it.

12 kills by default; ``PTANALYTICS_KILLS=100`` for as many as one likes.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from ptanalytics.study import Study, create_study, open_study
from study_frames import plans_frame, sessions_frame

IMPORT_UNTIL = Path(__file__).parent / "import_until.py"
N_KILLS = int(os.environ.get("PTANALYTICS_KILLS", "12"))

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")


def begin(study: Path, exports: Path) -> subprocess.Popen[str]:
    """Start an import in a process of its own and wait until it has loaded everything."""
    command = [sys.executable, str(IMPORT_UNTIL), str(study), str(exports), "never"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def state(study: Study) -> tuple[object, ...]:
    """All that a reader can see, and all files."""
    tables = [study.lazy(name).collect().hash_rows().to_list() for name in ("sessions", "plans") if study.has_table(name)]
    names = {p.relative_to(study.path).as_posix() for p in study.path.rglob("*") if p.is_file() and p.name != ".lock"}
    receipts = [receipt.to_json() for receipt in study.receipts()]
    return study.data_fingerprint, tables, receipts, study.quarantine().reasons.to_csv(), names


def test_a_study_killed_at_any_moment_is_before_or_after(tmp_path: Path) -> None:
    before = create_study(tmp_path / "before", timezone="UTC", buckets=4)
    sessions_frame(n_patients=200, n_sessions=8, fraction=0.25).write_csv(tmp_path / "sessions_2026-01-01.csv")
    before.import_exports(tmp_path / "sessions_2026-01-01.csv")
    exports = tmp_path / "exports"
    exports.mkdir()
    bad = sessions_frame(1, 1).with_columns(session_id=pl.lit("bad"), pain_before_nprs=pl.lit(99.0))
    pl.concat([sessions_frame(n_patients=300, n_sessions=12), bad]).write_csv(exports / "sessions_2026-02-01.csv")
    plans_frame().write_csv(exports / "plans.csv")
    shutil.copytree(before.path, tmp_path / "after")
    begun = time.monotonic()
    whole = begin(tmp_path / "after", exports)
    begun = time.monotonic()
    _, errors = whole.communicate(timeout=600)
    lasted_s = time.monotonic() - begun
    assert whole.returncode == 0, errors
    after = open_study(tmp_path / "after")
    expected = {"before": state(before), "after": state(after)}
    chance = random.Random(20260301)
    for number in range(N_KILLS):
        path = tmp_path / f"killed_{number}"
        shutil.copytree(before.path, path)
        process = begin(path, exports)
        time.sleep(chance.uniform(0, lasted_s))
        process.kill()
        process.communicate(timeout=600)
        study = open_study(path)
        found = state(study)
        which = [name for name, one in expected.items() if one == found]
        assert len(which) == 1, f"kill {number}: neither before nor after"
        receipt = study.import_exports(exports)
        if which == ["before"]:
            assert state(study) == expected["after"]
        else:
            assert (receipt.rows_used, receipt.rows_set_aside) == (0, 0)
            assert study.data_fingerprint == after.data_fingerprint
        shutil.rmtree(path)
