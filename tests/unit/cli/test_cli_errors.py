"""Bad input on the command line: one sentence on stderr, its own exit code, nothing half-written."""

import sqlite3
from contextlib import closing

import pytest

from ptanalytics import errors
from ptanalytics.plans import PlanRecords
from ptanalytics.study import open_study

SENTENCES = {
    "unknown time zone": (["create", "{tmp}/b.study", "--timezone", "Mars/Olympus"], errors.UnknownTimezoneError),
    "existing path": (["create", "{clinic}", "--timezone", "UTC"], errors.StudyExistsError),
    "too many buckets": (["create", "{tmp}/b.study", "--timezone", "UTC", "--buckets", "0"], errors.SettingsError),
    "unknown study": (["import", "{tmp}/none.study", "{export}"], errors.StudyNotFoundError),
    "unknown study to report": (["report", "{tmp}/none.study", "--out", "{tmp}/r.html"], errors.StudyNotFoundError),
    "empty folder": (["import", "{clinic}", "{empty}"], errors.NothingUsableError),
    "no such export": (["import", "{clinic}", "{tmp}/none.csv"], errors.UnreadableFileError),
    "no such export to check": (["check", "{tmp}/none.csv"], errors.UnreadableFileError),
    "unknown time zone to check": (["check", "{export}", "--timezone", "Mars/Olympus"], errors.UnknownTimezoneError),
    "unknown patient": (["review", "{clinic}", "SECRET-9", "--out", "{tmp}/r.html"], errors.UnknownPatientError),
    "unknown layout": (["import", "{clinic}", "{export}", "--layout", "nothing"], errors.LayoutError),
    "no folder for notebooks": (["lab", "{tmp}/none"], errors.NothingUsableError),
}


@pytest.mark.parametrize(("arguments", "error"), SENTENCES.values(), ids=SENTENCES)
def test_one_sentence_and_its_exit_code(run, tmp_path, clinic, export, arguments, error):
    (tmp_path / "empty").mkdir()
    places = {"tmp": tmp_path, "clinic": clinic, "export": export, "empty": tmp_path / "empty"}
    before = sorted(tmp_path.rglob("*"))

    result = run(*(argument.format(**places) for argument in arguments))

    assert result.exit_code == error.exit_code
    assert result.stdout == ""
    assert result.stderr.strip()
    assert "Traceback" not in result.output
    assert "SECRET" not in result.output
    assert [path for path in sorted(tmp_path.rglob("*")) if path.name != ".lock"] == before


def test_every_error_has_its_own_exit_code():
    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.PtAnalyticsError)]
    codes = [one.exit_code for one in classes]

    assert len(set(codes)) == len(codes)
    assert not {0, 2, 3} & set(codes)


@pytest.mark.parametrize(
    "arguments",
    [
        ["review", "{clinic}", "SECRET-1", "SECRET-2", "--out", "x.html"],
        ["review", "{clinic}", "SECRET-1"],
        ["review", "{clinic}", "SECRET-1", "--oops", "SECRET-2"],
    ],
    ids=["one argument too many", "no file to write", "unknown option"],
)
def test_wrong_usage_of_review_does_not_repeat_what_was_typed(run, clinic, arguments):
    result = run(*(argument.format(clinic=clinic) for argument in arguments))

    assert result.exit_code == 2
    assert "SECRET" not in result.output
    assert "review takes STUDY and PATIENT" in result.stderr


def test_the_unexpected_is_a_sentence_and_a_log_without_values(run, clinic, monkeypatch):
    def fail(*_args, **_options):
        message = "cell SECRET-1 is odd"
        raise RuntimeError(message)

    monkeypatch.setattr("ptanalytics.study.open_study", fail)

    result = run("check", clinic)

    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "SECRET" not in result.output
    log = result.stderr.split("Where it happened is in ")[1].split(". Run ")[0]
    with open(log, encoding="utf-8") as stream:  # noqa: PTH123 - a path out of a sentence
        text = stream.read()
    assert "RuntimeError" in text
    assert "test_cli_errors.py" in text
    assert "SECRET" not in text


def test_debug_shows_the_error_in_full(run, clinic, monkeypatch, capsys):
    def fail(*_args, **_options):
        message = "in full"
        raise RuntimeError(message)

    monkeypatch.setattr("ptanalytics.study.open_study", fail)

    result = run("--debug", "check", clinic)

    assert result.exit_code == 1
    assert "RuntimeError: in full" in result.stderr


def test_a_tampered_trail_fails_the_check(run, clinic, good_export):
    run("import", clinic, good_export)
    PlanRecords(open_study(clinic)).enable_suggestions(who="A. Ng", role="lead")
    assert run("check", clinic).exit_code == 0
    with closing(sqlite3.connect(clinic / "records.sqlite")) as connection:
        connection.execute("UPDATE setting_events SET who = 'B'")
        connection.commit()

    result = run("check", clinic)

    assert result.exit_code == errors.StudyDamagedError.exit_code
    assert "NOT intact: row 1 of setting_events was changed" in result.stdout
