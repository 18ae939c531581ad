"""The SHA-256 of a file: the same bytes are the same export, whatever the file is called."""

import hashlib
from pathlib import Path


def fingerprint_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
