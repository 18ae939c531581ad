"""Find a Chrome, Chromium or Edge on this machine."""

import os
import shutil
import sys
from pathlib import Path

#: Names the browser to use, e.g. on a machine where it is installed in an unusual place.
BROWSER_VARIABLE = "PTANALYTICS_BROWSER"
_NAMES = (
    "chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge-stable",
    "microsoft-edge", "msedge",
)  # fmt: skip
_MAC = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
_WINDOWS = (
    r"Google\Chrome\Application\chrome.exe",
    r"Chromium\Application\chrome.exe",
    r"Microsoft\Edge\Application\msedge.exe",
)


def find_browser() -> Path | None:
    """Return the path of a Chrome, Chromium or Edge, or None.

    The environment variable ``PTANALYTICS_BROWSER`` wins; where it names nothing that can be run, there is no browser:
    another one is not taken in its place.
    """
    named = os.environ.get(BROWSER_VARIABLE)
    if named:
        found = shutil.which(named)
        return Path(found) if found else None
    for name in _NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    return next((path for path in _usual_places() if os.access(path, os.X_OK) and path.is_file()), None)


def _usual_places() -> list[Path]:
    if sys.platform == "darwin":
        roots = (Path("/Applications"), Path.home() / "Applications")
        places = [root / app for root in roots for app in _MAC]
    elif sys.platform == "win32":
        names = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        places = [Path(os.environ[name], program) for name in names if name in os.environ for program in _WINDOWS]
    else:
        places = [Path("/opt/google/chrome/chrome"), Path("/opt/microsoft/msedge/msedge"), Path("/snap/bin/chromium")]
    return places + _playwright_places()


def _playwright_places() -> list[Path]:
    """Browsers that Playwright installed for this user."""
    roots = {
        "darwin": Path.home() / "Library" / "Caches" / "ms-playwright",
        "win32": Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "ms-playwright",
    }
    root = roots.get(sys.platform, Path.home() / ".cache" / "ms-playwright")
    patterns = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-win*/chrome.exe",
                "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")  # fmt: skip
    return sorted((path for pattern in patterns for path in root.glob(pattern)), reverse=True)
