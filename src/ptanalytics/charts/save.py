"""Save figures as PNG, SVG, PDF or one self-contained HTML page, without network and without half-written files."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from html import escape, unescape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import plotly.io as pio

from ptanalytics.charts.browser import find_browser
from ptanalytics.charts.theme import CHART_CONFIG, text_summary
from ptanalytics.errors import BrowserMissingError, OutputError

IMAGE_SUFFIXES = (".png", ".svg", ".pdf")
_SECONDS_TO_START = 45
_SECONDS_PER_FIGURE = 15
_WIDTH_PX = 760
#: Nothing may be fetched or sent; plotly.js needs inline scripts, blob images and (for its own worker-free code) no eval.
OFFLINE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
    "connect-src 'none'; form-action 'none'; base-uri 'none'"
)


def save_figure(figure: go.Figure, path: Path | str, *, width_px: int = _WIDTH_PX, scale: float = 2.0) -> Path:
    """Save one figure; the suffix says as what.

    Args:
        figure: A figure of this package.
        path: ``.png``, ``.svg``, ``.pdf`` (drawn by a Chrome, Chromium or Edge) or ``.html`` (needs none).
        width_px: Width of an image.
        scale: Pixels per pixel of a PNG; 2 prints well.

    Returns:
        The path written.

    Raises:
        BrowserMissingError: An image was asked for and no browser was found, or it did not answer in time.
        OutputError: The suffix is another one, or the place cannot be written.
    """
    return save_figures([(figure, path)], width_px=width_px, scale=scale)[0]


def save_figures(
    figures: Iterable[tuple[go.Figure, Path | str]], *, width_px: int = _WIDTH_PX, scale: float = 2.0
) -> list[Path]:
    """Save several figures, starting the browser once; see `save_figure`."""
    wanted = [(figure, Path(path)) for figure, path in figures]
    for _, path in wanted:
        _check_place(path)
    images = [(figure, path) for figure, path in wanted if path.suffix.lower() in IMAGE_SUFFIXES]
    drawn = _draw_images(images, width_px, scale) if images else {}
    for figure, path in wanted:
        write_whole(path, drawn[path] if path in drawn else figure_page(figure).encode())
    return [path for _, path in wanted]


def figure_page(figure: go.Figure) -> str:
    """Return one figure as a web page that needs nothing else and may fetch nothing."""
    title = escape(unescape(str(figure.layout.title.text or "Chart")))  # plotly's escapes, made HTML's
    alt = escape(text_summary(figure))
    height = figure.layout.height
    chart = pio.to_html(figure, config=CHART_CONFIG, include_plotlyjs=True, full_html=False, default_height=height)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{OFFLINE_POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title></head>'
        f'<body><figure role="figure" aria-label="{alt}">{chart}<figcaption>{alt}</figcaption></figure></body></html>\n'
    )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there, so that nobody ever sees half of it.

    Raises:
        OutputError: The place cannot be written.
    """
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise OutputError(path, _cause(error)) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        Path(beside).chmod(0o666 & ~umask)
        Path(beside).replace(path)
    except OSError as error:
        raise OutputError(path, _cause(error)) from None
    finally:
        Path(beside).unlink(missing_ok=True)


def _cause(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _check_place(path: Path) -> None:
    if path.suffix.lower() not in (*IMAGE_SUFFIXES, ".html"):
        found = f"a figure cannot be saved as '{path.suffix}'" if path.suffix else "the name has no suffix"
        raise OutputError(path, found, "Use .png, .svg, .pdf or .html.")
    if not path.parent.is_dir():
        raise OutputError(path, f"there is no folder '{path.parent.name}'", "Make the folder first or choose another.")
    if path.is_dir():
        raise OutputError(path, "it is a folder", "Give a file name.")


def _draw_images(images: list[tuple[go.Figure, Path]], width_px: int, scale: float) -> dict[Path, bytes]:
    browser = find_browser()
    if browser is None:
        raise BrowserMissingError("Saving a figure as an image")
    with tempfile.TemporaryDirectory(prefix="ptanalytics-", ignore_cleanup_errors=True) as folder:
        places = {path: Path(folder, f"{i}{path.suffix.lower()}") for i, (_, path) in enumerate(images)}
        job = {"browser": str(browser), "figures": [_task(f, places[p], width_px, scale) for f, p in images]}
        seconds = _SECONDS_TO_START + _SECONDS_PER_FIGURE * len(images)
        command = [sys.executable, "-m", "ptanalytics.charts.render"]
        run_with_limit(command, seconds, "Saving a figure as an image", text=json.dumps(job))
        missing = [path for path in places.values() if not path.is_file()]
        if missing:
            raise BrowserMissingError("Saving a figure as an image", "the browser ended without drawing it")
        return {path: place.read_bytes() for path, place in places.items()}


def _task(figure: go.Figure, place: Path, width_px: int, scale: float) -> dict[str, Any]:
    opts = {"format": place.suffix[1:], "width": width_px, "height": figure.layout.height, "scale": scale}
    return {"path": str(place), "fig": json.loads(pio.to_json(figure, validate=False)), "opts": opts}


def run_with_limit(command: list[str], seconds: float, purpose: str, *, text: str | None = None) -> None:
    """Run a program in a group of its own and end the whole group when time is up.

    Raises:
        BrowserMissingError: It did not finish in time or ended with an error.
    """
    new_group: dict[str, Any] = {"creationflags": 0x200} if sys.platform == "win32" else {"start_new_session": True}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, encoding="utf-8", **new_group
    )
    try:
        process.communicate(text, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise BrowserMissingError(purpose, f"it did not answer within {seconds:.0f} seconds") from None
    finally:
        _end_group(process)
    if process.returncode:
        raise BrowserMissingError(purpose, f"the browser ended with an error (code {process.returncode})")


def _end_group(process: "subprocess.Popen[str]") -> None:
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], check=False, capture_output=True)
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # the group may have ended by itself
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
