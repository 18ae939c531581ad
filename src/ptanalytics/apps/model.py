"""What every app's model has: a frozen state, undo, and sentences for what stands in the way. No widgets."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import traitlets as tl

UNDO_STEPS = 50
#: Changes of the same thing within this time are one step back: nobody wants to undo a slider pixel by pixel.
SAME_GESTURE_S = 0.8


class AppModel(tl.HasTraits):
    """The state of an app and the way back.

    ``state`` is a frozen dataclass, replaced by `change` and never edited. ``blockers`` are sentences that say what
    prevents the next step; an empty list means nothing does.
    """

    clock: ClassVar[Callable[[], float]] = time.monotonic

    state = tl.Any()
    blockers = tl.List(tl.Unicode())
    can_undo = tl.Bool(False)

    def __init__(self, state: Any) -> None:
        self._past: list[tuple[Any, str]] = []
        self._last_change: tuple[str, float] = ("", float("-inf"))
        super().__init__(state=state)

    def change(self, what: str, **values: Any) -> None:
        """Replace parts of the state; ``what`` names the change for Undo, e.g. ``site filter``."""
        new = replace(self.state, **values)
        if new == self.state:
            return
        now = type(self).clock()
        name, at = self._last_change
        if not (self._past and name == what and now - at < SAME_GESTURE_S):
            self._past = [*self._past, (self.state, what)][-UNDO_STEPS:]
        self._last_change = (what, now)
        self.can_undo = True
        self.state = new

    def undo(self) -> str:
        """Go one step back and return what was undone; nothing to undo returns an empty text."""
        if not self._past:
            return ""
        *self._past, (state, what) = self._past
        self._last_change = ("", float("-inf"))
        self.can_undo = bool(self._past)
        self.state = state
        return what

    def forget_undo(self) -> None:
        """Drop the way back, e.g. after a sign-off, which is not undone by a button."""
        self._past = []
        self._last_change = ("", float("-inf"))
        self.can_undo = False
