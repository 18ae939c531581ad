"""Work that waits: only the newest is done, and at once where nothing could do it later."""

from types import SimpleNamespace

import pytest

from ptanalytics.apps.later import Later


class Loop:
    def __init__(self) -> None:
        self.calls: list[SimpleNamespace] = []

    def call_later(self, delay_s: float, work: object) -> SimpleNamespace:
        call = SimpleNamespace(delay_s=delay_s, work=work, is_cancelled=False)
        call.cancel = lambda: setattr(call, "is_cancelled", True)
        self.calls.append(call)
        return call


def test_without_a_loop_it_is_done_at_once() -> None:
    done: list[str] = []

    Later(0.3)(lambda: done.append("now"))

    assert done == ["now"]


def test_in_a_notebook_only_the_newest_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, done = Loop(), []
    monkeypatch.setattr("ptanalytics.apps.later.asyncio.get_running_loop", lambda: loop)
    later = Later(0.3)
    for name in ("first", "second"):
        later(lambda name=name: done.append(name))

    assert [(call.delay_s, call.is_cancelled) for call in loop.calls] == [(0.3, True), (0.3, False)]
    loop.calls[1].work()  # type: ignore[operator]
    assert done == ["second"]


def test_a_closed_app_does_nothing_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop()
    monkeypatch.setattr("ptanalytics.apps.later.asyncio.get_running_loop", lambda: loop)
    later = Later(0.3)
    later(lambda: None)

    later.cancel()

    assert loop.calls[0].is_cancelled
