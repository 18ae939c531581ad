"""The fingerprint of a file: the same bytes are the same export, whatever the file is called."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

#: Up to this length the fingerprint is the plain SHA-256 that other programs show too.
PIECE_BYTES = 8 << 20


def fingerprint_of(path: Path) -> str:
    """Return the fingerprint of a file as hexadecimal text.

    It is the SHA-256 of the file; of a file longer than `PIECE_BYTES`, the SHA-256 of the SHA-256s of its pieces of that
    length, in their order, because pieces can be hashed on several cores.
    """
    n_pieces = max(1, -(-path.stat().st_size // PIECE_BYTES))
    if n_pieces == 1:
        return _piece(path, 0).hex()
    with ThreadPoolExecutor(2) as pool:
        pieces = pool.map(partial(_piece, path), range(n_pieces))
        return hashlib.sha256(b"".join(pieces)).hexdigest()


def _piece(path: Path, number: int) -> bytes:
    with path.open("rb", buffering=0) as file:
        file.seek(number * PIECE_BYTES)
        piece = bytearray(PIECE_BYTES)
        length = 0
        while n_more := file.readinto(memoryview(piece)[length:]):
            length += n_more
        return hashlib.sha256(memoryview(piece)[:length]).digest()
