"""Real exports imported into a study give the tables and the receipt that loading them into memory gives."""

from pathlib import Path

import pytest

from ptanalytics.loading import load_exports
from ptanalytics.study import create_study

DATA = Path(__file__).parents[2].parent / "shared" / "data"
COUNTS = ["file", "table", "part", "rows_read", "rows_used", "rows_set_aside", "rows_duplicate", "rows_ignored"]

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the published data are not beside the repository")


@pytest.mark.parametrize("path", ["workout_exports/strong_harrig12.csv", "back_pain_trial", "pain_diaries"])
def test_a_study_holds_what_loading_finds(tmp_path: Path, path: str) -> None:
    loaded = load_exports(DATA / path, timezone="Europe/Paris")
    study = create_study(tmp_path / "a.study", timezone="Europe/Paris", buckets=2)
    receipt = study.import_exports(DATA / path)
    assert receipt.to_frame()[COUNTS].equals(loaded.receipt.to_frame()[COUNTS])
    assert receipt.rows_new == receipt.rows_used == loaded.receipt.rows_used
    for table, frame in loaded.tables.items():
        if len(frame):
            assert study.table(table).equals(frame), table
        else:
            assert not study.has_table(table)
    assert len(study.quarantine()) == len(loaded.quarantine)
    keys = ["file", "row", "column", "rule"]
    found, expected = (
        q.reasons[keys].sort_values(keys, ignore_index=True) for q in (study.quarantine(), loaded.quarantine)
    )
    assert found.equals(expected)
    before = study.data_fingerprint
    again = study.import_exports(DATA / path)
    assert (again.rows_used, again.rows_set_aside) == (0, 0)
    assert study.data_fingerprint == before


def test_sets_of_the_workout_app_that_were_there_already_are_counted_as_lines(tmp_path: Path) -> None:
    text = (DATA / "workout_exports/strong_harrig12.csv").read_text(encoding="utf-8")
    last = text.rstrip("\n").rsplit("\n", 1)[1]
    study = create_study(tmp_path / "a.study", timezone="Europe/Paris")
    first = study.import_exports(DATA / "workout_exports/strong_harrig12.csv")
    # The newer export has one more workout: the last set again, a year later.
    year = last[:4] if last[:4].isdigit() else last[1:5]
    newer = tmp_path / "strong_harrig12.csv"
    newer.write_text(text.rstrip("\n") + "\n\n\n" + last.replace(year, str(int(year) + 1), 1) + "\n", encoding="utf-8")
    receipt = study.import_exports(newer)
    assert (first.rows_read, first.rows_used, first.rows_new, first.rows_set_aside) == (51, 48, 48, 0)
    assert receipt.rows_read == first.rows_read + 1
    assert (receipt.rows_new, receipt.rows_changed, receipt.rows_unchanged) == (1, 0, first.rows_used)
    assert (receipt.rows_duplicate, receipt.rows_set_aside) == (first.rows_used, first.rows_set_aside)
