"""Long work told while it runs, and ended when somebody asks: progress in rows, cancelling, Ctrl-C."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from threading import Event, Lock
from typing import TypeVar

from ptanalytics.errors import ImportCancelledError

#: Called with what happens now, how many steps are done, and how many there are. It never gets a patient's value.
Progress = Callable[[str, int, int], None]
#: Asked again and again; True ends the import.
Cancel = Callable[[], bool]

Result = TypeVar("Result")

_TELL_EVERY_S = 0.25


class Stopped(Exception):  # noqa: N818 - it is no fault: it only ends the work of other threads
    """Raised inside work that is to end."""


class Watch:
    """Tells how far an import is and ends it when it is cancelled.

    Work runs on threads, and only the caller's own thread calls ``progress`` and ``cancel``, so that a notebook may draw in
    them and Ctrl-C is heard at once. A row counts twice: when it is read and when it is sorted into the study.

    Args:
        progress: Told of each step and, in between, of the rows done and how many come in a second.
        cancel: Asked several times a second.
    """

    def __init__(self, progress: Progress | None = None, cancel: Cancel | None = None) -> None:
        self._progress = progress
        self._cancel = cancel
        self._lock = Lock()
        self._stop = Event()
        self._step = ""
        self._step_rows = 0
        self._step_begun = 0.0
        self._done = 0
        self._of = 0

    def expect(self, n_rows: int) -> None:
        """Say how many rows will be counted in all."""
        self._of = n_rows

    def step(self, what: str, done: int) -> None:
        """Begin a step, with so many rows done."""
        self.check()
        self._step, self._done, self._step_rows, self._step_begun = what, done, 0, time.monotonic()
        if self._progress is not None:
            self._progress(what, done, self._of)

    def count(self, n_rows: int) -> None:
        """Count rows; called by the work itself, on any thread.

        Raises:
            Stopped: The work is to end.
        """
        if self._stop.is_set():
            raise Stopped
        with self._lock:
            self._step_rows += n_rows

    def check(self) -> None:
        """End the import if somebody asked for it.

        Raises:
            ImportCancelledError: Somebody did.
        """
        if self._cancel is not None and self._cancel():
            raise ImportCancelledError

    def run(self, work: Callable[[], Result]) -> Result:
        """Run work beside this thread, which tells and listens meanwhile."""
        with ThreadPoolExecutor(1) as beside:
            return self.run_all(beside, [work])[0]

    def run_all(self, executor: Executor, works: Iterable[Callable[[], Result]]) -> list[Result]:
        """Run several pieces of work on an executor and return what each of them gives."""
        futures: list[Future[Result]] = [executor.submit(work) for work in works]
        try:
            left = set(futures)
            while left:
                done, left = wait(left, timeout=_TELL_EVERY_S, return_when="FIRST_EXCEPTION")
                if any(future.exception() is not None for future in done):
                    break
                self.check()
                if left:
                    self._tell()
            return [future.result() for future in futures]
        except BaseException:
            # Other threads end at their next batch; the caller then removes what they wrote.
            self._stop.set()
            for future in futures:
                future.cancel()
            wait(futures)
            raise

    def _tell(self) -> None:
        seconds = time.monotonic() - self._step_begun
        if self._progress is None or not self._step_rows or seconds < 2 * _TELL_EVERY_S:
            return
        rate = self._step_rows / seconds
        self._progress(f"{self._step} ({rate:,.0f} rows/s)", min(self._done + self._step_rows, self._of), self._of)
