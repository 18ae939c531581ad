"""Every notebook runs from top to bottom on the sample study, and is committed without outputs."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = (
    "00_start_here",
    "01_check_data",
    "02_explore_cohort",
    "03_review_patient",
    "04_tune_plan",
    "05_outcome_report",
    "06_own_analysis",
)


def test_the_seven_notebooks_are_there() -> None:
    assert tuple(path.stem for path in NOTEBOOKS) == NAMES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_outputs_are_committed(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project's data and notebooks with the sample study built, as start.py leaves it."""
    from ptanalytics.cli.demo import build_demo

    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "data" / "samples", folder / "data" / "samples")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    build_demo(folder / "out", samples=folder / "data" / "samples")
    return folder


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path: Path, project: Path) -> None:
    notebook = nbformat.read(project / "notebooks" / path.name, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        store_widget_state=False,
        resources={"metadata": {"path": project / "notebooks"}},
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs, "a notebook shows something"
    # A warning on stderr would be the first thing a clinician sees.
    assert not [output for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    if path.stem in {"02_explore_cohort", "03_review_patient", "04_tune_plan"}:
        assert any("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs)
