"""Reports as files: self-contained and escaped HTML, DOCX with the same numbers, whole files or none."""

import html as html_module
import io
import re

import pytest
from docx import Document

import ptanalytics as pta
from ptanalytics.charts import find_browser
from ptanalytics.errors import BrowserMissingError, OutputError
from ptanalytics.reports.content import Figure, Heading, KeyNumbers, Paragraph, Report, Table
from ptanalytics.reports.docx import docx_bytes
from ptanalytics.reports.html import render_html

needs_browser = pytest.mark.skipif(find_browser() is None, reason="no Chrome, Chromium or Edge here")


@pytest.fixture(scope="module")
def report(study):
    return pta.outcome_report(study)


@pytest.fixture(scope="module")
def page(report):
    return render_html(report)


@pytest.fixture
def small():
    """A report without figures."""
    blocks = (
        Heading("Part"),
        Paragraph("One & two <three>"),
        KeyNumbers((("What", "12 %", "why"),)),
        Table("Counts", ("Group", "n"), (("<i>north</i>", "12"), ("south", "15")), note="A note."),
    )
    return Report("A <b>title</b>", "about it", blocks, (("Study", "S"),))


def _policy(page):
    return html_module.unescape(re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)[1])


def test_nothing_is_loaded_from_anywhere(page, body_of):
    policy = _policy(page)

    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert not re.search(r"script-src[^;]*unsafe-inline", policy)
    assert not re.search(r"""<(script|link|img|iframe|object|source)[^>]*\s(src|href|data)=""", body_of(page))
    assert not re.search(r"<script[^>]*\ssrc=", page)
    assert not re.search(r"url\(\s*['\"]?http|@import", re.search(r"<style>.*?</style>", page, re.DOTALL)[0])


def test_plotly_is_in_the_page_once_and_every_figure_as_data(page, report):
    assert len(re.findall(r"^<script>", page, re.MULTILINE)) == 2
    assert page.count('type="application/json"') == len(report.figures()) == page.count('class="chart"')
    assert '"showSendToCloud": false' in page


def test_the_page_can_be_read_without_seeing_it(page, report):
    assert '<html lang="en">' in page
    assert page.count("<caption>") == len(report.tables())
    assert page.count('role="figure" aria-label="') == len(report.figures())
    assert len(re.findall(r"<h1>", page)) == 1
    heads = re.findall(r"<thead>.*?</thead>", page, re.DOTALL)
    assert all('scope="col"' in head for head in heads)
    assert page.count('scope="row"') == sum(len(table.rows) for table in report.tables())


def test_every_table_cell_is_on_the_page(page, report, body_of):
    text = html_module.unescape(body_of(page)).replace("\u00a0", " ")

    for table in report.tables():
        for row in table.rows:
            assert all(cell in text for cell in row)


def test_markup_in_texts_is_shown_and_not_run(hostile_study, body_of):
    page = render_html(pta.outcome_report(hostile_study, suppress_below=1))

    assert "<script>alert" not in page
    assert "<b>B</b>" not in page
    assert "&lt;script&gt;alert" in body_of(page)


def test_markup_in_a_patients_plan_is_not_run(hostile_study):
    page = render_html(pta.patient_review(hostile_study, hostile_study.patient_ids()[0]))

    assert "<script>alert" not in page
    assert "\\u0026lt;script" in page  # plotly gets it escaped, inside data the HTML parser cannot leave


def test_a_page_without_figures_runs_no_script(small):
    page = render_html(small)

    assert "script-src 'none'" in _policy(page)
    assert "<script" not in page
    assert "A &lt;b&gt;title&lt;/b&gt;" in page
    assert "&lt;i&gt;north&lt;/i&gt;" in page


def _cells(document):
    return [tuple(tuple(cell.text for cell in row.cells) for row in table.rows) for table in document.tables]


def test_the_document_holds_the_same_numbers_and_headings(report, monkeypatch, tmp_path):
    monkeypatch.setenv("PTANALYTICS_BROWSER", str(tmp_path / "none"))

    document = Document(io.BytesIO(docx_bytes(report)))

    assert _cells(document) == [(table.columns, *table.rows) for table in report.tables()]
    headings = [p.text for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert headings[:-1] == [b.text for b in report.blocks if isinstance(b, Heading)]
    assert all(table.rows[0]._tr.xpath("w:trPr/w:tblHeader") for table in document.tables)


def test_without_a_browser_the_document_says_what_a_picture_shows(report, monkeypatch, tmp_path):
    monkeypatch.setenv("PTANALYTICS_BROWSER", str(tmp_path / "none"))

    document = Document(io.BytesIO(docx_bytes(report)))

    said = [p.text for p in document.paragraphs if p.text.startswith("Picture left out")]
    assert len(said) == len(report.figures())
    assert len(document.inline_shapes) == 0


def test_control_characters_do_not_break_the_document(small):
    spoiled = Report("T\x00\x0b", "s", (*small.blocks, Paragraph("a\x07b\ufffe")), small.provenance)

    assert "ab" in [p.text for p in Document(io.BytesIO(docx_bytes(spoiled))).paragraphs]


@pytest.mark.parametrize("name", ["report.txt", "report", "report.xlsx"])
def test_another_suffix_is_refused(small, tmp_path, name):
    with pytest.raises(OutputError, match=r"Use \.html or \.docx or \.pdf"):
        small.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_review_is_not_saved_as_a_document(study, tmp_path):
    with pytest.raises(OutputError, match=r"Use \.html or \.pdf"):
        pta.patient_review(study, study.patient_ids()[0]).save(tmp_path / "review.docx")


def test_a_missing_folder_is_named(small, tmp_path):
    with pytest.raises(OutputError, match="no folder 'nowhere'"):
        small.save(tmp_path / "nowhere" / "report.html")


def test_a_failed_write_leaves_the_old_file(small, tmp_path, monkeypatch):
    target = tmp_path / "report.html"
    target.write_text("old")

    def refuse(self, other):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(OutputError, match="permission denied"):
        small.save(target)
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_pdf_without_a_browser_says_what_to_do(small, tmp_path, monkeypatch):
    monkeypatch.setenv("PTANALYTICS_BROWSER", str(tmp_path / "none"))

    with pytest.raises(BrowserMissingError, match=r"Install Chromium .* \.html instead"):
        small.save(tmp_path / "report.pdf")
    assert list(tmp_path.iterdir()) == []


def _pdf_pages(path):
    from pypdf import PdfReader

    return PdfReader(path).pages


def _pdf_text(path):
    return "\n".join(page.extract_text() for page in _pdf_pages(path))


@needs_browser
@pytest.mark.browser
def test_the_pdf_is_a4_with_charts_and_numbers(report, tmp_path):
    path = report.save(tmp_path / "report.pdf")

    pages, text = _pdf_pages(path), _pdf_text(path)
    assert [round(float(side) / 72 * 25.4) for side in pages[0].mediabox.upper_right] == [210, 297]  # A4 in mm
    assert report.title in text
    assert "Week of the plan" in text  # an axis title: the charts were drawn before printing
    assert "Improved by at least this share of baseline" in text


@needs_browser
@pytest.mark.browser
def test_the_review_is_one_page_for_every_length_of_plan(study, tmp_path):
    by_length = study.table("plans").groupby("patient_id")["exercise_id"].nunique().sort_values()

    for patient in (by_length.index[0], by_length.index[-1]):
        path = pta.patient_review(study, patient).save(tmp_path / "review.pdf")
        assert len(_pdf_pages(path)) == 1
        text = _pdf_text(path)
        parts = ("Sessions:", "Pain over time", "Adherence calendar", "Questionnaires", "Plan over time")
        order = [text.rindex(words) for words in parts]
        assert order == sorted(order)


@needs_browser
@pytest.mark.browser
def test_the_document_has_pictures_with_alternative_text(study, tmp_path):
    report = pta.outcome_report(study)
    figures = [b for b in report.blocks if isinstance(b, Figure)][:1]
    one = Report("T", "s", tuple(figures), ())

    document = Document(io.BytesIO(docx_bytes(one)))

    assert len(document.inline_shapes) == 1
    assert document.inline_shapes[0]._inline.docPr.get("descr") == figures[0].figure.layout.meta["alt"]


@needs_browser
@pytest.mark.browser
@pytest.mark.parametrize("kind", ["outcome", "review"])
def test_the_page_works_offline_without_an_error(study, tmp_path, kind):
    from playwright.sync_api import sync_playwright

    made = pta.outcome_report(study) if kind == "outcome" else pta.patient_review(study, study.patient_ids()[0])
    path = made.save(tmp_path / "report.html")
    asked, errors = [], []
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=str(find_browser()), args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"]
        )
        view = browser.new_page(viewport={"width": 1100, "height": 900})
        view.on("request", lambda request: asked.append(request.url))
        view.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        view.on("pageerror", lambda error: errors.append(str(error)))
        view.goto(path.as_uri())
        view.wait_for_selector("html[data-drawn]", timeout=60_000)
        drawn = view.evaluate("document.querySelectorAll('.chart .main-svg').length")
        buttons = view.evaluate(
            "[...document.querySelectorAll('.modebar-btn')].map(b => b.getAttribute('data-title') || '')"
        )
        browser.close()
    assert errors == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert drawn >= len(made.figures())
    assert not [title for title in buttons if "cloud" in title.lower() or "share" in title.lower()]
