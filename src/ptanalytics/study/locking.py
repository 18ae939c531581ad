"""One writer at a time. The operating system holds the lock, so a writer that dies lets go of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ptanalytics.errors import OutputError, StudyBusyError

#: How long a second writer waits for the first before it gives up.
LOCK_WAIT_S = 10.0
_POLL_S = 0.05

try:
    import fcntl

    def _try_lock(stream: IO[bytes]) -> None:
        # flock belongs to the open file, so two threads of one process exclude each other as well.
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

except ImportError:  # Windows
    import msvcrt

    def _try_lock(stream: IO[bytes]) -> None:
        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]


@contextmanager
def write_lock(study_path: Path, *, wait_s: float | None = None) -> Iterator[None]:
    """Hold the only right to write to a study.

    Args:
        study_path: The study's folder.
        wait_s: How long to wait for another writer; without it `LOCK_WAIT_S`.

    Raises:
        StudyBusyError: Another writer did not finish in time.
        OutputError: The folder cannot be written to.
    """
    until = time.monotonic() + (LOCK_WAIT_S if wait_s is None else wait_s)
    # Closing the file frees the lock, also when the process is killed. The empty file stays: it means nothing.
    try:
        stream = (study_path / ".lock").open("ab+")
    except OSError as error:
        found = (error.strerror or "the disk refused").lower()
        raise OutputError(study_path, found, "Get write access to the folder, or copy it to where you have.") from None
    with stream:
        while True:
            try:
                _try_lock(stream)
                break
            except OSError:
                if time.monotonic() >= until:
                    raise StudyBusyError(study_path) from None
                time.sleep(_POLL_S)
        yield
