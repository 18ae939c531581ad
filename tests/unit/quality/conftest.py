"""What one rule says of some tables, and a small study with rows set aside."""

import polars as pl
import pytest

import ptanalytics as pta
from ptanalytics.quality import check_data
from ptanalytics.study import create_study
from quality_frames import CUTOFF, table
from repair_workbooks import Workbook


@pytest.fixture
def found():
    """What one rule says of some tables: ``(n_checked, n_found, status)``."""

    def look(rule_id, *, thresholds=None, **tables):
        frames = {name: table(name, *rows) for name, rows in tables.items()}
        rules = check_data(cutoff_date=CUTOFF, thresholds=thresholds, **frames).rules
        row = rules.row(by_predicate=pl.col("rule_id") == rule_id, named=True)
        return row["n_checked"], row["n_found"], row["status"]

    return look


#: Rows 2 to 4 are right; 5 to 9 each have one trouble; 10 contradicts row 2 in all but the pain.
DIARY = """Patient;Date;NRS;Recall
A;05/01/2026 18:00;3,5;current
A;06/01/2026 18:00;4;current
B;13/01/2026 18:00;5;current
A;07/01/2026 18:00;44;current
A;32/01/2026 18:00;5;current
;09/01/2026 18:00;6;current
A;10/01/2026 18:00;=1+1;current
A;11/01/2026 18:00;7;sometimes
"""
NAME = "pain_diary.csv"


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / NAME).write_text(DIARY, encoding="utf-8")
    return folder


@pytest.fixture
def study(tmp_path, exports):
    made = create_study(tmp_path / "a.study", timezone="Europe/London")
    made.import_exports(exports)
    return made


@pytest.fixture
def workbook(study, tmp_path):
    pta.write_repair_sheet(study, tmp_path / "fix.xlsx")
    return Workbook(tmp_path / "fix.xlsx")
