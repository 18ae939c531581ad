"""What a user sees when a command fails: one sentence and an exit code, never a traceback and never a patient's value."""

import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from ptanalytics.errors import PtAnalyticsError

#: Done, with rows set aside: look at the quarantine.
ROWS_SET_ASIDE = 3

# Typer brings its own copy of click or uses the installed one; its public names lead to the right classes.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
_ClickException: type[Exception] = typer.BadParameter.__mro__[2]

#: Commands whose arguments may identify somebody, so that a usage message must not repeat them.
_PRIVATE = {
    "review": "review takes STUDY and PATIENT, then --out FILE",
    "ledger": "ledger takes STUDY and PATIENT, then options such as --out FILE",
}


class GuardedGroup(TyperGroup):
    """The commands, with every error turned into a sentence."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; its errors end it with their own exit code."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except PtAnalyticsError as error:
            _stop(str(error), error.exit_code, error, is_debug=_is_debug(ctx))
        except _UsageError as error:
            command = getattr(getattr(error, "ctx", None), "command", None)
            private = _PRIVATE.get(getattr(command, "name", ""))
            if private is None:
                raise
            typer.echo(f"Usage: {private}. See 'ptanalytics {command.name} --help'.", err=True)  # type: ignore[union-attr]
            raise typer.Exit(2) from None
        except _ClickException:
            raise
        except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user
            is_debug = _is_debug(ctx)
            where = "" if is_debug else f" Where it happened is in {_write_log(error)}."
            to_do = "Run 'ptanalytics doctor'; with 'ptanalytics --debug ...' the error is shown in full."
            _stop(f"Something unexpected went wrong ({type(error).__name__}).{where} {to_do}", 1, error, is_debug=is_debug)


def _is_debug(ctx: Any) -> bool:
    return bool(ctx.params.get("debug"))


def _stop(sentence: str, exit_code: int, error: BaseException, *, is_debug: bool) -> None:
    if is_debug:
        traceback.print_exception(error, file=sys.stderr)
    typer.echo(sentence, err=True)
    raise typer.Exit(exit_code) from None


def _write_log(error: BaseException) -> Path:
    """Write the places of a traceback, without messages: those of other libraries may repeat a cell of a file."""
    handle, name = tempfile.mkstemp(prefix="ptanalytics-error-", suffix=".log")
    lines = [f"{type(error).__module__}.{type(error).__qualname__}\n", *traceback.format_tb(error.__traceback__)]
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.writelines(lines)
    return Path(name)
