"""Studies the report tests read: the sample clinic, one with hostile texts, one too small to show anything of."""

import re
from pathlib import Path

import pandas as pd
import pytest

import ptanalytics as pta

SAMPLES = Path(__file__).parents[3] / "data" / "samples"
HOSTILE = "<script>alert('site')</script> & <b>B</b>"


def _study(folder, tables, **options):
    study = pta.create_study(folder, timezone="Europe/London", **options)
    for name, table in tables.items():
        study.append_rows(name, table, origin="test")
    return study


@pytest.fixture(scope="session")
def clinic(tmp_path_factory):
    """The tables of the generated clinic."""
    return pta.load_exports(SAMPLES / "clean", timezone="Europe/London").tables


@pytest.fixture(scope="session")
def study(tmp_path_factory, clinic):
    """The generated clinic as a study."""
    return _study(tmp_path_factory.mktemp("sample") / "clinic.study", clinic, name="Sample clinic", is_synthetic=True)


@pytest.fixture(scope="session")
def messy_study(tmp_path_factory):
    """The clinic imported from its messy exports, with rows set aside."""
    study = pta.create_study(tmp_path_factory.mktemp("messy") / "clinic.study", timezone="Europe/London")
    study.import_exports(SAMPLES / "messy")
    return study


@pytest.fixture(scope="session")
def hostile_study(tmp_path_factory, clinic):
    """The clinic with markup in every text a file can bring in."""
    tables = dict(clinic)
    sites = tables["patients"]["site"].where(tables["patients"]["site"] != "north", HOSTILE)
    tables["patients"] = tables["patients"].assign(site=sites)
    tables["plans"] = tables["plans"].assign(exercise_id=HOSTILE + tables["plans"]["exercise_id"].astype(str))
    folder = tmp_path_factory.mktemp("hostile") / "clinic.study"
    return _study(folder, tables, name=f"Clinic {HOSTILE}")


@pytest.fixture(scope="session")
def tiny_study(tmp_path_factory, clinic):
    """Five patients."""
    few = set(clinic["patients"]["patient_id"].head(5))
    tables = {name: table[table["patient_id"].isin(few)] for name, table in clinic.items()}
    folder = tmp_path_factory.mktemp("tiny") / "clinic.study"
    return _study(folder, {name: table for name, table in tables.items() if len(table)})


@pytest.fixture(scope="session")
def trial_study(tmp_path_factory):
    """Questionnaires and patients only, as a trial without exercise logs has them: 40 patients in two arms."""
    ids = [f"T{i:02d}" for i in range(40)]
    patients = pd.DataFrame({"patient_id": ids, "enrolled_date": pd.Timestamp("2026-01-05"), "condition": ["a", "b"] * 20})
    scores = pd.DataFrame(
        [
            {
                "patient_id": p,
                "completed_date": day,
                "instrument_id": "odi",
                "score": score,
                "n_answered": 10,
                "is_prorated": False,
            }
            for i, p in enumerate(ids)
            for day, score in (("2026-01-05", 40.0), ("2026-03-30", 10.0 if i < 20 else 38.0))
        ]
    )
    scores["completed_date"] = pd.to_datetime(scores["completed_date"])
    folder = tmp_path_factory.mktemp("trial") / "trial.study"
    return _study(folder, {"patients": patients, "scores": scores}, name="Trial")


@pytest.fixture(scope="session")
def table_of():
    """Find a table of a report by the start of its caption, as a list of dicts."""

    def find(report, start):
        table = next(t for t in report.tables() if t.caption.startswith(start))
        return [dict(zip(table.columns, row, strict=True)) for row in table.rows]

    return find


@pytest.fixture(scope="session")
def body_of():
    """A page without its scripts and figure data: what a reader sees."""

    def strip(html):
        return re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)

    return strip
