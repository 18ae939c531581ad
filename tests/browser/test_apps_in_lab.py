"""The three apps in a real JupyterLab and a real browser: driven, offline, and still drawn after a reload."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from browser.lab import LabPage, LabServer
from ptanalytics.samples import write_samples
from ptanalytics.study import Study, create_study, open_study


@pytest.fixture(scope="module")
def built_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    sample = write_samples(folder / "exports")
    settings = {"tuning": {"enabled": True}}
    study = create_study(folder / "sample.study", timezone=sample.timezone, is_synthetic=True, settings=settings)
    for name, rows in sample.facts.tables.items():
        study.append_rows(name, rows, origin="sample")
    return study.path


@pytest.fixture
def open_app(built_study: Path, lab: LabServer, lab_page: LabPage, tmp_path: Path) -> Callable[[str, int], Study]:
    """Open an app on a copy of the study in a small notebook and wait for its charts."""

    def open_it(app: str, n_charts: int) -> Study:
        path = tmp_path / "clinic é.study"
        shutil.copytree(built_study, path)
        setup = f"import ptanalytics as pta\n\nstudy = pta.open_study({str(path)!r})"
        lab_page.open(lab.add_notebook(app.lower(), setup, f"app = pta.apps.{app}(study)\napp"))
        lab_page.run_all()
        lab_page.wait_for_charts(n_charts)
        return open_study(path)

    return open_it


def said(page: LabPage) -> str:
    return page.page.locator(".pta-app [role=status]").first.inner_text()


def wait_until_said(page: LabPage, words: str) -> None:
    page.page.wait_for_function(
        "words => [...document.querySelectorAll('.pta-app [role=status]')].some(e => e.textContent.includes(words))",
        arg=words,
    )


def slider(page: LabPage, label: str):
    return page.page.get_by_role("slider", name=f"{label} (slider)", exact=True)


def box(page: LabPage, label: str):
    return page.page.get_by_role("spinbutton", name=label, exact=True)


def drawn(page: LabPage, name: str) -> int:
    return next(int(chart["drawn"]) for chart in page.charts() if chart["chart"] == name)


def wait_until_drawn_again(page: LabPage, name: str, before: int) -> None:
    page.page.wait_for_function(
        "([name, n]) => Number(document.querySelector(`.js-plotly-plot[data-chart=${name}]`)?.dataset.drawn) > n",
        arg=[name, before],
    )


def test_cohort_explorer(open_app, lab_page: LabPage) -> None:
    study = open_app("CohortExplorer", 4)
    page = lab_page.page
    assert said(lab_page).startswith("60 of 60 patients.")
    lab_page.shot("cohort_1_open")

    north = study.table("patients").query("site == 'north'")
    before = drawn(lab_page, "weekly")
    page.get_by_role("group", name="Site").get_by_label("north").check()
    wait_until_said(lab_page, f"{len(north)} of 60 patients.")
    wait_until_drawn_again(lab_page, "weekly", before)
    assert str(len(north)) in next(str(c["name"]) for c in lab_page.charts() if c["chart"] == "adherence")
    lab_page.shot("cohort_2_filtered")

    age = page.get_by_role("spinbutton", name="Age, from")
    age.fill("50")
    age.press("Tab")
    page.get_by_role("button", name="Remove filter: age from 50 years").wait_for()
    page.get_by_role("button", name="Remove filter: site: north").click()
    page.get_by_role("button", name="Remove filter: site: north").wait_for(state="detached")
    page.get_by_role("button", name="Undo", exact=True).click()
    wait_until_said(lab_page, "Undone: removal of site: north.")
    page.get_by_role("button", name="Clear all", exact=True).click()
    wait_until_said(lab_page, "60 of 60 patients.")

    page.get_by_role("cell", name="P0003", exact=True).click()
    wait_until_said(lab_page, "Showing P0003")
    lab_page.wait_for_charts(9)
    page.get_by_role("heading", name="Patient review").scroll_into_view_if_needed()
    lab_page.shot("cohort_3_review_opened")

    lab_page.reload()
    lab_page.wait_for_charts(9)
    assert said(lab_page).startswith("60 of 60 patients.")
    lab_page.shot("cohort_4_after_reload")
    lab_page.assert_quiet()


def test_the_patient_list_works_by_keyboard(open_app, lab_page: LabPage) -> None:
    open_app("CohortExplorer", 4)
    page = lab_page.page

    page.locator("table.dataTable tbody tr").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    wait_until_said(lab_page, "Showing P0002")
    lab_page.assert_quiet()


def test_patient_review(open_app, lab_page: LabPage) -> None:
    study = open_app("PatientReview", 5)
    page = lab_page.page
    wait_until_said(lab_page, "Showing P0001, patient 1 of 60.")
    lab_page.shot("review_1_open")

    charts = page.locator(".js-plotly-plot").count()
    before = drawn(lab_page, "pain")
    page.get_by_role("button", name="Next", exact=False).first.click()
    wait_until_said(lab_page, "Showing P0002, patient 2 of 60.")
    wait_until_drawn_again(lab_page, "pain", before)
    assert page.locator(".js-plotly-plot").count() == charts
    lab_page.shot("review_2_next")

    find = page.get_by_role("combobox", name="Find").or_(page.get_by_label("Find"))
    find.first.fill("P0051")
    find.first.press("Enter")
    wait_until_said(lab_page, "Showing P0051")
    page.get_by_text("Recorded flag unresolved").wait_for()
    lab_page.shot("review_3_flag")

    page.get_by_placeholder("Notes for the case review").fill("discuss at the case conference")
    page.get_by_role("button", name="Save HTML").click()
    wait_until_said(lab_page, "Saved: ")
    (saved,) = (study.path.parent / "reviews").glob("review_P0051_*.html")
    assert "discuss at the case conference" in saved.read_text(encoding="utf-8")

    lab_page.reload()
    lab_page.wait_for_charts(4)
    assert "Saved: " in said(lab_page)
    lab_page.shot("review_4_after_reload")
    lab_page.assert_quiet()


def test_where_does_this_number_come_from(open_app, lab_page: LabPage) -> None:
    open_app("PatientReview", 5)
    page = lab_page.page
    explained = page.get_by_role("region", name="Explanation of the number")

    find = page.get_by_role("combobox", name="Find").or_(page.get_by_label("Find"))
    find.first.fill("P0007")
    find.first.press("Enter")
    wait_until_said(lab_page, "Showing P0007")
    page.get_by_role("button", name="Where from?").first.click()
    explained.get_by_text("Improvement (lower is better)").wait_for()
    assert page.get_by_label("Number", exact=True).input_value() != ""
    lab_page.shot("explain_1_change")

    page.get_by_label("Number", exact=True).select_option("Questionnaire score")
    explained.get_by_text("Items answered").wait_for()
    page.get_by_label("Which", exact=True).select_option(index=2)
    explained.get_by_role("cell").first.wait_for()
    lab_page.shot("explain_2_score")
    for place, label in enumerate(("Trend of pain", "Usual range of daily pain", "Time to a lasting important change"), 3):
        page.get_by_label("Number", exact=True).select_option(label)
        explained.get_by_text("Sources:").wait_for()
        page.wait_for_timeout(400)
        lab_page.shot(f"explain_{place}")

    page.get_by_role("button", name="Where from?").filter(visible=True).last.click()
    explained.get_by_text("weekly capped").first.wait_for()
    lab_page.shot("explain_6_adherence")

    page.get_by_role("button", name="Next", exact=False).first.click()
    wait_until_said(lab_page, "Showing P0008")
    explained.wait_for(state="detached")
    lab_page.assert_quiet()


def shown_box(page: LabPage, label: str) -> float:
    return float(box(page, label).input_value())


def test_plan_tuner(open_app, lab_page: LabPage) -> None:
    study = open_app("PlanTuner", 1)
    page = lab_page.page
    version = int(study.table("plans", ["P0001"])["plan_version"].max())
    label = page.get_by_role("slider").first.get_attribute("aria-label").removesuffix(" (slider)")
    start = shown_box(lab_page, label)
    lab_page.shot("tuner_1_open")

    before = drawn(lab_page, "volume")
    slider(lab_page, label).press("ArrowRight")
    wait_until_drawn_again(lab_page, "volume", before)
    assert shown_box(lab_page, label) == start + 1
    wait_until_said(lab_page, "Draft with 1 change, not signed.")

    before = drawn(lab_page, "volume")
    box(lab_page, label).fill(str(start + 2))
    box(lab_page, label).press("Enter")
    wait_until_drawn_again(lab_page, "volume", before)
    assert slider(lab_page, label).input_value() == f"{start + 2:g}"

    box(lab_page, label).fill("5000")
    box(lab_page, label).press("Tab")
    page.get_by_text(re.compile("Not used: enter")).first.wait_for()
    page.keyboard.press("Escape")
    box(lab_page, label).fill(str(start + 2))
    box(lab_page, label).press("Tab")
    page.get_by_text("Before signing:").wait_for()
    lab_page.shot("tuner_2_changed")

    slider(lab_page, label).focus()
    page.keyboard.press("Control+z")
    wait_until_said(lab_page, "Undone")
    slider(lab_page, label).press("ArrowRight")
    page.get_by_role("textbox", name="Who").last.fill("AN")
    page.get_by_role("textbox", name="Role").last.fill("physical therapist")
    page.get_by_role("textbox", name="Reason").fill("completed with little pain")
    sign = page.get_by_role("button", name=f"Sign off version {version + 1}")
    page.wait_for_function("b => !b.disabled", arg=sign.element_handle())
    sign.click()
    wait_until_said(lab_page, f"Version {version + 1} signed by AN")
    page.get_by_role("cell", name="completed with little pain").wait_for()
    assert int(open_study(study.path).table("plans", ["P0001"])["plan_version"].max()) == version + 1
    lab_page.shot("tuner_3_signed")

    lab_page.reload()
    lab_page.wait_for_charts(1)
    assert f"Version {version + 1} signed by AN" in said(lab_page)
    lab_page.shot("tuner_4_after_reload")
    lab_page.assert_quiet()


def test_a_suggestion_is_filled_in_and_not_signed(open_app, lab_page: LabPage) -> None:
    study = open_app("PlanTuner", 1)
    page = lab_page.page
    use = page.get_by_role("button", name=re.compile(r"^Use: ")).filter(visible=True)
    for place in range(2, 61):
        if use.count():
            break
        page.get_by_role("button", name="Next", exact=False).first.click()
        wait_until_said(lab_page, f"patient {place} of 60")
        page.wait_for_timeout(150)
    version = int(study.table("plans")["plan_version"].count())
    lab_page.shot("tuner_5_suggestion")

    page.get_by_text("Why: inputs and alternatives").filter(visible=True).first.click()
    use.first.click()

    wait_until_said(lab_page, "not signed.")
    lab_page.shot("tuner_6_suggestion_used")
    assert int(open_study(study.path).table("plans")["plan_version"].count()) == version
    lab_page.assert_quiet()


@pytest.mark.parametrize(("app", "n_charts"), [("CohortExplorer", 4), ("PatientReview", 5), ("PlanTuner", 1)])
def test_every_control_has_a_name(open_app, lab_page: LabPage, app: str, n_charts: int) -> None:
    open_app(app, n_charts)
    unnamed = lab_page.page.evaluate(
        """() => [...document.querySelectorAll('.pta-app :is(input, select, textarea, button, [tabindex="0"])')]
          .filter((e) => e.offsetParent)
          .filter((e) => !(e.getAttribute('aria-label') || e.title || e.textContent.trim() || e.labels?.length))
          .map((e) => e.outerHTML.slice(0, 120))"""
    )

    assert unnamed == []
    lab_page.assert_quiet()


def test_no_chart_offers_to_send_itself_away(open_app, lab_page: LabPage) -> None:
    open_app("PatientReview", 5)
    lab_page.page.locator(".js-plotly-plot").first.hover()
    titles = lab_page.page.evaluate(
        "() => [...document.querySelectorAll('.modebar-btn')].map(b => (b.dataset.title || b.title || '').toLowerCase())"
    )

    assert titles
    assert not [title for title in titles if re.search("share|cloud|send|plotly|edit", title)]
