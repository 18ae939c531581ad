"""A real JupyterLab server and a real browser for the tests: offline, with every stray request written down."""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

#: No host but this one resolves: a clinic with the network unplugged.
OFFLINE = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
START_S = 90
#: The user sees no news pop-up; nothing asks the network for updates.
OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": False},
}


def browser_path() -> str | None:
    """Return a Chrome, Chromium or Edge of this machine, or nothing."""
    with contextlib.suppress(ImportError):
        from ptanalytics.charts.browser import find_browser

        if found := find_browser():
            return str(found)
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class LabServer:
    """A JupyterLab server of our own, with its own settings folders, on a free port."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "work"
        self.root.mkdir(parents=True)
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        self.log = (folder / "lab.log").open("w+", encoding="utf-8")
        places = {"JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JUPYTERLAB_SETTINGS_DIR"}
        places |= {"JUPYTERLAB_WORKSPACES_DIR"}
        env = os.environ | {name: str(folder / name.lower()) for name in places}
        for name in places:
            (folder / name.lower()).mkdir()
        for plugin, values in OVERRIDES.items():
            package, _, name = plugin.partition(":")
            target = folder / "jupyterlab_settings_dir" / package / f"{name}.jupyterlab-settings"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(values))
        command = [sys.executable, "-m", "jupyterlab", "--allow-root", "--no-browser", "--ip=127.0.0.1"]
        command += [f"--port={self.port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={self.token}"]
        command += [f"--ServerApp.root_dir={self.root}"]
        self.process = subprocess.Popen(
            command, cwd=self.root, env=env, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True
        )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            with contextlib.suppress(OSError), urllib.request.urlopen(self.url("/api/status"), timeout=2):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        self.log.seek(0)
        message = f"JupyterLab did not start; its log ends: {self.log.read()[-1500:]}"
        raise RuntimeError(message)

    def url(self, path: str) -> str:
        """Return an address on this server, with its token."""
        joint = "&" if "?" in path else "?"
        return f"http://127.0.0.1:{self.port}{path}{joint}token={self.token}"

    def add_notebook(self, name: str, *cells: str) -> str:
        """Write a notebook of code cells into the server's folder."""
        code = [
            {"cell_type": "code", "id": f"c{n}", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
            for n, source in enumerate(cells)
        ]
        kernel = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}}
        notebook = {"cells": code, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
        (self.root / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        return f"{name}.ipynb"

    def has_ready_kernel(self, notebook: str) -> bool:
        """Say whether a notebook has a kernel that is idle and that a page is connected to."""
        with urllib.request.urlopen(self.url("/api/sessions"), timeout=60) as answer:
            kernels = [session["kernel"] for session in json.load(answer) if session["path"] == notebook]
        return any(one and one["execution_state"] == "idle" and one["connections"] for one in kernels)

    def stop_kernels(self) -> None:
        """End all kernels: a session outlives its page and would keep old modules."""
        with urllib.request.urlopen(self.url("/api/sessions"), timeout=60) as answer:
            sessions = json.load(answer)
        for session in sessions:
            request = urllib.request.Request(self.url(f"/api/sessions/{session['id']}"), method="DELETE")
            urllib.request.urlopen(request, timeout=60).close()

    def close(self) -> None:
        """Stop the kernels and the server."""
        with contextlib.suppress(OSError):
            self.stop_kernels()
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class LabPage:
    """One browser page on the server, with what went wrong on it."""

    def __init__(self, page: Page, lab: LabServer, shots: Path) -> None:
        self.page, self.lab, self.shots = page, lab, shots
        self.notebook = ""
        self.off_host: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._note_request)
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note_request(self, request: object) -> None:
        address = request.url  # type: ignore[attr-defined]
        if not address.startswith(
            (f"http://127.0.0.1:{self.lab.port}", f"ws://127.0.0.1:{self.lab.port}", "data:", "blob:")
        ):
            self.off_host.append(address)

    def open(self, notebook: str) -> None:
        """Open a notebook in JupyterLab, with a workspace of its own, and wait for its kernel."""
        self.notebook = notebook
        workspace = notebook.removesuffix(".ipynb")
        self.page.goto(self.lab.url(f"/lab/workspaces/{workspace}/tree/{notebook}?reset"), timeout=START_S * 1000)
        self._wait_for_kernel()
        # The file browser would take a third of the page.
        if self.page.locator("#jp-left-stack:visible").count():
            self.page.keyboard.press("Control+b")

    def _wait_for_kernel(self) -> None:
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=START_S * 1000)
        # JupyterLab shows "idle" before there is a kernel, and asks which one to take if a cell is run then.
        until = time.monotonic() + START_S
        while not self.lab.has_ready_kernel(self.notebook):
            assert time.monotonic() < until, "the notebook's kernel did not start"
            self.page.wait_for_timeout(100)
        self.page.wait_for_function(
            "() => document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle'",
            timeout=START_S * 1000,
        )

    def run_all(self) -> None:
        """Run every cell of the notebook, one after the other."""
        for n in range(self.page.locator(".jp-Notebook .jp-CodeCell").count()):
            self.run_cell(n)

    def run_cell(self, n: int, within_s: float = 60) -> None:
        """Run one cell and wait until it is done; fail with its own error if it has one."""
        cell = self.page.locator(".jp-Notebook .jp-CodeCell").nth(n)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        until = time.monotonic() + within_s
        press_again = 0.0
        while (said := prompt.inner_text()) == before or "*" in said or said == "[ ]:":
            assert time.monotonic() < until, f"cell {n} did not finish"
            # JupyterLab shows a notebook before it has loaded its shortcuts; a key pressed then is lost.
            if said == before and time.monotonic() > press_again:
                cell.locator(".cm-content").click()
                self.page.keyboard.press("Control+Enter")
                press_again = time.monotonic() + 3
            self.page.wait_for_timeout(50)
        wrong = cell.locator('[data-mime-type="application/vnd.jupyter.error"]')
        assert wrong.count() == 0, wrong.inner_text()

    def wait_for_charts(self, n: int, within_s: float = 60) -> None:
        """Wait until at least ``n`` charts are drawn with something in them, not only with axes."""
        self.page.wait_for_function(
            f"() => ({DRAWN})().length >= {n}",
            timeout=within_s * 1000,
        )

    def charts(self) -> list[dict[str, object]]:
        """Return, for each drawn chart, its name, number of traces and how often it was drawn."""
        found: list[dict[str, object]] = self.page.evaluate(DRAWN)
        return found

    def reload(self) -> None:
        """Save the notebook with Ctrl+S, as a user does, and load the page again while the kernel goes on."""
        self.page.keyboard.press("Control+s")
        self.page.wait_for_selector(".jp-mod-current.lm-TabBar-tab:not(.jp-mod-dirty)")
        self.page.reload()
        self._wait_for_kernel()

    def shot(self, name: str, selector: str = "") -> None:
        """Save a screenshot of the page or of one element."""
        self.shots.mkdir(parents=True, exist_ok=True)
        target = self.shots / f"{name}.png"
        if selector:
            self.page.locator(selector).first.screenshot(path=target)
        else:
            self.page.screenshot(path=target)

    def assert_quiet(self) -> None:
        """Fail if the page asked another host for something or wrote an error to its console."""
        assert self.off_host == []
        assert self.errors == []


#: Charts with drawn marks: an empty figure has axes too, so axes do not count.
DRAWN = """() => [...document.querySelectorAll('.js-plotly-plot')]
  .filter((g) => g.querySelector('.trace, .points path, .heatmaplayer image, .shapelayer path, .barlayer path'))
  .map((g) => ({
    chart: g.dataset.chart,
    name: g.getAttribute('aria-label'),
    traces: g._fullData.length,
    drawn: Number(g.dataset.drawn),
  }))"""


@contextlib.contextmanager
def offline_browser(path: str) -> Iterator[Browser]:
    """Start a headless browser for which no other host exists."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=OFFLINE)
        try:
            yield browser
        finally:
            browser.close()
