"""The base of the apps: handlers that never fail silently or show a traceback, busy state, undo, and a full close."""

import logging
import traceback
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from ptanalytics.apps.model import AppModel
from ptanalytics.apps.widgets.frame import Frame
from ptanalytics.errors import PtAnalyticsError

#: Where unexpected errors go: kind and place, never the message, which may hold a patient's value.
LOG = logging.getLogger("ptanalytics.apps")
LOG.addHandler(logging.NullHandler())

P = ParamSpec("P")
A = TypeVar("A", bound="App")


def guarded(handler: Callable[Concatenate[A, P], None]) -> Callable[Concatenate[A, P], None]:
    """Wrap a handler of an app: an alert instead of a traceback when it fails.

    A `PtAnalyticsError` is shown as it is: its message is one sentence for users. Anything else is a defect; the user
    gets a general sentence, and the log the kind of error and where it happened, without its message.
    """

    @wraps(handler)
    def run(app: A, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            app.alert.clear()
            handler(app, *args, **kwargs)
        except PtAnalyticsError as error:
            app.alert.say(str(error))
        except Exception as error:  # noqa: BLE001 - the last stop before the user
            _log(error, handler.__qualname__)
            app.alert.say(
                f"This did not work ({type(error).__name__}).",
                "Nothing was saved. Undo the last step or run the cell again; the log 'ptanalytics.apps' says where.",
            )

    return run


def slow(handler: Callable[Concatenate[A, P], None]) -> Callable[Concatenate[A, P], None]:
    """Wrap a handler that may take longer than a moment: `guarded`, and the status line says that work is going on."""

    @guarded
    @wraps(handler)
    def run(app: A, /, *args: P.args, **kwargs: P.kwargs) -> None:
        with app.status.busy():
            handler(app, *args, **kwargs)

    return run


def _log(error: Exception, handler: str) -> None:
    frames = traceback.extract_tb(error.__traceback__)
    where = " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    LOG.error("%s failed with %s at %s", handler, type(error).__name__, where)


class App(Frame):
    """An app: a page over a model. Show it by making it the last line of a notebook cell.

    Args:
        model: State and rules; the app follows it and holds none of its own.
        title: Name of the app.
        data_line: What data is shown.
        is_synthetic: Whether a badge says the patients are invented.
        help_html: Markup of ours for the Help disclosure.
        actions: Buttons beside the title.
    """

    def __init__(
        self,
        model: AppModel,
        *,
        title: str,
        data_line: str,
        is_synthetic: bool,
        help_html: str,
        actions: Sequence[Any] = (),
    ) -> None:
        self.model = model
        super().__init__(title=title, data_line=data_line, is_synthetic=is_synthetic, help_html=help_html, actions=actions)

    def close_all(self) -> None:
        """Close every widget of the app and stop following the model."""
        self.model.unobserve_all()
        super().close_all()

    @guarded
    def undo(self, *_pressed: Any) -> None:
        """Take back the last change and say which one it was."""
        what = self.model.undo()
        if what:
            self.status.message = f"Undone: {what}. {self.status.message}"
