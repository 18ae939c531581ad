"""Saving figures: what is written, what is refused, and that nothing half-written stays."""

import os
import re
import subprocess
import sys
import time
from html import unescape

import pytest

from ptanalytics.charts import (
    find_browser,
    plot_adherence_calendar,
    plot_pain_trend,
    plot_patient_flow,
    plot_weekly_adherence,
    save_figure,
    save_figures,
)
from ptanalytics.charts.save import run_with_limit, write_whole
from ptanalytics.errors import BrowserMissingError, OutputError

needs_browser = pytest.mark.skipif(find_browser() is None, reason="no Chrome, Chromium or Edge here")


@pytest.fixture
def figure(make):
    return plot_patient_flow(make.flow(("In the <b>export</b>", 60, 0, None)))


def test_a_page_needs_nothing_else_and_may_fetch_nothing(figure, tmp_path):
    page = save_figure(figure, tmp_path / "flow.html").read_text(encoding="utf-8")

    assert "default-src 'none'" in page
    assert "Plotly.newPlot" in page
    assert re.search(r'"showSendToCloud":\s*false', page)
    assert not re.search(r"""<(script|link|img|iframe)[^>]+(src|href)=["']?http""", page)
    assert "&lt;b&gt;export&lt;/b&gt;" in page


@pytest.mark.parametrize("name", ["flow.gif", "flow", "flow.json"])
def test_another_suffix_is_refused_with_the_ones_that_work(figure, tmp_path, name):
    with pytest.raises(OutputError, match=r"\.png, \.svg, \.pdf or \.html"):
        save_figure(figure, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(figure, tmp_path):
    with pytest.raises(OutputError, match="no folder 'not_there'"):
        save_figure(figure, tmp_path / "not_there" / "flow.html")


def test_a_folder_is_not_overwritten(figure, tmp_path):
    (tmp_path / "flow.html").mkdir()

    with pytest.raises(OutputError, match="it is a folder"):
        save_figure(figure, tmp_path / "flow.html")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "report.html"
    target.write_text("before")

    def refuse(self, other):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(OutputError, match="no space left"):
        write_whole(target, b"after")

    assert target.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_without_a_browser_images_say_what_to_do(figure, tmp_path, monkeypatch):
    monkeypatch.setenv("PTANALYTICS_BROWSER", str(tmp_path / "no_such_browser"))

    with pytest.raises(BrowserMissingError, match=r"Install Chromium .* or save as \.html"):
        save_figure(figure, tmp_path / "flow.png")
    assert list(tmp_path.iterdir()) == []


def test_the_variable_names_the_browser(monkeypatch):
    monkeypatch.setenv("PTANALYTICS_BROWSER", sys.executable)

    assert str(find_browser()) == sys.executable


@pytest.mark.skipif(sys.platform == "win32", reason="uses a POSIX shell")
def test_a_hanging_browser_is_ended_with_all_its_children(tmp_path):
    child = tmp_path / "child.pid"
    script = f"sleep 60 & echo $! > {child}; wait"

    with pytest.raises(BrowserMissingError, match="did not answer within"):
        run_with_limit(["sh", "-c", script], 0.5, "Saving a figure")

    pid = int(child.read_text())
    for _ in range(600):
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout.strip()
        if not state or state.startswith("Z"):
            break
        time.sleep(0.1)
    assert not state or state.startswith("Z"), os.getpid()


def test_a_browser_that_fails_is_an_error_and_no_file(figure, tmp_path, monkeypatch):
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PTANALYTICS_BROWSER", str(broken))
    out = tmp_path / "out"
    out.mkdir()

    with pytest.raises(BrowserMissingError, match="ended with an error"):
        save_figure(figure, out / "flow.png")
    assert list(out.iterdir()) == []


def test_a_browser_that_ends_unnoticed_ends_the_drawing():
    # The driver can miss the end of a browser and wait for an answer for ever: here it waits in any case.
    script = """
import subprocess, sys, threading, types
from ptanalytics.charts import render
render._SECONDS_TO_NOTICE = 0.1
ended = subprocess.Popen([sys.executable, "-c", ""])
render._end_with_the_browser(types.SimpleNamespace(subprocess=ended), threading.Event())
"""
    with pytest.raises(BrowserMissingError, match="ended with an error"):
        run_with_limit([sys.executable, "-c", script], 60, "Saving a figure")


@needs_browser
@pytest.mark.browser
def test_images_are_what_their_suffix_says(figure, tmp_path):
    paths = save_figures([(figure, tmp_path / f"flow.{suffix}") for suffix in ("png", "svg", "pdf")])

    png, svg, pdf = (path.read_bytes() for path in paths)
    assert png.startswith(b"\x89PNG")
    assert b"<svg" in svg[:500]
    assert "In the <b>export</b>: 60" in unescape(svg.decode())
    assert b"<b>" not in svg
    assert pdf.startswith(b"%PDF")


@needs_browser
@pytest.mark.browser
def test_a_saved_page_draws_under_its_own_policy_without_network(make, tmp_path):
    from playwright.sync_api import sync_playwright

    drawn = {
        "weekly": plot_weekly_adherence(make.weekly([(3, 2), (3, 4, "overdose")])),
        "calendar": plot_adherence_calendar(make.days(["done", "missed", "rest"])),
        "pain": plot_pain_trend(make.daily(dict.fromkeys(range(20), 5)), baseline=6.0),
    }
    asked, errors = [], []
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=str(find_browser()), args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"]
        )
        view = browser.new_page()
        view.on("request", lambda request: asked.append(request.url))
        view.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        view.on("pageerror", lambda error: errors.append(str(error)))
        titles = {}
        for name, figure in drawn.items():
            view.goto(save_figure(figure, tmp_path / f"{name}.html").as_uri())
            view.wait_for_selector(".js-plotly-plot .trace, .js-plotly-plot .point", timeout=60_000)
            titles[name] = view.evaluate(
                "[...document.querySelectorAll('.modebar-btn')].map(b => b.getAttribute('data-title') || b.ariaLabel || '')"
            )
        browser.close()
    assert errors == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert all(titles.values())  # there are buttons, so that the next line can fail
    assert not [t for names in titles.values() for t in names if "cloud" in t.lower() or "share" in t.lower()]
