"""gzip and zip: unpacked into a temporary folder under limits; every trick an archive can play is refused in a sentence."""

import gzip
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ptanalytics.errors import UnreadableFileError
from ptanalytics.loading.readers.scratch import ScratchFolder

GZIP = ".gz"
ZIP = ".zip"
_ARCHIVES = frozenset({GZIP, ZIP, ".tgz", ".tar", ".7z", ".rar", ".bz2", ".xz", ".zst"})
_CHUNK_BYTES = 1 << 20
#: Logs pack well, to a fiftieth and less; a thousandfold is a bomb. Below the floor even a bomb does no harm.
MAX_RATIO = 300
_RATIO_FLOOR_BYTES = 64 << 20
MAX_UNPACKED_BYTES = 64 << 30
MAX_MEMBERS = 10_000
#: Workbooks and the like are read whole by their readers, so their limit is lower.
_MAX_WORKBOOK_BYTES = 4 << 30
_LEFT_ON_DISK_BYTES = 512 << 20
_BOMB = "it unpacks to so much more than its size that it looks like an attack"
_TO_UNPACK = "If you trust it, unpack it yourself and load the files inside."
_APPLE = re.compile(r"(?i)^(.*/)?export\.xml$")


@dataclass(frozen=True)
class Member:
    """One file out of an archive."""

    #: Its name in the archive, for people.
    name: str
    path: Path


@dataclass
class Unpacked:
    """An archive's files in a folder that lives as long as this object."""

    folder: ScratchFolder
    members: list[Member]
    #: Files that were left in the archive.
    n_passed_over: int = 0


def unpack(path: Path, readable: frozenset[str]) -> Unpacked:
    """Unpack the readable files of a gzip or zip file.

    Args:
        path: The archive.
        readable: Endings worth unpacking.

    Raises:
        UnreadableFileError: Damaged, encrypted, nested, a bomb, or with names that lead out of the folder.
    """
    folder = ScratchFolder()
    try:
        with _told_plainly(path):
            unpack_one = _unpack_zip if path.suffix.lower() == ZIP else _unpack_gzip
            return unpack_one(path, folder, readable)
    except BaseException:
        folder.cleanup()
        raise


@contextmanager
def _told_plainly(path: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, zipfile.LargeZipFile, ValueError):
        raise UnreadableFileError(path, "the archive is damaged or was cut off") from None
    except RuntimeError:
        # zipfile's way to say "unknown compression" and "needs a password".
        found = "the archive is packed in a way, or with a password, that cannot be read"
        raise UnreadableFileError(path, found, "Pack it again as a plain zip without a password.") from None


def _unpack_gzip(path: Path, folder: ScratchFolder, readable: frozenset[str]) -> Unpacked:
    name = path.stem
    ending = PurePosixPath(name).suffix.lower()
    if ending in _ARCHIVES:
        raise UnreadableFileError(path, "it holds another archive", _TO_UNPACK)
    if ending not in readable:
        found = "its name does not say what is inside"
        raise UnreadableFileError(path, found, "Name it like the file inside with .gz behind it, for example pain.csv.gz.")
    target = Path(folder.name, name)
    budget = _Budget(path)
    with gzip.open(path) as packed:
        budget.copy(packed, target)
    return Unpacked(folder, [Member(name, target)])


def _unpack_zip(path: Path, folder: ScratchFolder, readable: frozenset[str]) -> Unpacked:
    with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        _refuse_tricks(path, infos)
        wanted = [info for info in infos if _is_wanted(info.filename, readable)]
        if health := [info for info in wanted if _APPLE.match(info.filename)]:
            # Beside its export.xml Apple Health packs electrocardiograms and routes as CSV and XML of other kinds.
            wanted = health[:1]
        budget = _Budget(path)
        members = []
        for number, info in enumerate(wanted):
            inside = Path(folder.name, str(number))
            inside.mkdir()
            # The archive's own name stands for the person where the file inside is called the same for everybody.
            name = f"{path.stem}.xml" if health else PurePosixPath(info.filename).name
            with archive.open(info) as packed:
                budget.copy(packed, inside / name)
            members.append(Member(info.filename, inside / name))
    return Unpacked(folder, members, len(infos) - len(members))


def _is_wanted(name: str, readable: frozenset[str]) -> bool:
    pure = PurePosixPath(name)
    return pure.suffix.lower() in readable and not pure.name.startswith((".", "~$")) and "__MACOSX" not in pure.parts


def _refuse_tricks(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive by what its directory says, before a byte of it is unpacked."""
    if len(infos) > MAX_MEMBERS:
        raise UnreadableFileError(path, f"it holds more than {MAX_MEMBERS:,} files", _TO_UNPACK)
    names = [info.filename for info in infos]
    if any(_leads_out(name) for name in names):
        found = "it holds a file whose name leads out of the folder it would be unpacked to"
        raise UnreadableFileError(path, found, "Ask where it comes from before you open it.")
    if any(stat.S_ISLNK(info.external_attr >> 16) for info in infos):
        raise UnreadableFileError(path, "it holds a link in place of a file", _TO_UNPACK)
    if len(set(names)) < len(names):
        raise UnreadableFileError(path, "it holds two files of one name", _TO_UNPACK)
    if any(info.flag_bits & 0x1 for info in infos):
        found = "it is protected by a password"
        raise UnreadableFileError(path, found, "Pack it again without a password, or unpack it yourself.")
    if any(PurePosixPath(name).suffix.lower() in _ARCHIVES for name in names):
        raise UnreadableFileError(path, "it holds another archive", _TO_UNPACK)


def _leads_out(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return (
        ".." in parts
        or not name.strip()
        or name.startswith(("/", "\\"))
        or (len(name) > 1 and name[1] == ":")
        or any(ord(sign) < 32 for sign in name)
        or len(PurePosixPath(name).name.encode("utf-8", "replace")) > 240
    )


class _Budget:
    """How much an archive may still unpack to; what its directory promises is not believed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._packed = max(path.stat().st_size, 1)
        self._written = 0

    def copy(self, packed: IO[bytes] | gzip.GzipFile, target: Path) -> None:
        """Unpack one file.

        Raises:
            UnreadableFileError: The archive unpacks to more than any export does, or than fits on the disk.
        """
        with target.open("wb") as out:
            while piece := packed.read(_CHUNK_BYTES):
                self._written += len(piece)
                if self._written > MAX_UNPACKED_BYTES or self._is_bomb():
                    raise UnreadableFileError(self._path, _BOMB, _TO_UNPACK)
                if self._written % (64 * _CHUNK_BYTES) <= len(piece):
                    self._refuse_full_disk(target)
                out.write(piece)

    def _is_bomb(self) -> bool:
        return self._written > _RATIO_FLOOR_BYTES and self._written > MAX_RATIO * self._packed

    def _refuse_full_disk(self, target: Path) -> None:
        if shutil.disk_usage(target.parent).free < _LEFT_ON_DISK_BYTES:
            found = "there is too little room on the disk to unpack it"
            raise UnreadableFileError(self._path, found, "Make room, or unpack it elsewhere.")


def refuse_bomb(path: Path) -> None:
    """Refuse a workbook, which is a zip inside, whose parts unpack to more than any workbook's.

    Raises:
        UnreadableFileError: It does.
    """
    try:
        with zipfile.ZipFile(path) as book:
            unpacked = sum(info.file_size for info in book.infolist())
    except (zipfile.BadZipFile, ValueError, OSError):
        return  # no zip at all: an old workbook, or a damaged one that its reader refuses
    packed = max(path.stat().st_size, 1)
    if unpacked > _MAX_WORKBOOK_BYTES or (unpacked > _RATIO_FLOOR_BYTES and unpacked > MAX_RATIO * packed):
        raise UnreadableFileError(path, _BOMB, "Save it again from the program that made it.")
