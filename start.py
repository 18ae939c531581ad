#!/usr/bin/env python3
"""Set up ptanalytics and run it. Needs nothing but Python 3.11 or newer.

python3 start.py            set up, build the sample study, write the outcome report, open JupyterLab
python3 start.py --no-lab   the same, without opening JupyterLab
python3 start.py test       set up (a Chromium too) and run all tests; more words go to pytest
python3 start.py browser    find or install a Chromium (for PDF, PNG and the browser tests)
python3 start.py setup      only set up
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
STAMP = VENV / "ptanalytics-stamp.txt"
OUT = HERE / "out"
IS_WINDOWS = os.name == "nt"
BIN = VENV / ("Scripts" if IS_WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if IS_WINDOWS else "python")

BROWSER_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
BROWSER_PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    r"C:\Program Files\Microsoft\Edge\Application\msedge.exe",
)


def say(text: str) -> None:
    """Tell the user what happens now."""
    print(f"[ptanalytics] {text}", flush=True)


def stop(text: str) -> None:
    """End with one sentence of what is wrong and what to do."""
    say(text)
    raise SystemExit(1)


def run(*command: str | Path, **options: object) -> int:
    """Run a command with its output shown and return its exit code."""
    return subprocess.run([str(part) for part in command], check=False, cwd=HERE, **options).returncode  # type: ignore[call-overload,no-any-return]


def wanted_stamp() -> str:
    """Fingerprint of what the environment is made from; a change means setting up again."""
    digest = hashlib.sha256(platform.python_version().encode())
    for name in ("constraints.txt", "pyproject.toml"):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def set_up() -> None:
    """Make .venv with the exact versions of constraints.txt; nothing to do when it is current."""
    if sys.version_info < (3, 11):  # noqa: UP036 - said to people whose python3 is older
        stop(f"Python 3.11 or newer is needed; this is {platform.python_version()}. Install a newer Python and use it.")
    wanted = wanted_stamp()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    say("Setting up .venv (a few minutes the first time).")
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        stop("This Python has no venv. On Debian or Ubuntu: apt install python3-venv; elsewhere install Python anew.")
    STAMP.unlink(missing_ok=True)
    venv.EnvBuilder(with_pip=True, clear=VENV.exists()).create(VENV)
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    if run(PYTHON, "-m", "pip", "install", *quiet, "--require-hashes", "-r", HERE / "constraints.txt") != 0:
        stop("The packages of constraints.txt could not be installed (see above). Check the network or your pip settings.")
    if run(PYTHON, "-m", "pip", "install", *quiet, "--no-deps", "--no-build-isolation", "-e", HERE) != 0:
        stop("ptanalytics itself could not be installed (see above).")
    STAMP.write_text(wanted, encoding="utf-8")
    say("Set up.")


def find_browser() -> str | None:
    """Return a Chrome, Chromium or Edge on this machine, or the one Playwright installed."""
    given = os.environ.get("PTANALYTICS_BROWSER", "")
    for found in (given, *map(shutil.which, BROWSER_NAMES), *BROWSER_PATHS):
        if found and Path(found).exists():
            return found
    ask = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
    answer = subprocess.run([str(PYTHON), "-c", ask], capture_output=True, text=True, check=False)
    path = answer.stdout.strip()
    return path if path and Path(path).exists() else None


def ensure_browser() -> str:
    """Find a browser or install one: Debian's Chromium as root, Playwright's elsewhere."""
    found = find_browser()
    if found is None:
        say("No Chrome, Chromium or Edge found; installing a Chromium.")
        is_debian_root = shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0
        if is_debian_root:
            quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            run("apt-get", "-qq", "update", env=quietly)
            run(
                "apt-get",
                "-qq",
                "install",
                "-y",
                "--no-install-recommends",
                "chromium",
                "fonts-dejavu-core",
                env=quietly,
                stdout=subprocess.DEVNULL,
            )
        else:
            run(PYTHON, "-m", "playwright", "install", "chromium")
        found = find_browser()
    if found is None:
        stop("A Chromium could not be installed. Install Chrome, Chromium or Edge, or set PTANALYTICS_BROWSER to its path.")
    assert found is not None
    return found


def open_samples(with_lab: bool) -> int:
    """Build the sample study and its report, then open JupyterLab at the first notebook."""
    code = run(PYTHON, "-m", "ptanalytics.cli", "demo", OUT)
    if code != 0:
        return code
    if not with_lab:
        say("Done. Open the notebooks with: python3 start.py")
        return 0
    return run(PYTHON, "-m", "ptanalytics.cli", "lab", HERE / "notebooks")


def run_tests(arguments: list[str]) -> int:
    """Run every test, the browser tests included."""
    environment = {**os.environ, "PTANALYTICS_BROWSER": ensure_browser(), "PYTHONHASHSEED": "0"}
    return run(PYTHON, "-m", "pytest", *(arguments or ["-q", "-n", "2", "--dist", "loadfile"]), env=environment)


def main(arguments: list[str]) -> int:
    """Do what the command line asks for."""
    known = {"test", "browser", "setup", "--no-lab"}
    if arguments and arguments[0] not in known:
        print(__doc__)
        return 0 if arguments[0] in {"-h", "--help"} else 2
    set_up()
    first = arguments[0] if arguments else ""
    if first == "test":
        return run_tests(arguments[1:])
    if first == "browser":
        say(f"Browser: {ensure_browser()}")
        return 0
    if first == "setup":
        return 0
    return open_samples(with_lab=first != "--no-lab")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
