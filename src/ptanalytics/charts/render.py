"""The other side of `save_figures`: draws figures in a browser, in a process of its own that can be ended.

Reads a job (JSON) from standard input: the browser's path and a list of figures with path, format, size and scale.
MathJax stays off (it would be fetched from the network) and plotly.js comes from the installed plotly.
"""

import asyncio
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import kaleido
import plotly

_SECONDS_BETWEEN_LOOKS = 0.2
#: How long the browser's driver may take to notice by itself that the browser is gone.
_SECONDS_TO_NOTICE = 3.0
_BROWSER_GONE = 3


async def _draw(job: dict[str, Any]) -> None:
    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    page = kaleido.PageGenerator(plotly=(script.as_uri(), "utf-8"), mathjax=False)
    drawing = kaleido.Kaleido(page_generator=page, path=job["browser"])
    drawn = threading.Event()
    threading.Thread(target=_end_with_the_browser, args=(drawing, drawn), daemon=True).start()
    async with drawing as browser:
        for figure in job["figures"]:
            image = await browser.calc_fig(figure["fig"], opts=figure["opts"])
            Path(figure["path"]).write_bytes(image)
        drawn.set()


def _end_with_the_browser(drawing: kaleido.Kaleido, drawn: threading.Event) -> None:
    """End this process when the browser ended before everything was drawn.

    The driver notices that in most cases, but a browser that ends while the first message is on its way leaves it waiting
    for an answer until the caller's time limit: a minute of waiting, and the wrong reason in the message.
    """
    while not drawn.wait(_SECONDS_BETWEEN_LOOKS):
        process = getattr(drawing, "subprocess", None)
        if process is not None and process.poll() is not None:
            if not drawn.wait(_SECONDS_TO_NOTICE):
                os._exit(_BROWSER_GONE)
            return


if __name__ == "__main__":
    asyncio.run(_draw(json.load(sys.stdin)))
