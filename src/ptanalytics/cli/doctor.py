"""``ptanalytics doctor``: whether this machine has what is needed, each line with the way out."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

_WIDGETS = (("@jupyter-widgets/jupyterlab-manager", "jupyterlab_widgets"), ("anywidget", "anywidget"))
_ZONES = ("Europe/London", "America/New_York", "Asia/Tokyo")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    is_fine: bool
    found: str
    to_do: str = ""


def doctor() -> None:
    """Check versions, the browser for PDF, JupyterLab's widgets, write access, time zones and reference data."""
    findings = list(examine())
    for one in findings:
        way_out = "" if one.is_fine else f" To do: {one.to_do}"
        typer.echo(f"{'ok  ' if one.is_fine else 'FAIL'} {one.what}: {one.found}.{way_out}")
    n_failed = sum(not one.is_fine for one in findings)
    typer.echo("All is well." if not n_failed else f"{n_failed} of {len(findings)} checks failed.")
    if n_failed:
        raise typer.Exit(1)


def examine() -> Iterator[Finding]:
    """Look at everything that is needed; a check that itself fails is a failed check, not a crash."""
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("Python", _python),
        ("libraries", _libraries),
        ("browser", _browser),
        ("JupyterLab widgets", _widgets),
        ("write access", _write_access),
        ("time zones", _time_zones),
        ("reference data", _reference),
    )
    for what, check in checks:
        try:
            yield from check()
        except Exception as error:  # noqa: BLE001 - a doctor that crashes helps nobody
            yield Finding(what, is_fine=False, found=f"the check failed ({type(error).__name__})", to_do=_INSTALL_AGAIN)


_INSTALL_AGAIN = "set the environment up again with 'python3 start.py'"


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer and set up again")


def _libraries() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, requires, version

    from packaging.requirements import Requirement

    try:
        needed = [Requirement(text) for text in requires("ptanalytics") or ()]
    except PackageNotFoundError:
        yield Finding("ptanalytics", is_fine=False, found="not installed in this environment", to_do=_INSTALL_AGAIN)
        return
    yield Finding("ptanalytics", is_fine=True, found=version("ptanalytics"))
    for one in needed:
        if one.marker is not None and not one.marker.evaluate({"extra": ""}):
            continue
        try:
            have = version(one.name)
        except PackageNotFoundError:
            yield Finding(one.name, is_fine=False, found="not installed", to_do=_INSTALL_AGAIN)
            continue
        is_fine = one.specifier.contains(have, prereleases=True)
        yield Finding(one.name, is_fine, have if is_fine else f"{have}, but {one.specifier} is needed", _INSTALL_AGAIN)


def _browser() -> Iterator[Finding]:
    from ptanalytics.charts.browser import BROWSER_VARIABLE, find_browser

    found = find_browser()
    to_do = (
        "install Chromium (Debian: apt install chromium), Chrome or Edge, or name one in the environment variable "
        f"{BROWSER_VARIABLE}. Only PDF and image files need it"
    )
    yield Finding("Browser for PDF and images", found is not None, str(found or "none found"), to_do)


def _widgets() -> Iterator[Finding]:
    from jupyter_core.paths import jupyter_path

    for extension, package in _WIDGETS:
        places = [Path(place, *extension.split("/"), "package.json") for place in jupyter_path("labextensions")]
        found = next((place for place in places if place.is_file()), None)
        to_do = f"{_INSTALL_AGAIN}; the package is {package}. Without it apps stay blank in JupyterLab"
        yield Finding(f"JupyterLab extension {extension}", found is not None, "present" if found else "not there", to_do)


def _write_access() -> Iterator[Finding]:
    for what, place in (("this folder", Path.cwd()), ("the folder for temporary files", Path(tempfile.gettempdir()))):
        try:
            with tempfile.NamedTemporaryFile(dir=place, prefix=".ptanalytics-"):
                found, is_fine = "can be written", True
        except OSError as error:
            found, is_fine = (error.strerror or "cannot be written").lower(), False
        to_do = "work in a folder of your own, or ask for the right to write there"
        yield Finding(f"Write access to {what}", is_fine, found, to_do)


def _time_zones() -> Iterator[Finding]:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    missing = []
    for name in _ZONES:
        try:
            ZoneInfo(name)
        except ZoneInfoNotFoundError:
            missing.append(name)
    found = f"no {', '.join(missing)}" if missing else "present"
    yield Finding("Time zone data", not missing, found, f"{_INSTALL_AGAIN}; the package is tzdata")


def _reference() -> Iterator[Finding]:
    from ptanalytics.errors import PtAnalyticsError
    from ptanalytics.plans import decision_table, exercise_catalogue
    from ptanalytics.settings import default_settings

    try:
        rules, exercises, settings = decision_table(), exercise_catalogue(), default_settings()
    except PtAnalyticsError as error:
        yield Finding("Reference data", is_fine=False, found=str(error), to_do=_INSTALL_AGAIN)
        return
    found = f"rules {settings.rules_version}, {len(rules.rule)} tuning rules, {len(exercises)} exercises"
    yield Finding("Reference data", is_fine=True, found=found)
