import importlib.metadata
import tempfile

import pytest

from ptanalytics.cli.doctor import examine


def found(findings, what):
    return next(one for one in findings if one.what.startswith(what))


def test_this_environment_is_fine_and_says_so(run):
    result = run("doctor")

    failed = [line for line in result.stdout.splitlines() if line.startswith("FAIL") and "Browser" not in line]
    assert failed == []
    for what in ("Python", "ptanalytics", "polars", "JupyterLab extension anywidget", "Time zone data", "Reference data"):
        assert f"ok   {what}: " in result.stdout


def test_everything_fine_ends_with_0(run, tmp_path, monkeypatch):
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\n", encoding="utf-8")
    browser.chmod(0o755)
    monkeypatch.setenv("PTANALYTICS_BROWSER", str(browser))

    result = run("doctor")

    assert result.exit_code == 0
    assert result.stdout.strip().endswith("All is well.")


def test_a_missing_browser_fails_with_the_way_out(run, monkeypatch, tmp_path):
    monkeypatch.setenv("PTANALYTICS_BROWSER", str(tmp_path / "none"))

    result = run("doctor")

    assert result.exit_code == 1
    line = next(line for line in result.stdout.splitlines() if line.startswith("FAIL"))
    assert "Browser for PDF and images: none found. To do: install Chromium" in line
    assert "1 of " in result.stdout


def test_missing_widget_extensions_fail(monkeypatch, tmp_path):
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *_: [str(tmp_path)])

    findings = list(examine())

    for extension in ("@jupyter-widgets/jupyterlab-manager", "anywidget"):
        one = found(findings, f"JupyterLab extension {extension}")
        assert (one.is_fine, one.found) == (False, "not there")
        assert "start.py" in one.to_do


@pytest.mark.parametrize(
    ("have", "sentence"), [("0.1", "0.1, but >=2.0 is needed"), (None, "not installed")], ids=["too old", "missing"]
)
def test_a_library_that_does_not_fit_fails(monkeypatch, have, sentence):
    real = importlib.metadata.version

    def version(name):
        if name != "polars":
            return real(name)
        if have is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return have

    monkeypatch.setattr("importlib.metadata.version", version)

    one = found(examine(), "polars")

    assert (one.is_fine, one.found) == (False, sentence)


def test_a_folder_that_cannot_be_written_fails(monkeypatch):
    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)

    one = found(examine(), "Write access to this folder")

    assert (one.is_fine, one.found) == (False, "permission denied")


def test_missing_time_zones_fail(monkeypatch):
    import zoneinfo

    def no_zone(name):
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", no_zone)

    one = found(examine(), "Time zone data")

    assert (one.is_fine, one.found) == (False, "no Europe/London, America/New_York, Asia/Tokyo")


def test_a_check_that_fails_itself_is_a_failed_check(monkeypatch):
    def crash(*_args):
        message = "crash"
        raise RuntimeError(message)

    monkeypatch.setattr("ptanalytics.charts.browser.find_browser", crash)

    one = found(examine(), "browser")

    assert (one.is_fine, one.found) == (False, "the check failed (RuntimeError)")
