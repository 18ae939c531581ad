"""``ptanalytics undo``, and an import that somebody cancels at the keyboard."""

import pytest

from ptanalytics.errors import ImportCancelledError, UndoError
from ptanalytics.study import Study, open_study


def test_undo_takes_the_latest_import_back(run, clinic, good_export):
    assert run("import", clinic, good_export).exit_code == 0
    done = run("undo", clinic, "--yes")
    assert done.exit_code == 0
    assert done.stdout == "Import 1 undone: 1 rows taken back, 0 restored as they were before (receipt 2)\n"
    assert not open_study(clinic).has_table("pain_scores")


def test_undo_shows_what_it_would_undo_and_asks(run, clinic, good_export, monkeypatch):
    run("import", clinic, good_export)
    monkeypatch.setattr("typer.confirm", lambda text, **_options: text == "Undo import 1?")
    done = run("undo", clinic, "1")
    assert done.exit_code == 0
    assert done.stdout.startswith("Import 1: pain_scores.csv; 1 rows new, 0 changed, 0 set aside\n")


def test_without_a_yes_nothing_happens(run, clinic, good_export):
    run("import", clinic, good_export)
    refused = run("undo", clinic)
    assert refused.exit_code == 1
    assert open_study(clinic).n_rows("pain_scores") == 1


def test_what_cannot_be_undone_is_a_sentence(run, clinic):
    refused = run("undo", clinic, "--yes")
    assert refused.exit_code == UndoError.exit_code
    assert "Nothing was changed." in refused.stderr
    assert refused.stdout == ""


def test_an_import_cancelled_at_the_keyboard_is_a_sentence(run, clinic, good_export, monkeypatch):
    def interrupted(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Study, "import_exports", interrupted)
    cancelled = run("import", clinic, good_export)
    assert cancelled.exit_code == ImportCancelledError.exit_code
    assert cancelled.stderr.strip() == str(ImportCancelledError())


@pytest.mark.parametrize("times", [1, 2])
def test_import_names_its_receipt(run, clinic, good_export, times):
    told = [run("import", clinic, good_export).stdout for _ in range(times)]
    assert f"(receipt {times})" in told[-1]
