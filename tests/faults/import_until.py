"""Import an export and die at a chosen point: ``import_until.py STUDY EXPORT POINT [N]``. Run by the fault tests.

With ``undo`` as the export the latest import is undone instead. It says ``ready`` when everything is loaded.

Points: ``never``; ``step N`` (when the N-th step is announced); ``flush N``, ``move N``, ``remove N`` (before the N-th
fsync, rename, or removal of a file); ``manifest`` and ``current`` (before and after the manifest is replaced).
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ptanalytics.study.importing  # noqa: F401 - loaded before it says that it is ready
from ptanalytics.study import open_study


def die() -> None:
    """End at once, as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def dying(real: Callable[..., Any], when: Callable[..., bool], *, after: bool = False) -> Callable[..., Any]:
    """Wrap a function so that the process dies before or after the chosen call."""

    def call(*args: Any, **options: Any) -> Any:
        chosen = when(*args)
        if chosen and not after:
            die()
        result = real(*args, **options)
        if chosen and after:
            die()
        return result

    return call


def nth(number: int) -> Callable[..., bool]:
    """Choose the n-th call, counted from 1."""
    calls = iter(range(1, 1_000_000))
    return lambda *_args: next(calls) == number


def is_manifest(_source: Path, target: Path) -> bool:
    """Choose the call that makes the import current."""
    return Path(target).name == "manifest.json"


def main() -> None:
    """Import, or die on the way."""
    study_path, export, point, *rest = sys.argv[1:]
    number = int(rest[0]) if rest else 0
    study = open_study(study_path)
    at_step = nth(number) if point == "step" else lambda *_args: False
    if point == "flush":
        os.fsync = dying(os.fsync, nth(number))
    elif point == "move":
        Path.replace = dying(Path.replace, nth(number))  # type: ignore[method-assign]
    elif point == "remove":
        Path.unlink = dying(Path.unlink, nth(number))  # type: ignore[method-assign]
    elif point in ("manifest", "current"):
        Path.replace = dying(Path.replace, is_manifest, after=point == "current")  # type: ignore[method-assign]
    print("ready", flush=True)
    if export == "undo":
        study.undo_import()
    else:
        study.import_exports(export, progress=lambda *_step: die() if at_step() else None)
    print("imported")


if __name__ == "__main__":
    main()
