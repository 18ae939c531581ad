"""Work that can wait until what the user looks at is drawn."""

import asyncio
from collections.abc import Callable


class Later:
    """Do something a moment later, and only the newest of several: a slider moves faster than a long table is drawn.

    In a notebook the kernel's event loop does it; without a running loop (scripts, tests) it is done at once.

    Args:
        delay_s: How long to wait for something newer.
    """

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._waiting: asyncio.TimerHandle | None = None

    def __call__(self, work: Callable[[], None]) -> None:
        """Do ``work`` after the delay, in place of what waits."""
        self.cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            work()
        else:
            self._waiting = loop.call_later(self._delay_s, work)

    def cancel(self) -> None:
        """Forget what waits."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
