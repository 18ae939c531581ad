"""A failing handler ends in a sentence on the page, never in a traceback and never silently."""

from dataclasses import dataclass
from typing import Any

import ipywidgets as ipw
import pytest

from ptanalytics.apps.app import App, guarded, slow
from ptanalytics.apps.model import AppModel
from ptanalytics.errors import SignOffError

SECRET = "P0042 pain 9"


@dataclass(frozen=True)
class Nothing:
    n: int = 0


class Failing(App):
    def __init__(self) -> None:
        super().__init__(AppModel(Nothing()), title="Test", data_line="", is_synthetic=False, help_html="")
        self.button = ipw.Button()
        self.button.on_click(self.press)
        self.body.children = [self.button]
        self.error: Exception | None = None

    @guarded
    def press(self, _button: Any) -> None:
        if self.error:
            raise self.error
        self.status.message = "done"


@pytest.fixture
def app() -> Failing:
    return Failing()


def test_an_error_meant_for_users_is_shown_as_it_is(app: Failing) -> None:
    app.error = SignOffError("Say who signs.")
    app.button.click()

    assert app.alert.message == "Say who signs."
    assert not app.status.is_busy


def test_any_other_error_shows_no_value_and_no_traceback(app: Failing, capsys: Any, caplog: Any) -> None:
    app.error = KeyError(SECRET)
    app.button.click()

    shown = app.alert.message + app.alert.to_do
    assert "This did not work" in shown
    assert "Undo" in shown
    assert SECRET not in shown + caplog.text
    assert "Traceback" not in shown + caplog.text
    assert "KeyError" in caplog.text
    assert "test_app_guard.py" in caplog.text
    assert capsys.readouterr() == ("", "")


class Slow(Failing):
    @slow
    def press(self, _button: Any) -> None:
        assert self.status.is_busy
        if self.error:
            raise self.error


@pytest.mark.parametrize("error", [None, SignOffError("Say who signs."), KeyError(SECRET)])
def test_slow_work_is_shown_while_it_goes_on_and_no_longer(error: Exception | None) -> None:
    app = Slow()
    app.error = error
    app.button.click()

    assert not app.status.is_busy
    assert bool(app.alert.message) == (error is not None)


def test_the_alert_goes_away_when_it_works_again(app: Failing) -> None:
    app.error = KeyError(SECRET)
    app.button.click()
    app.error = None
    app.button.click()

    assert app.alert.message == ""
    assert app.status.message == "done"


def test_the_base_model_is_changed_and_undone_by_ctrl_z(app: Failing) -> None:
    app.model.change("number", n=3)
    keys = next(child for child in app.children if type(child).__name__ == "Keys")

    keys._hear(None, {"undo": True}, [])

    assert app.model.state.n == 0
    assert "Undone: number" in app.status.message


def test_the_title_is_text(app: Failing) -> None:
    app.say_data("<script>")

    assert "&lt;script&gt;" in app.header.value
    assert "<script>" not in app.header.value
