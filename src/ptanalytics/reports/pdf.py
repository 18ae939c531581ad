"""A report as PDF: its HTML page printed by a Chrome, Chromium or Edge of this machine, with no network."""

import os
import sys
import tempfile
from pathlib import Path

from ptanalytics.charts import find_browser
from ptanalytics.charts.save import run_with_limit
from ptanalytics.errors import BrowserMissingError
from ptanalytics.reports.content import Report
from ptanalytics.reports.html import render_html

_SECONDS = 90
#: Milliseconds of page time the browser may spend until every chart is drawn; page time runs as fast as the machine can.
_PAGE_TIME_MS = 30_000
_PURPOSE = "Saving a PDF"


def pdf_bytes(report: Report) -> bytes:
    """Return a report as PDF.

    Raises:
        BrowserMissingError: No browser was found, or it did not answer in time.
    """
    browser = find_browser()
    if browser is None:
        raise BrowserMissingError(_PURPOSE)
    with tempfile.TemporaryDirectory(prefix="ptanalytics-", ignore_cleanup_errors=True) as folder:
        page, printed = Path(folder, "report.html"), Path(folder, "report.pdf")
        page.write_text(render_html(report), encoding="utf-8")
        run_with_limit([str(browser), *_arguments(folder, printed), page.as_uri()], _SECONDS, _PURPOSE)
        if not printed.is_file():
            raise BrowserMissingError(_PURPOSE, "the browser ended without printing")
        return printed.read_bytes()


def _arguments(folder: str, printed: Path) -> list[str]:
    arguments = [
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--disable-extensions",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--hide-scrollbars",
        "--window-size=900,1200",
        f"--user-data-dir={Path(folder, 'profile')}",
        f"--virtual-time-budget={_PAGE_TIME_MS}",
        "--no-pdf-header-footer",
        f"--print-to-pdf={printed}",
    ]
    # Chromium refuses its sandbox to root, as in containers; the page is our own and may load nothing.
    is_root = sys.platform != "win32" and os.geteuid() == 0
    return ["--no-sandbox", *arguments] if is_root else arguments
