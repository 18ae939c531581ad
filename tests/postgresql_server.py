"""A PostgreSQL server of the tests' own: its own folder and port, nothing but loopback, gone afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PLACES = ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt")
_LIMIT_S = 120


def programs() -> Path | None:
    """Return the folder with ``initdb`` and ``pg_ctl``, on the path or where Debian and Homebrew put it; else None."""
    found = [Path(p).resolve().parent for p in [shutil.which("pg_ctl")] if p]
    found += sorted((p.parent for place in _PLACES for p in Path(place).glob("*/bin/pg_ctl")), reverse=True)
    return next((folder for folder in found if (folder / "initdb").exists()), None)


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server and give the address of an empty database on it."""
    bin_folder = programs()
    assert bin_folder is not None
    # PostgreSQL refuses to run as root; the package's own account is there where the package is.
    account = {"user": "postgres"} if hasattr(os, "geteuid") and os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="ptanalytics-postgresql-"))
    if account:
        shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(*command: str) -> None:
        subprocess.run(
            [str(bin_folder / command[0]), *command[1:]],
            check=True, cwd=folder, timeout=_LIMIT_S, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **account,
        )  # fmt: skip

    data = str(folder / "data")
    try:
        run("initdb", "-D", data, "-U", "clinic", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        run("pg_ctl", "-D", data, "-w", "-t", str(_LIMIT_S), "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg://clinic@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
