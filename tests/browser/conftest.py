"""One JupyterLab and one browser for all browser tests; a page of its own for each."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

lab_of = pytest.importorskip("browser.lab", reason="playwright is not installed: pip install playwright")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here as a browser test."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_binary() -> str:
    found = lab_of.browser_path()
    if not found:
        pytest.skip("no Chrome, Chromium or Edge on this machine; install one (Debian: apt install chromium)")
    return found


@pytest.fixture(scope="session")
def lab(browser_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator["lab_of.LabServer"]:
    server = lab_of.LabServer(tmp_path_factory.mktemp("lab"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def browser(browser_binary: str) -> Iterator["lab_of.Browser"]:
    with lab_of.offline_browser(browser_binary) as started:
        yield started


@pytest.fixture
def lab_page(lab, browser, tmp_path: Path) -> Iterator["lab_of.LabPage"]:
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    shots = Path(os.environ.get("PTANALYTICS_SHOTS", tmp_path / "shots"))
    page = lab_of.LabPage(context.new_page(), lab, shots)
    yield page
    context.close()
    lab.stop_kernels()
