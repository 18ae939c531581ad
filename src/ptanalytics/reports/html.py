"""A report as one HTML file that needs nothing else, may fetch nothing and prints on A4."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from ptanalytics.charts import text_summary
from ptanalytics.charts.embed import figure_data, plotly_script
from ptanalytics.reports.content import Block, Figure, Report, Table

#: Printable part of an A4 page with 14 mm margins at 96 px per inch, the height less a rounding reserve.
_PAGE_PX = (687, 1008)
_LONGEST_TOGETHER = 36


def html_bytes(report: Report) -> bytes:
    """Return the page of a report."""
    return render_html(report).encode("utf-8")


def render_html(report: Report) -> str:
    """Return the page of a report as text.

    Everything is escaped by the template engine. Only the two scripts of this package may run: the policy names their
    digests, and nothing may be loaded from anywhere.
    """
    scripts = [plotly_script(), _page_file("draw.js")] if report.figures() else []
    allowed = " ".join(_digest(script) for script in scripts) or "'none'"
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
        "connect-src 'none'; form-action 'none'; base-uri 'none'"
    )
    plotly, draw = scripts or ("", "")
    page = _environment().get_template("report.html.j2")
    return page.render(
        report=report,
        blocks=_numbered(report.blocks),
        has_figures=bool(scripts),
        policy=policy,
        css=Markup(_page_file("report.css")),  # noqa: S704 - our own file
        plotly=Markup(plotly),  # noqa: S704 - plotly's own file
        draw=Markup(draw),  # noqa: S704 - our own file
        data=lambda block: Markup(figure_data(block.figure)),  # noqa: S704 - <, > and & are escaped in the JSON
        alt=lambda block: text_summary(block.figure),
        page_px=_PAGE_PX,
    )


def _numbered(blocks: tuple[Block, ...]) -> list[tuple[str, Any, int]]:
    """Blocks with their kind and, for tables and figures, their number."""
    counts = {Table: 0, Figure: 0}
    numbered = []
    for block in blocks:
        if type(block) in counts:
            counts[type(block)] += 1
        numbered.append((type(block).__name__, block, counts.get(type(block), 0)))
    return numbered


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FunctionLoader(_page_file)
    made = jinja2.Environment(autoescape=True, loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True)
    made.filters["together"] = _together
    return made


def _together(cell: str) -> str:
    """Keep a number with its unit and the parts of an interval on one line; a line may end after a semicolon."""
    return "; ".join(part.replace(" ", "\u00a0") for part in cell.split("; ")) if len(cell) <= _LONGEST_TOGETHER else cell


@cache
def _page_file(name: str) -> str:
    return (files("ptanalytics.reports") / "page" / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode('utf-8')).digest()).decode()}'"
