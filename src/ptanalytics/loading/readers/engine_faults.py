"""Damage that shows only while rows are read: the engine's errors, and its panics, as one sentence without a cell in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from ptanalytics.errors import UnreadableFileError

#: A panic is the engine's own mistake over a damaged file; it is no Exception of Python's.
ENGINE_FAULTS: tuple[type[BaseException], ...] = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


@contextmanager
def told_plainly(path: Path) -> Iterator[None]:
    """Turn what the engine raises over a damaged file into a sentence.

    Its own message can show the cell it stumbled over, so it goes no further.

    Raises:
        UnreadableFileError: The engine gave up.
    """
    try:
        yield
    except ENGINE_FAULTS:
        found = "it is damaged: its rows cannot be cut into cells, or it changed while it was read"
        raise UnreadableFileError(path, found) from None
