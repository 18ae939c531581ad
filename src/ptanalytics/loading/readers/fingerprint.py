"""The fingerprint of a file: the same bytes are the same export, whatever the file is called."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import FileIO
from pathlib import Path

#: Up to this length the fingerprint is the plain SHA-256 that other programs show too.
PIECE_BYTES = 8 << 20
_BLOCK_BYTES = 1 << 18


def fingerprint_of(path: Path) -> str:
    """Return the fingerprint of a file as hexadecimal text.

    It is the SHA-256 of the file; of a file longer than `PIECE_BYTES`, the SHA-256 of the SHA-256s of its pieces of that
    length, in their order, because pieces can be hashed on several cores.
    """
    with ThreadPoolExecutor(2) as pool:
        return fingerprint_of_pieces(list(pool.map(partial(_digest, path), range(n_pieces_of(path)))))


def fingerprint_of_pieces(digests: Sequence[bytes]) -> str:
    """Return the fingerprint of a file by the SHA-256 of each of its pieces."""
    return digests[0].hex() if len(digests) == 1 else hashlib.sha256(b"".join(digests)).hexdigest()


def n_pieces_of(path: Path) -> int:
    """Return how many pieces a file has; an empty one has one."""
    return max(1, -(-path.stat().st_size // PIECE_BYTES))


def piece_of(file: FileIO, number: int) -> bytearray:
    """Return a piece of a file, by its number from 0; the file then stands behind it."""
    size = file.seek(0, 2)
    file.seek(number * PIECE_BYTES)
    piece = bytearray(max(0, min(PIECE_BYTES, size - number * PIECE_BYTES)))
    length = 0
    while n_more := file.readinto(memoryview(piece)[length:]):
        length += n_more
    del piece[length:]
    return piece


def _digest(path: Path, number: int) -> bytes:
    digest, left = hashlib.sha256(), PIECE_BYTES
    with path.open("rb", buffering=0) as file:
        file.seek(number * PIECE_BYTES)
        # What is read at once fits into a core's cache.
        block = memoryview(bytearray(min(left, _BLOCK_BYTES)))
        while left and (n_read := file.readinto(block[: min(left, len(block))])):
            digest.update(block[:n_read])
            left -= n_read
    return digest.digest()
