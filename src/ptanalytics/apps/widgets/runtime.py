"""One copy of plotly.js for a page, however many charts it shows.

A plotly ``FigureWidget`` carries its own copy of plotly.js (5 MB) as its module: six charts took 41 MB and 10.7 s to draw,
and anywidget gives up on a widget whose module is not there after 2 s, which a busy machine does not manage. Here one
hidden widget with a tiny module sends plotly.js (from the public ``plotly.offline.get_plotlyjs``) compressed, once, and
hands it to all charts of the page.
"""

import gzip
from functools import cache

import anywidget
import traitlets as tl
from plotly.offline import get_plotlyjs

from ptanalytics.apps.widgets.assets import asset

#: A promise of plotly.js that whoever comes first creates: the charts may be drawn before the library has arrived.
LIBRARY = (
    "(globalThis.__ptanalyticsPlotly ??= "
    "(() => { let give; const ready = new Promise((r) => (give = r)); return { give, ready }; })())"
)


class PlotlyRuntime(anywidget.AnyWidget):
    """The hidden owner of plotly.js. Never displayed; made once by `runtime`."""

    _esm = asset("runtime.js").replace("__LIBRARY__", LIBRARY)

    library = tl.Bytes(b"").tag(sync=True)


@cache
def _compressed_library() -> bytes:
    return gzip.compress(get_plotlyjs().encode("utf-8"), compresslevel=3, mtime=0)


_runtimes: list[PlotlyRuntime] = []


def runtime() -> PlotlyRuntime:
    """Return the page's plotly.js owner, making it on first use or after somebody closed all widgets."""
    if not _runtimes or _runtimes[-1].comm is None:
        _runtimes[:] = [PlotlyRuntime(library=_compressed_library())]
    return _runtimes[0]
