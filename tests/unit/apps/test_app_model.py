"""State, undo and the merging of one gesture."""

from dataclasses import dataclass

import pytest

from ptanalytics.apps.model import UNDO_STEPS, AppModel


@dataclass(frozen=True)
class Numbers:
    a: int = 0
    b: int = 0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(AppModel, "clock", clock)
    return clock


def test_undo_goes_back_and_says_what_it_undid(clock: Clock) -> None:
    model = AppModel(Numbers())
    model.change("a", a=1)
    model.change("b", b=2)

    said = [model.undo(), model.undo(), model.undo()]

    assert said == ["b", "a", ""]
    assert model.state == Numbers()
    assert not model.can_undo


def test_changes_of_one_thing_in_one_gesture_are_one_step(clock: Clock) -> None:
    model = AppModel(Numbers())
    for value in range(1, 6):
        clock.now += 0.1
        model.change("a", a=value)

    model.undo()

    assert model.state == Numbers(a=0)


def test_a_pause_ends_the_gesture(clock: Clock) -> None:
    model = AppModel(Numbers())
    model.change("a", a=1)
    clock.now += 5
    model.change("a", a=2)

    model.undo()

    assert model.state == Numbers(a=1)


def test_undo_keeps_at_least_twenty_steps(clock: Clock) -> None:
    model = AppModel(Numbers())
    for value in range(1, 2 * UNDO_STEPS):
        clock.now += 5
        model.change("a", a=value)
    steps = 0
    while model.undo():
        steps += 1

    assert steps == UNDO_STEPS
    assert UNDO_STEPS >= 20


def test_a_change_to_the_same_state_is_no_step(clock: Clock) -> None:
    model = AppModel(Numbers())
    model.change("a", a=0)

    assert not model.can_undo
