"""The outcome report of the back pain trial: what it says about its data, and numbers recomputed by plain pandas."""

import re
from pathlib import Path

import pandas as pd
import pytest

import ptanalytics as pta

TRIAL = Path(__file__).parents[2].parent / "shared" / "data" / "back_pain_trial"
FILE = TRIAL / "Ashar2022_outcomes_demographics.csv"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    if not FILE.is_file():
        pytest.skip("the trial's file is not beside this repository")
    study = pta.create_study(tmp_path_factory.mktemp("trial") / "trial.study", timezone="America/Denver")
    study.import_exports(FILE, layout="back_pain_trial")
    return pta.outcome_report(study, week=4, suppress_below=1)


def _rows(report, start):
    table = next(t for t in report.tables() if t.caption.startswith(start))
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_the_caveat_about_baseline_and_days_is_in_the_report(report):
    text = " ".join(item for block in report.blocks if hasattr(block, "items") for item in map(str, block.items))

    assert "Baseline is visit 1 alone; the trial averaged two visits." in text
    assert "Days are nominal" in text


def test_responders_of_all_starters_are_recomputed(report):
    raw = pd.read_csv(FILE, na_values=["NaN", "<undefined>"]).query("is_patient == 1").dropna(subset=["group"])
    wide = raw.pivot_table(index="id", columns="time", values="odi")
    wide = wide[wide[1] >= 10]  # room to improve by the MIC
    gain = wide[1] - wide[2]
    both = int(((gain >= 10 - 1e-9) & (gain / wide[1] >= 0.3 - 1e-9)).sum())

    row = next(r for r in _rows(report, "Responders at") if r["Measure"].startswith("Osw") and "headline" in r["Rule"])

    assert re.match(r"(\d+)/(\d+)", row["All starters"]).groups() == (str(both), str(len(wide)))
    assert re.match(r"(\d+)/(\d+)", row["Completers"]).groups() == (str(both), str(int(gain.notna().sum())))


def test_mean_change_is_recomputed(report):
    raw = pd.read_csv(FILE, na_values=["NaN", "<undefined>"]).query("is_patient == 1").dropna(subset=["group"])
    wide = raw.pivot_table(index="id", columns="time", values="pain_avg").dropna()

    row = next(r for r in _rows(report, "Change over") if r["Measure"].startswith("Pain, 7-day average"))

    assert int(row["n"]) == len(wide)
    assert float(row["Baseline, mean (SD)"].split(" ")[0]) == pytest.approx(wide[1].mean(), abs=0.051)
    assert float(row["Improvement, mean (95 % interval)"].split(" ")[0]) == pytest.approx(
        (wide[1] - wide[2]).mean(), abs=0.051
    )


def test_every_rule_has_the_same_denominators(report):
    for measure in ("Pain, 7-day average", "Oswestry"):
        rows = [r for r in _rows(report, "Responders at") if r["Measure"].startswith(measure)]
        assert len(rows) == 3
        assert len({re.match(r"\d+/(\d+)", row["All starters"])[1] for row in rows}) == 1
        assert len({re.match(r"\d+/(\d+)", row["Completers"])[1] for row in rows}) == 1
