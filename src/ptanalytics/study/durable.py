"""Files that are either wholly there or not there at all, also after a power cut."""

import contextlib
import os
from pathlib import Path


def replace_file(path: Path, content: str) -> None:
    """Write a text file so that a reader sees the old content or the new, never a part."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)
    flush_folder(path.parent)


def move_into_place(staged: Path, final: Path) -> None:
    """Flush a staged file to disk and give it its final name."""
    final.parent.mkdir(parents=True, exist_ok=True)
    with staged.open("rb+") as stream:
        os.fsync(stream.fileno())
    staged.replace(final)


def flush_folder(folder: Path) -> None:
    """Flush a folder's list of names; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems refuse it
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
