import re

import pytest

from ptanalytics.cli.counts import printable, reasons_in_words
from ptanalytics.study import open_study


def test_create_makes_a_study_with_suggestions_off(run, tmp_path):
    result = run("create", tmp_path / "a.study", "--timezone", "America/New_York", "--name", "Ward 3", "--buckets", "2")

    study = open_study(tmp_path / "a.study")
    assert result.exit_code == 0
    assert (study.name, study.timezone, study.settings.tuning.enabled) == ("Ward 3", "America/New_York", False)
    assert "suggestions off" in result.stdout


def test_import_says_what_became_of_every_row(run, clinic, export):
    result = run("import", clinic, export)

    assert result.exit_code == 3
    assert "pain_scores.csv -> pain_scores: 4 read = 2 used + 1 set aside + 0 duplicate + 1 ignored" in result.stdout
    assert "In the study: 2 rows new, 0 changed, 0 known" in result.stdout
    assert "1 x pain_nprs_maximum in column pain_nprs of pain_scores.csv" in result.stdout


def test_import_again_changes_nothing(run, clinic, export):
    run("import", clinic, export)
    before = open_study(clinic).data_fingerprint

    again = run("import", clinic, export)

    assert "0 rows new, 0 changed" in again.stdout
    assert open_study(clinic).data_fingerprint == before


def test_import_without_rows_set_aside_ends_with_0(run, clinic, good_export):
    assert run("import", clinic, good_export).exit_code == 0


def test_counts_hold_no_value_and_no_id(run, clinic, export):
    for result in (run("import", clinic, export), run("check", export), run("check", clinic)):
        assert "SECRET" not in result.output
        assert "4711" not in result.output


def test_check_of_an_export_stores_nothing(run, export, good_export, tmp_path):
    before = sorted(tmp_path.rglob("*"))

    assert run("check", export).exit_code == 3
    assert run("check", good_export, "--timezone", "Europe/London").exit_code == 0

    assert sorted(tmp_path.rglob("*")) == before


def test_check_of_a_study_says_what_it_holds(run, clinic, export):
    run("import", clinic, export)

    result = run("check", clinic)

    assert result.exit_code == 3
    assert "1 patients, 1 imports, time zone Europe/London" in result.stdout
    assert re.search(r"^pain_scores: 2 rows$", result.stdout, re.MULTILINE)
    assert "Audit trail: 0 entries, intact" in result.stdout
    assert "Set aside: 1 rows" in result.stdout


def test_a_column_can_be_named(run, clinic, tmp_path):
    file = tmp_path / "odd.csv"
    file.write_text("patient_id,recorded_at,ouch\nP1,2026-03-02,4\n", encoding="utf-8")

    result = run("import", clinic, file, "--column", "ouch=pain_nprs")

    assert result.exit_code == 0
    assert open_study(clinic).n_rows("pain_scores") == 1


@pytest.mark.parametrize("pair", ["ouch", "=pain_nprs", "ouch="])
def test_a_column_that_names_nothing_is_wrong_usage(run, clinic, export, pair):
    assert run("import", clinic, export, "--column", pair).exit_code == 2


def test_samples_and_a_registry_are_written(run, tmp_path):
    result = run("samples", tmp_path / "samples", "--registry-rows", 50)

    assert result.exit_code == 0
    assert "60 generated patients" in result.stdout
    assert "50 generated session rows" in result.stdout
    assert (tmp_path / "samples" / "clean" / "sessions.csv").is_file()
    assert len((tmp_path / "samples" / "registry" / "sessions.csv").read_text(encoding="utf-8").splitlines()) == 51


def test_review_does_not_print_the_id(run, clinic, good_export, tmp_path, monkeypatch):
    run("import", clinic, good_export)
    saved = []

    class Page:
        def save(self, path):
            saved.append(path)

    monkeypatch.setattr("ptanalytics.reports.patient_review", lambda study, patient: Page(), raising=False)

    result = run("review", clinic, "SECRET-1", "--out", tmp_path / "SECRET-1.html")

    assert (result.exit_code, saved) == (0, [tmp_path / "SECRET-1.html"])
    assert "SECRET" not in result.output


def test_report_is_one_call(run, clinic, good_export, tmp_path, monkeypatch):
    run("import", clinic, good_export)
    asked = []

    class Page:
        def save(self, path):
            asked.append(path)

    def outcome_report(study, *, week=None, suppress_below=None):
        asked.append((study.name, week, suppress_below))
        return Page()

    monkeypatch.setattr("ptanalytics.reports.outcome_report", outcome_report, raising=False)

    result = run("report", clinic, "--out", tmp_path / "r.html", "--week", "6")
    inside = run("report", clinic, "--out", tmp_path / "i.html", "--inside")

    assert (result.exit_code, inside.exit_code) == (0, 0)
    assert asked == [("clinic", 6, None), tmp_path / "r.html", ("clinic", None, 1), tmp_path / "i.html"]
    assert "1 patients" in result.stdout


def test_what_a_terminal_would_obey_is_not_printed():
    assert printable("a\x1b[31mb\nc") == "a?[31mb?c"


def test_reasons_are_counted_most_frequent_first():
    import pandas as pd

    reasons = pd.DataFrame(
        {"file": ["a"] * 3 + ["b"], "column": ["x"] * 4, "rule": ["r1", "r2", "r2", "r1"], "reason": ["t"] * 4}
    )

    assert list(reasons_in_words(reasons)) == [
        "  2 x r2 in column x of a: t",
        "  1 x r1 in column x of a: t",
        "  1 x r1 in column x of b: t",
    ]


def test_many_kinds_of_reasons_are_cut_and_counted():
    import pandas as pd

    reasons = pd.DataFrame({"file": "a", "column": "x", "rule": [f"r{n}" for n in range(25)], "reason": "t"})

    assert list(reasons_in_words(reasons))[-1] == "  and 5 more kinds"
