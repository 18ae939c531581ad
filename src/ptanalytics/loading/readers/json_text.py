"""The bytes of JSON files: which shape they have, and their records one by one without the whole file in memory."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ijson
import orjson

from ptanalytics.errors import EmptyExportError, UnreadableFileError

_CHUNK_BYTES = 4 << 20
#: A line longer than this is no record. One chest of drawers, not a warehouse.
MAX_LINE_BYTES = 32 << 20
#: Documents up to this size are read at once; parsed JSON takes up to twenty times its bytes.
_AT_ONCE_BYTES = 32 << 20
_SAMPLE_BYTES = 1 << 20

_LINE_ENDINGS = frozenset({".ndjson", ".jsonl"})


def is_lines_of_json(path: Path) -> bool:
    """Say whether a JSON file is one record per line rather than one document.

    Raises:
        EmptyExportError: It holds nothing.
        UnreadableFileError: It is not JSON in UTF-8.
    """
    with path.open("rb") as file:
        start = file.read(_SAMPLE_BYTES)
    text = start.removeprefix(codecs.BOM_UTF8)
    if not text.strip():
        raise EmptyExportError(path)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in start[:4]:
        raise UnreadableFileError(path, "it is not JSON in UTF-8", "Export it as UTF-8.")
    first, _, rest = text.lstrip().partition(b"\n")
    if path.suffix.lower() in _LINE_ENDINGS:
        return True
    if first[:1] != b"{":
        if first[:1] == b"[":
            return False
        raise UnreadableFileError(path, "it does not begin like JSON", "Export it as JSON, or give it its own ending.")
    # Two complete records one below the other are lines; a document that is cut over lines has no complete first line.
    return _is_whole(first) and bool(rest.strip())


def _is_whole(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def lines_of(path: Path) -> Iterator[tuple[int, bytes | None]]:
    """Give each line of a file with its number from 1; a line longer than a record can be comes as None."""
    number, rest, is_too_long = 1, b"", False
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            *whole, rest_now = chunk.split(b"\n")
            if whole:
                yield number, None if is_too_long else rest + whole[0]
                yield from enumerate(whole[1:], start=number + 1)
                number += len(whole)
                rest, is_too_long = b"", False
            if len(rest) + len(rest_now) > MAX_LINE_BYTES:
                is_too_long, rest = True, b""
            elif not is_too_long:
                rest += rest_now
    if is_too_long:
        yield number, None
    elif rest.strip():
        yield number, rest


def whole_document(path: Path) -> Any | None:
    """Return a document parsed at once, or None where it is too large for that.

    Raises:
        UnreadableFileError: It is not complete JSON in UTF-8.
    """
    if path.stat().st_size > _AT_ONCE_BYTES:
        return None
    text = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # The decoder's own message can show the text it stumbled over, so only the line goes on.
        found = f"it is not complete JSON in UTF-8; the fault is near line {error.lineno}"
        raise UnreadableFileError(path, found) from None


def streamed_items(path: Path, prefix: str) -> Iterator[Any]:
    """Give the members of a list in a large document one by one.

    Args:
        path: The file.
        prefix: Where the list stands, as ijson names it: ``item`` or ``entry.item``.

    Raises:
        UnreadableFileError: It breaks off or is not JSON.
    """
    n_read = 0
    with path.open("rb") as file:
        try:
            for record in ijson.items(file, prefix, use_float=True):
                n_read += 1
                yield record
        except (ijson.JSONError, ValueError, OverflowError, RecursionError):
            found = f"after {n_read:,} records it is not complete JSON in UTF-8"
            raise UnreadableFileError(path, found) from None
