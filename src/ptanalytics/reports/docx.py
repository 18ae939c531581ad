"""A report as a Word document: real headings, tables with repeated header rows, figures with alternative text."""

import io
import tempfile
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from ptanalytics.charts import save_figures, text_summary
from ptanalytics.errors import BrowserMissingError
from ptanalytics.reports.content import Bullets, Figure, Heading, KeyNumbers, Paragraph, Report, Table

_TEXT_WIDTH_CM = 18.0
_ALERT = RGBColor(0xB3, 0x47, 0x00)
_NO_PICTURE = "Picture left out: this machine has no Chrome, Chromium or Edge to draw it. What it shows, in words: "


def docx_bytes(report: Report) -> bytes:
    """Return a report as DOCX. Without a browser the figures are given in words; the tables hold their numbers."""
    document = Document()
    _prepare(document, report)
    document.add_heading(_clean(report.title), level=0)
    document.add_paragraph(_clean(report.subtitle))
    if report.is_synthetic:
        _coloured(document.add_paragraph(), "SYNTHETIC DATA")
    with tempfile.TemporaryDirectory(prefix="ptanalytics-", ignore_cleanup_errors=True) as folder:
        pictures = iter(_pictures(report, Path(folder)))
        counts = {Table: 0, Figure: 0}
        for block in report.blocks:
            if isinstance(block, Table | Figure):
                counts[type(block)] += 1
            if isinstance(block, Figure):
                _add_figure(document, block, next(pictures), counts[Figure])
            elif isinstance(block, Table):
                _add_table(document, block, counts[Table])
            else:
                _add_text(document, block)
    document.add_heading("Where these numbers come from", level=1)
    for name, value in report.provenance:
        line = document.add_paragraph()
        line.add_run(f"{name}: ").bold = True
        line.add_run(_clean(value))
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _prepare(document: Any, report: Report) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(1.5)
    section.top_margin = section.bottom_margin = Cm(1.6)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "Arial", Pt(10)
    normal.element.rPr.append(_element("w:lang", {"w:val": report.language}))
    document.core_properties.title = _clean(report.title)
    document.core_properties.author = "ptanalytics"
    document.core_properties.comments = "for clinician review"


def _pictures(report: Report, folder: Path) -> list[Path | None]:
    figures = report.figures()
    wanted = [(block.figure, folder / f"{i}.png") for i, block in enumerate(figures)]
    if not wanted:
        return []
    try:
        return list(save_figures(wanted))
    except BrowserMissingError:
        return [None] * len(figures)


def _add_text(document: Any, block: Heading | Paragraph | Bullets | KeyNumbers) -> None:
    match block:
        case Heading():
            document.add_heading(_clean(block.text), level=block.level - 1)
        case Paragraph(kind="alert"):
            _coloured(document.add_paragraph(), block.text)
        case Paragraph():
            style = "Intense Quote" if block.kind == "caveat" else None
            document.add_paragraph(_clean(block.text), style=style)
        case Bullets():
            for item in block.items:
                document.add_paragraph(_clean(item), style="List Bullet")
        case KeyNumbers():
            for what, value, basis in block.items:
                line = document.add_paragraph(style="List Bullet")
                line.add_run(f"{_clean(what)}: {_clean(value)}").bold = True
                line.add_run(f" ({_clean(basis)})" if basis else "")


def _add_table(document: Any, block: Table, number: int) -> None:
    document.add_paragraph(
        f"Table {number}. {_clean(block.caption)}", style="Caption"
    ).paragraph_format.keep_with_next = True
    table = document.add_table(rows=1, cols=len(block.columns), style="Light Grid Accent 1")
    _fill(table.rows[0], block.columns, block, is_bold=True)
    table.rows[0]._tr.get_or_add_trPr().append(_element("w:tblHeader", {"w:val": "true"}))  # noqa: SLF001 - no public way
    for row in block.rows:
        cells = table.add_row()
        cells._tr.get_or_add_trPr().append(_element("w:cantSplit", {}))  # noqa: SLF001 - no public way
        _fill(cells, row, block, is_bold=False)
    if block.note:
        note = document.add_paragraph()
        note.add_run(_clean(block.note)).font.size = Pt(8)


def _fill(row: Any, texts: tuple[str, ...], block: Table, *, is_bold: bool) -> None:
    for place, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
        paragraph = cell.paragraphs[0]
        run = paragraph.add_run(_clean(text))
        run.font.size, run.bold = Pt(8.5), is_bold
        if place not in block.text_columns:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _add_figure(document: Any, block: Figure, picture: Path | None, number: int) -> None:
    words = text_summary(block.figure)
    if picture is None:
        document.add_paragraph(_clean(_NO_PICTURE + words))
    else:
        shape = document.add_picture(str(picture), width=Cm(_TEXT_WIDTH_CM))
        properties = shape._inline.docPr  # noqa: SLF001 - python-docx has no public way to set alternative text
        properties.set("descr", _clean(words))
        properties.set("title", _clean(block.caption))
    document.add_paragraph(f"Figure {number}. {_clean(block.caption)}", style="Caption")


def _coloured(paragraph: Any, text: str) -> None:
    run = paragraph.add_run(_clean(text))
    run.bold, run.font.color.rgb = True, _ALERT


def _element(name: str, attributes: dict[str, str]) -> Any:
    element = OxmlElement(name)
    for key, value in attributes.items():
        element.set(qn(key), value)
    return element


def _clean(text: str) -> str:
    """Leave out the characters that XML cannot hold: controls, half surrogate pairs and two non-characters."""
    return "".join(
        c for c in text if c in "\n\t" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
